"""What every benchmark stands on: an embedded PostgreSQL, a sandbox, and the environment that joins orgsync to both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from sandbox.testing import RunningSandbox, start_sandbox
from stack.postgres import PostgresServer, embedded_postgres

ORGSYNC = Path(sys.executable).with_name("orgsync")
TENANT = "bench"
WAREHOUSE = "warehouse"
_TENANTS = """
tenants:
  - id: {tenant}
    platform: {platform}
    conn_id: bench
    budget:  # nobody is asked: a month of syncs may go by in minutes
      leavers: {{percent: 100}}
      removed_departments: {{percent: 100}}
      moves: {{percent: 100}}
      renames: {{percent: 100}}
      changed_identities: {{percent: 100}}
      emptied_values: {{percent: 100}}
"""


@dataclass(frozen=True)
class Size:
    """Which organization: on which platform, of how many people."""

    platform: str
    people: int
    departments: int

    def __str__(self) -> str:
        return f"{self.platform} {self.people}"


@dataclass(frozen=True)
class World:
    """`unpaced` is the environment of commands that keep no pace, as the sandbox asks for none; in `paced` they keep the platform's own."""

    sandbox: RunningSandbox
    server: PostgresServer
    size: Size
    dsn: str
    unpaced: dict[str, str]
    paced: dict[str, str]
    folder: Path

    @property
    def platform(self) -> str:
        return self.size.platform

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
def open_world(size: Size, *, parallel: int = 8, settings: Mapping[str, str] | None = None) -> Iterator[World]:
    """The sandbox has the limits of its platforms, the warehouse its tables. `settings` are PostgreSQL's."""
    with (
        tempfile.TemporaryDirectory(prefix="orgsync-bench-") as name,
        embedded_postgres(Path(name) / "postgres", settings) as server,
        start_sandbox(size.people, departments=size.departments) as sandbox,
    ):
        folder = Path(name)
        server.create_database(WAREHOUSE)
        (folder / "tenants.yaml").write_text(_TENANTS.format(tenant=TENANT, platform=size.platform), encoding="utf-8")
        environment = plain_environment() | {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "ORGSYNC_STATE": str(folder),
            "ORGSYNC_TENANTS": str(folder / "tenants.yaml"),
            "AIRFLOW_CONN_ORGSYNC_WAREHOUSE": _warehouse_connection(server.dsn(WAREHOUSE)),
        }
        subprocess.run([ORGSYNC, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        unpaced = environment | {"AIRFLOW_CONN_BENCH": _platform_connection(sandbox, size, parallel, calls_per_second=0)}
        paced = environment | {"AIRFLOW_CONN_BENCH": _platform_connection(sandbox, size, parallel)}
        yield World(sandbox, server, size, server.dsn(WAREHOUSE), unpaced, paced, folder)


def plain_environment() -> dict[str, str]:
    """Where compiled modules may not be kept, each start would compile all that it imports; that is this machine's, and no worker's."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


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


def _platform_connection(sandbox: RunningSandbox, size: Size, parallel: int, **extra: object) -> str:
    known = sandbox.connection(size.platform)
    given = {name: value for name, value in known.get("extra", {}).items() if name != "calls_per_second"}
    return json.dumps(known | {"extra": given | {"max_parallel_calls": parallel} | extra})


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
