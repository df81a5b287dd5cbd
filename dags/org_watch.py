"""One DAG that finds what is wrong in operation, every few minutes, and tells those whom the tenants file names."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, get_current_context, task

from orgsync.airflow_parts.parsing import find_common_language
from orgsync.airflow_parts.wording import say, say_page
from orgsync.settings import read_settings
from orgsync.tenants import Tenant

EVERY_FIVE_MINUTES = "*/5 * * * *"
LANGUAGE = find_common_language()

with DAG(
    dag_id="org_watch",
    description=say(LANGUAGE, "watch.description"),
    doc_md=say_page(LANGUAGE, "watch.docs"),
    schedule=CronTriggerTimetable(EVERY_FIVE_MINUTES, timezone=Tenant.timezone),
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(Tenant.timezone)),
    catchup=False,
    max_active_runs=1,
    # What is so now; running for the past would find the same.
    allowed_run_types=["scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization"],
    tags=["orgsync"],
    default_args={
        "owner": Tenant.owner,
        "retries": 0,  # the next run looks again, and tells what this one could not
        "execution_timeout": timedelta(minutes=15),
    },
) as dag:

    @task
    def watch() -> dict[str, Any]:
        """Look at everything once; fails where the warehouse does not answer, or somebody could not be told."""
        from orgsync.airflow_parts.metrics import try_to_emit_gauges
        from orgsync.airflow_parts.watch_memory import VariableMemory
        from orgsync.alerts.channels import open_channels
        from orgsync.alerts.watching import watch as look

        settings, run_id = read_settings(), get_current_context()["run_id"]
        try_to_emit_gauges(settings)
        return asdict(look(settings, memory=VariableMemory(), open_channels=open_channels, watched_by=run_id))

    watch()
