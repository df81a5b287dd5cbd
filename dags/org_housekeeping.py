"""One DAG that removes, tenant by tenant, what its retention no longer keeps, and carries out what was asked to be forgotten."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, ExceptionRetryPolicy, Param, RetryAction, RetryRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from orgsync.airflow_parts.parsing import find_wanted
from orgsync.airflow_parts.wording import describe_field, join_languages, say, say_page
from orgsync.settings import read_settings
from orgsync.tenants import Tenant, read_stanzas, read_stanzas_of, read_tenant

WANTED = find_wanted("clean_", of="task")
FILE = read_settings().tenants_file
STANZAS = read_stanzas(FILE) if WANTED is None else read_stanzas_of(FILE, WANTED)
LANGUAGE = join_languages(STANZAS.languages)
TIMEZONE = Tenant.timezone  # the default of the tenants file: it is night there, after the full reads

with DAG(
    dag_id="org_housekeeping",
    description=say(LANGUAGE, "housekeeping.description"),
    doc_md=say_page(LANGUAGE, "housekeeping.docs"),
    schedule=CronTriggerTimetable("17 3 * * *", timezone=TIMEZONE),
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(TIMEZONE)),
    catchup=False,
    max_active_runs=1,
    # What is kept depends on now; running for the past would do the same again.
    allowed_run_types=["scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization"],
    params={"dry_run": Param(default=False, type="boolean", **describe_field(LANGUAGE, "housekeeping.dry_run"))},
    tags=["orgsync"],
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=10),
        "retry_policy": ExceptionRetryPolicy(
            [RetryRule(exception="orgsync.errors.FatalError", action=RetryAction.FAIL, reason="a person must act")]
        ),
        "execution_timeout": timedelta(hours=6),
    },
) as dag:

    @task
    def clean(tenant_id: str) -> dict[str, Any]:
        """Remove what the tenant's retention does not keep."""
        from orgsync.errors import BusyTenantError
        from orgsync.sync.housekeeping import clean_tenant

        context = get_current_context()
        settings = read_settings()
        tenant = read_tenant(settings.tenants_file, tenant_id)
        try:
            return asdict(clean_tenant(settings, tenant, dry_run=context["params"]["dry_run"]))
        except BusyTenantError as error:
            if context["ti"].try_number <= context["ti"].max_tries:
                raise
            raise AirflowSkipException(str(error)) from error

    @task
    def look_after() -> dict[str, Any]:
        """Carry out what was asked to be forgotten, and note which tenants have left the tenants file."""
        from orgsync.removal.duties import look_after, tell_undone

        context = get_current_context()
        if context["params"]["dry_run"]:
            raise AirflowSkipException("a dry run forgets nobody")
        duties = look_after(read_settings())
        if undone := tell_undone(duties):
            raise undone
        return asdict(duties)

    if WANTED in (None, "look_after"):
        look_after()

    # Nothing comes after them: so one that fails fails the run, and keeps no other from being cleaned.
    # The task of a tenant whose stanza is wrong says so, and removes nothing.
    for _tenant_id, _owner in STANZAS.owners.items():
        if WANTED in (None, _tenant_id):
            clean.override(task_id=f"clean_{_tenant_id}", owner=_owner)(_tenant_id)
