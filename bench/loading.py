"""Syncs as a process of their own: the read, all that comes after it, or both each day. Prints what it did and took, as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg2

from bench.world import TENANT
from orgsync.cli.main import prepare_environment
from sandbox.testing import RunningSandbox

if TYPE_CHECKING:
    from orgsync.sync.run import Run


def main() -> None:
    prepare_environment()
    printed, sys.stdout = sys.stdout, sys.stderr  # Airflow logs to the standard output

    from orgsync.settings import read_settings
    from orgsync.sync.run import Run
    from orgsync.tenants import read_tenant

    settings = read_settings()
    tenant = read_tenant(settings.tenants_file, TENANT)

    def open_run() -> Run:
        return Run(tenant, f"bench-{uuid4()}", "manual", settings)

    match sys.argv[1:]:
        case ["extract"]:
            told = _extract(open_run())
        case ["load", snapshot_id]:
            told = _load(open_run(), snapshot_id)
        case ["days", url, rates]:
            told = {"days": [_sync(open_run, url, float(rate)) for rate in rates.split(",")]}
        case _:
            raise SystemExit(__doc__)
    printed.write(json.dumps(told) + "\n")


def _extract(run: Run) -> dict[str, Any]:
    from orgsync.sync.extracting import extract_snapshot

    started = time.monotonic()
    snapshot_id = extract_snapshot(run, mode="full")
    return {"snapshot_id": snapshot_id, "seconds": time.monotonic() - started}


def _load(run: Run, snapshot_id: str) -> dict[str, Any]:
    """`seconds` is all but the import of pandas and Great Expectations, which a worker does once."""
    from orgsync.sync.pipeline import load_extracted

    started = time.monotonic()
    loaded = load_extracted(run, snapshot_id)
    seconds, steps = time.monotonic() - started, _read_steps(run)
    seconds -= steps.get("import", 0.0)
    return {"outcome": loaded["outcome"], "history_rows": loaded["history_rows"], "seconds": seconds, "steps": steps}


def _sync(open_run: Callable[[], Run], url: str, rate: float) -> dict[str, Any]:
    """One day: so many people and departments change, what autovacuum does in a day is done, and a checkpoint; all is read and loaded.

    `wal_bytes` is what that wrote to PostgreSQL's log, so what a backup or a replica has to take of it.
    """
    run = open_run()
    RunningSandbox(url, process_id=0).control("POST", f"{run.tenant.platform}/evolve", {"rate": rate})
    ((stage,),) = _ask("select string_agg(format('%%I.%%I', schemaname, tablename), ', ') from pg_tables where schemaname = 'stage'")
    _ask(f"vacuum {stage}")
    _ask("checkpoint")
    ((before,),) = _ask("select pg_current_wal_insert_lsn()")
    loaded = _load(run, _extract(run)["snapshot_id"])
    ((written, size),) = _ask(
        "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)::bigint, pg_database_size(current_database())", before
    )
    return loaded | {"wal_bytes": written, "database_bytes": size}


def _ask(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(os.environ["BENCH_DSN"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def _read_steps(run: Run) -> dict[str, float]:
    from orgsync.warehouse.connection import open_warehouse
    from orgsync.warehouse.runs import find_runs

    with open_warehouse(run.address) as connection:
        (found,) = find_runs(connection, tenant_id=run.tenant.id, run_id=run.run_id, limit=1)
    steps: dict[str, float] = found["step_seconds"]
    return steps


if __name__ == "__main__":
    main()
