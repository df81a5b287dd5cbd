"""The receiver over real HTTP, with a real warehouse: what it stores, what it refuses, and that what it acknowledges is never lost."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
import requests
from psycopg2.extensions import parse_dsn

from orgsync.platforms.hearing.events import Call
from stack.postgres import PostgresServer
from tests.integration.doomed_receiver import STEPS
from tests.integration.proxy import Proxy, open_proxy
from tests.integration.receiver import Receiver, ding, now, receiver_login
from tests.unit.platforms.hearing import calls
from tests.unit.platforms.hearing.calls import DINGTALK, WECOM

KILLED_ALWAYS = ("while it stores", "before it acknowledges")
"""The others are no other to the platform than one of these."""


@pytest.fixture
def proxy(warehouse_dsn: str) -> Iterator[Proxy]:
    with open_proxy(warehouse_dsn) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def login(postgres: PostgresServer, migrated_dsn: str) -> Iterator[None]:
    with receiver_login(postgres.dsn()):
        yield


@pytest.fixture
def made(login: None, warehouse_dsn: str, tmp_path: Path) -> Iterator[Receiver]:
    """One of the test's own, which it starts itself."""
    parts = parse_dsn(warehouse_dsn)
    receiver = Receiver(warehouse_dsn, tmp_path, (parts["host"], int(parts["port"])))
    yield receiver
    receiver.kill()


@pytest.fixture(scope="module")
def shared(login: None, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    admin = psycopg2.connect(postgres.dsn())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("create database of_the_receiver template template_warehouse")
        dsn = postgres.dsn("of_the_receiver")
        parts = parse_dsn(dsn)
        receiver = Receiver(dsn, tmp_path_factory.mktemp("receiver"), (parts["host"], int(parts["port"])))
        receiver.start()
        yield receiver
        receiver.kill()
        cursor.execute("drop database of_the_receiver with (force)")
    admin.close()


@pytest.fixture
def receiver(shared: Receiver) -> Receiver:
    """One that many tests share, with an empty inbox."""
    shared.run("truncate ops.event")
    return shared


def test_events_of_all_platforms_are_stored_and_acknowledged_as_each_wants_it(receiver: Receiver) -> None:
    stamp = now()
    answers = {
        "ding": receiver.send("ding", ding("k1", userId=["u1"])),
        "wecom": receiver.send("wecom", calls.call_wecom(calls.W3_MESSAGE, timestamp=stamp)),
        "feishu": receiver.send("feishu", calls.call_feishu(calls.feishu_message(), timestamp=stamp)),
    }
    assert [answer.status_code for answer in answers.values()] == [200] * 3
    sealed = answers["ding"].json()
    given = {"signature": sealed["msg_signature"], "timestamp": sealed["timeStamp"], "nonce": sealed["nonce"]}
    assert DINGTALK.seal.open(sealed["encrypt"], **given, now=int(stamp)) == (b"success", DINGTALK.app)
    assert answers["wecom"].content == b""
    assert receiver.query("select tenant_id, type, kind, user_ids, open_ids, via from ops.event order by tenant_id") == [
        ("ding", "user_modify_org", "user.changed", ["u1"], [], "http"),
        ("ding_too", "user_modify_org", "user.changed", ["u1"], [], "http"),
        ("feishu", "contact.user.deleted_v3", "user.removed", ["u1"], ["ou_1"], "http"),
        ("wecom", "change_contact.update_user", "user.changed", ["zhangsan"], [], "http"),
    ]


def test_addresses_are_checked_without_storing_anything(receiver: Receiver) -> None:
    stamp = now()
    echo, signature = calls.seal_frame(WECOM.seal, b"1234567890", owner=WECOM.app, timestamp=stamp)
    query = {"msg_signature": signature, "timestamp": stamp, "nonce": "nonce123", "echostr": echo}
    check = {"challenge": "c1", "token": "vt", "type": "url_verification"}
    # `+` not escaped, as WeCom may send it.
    unescaped = "&".join(f"{name}={value}" for name, value in query.items())
    assert requests.get(f"{receiver.url}/wecom?{unescaped}", timeout=10).content == b"1234567890"
    assert receiver.send("feishu", calls.call_feishu(check, is_signed=False)).json() == {"challenge": "c1"}
    assert "encrypt" in receiver.send("ding", calls.call_dingtalk({"EventType": "check_url"}, timestamp=stamp)).json()
    assert receiver.query("select count(*) from ops.event") == [(0,)]


def test_event_that_comes_again_is_acknowledged_again_and_there_once(receiver: Receiver) -> None:
    call = ding("k1")
    with ThreadPoolExecutor(8) as callers:
        statuses = list(callers.map(lambda _: receiver.send("ding", call).status_code, range(40)))
    assert statuses == [200] * 40
    assert receiver.query("select tenant_id, event_key from ops.event order by 1") == [("ding", "k1"), ("ding_too", "k1")]


def test_refused_calls_are_counted_and_tell_nothing(made: Receiver) -> None:
    receiver = made
    receiver.start()
    stamp = now()
    stale = str(int(stamp) - 3600)
    refused = [
        ("ding", replace(ding("k1"), query={"signature": "0" * 40, "timestamp": stamp, "nonce": "n"})),
        ("ding", replace(ding("k2"), body=b"{}")),
        ("ding", calls.call_dingtalk(calls.dingtalk_message(), timestamp=stale)),
        ("wecom", calls.call_wecom(calls.W3_MESSAGE, timestamp=stamp, owner="ww0000000000000009")),
        ("wecom", replace(calls.call_wecom(calls.W3_MESSAGE), body=b"x" * (1 << 20) + b"x")),
        ("feishu", calls.call_feishu(calls.feishu_message(), is_signed=False)),
        ("nobody", ding("k3")),
        ("silent", ding("k4")),
        ("keyless", ding("k5")),
    ]
    answers = [receiver.send(tenant_id, call) for tenant_id, call in refused]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 403, 413, 403, 404, 404, 503]
    assert {answer.text for answer in answers} == {"refused\n"}
    assert receiver.query("select count(*) from ops.event") == [(0,)]
    assert receiver.stop() in (0, -15, 143)
    counted = receiver.query("select tenant_id, reason, refusals from ops.event_refusal order by 1, 2")
    assert counted == [
        ("", "unknown_address", 2),
        ("ding", "forged", 2),
        ("ding", "stale", 1),
        ("feishu", "forged", 1),
        ("keyless", "not_stored", 1),
        ("wecom", "other_company", 1),
        ("wecom", "oversized", 1),
    ]


