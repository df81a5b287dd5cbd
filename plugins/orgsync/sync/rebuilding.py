"""Loads what the landing zone has and a lost or restored warehouse has not."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from orgsync.errors import GateError, IncompleteSnapshotError, OvertakenError
from orgsync.manifest import Decision
from orgsync.sync.left_out import LeftOut, explain_left_out
from orgsync.sync.registry import Survey, survey_zone
from orgsync.sync.replaying import load_again, settle_stale
from orgsync.sync.retracting import mark_carriers, retract_one
from orgsync.sync.run import Run, note_decided, open_step
from orgsync.warehouse import snapshots
from orgsync.warehouse.connection import open_warehouse

log = logging.getLogger(__name__)

MOST_TAKEOVERS = 5


def rebuild(run: Run, *, with_undecided: bool = False, dry_run: bool = False) -> dict[str, Any]:
    """Load what was part of history, as the landing zone says, and is not in the warehouse: it was lost, or restored from a backup.

    The platform is not asked, nothing is sent, and no budget is: what counted before counts again. What only landed is loaded where it is
    wanted (`with_undecided`), within budget. A snapshot that cannot be loaded keeps no other out; the outcome is `failed` then.
    """
    with open_step(run, "rebuild") as step:
        survey, due, left_out = _survey(run, with_undecided=with_undecided, is_kept=not dry_run)
        # First, so that nothing of it is loaded with others that landed it again.
        taken_out = [_overrule(run, decision, dry_run=dry_run) for decision in survey.overruled]
        done, failed = ([], []) if dry_run else _load_due(run, due)
        if not dry_run:
            settle_stale(run)
            note_decided(run)
        rows = sum(each["history_rows"] for each in done + taken_out)
        step.outcome = "planned" if dry_run else "failed" if failed else "succeeded" if rows else "unchanged"
        step.error = "; ".join(f"{each.snapshot_id}: {each.reason}" for each in failed) or None
        step.record(counts={"registered": len(survey.registered), "snapshots": len(done), "history_rows": rows})
        return {
            "outcome": step.outcome,
            "landed": survey.landed,
            "registered": survey.registered,
            "due": [snapshot["snapshot_id"] for snapshot in due],
            "loaded": done,
            "taken_out": taken_out,
            "failed": [asdict(each) for each in failed],
            "left_out": [asdict(each) for each in left_out],
            "unfinished": survey.unfinished,
            "history_rows": rows,
        }


def _survey(run: Run, *, with_undecided: bool, is_kept: bool) -> tuple[Survey, list[dict[str, Any]], list[LeftOut]]:
    """What the landing zone holds, what of it is to be loaded, and what is not and why. Not kept, the warehouse is as it was."""
    with open_warehouse(run.address) as connection:
        survey = survey_zone(connection, run.settings.landing_zone, run.tenant.id)
        is_partial_welcome = run.tenant.on_incomplete == "add_only"
        due = snapshots.list_due(connection, run.tenant.id, with_undecided=with_undecided, is_partial_welcome=is_partial_welcome)
        chosen = {snapshot["snapshot_id"] for snapshot in due}
        unreadable = [LeftOut(snapshot_id, "unreadable", reason) for snapshot_id, reason in survey.unreadable.items()]
        left_out = [each for each in explain_left_out(snapshots.list_left_out(connection, run.tenant.id)) if each.snapshot_id not in chosen]
        if not is_kept:
            connection.rollback()
    return survey, due, unreadable + left_out


def _overrule(run: Run, decision: Decision, *, dry_run: bool) -> dict[str, Any]:
    """Take out of history what was retracted since the backup."""
    told = retract_one(run, decision.snapshot_id, decided_by=decision.decided_by or "", dry_run=dry_run)
    if not dry_run:
        mark_carriers(run, told["taken_at"])
    return told


def _load_due(run: Run, due: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[LeftOut]]:
    """Load snapshots in the order in which they were taken; returns what each changed, and which could not be loaded.

    One that never was part of history and exceeds the budget stops what comes after it, as in a replay.
    """
    done, failed = [], []
    for number, snapshot in enumerate(due, start=1):
        snapshot_id = snapshot["snapshot_id"]
        log.info("loading snapshot %s, %d of %d", snapshot_id, number, len(due))
        try:
            done.append(_load_undisturbed(run, snapshot_id))
        except IncompleteSnapshotError as error:
            failed.append(LeftOut(snapshot_id, "unreadable", str(error)))
        except GateError as error:
            if not snapshot["is_due"]:
                raise
            failed.append(LeftOut(snapshot_id, "stopped", str(error)))
    return done, failed


def _load_undisturbed(run: Run, snapshot_id: str) -> dict[str, Any]:
    """A sync that goes on meanwhile takes the place of the plan of an older snapshot: then that one is staged once more."""
    for _ in range(MOST_TAKEOVERS):
        try:
            return load_again(run, snapshot_id)
        except OvertakenError as error:
            log.info("once more: %s", error)
    return load_again(run, snapshot_id)
