"""A snapshot whose answers are those of the newest loaded one needs no tidying, no judging and no staging: it says the same."""

from __future__ import annotations

import logging
from typing import Any

from psycopg2.extensions import connection as Connection

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.reports import write_report
from orgsync.landing.zone import read_manifest
from orgsync.manifest import Manifest
from orgsync.outbox.sending import keep_channel
from orgsync.sync.replaying import settle_stale
from orgsync.sync.run import Run, note_decided, open_step
from orgsync.sync.standards import hash_standards
from orgsync.sync.timekeeping import check_date
from orgsync.warehouse import events, history, plans, runs, snapshots
from orgsync.warehouse.connection import open_warehouse

log = logging.getLogger(__name__)

FACTS = (
    "format_version", "tenant_id", "platform", "company", "mode", "method", "sees_whole", "visible_range", "platform_counts", "asked",
    "substance",
)  # fmt: skip
"""What of two manifests has to be alike for two snapshots to say the same."""


def recognize(run: Run, snapshot_id: str) -> dict[str, Any] | None:
    """Load a snapshot that says what the newest loaded one says, without opening its answers; returns what a merge would, and ends the run.

    None where it says something else, or may: then it has to be validated. History, quarantine, report and what stands in `ops` are as
    if it had been, since nothing that decides about them differs: the answers, what the read tells of itself, the stanza and orgsync.
    """
    with open_step(run, "recognize", snapshot=snapshot_id) as step:
        with open_warehouse(run.address) as connection:
            history.lock_tenant(connection, run.tenant.id)
            snapshot = snapshots.find_snapshot(connection, snapshot_id)
            check_date(connection, snapshot, now=run.clock(connection))
            model = snapshots.find_newest_loaded(connection, run.tenant.id)
            if model is None or _is_overshadowed(connection, run, model):
                return None
            manifest = _find_alike(run, snapshot, model)
            if manifest is None:
                return None
            plan = _load(connection, run, manifest, model)
        step.outcome = "unchanged"
        warnings = list(model["report"]["warnings"])
        step.record(plan_id=plan["plan_id"], counts=plan["staged_counts"] | {"history_rows": 0}, warnings=warnings)
    log.info("snapshot %s says what %s said", snapshot_id, model["snapshot_id"])
    settle_stale(run)
    note_decided(run)
    return {"outcome": step.outcome, "changes": plan["summary"], "history_rows": 0}


def _is_overshadowed(connection: Connection, run: Run, model: dict[str, Any]) -> bool:
    """Whether a later snapshot was taken out of history: it may have told this one something that must not count."""
    retracted = snapshots.list_retracted_instants(connection, run.tenant.id)
    return any(taken_at > model["taken_at"] for taken_at in retracted)


def _find_alike(run: Run, snapshot: dict[str, Any], model: dict[str, Any]) -> Manifest | None:
    """The snapshot's manifest, if all that decides about its rows is that of the model."""
    is_plain = snapshot["state"] == "landed" and snapshot["is_complete"] and not snapshot["is_due"] and not run.takeover.company
    if not is_plain or not _is_settled(model) or model["judged_by"] != hash_standards(run.tenant):
        return None
    try:
        manifest, before = (read_manifest(each["uri"]) for each in (snapshot, model))
    except IncompleteSnapshotError as error:
        log.info("not compared with the snapshot before: %s", error)
        return None
    is_alike = bool(manifest.substance) and all(getattr(manifest, fact) == getattr(before, fact) for fact in FACTS)
    return manifest if is_alike else None


def _is_settled(model: dict[str, Any]) -> bool:
    """Whether what it said would change nothing today: nobody was asked about it, and nothing was left to be judged again.

    Who is absent from a read that does not see the whole may be out of its sight, which depends on what was there before. It does not
    where the model itself has changed nothing.
    """
    is_clear = model["sees_whole"] or model["timeline_rows"] == 0
    return model["is_complete"] and not model["is_stale"] and not model["over_budget"] and is_clear


def _load(connection: Connection, run: Run, manifest: Manifest, model: dict[str, Any]) -> dict[str, Any]:
    from orgsync.validation.report import render_report

    write_report(run.settings.report_folder, manifest.snapshot_id, render_report(manifest, model["report"]))
    overtaken = plans.drop_unfinished(connection, run.tenant.id, until=manifest.taken_at, only_targeted=bool(manifest.asked))
    based_on = history.find_last_applied(connection, run.tenant.id)
    plan = plans.repeat_plan(connection, manifest.snapshot_id, model["plan_id"], based_on_plan_id=based_on)
    runs.close_overtaken_runs(connection, run.tenant.id, overtaken, by_run=run.run_id, by=f"plan {plan['plan_id']}")
    history.apply_plan(connection, plan)
    events.settle(connection, plan["snapshot_id"], is_audited=run.tenant.events.receive != "off")
    keep_channel(connection, run.tenant)
    return plan
