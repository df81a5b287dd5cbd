"""One DAG that examines every tenant, its platform, and what all share, before the night's full reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, ExceptionRetryPolicy, RetryAction, RetryRule, task

from orgsync.airflow_parts.parsing import find_wanted
from orgsync.airflow_parts.wording import join_languages, say, say_page
from orgsync.settings import read_settings
from orgsync.tenants import Tenant, read_stanzas, read_stanzas_of

WANTED = find_wanted("examine_", of="task")
FILE = read_settings().tenants_file
STANZAS = read_stanzas(FILE) if WANTED in (None, "surroundings") else read_stanzas_of(FILE, WANTED)
LANGUAGE = join_languages(STANZAS.languages)
TIMEZONE = Tenant.timezone  # the default of the tenants file, where full reads begin after 2

with DAG(
    dag_id="org_doctor",
    description=say(LANGUAGE, "doctor.description"),
    doc_md=say_page(LANGUAGE, "doctor.docs"),
    schedule=CronTriggerTimetable("43 1 * * *", timezone=TIMEZONE),
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(TIMEZONE)),
    catchup=False,
    max_active_runs=1,
    # What is so now; running for the past would find the same.
    allowed_run_types=["scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization"],
    tags=["orgsync"],
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_policy": ExceptionRetryPolicy(
            [RetryRule(exception="orgsync.errors.FatalError", action=RetryAction.FAIL, reason="a person must act")]
        ),
        "execution_timeout": timedelta(hours=1),
    },
) as dag:

    @task
    def examine(tenant_id: str) -> dict[str, Any]:
        """Try all that this tenant needs, and keep what was found."""
        from orgsync.doctor.reporting import examine_and_keep

        return examine_and_keep(read_settings(), tenant_id)

    if WANTED in (None, "surroundings"):
        examine.override(task_id="examine_surroundings")("")
    # Nothing comes after them: so what is broken fails its task and the run, and keeps no other from being examined.
    _platforms = {_tenant.id: _tenant.platform for _tenant in STANZAS.tenants}
    for _tenant_id, _owner in STANZAS.owners.items():
        if WANTED in (None, _tenant_id):
            _pool = {"pool": _platforms[_tenant_id]} if _tenant_id in _platforms else {}
            examine.override(task_id=f"examine_{_tenant_id}", owner=_owner, **_pool)(_tenant_id)
