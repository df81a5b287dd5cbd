"""Other people's clients write through the sandbox's robots, signed as they sign: and orgsync signs alike."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import unquote_plus, urlsplit

import pytest

from orgsync.carriers import dingtalk_robot, feishu_robot
from sandbox.testing import RunningSandbox, start_sandbox

SECRET = "SECa1b2+/="


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(people=10) as running:
        yield running


def set_robot(sandbox: RunningSandbox, platform: str, token: str) -> str:
    """Its URL; every test has a robot of its own."""
    url: str = sandbox.control("PUT", f"robots/{platform}/{token}", {"secret": SECRET, "keywords": ["orgsync"]})["url"]
    return url


def test_dingtalkchatbot_is_let_in_and_signs_as_orgsync_does(sandbox: RunningSandbox) -> None:
    from dingtalkchatbot.chatbot import DingtalkChatbot

    bot = DingtalkChatbot(set_robot(sandbox, "dingtalk", "chatbot"), secret=SECRET)
    assert bot.send_text("orgsync: hello")["errcode"] == 0
    assert bot.send_markdown(title="orgsync", text="### hello")["errcode"] == 0
    assert bot.send_text("hello")["errcode"] == 310000
    query = dict(part.split("=", 1) for part in urlsplit(bot.webhook).query.split("&"))
    assert unquote_plus(query["sign"]) == dingtalk_robot.sign(SECRET, int(query["timestamp"]))
    received = sandbox.control("GET", "robots/dingtalk/chatbot")["received"]
    assert [message["text"] for message in reversed(received)] == ["orgsync: hello", "### hello"]
    other = DingtalkChatbot(set_robot(sandbox, "dingtalk", "chatbot"), secret="SECother")
    assert other.send_text("orgsync")["errmsg"].startswith("sign not match")


def test_lark_webhook_notify_is_let_in_and_signs_as_orgsync_does(sandbox: RunningSandbox) -> None:
    from lark_webhook_notify import LarkWebhookNotifier
    from lark_webhook_notify.client import gen_sign

    card = {"schema": "2.0", "header": {"title": {"tag": "plain_text", "content": "orgsync"}}, "body": {"elements": []}}
    notifier = LarkWebhookNotifier(webhook_url=set_robot(sandbox, "feishu", "notify"), webhook_secret=SECRET)
    with notifier.client:
        assert notifier.send_raw_content(card)["code"] == 0
    assert sandbox.control("GET", "robots/feishu/notify")["received"][0]["title"] == "orgsync"
    assert gen_sign("1599360473", SECRET) == feishu_robot.sign(SECRET, 1599360473)
    assert len(base64.b64decode(feishu_robot.sign(SECRET, 1599360473))) == 32
