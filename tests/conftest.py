"""Fixtures that several test folders share."""

from __future__ import annotations

import os
import socket

# Before anything imports Great Expectations or Airflow.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "false")

from collections.abc import Iterator
from zlib import crc32

import hypothesis
import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from orgsync.platforms import PLATFORM_NAMES
from stack.postgres import PostgresServer, embedded_postgres

# How long an example takes is the machine's: no test asserts it.
hypothesis.settings.register_profile(
    "untimed", hypothesis.settings.default, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

pytest_plugins = ["tests.integration.world", "tests.integration.office"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--exhaustive", action="store_true", help="all of a matrix, every step of a run, where otherwise one of each kind will do"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What another test stands for is for `make crash`."""
    if not config.getoption("exhaustive"):
        left_out = [item for item in items if is_stood_for(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not is_stood_for(item)]


def is_stood_for(item: pytest.Item) -> bool:
    if not item.get_closest_marker("by_turns"):
        return item.get_closest_marker("exhaustive") is not None
    assert isinstance(item, pytest.Function)
    turn = PLATFORM_NAMES[crc32(item.originalname.encode()) % len(PLATFORM_NAMES)]
    return bool(item.callspec.params["any_world"] != turn)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with embedded_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_dsn(postgres: PostgresServer) -> str:
    """A database at the current schema, to be copied by the tests that write."""
    from orgsync.warehouse.migrations import migrate

    postgres.create_database("template_warehouse")
    dsn = postgres.dsn("template_warehouse")
    connection = psycopg2.connect(dsn)
    migrate(connection)
    connection.close()
    return dsn


@pytest.fixture
def warehouse_dsn(postgres: PostgresServer, migrated_dsn: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated warehouse of the test's own."""
    name = f"warehouse_{abs(hash(request.node.nodeid))}"
    admin = psycopg2.connect(postgres.dsn("postgres"))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'create database "{name}" template template_warehouse')
        yield postgres.dsn(name)
        cursor.execute(f'drop database "{name}" with (force)')
    admin.close()


@pytest.fixture
def warehouse(warehouse_dsn: str) -> Iterator[Connection]:
    connection = psycopg2.connect(warehouse_dsn, options="-c TimeZone=UTC -c DateStyle=ISO")
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def _session(postgres: PostgresServer, migrated_dsn: str) -> Iterator[Connection]:
    admin = psycopg2.connect(postgres.dsn())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("create database of_many_tests template template_warehouse")
    admin.close()
    connection = psycopg2.connect(postgres.dsn("of_many_tests"), options="-c TimeZone=UTC -c DateStyle=ISO")
    yield connection
    connection.close()


@pytest.fixture
def shared_warehouse(_session: Connection) -> Iterator[Connection]:
    """A migrated warehouse, empty, for tests that commit nothing."""
    yield _session
    _session.rollback()
    with _session, _session.cursor() as cursor:
        cursor.execute("deallocate all")


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
