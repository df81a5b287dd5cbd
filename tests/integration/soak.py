"""`make soak`: ten thousand random evolutions of a small organization against the model; any mismatch ends it with the example.

An evolution is some snapshots, each loaded once or several times in any order, with quarantined keys, columns that are not observed, and
snapshots that see only a part. Each is compared with the model at every instant, and `org.change` with the loads in time order.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psycopg2
from hypothesis import HealthCheck, given, seed, settings

from orgsync.warehouse.migrations import migrate
from stack.postgres import embedded_postgres
from tests.integration.test_history import Load, assert_loads_equal_the_model, loads

MOST_SNAPSHOTS = 4


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--evolutions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    started = time.monotonic()
    shares = [
        options.evolutions // options.processes + (place < options.evolutions % options.processes) for place in range(options.processes)
    ]
    with ProcessPoolExecutor(options.processes) as pool:
        done = list(pool.map(soak, shares, range(options.seed, options.seed + options.processes)))
    evolutions, snapshots = (sum(each) for each in zip(*done, strict=True))
    print(
        f"{evolutions:,} evolutions, {snapshots:,} loads of a snapshot, 0 mismatches; seeds {options.seed} to "
        f"{options.seed + options.processes - 1}, {time.monotonic() - started:,.0f} s in {options.processes} processes"
    )


def soak(evolutions: int, chosen_seed: int) -> tuple[int, int]:
    """How many evolutions and loads were made; raises at the first mismatch, with the smallest example that shows it."""
    counted: list[int] = []
    with tempfile.TemporaryDirectory(prefix="orgsync-soak-") as folder, embedded_postgres(Path(folder) / "postgres") as server:
        server.create_database("warehouse")
        connection = psycopg2.connect(server.dsn("warehouse"), options="-c TimeZone=UTC -c DateStyle=ISO")
        migrate(connection)

        @seed(chosen_seed)
        @settings(max_examples=evolutions, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(loads=loads(most=MOST_SNAPSHOTS))
        def check(loads: list[Load]) -> None:
            counted.append(len(loads))
            assert_loads_equal_the_model(connection, loads)

        check()
        connection.close()
    return len(counted), sum(counted)


if __name__ == "__main__":
    main()
