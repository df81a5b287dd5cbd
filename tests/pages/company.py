"""Two companies with a past, for tests that look at pages: synced from the sandbox day by day, with what goes wrong in a real one."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2
from psycopg2.extensions import make_dsn
from psycopg2.extras import Json

from orgsync.alerts.watching import watch
from orgsync.outbox import sending
from orgsync.outbox.delivery import Worker
from orgsync.platforms.speaking.transport import Patience
from orgsync.settings import Settings
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.pipeline import sync
from orgsync.sync.planning import plan_sync
from orgsync.sync.run import Run
from orgsync.sync.validating import validate_snapshot
from orgsync.tenants import Tenant
from sandbox.testing import RunningSandbox

ACME = Tenant(id="acme", platform="dingtalk", conn_id="acme_dingtalk")
BIRCH = Tenant(id="birch", platform="feishu", conn_id="birch_feishu", timezone="Europe/Berlin")
TENANTS = (ACME, BIRCH)
PEOPLE = 120
DAYS = 5
LOGIN, PASSWORD = "explorer_of_tests", "of-a-test"


@dataclass
class Company:
    """`days` are the instants of the syncs, the first one first; `messages` by what became of them; `waiting` is birch's waiting plan."""

    dsn: str
    folder: Path
    sandbox: RunningSandbox
    days: list[datetime] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)
    waiting: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(
            tenants_file=self.folder / "tenants.yaml",
            landing_zone=f"file://{self.folder / 'landing'}",
            report_folder=self.folder / "reports",
            access_file=self.folder / "access.yaml",
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the server of the pages needs of it."""
        return {
            "ORGSYNC_TENANTS": str(self.settings.tenants_file),
            "ORGSYNC_REPORTS": str(self.settings.report_folder),
            "ORGSYNC_ACCESS": str(self.settings.access_file),
            "AIRFLOW_CONN_ORGSYNC_PAGES": connection_of(make_dsn(self.dsn, user=LOGIN, password=PASSWORD)),
        }

    def query(self, statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def connection_of(dsn: str) -> str:
    parts = psycopg2.extensions.parse_dsn(dsn)
    names = {"host": "host", "login": "user", "password": "password", "schema": "dbname"}
    return json.dumps({"conn_type": "postgres", "port": int(parts["port"])} | {name: parts[key] for name, key in names.items()})


def build_company(dsn: str, folder: Path, sandbox: RunningSandbox) -> Company:
    company = Company(dsn, folder, sandbox)
    stanzas = [{name: getattr(tenant, name) for name in ("id", "platform", "conn_id", "timezone")} for tenant in TENANTS]
    company.settings.tenants_file.write_text(json.dumps({"tenants": stanzas}), encoding="utf-8")
    company.settings.access_file.write_text("personal_data:\n  - roles: [admin]\n  - users: [uma]\n    tenants: [acme]\n", encoding="utf-8")
    company.query(f"create role {LOGIN} login password '{PASSWORD}' in role orgsync_pages")
    own = {"AIRFLOW_CONN_ORGSYNC_WAREHOUSE": connection_of(dsn)}
    for tenant in TENANTS:
        known = sandbox.connection(tenant.platform)
        own[f"AIRFLOW_CONN_{tenant.conn_id.upper()}"] = json.dumps(known | {"extra": known.get("extra", {}) | {"calls_per_second": 0}})
    before = dict(os.environ)
    os.environ.update(own)
    try:
        _live(company)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return company


def _live(company: Company) -> None:
    """Five days of change, then messages, then a day on which too many leave."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS)
    for tenant in TENANTS:
        company.sandbox.control("POST", f"{tenant.platform}/organization", {"people": PEOPLE, "seed": 7})
    for day in range(DAYS):
        instant = start + timedelta(days=day)
        company.days.append(instant)
        for tenant in TENANTS:
            sync(_run_at(company, tenant, instant), mode="full", dry_run=False)
            company.sandbox.control("POST", f"{tenant.platform}/evolve", {"rate": 0.05})
    _send(company)
    company.sandbox.control("POST", f"{BIRCH.platform}/evolve", {"left": PEOPLE // 3})
    _wait(_run_at(company, BIRCH, start + timedelta(days=DAYS, minutes=-5)))
    [(company.waiting,)] = company.query("select plan_id from ops.plan where state = 'planned' and over_budget <> '[]'")
    watch(company.settings, memory=Forgetful(), open_channels=lambda *_: {}, watched_by="watch__1")


class Forgetful:
    """The warehouse answers: there is nothing to remember elsewhere."""

    def read(self) -> str:
        return ""

    def write(self, text: str) -> None:
        raise AssertionError(text)


def _run_at(company: Company, tenant: Tenant, instant: datetime) -> Run:
    return Run(tenant, f"manual__{instant:%Y-%m-%dT%H:%M:%S+00:00}", "manual", company.settings, clock=lambda _: instant)


def _wait(run: Run) -> None:
    """As the tasks of a DAG's run, up to the one that asks somebody: the run goes on."""
    plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))


def _send(company: Company) -> None:
    """Messages in most of their states: first those that were given up over the hours before, last those that wait."""
    made, settings = company.messages, company.settings
    people = [row[0] for row in company.query("select user_id from org.users where tenant_id = 'acme' order by user_id limit 3")]
    to_three, said = Json({"users": people}), {"title": "国庆放假通知", "body": "10 月 1 日至 7 日放假", "url": ""}

    def push(tenant: Tenant = ACME, **worker: Any) -> None:
        sending.push(settings, tenant, run_for=timedelta(seconds=30), worker=Worker(**{"may_wait": False} | worker))

    long_ago = datetime.now(UTC) - timedelta(hours=14)
    for name, priority in (("doubted", 9), ("dead", 5), ("dead_too", 5)):
        made[name] = enqueue(company, kind="text", audience=to_three, title=f"放弃 {name}", not_before=long_ago, priority=priority)
    with _failing(company, {"kind": "lost_answer", "calls": [1]}, {"kind": "busy", "from": 2}):
        for hours in range(13, 0, -1):
            instant = datetime.now(UTC) - timedelta(hours=hours)
            push(clock=lambda _, instant=instant: instant, parallel=1, lease=timedelta(days=1))
    with _failing(company, {"kind": "error_code", "code": 40035}):
        made["failed"] = enqueue(company, kind="text", audience=to_three, title="拒绝")
        push()
    made["sent"] = enqueue(company, kind="text", audience=to_three, **said)
    made["announced"] = enqueue(company, kind="announcement", audience=Json({"everyone": True}), title="公告", body="全员")
    made["partly"] = enqueue(company, kind="text", audience=Json({"users": [people[0], "nobody"]}), title="部分")
    made["recalled"] = enqueue(company, kind="text", audience=to_three, title="撤回")
    made["todo"] = enqueue(
        company, kind="todo", audience=to_three, title="填表 <b>", body='"周五"前\n交 🙂', url="https://example.com/form?a=1&b=2"
    )
    push()
    sending.recall(settings, made["recalled"])
    made["completed"] = sending.change_todo(settings, made["todo"], "complete")
    push()
    made["foreign"] = enqueue(company, BIRCH, kind="text", audience=Json({"everyone": True}), title="Hallo")
    push(BIRCH)
    with _failing(company, {"kind": "busy"}):
        made["waiting"] = enqueue(company, kind="text", audience=to_three, title="等待重试")
        push()
    made["pending"] = enqueue(company, kind="text", audience=to_three, **said)


@contextlib.contextmanager
def _failing(company: Company, *faults: Mapping[str, Any]) -> Iterator[None]:
    """While acme's platform does not send as it should, and nothing but the outbox tries again."""
    for fault in faults:
        company.sandbox.control("POST", f"{ACME.platform}/faults", {"interface": "messages"} | fault)
    with patch.object(Patience, "is_worth_waiting", lambda *_: False):
        yield
    company.sandbox.control("DELETE", f"{ACME.platform}/faults")


def enqueue(company: Company, tenant: Tenant = ACME, **named: Any) -> int:
    """As an application does it."""
    marks = ", ".join(f"{name} => %({name})s" for name in named)
    statement = f"select notify.enqueue(tenant => %(tenant)s, {marks}, source => 'tests')"
    return int(company.query(statement, named | {"tenant": tenant.id})[0][0])
