"""A world whose organization is synced, and from which messages are sent: by SQL, at a clock that the test moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn, parse_dsn
from psycopg2.extras import Json

from orgsync.outbox import sending
from orgsync.outbox.delivery import Tally, Worker
from orgsync.tenants import Tenant
from tests.integration.world import World

CHINA = timezone(timedelta(hours=8))
URL = "https://work.example.com/a?b=1&c=2"
EVERYONE = {"everyone": True}


@dataclass
class Clock:
    """The time of the warehouse and of the sandbox, ahead of the real one; a pause is over at once."""

    world: World
    ahead: timedelta = timedelta(0)
    paused: list[float] = field(default_factory=list)

    def __call__(self, _: object = None) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **time: float) -> None:
        self.ahead += timedelta(**time)
        self.world.control("PUT", "clock", {"offset_seconds": self.ahead.total_seconds()})

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.move(seconds=seconds)


@dataclass
class Office:
    world: World
    clock: Clock
    tenant: Tenant

    def enqueue(self, kind: str = "text", audience: Mapping[str, Any] = EVERYONE, **named: Any) -> int:
        """As an application does it."""
        defaults = {"title": "部门调整", "body": "请在周五前确认", "url": URL}
        named = {"tenant": self.tenant.id, "kind": kind, "audience": Json(dict(audience)), **defaults, **named}
        marks = ", ".join(f"{name} => %({name})s" for name in named)
        return int(self.ask(f"select notify.enqueue({marks})", named))

    def ask(self, statement: str, named: Mapping[str, Any]) -> Any:
        connection = psycopg2.connect(self.world.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, named)
                return cursor.fetchall()[0][0]
        finally:
            connection.close()

    def push(self, *, seconds: float = 0, **worker: Any) -> Tally:
        """Until nothing may go at once, or within so many seconds of the clock."""
        worker = {"clock": self.clock, "pause": self.clock.pause, "may_wait": seconds > 0} | worker
        run_for = timedelta(seconds=seconds or 600)
        return sending.push(self.world.settings, self.tenant, run_for=run_for, worker=Worker(**worker))

    def follow(self, **time: float) -> None:
        """Let time pass, and deliver."""
        self.clock.move(**time)
        self.push()

    def message(self, message_id: int) -> dict[str, Any]:
        return sending.find_message(self.world.settings, message_id, most=1000)

    def state(self, message_id: int) -> str:
        return str(self.message(message_id)["state"])

    def recipients(self, message_id: int) -> dict[str, str]:
        return dict(self.world.query("select user_id, state from notify.recipient where message_id = %s", message_id))

    def calls(self) -> list[dict[str, Any]]:
        """What the sandbox was sent, the oldest first."""
        sent: list[dict[str, Any]] = self.world.control("GET", "outbox")["sent"]
        return sent[::-1]

    def got(self, user_id: str) -> list[str]:
        """The titles and texts that a person has, but for what was taken back."""
        return read_inbox(self.world.control("GET", f"inbox?user={user_id}"))

    def readers_of(self, text: str) -> set[str]:
        """Who has a message with this text, also of those who left."""
        inboxes = self.world.control("GET", "inboxes")["inboxes"]
        return {inbox["user"] for inbox in inboxes if any(text in each for each in read_inbox(inbox))}

    def people(self) -> list[str]:
        return [user_id for (user_id,) in self.world.query("select user_id from org.users order by 1")]

    def departments(self) -> list[str]:
        """Not the root, the largest first."""
        rows = self.world.query(
            """
            select department_id
            from org.department_tree
            where depth > 1
            order by (select count(*) from org.memberships as m where m.department_id = department_tree.department_id) desc, 1
            """
        )
        return [department_id for (department_id,) in rows]

    def below(self, department_id: str) -> set[str]:
        rows = self.world.query(
            """
            select membership.user_id
            from org.department_tree as tree
            join org.memberships as membership on membership.department_id = tree.department_id
            where %s = any (tree.path_ids)
            """,
            department_id,
        )
        return {user_id for (user_id,) in rows}


def read_inbox(inbox: Mapping[str, Any]) -> list[str]:
    messages = [each for each in inbox["messages"] if not each["recalled"]]
    todos = [each for each in inbox["todos"] if each["state"] != "deleted"]
    return [f"{each['title']} {each['text']}" for each in messages + todos]


@pytest.fixture
def office(any_world: World) -> Office:
    """On each platform in turn."""
    return open_office(any_world)


@pytest.fixture
def dingtalk_office(world: World) -> Office:
    return open_office(world)


def next_morning(now: datetime) -> datetime:
    """Ten o'clock in China, where platforms begin their days: what happens in a test happens on one day, whenever it runs."""
    morning = now.astimezone(CHINA).replace(hour=10, minute=0, second=0, microsecond=0)
    return morning if morning > now else morning + timedelta(days=1)


KEPT: dict[tuple[str, str, int], str] = {}
"""By server, platform and people: the database of an organization that is synced. Each test has a copy of it."""


def open_office(world: World, *, people: int = 0) -> Office:
    if people:
        world.control("POST", "organization", {"people": people, "seed": 7})
    parts = parse_dsn(world.dsn)
    key = (parts["port"], world.platform, people)
    if key in KEPT:
        replace_database(world.dsn, parts["dbname"], KEPT[key])
    else:
        world.sync()
        KEPT[key] = f"synced_{world.platform}_{people}"
        replace_database(world.dsn, KEPT[key], parts["dbname"])
    office = Office(world, Clock(world), world.make_run().tenant)
    office.clock.move(seconds=(next_morning(office.clock()) - office.clock()).total_seconds())
    office.push()  # from now on the tenant is known
    return office


def replace_database(dsn: str, name: str, template: str) -> None:
    admin = psycopg2.connect(make_dsn(dsn, dbname="postgres"))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'drop database if exists "{name}" with (force)')
        cursor.execute(f'create database "{name}" template "{template}"')
    admin.close()
