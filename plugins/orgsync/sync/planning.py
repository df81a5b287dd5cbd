"""Works out what a plan would change, and holds that against the budget; history stays as it is."""

from __future__ import annotations

import logging
from typing import Any

from psycopg2.extensions import connection as Connection

from orgsync.errors import GateError, OvertakenError
from orgsync.sync.budget import Amount, describe, find_exceeded
from orgsync.sync.run import Run, open_step
from orgsync.tenants import Tenant
from orgsync.warehouse import history, plans, snapshots
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.risks import count_risks

log = logging.getLogger(__name__)

MOST_DEPARTMENTS = 10


def plan_sync(run: Run, plan_id: int, *, dry_run: bool = False) -> dict[str, Any]:
    """Work out what a staged plan would change, store that, and hold it against the tenant's budget; history stays as it is.

    Returns `plan_id`, `changes` in counts, and of each budget that is exceeded a line in `over_budget`, and in `exceeded` how many of how
    many; then `departments` says in which of them the most people come, go or move, and names no person. A dry run ends here.
    """
    with open_step(run, "plan") as step, open_warehouse(run.address) as connection:
        history.lock_tenant(connection, run.tenant.id)
        plan = draft_plan(connection, run.tenant, check_staged(connection, plans.find_plan(connection, plan_id)))
        step.record(plan_id=plan_id)
        step.outcome = "planned" if dry_run else None
        departments = plans.count_changed_departments(connection, plan_id, most=MOST_DEPARTMENTS) if plan["over_budget"] else []
        return tell_plan(plan) | {"departments": departments}


def bring_up_to_date(connection: Connection, tenant: Tenant, plan_id: int) -> dict[str, Any]:
    """The plan, worked out on the history of now or applied already; the tenant stays locked."""
    while True:
        history.lock_tenant(connection, tenant.id)
        plan = plans.find_plan(connection, plan_id)
        if plan["state"] == "applied":
            return plan
        check_staged(connection, plan)
        if plan["state"] == "planned" and plan["based_on_plan_id"] == history.find_last_applied(connection, tenant.id):
            return plan
        if plan["state"] == "planned":
            log.info("history has changed since plan %d was made; it is worked out anew", plan_id)
        draft_plan(connection, tenant, plan)
        connection.commit()  # what was found out stays, even if it stops here; the lock is gone with it, so all is looked at again


def draft_plan(connection: Connection, tenant: Tenant, plan: dict[str, Any]) -> dict[str, Any]:
    """Work a plan out, try it, store what it changes and which budgets it exceeds."""
    snapshot = snapshots.find_snapshot(connection, plan["snapshot_id"])
    is_targeted = snapshot["mode"] == "targeted"  # about whom it asked for, nothing is out of its sight
    history.work_out(connection, plan, sees_all=is_targeted or (snapshot["is_complete"] and snapshot["sees_whole"]))
    changes, losses = history.try_out(connection, plan)
    # A snapshot that is part of history, or was before the warehouse was lost, was within budget, or approved.
    asks = snapshot["state"] != "loaded" and not snapshot["is_due"]
    exceeded = find_exceeded(_amounts(connection, tenant, plan, losses), tenant.budget) if asks else []
    plans.save_verdict(connection, plan["plan_id"], changes, exceeded)
    return plans.find_plan(connection, plan["plan_id"])


def check_staged(connection: Connection, plan: dict[str, Any]) -> dict[str, Any]:
    """The plan, if it can still be worked out and applied; else raises GateError."""
    if plan["snapshot_state"] == "retracted":
        raise GateError(
            f"the snapshot of plan {plan['plan_id']} was retracted by {plan['snapshot_decided_by']}; nothing was changed. Sync again"
        )
    if plan["state"] not in ("staged", "planned"):
        kind = OvertakenError if plan["state"] == "dropped" else GateError
        raise kind(f"plan {plan['plan_id']} is {plan['state']}: {_WHY_NOT[plan['state']]}; nothing was changed. Sync again")
    if not plans.is_staged(connection, plan):
        raise GateError(f"the staged rows of plan {plan['plan_id']} are gone (the warehouse restarted); nothing was changed. Sync again")
    return plan


_WHY_NOT = {
    "dropped": "a newer run took over",
    "rejected": "someone decided against it",
    "applied": "it is part of history already",
}


def _amounts(connection: Connection, tenant: Tenant, plan: dict[str, Any], losses: history.Losses) -> list[Amount]:
    """What the budgets are about. Of what was empty before, nothing can be lost."""
    staged = plan["staged_counts"]
    kept_out = staged["quarantined_rows"]
    found = [
        Amount("lost_memberships", losses.memberships_lost, losses.memberships_before),
        Amount("quarantined", kept_out, staged["users"] + staged["departments"] + kept_out),
    ]
    per_days = tenant.budget.per_days()
    for risk in count_risks(connection, plan, per_days):
        total = risk.total or (losses.departments_before if risk.budget == "removed_departments" else losses.users_before)
        found.append(Amount(risk.budget, risk.count, total, column=risk.column))
        if risk.count_within > risk.count:
            total = max(total, risk.total_then)
            found.append(Amount(risk.budget, risk.count_within, total, per_days=per_days[risk.budget], column=risk.column))
    return found


def check_decided(plan: dict[str, Any]) -> None:
    """Raises GateError for a plan over budget that nobody approved as it is."""
    if plan["over_budget"] and not plan["is_approved"]:
        lines = "; ".join(describe(exceeded) for exceeded in plan["over_budget"])
        raise GateError(
            f"plan {plan['plan_id']} exceeds the budget: {lines}. Nothing was changed. Look at it with "
            f"`orgsync plan {plan['tenant_id']}`; if it is right, `orgsync sync {plan['tenant_id']} --approve {plan['plan_id']}`"
        )


def tell_plan(plan: dict[str, Any]) -> dict[str, Any]:
    lines = [describe(exceeded) for exceeded in plan["over_budget"]]
    return {"plan_id": plan["plan_id"], "changes": plan["summary"], "over_budget": lines, "exceeded": plan["over_budget"]}
