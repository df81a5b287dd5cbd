"""Messages as a task: `NotifyOperator` queues one, and the asset it raises makes `org_notify` send it at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Asset, AssetWatcher, BaseOperator, ExceptionRetryPolicy, RetryAction, RetryRule

from orgsync.airflow_parts.outbox_trigger import OutboxTrigger

log = logging.getLogger(__name__)

OUTBOX = Asset(
    "org_notify.outbox", uri="orgsync://notify/outbox", group="orgsync", watchers=[AssetWatcher("what is due", trigger=OutboxTrigger())]
)
"""Raised when something was put into the outbox, or is due there. Whoever names this asset takes it from here: Airflow drops the watcher
when a DAG names the asset without it."""

OUTLETS = [OUTBOX]  # Airflow takes it from the signature as it is where the operator is mapped, and wants a list

FAIL_WHAT_NEEDS_A_PERSON = ExceptionRetryPolicy(
    [RetryRule(exception="orgsync.errors.FatalError", action=RetryAction.FAIL, reason="a person must act")]
)

TEMPLATED = (
    "tenant", "kind", "title", "body", "url", "due_at", "template", "variables", "users", "departments", "query", "not_before",
    "expires_at", "dedupe_key",
)  # fmt: skip
"""What may hold Jinja of Airflow's, in the operator and in the notifier."""


class NotifyOperator(BaseOperator):  # type: ignore[misc]
    """Queues a message and returns its id; what can be asked for is that of `orgsync.outbox.composing.compose`.

    Unless it has a `dedupe_key`, a message is sent once for each task of a run, however often that is retried or cleared.
    In a backfill nothing is sent: it is about the past.
    """

    template_fields: Sequence[str] = TEMPLATED

    def __init__(
        self,
        *,
        tenant: str,
        kind: str | None = None,
        title: str | None = None,
        body: str | None = None,
        url: str | None = None,
        due_at: Any = None,
        template: str | None = None,
        variables: Mapping[str, Any] | None = None,
        everyone: bool = False,
        users: Sequence[str] | None = None,
        departments: Sequence[str] | None = None,
        query: str | None = None,
        priority: int = 5,
        not_before: Any = None,
        expires_at: Any = None,
        dedupe_key: str | None = None,
        in_backfills: bool = False,
        outlets: Any = OUTLETS,
        retry_policy: Any = FAIL_WHAT_NEEDS_A_PERSON,
        **kwargs: Any,
    ) -> None:
        super().__init__(outlets=outlets, retry_policy=retry_policy, **kwargs)
        self.tenant = tenant
        self.kind = kind
        self.title = title
        self.body = body
        self.url = url
        self.due_at = due_at
        self.template = template
        self.variables = variables
        self.everyone = everyone
        self.users = users
        self.departments = departments
        self.query = query
        self.priority = priority
        self.not_before = not_before
        self.expires_at = expires_at
        self.dedupe_key = dedupe_key
        self.in_backfills = in_backfills

    def execute(self, context: Any) -> int | None:
        return queue(self, context, key=find_place(context))


def queue(asked: Any, context: Any, *, key: str) -> int | None:
    """Queue what an operator or a notifier holds; None is a backfill, in which nothing is sent. `key` is for what names no dedupe_key."""
    if is_backfill(context) and not asked.in_backfills:
        log.info("nothing is sent: this run is a backfill")
        return None

    from orgsync.outbox.composing import compose
    from orgsync.outbox.sending import enqueue
    from orgsync.settings import read_settings
    from orgsync.tenants import read_tenant

    settings = read_settings()
    wanted = {name: getattr(asked, name) for name in (*TEMPLATED, "everyone", "priority") if name != "tenant"}
    wanted["dedupe_key"] = wanted["dedupe_key"] or key
    tenant = read_tenant(settings.tenants_file, asked.tenant)
    message_id = enqueue(settings, tenant, compose(settings, tenant, **wanted, source=find_place(context)))
    log.info("message %s to tenant %s is queued", message_id, tenant.id)
    return message_id


def find_place(context: Any) -> str:
    """Where in Airflow this is, whichever try it is: DAG, run, task, map index. A DAG's own callbacks may know of no task."""
    ti = context.get("ti")
    task = [ti.task_id] if ti else []
    mapped = [str(ti.map_index)] if ti and ti.map_index not in (None, -1) else []
    return "/".join([context["dag"].dag_id, context["run_id"], *task, *mapped])


def is_backfill(context: Any) -> bool:
    """By the run's id where a DAG's own callback knows of no run."""
    dag_run = context.get("dag_run")
    return str(dag_run.run_type.value) == "backfill" if dag_run else str(context["run_id"]).startswith("backfill__")
