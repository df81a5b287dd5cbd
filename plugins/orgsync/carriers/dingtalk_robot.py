"""A custom robot (自定义机器人) of a DingTalk group.

Contract: open.dingtalk.com/document/development/custom-robots-send-group-messages (body, codes, 20 messages a minute),
…/dingstart/customize-robot-security-settings (keywords, signature, addresses). More than 20,000 bytes are answered with 460101 (seen by
others: timonwong/prometheus-webhook-dingtalk#30); the page names no size. docs/robots.md tells what is used of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

from orgsync.carriers.letters import Letter, fit
from orgsync.carriers.ways import Posting, Way, quote, unclear
from orgsync.errors import CredentialError, PermissionDeniedError, PlatformBusyError, PlatformError, RefusedError, ThrottledError
from orgsync.platforms import load_platform
from orgsync.platforms.sending.deliveries import encode, escape_url
from orgsync.platforms.speaking.limits import Pace
from orgsync.platforms.speaking.meanings import DEVELOPER, UNKNOWN_CODE, WAIT, Meaning, error_meaning
from orgsync.words import Words

PLATFORM, INTERFACE = "dingtalk", "robot/send"
MOST_BYTES = 20_000
PER_MINUTE = 20
BLOCKED_SECONDS = 600.0
"""So long a robot is silenced that wrote too often."""

_SETTINGS = "群设置 → 机器人 → 该机器人 → 安全设置"
_COPY_URL = Words(
    "Copy the robot's Webhook again (群设置 → 机器人) into the password of the connection",
    "把机器人的 Webhook 地址（群设置 → 机器人）重新复制到连接的 password",
)
_LOOK_AT_TEXT = Words("Look at the text, then look the code up at open.dingtalk.com", "查看消息内容，再到 open.dingtalk.com 查这个错误码")
MEANINGS = {
    "-1": Meaning(PlatformBusyError, Words("it is busy", "系统繁忙"), WAIT),
    "40035": Meaning(RefusedError, Words("the message is missing", "缺少消息内容"), DEVELOPER),
    "43004": Meaning(RefusedError, Words("the content type is not taken", "Content-Type 不被接受"), DEVELOPER),
    "400013": Meaning(
        RefusedError, Words("the group is dissolved", "群已被解散"), Words("Add a robot to another group", "请在别的群里添加机器人")
    ),
    "400101": Meaning(CredentialError, Words("no robot has this access_token", "access_token 不存在"), _COPY_URL),
    "400102": Meaning(
        RefusedError,
        Words("the robot is switched off", "机器人已停用"),
        Words("Switch it on (群设置 → 机器人)", "请启用机器人（群设置 → 机器人）"),
    ),
    "400105": Meaning(RefusedError, Words("the kind of message is not taken", "不支持的消息类型"), DEVELOPER),
    "400106": Meaning(
        RefusedError,
        Words("the robot is not in the group any more", "机器人不在群里了"),
        Words("Add it again, and copy its URL", "请重新添加机器人并复制地址"),
    ),
    "410100": Meaning(
        ThrottledError,
        Words("more than 20 messages in a minute: it is silent for ten minutes", "一分钟内超过 20 条消息，限流 10 分钟"),
        Words("Wait; let fewer tenants tell by one robot", "请等待；让更少的租户共用一个机器人"),
        BLOCKED_SECONDS,
    ),
    "430101": Meaning(RefusedError, Words("it takes a link for unsafe", "含有不安全的外链"), _LOOK_AT_TEXT),
    "430102": Meaning(RefusedError, Words("it takes a text for improper", "含有不合适的文本"), _LOOK_AT_TEXT),
    "430104": Meaning(RefusedError, Words("it takes the content for improper", "含有不合适的内容"), _LOOK_AT_TEXT),
    "460101": Meaning(RefusedError, Words("the message is too long", "消息过长"), DEVELOPER),
}
_KEYWORD = Meaning(
    PermissionDeniedError,
    Words("the message has none of the robot's keywords", "消息中没有机器人的自定义关键词"),
    Words(
        f"Make orgsync one of them ({_SETTINGS} → 自定义关键词): every message holds it",
        f"把 orgsync 加入自定义关键词（{_SETTINGS}）：每条消息都含有这个词",
    ),
)
_SIGNATURE = Meaning(
    CredentialError,
    Words("the signature does not match", "签名不匹配"),
    Words(
        f"Copy the secret that begins with SEC ({_SETTINGS} → 加签) into the signing secret of the connection; "
        "leave that empty if 加签 is off",
        f"把 SEC 开头的密钥（{_SETTINGS} → 加签）复制到连接的签名密钥；未启用加签时请留空",
    ),
)
_TIMESTAMP = Meaning(
    RefusedError,
    Words("the time of the message is not within an hour of its own", "消息的时间戳与平台时间相差超过一小时"),
    Words("Set this machine's clock right", "请校准本机的时钟"),
)
_ADDRESS = Meaning(
    PermissionDeniedError,
    Words("the address orgsync calls from is not on the robot's list", "orgsync 的出口 IP 不在机器人的白名单中"),
    Words(f"Add it ({_SETTINGS} → IP地址（段）), or use 加签 instead", f"请加入（{_SETTINGS} → IP地址（段）），或改用加签"),
)
_SECURITY = Meaning(
    PermissionDeniedError,
    Words("the robot's security settings refuse the message", "消息未通过机器人的安全设置"),
    Words(f"Compare them ({_SETTINGS}) with the connection", f"请对照机器人的安全设置（{_SETTINGS}）和连接"),
)


def write(letter: Letter, secret: str, now: float) -> Posting:
    """`msgUuid` is the platform's own key against sending twice."""
    kept = fit(letter, lambda shorter: len(encode(_body(shorter))), MOST_BYTES)
    query = {} if not secret else {"timestamp": str(int(now * 1000)), "sign": sign(secret, int(now * 1000))}
    return Posting(_body(kept), query)


