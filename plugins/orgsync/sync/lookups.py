"""What the command and pages ask the warehouse about syncs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orgsync.companies.rosters import list_roster
from orgsync.settings import Settings
from orgsync.warehouse import events, plans, runs
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.questions import Answer, ask
from orgsync.warehouse.statements import Row, fetch_all


def find_plan(settings: Settings, tenant_id: str, plan_id: int | None = None, *, limit: int | None = None) -> dict[str, Any]:
    """A plan, or a tenant's newest, with its `changes`: `limit` of each kind, all if none is given."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        plan = plans.find_own_plan(connection, tenant_id, plan_id) if plan_id is not None else plans.find_newest_plan(connection, tenant_id)
        return {**plan, "changes": plans.list_changes(connection, plan["plan_id"], limit=limit)}


def list_quarantine(settings: Settings, tenant_id: str | None) -> list[dict[str, Any]]:
    """What is in quarantine now, row by row: the reasons, since when, and for how many loads in a row."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return plans.list_quarantine(connection, tenant_id)


def find_runs(settings: Settings, tenant_id: str | None, *, run_id: str | None = None, limit: int = 1) -> list[dict[str, Any]]:
    """The newest runs of one tenant, or of all, as `orgsync status` and `orgsync report` show them."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return runs.find_runs(connection, tenant_id, run_id=run_id, limit=limit)


def list_retired(settings: Settings) -> list[dict[str, Any]]:
    """The tenants that have left the tenants file, and since when."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return [row for row in list_roster(connection) if row["retired_at"]]


def measure_tenants(settings: Settings, tenant_ids: Sequence[str], *, clock: Clock = read_clock) -> list[Row]:
    """How it stands with each of them, in numbers alone."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return fetch_all(connection, "ops/measure_tenants", tenants=list(tenant_ids), now=clock(connection))


def summarize_events(settings: Settings, tenant_id: str | None) -> list[dict[str, Any]]:
    """How events go, a row for each tenant that ever received any, as `orgsync events` shows it."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return events.summarize(connection, tenant_id)


def query_warehouse(settings: Settings, statement: str) -> Answer:
    """What a person's own statement gives, asked as a role that can only read."""
    with open_warehouse(find_warehouse(settings)) as connection:
        connection.set_session(readonly=True)
        check_schema(connection)
        return ask(connection, statement)
