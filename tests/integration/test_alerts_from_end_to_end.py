"""A tenant in trouble is heard of in a mailbox, in a group, by a program and by a person: once each, and once when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from orgsync.alerts.channels import open_channels
from orgsync.alerts.watching import watch
from orgsync.errors import GateError
from orgsync.outbox.sending import push
from orgsync.sync.deciding import decide_plan
from orgsync.sync.merging import merge_plan
from orgsync.tenants.events import Events
from sandbox.testing import RunningSandbox
from tests.integration.mail_server import MailServer, serve_mail
from tests.integration.test_alert_channels import received_by, set_robot
from tests.integration.test_watching import TextMemory, fail_to_sync, keep_parts_at_work
from tests.integration.world import TENANT, World

STANZA = "tenants:\n  - {{id: acme, platform: dingtalk, conn_id: acme_dingtalk, language: zh, alerts: {}}}\n"


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with serve_mail() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection())
        yield server


@pytest.fixture
def robots(shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    shared_sandbox.control("DELETE", "robots")
    for name in ("feishu", "json"):
        set_robot(monkeypatch, shared_sandbox, name)
    return shared_sandbox


class Watcher:
    """Looks by the real channels, at a time that the test moves."""

    def __init__(self, world: World) -> None:
        self.world, self.memory, self.ahead, self.numbers = world, TextMemory(), timedelta(0), count()

    def look(self, *, after: float = 0) -> None:
        self.ahead += timedelta(minutes=after)
        watch(
            self.world.settings,
            memory=self.memory,
            open_channels=open_channels,
            watched_by=f"watch__{next(self.numbers)}",
            clock=self.now,
            own_clock=self.now,
        )

    def now(self, _: object = None) -> datetime:
        return datetime.now(UTC) + self.ahead


def get_into_trouble(world: World, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "stale":
        world.query("update ops.snapshot set taken_at = taken_at - interval '3 days', loaded_at = loaded_at - interval '3 days'")
    elif kind == "failed":
        fail_to_sync(world, monkeypatch)
    elif kind == "waiting":
        world.control("POST", "evolve", {"left": 15})
        with pytest.raises(GateError):
            world.sync()
    else:
        world.control("POST", "evolve", {"joined": 4})
        world.sync()


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("failed", "故障 · acme: 最近一次运行失败"),
        ("stale", "故障 · acme: 最近一次成功同步是"),
        ("waiting", "故障 · acme: 计划 2 超出预算，等待审批"),
        ("events", "受限 · acme: 上一次全量读取之前有 4 个人员和部门发生变化，其中 4 个没有任何事件提到"),
    ],
)
def test_tenant_in_trouble_is_heard_of_everywhere_once_and_once_when_it_is_over(
    kind: str, title: str, world: World, mail_server: MailServer, robots: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It failed, was not synced for long, exceeds its budget, or its events do not arrive."""
    make_run, listening = world.make_run, replace(TENANT, events=Events(receive="http"))
    world = replace(world, make_run=lambda: replace(make_run(), tenant=listening))
    world.sync()
    get_into_trouble(world, kind, monkeypatch)
    user_id = min(each["id"] for each in world.truth()["users"])
    alerts = f"{{mail: [it@example.com], webhooks: [robot_feishu, robot_json], people: [{user_id}]}}, events: {{receive: http}}"
    world.settings.tenants_file.write_text(STANZA.format(alerts), encoding="utf-8")
    keep_parts_at_work(world)
    watcher = Watcher(world)

    def heard() -> tuple[list[str], list[str], list[str], list[str]]:
        """Mails, messages in the group, notices of the program, messages of the person: what each says first, the oldest first."""
        push(world.settings, TENANT, run_for=timedelta(seconds=30))
        messages = world.control("GET", f"inbox?user={user_id}")["messages"]
        return (
            [str(mail["Subject"]) for _, mail in mail_server.taken],
            [message["title"] for message in reversed(received_by(robots, "feishu"))],
            [notice["event"] for message in reversed(received_by(robots, "json")) for notice in message["content"]["notices"]],
            [message["title"] for message in reversed(messages)],
        )

    watcher.look()
    assert heard() == ([], [], [], [])  # it may pass by itself
    for minutes in (10, 5, 5, 60):
        watcher.look(after=minutes)
    mails, group, program, person = heard()
    assert (len(mails), program, group, person) == (1, ["new"], mails, mails)
    assert mails[0].startswith(f"[orgsync] {title}")
    if kind == "waiting":
        decide_plan(world.make_run(), 2, is_approved=True, decided_by="li")
        merge_plan(world.make_run(), 2)
    world.sync()
    for minutes in (5, 240, 5):
        watcher.look(after=minutes)
    mails, group, program, person = heard()
    assert (len(mails), program, group, person) == (2, ["new", "over"], mails, mails)
    assert mails[1].startswith("[orgsync] 已恢复 · acme: ")


def test_group_that_refuses_keeps_nobody_from_hearing_and_is_told_itself(
    world: World, mail_server: MailServer, robots: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sync()
    world.settings.tenants_file.write_text(STANZA.format("{mail: [it@example.com], webhooks: [robot_feishu]}"), encoding="utf-8")
    keep_parts_at_work(world)
    robots.control("PUT", "robots/feishu/sandbox-robot", {"keywords": ["监控"]})
    fail_to_sync(world, monkeypatch)
    watcher = Watcher(world)
    watcher.look()
    with pytest.raises(Exception, match="Make orgsync one of them"):
        watcher.look(after=10)
    assert len(mail_server.taken) == 1
    with pytest.raises(Exception, match="Make orgsync one of them"):
        watcher.look(after=5)
    with pytest.raises(Exception, match="Make orgsync one of them"):
        watcher.look(after=10)
    assert len(mail_server.taken) == 2
    assert "robot_feishu" in mail_server.taken[1][1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    robots.control("PUT", "robots/feishu/sandbox-robot", {"keywords": []})
    watcher.look(after=5)
    assert len(received_by(robots, "feishu")) == 1


def test_gate_is_told_of_with_the_page_of_its_plan(world: World, mail_server: MailServer) -> None:
    world.sync()
    world.settings.tenants_file.write_text(STANZA.format("{mail: [it@example.com]}"), encoding="utf-8")
    keep_parts_at_work(world)
    world.control("PUT", "hidden", {"share": 0.5})
    with pytest.raises(GateError):
        world.sync()
    watcher = Watcher(world)
    watcher.look()
    watcher.look(after=10)
    [(_, mail)] = mail_server.taken
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "/plugin/organization/" in text
