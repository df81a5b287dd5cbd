"""One DAG per stanza of the tenants file: read the platform, validate, merge into history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import (
    DAG,
    Asset,
    AssetAlias,
    AssetOrTimeSchedule,
    AssetWatcher,
    ExceptionRetryPolicy,
    MultipleCronTriggerTimetable,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException

from orgsync.airflow_parts.approval import PlanApproval, ask_about
from orgsync.airflow_parts.event_trigger import EventTrigger, ListenTrigger
from orgsync.airflow_parts.notify_operator import OUTBOX
from orgsync.airflow_parts.parsing import find_wanted
from orgsync.airflow_parts.slow_runs import set_deadline
from orgsync.airflow_parts.wording import describe_field, say, say_page
from orgsync.connections.site import address_page
from orgsync.settings import read_settings
from orgsync.tenants import BrokenStanza, Tenant, read_stanzas, read_stanzas_of, read_tenant

if TYPE_CHECKING:
    from orgsync.sync.run import Run

SHOWN = ("platform", "schedule", "full_schedule", "timezone")

# A wrong secret or a missing permission is not retried; throttling, a busy platform or a lost connection is.
RETRY_POLICY = ExceptionRetryPolicy(
    [
        RetryRule(exception="orgsync.errors.FatalError", action=RetryAction.FAIL, reason="a person must act"),
        RetryRule(exception="orgsync.errors.BusyTenantError", action=RetryAction.FAIL, reason="the other run does the work"),
        RetryRule(exception="orgsync.errors.RetryableError", action=RetryAction.RETRY, reason="it may succeed later"),
    ]
)


def build_params(language: str) -> dict[str, Param]:
    return {
        "mode": Param("auto", enum=["auto", "full", "frequent", "events", "rebuild"], **describe_field(language, "sync.mode")),
        "dry_run": Param(default=False, type="boolean", **describe_field(language, "sync.dry_run")),
        "new_company": Param(None, type=["null", "string"], **describe_field(language, "sync.new_company")),
        "undecided": Param(default=False, type="boolean", **describe_field(language, "sync.undecided")),
    }


def build_dag(tenant: Tenant) -> DAG:
    shown = {name: getattr(tenant, name) for name in SHOWN}
    dag = DAG(
        dag_id=f"org_sync_{tenant.id}",
        description=say(tenant.language, "sync.description", tenant=tenant.id, platform=tenant.platform),
        doc_md=say_page(tenant.language, "sync.docs", tenant=tenant.id, page=address_page(tenant.id, "tree"), **shown),
        schedule=_schedule_of(tenant),
        start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(tenant.timezone)),
        catchup=False,
        max_active_runs=1,
        deadline=set_deadline(tenant.id),
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
            # A later task goes before an earlier one, so that tenants which are due at once are finished one after the other.
            "weight_rule": "upstream",
        },
    )
    with dag:
        _add_tasks(tenant, _asset_of(tenant.id))
    dag.params = build_params(tenant.language)  # after its tasks: each would hold all of them, and double what Airflow stores and loads
    return dag


def build_broken_dag(stanza: BrokenStanza) -> DAG:
    """Keeps the DAG of a tenant on the list, at its times as far as they can be read: each run fails with what is wrong."""
    tenant_id, mistakes = stanza.tenant_id, "\n".join(f"    {line}" for line in str(stanza).splitlines())
    with DAG(
        dag_id=f"org_sync_{tenant_id}",
        description=say(stanza.language, "broken.description", tenant=tenant_id),
        doc_md=say_page(stanza.language, "broken.docs", tenant=tenant_id, mistakes=mistakes),
        schedule=MultipleCronTriggerTimetable(stanza.schedule, stanza.full_schedule, timezone=stanza.timezone),
        start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(stanza.timezone)),
        catchup=False,
        max_active_runs=1,
        params=build_params(stanza.language),
        tags=["orgsync", "broken stanza"],
        default_args={"owner": stanza.owner, "retries": 0},
    ) as dag:

        @task(inlets=[_asset_of(tenant_id)])  # so that it stays known
        def read_stanza() -> None:
            """Says what is wrong with the stanza."""
            read_tenant(read_settings().tenants_file, tenant_id)

        read_stanza()
    return dag


def _schedule_of(tenant: Tenant) -> MultipleCronTriggerTimetable | AssetOrTimeSchedule:
    """Its times; and where it receives events, as soon as some wait."""
    times = MultipleCronTriggerTimetable(tenant.schedule, tenant.full_schedule, timezone=tenant.timezone)
    if tenant.events.receive == "off":
        return times
    watchers = [AssetWatcher(name=f"events_of_{tenant.id}", trigger=EventTrigger(tenant_id=tenant.id, window=tenant.events.window))]
    if tenant.events.receive == "stream":
        watchers.append(AssetWatcher(name="streams", trigger=ListenTrigger()))  # the same for all tenants, so there is one
    events = Asset(f"org_events.{tenant.id}", uri=f"orgsync://events/{tenant.id}", group="orgsync", watchers=watchers)
    return AssetOrTimeSchedule(timetable=times, assets=[events])


def _asset_of(tenant_id: str) -> Asset:
    return Asset(f"org_warehouse.{tenant_id}", uri=f"orgsync://warehouse/{tenant_id}", group="orgsync")


def _add_tasks(tenant: Tenant, asset: Asset) -> None:
    """The present is read, and merged as planned where it is news; a past is loaded again instead. Events have what they name read."""
    # A task announces each of its outlets; what it is to announce only sometimes goes by an alias.
    unchanged = AssetAlias(f"{asset.name}.unchanged", group=asset.group)

    @task.branch(outlets=[unchanged])
    def extract() -> str | None:
        """Read the whole organization; what the last read said is loaded at once. The platform only knows now: a past is loaded again."""
        context = get_current_context()
        if _is_backfill(context):
            return "replay"
        if context["params"]["mode"] == "rebuild":
            return "rebuild"
        from orgsync.airflow_parts.lineage import tell_load, tell_read
        from orgsync.sync.extracting import extract_snapshot
        from orgsync.sync.following import follow_events
        from orgsync.sync.pipeline import load_known

        run, params = _run(tenant, context), context["params"]
        is_woken = run.run_type == "asset_triggered" or params["mode"] == "events"
        snapshot_id = follow_events(run) if is_woken else extract_snapshot(run, mode=params["mode"])
        tell_read(run)
        if snapshot_id is None:
            return None
        if load_known(run, snapshot_id, dry_run=params["dry_run"]):
            tell_load(run)
            context["outlet_events"][unchanged].add(asset)
            return None
        context["ti"].xcom_push(key="snapshot_id", value=snapshot_id)
        return "plan"

    @task(outlets=[asset])
    def replay() -> dict[str, int]:
        """Load the snapshots taken since the tick before this run's again, with the mapping and the rules of now."""
        from orgsync.airflow_parts.lineage import tell_load
        from orgsync.sync.replaying import replay as load_again
        from orgsync.sync.ticks import find_window

        context = get_current_context()
        run = _run(tenant, context)
        after, until = find_window((tenant.schedule, tenant.full_schedule), ZoneInfo(tenant.timezone), context["logical_date"])
        done = load_again(run, after=after, until=until, dry_run=context["params"]["dry_run"])
        loaded = [each for each in done if each["outcome"] != "skipped"]
        if not loaded:
            raise AirflowSkipException(f"no snapshot of {tenant.id} was taken after {after} and until {until}")
        tell_load(run)
        return {"snapshots": len(loaded), "history_rows": sum(each["history_rows"] for each in loaded)}

    @task(outlets=[asset])
    def rebuild() -> dict[str, int]:
        """Load what was part of history, as the landing zone says, and is not in the warehouse."""
        from orgsync.airflow_parts.lineage import tell_load
        from orgsync.errors import IncompleteSnapshotError
        from orgsync.sync.rebuilding import rebuild as load_lost

        context = get_current_context()
        run, params = _run(tenant, context), context["params"]
        result = load_lost(run, with_undecided=params["undecided"], dry_run=params["dry_run"])
        counts = {name: len(result[name]) for name in ("registered", "due", "loaded", "failed", "left_out", "unfinished")}
        if result["failed"]:
            raise IncompleteSnapshotError(f"{len(result['failed'])} snapshots could not be loaded; `orgsync status {tenant.id}` names them")
        if params["dry_run"]:
            raise AirflowSkipException(f"a dry run loads nothing: {counts}")
        tell_load(run)
        return counts

    @task.branch
    def plan(snapshot_id: str) -> str | None:
        """Keep bad rows out, stage the good ones, work out what would change; then on within budget, to a person beyond it."""
        from orgsync.sync.planning import plan_sync
        from orgsync.sync.validating import validate_snapshot

        context = get_current_context()
        run, dry_run = _run(tenant, context), context["params"]["dry_run"]
        planned = plan_sync(run, validate_snapshot(run, snapshot_id), dry_run=dry_run)
        context["ti"].xcom_push(key="planned", value=planned | {"question": ask_about(tenant, planned)})
        if dry_run:
            return None
        return "approve" if planned["over_budget"] else "merge"

    @task(outlets=[asset, OUTBOX] if tenant.change_messages else [asset], trigger_rule="none_failed_min_one_success")
    def merge(planned: dict[str, Any]) -> dict[str, Any]:
        """Write history in one transaction, exactly as planned."""
        from orgsync.airflow_parts.lineage import tell_load
        from orgsync.sync.merging import merge_plan

        run = _run(tenant, get_current_context())
        merged = merge_plan(run, planned["plan_id"])
        tell_load(run)
        return merged

    extracted = extract()
    planned = plan(extracted["snapshot_id"])
    merged = merge(planned["planned"])
    approve = PlanApproval(
        task_id="approve",
        tenant=tenant,
        plan=planned["planned"],
        make_run=_run,
        retries=0,
        retry_policy=None,
        execution_timeout=None,
    )
    extracted >> [replay(), rebuild()]
    approve >> merged


def _is_backfill(context: Any) -> bool:
    return str(context["dag_run"].run_type.value) == "backfill"


def _run(tenant: Tenant, context: Any) -> Run:
    from orgsync.airflow_parts.metrics import tell_step
    from orgsync.companies.ownership import Takeover
    from orgsync.sync.run import Run, name_record

    settings = read_settings()
    dag_run = context["dag_run"]
    takeover = Takeover(context["params"]["new_company"] or "", word_of=dag_run.triggering_user_name or dag_run.run_id)
    run_type = str(dag_run.run_type.value)
    return Run(tenant, name_record(dag_run.run_id, run_type), run_type, settings, takeover, tell=tell_step)


_wanted = find_wanted("org_sync_")
_file = read_settings().tenants_file
_stanzas = read_stanzas(_file) if _wanted is None else read_stanzas_of(_file, _wanted)
for _tenant in _stanzas.tenants:
    if _wanted in (None, _tenant.id):
        globals()[f"org_sync_{_tenant.id}"] = build_dag(_tenant)
for _broken in _stanzas.broken:
    if _broken.tenant_id and _wanted in (None, _broken.tenant_id):
        globals()[f"org_sync_{_broken.tenant_id}"] = build_broken_dag(_broken)
