"""A PostgreSQL with the large company in it, and what a server of the pages needs to find it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn, parse_dsn

from bench.company.building import PLATFORM, Shape, write_company
from bench.world import TENANT, WAREHOUSE
from orgsync.warehouse.migrations import migrate
from stack.postgres import PostgresServer, embedded_postgres

LOGIN, PASSWORD = "bench_pages", "of-a-measurement"


@dataclass(frozen=True)
class Company:
    """`built` are the seconds of each step of writing it; `environment` is for the server of the pages."""

    dsn: str
    server: PostgresServer
    folder: Path
    built: dict[str, float]
    environment: dict[str, str]

    def query(self, statement: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall()
        finally:
            connection.close()


@contextmanager
def open_company(shape: Shape) -> Iterator[Company]:
    with tempfile.TemporaryDirectory(prefix="orgsync-bench-") as name, embedded_postgres(Path(name) / "postgres") as server:
        server.create_database(WAREHOUSE)
        connection = psycopg2.connect(server.dsn(WAREHOUSE))
        migrate(connection)
        connection.close()
        yield describe_company(server, WAREHOUSE, Path(name), write_company(server.dsn(WAREHOUSE), shape))


def describe_company(server: PostgresServer, database: str, folder: Path, built: dict[str, float]) -> Company:
    """Also lets the pages in."""
    dsn = server.dsn(database)
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("create role {} login password {} in role orgsync_pages").format(sql.Identifier(LOGIN), sql.Literal(PASSWORD))
        )
    connection.close()
    stanza = {"id": TENANT, "platform": PLATFORM, "conn_id": "bench"}
    (folder / "tenants.yaml").write_text(json.dumps({"tenants": [stanza]}), encoding="utf-8")
    (folder / "airflow").mkdir()
    environment = {
        "ORGSYNC_TENANTS": str(folder / "tenants.yaml"),
        "ORGSYNC_REPORTS": str(folder / "reports"),
        "ORGSYNC_ACCESS": str(folder / "access.yaml"),
        "AIRFLOW_CONN_ORGSYNC_PAGES": _connection(make_dsn(dsn, user=LOGIN, password=PASSWORD)),
    }
    return Company(dsn, server, folder, built, environment)


def _connection(dsn: str) -> str:
    parts = parse_dsn(dsn)
    names = {"host": "host", "login": "user", "password": "password", "schema": "dbname"}
    return json.dumps({"conn_type": "postgres", "port": int(parts["port"])} | {name: parts[key] for name, key in names.items()})
