"""Loads snapshots of the landing zone again, without the platform."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from orgsync.errors import GateError, IncompleteSnapshotError
from orgsync.sync.decisions import describe_decision
from orgsync.sync.planning import bring_up_to_date, check_decided, tell_plan
from orgsync.sync.run import Run, claim_tenant, note_decided, open_step
from orgsync.sync.timekeeping import find_ahead
from orgsync.sync.validating import stage_snapshot
from orgsync.warehouse import history, snapshots
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.migrations import check_schema

log = logging.getLogger(__name__)


def replay(run: Run, *, after: datetime, until: datetime | None, dry_run: bool = False) -> list[dict[str, Any]]:
    """Load the snapshots taken in (after, until] again from the landing zone, with the mapping and the rules of now; None is now.

    The platform is not asked, and nothing is sent. Returns what each snapshot changed, in the order in which they were taken; one that
    must not be loaded has the outcome `skipped` and says why.
    """
    with open_step(run, "replay") as step:
        with open_warehouse(run.address) as connection:
            now = run.clock(connection)
            between = {"after": after, "until": until or now}
            found = snapshots.list_between(connection, run.tenant.id, **between, new_company=run.takeover.company)
            withheld = snapshots.list_withheld(connection, run.tenant.id, **between)
        reasons = {snapshot["snapshot_id"]: _find_obstacle(run, snapshot, now) for snapshot in found}
        done = [load_again(run, snapshot_id, dry_run=dry_run) for snapshot_id, reason in reasons.items() if not reason]
        if not dry_run:
            settle_stale(run)
            note_decided(run)
        rows = sum(each["history_rows"] for each in done)
        step.outcome = "planned" if dry_run else "succeeded" if rows else "unchanged"
        step.record(counts={"snapshots": len(done), "history_rows": rows})
        skipped = [_skip(snapshot, reasons[snapshot["snapshot_id"]]) for snapshot in found if reasons[snapshot["snapshot_id"]]]
        skipped += [_skip(snapshot, describe_decision(snapshot)) for snapshot in withheld]
        return sorted(done + skipped, key=lambda each: each["taken_at"])


def settle_stale(run: Run) -> None:
    """Judge anew what lies out of the sight of later snapshots, where history before them has changed.

    Each is loaded again in the order in which it was taken, so that it is judged by what was there before it.
    """
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        stale = snapshots.list_stale(connection, run.tenant.id)
    for snapshot_id in stale:
        log.info("judging snapshot %s anew: history before it has changed", snapshot_id)
        try:
            load_again(run, snapshot_id)
        except (IncompleteSnapshotError, GateError) as error:
            # Its answers are gone, damaged or another platform's: it stays as it was judged, and must not stop what is read today.
            log.warning("snapshot %s cannot be judged anew: %s", snapshot_id, error)


def load_again(run: Run, snapshot_id: str, *, dry_run: bool = False) -> dict[str, Any]:
    """One snapshot of the past through the steps after the read. What was loaded once was allowed to be: its budget is not asked again."""
    with claim_tenant(run, "replay", may_wait=True) as turn:  # another replay would take this one's staged rows for given up
        plan_id = stage_snapshot(run, snapshot_id, turn=turn)
        with open_warehouse(run.address) as connection:
            plan = bring_up_to_date(connection, run.tenant, plan_id)
            if not dry_run:
                check_decided(plan)
                rows = history.apply_plan(connection, plan)
    told = tell_plan(plan) | {"snapshot_id": snapshot_id, "taken_at": plan["taken_at"]}
    if dry_run:
        return told | {"outcome": "planned", "history_rows": 0}
    return told | {"outcome": "succeeded" if rows else "unchanged", "history_rows": rows}


def _find_obstacle(run: Run, snapshot: dict[str, Any], now: datetime) -> str:
    """Why a snapshot is not loaded again; empty if it may be."""
    if not snapshot["is_complete"] and run.tenant.on_incomplete == "fail":
        return "it is not complete"
    return find_ahead(snapshot, now=now)


def _skip(snapshot: dict[str, Any], reason: str) -> dict[str, Any]:
    told = {"snapshot_id": snapshot["snapshot_id"], "taken_at": snapshot["taken_at"], "changes": {}, "history_rows": 0}
    return told | {"outcome": "skipped", "reason": reason}
