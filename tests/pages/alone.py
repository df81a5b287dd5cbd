"""The site of the tests without pytest, for whoever works at a page, and for pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from orgsync.warehouse.migrations import migrate
from sandbox.testing import start_sandbox
from stack.postgres import embedded_postgres
from tests.pages.company import build_company
from tests.pages.site import Site, open_site


@contextmanager
def open_alone(port: int | None = None) -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "postgres") as server:
        server.create_database("warehouse")
        dsn = server.dsn("warehouse")
        connection = psycopg2.connect(dsn)
        migrate(connection)
        connection.close()
        for name in ("company", "airflow"):
            (Path(folder) / name).mkdir()
        with (
            start_sandbox(people=60, calls_per_second=0, calls_per_minute=0) as sandbox,
            open_site(build_company(dsn, Path(folder) / "company", sandbox), Path(folder) / "airflow", port=port) as site,
        ):
            yield site
