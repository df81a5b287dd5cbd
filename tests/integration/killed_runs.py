"""Run by itself: runs syncs in forks of this process and kills each with SIGKILL at one point, then prints what was left as JSON.

Its standard input says where: the warehouse's address, a database to copy, the settings, and which points. A point is a statement sent to
the warehouse, or an answer landed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2

from orgsync import landing
from orgsync.pipeline import Run, sync
from orgsync.settings import Settings
from orgsync.tenants import Tenant
from orgsync.validation import quarantine  # noqa: F401 - some seconds, once for all forks
from orgsync.warehouse import history, migrations, plans, runs, snapshots, staging, statements

MODULES = (history, migrations, plans, runs, snapshots, staging, statements)


def main() -> None:
    order = json.load(sys.stdin)
    print(json.dumps([try_point(order, point) for point in order["points"]]))


def try_point(order: dict[str, Any], point: int) -> dict[str, Any]:
    """Kill at one point (0: never), look what is left, then sync again."""
    database = f"killed_{point}"
    ask(order["admin"], f'create database "{database}" template "{order["template"]}"')
    dsn = order["dsn"].format(database=database)
    zone = Path(order["zone"]) / database
    points = run_in_fork(order, database, zone, point, order["taken_at"])
    left = {
        "point": point,
        "points": points,
        "history": read_history(dsn),
        "locks": count_locks(dsn),
    }
    run_in_fork(order, database, zone, 0, order["healed_at"])
    left["healed"] = sorted(row[0] for row in ask(dsn, "select user_id from org.users"))
    left["unfinished"] = [str(each) for each in zone.glob("*/*") if each.is_dir() and not (each / "manifest.json").exists()]
    dead = "select count(*) from stage.user where plan_id in (select plan_id from ops.plan where state not in ('staged', 'planned'))"
    left["staged_rows_of_dead_plans"] = ask(dsn, dead)[0][0]
    ask(order["admin"], f'drop database "{database}" with (force)')
    return left


def run_in_fork(order: dict[str, Any], database: str, zone: Path, point: int, now: str) -> int:
    """How many points there were, where it was not killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        counter = Counter(point)
        try:
            connect(order, database)
            counter.watch()
            settings = Settings(Path("nowhere.yaml"), f"file://{zone}", zone.with_name(f"{database}_reports"))
            tenant = Tenant(id="acme", platform=order["platform"], conn_id=order["conn_id"])
            sync(Run(tenant, f"run_{now}", "manual", settings), mode="full", dry_run=False, now=datetime.fromisoformat(now))
            os.write(writing, str(counter.seen).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed and os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"the run at point {point} failed by itself")
    if point and not killed:
        raise RuntimeError(f"point {point} was never reached")
    return int(told or 0)


class Counter:
    """Counts points, and ends the process at one."""

    def __init__(self, point: int) -> None:
        self.point = point
        self.seen = 0

    def step(self) -> None:
        self.seen += 1
        if self.seen == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        for name in ("execute", "fetch_all"):
            watched = self._watched(getattr(statements, name))
            for module in MODULES:
                if hasattr(module, name):
                    setattr(module, name, watched)
        landing.SnapshotWriter.record = self._watched(landing.SnapshotWriter.record)  # type: ignore[method-assign]

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            self.step()
            return call(*arguments, **named)

        return watched


def connect(order: dict[str, Any], database: str) -> None:
    parts = psycopg2.extensions.parse_dsn(order["dsn"].format(database=database))
    fields = {"host": parts["host"], "port": int(parts["port"]), "login": parts["user"], "password": parts["password"]}
    os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"] = json.dumps({"conn_type": "postgres", "schema": database, **fields})


def count_locks(dsn: str) -> int:
    """Those that stay: the server may take a moment to notice that the other side is gone."""
    locks = 0
    for _ in range(50):
        locks = ask(dsn, "select count(*) from pg_locks where locktype = 'advisory'")[0][0]
        if not locks:
            break
        time.sleep(0.1)
    return locks


def read_history(dsn: str) -> list[str]:
    tables = ("department", "user", "membership")
    return sorted(row[0] for table in tables for row in ask(dsn, f"select '{table} ' || version::text from org.{table}_version as version"))


def ask(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


if __name__ == "__main__":
    main()
