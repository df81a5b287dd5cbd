"""What a verb is given and keeps: the run, the step of it that is under way, and how both are told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from orgsync.companies.ownership import Takeover
from orgsync.errors import GateError, OrgsyncError, explain_files
from orgsync.landing.sharing import check_shared
from orgsync.log_fields import log_fields
from orgsync.platforms import load_platform
from orgsync.settings import Settings
from orgsync.sync.registry import note_decisions
from orgsync.tenants import Tenant
from orgsync.warehouse import runs
from orgsync.warehouse.claims import Claim, Purpose, hold_claim, take_turn
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.runs import StepRecord

log = logging.getLogger(__name__)


def tell_nobody(_tenant: Tenant, _step: Step) -> None:
    """What becomes of a step's figures where nobody measures."""


@dataclass(frozen=True)
class Run:
    """One run of one tenant's sync. `run_id` is Airflow's own, or one the command made; `clock` tells the time of all that it does.

    `tell` is given each step when it has ended, however that was.
    """

    tenant: Tenant
    run_id: str
    run_type: str
    settings: Settings
    takeover: Takeover = field(default_factory=Takeover)
    clock: Clock = read_clock
    tell: Callable[[Tenant, Step], None] = tell_nobody

    @property
    def address(self) -> Address:
        return find_warehouse(self.settings)


def name_record(run_id: str, run_type: str) -> str:
    """The name under which a run of Airflow is recorded.

    A backfill that repeats a run keeps that run's id. What the run once did stays on record: the repetition is a run of its own.
    """
    is_repetition = run_type == "backfill" and not run_id.startswith("backfill__")
    return f"backfill__of__{run_id}" if is_repetition else run_id


@dataclass
class Step:
    """What one step found out, to be written to the run's row when it ends; `outcome` closes the run, with `error` if it tells one."""

    found: StepRecord = field(default_factory=StepRecord)
    seconds: dict[str, float] = field(default_factory=dict)
    outcome: str | None = None
    error: str | None = None

    def record(self, **found: Any) -> None:
        self.found = replace(self.found, **found)


@contextmanager
def open_step(run: Run, name: str, **about: str) -> Iterator[Step]:
    """One step of a run: opened in the ledger, timed, and written there however it ends. What is logged of it says which it is.

    `about` is said with it: the snapshot, where it is known.
    """
    with log_fields(tenant=run.tenant.id, run=run.run_id, step=name, **about):
        yield from _keep_step(run, name)


def _keep_step(run: Run, name: str) -> Iterator[Step]:
    step = Step()
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        runs.start_run(connection, tenant_id=run.tenant.id, run_id=run.run_id, platform=run.tenant.platform, run_type=run.run_type)
    try:
        with timed(step, name), _explained():
            check_shared(run.settings)
            yield step
    except BaseException as error:  # also the one that ends a process in an orderly way: nobody else would say so
        step.outcome = "stopped" if isinstance(error, GateError) else "failed"
        try:
            _close_step(run, step, error)
        except OrgsyncError as second:
            log.warning("the run's end could not be recorded: %s", second)
        raise
    _close_step(run, step)


@contextmanager
def timed(step: Step, name: str) -> Iterator[None]:
    """What comes in several blocks of the same name counts together."""
    started = time.monotonic()
    try:
        yield
    finally:
        step.seconds[name] = round(step.seconds.get(name, 0.0) + time.monotonic() - started, 3)


def claim_tenant(run: Run, purpose: Purpose, *, may_wait: bool = False) -> AbstractContextManager[Claim]:
    seconds = run.settings.claim_seconds
    return hold_claim(run.address, run.tenant.id, purpose, claimed_by=run.run_id, seconds=seconds, may_wait=may_wait)


def take_apps_turn(run: Run) -> AbstractContextManager[Claim]:
    """Of the tenants that read by one app, or of one company where that is what the platform counts by. Nobody is asked."""
    tenant = run.tenant
    company = load_platform(tenant.platform).identify(tenant.conn_id)
    app = f"{tenant.platform} {company.host} {company.app_key}" if company.app_key else f"connection {tenant.conn_id}"
    return take_turn(run.address, app, claimed_by=f"{tenant.id}/{run.run_id}", seconds=run.settings.claim_seconds)


def note_decided(run: Run) -> None:
    """What cannot be noted now is noted by the next run: what was decided holds all the same."""
    try:
        with open_warehouse(run.address) as connection:
            note_decisions(connection, run.tenant.id)
    except (OSError, OrgsyncError) as error:
        log.warning("what was decided stands in the warehouse, and not in the landing zone yet: %s", error)


def _close_step(run: Run, step: Step, error: BaseException | None = None) -> None:
    text = step.error if error is None else _tell_failure(error)
    with open_warehouse(run.address) as connection:
        keys = {"tenant_id": run.tenant.id, "run_id": run.run_id}
        runs.record_step(connection, **keys, record=replace(step.found, step_seconds=step.seconds))
        if step.outcome:
            runs.finish_run(connection, **keys, outcome=step.outcome, error=text)
    run.tell(run.tenant, step)


@contextmanager
def _explained() -> Iterator[None]:
    """The file system's own errors in our words: all files that a step touches are of the landing zone or reports."""
    try:
        yield
    except OSError as error:
        raise explain_files(error) from error


def _tell_failure(error: BaseException) -> str:
    if isinstance(error, OrgsyncError):
        return str(error)
    name = type(error).__name__
    return f"{name} (see the log)" if isinstance(error, Exception) else f"it was ended before its time ({name})"
