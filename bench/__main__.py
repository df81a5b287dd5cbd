"""`make bench`: seconds per step, calls and memory of whole syncs, each in a process of its own.

An embedded PostgreSQL and a sandbox without latency or rate limit are started for it, so what is measured is orgsync.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg2

from orgsync.platforms import PLATFORM_NAMES
from sandbox.testing import RunningSandbox, start_sandbox
from stack.postgres import embedded_postgres

ORGSYNC = Path(sys.executable).with_name("orgsync")
STEPS = ("extract", "tidy", "expect", "stage", "plan", "write")
TENANTS = "tenants:\n  - {{id: bench, platform: {platform}, conn_id: bench}}\n"


@dataclass(frozen=True)
class Measured:
    """One sync: the run's own record, and what the operating system saw of its process."""

    name: str
    run: dict[str, Any]
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


def main() -> None:
    arguments = _parse_arguments()
    with tempfile.TemporaryDirectory(prefix="orgsync-bench-") as folder, _environment(Path(folder), arguments) as (sandbox, environment):
        _print_machine(arguments)
        measured = []
        for name, prepare, options in _scenarios(sandbox, arguments.platform):
            prepare()
            measured.append(_measure(name, environment, options))
            _print_row(measured[-1], is_first=len(measured) == 1)


def _scenarios(sandbox: RunningSandbox, platform_name: str) -> Iterator[tuple[str, Any, list[str]]]:
    yield "first sync, full", lambda: None, ["--full"]
    yield "nothing changed, full", lambda: None, ["--full"]
    yield "nothing changed, frequent", lambda: None, ["--frequent"]
    yield "2 % of the people changed, full", lambda: sandbox.control("POST", f"{platform_name}/evolve", {"rate": 0.02}), ["--full"]


def _measure(name: str, environment: dict[str, str], options: list[str]) -> Measured:
    started = time.monotonic()
    with subprocess.Popen([ORGSYNC, "sync", "bench", "--json", *options], env=environment, stdout=subprocess.PIPE) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name}: orgsync ended with code {process.returncode}")
    return Measured(
        name=name,
        run=json.loads(output),
        wall_seconds=time.monotonic() - started,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,
    )


@contextmanager
def _environment(folder: Path, arguments: argparse.Namespace) -> Iterator[tuple[RunningSandbox, dict[str, str]]]:
    with (
        embedded_postgres(folder / "postgres") as server,
        start_sandbox(arguments.people, departments=arguments.departments, calls_per_second=0, calls_per_minute=0) as sandbox,
    ):
        server.create_database("warehouse")
        (folder / "tenants.yaml").write_text(TENANTS.format(platform=arguments.platform), encoding="utf-8")
        environment = os.environ | {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "ORGSYNC_STATE": str(folder),
            "ORGSYNC_TENANTS": str(folder / "tenants.yaml"),
            "AIRFLOW_CONN_ORGSYNC_WAREHOUSE": _warehouse_connection(server.dsn("warehouse")),
            "AIRFLOW_CONN_BENCH": _platform_connection(sandbox, arguments),
        }
        subprocess.run([ORGSYNC, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        yield sandbox, environment


def _platform_connection(sandbox: RunningSandbox, arguments: argparse.Namespace) -> str:
    known = sandbox.connection(arguments.platform)
    extra = known.get("extra", {}) | {"calls_per_second": 0, "max_parallel_calls": arguments.parallel}
    return json.dumps(known | {"extra": extra})


def _warehouse_connection(dsn: str) -> str:
    parts = psycopg2.extensions.parse_dsn(dsn)
    return json.dumps(
        {
            "conn_type": "postgres",
            "host": parts["host"],
            "port": int(parts["port"]),
            "login": parts["user"],
            "password": parts["password"],
            "schema": parts["dbname"],
        }
    )


def _print_machine(arguments: argparse.Namespace) -> None:
    packages = ", ".join(f"{name} {version(name)}" for name in ("apache-airflow", "pandas", "great-expectations", "requests"))
    print(
        f"{arguments.platform}: {arguments.people:,} people in {arguments.departments:,} departments, {arguments.parallel} calls at a time"
    )
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {packages}\n")


def _print_row(measured: Measured, *, is_first: bool) -> None:
    if is_first:
        print(f"| sync | {' | '.join(STEPS)} | run | process wall | process CPU | peak MiB | calls | history rows |")
        print(f"|---|{'---:|' * (len(STEPS) + 6)}")
    seconds = measured.run["step_seconds"]
    steps = " | ".join(f"{seconds[step]:.1f}" for step in STEPS)
    whole = sum(seconds[step] for step in ("extract", "validate", "plan", "merge"))
    calls = sum(count["read"] for count in measured.run["calls"].values())
    print(
        f"| {measured.name} | {steps} | {whole:.1f} | {measured.wall_seconds:.1f} | {measured.cpu_seconds:.1f} | {measured.peak_mib:.0f} "
        f"| {calls:,} | {measured.run['counts']['history_rows']:,} |",
        flush=True,
    )


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--platform", default="dingtalk", choices=PLATFORM_NAMES)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--departments", type=int, default=1_000)
    parser.add_argument("--parallel", type=int, default=8, help="calls at a time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
