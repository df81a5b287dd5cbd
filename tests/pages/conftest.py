"""A company with a past and the pages over it; once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from orgsync.pages import rights
from orgsync.pages.app import build_app
from sandbox.testing import start_sandbox
from stack.postgres import PostgresServer
from tests.pages.browser import open_browser
from tests.pages.company import Company, build_company
from tests.pages.site import Site, list_people_in_log, open_site
from tests.unit.pages.test_rights import Manager


@pytest.fixture(scope="session")
def company(postgres: PostgresServer, migrated_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    admin = psycopg2.connect(postgres.dsn())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("create database of_pages template template_warehouse")
    admin.close()
    with start_sandbox(people=60, calls_per_second=0, calls_per_minute=0) as sandbox:
        yield build_company(postgres.dsn("of_pages"), tmp_path_factory.mktemp("company"), sandbox)


@pytest.fixture(scope="session")
def site(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Nothing that any test asks of it may leave people in its log."""
    with open_site(company, tmp_path_factory.mktemp("airflow_of_pages")) as running:
        yield running
        assert list_people_in_log(running) == []


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Of this folder: while playwright runs, nothing else in the process can run an event loop."""
    with open_browser() as running:
        yield running


@pytest.fixture
def of_acme_alone(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The pages for somebody who may read and edit runs of acme's DAG and of no other, which the simple manager cannot say."""
    for name, value in company.environment.items():
        monkeypatch.setenv(name, value)
    manager = Manager({("GET", "org_sync_acme"), ("PUT", "org_sync_acme")})
    monkeypatch.setattr(rights, "get_auth_manager", lambda: manager)
    app = build_app(company.settings)
    app.dependency_overrides[rights.find_user] = lambda: SimpleAuthManagerUser(username="acmes", role=None)
    with TestClient(app, headers={"X-Orgsync": "1", "Sec-Fetch-Site": "same-origin"}) as client:
        yield client
