"""Asks a person before a plan that exceeds its budget is applied: Airflow's own approval task, its answer written to the plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from orgsync.tenants import Tenant

NOBODY = "nobody in time"
LOOKS_EVERY = timedelta(minutes=10)


def ask_about(tenant: Tenant, planned: dict[str, Any]) -> str:
    """What a person who decides about a plan reads, in Markdown: why it is asked, what would change in counts, where to look closer."""
    plan_id, changes = planned["plan_id"], planned["changes"]
    counts = "; ".join(f"{entity}s: {_list_counts(kinds)}" for entity, kinds in changes.items() if kinds)
    why = "\n".join(f"* {line}" for line in planned["over_budget"]) or "* nothing: it is within its budget"
    return (
        f"**Plan {plan_id}** exceeds the budget:\n\n{why}\n\nIn all it would change: {counts or 'nothing'}.\n\n"
        f"Every change: `orgsync plan {tenant.id} --id {plan_id}`, or the table `ops.plan_change` (plan_id {plan_id}).\n\n"
        "*Approve once* applies exactly this plan. *Reject*, or no answer in time, changes nothing; the next run reads anew.\n\n"
        f"If another run of {tenant.id} overtakes this plan, or it is applied by command, this question is withdrawn within "
        f"{LOOKS_EVERY.seconds // 60} minutes; an answer to it changes nothing then, and says so."
    )


def _list_counts(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))


class PlanApproval(ApprovalOperator):  # type: ignore[misc]
    """*Approve once* lets exactly the stored plan through, *Reject* (also after the tenant's `approval_hours`) ends the run as failed.

    From outside nobody may withdraw a question: a task's own token answers for that task alone, and the API wants a user. So the task looks
    itself, every LOOKS_EVERY, whether its plan still waits: Airflow's own time-out wakes it, and it asks on, or ends.
    `plan` is what the task before it returned: `plan_id` and `over_budget`, a line for each budget that is exceeded.
    """

    APPROVE = "Approve once"
    REJECT = "Reject"
    template_fields: Sequence[str] = ("subject", "body", "plan")

    def __init__(self, *, tenant: Tenant, plan: Any, make_run: Any, **kwargs: Any) -> None:
        self.plan = plan
        self.tenant_id = tenant.id
        self._make_run = make_run
        self._patience = timedelta(hours=tenant.approval_hours)
        super().__init__(
            subject=f"{tenant.id}: this sync would change more than its budget allows",
            body="{{ ti.xcom_pull(task_ids='plan')['question'] }}",
            defaults=self.REJECT,
            response_timeout=LOOKS_EVERY,
            assigned_users=[{"id": name, "name": name} for name in tenant.approvers] or None,
            fail_on_reject=True,
            **kwargs,
        )

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Write down who decided what, before Airflow goes on with it; where nobody did yet, look whether the question still stands."""
        from orgsync.sync.deciding import decide_plan

        if event.get("timedout") and self._is_settled(context):
            return None
        if "error" not in event:
            user = event.get("responded_by_user") or {}
            is_approved = event["chosen_options"] == [self.APPROVE]
            decide_plan(
                self._make_run(self.tenant_id, context),
                self.plan["plan_id"],
                is_approved=is_approved,
                decided_by=str(user.get("name") or user.get("id") or NOBODY),
            )
        return super().execute_complete(context=context, event=event)

    def _is_settled(self, context: Any) -> bool:
        """Whether the plan was applied meanwhile. Asks on while it waits, skips the merge where it was overtaken; False: time is up."""
        from orgsync.errors import RetryableError
        from orgsync.sync.deciding import find_standing

        plan_id = self.plan["plan_id"]
        try:
            standing = find_standing(self._make_run(self.tenant_id, context), plan_id)
        except RetryableError as error:  # the question must not fail because the warehouse is away for a moment
            self.log.warning("plan %d could not be looked at: %s", plan_id, error)
            return bool(self.execute(context))
        left = self._patience - standing.waited
        if standing.state == "planned" and left > timedelta(0):
            self.response_timeout = min(left, LOOKS_EVERY)
            return bool(self.execute(context))
        if standing.state == "dropped":
            self.log.info("plan %d was overtaken by a newer run: the question is withdrawn, nothing was changed", plan_id)
            self.skip(ti=context["ti"], tasks=context["task"].get_direct_relatives(upstream=False))
        return standing.state in ("applied", "dropped")
