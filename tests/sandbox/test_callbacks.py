"""Callbacks: the check of the URL, what counts as an acknowledgement, and what happens without one."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sandbox.callbacks import find_target
from sandbox.sealing import is_signed, seal, sign, unseal
from sandbox.subscription import Push
from sandbox.testing import ControlCallError, RunningSandbox, start_sandbox
from tests.sandbox.receiver import Answering, Receiver, wait_until

PLATFORMS = ("dingtalk", "wecom", "feishu")
OWNERS = {"dingtalk": "sandbox-dingtalk", "wecom": "wwsandbox"}
TOKEN, KEY = "sandboxEventToken", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
SALT = b"0123456789abcdef"
QUICK = {
    "event_retry_seconds": [0.01, 0.01],
    "event_answer_seconds": 60,
    "event_check_seconds": 60,
    "events_at_once": 1,
    "event_list_seconds": 0,
}


@pytest.fixture(scope="module")
def telling() -> Iterator[RunningSandbox]:
    with start_sandbox(people=60, departments=8, seed=5, calls_per_second=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(telling: RunningSandbox) -> Iterator[RunningSandbox]:
    before = {platform: telling.control("GET", f"{platform}/settings") for platform in PLATFORMS}
    for platform, known in before.items():
        telling.control("PUT", f"{platform}/settings", {name: value for name, value in QUICK.items() if name in known})
    yield telling
    for platform in PLATFORMS:
        settle(telling, platform)
        telling.control("DELETE", f"{platform}/event_faults")
        telling.control("PUT", f"{platform}/callback", {"mode": "off", "token": TOKEN, "key": KEY})
        telling.control("PUT", f"{platform}/settings", before[platform])
        telling.control("POST", f"{platform}/organization", {"people": 60, "departments": 8, "seed": 5})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def signature_holds(platform: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> bool:
    if platform == "feishu":
        signed = f"{headers.get('X-Lark-Request-Timestamp')}{headers.get('X-Lark-Request-Nonce')}{KEY}".encode() + body
        return headers.get("X-Lark-Signature") == hashlib.sha256(signed).hexdigest()
    encrypted = query.get("echostr") or cipher(platform, body)
    signature = query.get("signature") or query["msg_signature"]
    return is_signed(signature, TOKEN, query["timestamp"], query["nonce"], encrypted)


def cipher(platform: str, body: bytes) -> str:
    if platform == "wecom":
        return body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    return str(json.loads(body)["encrypt"])


def right_answer(platform: str) -> Answering:
    """As an app that does what the platform wants."""

    def answer(method: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> bytes | int:
        if platform == "feishu":
            content = opened_feishu(body)
            if "challenge" in content:
                assert "X-Lark-Signature" not in headers
                return json.dumps({"challenge": content["challenge"]}).encode()
            return b"" if signature_holds(platform, query, headers, body) else 401
        if not signature_holds(platform, query, headers, body):
            return 401
        if platform == "wecom":
            return unseal(query["echostr"], key=KEY, owner=OWNERS[platform]) if method == "GET" else b""
        return sealed_success()

    return answer


def opened_feishu(body: bytes) -> Any:
    sealed = base64.b64decode(json.loads(body)["encrypt"])
    decryptor = Cipher(AES256(hashlib.sha256(KEY.encode()).digest()), CBC(sealed[:16])).decryptor()
    padded = decryptor.update(sealed[16:]) + decryptor.finalize()
    return json.loads(padded[: -padded[-1]])


def sealed_success(word: bytes = b"success", *, token: str = TOKEN, owner: str = OWNERS["dingtalk"]) -> bytes:
    encrypted = seal(word, key=KEY, owner=owner, salt=SALT)
    answer = {"msg_signature": sign(token, "1700000000", "n", encrypted), "timeStamp": 1_700_000_000, "nonce": "n", "encrypt": encrypted}
    return json.dumps(answer).encode()


def subscribe(sandbox: RunningSandbox, platform: str, receiver: Receiver) -> None:
    receiver.answer = right_answer(platform)
    sandbox.control("PUT", f"{platform}/callback", {"url": receiver.url})
    receiver.requests.clear()


def settle(sandbox: RunningSandbox, platform: str) -> list[dict[str, Any]]:
    wait_until(lambda: not sandbox.control("GET", f"{platform}/events?summary=1")["pending"])
    return list(sandbox.control("GET", f"{platform}/events")["events"])


def evolve(sandbox: RunningSandbox, platform: str, **amounts: int) -> list[dict[str, Any]]:
    sandbox.control("POST", f"{platform}/evolve", amounts)
    return settle(sandbox, platform)


def event_ids(receiver: Receiver) -> list[str]:
    """DingTalk's, in the order of arrival."""
    bodies = (body for method, _, _, body in receiver.requests)
    return [json.loads(unseal(json.loads(body)["encrypt"], key=KEY, owner=OWNERS["dingtalk"]))["eventId"] for body in bodies]


