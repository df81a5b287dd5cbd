"""All steps of a sync after each other, as the command runs them; DAGs run them as a few tasks."""

from __future__ import annotations

import logging
from typing import Any

from orgsync.errors import RetryableError
from orgsync.sync.extracting import RequestedMode, extract_snapshot
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.recognizing import recognize
from orgsync.sync.run import Run
from orgsync.sync.validating import validate_snapshot

log = logging.getLogger(__name__)


def sync(run: Run, *, mode: RequestedMode, dry_run: bool) -> dict[str, Any]:
    """All steps after each other, as the command runs them."""
    return load_extracted(run, extract_snapshot(run, mode=mode), dry_run=dry_run)


def load_extracted(run: Run, snapshot_id: str, *, dry_run: bool = False) -> dict[str, Any]:
    """All that comes after the read of the same run."""
    if recognized := load_known(run, snapshot_id, dry_run=dry_run):
        return recognized
    planned = plan_sync(run, validate_snapshot(run, snapshot_id), dry_run=dry_run)
    if dry_run:
        return {"outcome": "planned", "history_rows": 0} | planned
    return merge_plan(run, planned["plan_id"])


def load_known(run: Run, snapshot_id: str, *, dry_run: bool = False) -> dict[str, Any] | None:
    """What came of a snapshot that says what the newest loaded one says: it is loaded now. None: it has to be validated.

    Also where that cannot be found out: who tried again would read the platform again.
    """
    if dry_run:
        return None
    try:
        return recognize(run, snapshot_id)
    except RetryableError as error:
        log.warning("snapshot %s could not be compared with the one before: %s", snapshot_id, error)
        return None
