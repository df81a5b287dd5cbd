"""All steps of a sync after each other, as the command runs them; DAGs run each as a task of its own."""

from __future__ import annotations

from typing import Any

from orgsync.sync.extracting import RequestedMode, extract_snapshot
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.recognizing import recognize
from orgsync.sync.run import Run
from orgsync.sync.validating import validate_snapshot


def sync(run: Run, *, mode: RequestedMode, dry_run: bool) -> dict[str, Any]:
    """All steps after each other, as the command runs them."""
    return load_extracted(run, extract_snapshot(run, mode=mode), dry_run=dry_run)


def load_extracted(run: Run, snapshot_id: str, *, dry_run: bool = False) -> dict[str, Any]:
    """All that comes after the read of the same run."""
    if not dry_run and (recognized := recognize(run, snapshot_id)):
        return recognized
    planned = plan_sync(run, validate_snapshot(run, snapshot_id), dry_run=dry_run)
    if dry_run:
        return {"outcome": "planned", "history_rows": 0} | planned
    return merge_plan(run, planned["plan_id"])
