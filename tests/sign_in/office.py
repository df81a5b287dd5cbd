"""Three organizations whose people sign in to Airflow: the sandbox plays their platforms, the warehouse has read them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import requests
from psycopg2.extensions import make_dsn

from orgsync.settings import Settings
from orgsync.sync.pipeline import sync
from orgsync.sync.run import Run
from orgsync.tenants import Tenant
from orgsync.tenants.stanza import Allowance, Budget
from sandbox.testing import RunningSandbox
from stack.page_server import PageServer, serve_pages
from tests.pages.company import connection_of

PLATFORMS = {"acme": "dingtalk", "birch": "wecom", "cedar": "feishu"}
FREE = Budget(leavers=Allowance(1000, 100), moves=Allowance(1000, 100), removed_departments=Allowance(1000, 100))
TENANTS = {name: Tenant(id=name, platform=platform, conn_id=f"{name}_conn", budget=FREE) for name, platform in PLATFORMS.items()}
LOGIN, PASSWORD = "pages_of_sign_in", "of-a-test"
KEPT_SECONDS = 5.5
"""What somebody may is kept for a little less."""


@dataclass
class Office:
    dsn: str
    folder: Path
    sandbox: RunningSandbox
    server: PageServer | None = None
    runs: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    @property
    def settings(self) -> Settings:
        return Settings(self.folder / "tenants.yaml", f"file://{self.folder / 'landing'}", self.folder / "reports")

    def rule(self, text: str) -> None:
        (self.folder / "access.yaml").write_text(text, encoding="utf-8")
        time.sleep(KEPT_SECONDS)

    def truth(self, tenant_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox.control("GET", f"{PLATFORMS[tenant_id]}/organization")
        return found

    def sync(self, tenant_id: str) -> None:
        sync(Run(TENANTS[tenant_id], f"test__{next(self.runs)}", "manual", self.settings), mode="full", dry_run=False)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def sign_in(self, tenant_id: str, user: str, *, target: str = "", agent: str = "Mozilla/5.0 Firefox") -> Browser:
        browser = Browser(self, agent=agent)
        browser.answer = browser.come_back(browser.begin(tenant_id, target), user)
        return browser


@dataclass
class Browser:
    """As much of one as a sign-in needs: cookies, and a user agent. `answer` is the last page that it was sent."""

    office: Office
    agent: str = "Mozilla/5.0 Firefox"
    session: requests.Session = field(default_factory=requests.Session)
    answer: requests.Response | None = None

    def begin(self, tenant_id: str, target: str = "") -> str:
        """The address of the platform's page."""
        answer = self.get("/auth/organization/start", tenant=tenant_id, next=target)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def come_back(self, address: str, user: str) -> requests.Response:
        """From the platform's page, where somebody signed in."""
        page = address.partition("#")[0]
        platform = self.session.get(f"{page}&sandbox_user={user}", headers={"User-Agent": self.agent}, allow_redirects=False, timeout=30)
        assert platform.status_code == 302, platform.text
        return self.session.get(platform.headers["location"], headers={"User-Agent": self.agent}, allow_redirects=False, timeout=30)

    def get(self, path: str, **query: str) -> requests.Response:
        headers = {"User-Agent": self.agent, "Accept-Language": "en"}
        return self.session.get(f"{self.office.url}{path}", params=query, headers=headers, allow_redirects=False, timeout=60)

    @property
    def token(self) -> str:
        return self.session.cookies.get("_token", "") or ""

    def call(self, path: str) -> int:
        """With the token alone, as a program would; the status."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(f"{self.office.url}{path}", headers=headers, timeout=60, allow_redirects=False).status_code


def query_of(address: str) -> Mapping[str, list[str]]:
    return parse_qs(urlsplit(address).query)


@contextmanager
def prepare_office(dsn: str, folder: Path, sandbox: RunningSandbox) -> Iterator[tuple[Office, dict[str, str]]]:
    """All organizations synced, and the environment that a server needs to know them; connections are in this process's too."""
    office = Office(dsn, folder, sandbox)
    stanzas = [{"id": tenant.id, "platform": tenant.platform, "conn_id": tenant.conn_id} for tenant in TENANTS.values()]
    office.settings.tenants_file.write_text(json.dumps({"tenants": stanzas}), encoding="utf-8")
    (folder / "access.yaml").write_text("people: []\n", encoding="utf-8")
    office.query(f"create role {LOGIN} login password '{PASSWORD}' in role orgsync_pages")
    own = {"AIRFLOW_CONN_ORGSYNC_WAREHOUSE": connection_of(dsn)}
    for tenant in TENANTS.values():
        known = sandbox.connection(tenant.platform)
        extra = known.get("extra", {}) | {"calls_per_second": 0} | ({"corp_id": "dingsandbox"} if tenant.platform == "dingtalk" else {})
        own[f"AIRFLOW_CONN_{tenant.conn_id.upper()}"] = json.dumps(known | {"extra": extra})
    before = dict(os.environ)
    os.environ.update(own)
    try:
        for tenant_id in TENANTS:
            office.sync(tenant_id)
        yield (
            office,
            own
            | {
                "ORGSYNC_TENANTS": str(office.settings.tenants_file),
                "ORGSYNC_ACCESS": str(folder / "access.yaml"),
                "AIRFLOW_CONN_ORGSYNC_PAGES": connection_of(make_dsn(dsn, user=LOGIN, password=PASSWORD)),
            },
        )
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def open_office(dsn: str, folder: Path, sandbox: RunningSandbox) -> Iterator[Office]:
    ours = {"AIRFLOW__CORE__AUTH_MANAGER": "orgsync.sign_in.manager.OrganizationAuthManager", "AIRFLOW__API__SECRET_KEY": "of-a-test"}
    with (
        prepare_office(dsn, folder, sandbox) as (office, environment),
        serve_pages(folder, environment | ours, {"eva": "admin", "vic": "viewer"}) as server,
    ):
        office.server = server
        for platform in PLATFORMS.values():
            back = server.url + "/auth/organization/callback"
            place = {"trusted_domains": [urlsplit(server.url).netloc]} if platform == "wecom" else {"redirect_uris": [back]}
            sandbox.control("PUT", f"{platform}/settings", place)
        yield office
