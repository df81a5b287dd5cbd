"""Messages about a task or a run: `on_failure_callback=[OrgsyncNotifier(...)]`, and whatever else Airflow calls back for."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk.bases.notifier import BaseNotifier

from orgsync.airflow_parts.notify_operator import TEMPLATED, find_place, queue


class OrgsyncNotifier(BaseNotifier):  # type: ignore[misc]
    """Queues a message, which `org_notify` sends within the minute; what can be asked for is that of `orgsync.outbox.composing.compose`.

    Unless it has a `dedupe_key`, each notifier sends once for a task of a run, however often that is retried, and once more for each time
    that the run is cleared. In a backfill nothing is sent: it is about the past.
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
    ) -> None:
        super().__init__()
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
        self._digest = hashlib.sha256(repr([getattr(self, name) for name in TEMPLATED]).encode()).hexdigest()[:12]

    def __call__(self, *args: Any) -> None:
        """Rendering is for good, and one notifier may be called for many tasks: so it is done to a copy."""
        BaseNotifier.__call__(copy.copy(self), *args)

    def notify(self, context: Any) -> None:
        queue(self, context, key=self.find_key(context))

    def find_key(self, context: Any) -> str:
        """Tells one notifier from another by what it says before that is rendered: a failure may be followed by a success."""
        dag_run = context.get("dag_run")
        cleared = (dag_run.clear_number if dag_run else None) or 0
        return f"{find_place(context)}/{cleared}/{self._digest}"
