"""A person decides about a plan that exceeds the budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from orgsync.errors import ConfigurationError
from orgsync.sync.run import Run, note_decided
from orgsync.warehouse import history, plans, runs
from orgsync.warehouse.clock import read_clock
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.migrations import check_schema


@dataclass(frozen=True)
class Standing:
    """Where a plan stands; `waited` is the time since it was made, by the warehouse's clock."""

    state: str
    waited: timedelta


def decide_plan(run: Run, plan_id: int, *, is_approved: bool, decided_by: str) -> None:
    """Approve a plan once, for exactly the changes it holds, or reject it with its snapshot; a rejection stops the run."""
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        history.lock_tenant(connection, run.tenant.id)  # a merge under way ends first: what is applied can no longer be decided
        plan = plans.find_plan(connection, plan_id)
        if plan["tenant_id"] != run.tenant.id:
            raise ConfigurationError(f"plan {plan_id} is of tenant {plan['tenant_id']}, not of {run.tenant.id}")
        if plan["state"] == "applied" and is_approved:
            return
        plans.decide(connection, plan_id, is_approved=is_approved, decided_by=decided_by)
        if not is_approved:
            plans.forget_staged_rows(connection, plan_id)
            text = f"plan {plan_id} was rejected by {decided_by}; nothing was changed"
            runs.finish_run(connection, tenant_id=run.tenant.id, run_id=run.run_id, outcome="stopped", error=text)
    note_decided(run)


def find_standing(run: Run, plan_id: int) -> Standing:
    """What became of a plan that waits for a decision, and for how long it has been there."""
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        plan = plans.find_plan(connection, plan_id)
        return Standing(plan["state"], waited=read_clock(connection) - plan["created_at"])
