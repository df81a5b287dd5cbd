"""A group robot (群机器人, 消息推送) of a WeCom group.

Contract: developer.work.weixin.qq.com/document/path/91770 (body, 4096 bytes of Markdown, 20 messages a minute); codes: …/path/90313
(93000, 93004,
93008, 45009, 44004, 40058). It signs nothing and knows no security settings: who has the URL may write. docs/robots.md tells what is
used of it.
"""

from __future__ import annotations

from typing import Any

from orgsync.carriers.letters import Letter, fit
from orgsync.carriers.ways import Posting, Way, quote, unclear
from orgsync.errors import CredentialError, PlatformBusyError, PlatformError, RefusedError, ThrottledError
from orgsync.platforms import load_platform
from orgsync.platforms.sending.deliveries import escape_url
from orgsync.platforms.speaking.limits import Pace
from orgsync.platforms.speaking.meanings import DEVELOPER, UNKNOWN_CODE, WAIT, Meaning, error_meaning
from orgsync.words import Words

PLATFORM, INTERFACE = "wecom", "webhook/send"
MOST_BYTES = 4096
PER_MINUTE = 20
MINUTE_SECONDS = 60.0

_COPY_URL = Words(
    "Look whether the robot is still in the group, and copy its Webhook address again into the password of the connection",
    "查看机器人是否还在群里，并把它的 Webhook 地址重新复制到连接的 password",
)
_LOOK_UP = Words("Look the code up at open.work.weixin.qq.com/devtool/query", "请到 open.work.weixin.qq.com/devtool/query 查这个错误码")
MEANINGS = {
    "-1": Meaning(PlatformBusyError, Words("it is busy", "系统繁忙"), WAIT),
    "40008": Meaning(RefusedError, Words("the kind of message is not taken", "不合法的消息类型"), DEVELOPER),
    "40058": Meaning(RefusedError, Words("a parameter is wrong, or the message too long", "参数有误，或消息过长"), DEVELOPER),
    "44004": Meaning(RefusedError, Words("the message is empty", "消息内容为空"), DEVELOPER),
    "45009": Meaning(
        ThrottledError,
        Words("more than 20 messages in a minute", "一分钟内超过 20 条消息"),
        Words("Wait; let fewer tenants tell by one robot", "请等待；让更少的租户共用一个机器人"),
        MINUTE_SECONDS,
    ),
    "93000": Meaning(
        CredentialError,
        Words("the URL is no robot's, or the robot was taken out of the group", "Webhook 地址不合法，或机器人已被移出群"),
        _COPY_URL,
    ),
    "93004": Meaning(
        RefusedError, Words("the robot is switched off", "机器人被停用"), Words("Switch it on, or add another", "请启用机器人，或另加一个")
    ),
    "93008": Meaning(RefusedError, Words("the robot is not in the group", "机器人不在群里"), _COPY_URL),
}


def write(letter: Letter, secret: str, now: float) -> Posting:  # noqa: ARG001 - it knows no signature
    kept = fit(letter, lambda shorter: len(_content(shorter).encode()), MOST_BYTES)
    return Posting({"msgtype": "markdown", "markdown": {"content": _content(kept)}})


def judge(status: int, content: Any) -> None:
    if not isinstance(content, dict) or "errcode" not in content:
        raise unclear(PLATFORM, INTERFACE, status)
    if (code := str(content["errcode"])) != "0":
        raise _error(code, str(content.get("errmsg") or ""))


def _error(code: str, words: str) -> PlatformError:
    """The words name the address that called and where to look the code up, which is left out."""
    meaning = MEANINGS.get(code) or Meaning(RefusedError, UNKNOWN_CODE.fill(words=quote(words.partition(", hint:")[0])), _LOOK_UP)
    return error_meaning(meaning, platform=PLATFORM, interface=INTERFACE, code=code)


def _content(letter: Letter) -> str:
    escape = load_platform(PLATFORM).escape_markdown
    parts = [f"### {escape(letter.subject)}"]
    for entry in letter.entries:
        link = [f"[{escape(letter.open_words)}]({escape_url(entry.web_link)})"] if entry.web_link else []
        parts.append("\n".join((f"**{escape(entry.heading)}**", *map(escape, entry.lines), *link)))
    parts += [escape(text) for text in (letter.remark, letter.closing) if text]
    return "\n\n".join(parts)


WAY = Way(
    name="wecom",
    title="WeCom",
    interface=INTERFACE,
    write=write,
    judge=judge,
    hosts=("qyapi.weixin.qq.com",),
    pace=Pace(calls_per_minute=PER_MINUTE),
    takes_secret=False,
)