def sign(secret: str, milliseconds: int) -> str:
    """Of time and secret, by the secret; not yet as a URL writes it."""
    signed = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


def judge(status: int, content: Any) -> None:
    if not isinstance(content, dict) or "errcode" not in content:
        raise unclear(PLATFORM, INTERFACE, status)
    if (code := str(content["errcode"])) != "0":
        raise _error(code, str(content.get("errmsg") or ""))


def _error(code: str, words: str) -> PlatformError:
    meaning = _read_security(words) if code == "310000" else MEANINGS.get(code)
    meaning = meaning or Meaning(RefusedError, UNKNOWN_CODE.fill(words=quote(words)), _LOOK_AT_TEXT)
    return error_meaning(meaning, platform=PLATFORM, interface=INTERFACE, code=code)


def _read_security(words: str) -> Meaning:
    """All security settings share a code. Newer words are Chinese, and say what to do (`solution:`) with the same words in other places."""
    said = words.partition("solution:")[0].lower()
    for pattern, meaning in (
        ("sign|签名", _SIGNATURE),
        ("timestamp|时间戳", _TIMESTAMP),
        ("keyword|关键词", _KEYWORD),
        (r"\bip\b|whitelist|白名单", _ADDRESS),
    ):
        if re.search(pattern, said):
            return meaning
    return _SECURITY


def _body(letter: Letter) -> dict[str, Any]:
    escape = load_platform(PLATFORM).escape_markdown
    parts = [f"### {escape(letter.subject)}"]
    for entry in letter.entries:
        link = [f"[{escape(letter.open_words)}]({escape_url(entry.web_link)})"] if entry.web_link else []
        parts.append("  \n".join((f"**{escape(entry.heading)}**", *map(escape, entry.lines), *link)))
    parts += [escape(text) for text in (letter.remark, letter.closing) if text]
    return {"msgtype": "markdown", "markdown": {"title": letter.subject, "text": "\n\n".join(parts)}, "msgUuid": letter.key}


WAY = Way(
    name="dingtalk",
    title="DingTalk",
    interface=INTERFACE,
    write=write,
    judge=judge,
    hosts=("oapi.dingtalk.com", "api.dingtalk.com"),
    pace=Pace(calls_per_minute=PER_MINUTE),
)
