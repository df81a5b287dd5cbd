"""Takes snapshots out of history, and lets them in again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orgsync.landing.carrying import find_carriers
from orgsync.landing.zone import read_manifest
from orgsync.sync.decisions import check_retractable, check_undoable
from orgsync.sync.replaying import load_again, settle_stale
from orgsync.sync.run import Run, note_decided, open_step
from orgsync.warehouse import history, plans, runs, snapshots
from orgsync.warehouse.connection import open_warehouse


def retract(run: Run, snapshot_ids: Sequence[str], *, decided_by: str, dry_run: bool = False) -> list[dict[str, Any]]:
    """Take snapshots out of history, which then is as if they had never been loaded; nothing but `undo_retraction` lets them in again.

    Their files need not be there. Returns of each what changed: `taken_back` counts changes that history told, `instead` those that it
    tells now, by kind.
    """
    with open_step(run, "retract") as step:
        done = [retract_one(run, snapshot_id, decided_by=decided_by, dry_run=dry_run) for snapshot_id in snapshot_ids]
        if not dry_run:
            for each in done:
                mark_carriers(run, each["taken_at"])
            settle_stale(run)
            note_decided(run)
        rows = sum(each["history_rows"] for each in done)
        step.outcome = "planned" if dry_run else "succeeded" if rows else "unchanged"
        step.record(counts={"snapshots": len(done), "history_rows": rows})
        return done


def undo_retraction(run: Run, snapshot_id: str, *, decided_by: str) -> dict[str, Any]:
    """Let a retracted snapshot in again: what was part of history is loaded, from the landing zone; the rest may be replayed."""
    with open_step(run, "retract") as step:
        with open_warehouse(run.address) as connection:
            history.lock_tenant(connection, run.tenant.id)
            snapshot = snapshots.find_snapshot(connection, snapshot_id)
            check_undoable(snapshot, run.tenant.id, now=run.clock(connection))
            read_manifest(snapshot["uri"], is_partial_welcome=True)
            snapshots.mark_landed(connection, snapshot_id, decided_by=decided_by)
        told = {"snapshot_id": snapshot_id, "taken_at": snapshot["taken_at"], "outcome": "unchanged", "changes": {}, "history_rows": 0}
        if snapshot["plan_id"] is not None:
            told = load_again(run, snapshot_id)
        mark_carriers(run, snapshot["taken_at"])
        settle_stale(run)
        note_decided(run)
        step.outcome = told["outcome"]
        step.record(counts={"snapshots": 1, "history_rows": told["history_rows"]})
        return told


def retract_one(run: Run, snapshot_id: str, *, decided_by: str, dry_run: bool) -> dict[str, Any]:
    """All in one transaction: nobody sees history without the snapshot while its row says that it is loaded."""
    with open_warehouse(run.address) as connection:
        history.lock_tenant(connection, run.tenant.id)
        snapshot = snapshots.find_snapshot(connection, snapshot_id)
        check_retractable(snapshot, run.tenant.id)
        told = {"snapshot_id": snapshot_id, "taken_at": snapshot["taken_at"], "state": snapshot["state"]}
        taken_back: history.Changes = {}
        instead: history.Changes = {}
        rows = 0
        if snapshot["state"] == "loaded":
            plan = plans.create_retraction(connection, snapshot_id)
            history.work_out(connection, plan, sees_all=False)
            taken_back, instead = history.try_retraction(connection, plan)
            rows = 0 if dry_run else history.apply_retraction(connection, plan)
        if dry_run:
            connection.rollback()
        elif snapshot["state"] != "retracted":
            overtaken = plans.drop_unfinished(connection, run.tenant.id, snapshot_id=snapshot_id)
            runs.close_overtaken_runs(connection, run.tenant.id, overtaken, by_run=run.run_id, by="the retraction")
            snapshots.mark_retracted(connection, snapshot_id, decided_by=decided_by)
    outcome = "planned" if dry_run else "unchanged" if snapshot["state"] == "retracted" else "succeeded"
    return told | {"outcome": outcome, "taken_back": taken_back, "instead": instead, "history_rows": rows}


def mark_carriers(run: Run, taken_at: datetime) -> None:
    """What later snapshots landed again of one that was retracted, or let in again, counts differently now: they are loaded anew."""
    with open_warehouse(run.address) as connection:
        later = [each for each in snapshots.list_loaded_from(connection, run.tenant.id, taken_at) if each["taken_at"] > taken_at]
    carriers = [later[place]["snapshot_id"] for place in find_carriers([each["uri"] for each in later], taken_at)]
    with open_warehouse(run.address) as connection:
        for snapshot_id in carriers:
            snapshots.mark_stale(connection, snapshot_id)
