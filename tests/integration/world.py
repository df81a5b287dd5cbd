"""A sandbox, a warehouse and a run that joins them, through real connections."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from orgsync.platforms import PLATFORM_NAMES
from orgsync.platforms.connector import Connector
from orgsync.platforms.speaking.transport import Patience
from orgsync.settings import Settings
from orgsync.sync.pipeline import sync
from orgsync.sync.run import Run
from orgsync.tenants import Tenant
from orgsync.warehouse.claims import Claim, hold_claim
from orgsync.warehouse.hook import find_warehouse
from sandbox.testing import RunningSandbox, start_sandbox
from tests.integration.forked import run_command

TENANT = Tenant(id="acme", platform="dingtalk", conn_id="acme_dingtalk")
TENANTS = f"tenants:\n  - {{id: {TENANT.id}, platform: {TENANT.platform}, conn_id: {TENANT.conn_id}}}\n"
CLAIM_SECONDS = 3.0  # so that whoever finds a tenant claimed sees soon that the other lives
RECIPE = {"people": 60, "seed": 7}

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(people=60, calls_per_second=0, calls_per_minute=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """The sandbox with fresh organizations, no faults and its first settings."""
    settings = {name: shared_sandbox.control("GET", f"{name}/settings") for name in PLATFORM_NAMES}
    for name in PLATFORM_NAMES:
        shared_sandbox.control("POST", f"{name}/organization", RECIPE)
        shared_sandbox.control("DELETE", f"{name}/calls")
    yield shared_sandbox
    for name, before in settings.items():
        shared_sandbox.control("DELETE", f"{name}/faults")
        shared_sandbox.control("PUT", f"{name}/settings", before)


@dataclass(frozen=True)
class World:
    """What a test of a whole sync needs."""

    sandbox: RunningSandbox
    dsn: str
    settings: Settings
    make_run: Callable[[], Run]
    platform: str = TENANT.platform

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.sandbox.control(method, f"{self.platform}/{path}", body)

    def sync(self, *, now: datetime | None = None, **options: Any) -> dict[str, Any]:
        """At the warehouse's time, or at another."""
        return sync(self.run_at(now) if now else self.make_run(), **{"mode": "full", "dry_run": False} | options)

    def run_at(self, instant: datetime) -> Run:
        """A run for which the warehouse's clock shows another time."""
        return replace(self.make_run(), clock=lambda _: instant)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "organization")
        return found

    def history(self) -> list[list[tuple[Any, ...]]]:
        return [sorted(self.query(f"select * from org.{name}_version"), key=str) for name in ("department", "user", "membership")]

    def zone(self) -> Path:
        return Path(urlsplit(self.settings.landing_zone).path)

    def landed(self) -> list[Path]:
        return sorted(path for path in self.zone().glob("*/*") if path.is_dir())


@pytest.fixture
def world(sandbox: RunningSandbox, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    set_platform(monkeypatch, sandbox)
    set_warehouse(monkeypatch, warehouse_dsn)
    settings = Settings(
        tenants_file=tmp_path / "tenants.yaml",
        landing_zone=f"file://{tmp_path / 'landing'}",
        report_folder=tmp_path / "reports",
        claim_seconds=CLAIM_SECONDS,
    )
    numbers = count()
    return World(sandbox, warehouse_dsn, settings, lambda: Run(TENANT, f"test__{next(numbers)}", "manual", settings))


@pytest.fixture
def command(world: World, tmp_path: Path) -> Command:
    """The command `orgsync` as a process, its connections and folders those of the world."""
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")

    def run(*arguments: str, given: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {
            "ORGSYNC_TENANTS": str(world.settings.tenants_file),
            "ORGSYNC_LANDING_ZONE": world.settings.landing_zone,
            "ORGSYNC_REPORTS": str(world.settings.report_folder),
            "ORGSYNC_STATE": str(tmp_path / "state"),
            "ORGSYNC_SANDBOX_URL": world.sandbox.url,
            "HOME": str(tmp_path),
        }
        environ = {name: value for name, value in os.environ.items() if name != "AIRFLOW_HOME"} | own | environment
        return run_command(arguments, environ, given)

    return run


@contextmanager
def another_reader(world: World, claimed_by: str = "another") -> Iterator[Claim]:
    """Somebody else who is reading the tenant, elsewhere."""
    with hold_claim(find_warehouse(world.settings), TENANT.id, "read", claimed_by=claimed_by, seconds=CLAIM_SECONDS) as claim:
        yield claim


def world_on(world: World, monkeypatch: pytest.MonkeyPatch, platform: str) -> World:
    """The same world, its tenant on another platform."""
    set_platform(monkeypatch, world.sandbox, platform)
    tenant = replace(TENANT, platform=platform, conn_id=f"acme_{platform}")
    return replace(world, platform=platform, make_run=lambda: replace(world.make_run(), tenant=tenant))


@pytest.fixture(params=PLATFORM_NAMES)
def any_world(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world on each platform in turn."""
    return world_on(world, monkeypatch, request.param)


def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """On every platform retries follow each other at once; how long they wait is the transport's own test."""
    patience = Patience(attempts=4, first_wait_seconds=0.01)
    for name in PLATFORM_NAMES:
        for connector in vars(import_module(f"orgsync.platforms.{name}.connecting")).values():
            if isinstance(connector, type) and issubclass(connector, Connector) and connector is not Connector:
                monkeypatch.setattr(connector, "build_client", impatient(connector.build_client, patience))


def impatient(build_client: Callable[..., Any], patience: Patience) -> Callable[..., Any]:
    def build(*args: Any, **options: Any) -> Any:
        client = build_client(*args, **options | {"patience": patience})
        client.transport.sleep = lambda seconds: time.sleep(min(seconds, 0.01))
        return client

    return build


def set_platform(monkeypatch: pytest.MonkeyPatch, sandbox: RunningSandbox, platform: str = TENANT.platform, **changes: Any) -> None:
    known = sandbox.connection(platform)
    extra = known.get("extra", {}) | {"calls_per_second": 0, "max_parallel_calls": 4} | changes.pop("extra", {})
    monkeypatch.setenv(f"AIRFLOW_CONN_ACME_{platform.upper()}", json.dumps(known | {"extra": extra} | changes))


def set_warehouse(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    parts = psycopg2.extensions.parse_dsn(dsn)
    connection = {
        "conn_type": "postgres",
        "host": parts["host"],
        "port": int(parts["port"]),
        "login": parts["user"],
        "password": parts["password"],
        "schema": parts["dbname"],
    }
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE", json.dumps(connection))
