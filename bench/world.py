"""What every benchmark stands on: an embedded PostgreSQL, a sandbox, and the environment that joins orgsync to both."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg2

from sandbox.testing import RunningSandbox, start_sandbox
from stack.postgres import embedded_postgres

ORGSYNC = Path(sys.executable).with_name("orgsync")
TENANT = "bench"
_TENANTS = "tenants:\n  - {{id: {tenant}, platform: {platform}, conn_id: bench}}\n"


@dataclass(frozen=True)
class World:
    """`unpaced` is the environment of commands that keep no pace, as the sandbox asks for none; in `paced` they keep the platform's own."""

    sandbox: RunningSandbox
    platform: str
    dsn: str
    unpaced: dict[str, str]
    paced: dict[str, str]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.sandbox.control(method, f"{self.platform}/{path}", body)

    def query(self, statement: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@contextmanager
def open_world(arguments: argparse.Namespace) -> Iterator[World]:
    """The sandbox has the limits of its platforms, the warehouse its tables."""
    with (
        tempfile.TemporaryDirectory(prefix="orgsync-bench-") as name,
        embedded_postgres(Path(name) / "postgres") as server,
        start_sandbox(arguments.people, departments=arguments.departments) as sandbox,
    ):
        folder = Path(name)
        server.create_database("warehouse")
        (folder / "tenants.yaml").write_text(_TENANTS.format(tenant=TENANT, platform=arguments.platform), encoding="utf-8")
        environment = os.environ | {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "ORGSYNC_STATE": str(folder),
            "ORGSYNC_TENANTS": str(folder / "tenants.yaml"),
            "AIRFLOW_CONN_ORGSYNC_WAREHOUSE": _warehouse_connection(server.dsn("warehouse")),
        }
        subprocess.run([ORGSYNC, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        unpaced = environment | {"AIRFLOW_CONN_BENCH": _platform_connection(sandbox, arguments, calls_per_second=0)}
        paced = environment | {"AIRFLOW_CONN_BENCH": _platform_connection(sandbox, arguments)}
        yield World(sandbox, arguments.platform, server.dsn("warehouse"), unpaced, paced)


@contextmanager
def without_limits(world: World) -> Iterator[None]:
    """The sandbox answers as fast as it can, and afterwards as before."""
    before = world.control("GET", "settings")
    limits = {name: 0 for name in ("calls_per_second", "calls_per_minute") if name in before}
    world.control("PUT", "settings", limits)
    try:
        yield
    finally:
        world.control("PUT", "settings", {name: before[name] for name in limits})


def print_machine(world: World, arguments: argparse.Namespace) -> None:
    packages = ", ".join(f"{name} {version(name)}" for name in ("apache-airflow", "pandas", "great-expectations", "requests"))
    print(
        f"{arguments.platform}: {arguments.people:,} people in {arguments.departments:,} departments, {arguments.parallel} calls at a time"
    )
    (server,) = world.query("show server_version")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, PostgreSQL {server[0]}, {packages}\n")


def _platform_connection(sandbox: RunningSandbox, arguments: argparse.Namespace, **extra: object) -> str:
    known = sandbox.connection(arguments.platform)
    given = {name: value for name, value in known.get("extra", {}).items() if name != "calls_per_second"}
    return json.dumps(known | {"extra": given | {"max_parallel_calls": arguments.parallel} | extra})


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
