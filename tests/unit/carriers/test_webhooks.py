"""A webhook's connection is complete, safe, and of the format its URL tells; or what is wrong with it is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orgsync.airflow_parts.provider_info import get_provider_info
from orgsync.carriers.hook import WebhookHook
from orgsync.carriers.webhooks import CONN_TYPE, Webhook, read_webhook
from orgsync.connections.written import Connection
from orgsync.errors import ConfigurationError, UnexpectedAnswerError
from orgsync.platforms.speaking.transport import Response

DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=abc"


def read(password: str | None, **extra: Any) -> Webhook:
    return read_webhook(Connection("it_group", conn_type=CONN_TYPE, password=password, extra=json.dumps(extra)))


@pytest.mark.parametrize(
    ("url", "extra", "expected"),
    [
        (DINGTALK, {}, "dingtalk"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc", {}, "wecom"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/abc", {}, "feishu"),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/abc", {}, "feishu"),
        ("https://hooks.example.com/services/abc", {}, "json"),
        ("https://wecom.internal.example/cgi-bin/webhook/send?key=abc", {"format": " WeCom "}, "wecom"),
        ("http://127.0.0.1:8790/webhook/x", {}, "json"),
        ("http://robots.internal/x", {"allow_http": True}, "json"),
    ],
)
def test_format_follows_from_the_host_unless_it_is_given(url: str, extra: dict[str, Any], expected: str) -> None:
    assert read(url, **extra).way.name == expected


@pytest.mark.parametrize(
    ("url", "extra", "said"),
    [
        (None, {}, "has no URL; set its password to the whole URL"),
        ("SECabc", {}, "is no URL"),
        ("ftp://x.example/y", {}, "is no URL"),
        ("https://[x/y", {}, "is no URL"),
        ("https://x.example/a\r\nb", {}, "is no URL"),
        ("http://oapi.dingtalk.com/robot/send?access_token=abc", {}, "is not https"),
        ("http://127.0.0.1.evil.example/x", {}, "is not https"),
        (DINGTALK, {"format": "slack"}, "set it to one of dingtalk, wecom, feishu, json"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc", {"signing_secret": "x"}, "robots of WeCom know none"),
    ],
)
def test_what_is_wrong_is_named_and_the_url_is_not(url: str | None, extra: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match="it_group") as told:
        read(url, **extra)
    assert said in str(told.value)
    assert "abc" not in str(told.value)


def test_neither_url_nor_secret_is_shown() -> None:
    assert "abc" not in repr(read(DINGTALK, signing_secret="abcdef"))


@pytest.mark.parametrize("name", ["dingtalk", "wecom", "feishu"])
@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"[]", b"null", b"{}", b'{"ok": true}', b'{"errcode"'])
def test_answer_that_does_not_say_so_is_no_success(name: str, body: bytes) -> None:
    webhook = read(DINGTALK, format=name)
    with pytest.raises(UnexpectedAnswerError, match="does not say whether it took"):
        webhook._judge(Response(200, "text/html", body))


@pytest.mark.parametrize("body", [b'{"errcode":"0","errmsg":"ok"}', b'{"errcode":0}'])
def test_dingtalk_writes_its_code_as_a_text_too(body: bytes) -> None:
    read(DINGTALK)._judge(Response(200, "application/json", body))


def test_feishu_may_say_it_the_old_way() -> None:
    webhook = read(DINGTALK, format="feishu")
    webhook._judge(Response(200, "application/json", b'{"StatusCode":0,"StatusMessage":"success"}'))


def test_form_masks_what_is_secret_and_names_the_hook() -> None:
    [form] = [each for each in get_provider_info()["connection-types"] if each["connection-type"] == CONN_TYPE]
    assert form["hook-class-name"] == f"{WebhookHook.__module__}.{WebhookHook.__name__}"
    assert {name for name, field in form["conn-fields"].items() if field["schema"].get("format") == "password"} == {"signing_secret"}
    assert form["hook-name"] == WebhookHook.hook_name


def test_button_test_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_IT_GROUP", json.dumps({"conn_type": CONN_TYPE, "password": "http://127.0.0.1:9/webhook/x"}))
    is_good, text = WebhookHook("it_group").test_connection()
    assert (is_good, "connection failed: refused (127.0.0.1:9)" in text) == (False, True)
