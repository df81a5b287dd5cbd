"""One DAG per stanza of the tenants file: read the platform, validate, merge into history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import (
    DAG,
    Asset,
    ExceptionRetryPolicy,
    MultipleCronTriggerTimetable,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException

from orgsync.settings import read_settings
from orgsync.tenants import Tenant, find_tenant, load_tenants

if TYPE_CHECKING:
    from orgsync.pipeline import Run

DOCS = """
### {tenant}: {platform} → PostgreSQL

Keeps `org.departments`, `org.users` and `org.memberships` of tenant `{tenant}` equal to the organization on {platform},
with all history. **extract** reads the platform into the landing zone, **validate** quarantines bad rows and stages the good
ones, **merge** writes history in one transaction.

* Frequent reads `{schedule}`, full reads `{full_schedule}` ({timezone}).
* Trigger with *mode* `full` to read everything now, with *dry_run* to see what would change.
* `orgsync report {tenant}` shows the last run; rows left out are in `ops.quarantine` with their reasons.
"""

# A wrong secret or a missing permission is not retried; throttling, a busy platform or a lost connection is.
RETRY_POLICY = ExceptionRetryPolicy(
    [
        RetryRule(exception="orgsync.errors.FatalError", action=RetryAction.FAIL, reason="a person must act"),
        RetryRule(exception="orgsync.errors.BusyTenantError", action=RetryAction.FAIL, reason="the other run does the work"),
        RetryRule(exception="orgsync.errors.RetryableError", action=RetryAction.RETRY, reason="it may succeed later"),
    ]
)

PARAMS = {
    "mode": Param("auto", enum=["auto", "full", "frequent"], description="auto: full when the full schedule asks for it, else frequent"),
    "dry_run": Param(default=False, type="boolean", description="Read and compare, but change nothing"),
}


def build_dag(tenant: Tenant) -> DAG:
    dag = DAG(
        dag_id=f"org_sync_{tenant.id}",
        description=f"{tenant.platform} organization {tenant.id} into the warehouse",
        doc_md=DOCS.format(tenant=tenant.id, **vars(tenant)),
        schedule=MultipleCronTriggerTimetable(tenant.schedule, tenant.full_schedule, timezone=tenant.timezone),
        start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(tenant.timezone)),
        catchup=False,
        max_active_runs=1,
        # The platform only knows now: a backfill of past dates would read today's organization again and again.
        allowed_run_types=["scheduled", "manual", "operator_triggered", "asset_triggered", "asset_materialization"],
        params=PARAMS,
        tags=["orgsync", tenant.platform],
        default_args={
            "owner": tenant.owner,
            "pool": tenant.platform,
            "retries": 3,
            "retry_delay": timedelta(minutes=1),
            "retry_exponential_backoff": 2,
            "max_retry_delay": timedelta(minutes=15),
            "retry_policy": RETRY_POLICY,
            "execution_timeout": timedelta(hours=6),
        },
    )
    with dag:

        @task
        def extract() -> str:
            """Read the whole organization into the landing zone."""
            from orgsync.pipeline import extract_snapshot

            context = get_current_context()
            return extract_snapshot(_run(tenant.id, context), mode=context["params"]["mode"], now=datetime.now(UTC))

        @task
        def validate(snapshot_id: str) -> int:
            """Keep bad rows out and stage the good ones."""
            from orgsync.pipeline import validate_snapshot

            return validate_snapshot(_run(tenant.id, get_current_context()), snapshot_id)

        @task(outlets=[Asset(f"org_warehouse.{tenant.id}", uri=f"orgsync://warehouse/{tenant.id}", group="orgsync")])
        def merge(plan_id: int) -> dict[str, Any]:
            """Write history in one transaction."""
            from orgsync.pipeline import merge_plan

            context = get_current_context()
            dry_run = context["params"]["dry_run"]
            result = merge_plan(_run(tenant.id, context), plan_id, dry_run=dry_run)
            if dry_run:  # skipped, so that nothing downstream takes it for new data
                raise AirflowSkipException(f"dry run, nothing was changed; it would be {result['changes']}")
            return result

        merge(validate(extract()))
    return dag


def _run(tenant_id: str, context: Any) -> Run:
    from orgsync.pipeline import Run

    settings = read_settings()
    dag_run = context["dag_run"]
    return Run(find_tenant(load_tenants(settings.tenants_file), tenant_id), dag_run.run_id, str(dag_run.run_type.value), settings)


for _tenant in load_tenants(read_settings().tenants_file):
    globals()[f"org_sync_{_tenant.id}"] = build_dag(_tenant)
