"""One DAG that sends what waits in the outbox, tenant by tenant, as soon as something is due there."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, task

from orgsync.airflow_parts.notify_operator import FAIL_WHAT_NEEDS_A_PERSON, OUTBOX
from orgsync.airflow_parts.parsing import find_common_language
from orgsync.airflow_parts.wording import say, say_page
from orgsync.settings import read_settings
from orgsync.tenants import Tenant, read_stanzas, read_tenant

RUN_FOR = timedelta(seconds=50)  # then the next run goes on
LANGUAGE = find_common_language()

with DAG(
    dag_id="org_notify",
    description=say(LANGUAGE, "notify.description"),
    doc_md=say_page(LANGUAGE, "notify.docs"),
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/15 * * * *", timezone=Tenant.timezone), assets=[OUTBOX]),
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(Tenant.timezone)),
    catchup=False,
    # Where a worker has died, Airflow waits for its task for minutes, and only for the messages of that tenant.
    max_active_runs=4,
    # What is due depends on now.
    allowed_run_types=["scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization"],
    tags=["orgsync"],
    default_args={
        "owner": Tenant.owner,
        "retries": 1,  # what is due still, is due for the next run
        "retry_delay": timedelta(seconds=5),
        "retry_policy": FAIL_WHAT_NEEDS_A_PERSON,
        "execution_timeout": timedelta(minutes=30),
    },
) as dag:

    @task
    def find_due() -> list[str]:
        """The tenants for which there is something to do now."""
        from orgsync.outbox.sending import find_due as find

        settings = read_settings()
        return find(settings, read_stanzas(settings.tenants_file))

    @task(map_index_template="{{ task.op_kwargs['tenant_id'] }}")
    def deliver(tenant_id: str) -> dict[str, Any]:
        """Send what may go now, take back what is to be, ask what became of the rest."""
        from orgsync.airflow_parts.metrics import tell_pass
        from orgsync.outbox.delivery import Worker
        from orgsync.outbox.sending import push

        settings = read_settings()
        tenant = read_tenant(settings.tenants_file, tenant_id)
        tally = push(settings, tenant, run_for=RUN_FOR, worker=Worker(tell=partial(tell_pass, tenant)))
        return {"messages": tally.messages, "attempts": dict(tally.attempts)}

    deliver.expand(tenant_id=find_due())
