"""Writes a plan into history."""

from __future__ import annotations

from typing import Any

from orgsync.outbox.sending import keep_channel
from orgsync.sync.planning import bring_up_to_date, check_decided
from orgsync.sync.replaying import settle_stale
from orgsync.sync.run import Run, note_decided, open_step, timed
from orgsync.warehouse import events, history, runs
from orgsync.warehouse.connection import open_warehouse


def merge_plan(run: Run, plan_id: int) -> dict[str, Any]:
    """Write a plan into history, in one transaction; returns the run's outcome and what changed, in counts.

    What is written is the plan as it was stored; if history has changed since, it is worked out anew first. Raises GateError for a plan
    that exceeds a budget and was not approved, was rejected, or gave way to a newer one. A plan that is applied already stays so.
    """
    with open_step(run, "merge") as step:
        with open_warehouse(run.address) as connection:
            plan = bring_up_to_date(connection, run.tenant, plan_id)
            if plan["state"] == "applied":
                step.outcome = "succeeded"
                return {"outcome": step.outcome, "changes": plan["summary"], "history_rows": 0}
            check_decided(plan)
            with timed(step, "write"):
                rows = history.apply_plan(connection, plan)
            runs.close_fulfilled_runs(connection, run.tenant.id, plan_id, by_run=run.run_id)
            events.settle(connection, plan["snapshot_id"], is_audited=run.tenant.events.receive != "off")
            keep_channel(connection, run.tenant)
        step.outcome = "succeeded" if rows else "unchanged"
        step.record(plan_id=plan_id, counts={"history_rows": rows})
    settle_stale(run)
    note_decided(run)
    return {"outcome": step.outcome, "changes": plan["summary"], "history_rows": rows}
