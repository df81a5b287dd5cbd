"""What a month of daily syncs leaves in PostgreSQL and writes to its log: a day is one read, one load and 1 % of changes before it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.peers.environment import CHECKOUT
from bench.processes import run_measured
from bench.results import Figures
from bench.wanted import Wanted
from bench.world import World, open_world, without_limits

RATE = 0.01
SETTINGS = {"full_page_writes": "on"}
"""As on any server that has something to lose: the first change of a page after a checkpoint writes the whole page to the log."""
TABLES = """
    select
        format('%%I.%%I', schemaname, relname),
        json_build_object(
            'heap_bytes', pg_table_size(relid),
            'index_bytes', pg_indexes_size(relid),
            'live_rows', n_live_tup,
            'dead_rows', n_dead_tup,
            'updates', n_tup_upd,
            'hot_updates', n_tup_hot_upd
        )
    from pg_stat_user_tables
    where schemaname in ('org', 'ops', 'stage') and pg_total_relation_size(relid) > %(least)s
    order by pg_total_relation_size(relid) desc
"""
LEAST_BYTES = 256 << 10


def measure(wanted: Wanted) -> Iterator[tuple[str, Figures]]:
    with open_world(wanted.month, parallel=wanted.parallel, settings=SETTINGS | wanted.variant.settings) as world, without_limits(world):
        for statement in wanted.variant.statements:
            world.query(statement)
        yield wanted.variant.name, {"variant": wanted.variant.name} | _measure_days(world, wanted.days)


def _measure_days(world: World, days: int) -> Figures:
    rates = [0.0, *[RATE] * days, 0.0]
    environment = world.unpaced | {"BENCH_DSN": world.dsn}
    command = [sys.executable, "-m", "bench.loading", "days", world.sandbox.url, ",".join(map(str, rates))]
    cost = run_measured(command, environment, server=world.server, cwd=CHECKOUT)
    first, *daily, unchanged = cost.told["days"]
    _check(first, daily, unchanged)
    time.sleep(2)  # PostgreSQL counts a moment later
    return {
        "platform": world.platform,
        "people": world.size.people,
        "departments": world.size.departments,
        "days": days,
        "first": _choose(first),
        "daily": {name: [each[name] for each in map(_choose, daily)] for name in _choose(first)},
        "unchanged": _choose(unchanged),
        "tables": dict(world.query(TABLES, least=LEAST_BYTES)),
    } | cost.figures()


def _choose(day: dict[str, Any]) -> Figures:
    return {"seconds": round(day["seconds"], 3), "wal_bytes": day["wal_bytes"], "database_bytes": day["database_bytes"]}


def _check(first: dict[str, Any], daily: list[dict[str, Any]], unchanged: dict[str, Any]) -> None:
    rows = [each["history_rows"] for each in (first, *daily, unchanged)]
    if rows[-1] or not all(0 < each < rows[0] for each in rows[1:-1]):
        raise SystemExit(f"rows of history, day by day, cannot be right: {rows}")
