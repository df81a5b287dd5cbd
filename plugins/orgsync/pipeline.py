"""The verbs of a sync. DAGs, the command and the pages call them; this is the only module that joins the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

from croniter import croniter
from psycopg2.extensions import connection as Connection

from orgsync.errors import GateError, OrgsyncError
from orgsync.landing import (
    SnapshotWriter,
    make_snapshot_id,
    read_answers,
    read_manifest,
    read_newest_answers,
    remove_unfinished,
    snapshot_uri,
)
from orgsync.manifest import Manifest, Mode
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Reading, Wanted
from orgsync.settings import Settings
from orgsync.tenants import Tenant
from orgsync.warehouse import history, plans, runs, snapshots
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.hook import read_address
from orgsync.warehouse.migrations import check_schema, migrate
from orgsync.warehouse.runs import StepRecord
from orgsync.warehouse.statements import query

log = logging.getLogger(__name__)

RequestedMode = Literal["auto", "full", "frequent"]


@dataclass(frozen=True)
class Run:
    """One run of one tenant's sync. `run_id` is Airflow's own, or one the command made."""

    tenant: Tenant
    run_id: str
    run_type: str
    settings: Settings

    @property
    def address(self) -> Address:
        return find_warehouse(self.settings)


def find_warehouse(settings: Settings) -> Address:
    return read_address(settings.warehouse_conn_id, statement_timeout_seconds=settings.statement_timeout_seconds)


def migrate_warehouse(settings: Settings) -> list[str]:
    """Bring the warehouse to this version's schema; returns the migrations applied."""
    with open_warehouse(find_warehouse(settings)) as connection:
        return migrate(connection)


def extract_snapshot(run: Run, *, mode: RequestedMode, now: datetime) -> str:
    """Read the whole organization into the landing zone; returns the snapshot's id.

    Raises what the platform's client raises; then nothing is left in the landing zone.
    """
    with _step(run, "extract") as step:
        with open_warehouse(run.address) as connection:
            connection.autocommit = True  # a read may take an hour: no transaction stays open so long
            snapshots.claim_tenant(connection, run.tenant.id)
            manifest = _land_snapshot(run, mode=_choose_mode(connection, run.tenant, mode, now), taken_at=now)
            snapshots.register_snapshot(connection, manifest, uri=snapshot_uri(run.settings.landing_zone, manifest.snapshot_id))
        step.record(mode=manifest.mode, method=manifest.method, snapshot_id=manifest.snapshot_id, calls=manifest.calls)
        return manifest.snapshot_id


def validate_snapshot(run: Run, snapshot_id: str) -> int:
    """Tidy a snapshot, keep its bad rows out, and stage the good ones; returns the id of the plan that holds them.

    Raises GateError when the set as a whole may not be merged, IncompleteSnapshotError when people were lost on the way.
    """
    with _step(run, "validate") as step:
        from orgsync.validation.gates import check_head_count, check_not_empty
        from orgsync.validation.quarantine import judge  # some seconds: Great Expectations
        from orgsync.validation.report import write_report

        with open_warehouse(run.address) as connection:
            snapshot = snapshots.find_snapshot(connection, snapshot_id)
        manifest = read_manifest(snapshot["uri"])
        platform = load_platform(run.tenant.platform)
        with _timed(step, "tidy"):
            tidy = platform.tidy(partial(read_answers, snapshot["uri"], manifest), mode=manifest.mode, mapping=run.tenant.mapping)
        seen = int(tidy.users["user_id"].nunique())
        check_head_count(seen, manifest.platform_counts.get("users"), allowed=int(run.tenant.budget.get("missing_people", 0)))
        with _timed(step, "expect"):
            verdict = judge(tidy)
        with _timed(step, "stage"), open_warehouse(run.address) as connection:
            plans.drop_unfinished(connection, run.tenant.id)
            plan_id = plans.create_plan(connection, snapshot, verdict.tidy, verdict.findings)
            plan = plans.find_plan(connection, plan_id)
            plans.save_expectation_results(connection, plan, verdict.results)
            counts_before = snapshots.find_counts_before(connection, run.tenant.id, manifest.taken_at)
        step.record(plan_id=plan_id, counts=plan["staged_counts"])
        write_report(run.settings.report_folder, manifest, verdict)
        check_not_empty(plan["staged_counts"], counts_before)
        return plan_id