@pytest.mark.parametrize("platform", PLATFORMS)
class TestOnEachPlatform:
    def test_url_is_checked_and_its_query_kept(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        receiver.answer = right_answer(platform)
        assert sandbox.control("PUT", f"{platform}/callback", {"url": receiver.url})["mode"] == "http"
        ((_, query, _, _),) = receiver.requests
        assert query["app"] == "1"

    @pytest.mark.parametrize("answer", [b"", b"success", b"{}", 500, 302], ids=str)
    def test_url_that_does_not_answer_rightly_is_not_taken(
        self, sandbox: RunningSandbox, receiver: Receiver, platform: str, answer: bytes | int
    ) -> None:
        receiver.answer = lambda *_: answer
        with pytest.raises(ControlCallError, match="check of the URL failed"):
            sandbox.control("PUT", f"{platform}/callback", {"url": receiver.url})
        assert sandbox.control("GET", f"{platform}/callback")["mode"] == "off"
        assert evolve(sandbox, platform, joined=1) == []

    def test_url_where_nobody_is_is_not_taken(self, sandbox: RunningSandbox, platform: str) -> None:
        with pytest.raises(ControlCallError, match="check of the URL failed"):
            sandbox.control("PUT", f"{platform}/callback", {"url": "http://127.0.0.1:9/"})

    def test_each_event_arrives_once_signed_and_in_order(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        events = evolve(sandbox, platform, joined=2, left=2)
        assert len(receiver.requests) == len(events) > 3
        assert {event["state"] for event in events} == {"delivered"}
        assert all(signature_holds(platform, *request[1:]) for request in receiver.requests)

    def test_event_that_is_refused_comes_again(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        right, answers = receiver.answer, [500, 401]
        receiver.answer = lambda *request: answers.pop() if answers else right(*request)
        events = evolve(sandbox, platform, departments_moved=1)
        assert [attempt["outcome"] for attempt in events[0]["attempts"]] == ["refused with HTTP 401", "refused with HTTP 500", "ok"]
        assert events[0]["state"] == "delivered"

    def test_event_that_is_never_taken_is_given_up(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        receiver.answer = lambda *_: 503
        (event,) = evolve(sandbox, platform, departments_moved=1)
        assert event["state"] == "failed"
        assert len(event["attempts"]) == len(receiver.requests) == 3

    def test_answer_that_comes_too_late_is_none(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        sandbox.control("PUT", f"{platform}/settings", {"event_answer_seconds": 0.2, "event_retry_seconds": []})
        over = Event()
        receiver.answer = lambda *_: 200 if over.wait(30) else 504
        (event,) = evolve(sandbox, platform, departments_moved=1)
        over.set()
        assert [attempt["outcome"] for attempt in event["attempts"]] == ["no answer in time"]

    def test_retry_may_be_signed_as_the_first_was(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        receiver.answer = lambda *_: 500
        sandbox.control("PUT", f"{platform}/settings", {"event_signed_anew": False})
        evolve(sandbox, platform, departments_moved=1)
        assert len(receiver.requests) == 3
        assert len({(tuple(sorted(query.items())), body) for _, query, _, body in receiver.requests}) == 1

    def test_refusal_may_be_final(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        receiver.answer = lambda *_: 500
        sandbox.control("PUT", f"{platform}/settings", {"event_retry_on_refusal": False})
        (event,) = evolve(sandbox, platform, departments_moved=1)
        assert len(event["attempts"]) == 1

    @pytest.mark.parametrize("kind", ["forged", "tampered"])
    def test_request_of_a_stranger_comes_beside_the_event(
        self, sandbox: RunningSandbox, receiver: Receiver, platform: str, kind: str
    ) -> None:
        subscribe(sandbox, platform, receiver)
        sandbox.control("POST", f"{platform}/event_faults", {"kind": kind})
        (event,) = evolve(sandbox, platform, departments_moved=1)
        assert event["hostile"] == {kind: "refused with HTTP 401"} or platform == "feishu"
        assert "accepted" not in event["hostile"].values()
        assert event["state"] == "delivered"
        assert [signature_holds(platform, *request[1:]) for request in receiver.requests] == [False, True]

    def test_app_that_takes_anything_is_told_on(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        receiver.answer = lambda *_: sealed_success() if platform == "dingtalk" else b""
        sandbox.control("POST", f"{platform}/event_faults", [{"kind": "forged"}, {"kind": "stale"}, {"kind": "tampered"}])
        (event,) = evolve(sandbox, platform, departments_moved=1)
        assert event["hostile"] == {"forged": "accepted", "stale": "accepted", "tampered": "accepted"}

    def test_lost_event_never_goes_out(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        sandbox.control("POST", f"{platform}/event_faults", {"kind": "lost", "events": [1]})
        events = evolve(sandbox, platform, departments_moved=2)
        assert [event["state"] for event in events] == ["lost", "delivered"]
        assert events[0]["attempts"] == []
        assert len(receiver.requests) == 1

    def test_counts_tell_what_became_of_all(self, sandbox: RunningSandbox, receiver: Receiver, platform: str) -> None:
        subscribe(sandbox, platform, receiver)
        sandbox.control("POST", f"{platform}/event_faults", {"kind": "lost", "events": [1]})
        evolve(sandbox, platform, departments_moved=2)
        counts = sandbox.control("GET", f"{platform}/events?summary=1")
        assert {name: counts[name] for name in ("emitted", "delivered", "failed", "lost")} == {
            "emitted": 2, "delivered": 1, "failed": 0, "lost": 1,
        }  # fmt: skip
        assert [event["number"] for event in sandbox.control("GET", f"{platform}/events?since=1")["events"]] == [2]


def test_duplicated_event_comes_again_under_its_id(sandbox: RunningSandbox, receiver: Receiver) -> None:
    subscribe(sandbox, "dingtalk", receiver)
    sandbox.control("POST", "dingtalk/event_faults", {"kind": "duplicated", "copies": 2, "times": 1})
    events = evolve(sandbox, "dingtalk", departments_moved=2)
    wait_until(lambda: len(receiver.requests) == 4)
    first, second = (event["id"] for event in events)
    assert sorted(event_ids(receiver)) == sorted([first, first, first, second])


def test_reordered_event_is_overtaken(sandbox: RunningSandbox, receiver: Receiver) -> None:
    subscribe(sandbox, "dingtalk", receiver)
    sandbox.control("POST", "dingtalk/event_faults", {"kind": "reordered", "events": [1], "seconds": 30})
    events = evolve(sandbox, "dingtalk", departments_moved=2)
    assert event_ids(receiver) == [events[1]["id"], events[0]["id"]]


def test_delayed_event_comes_after_those_that_are_not(sandbox: RunningSandbox, receiver: Receiver) -> None:
    subscribe(sandbox, "dingtalk", receiver)
    sandbox.control("POST", "dingtalk/event_faults", {"kind": "delayed", "type": "user_add_org", "seconds": 0.3})
    events = evolve(sandbox, "dingtalk", joined=1)
    assert event_ids(receiver) == [*(event["id"] for event in events[1:]), events[0]["id"]]


def test_share_of_events_is_struck_and_the_same_each_time(sandbox: RunningSandbox, receiver: Receiver) -> None:
    struck = []
    for _ in range(2):
        sandbox.control("POST", "dingtalk/organization", {"people": 60, "departments": 8, "seed": 5})
        subscribe(sandbox, "dingtalk", receiver)
        sandbox.control("DELETE", "dingtalk/event_faults")
        sandbox.control("POST", "dingtalk/event_faults", {"kind": "lost", "share": 0.5, "seed": 4})
        events = evolve(sandbox, "dingtalk", renamed=20)
        struck.append([event["number"] for event in events if event["state"] == "lost"])
    assert struck[0] == struck[1]
    assert 0 < len(struck[0]) < 20


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"success",
        b'{"errcode":0}',
        sealed_success(b"fail"),
        sealed_success(token="another"),
        sealed_success(owner="dingsomebody"),
    ],
    ids=["nothing", "plain-word", "other-json", "another-word", "signed-by-another", "for-another"],
)
def test_dingtalk_takes_nothing_but_its_word(sandbox: RunningSandbox, receiver: Receiver, answer: bytes) -> None:
    subscribe(sandbox, "dingtalk", receiver)
    receiver.answer = lambda *_: answer
    (event,) = evolve(sandbox, "dingtalk", departments_moved=1)
    assert event["state"] == "failed"
    assert event["attempts"][0]["outcome"].startswith("refused: ")


def test_dingtalk_lists_what_it_gave_up_until_that_is_read(sandbox: RunningSandbox, receiver: Receiver) -> None:
    subscribe(sandbox, "dingtalk", receiver)
    receiver.answer = lambda *_: 500
    sandbox.control("PUT", "dingtalk/settings", {"event_retry_seconds": []})
    events = evolve(sandbox, "dingtalk", left=1, departments_moved=1)
    pair = {"appkey": sandbox.client_id, "appsecret": sandbox.client_secret}
    token = requests.get(f"{sandbox.url}/gettoken", params=pair, timeout=10).json()["access_token"]
    url = f"{sandbox.url}/call_back/get_call_back_failed_result"
    found = requests.get(url, params={"access_token": token}, timeout=10).json()
    assert {name: found[name] for name in ("errcode", "errmsg", "has_more")} == {"errcode": 0, "errmsg": "ok", "has_more": False}
    by_tag = {row["call_back_tag"]: row for row in found["failed_list"]}
    assert len(found["failed_list"]) == len(events)
    (left,) = (event for event in events if event["type"] == "user_leave_org")
    assert by_tag["user_leave_org"]["user_leave_org"] == {"corpid": "dingsandbox", "userid": left["object_ids"]}
    assert by_tag["org_dept_modify"]["event_time"] == events[0]["at_ms"]
    assert requests.get(url, params={"access_token": token}, timeout=10).json()["failed_list"] == []
    assert requests.get(url, timeout=10).json()["errcode"] != 0


def test_dingtalk_may_write_as_it_did_before(sandbox: RunningSandbox, receiver: Receiver) -> None:
    subscribe(sandbox, "dingtalk", receiver)
    sandbox.control("PUT", "dingtalk/settings", {"event_keys": "older"})
    (event,) = evolve(sandbox, "dingtalk", departments_moved=1)
    told = json.loads(unseal(json.loads(receiver.requests[0][3])["encrypt"], key=KEY, owner=OWNERS["dingtalk"]))
    assert told == {
        "EventType": "org_dept_modify", "CorpId": "dingsandbox", "TimeStamp": str(event["at_ms"]), "DeptId": [int(event["object_ids"][0])],
    }  # fmt: skip


def test_dingtalk_may_seal_for_the_company(sandbox: RunningSandbox, receiver: Receiver) -> None:
    sandbox.control("PUT", "dingtalk/settings", {"event_owner": "corp_id"})
    receiver.answer = lambda *_: sealed_success(owner="dingsandbox")
    sandbox.control("PUT", "dingtalk/callback", {"url": receiver.url})
    assert json.loads(unseal(json.loads(receiver.requests[0][3])["encrypt"], key=KEY, owner="dingsandbox")) == {"EventType": "check_url"}


def test_feishu_without_a_key_posts_plain_and_unsigned(sandbox: RunningSandbox, receiver: Receiver) -> None:
    receiver.answer = lambda _, __, ___, body: json.dumps({"challenge": json.loads(body).get("challenge")}).encode()
    sandbox.control("PUT", "feishu/callback", {"url": receiver.url, "key": "", "token": "mine"})
    (event,) = evolve(sandbox, "feishu", departments_moved=1)
    _, _, headers, body = receiver.requests[-1]
    told = json.loads(body)
    assert "X-Lark-Signature" not in headers
    assert told["header"] | {"tenant_key": ""} == {
        "event_id": event["id"], "event_type": "contact.department.updated_v3", "create_time": str(event["at_ms"]), "token": "mine",
        "app_id": "cli_sandbox", "tenant_key": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "wish"),
    [
        ("wecom", {"mode": "stream"}),
        ("dingtalk", {"url": "http://127.0.0.1:9/", "key": "short"}),
        ("wecom", {"url": "http://127.0.0.1:9/", "token": "with space"}),
        ("feishu", {"url": "http://127.0.0.1:9/", "token": ""}),
        ("dingtalk", {"address": "x"}),
    ],
    ids=["no-stream", "key", "token", "no-token", "unknown"],
)
def test_subscription_that_makes_no_sense_is_refused(sandbox: RunningSandbox, platform: str, wish: dict[str, str]) -> None:
    with pytest.raises(ControlCallError) as refused:
        sandbox.control("PUT", f"{platform}/callback", wish)
    assert refused.value.status == 400
    assert "check of the URL" not in str(refused.value)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_goes_wrong_what_is_delivered_arrived_and_all_are_accounted_for(
    sandbox: RunningSandbox, receiver: Receiver, seed: int
) -> None:
    subscribe(sandbox, "dingtalk", receiver)
    sandbox.control("PUT", "dingtalk/settings", {"events_at_once": 4})
    kinds = ("lost", "duplicated", "delayed", "reordered", "forged", "tampered")
    faults = [{"kind": kind, "share": 0.3, "seed": seed, "seconds": 0.05} for kind in kinds]
    sandbox.control("POST", "dingtalk/event_faults", faults)
    right, rng, taken = receiver.answer, Random(seed), []

    def answer(*request: Any) -> bytes | int:
        answered = right(*request)
        if not isinstance(answered, bytes) or rng.random() < 0.4:
            return 500
        taken.append(json.loads(unseal(json.loads(request[3])["encrypt"], key=KEY, owner=OWNERS["dingtalk"]))["eventId"])
        return answered

    receiver.answer = answer
    events = evolve(sandbox, "dingtalk", joined=5, left=5, moved=5, renamed=5)
    by_state = {state: {event["id"] for event in events if event["state"] == state} for state in ("delivered", "failed", "lost")}
    assert sum(len(ids) for ids in by_state.values()) == len(events)
    assert set(taken) == by_state["delivered"]
    assert all(len(event["attempts"]) == 3 for event in events if event["state"] == "failed")
    assert "accepted" not in {outcome for event in events for outcome in event["hostile"].values()}


@pytest.mark.parametrize(
    ("url", "is_raw", "target"),
    [
        ("http://h/p", False, "http://h/p?e=a%2Bb%2Fc%3D"),
        ("http://h/p?x=1", False, "http://h/p?x=1&e=a%2Bb%2Fc%3D"),
        ("http://h/p?x=1", True, "http://h/p?x=1&e=a+b/c="),
    ],
    ids=["plain", "with-a-query", "raw"],
)
def test_query_of_a_request_follows_that_of_the_url(url: str, is_raw: bool, target: str) -> None:
    assert find_target(url, Push("GET", {"e": "a+b/c="}, {}, b"", keeps_plus=is_raw)) == target


def test_wecom_may_leave_a_plus_as_it_is(sandbox: RunningSandbox, receiver: Receiver) -> None:
    sandbox.control("PUT", "wecom/settings", {"echo_plus": "raw"})
    right = right_answer("wecom")
    receiver.answer = lambda method, query, headers, body: right(
        method, query | {"echostr": query["echostr"].replace(" ", "+")} if method == "GET" else query, headers, body
    )
    for _ in range(16):
        assert sandbox.control("PUT", "wecom/callback", {"url": receiver.url})["mode"] == "http"
    assert any(" " in query["echostr"] for _, query, _, _ in receiver.requests)


def test_subscription_outlives_a_restart(receiver: Receiver, tmp_path: Path) -> None:
    receiver.answer = right_answer("wecom")
    with start_sandbox(people=60, departments=8, seed=5, state=tmp_path, event_check_seconds=60, event_answer_seconds=60) as sandbox:
        sandbox.control("PUT", "wecom/callback", {"url": receiver.url})
    with start_sandbox(people=60, departments=8, seed=5, state=tmp_path, event_check_seconds=60, event_answer_seconds=60) as sandbox:
        assert sandbox.control("GET", "wecom/callback")["url"] == receiver.url
        assert [event["state"] for event in evolve(sandbox, "wecom", departments_moved=1)] == ["delivered"]
        assert sandbox.control("GET", "dingtalk/callback")["mode"] == "off"
