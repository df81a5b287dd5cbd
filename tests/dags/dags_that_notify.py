"""DAGs of somebody else's, who uses the operator and the notifier. Parsed by Airflow in a folder of the test's."""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import DAG, task

from orgsync.airflow_parts.notifier import OrgsyncNotifier
from orgsync.airflow_parts.notify_operator import NotifyOperator

PERSON = os.environ.get("PERSON", "")


class StumblingOperator(NotifyOperator):
    """Fails after it has queued its message, the first time."""

    def execute(self, context: Any) -> int | None:
        message_id = super().execute(context)
        if context["ti"].try_number == 1:
            raise ConnectionError("the worker lost its connection")
        return message_id


with DAG("telling", schedule=None):
    NotifyOperator(
        task_id="tell", tenant="acme", kind="card", title="{{ dag.dag_id }} is done", body="b", url="https://a.b/", users=[PERSON]
    )
    NotifyOperator(
        task_id="fill", tenant="acme", template="announcement", variables={"title": "{{ ti.task_id }}ed", "text": "as told"}, users=[PERSON]
    )
    StumblingOperator(task_id="stumble", tenant="acme", title="stumbled", users=[PERSON], retries=1)
    NotifyOperator.partial(task_id="each", tenant="acme", users=[PERSON]).expand(title=["first", "second"])
    NotifyOperator(task_id="wrong", tenant="acme", title="both", template="announcement", users=[PERSON], retries=1)

told = OrgsyncNotifier(tenant="acme", title="{{ ti.task_id }} failed", users=[PERSON])

with DAG("failing", schedule=None, default_args={"on_failure_callback": [told], "on_retry_callback": [told], "retries": 1}):

    @task
    def fail() -> None:
        raise ConnectionError("again and again")

    fail.override(task_id="one")()
    fail.override(task_id="two", on_failure_callback=[told, OrgsyncNotifier(tenant="acme", title="call for help", users=[PERSON])])()

with DAG("about_the_past", schedule=None):
    NotifyOperator(task_id="silent", tenant="acme", title="silent", users=[PERSON])
    NotifyOperator(task_id="loud", tenant="acme", title="loud", users=[PERSON], in_backfills=True)

    @task(on_failure_callback=[told])
    def fail_silently() -> None:
        raise ConnectionError("long ago")

    fail_silently()
