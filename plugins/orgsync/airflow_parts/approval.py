"""Asks a person before a plan that exceeds its budget is applied: Airflow's own approval task, its answer written to the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from orgsync.airflow_parts.wording import LANGUAGES, SAME_PAGE, say, split_languages, texts_of
from orgsync.connections.site import address_page
from orgsync.sync.budget import describe
from orgsync.templates.values import readable
from orgsync.tenants import Tenant

NOBODY = "nobody in time"
LOOKS_EVERY = timedelta(minutes=10)
MARKS = re.compile(r"[\\`*_\[\]<>#|~!&]")
# Whatever language the question was asked in: a tenant's may have changed since.
APPROVALS = {say(language, "approval.approve") for language in LANGUAGES}


def ask_about(tenant: Tenant, planned: dict[str, Any]) -> str:
    """What a person who decides about a plan reads, in Markdown: why it is asked, what would change in counts, where to look closer."""
    told = {"tenant": tenant.id, "plan_id": planned["plan_id"], "minutes": LOOKS_EVERY.seconds // 60}
    told["page"] = address_page(tenant.id, "plans", planned["plan_id"])
    return SAME_PAGE.join(
        say(language, "approval.body", **told, **_say_what(language, planned)) for language in split_languages(tenant.language)
    )


def _say_what(language: str, planned: dict[str, Any]) -> dict[str, str]:
    """Why it is asked, and what would change, in one language."""
    why = "\n".join(f"* {describe(exceeded, texts_of(language, 'exceeded'))}" for exceeded in planned["exceeded"])
    changes = "; ".join(
        say(language, "approval.of", entity=say(language, f"entity.{entity}"), counts=_list_counts(language, kinds))
        for entity, kinds in planned["changes"].items()
        if kinds
    )
    told = {"why": why or f"* {say(language, 'approval.within')}", "changes": changes or say(language, "approval.nothing")}
    return told | {"where": _say_where(language, planned["departments"])}


def _say_where(language: str, departments: Sequence[Mapping[str, Any]]) -> str:
    """Counts by department: what is asked here is kept by Airflow, which is to hold nobody's name."""
    lines = [f"* {_list_counts(language, each['counts'])}: {_escape(each['department_path'])}" for each in departments]
    return "\n\n" + say(language, "approval.where") + "\n\n" + "\n".join(lines) if lines else ""


def _escape(name: str) -> str:
    """A name as plain text in Markdown."""
    return MARKS.sub(r"\\\g<0>", " ".join(readable(name).split()))


def _list_counts(language: str, kinds: dict[str, int]) -> str:
    return ", ".join(
        say(language, "approval.kind", count=count, kind=say(language, f"kind.{kind}")) for kind, count in sorted(kinds.items())
    )


class PlanApproval(ApprovalOperator):  # type: ignore[misc]
    """*Approve once* lets exactly the stored plan through, *Reject* (also after the tenant's `approval_hours`) ends the run as failed.

    Both are said in the tenant's language.
    From outside nobody may withdraw a question: a task's own token answers for that task alone, and the API wants a user. So the task looks
    itself, every LOOKS_EVERY, whether its plan still waits: Airflow's own time-out wakes it, and it asks on, or ends.
    `plan` is what the task before it returned: `plan_id` and `over_budget`, a line for each budget that is exceeded.
    """

    template_fields: Sequence[str] = ("subject", "body", "plan")

    def __init__(self, *, tenant: Tenant, plan: Any, make_run: Any, **kwargs: Any) -> None:
        self.plan = plan
        self._tenant = tenant
        self._make_run = make_run
        self._patience = timedelta(hours=tenant.approval_hours)
        self.APPROVE, self.REJECT = (say(tenant.language, f"approval.{each}") for each in ("approve", "reject"))
        super().__init__(
            subject=say(tenant.language, "approval.subject", tenant=tenant.id),
            body="{{ ti.xcom_pull(task_ids='plan', key='planned')['question'] }}",
            defaults=self.REJECT,
            response_timeout=LOOKS_EVERY,
            assigned_users=[{"id": user_id, "name": name} for user_id, name in tenant.approver_ids.items()] or None,
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
            is_approved = event["chosen_options"][0] in APPROVALS
            event = event | {"chosen_options": [self.APPROVE if is_approved else self.REJECT]}
            decide_plan(
                self._make_run(self._tenant, context),
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
            standing = find_standing(self._make_run(self._tenant, context), plan_id)
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
