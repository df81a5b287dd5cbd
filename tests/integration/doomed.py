"""Run by itself: runs syncs in forks of its process.

A step is a statement, a connection, a commit, an answer that lands, the two names of a manifest or a decision, or the report: whatever
leaves a trace outside the process.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from orgsync.landing import rewriting
from orgsync.landing import zone as landing
from orgsync.removal import records
from orgsync.removal.forgetting import forget_person
from orgsync.settings import Settings
from orgsync.sync import validating
from orgsync.sync.following import follow_events
from orgsync.sync.merging import merge_plan
from orgsync.sync.pipeline import load_extracted, sync
from orgsync.sync.rebuilding import rebuild
from orgsync.sync.run import Run
from orgsync.validation import quarantine, report  # noqa: F401 - some seconds, once for all forks
from tests.integration.forks import Job, Steps, serve
from tests.integration.world import TENANT


def run(job: Job) -> None:
    settings = Settings(Path("nowhere.yaml"), job["landing_zone"], Path(job["report_folder"]), claim_seconds=job["claim_seconds"])
    tenant = replace(TENANT, platform=job["platform"], conn_id=f"acme_{job['platform']}")
    run = Run(tenant, job["run_id"], "manual", settings)
    if job.get("plan_id"):
        merge_plan(run, job["plan_id"])
    elif job.get("forget"):
        forget_person(run, job["forget"], asked_by="wang", is_present_welcome=True)
    elif job.get("is_rebuild"):
        rebuild(run)
    else:
        now = datetime.fromisoformat(job["now"])
        run = replace(run, clock=lambda _: now)
        if not job.get("is_woken"):
            sync(run, mode="full", dry_run=False)
        elif snapshot_id := follow_events(run):
            load_extracted(run, snapshot_id)


class SyncSteps(Steps):
    def watch(self) -> None:
        super().watch()
        landing.SnapshotWriter.record = self.before("land an answer", landing.SnapshotWriter.record)  # type: ignore[method-assign]
        landing.write_at_once = self.before("write the manifest", landing.write_at_once)
        rewriting.write_at_once = self.before("write the new manifest", rewriting.write_at_once)
        rewriting._rewrite_part = self.before("rewrite a part", rewriting._rewrite_part)
        rewriting._remove_unnamed = self.before("remove what no manifest names", rewriting._remove_unnamed)
        records.write_at_once = self.before("write the record", records.write_at_once)
        Path.replace = self.before("name the manifest", Path.replace)  # type: ignore[method-assign]
        validating.write_report = self.before("write the report", validating.write_report)


if __name__ == "__main__":
    serve(run, SyncSteps)
