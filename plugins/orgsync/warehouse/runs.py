"""The ledger of sync runs: what each did, how long each step took, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.statements import Row, execute, fetch_all


@dataclass(frozen=True)
class StepRecord:
    """What one step adds to its run's row; what is left out stays as it is."""

    step_seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    mode: str | None = None
    method: str | None = None
    snapshot_id: str | None = None
    plan_id: int | None = None
    warnings: list[str] = field(default_factory=list)


def start_run(connection: Connection, *, tenant_id: str, run_id: str, platform: str, run_type: str) -> None:
    execute(connection, "ops/start_run", tenant_id=tenant_id, run_id=run_id, platform=platform, run_type=run_type)


def record_step(connection: Connection, *, tenant_id: str, run_id: str, record: StepRecord) -> None:
    execute(connection, "ops/record_step", tenant_id=tenant_id, run_id=run_id, **vars(record))


def finish_run(connection: Connection, *, tenant_id: str, run_id: str, outcome: str, error: str | None = None) -> None:
    execute(connection, "ops/finish_run", tenant_id=tenant_id, run_id=run_id, outcome=outcome, error=error)


def close_overtaken_runs(connection: Connection, tenant_id: str, plan_ids: list[int], *, by_run: str, by: str) -> None:
    """Say of the runs that waited with these plans, which gave way, that they ended, and what it was; the run that does it goes on."""
    execute(connection, "ops/close_overtaken_runs", tenant_id=tenant_id, plan_ids=plan_ids, run_id=by_run, by=f"{by} of run {by_run}")


def close_fulfilled_runs(connection: Connection, tenant_id: str, plan_id: int, *, by_run: str) -> None:
    """Say of the runs that waited for a decision about a plan, which another run has applied, that they ended."""
    execute(connection, "ops/close_fulfilled_runs", tenant_id=tenant_id, plan_id=plan_id, run_id=by_run)


def close_lost_runs(connection: Connection, tenant_id: str, *, before: datetime) -> int:
    """Say of the runs that began before then and never ended that they failed; returns how many there were."""
    return execute(connection, "ops/close_lost_runs", tenant_id=tenant_id, before=before)


def find_runs(connection: Connection, tenant_id: str | None, *, run_id: str | None = None, limit: int) -> list[Row]:
    """The newest runs first, each with its plan's changes, quarantined rows by rule, and the totals that hold now."""
    rows = fetch_all(connection, "report/find_runs", tenant_id=tenant_id, run_id=run_id, limit=limit)
    return [_describe(connection, row) for row in rows]


def _describe(connection: Connection, run: Row) -> dict[str, Any]:
    quarantine = fetch_all(connection, "report/count_quarantine", plan_id=run["plan_id"]) if run["plan_id"] else []
    totals = fetch_all(connection, "report/count_current", tenant_id=run["tenant_id"])[0]
    return {**run, "quarantine": quarantine, "totals": totals}