def merge_plan(run: Run, plan_id: int, *, dry_run: bool = False) -> dict[str, Any]:
    """Write a plan into history, in one transaction; returns the run's outcome and what changed, in counts.

    A dry run writes the same and takes it back, so what it reports is what would happen. A plan that is applied already stays so.
    """
    with _step(run, "merge") as step:
        with open_warehouse(run.address) as connection:
            history.lock_tenant(connection, run.tenant.id)
            plan = plans.find_plan(connection, plan_id)
            if plan["state"] == "applied":
                step.outcome = "succeeded"
                return {"outcome": step.outcome, "changes": plan["summary"], "history_rows": 0}
            if not plans.is_staged(connection, plan):
                raise GateError(
                    f"the staged rows of plan {plan_id} are gone (the warehouse restarted, or a newer run took over); sync again"
                )
            with _timed(step, "plan"):
                history.plan_changes(connection, plan_id, run.tenant.id)
            with _timed(step, "write"):
                changes, rows = history.apply_plan(connection, plan, keep=not dry_run)
        step.outcome = "planned" if dry_run else "succeeded" if rows else "unchanged"
        step.record(plan_id=plan_id, counts={"history_rows": rows})
        return {"outcome": step.outcome, "changes": changes, "history_rows": rows}


def sync(run: Run, *, mode: RequestedMode, dry_run: bool, now: datetime) -> dict[str, Any]:
    """All steps after each other, as the command runs them."""
    snapshot_id = extract_snapshot(run, mode=mode, now=now)
    plan_id = validate_snapshot(run, snapshot_id)
    return merge_plan(run, plan_id, dry_run=dry_run)


def find_runs(settings: Settings, tenant_id: str | None, *, run_id: str | None = None, limit: int = 1) -> list[dict[str, Any]]:
    """The newest runs of one tenant, or of all, as `orgsync status` and `orgsync report` show them."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return runs.find_runs(connection, tenant_id, run_id=run_id, limit=limit)


def query_warehouse(settings: Settings, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a person's own statement in a read-only transaction; returns column names and rows."""
    with open_warehouse(find_warehouse(settings)) as connection:
        connection.set_session(readonly=True)
        return query(connection, statement)


def _land_snapshot(run: Run, *, mode: Mode, taken_at: datetime) -> Manifest:
    zone, tenant = run.settings.landing_zone, run.tenant
    for folder in remove_unfinished(zone, tenant.id):
        log.warning("removed %s/%s, which a read that was killed left without a manifest", tenant.id, folder)
    platform = load_platform(tenant.platform)
    snapshot_id = make_snapshot_id(tenant.id, taken_at)
    log.info("reading tenant %s, %s, as snapshot %s", tenant.id, mode, snapshot_id)
    earlier = partial(read_newest_answers, zone, tenant.id)
    wanted = Wanted(mode=mode, scope=tenant.scope, user_key=tenant.user_key, earlier=earlier, taken_at=taken_at)
    with SnapshotWriter(snapshot_uri(zone, snapshot_id)) as writer:
        reading: Reading = platform.extract(platform.connect(tenant.conn_id), wanted, writer.record)
        manifest = writer.finish(
            reading, snapshot_id=snapshot_id, platform=platform.name, taken_at=taken_at, finished_at=datetime.now(taken_at.tzinfo)
        )
    return read_manifest(snapshot_uri(zone, manifest.snapshot_id))


def _choose_mode(connection: Connection, tenant: Tenant, mode: RequestedMode, now: datetime) -> Mode:
    """`auto` is full where no full read entered history since the full schedule's last tick, else frequent."""
    if mode != "auto":
        return mode
    last_full = snapshots.find_last_full_read(connection, tenant.id)
    last_tick = croniter(tenant.full_schedule, now.astimezone(ZoneInfo(tenant.timezone))).get_prev(datetime)
    return "frequent" if last_full is not None and last_full >= last_tick else "full"


@dataclass
class _Step:
    """What one step found out, to be written to the run's row when it ends; `outcome` closes the run."""

    found: StepRecord = field(default_factory=StepRecord)
    seconds: dict[str, float] = field(default_factory=dict)
    outcome: str | None = None

    def record(self, **found: Any) -> None:
        self.found = replace(self.found, **found)


@contextmanager
def _step(run: Run, name: str) -> Iterator[_Step]:
    """One step of a run: opened in the ledger, timed, and written there however it ends."""
    step = _Step()
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        runs.start_run(connection, tenant_id=run.tenant.id, run_id=run.run_id, platform=run.tenant.platform, run_type=run.run_type)
    try:
        with _timed(step, name):
            yield step
    except Exception as error:
        step.outcome = "stopped" if isinstance(error, GateError) else "failed"
        try:
            _close_step(run, step, error)
        except OrgsyncError as second:
            log.warning("the run's end could not be recorded: %s", second)
        raise
    _close_step(run, step)


def _close_step(run: Run, step: _Step, error: Exception | None = None) -> None:
    text = None if error is None else str(error) if isinstance(error, OrgsyncError) else f"{type(error).__name__} (see the log)"
    with open_warehouse(run.address) as connection:
        keys = {"tenant_id": run.tenant.id, "run_id": run.run_id}
        runs.record_step(connection, **keys, record=replace(step.found, step_seconds=step.seconds))
        if step.outcome:
            runs.finish_run(connection, **keys, outcome=step.outcome, error=text)


@contextmanager
def _timed(step: _Step, name: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        step.seconds[name] = round(time.monotonic() - started, 3)