def test_nothing_else_is_served_and_nothing_is_said_of_the_server(receiver: Receiver) -> None:
    assert [
        requests.get(f"{receiver.url}{path}", timeout=10).status_code for path in ("/", "/docs", "/openapi.json", "/a/b", "/../etc")
    ] == [
        404,
        404,
        404,
        404,
        404,
    ]
    assert requests.put(f"{receiver.url}/ding", data=b"x", timeout=10).status_code == 405
    health = requests.get(f"{receiver.url}/-/health", timeout=10)
    assert (health.status_code, health.headers.get("server")) == (200, None)


def test_body_that_never_ends_is_cut_off(receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as line:
        line.sendall(b"POST /ding HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert line.recv(1000).startswith(b"HTTP/1.1 403")
    assert receiver.send("ding", ding("k1")).status_code == 200


def test_body_of_unknown_length_has_the_same_bound(receiver: Receiver) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 65536

    try:
        status = requests.post(f"{receiver.url}/ding", data=endless(), timeout=20).status_code
    except requests.ConnectionError:  # it hung up while we still spoke
        status = 413
    assert status == 413


def test_what_is_not_stored_is_not_acknowledged(made: Receiver, proxy: Proxy) -> None:
    made.place = ("127.0.0.1", proxy.port)
    made.start()
    assert made.send("ding", ding("before")).status_code == 200
    proxy.shut()
    sent = [made.send("ding", ding(f"down{number}")) for number in range(6)]
    assert [answer.status_code for answer in sent] == [503] * 6
    assert max(answer.elapsed.total_seconds() for answer in sent) < 1.0  # WeCom's limit
    assert made.query("select distinct event_key from ops.event") == [("before",)]
    proxy.is_open = True
    assert made.send("ding", ding("after")).status_code == 200
    assert made.query("select distinct event_key from ops.event order by 1") == [("after",), ("before",)]
    assert "down0" not in made.log()


def test_warehouse_that_is_not_there_at_the_start_is_used_once_it_is(made: Receiver, proxy: Proxy) -> None:
    made.place = ("127.0.0.1", proxy.port)
    proxy.is_open = False
    made.start()
    assert made.send("ding", ding("k1")).status_code == 503
    proxy.is_open = True
    assert made.send("ding", ding("k1")).status_code == 200


def test_locked_warehouse_is_not_waited_for(made: Receiver) -> None:
    made.start()
    other = psycopg2.connect(made.dsn)
    with other.cursor() as cursor:
        cursor.execute("lock table ops.event in access exclusive mode")
        answer = made.send("ding", ding("k1"))
        assert (answer.status_code, answer.elapsed.total_seconds() < 1.0) == (503, True)
    other.rollback()
    other.close()
    assert made.send("ding", ding("k1")).status_code == 200
    assert made.query("select count(*) from ops.event") == [(2,)]


@pytest.mark.parametrize("step", [pytest.param(step, marks=() if step in KILLED_ALWAYS else pytest.mark.exhaustive) for step in STEPS])
def test_killed_at_any_step_it_has_lost_nothing_that_it_acknowledged(made: Receiver, step: str) -> None:
    """The platform sends again what was not acknowledged; in the end everything is there, once."""
    made.start(doom=step)
    acknowledged = _sends_well(made, "k1")
    assert made.process is not None
    assert made.process.wait(timeout=20) == -9
    assert acknowledged == (step == "after it acknowledged")
    stored = {key for (key,) in made.query("select event_key from ops.event")}
    assert stored == ({"k1"} if step in ("before it acknowledges", "after it acknowledged") else set())
    made.start()
    assert _sends_well(made, "k1")
    assert made.query("select tenant_id, event_key from ops.event order by 1") == [("ding", "k1"), ("ding_too", "k1")]


def _sends_well(receiver: Receiver, key: str) -> bool:
    try:
        return receiver.send("ding", ding(key)).status_code == 200
    except requests.ConnectionError:
        return False


def test_burst_is_stored_whole(receiver: Receiver) -> None:
    with ThreadPoolExecutor(16) as callers:
        statuses = list(callers.map(lambda number: receiver.send("ding", ding(f"k{number}")).status_code, range(300)))
    assert statuses.count(200) == len({key for (key,) in receiver.query("select event_key from ops.event")})
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 250


@pytest.mark.exhaustive
def test_who_floods_is_told_to_come_later(made: Receiver) -> None:
    receiver = made
    receiver.start()
    with ThreadPoolExecutor(8) as callers:
        statuses = set(callers.map(lambda _: requests.post(f"{receiver.url}/ding", data=b"{}", timeout=10).status_code, range(1800)))
    assert statuses == {403, 429}


def test_connections_may_come_from_a_file_of_the_receivers_own(made: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from orgsync.cli.events import take_connections

    monkeypatch.setenv("AIRFLOW_CONN_KNOWN", "dingtalk://a:b@")
    monkeypatch.delenv("AIRFLOW_CONN_FRESH", raising=False)
    take_connections(json.dumps({"known": "dingtalk://x:y@", "fresh": {"conn_type": "wecom", "login": "l", "id": 7, "extra": None}}))
    assert os.environ["AIRFLOW_CONN_KNOWN"] == "dingtalk://a:b@"
    assert json.loads(os.environ["AIRFLOW_CONN_FRESH"]) == {"conn_type": "wecom", "login": "l"}
    monkeypatch.delenv("AIRFLOW_CONN_FRESH")


def test_without_a_login_of_its_own_it_does_not_begin(made: Receiver) -> None:
    environ = {name: value for name, value in made.environ().items() if name != "AIRFLOW_CONN_ORGSYNC_RECEIVER"}
    (made.folder / "tenants.yaml").write_text("tenants: []", encoding="utf-8")
    command = [sys.executable, "-c", "from orgsync.cli.main import main; main()", "receive", "--port", "0"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "orgsync_receiver" in done.stderr


def test_airflow_is_not_imported(receiver: Receiver) -> None:
    assert receiver.send("ding", ding("k1")).status_code == 200
    assert receiver.process is not None
    mapped = Path(f"/proc/{receiver.process.pid}/environ").read_text()
    assert "AIRFLOW_CONN_C_DING" in mapped
    code = "import sys, orgsync.events.app, orgsync.platforms.dingtalk.connecting; sys.exit(bool({'airflow', 'pandas'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


@pytest.mark.exhaustive
def test_memory_of_the_process_stays_flat(made: Receiver) -> None:
    """Under a flood of forged, cut and oversized calls, to addresses that there are and to as many that there are not."""
    made.start()
    genuine = ding("k1")
    flood = [
        genuine,
        replace(genuine, body=genuine.body[:-9]),
        replace(genuine, body=b"x" * 300_000),
        Call("GET", {"echostr": "x" * 5000}, {}, b""),
    ]

    def send_some(number: int) -> int:
        return made.send(("ding", "wecom", f"nobody{number}")[number % 3], flood[number % 4]).status_code

    def send_many(count: int) -> int:
        with ThreadPoolExecutor(8) as callers:
            assert set(callers.map(send_some, range(count))) <= {200, 403, 404, 429, 503}
        assert made.process
        status = Path(f"/proc/{made.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    before = send_many(1500)
    assert send_many(6000) - before < 20_000  # kB
