"""A sandbox, a warehouse and a run that joins them, through real connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from orgsync.pipeline import Run, sync
from orgsync.settings import Settings
from orgsync.tenants import Tenant
from sandbox.testing import RunningSandbox, start_sandbox

TENANT = Tenant(id="acme", platform="dingtalk", conn_id="acme_dingtalk")


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(people=60, calls_per_second=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """The sandbox with a fresh organization, no faults and its first settings."""
    before = shared_sandbox.control("GET", "dingtalk/settings")
    shared_sandbox.control("POST", "dingtalk/organization", {"people": 60, "seed": 7})
    shared_sandbox.control("DELETE", "dingtalk/calls")
    yield shared_sandbox
    shared_sandbox.control("DELETE", "dingtalk/faults")
    shared_sandbox.control("PUT", "dingtalk/settings", before)


@dataclass(frozen=True)
class World:
    """What a test of a whole sync needs."""

    sandbox: RunningSandbox
    dsn: str
    settings: Settings
    make_run: Callable[[], Run]

    def sync(self, **options: Any) -> dict[str, Any]:
        defaults = {"mode": "full", "dry_run": False, "now": datetime.now(UTC)}
        return sync(self.make_run(), **defaults | options)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox.control("GET", "dingtalk/organization")
        return found

    def history(self) -> list[list[tuple[Any, ...]]]:
        return [self.query(f"select * from org.{name}_version order by 1, 2, valid_from") for name in ("department", "user", "membership")]

    def landed(self) -> list[Path]:
        zone = Path(urlsplit(self.settings.landing_zone).path)
        return sorted(path for path in zone.glob("*/*") if path.is_dir())


@pytest.fixture
def world(sandbox: RunningSandbox, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    set_platform(monkeypatch, sandbox)
    set_warehouse(monkeypatch, warehouse_dsn)
    settings = Settings(
        tenants_file=tmp_path / "tenants.yaml", landing_zone=f"file://{tmp_path / 'landing'}", report_folder=tmp_path / "reports"
    )
    numbers = count()
    return World(sandbox, warehouse_dsn, settings, lambda: Run(TENANT, f"test__{next(numbers)}", "manual", settings))


def set_platform(monkeypatch: pytest.MonkeyPatch, sandbox: RunningSandbox, **changes: Any) -> None:
    connection = {
        "conn_type": "dingtalk",
        "login": sandbox.client_id,
        "password": sandbox.client_secret,
        "host": sandbox.url,
        "extra": {"calls_per_second": 0, "max_parallel_calls": 4} | changes.pop("extra", {}),
    }
    monkeypatch.setenv("AIRFLOW_CONN_ACME_DINGTALK", json.dumps(connection | changes))


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
