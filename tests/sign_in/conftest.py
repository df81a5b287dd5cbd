"""One office for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from playwright.sync_api import Browser

from sandbox.testing import start_sandbox
from stack.postgres import PostgresServer
from tests.pages.browser import open_browser
from tests.sign_in.office import Office, open_office


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Of this folder: while playwright runs, nothing else in the process can run an event loop."""
    with open_browser() as running:
        yield running


@pytest.fixture(scope="session")
def office(postgres: PostgresServer, migrated_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    admin = psycopg2.connect(postgres.dsn())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("create database of_sign_in template template_warehouse")
    admin.close()
    with (
        start_sandbox(people=120, calls_per_second=0, calls_per_minute=0) as sandbox,
        open_office(postgres.dsn("of_sign_in"), tmp_path_factory.mktemp("sign_in"), sandbox) as opened,
    ):
        yield opened
