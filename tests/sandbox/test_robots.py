"""Robots of groups answer as their platforms do, are set by the control API, and show what they received."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.testing import ControlCallError, RunningSandbox, start_sandbox

TEXT = {"msgtype": "text", "text": {"content": "orgsync: 告警"}}
FEISHU = {"msg_type": "text", "content": {"text": "orgsync: 告警"}}


@pytest.fixture(scope="module")
def shared() -> Iterator[RunningSandbox]:
    with start_sandbox(people=10) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: RunningSandbox) -> RunningSandbox:
    shared.control("DELETE", "robots")
    return shared


def post(sandbox: RunningSandbox, platform: str, body: Any, **query: str) -> dict[str, Any]:
    url = sandbox.control("GET", f"robots/{platform}/sandbox-robot")["url"]
    found: dict[str, Any] = requests.post(url, json=body, params=query, timeout=10).json()
    return found


def test_dingtalk_takes_the_signature_of_its_page_and_no_other(sandbox: RunningSandbox) -> None:
    secret = "this is secret"
    sandbox.control("PUT", "robots/dingtalk/sandbox-robot", {"secret": secret})
    timestamp = str(round(time.time() * 1000))
    code = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), digestmod=hashlib.sha256).digest()
    sign = urllib.parse.quote_plus(base64.b64encode(code))  # as the page has it, in an URL that is written out
    url = sandbox.control("GET", "robots/dingtalk/sandbox-robot")["url"]
    answer = requests.post(f"{url}&timestamp={timestamp}&sign={sign}", json=TEXT, timeout=10).json()
    assert answer == {"errcode": 0, "errmsg": "ok"}
    assert post(sandbox, "dingtalk", TEXT)["errcode"] == 310000
    assert post(sandbox, "dingtalk", TEXT, timestamp="1", sign=base64.b64encode(code).decode())["errmsg"].startswith("invalid timestamp")
    assert post(sandbox, "dingtalk", TEXT, timestamp=timestamp, sign="AAAA")["errmsg"].startswith("sign not match")


def test_dingtalk_is_silent_for_ten_minutes_after_twenty_messages(sandbox: RunningSandbox) -> None:
    assert [post(sandbox, "dingtalk", TEXT)["errcode"] for _ in range(21)] == [0] * 20 + [410100]
    sandbox.control("PUT", "robots/dingtalk/sandbox-robot", {"clock_offset_seconds": 90})
    assert post(sandbox, "dingtalk", TEXT)["errcode"] == 410100
    sandbox.control("PUT", "robots/dingtalk/sandbox-robot", {"clock_offset_seconds": 700})
    assert post(sandbox, "dingtalk", TEXT)["errcode"] == 0


def test_dingtalk_shows_a_message_of_the_same_key_once(sandbox: RunningSandbox) -> None:
    for _ in range(2):
        assert post(sandbox, "dingtalk", TEXT | {"msgUuid": "one"})["errcode"] == 0
    assert len(sandbox.control("GET", "robots/dingtalk/sandbox-robot")["received"]) == 1


@pytest.mark.parametrize(
    ("platform", "body", "code"),
    [
        ("dingtalk", {"msgtype": "markdown", "markdown": {"title": "x", "text": "字" * 7000}}, 460101),
        ("dingtalk", {"msgtype": "carrier-pigeon"}, 400105),
        ("wecom", {"msgtype": "markdown", "markdown": {"content": "字" * 1366}}, 40058),
        ("wecom", {"msgtype": "markdown", "markdown": {"content": "字" * 1365}}, 0),
        ("wecom", {"msgtype": "text", "text": {"content": "x" * 2049}}, 40058),
        ("wecom", {"msgtype": "markdown", "markdown": {}}, 44004),
        ("feishu", {"msg_type": "text", "content": {"text": "字" * 7000}}, 9499),
        ("feishu", {"msg_type": "post", "content": {"post": {"zh_cn": {"content": [[{"tag": "blink"}]]}}}}, 9499),
    ],
)
def test_what_is_too_long_or_of_no_kind_is_refused(sandbox: RunningSandbox, platform: str, body: Any, code: int) -> None:
    answer = post(sandbox, platform, body)
    assert answer.get("errcode", answer.get("code")) == code


def test_feishu_looks_for_keywords_in_texts_and_not_in_addresses(sandbox: RunningSandbox) -> None:
    sandbox.control("PUT", "robots/feishu/sandbox-robot", {"keywords": ["orgsync"]})
    link = {"tag": "a", "text": "here", "href": "https://orgsync.example"}
    body = {"msg_type": "post", "content": {"post": {"zh_cn": {"title": "t", "content": [[link]]}}}}
    assert post(sandbox, "feishu", body) == {"code": 19024, "msg": "Key Words Not Found", "data": {}}
    assert post(sandbox, "feishu", FEISHU)["code"] == 0


def test_strangers_are_refused_in_each_platforms_words(sandbox: RunningSandbox) -> None:
    answers = [
        requests.post(f"{sandbox.url}{path}", json=TEXT, timeout=10)
        for path in ("/robot/send?access_token=x", "/cgi-bin/webhook/send?key=x", "/open-apis/bot/v2/hook/x", "/webhook/x")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404]
    assert [answers[0].json()["errcode"], answers[1].json()["errcode"], answers[2].json()["code"]] == [400101, 93000, 19001]


def test_robots_are_set_and_shown_by_the_control_api(sandbox: RunningSandbox) -> None:
    made = sandbox.control("PUT", "robots/wecom/another", {"per_minute": 1})
    assert (made["url"], made["settings"]["per_minute"]) == (f"{sandbox.url}/cgi-bin/webhook/send?key=another", 1)
    assert len(sandbox.control("GET", "robots")["robots"]) == 5
    with pytest.raises(ControlCallError, match="404"):
        sandbox.control("GET", "robots/wecom/nobody")
    with pytest.raises(ControlCallError, match="400"):
        sandbox.control("PUT", "robots/wecom/another", {"colour": "red"})


def test_inbox_page_shows_what_came_into_groups_and_nothing_of_it_acts(sandbox: RunningSandbox) -> None:
    post(sandbox, "wecom", {"msgtype": "markdown", "markdown": {"content": "### 告警 <script>x</script>"}})
    page = requests.get(f"{sandbox.url}/inbox", params={"platform": "wecom"}, timeout=10).text
    assert "<b>告警 &lt;script&gt;" in page
    assert "No robot has written" in requests.get(f"{sandbox.url}/inbox", params={"platform": "feishu"}, timeout=10).text
