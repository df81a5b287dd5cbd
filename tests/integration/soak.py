"""`make soak`: ten thousand random evolutions of a small organization against the model; any mismatch ends it with the example.

An evolution is some snapshots, each loaded once or several times in any order, with quarantined keys, columns that are not observed, and
snapshots that see only a part; some are retracted, and some of those loaded again. In between come snapshots that must not be loaded:
another company's, of a clock that is ahead, or older than what a live run finds loaded. Now and then two workers load or retract at the
same time. Each evolution is compared with the model at every instant, and all versions and `org.change` with loading what is left in
time order.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pandas as pd
import psycopg2
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.companies.ownership import Takeover, find_foreign
from orgsync.errors import GateError
from orgsync.frames import FRAMES
from orgsync.sync.timekeeping import SLACK, check_date, date_snapshot
from orgsync.tenants import Tenant
from orgsync.warehouse.migrations import migrate
from stack.postgres import embedded_postgres
from tests.integration.test_history import (
    START,
    TENANT,
    Load,
    Step,
    assert_equal_to_model,
    empty,
    evolutions,
    left_of,
    make_step,
    read_history,
    read_versions,
    register,
    settle,
    step_and_settle,
)

MOST_SNAPSHOTS = 4
SHARE = 250
"""How many evolutions have a seed, and a warehouse, together: the first mismatch ends the soak, what was done before it is told."""
NOW = START + timedelta(hours=MOST_SNAPSHOTS)
OPTIONS = "-c TimeZone=UTC -c DateStyle=ISO"
ACME = Tenant(id=TENANT, platform="dingtalk", conn_id="acme")

Disturbance = Literal["foreign", "of a clock ahead", "late", "clock put back"]


@dataclass(frozen=True)
class Evolution:
    """`disturbances` come before the step of the same place; a step among `together` is made at the same time as the next one."""

    steps: list[Step]
    disturbances: dict[int, tuple[Disturbance, timedelta]]
    together: frozenset[int]


@st.composite
def disturbed(draw: st.DrawFn) -> Evolution:
    steps = draw(evolutions(most=MOST_SNAPSHOTS))
    places = st.integers(0, len(steps) - 1)
    kinds = st.sampled_from(["foreign", "of a clock ahead", "late", "clock put back"])
    minutes = st.integers(1, 60 * MOST_SNAPSHOTS).map(lambda count: timedelta(minutes=count, seconds=30))
    drawn = draw(st.dictionaries(places, st.tuples(kinds, minutes), max_size=3))
    return Evolution(
        steps,
        # Each at a second of its own: a snapshot's id is its instant, and of two with one id the second would be the first again.
        {place: (kind, distance + timedelta(seconds=number)) for number, (place, (kind, distance)) in enumerate(drawn.items())},
        frozenset(place for place in draw(st.frozensets(places, max_size=1)) if can_go_together(steps[place : place + 2])),
    )


def can_go_together(steps: list[Step]) -> bool:
    """Two of different instants, so that it does not matter which comes first."""
    return len({instant_of(step) for step in steps}) == 2


def instant_of(step: Step) -> datetime:
    return step if isinstance(step, datetime) else step["user"].taken_at


def assert_follows_the_model(first: Connection, second: Connection, evolution: Evolution) -> Counter[str]:
    """What was done, counted; all of it by the first worker, but for what both do at the same time."""
    counted: Counter[str] = Counter()
    done: dict[str, Load] = {}
    for worker in (first, second):
        worker.rollback()  # what an example that failed left open
    empty(first)
    for place, steps in split(evolution):
        if place in evolution.disturbances:
            kind, distance = evolution.disturbances[place]
            assert_kept_out(first, done, kind, distance)
            counted[kind] += 1
        if len(steps) == 2:
            make_together(first, second, steps, done)
            counted["at the same time"] += 2
        else:
            step_and_settle(first, steps[0], done)
        counted["retractions"] += sum(isinstance(step, datetime) for step in steps)
        counted["loads"] += sum(not isinstance(step, datetime) for step in steps)
    assert_equal_to_model(first, evolution.steps)
    any_order = read_history(first)
    empty(first)
    done.clear()
    for load in left_of(evolution.steps):
        step_and_settle(first, load, done)
    assert read_history(first) == any_order
    first.rollback()
    if evolution.together:
        empty(first)
        first.commit()
    return counted


def split(evolution: Evolution) -> Iterator[tuple[int, list[Step]]]:
    """The steps one by one, or two where they are made at the same time."""
    place = 0
    while place < len(evolution.steps):
        many = 2 if place in evolution.together else 1
        yield place, evolution.steps[place : place + many]
        place += many


def make_together(first: Connection, second: Connection, steps: list[Step], done: dict[str, Load]) -> None:
    """Each worker commits as it is ready; what has to be judged anew is so by one of them, after both."""

    def work(connection: Connection, step: Step) -> None:
        make_step(connection, step, done)
        connection.commit()

    first.commit()
    with ThreadPoolExecutor(2) as workers:
        for each in [workers.submit(work, first, steps[0]), workers.submit(work, second, steps[1])]:
            each.result()
    settle(first, done)


def assert_kept_out(connection: Connection, done: dict[str, Load], kind: Disturbance, distance: timedelta) -> None:
    """Something that must not enter history, or a clock that must not keep anything out of it, is told from what may."""
    before = [read_versions(connection, frame) for frame in FRAMES]
    loaded = list_loaded(connection)
    if kind == "foreign":
        stranger = register(connection, START + distance, company="beta")
        said = find_foreign(connection, ACME, stranger, pd.DataFrame({"user_id": [], "union_id": []}), Takeover())
        assert bool(said) == bool(loaded)
    elif kind == "of a clock ahead":
        assert is_refused(connection, NOW + distance)
    elif kind == "late":
        assert is_refused(connection, START + distance) == any(taken_at >= START + distance for taken_at in loaded)
    else:
        assert_dated(connection, START + distance, newest=max(loaded, default=None))
    assert [read_versions(connection, frame) for frame in FRAMES] == before
    assert list_loaded(connection) == loaded


def is_refused(connection: Connection, taken_at: datetime) -> bool:
    try:
        check_date(connection, register(connection, taken_at), now=NOW)
    except GateError:
        return True
    return False


def assert_dated(connection: Connection, now: datetime, *, newest: datetime | None) -> None:
    """A clock shows `now`: what is taken then comes after all that is loaded, or is not taken at all."""
    try:
        taken_at = date_snapshot(connection, TENANT, now=now)
    except GateError:
        assert newest is not None
        assert newest - now > SLACK
    else:
        assert taken_at >= now
        assert newest is None or newest < taken_at <= now + SLACK or (newest < now == taken_at)


def list_loaded(connection: Connection) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute("select taken_at from ops.snapshot where state = 'loaded' order by 1")
        return [taken_at for (taken_at,) in cursor.fetchall()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--evolutions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    started = time.monotonic()
    shares = [min(SHARE, options.evolutions - first) for first in range(0, options.evolutions, SHARE)]
    last_seed = options.seed + len(shares) - 1
    done: Counter[str] = Counter()
    with ProcessPoolExecutor(options.processes) as pool:
        for share in pool.map(soak, shares, range(options.seed, last_seed + 1)):
            done += share
            print(
                f"{done['evolutions']:,} of {options.evolutions:,} evolutions, 0 mismatches, {time.monotonic() - started:,.0f} s",
                flush=True,
            )
    evolutions = done.pop("evolutions")
    print(
        f"{evolutions:,} evolutions, 0 mismatches; {', '.join(f'{count:,} {what}' for what, count in sorted(done.items()))}; "
        f"seeds {options.seed} to {last_seed}, {time.monotonic() - started:,.0f} s in {options.processes} processes"
    )


def soak(evolutions: int, chosen_seed: int) -> Counter[str]:
    """What was done, counted; raises at the first mismatch, with the smallest example that shows it."""
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="orgsync-soak-") as folder, embedded_postgres(Path(folder) / "postgres") as server:
        server.create_database("warehouse")
        dsn = server.dsn("warehouse")
        with closing(psycopg2.connect(dsn, options=OPTIONS)) as first, closing(psycopg2.connect(dsn, options=OPTIONS)) as second:
            migrate(first)

            @seed(chosen_seed)
            @settings(max_examples=evolutions, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(evolution=disturbed())
            def check(evolution: Evolution) -> None:
                counted.update(assert_follows_the_model(first, second, evolution))
                counted["evolutions"] += 1

            check()
    return counted


if __name__ == "__main__":
    main()
