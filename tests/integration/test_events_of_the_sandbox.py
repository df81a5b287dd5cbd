"""Receiver and listener against the sandbox: every event that is acknowledged there is stored here, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from sandbox.testing import RunningSandbox, start_sandbox
from stack.postgres import PostgresServer
from tests.integration.receiver import LOGIN, PASSWORD, receiver_login

PLATFORMS = ("dingtalk", "wecom", "feishu")
WITH_STREAM = ("dingtalk", "feishu")
CHANGES = {"joined": 2, "left": 1, "moved": 2, "departments_created": 1, "departments_moved": 1}
AGAIN = [0.2, 0.5, 1, 2, *[4] * 20]
EVENT_SETTINGS = {"event_retry_seconds": AGAIN, "stream_retry_seconds": AGAIN}


@pytest.fixture(scope="module")
def platforms() -> Iterator[RunningSandbox]:
    with start_sandbox(people=60, calls_per_second=0, calls_per_minute=0) as sandbox:
        for name in PLATFORMS:
            known = sandbox.control("GET", f"{name}/settings")
            sandbox.control("PUT", f"{name}/settings", {key: value for key, value in EVENT_SETTINGS.items() if key in known})
        yield sandbox


@pytest.fixture(scope="module")
def login(postgres: PostgresServer, migrated_dsn: str) -> Iterator[None]:
    with receiver_login(postgres.dsn()):
        yield


@dataclass
class Inbox:
    """A warehouse, and the processes that fill it."""

    sandbox: RunningSandbox
    dsn: str
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-c", "from orgsync.cli.main import main; main()", *arguments]
            process = subprocess.Popen(command, env=self.environ(), stdout=log, stderr=log)
        self.running.append(process)
        return process

    def environ(self) -> dict[str, str]:
        parts = parse_dsn(self.dsn)
        place = {"conn_type": "postgres", "host": parts["host"], "port": int(parts["port"]), "schema": parts["dbname"]}
        own = {
            "ORGSYNC_RECEIVER": place | {"login": LOGIN, "password": PASSWORD},
            "ORGSYNC_WAREHOUSE": place | {"login": parts["user"], "password": parts["password"]},
            **{f"C_{name.upper()}": self.connection(name) for name in PLATFORMS},
        }
        return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
            **{f"AIRFLOW_CONN_{name}": json.dumps(each) for name, each in own.items()},
            "ORGSYNC_TENANTS": str(self.folder / "tenants.yaml"),
            "ORGSYNC_STATE": str(self.folder),
            "HOME": str(self.folder),
        }

    def connection(self, platform: str) -> dict[str, Any]:
        known = self.sandbox.connection(platform)
        callback = self.sandbox.control("GET", f"{platform}/callback")
        keys = {"callback_token": callback["token"], "callback_aes_key_secret": callback["key"]}
        return known | {"extra": known.get("extra", {}) | keys}

    def receive_by(self, ways: dict[str, str]) -> None:
        stanzas = [f"  - {{id: {name}, platform: {name}, conn_id: c_{name}, events: {{receive: {way}}}}}" for name, way in ways.items()]
        (self.folder / "tenants.yaml").write_text("\n".join(["tenants:", *stanzas]), encoding="utf-8")

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()
        finally:
            connection.close()

    def stored(self, platform: str) -> dict[str, tuple[str, set[str]]]:
        """Of each event its type, and the ids of people and departments that it names."""
        asked = "select event_key, type, user_ids || open_ids || department_ids from ops.event where tenant_id = %s"
        return {key: (kind, set(ids)) for key, kind, ids in self.query(asked, platform)}

    def told(self, platform: str, since: int = 0) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.sandbox.control("GET", f"{platform}/events?since={since}")["events"]
        return events

    def mark(self, platform: str) -> int:
        return max((event["number"] for event in self.told(platform)), default=0)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def inbox(login: None, platforms: RunningSandbox, warehouse_dsn: str, tmp_path: Path) -> Iterator[Inbox]:
    inbox = Inbox(platforms, warehouse_dsn, tmp_path)
    yield inbox
    inbox.end()
    for name in PLATFORMS:
        platforms.control("DELETE", f"{name}/event_faults")
        platforms.control("PUT", f"{name}/callback", {"mode": "off"})


def wait_until(is_so: Callable[[], bool], inbox: Inbox, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, inbox.log()
        time.sleep(0.1)


def subscribe_over_http(inbox: Inbox, port: int) -> None:
    """As an administrator does: the platform checks the address, and refuses one that does not answer right."""
    for name in PLATFORMS:
        inbox.sandbox.control("PUT", f"{name}/callback", {"url": f"http://127.0.0.1:{port}/{name}"})


def is_listening(inbox: Inbox, platform: str) -> bool:
    return bool(inbox.sandbox.control("GET", f"{platform}/streams")["streams"])


def change(inbox: Inbox, platforms: tuple[str, ...]) -> dict[str, int]:
    """Something of each kind happens; the numbers of the last events before."""
    since = {name: inbox.mark(name) for name in platforms}
    for name in platforms:
        inbox.sandbox.control("POST", f"{name}/evolve", CHANGES)
    return since


def check_settled(inbox: Inbox, platform: str, since: int) -> None:
    """All that was told has come, as it was told; and what an earlier test left on its way may have come too."""
    wait_until(lambda: all(event["state"] != "pending" for event in inbox.told(platform, since)), inbox, seconds=120)
    told, stored = inbox.told(platform, since), inbox.stored(platform)
    assert told
    for event in told:
        assert event["state"] in ("delivered", "lost"), event
        assert "accepted" not in event["hostile"], event
    delivered = [event for event in told if event["state"] == "delivered"]
    if platform != "wecom":  # its events have no id of their own
        assert {event["id"] for event in delivered} <= stored.keys()
    named = set().union(*(ids for _, ids in stored.values()))
    assert {str(each) for event in delivered for each in event["object_ids"]} <= named


@pytest.fixture
def port(inbox: Inbox, free_port: int) -> int:
    inbox.receive_by(dict.fromkeys(PLATFORMS, "http"))
    inbox.start("receive", "--port", str(free_port))
    _wait_for_port(inbox, free_port)
    return free_port


def _wait_for_port(inbox: Inbox, port: int) -> None:
    def is_open() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(is_open, inbox)


def test_callbacks_of_all_platforms_arrive(inbox: Inbox, port: int) -> None:
    subscribe_over_http(inbox, port)
    since = change(inbox, PLATFORMS)
    for name in PLATFORMS:
        check_settled(inbox, name, since[name])


@pytest.mark.exhaustive
def test_callbacks_arrive_whatever_is_done_to_them(inbox: Inbox, port: int) -> None:
    subscribe_over_http(inbox, port)
    since = {name: inbox.mark(name) for name in PLATFORMS}
    for kind in ("duplicated", "delayed", "reordered", "forged", "tampered", "stale"):
        for name in PLATFORMS:
            inbox.sandbox.control("POST", f"{name}/event_faults", {"kind": kind, "every": 2})
        change(inbox, PLATFORMS)
    for name in PLATFORMS:
        check_settled(inbox, name, since[name])
        tried = [each for event in inbox.told(name, since[name]) for each in event["hostile"]]
        assert tried
        refused = {reason for tenant_id, reason in inbox.query("select tenant_id, reason from ops.event_refusal") if tenant_id == name}
        assert not refused or {"forged", "stale"} <= refused  # written down within ten seconds


def test_receiver_that_is_killed_again_and_again_loses_nothing(inbox: Inbox, port: int) -> None:
    subscribe_over_http(inbox, port)
    since = {name: inbox.mark(name) for name in PLATFORMS}
    for _ in range(3):
        change(inbox, PLATFORMS)
        inbox.running[-1].send_signal(signal.SIGKILL)
        inbox.running[-1].wait()
        inbox.start("receive", "--port", str(port))
        _wait_for_port(inbox, port)
    for name in PLATFORMS:
        wait_until(lambda name=name: bool(list_delivered(inbox, name, since[name])), inbox)  # type: ignore[misc]
        delivered = list_delivered(inbox, name, since[name])
        assert delivered
        named = set().union(*(ids for _, ids in inbox.stored(name).values()))
        assert {str(each) for event in inbox.told(name, since[name]) if event["id"] in delivered for each in event["object_ids"]} <= named


def list_delivered(inbox: Inbox, platform: str, since: int) -> list[str]:
    return [event["id"] for event in inbox.told(platform, since) if event["state"] == "delivered"]


def listen(inbox: Inbox) -> None:
    inbox.receive_by(dict.fromkeys(WITH_STREAM, "stream"))
    inbox.start("listen")
    for name in WITH_STREAM:
        wait_until(lambda name=name: is_listening(inbox, name), inbox)  # type: ignore[misc]


def test_streams_bring_events_whatever_is_done_to_them(inbox: Inbox) -> None:
    listen(inbox)
    since = change(inbox, WITH_STREAM)
    for fault in ({"kind": "duplicated"}, {"kind": "reordered"}, {"kind": "disconnect", "times": 2}, {"kind": "restart", "times": 1}):
        for name in WITH_STREAM:
            inbox.sandbox.control("POST", f"{name}/event_faults", fault)
        change(inbox, WITH_STREAM)
    for name in WITH_STREAM:
        check_settled(inbox, name, since[name])


def test_split_frames_are_joined(inbox: Inbox) -> None:
    inbox.sandbox.control("PUT", "feishu/settings", {"stream_frame_bytes": 50})
    try:
        listen(inbox)
        since = inbox.mark("feishu")
        inbox.sandbox.control("POST", "feishu/evolve", CHANGES)
        check_settled(inbox, "feishu", since)
    finally:
        inbox.sandbox.control("PUT", "feishu/settings", {"stream_frame_bytes": 0})


def test_planned_end_leaves_no_moment_without_a_connection(inbox: Inbox) -> None:
    listen(inbox)
    [before] = inbox.sandbox.control("GET", "dingtalk/streams")["streams"]
    inbox.sandbox.control("POST", "dingtalk/streams/disconnect")
    seen: list[int] = []

    def is_replaced() -> bool:
        streams = inbox.sandbox.control("GET", "dingtalk/streams")["streams"]
        seen.append(len(streams))
        return any(each["id"] != before["id"] for each in streams)

    wait_until(is_replaced, inbox)
    assert min(seen) >= 1


@pytest.mark.exhaustive
def test_connection_that_fell_silent_is_noticed_within_its_time(inbox: Inbox) -> None:
    listen(inbox)
    [before] = inbox.sandbox.control("GET", "dingtalk/streams")["streams"]
    since = inbox.mark("dingtalk")
    inbox.sandbox.control("POST", "dingtalk/streams/silence")
    wait_until(
        lambda: any(each["id"] != before["id"] for each in inbox.sandbox.control("GET", "dingtalk/streams")["streams"]), inbox, seconds=90
    )
    inbox.sandbox.control("POST", "dingtalk/evolve", CHANGES)
    check_settled(inbox, "dingtalk", since)


@pytest.mark.exhaustive
def test_listener_that_is_killed_is_followed_by_one_that_stands_by(inbox: Inbox) -> None:
    listen(inbox)
    first = inbox.running[-1]
    inbox.start("listen")
    wait_until(lambda: "waiting for it" in inbox.log(), inbox)
    assert [len(inbox.sandbox.control("GET", f"{name}/streams")["streams"]) for name in WITH_STREAM] == [1, 1]
    first.kill()
    first.wait()
    wait_until(lambda: not any(is_listening(inbox, name) for name in WITH_STREAM), inbox)
    wait_until(lambda: all(is_listening(inbox, name) for name in WITH_STREAM), inbox)
    since = change(inbox, WITH_STREAM)
    for name in WITH_STREAM:
        check_settled(inbox, name, since[name])
