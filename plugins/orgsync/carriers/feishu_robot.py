"""A custom bot (自定义机器人) of a Feishu or Lark group.

Contract: open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (body, signature, 20 KB, 5 a second and 100 a minute, codes 9499,
11232, 19021, 19022, 19024); 19001 for a URL that is no robot's is seen by others. docs/robots.md tells what is used of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from orgsync.carriers.letters import Entry, Letter, fit
from orgsync.carriers.ways import Posting, Way, quote, unclear
from orgsync.errors import CredentialError, PermissionDeniedError, PlatformError, RefusedError, ThrottledError
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.speaking.limits import Pace
from orgsync.platforms.speaking.meanings import DEVELOPER, UNKNOWN_CODE, Meaning, error_meaning
from orgsync.words import Words

PLATFORM, INTERFACE = "feishu", "bot/v2/hook"
MOST_BYTES = 20_000
"""20 KB, of which time and signature take some."""
SIGNED_BYTES = 100
PER_SECOND, PER_MINUTE = 5.0, 100
MINUTE_SECONDS = 60.0

_SETTINGS = "群设置 → 群机器人 → 该机器人 → 安全设置"
MEANINGS = {
    "9499": Meaning(RefusedError, Words("the message is no such as it takes, or too long", "请求体格式错误或过长"), DEVELOPER),
    "11232": Meaning(
        ThrottledError,
        Words("too many messages, or it is overloaded, as on the full and the half hour", "消息过于频繁，或平台繁忙（整点、半点时常见）"),
        Words("Wait; let fewer tenants tell by one robot", "请等待；让更少的租户共用一个机器人"),
        MINUTE_SECONDS,
    ),
    "19001": Meaning(
        CredentialError,
        Words("the URL is no robot's, or the robot was taken out of the group", "Webhook 地址无效，或机器人已被移出群"),
        Words(
            "Copy the robot's Webhook address again into the password of the connection", "把机器人的 Webhook 地址重新复制到连接的 password"
        ),
    ),
    "19021": Meaning(
        CredentialError,
        Words("the signature does not match, or this machine's clock is more than an hour wrong", "签名不匹配，或本机时钟偏差超过一小时"),
        Words(
            f"Copy the secret ({_SETTINGS} → 签名校验) into the signing secret of the connection; look at the clock",
            f"把密钥（{_SETTINGS} → 签名校验）复制到连接的签名密钥，并检查本机时钟",
        ),
    ),
    "19022": Meaning(
        PermissionDeniedError,
        Words("the address orgsync calls from is not on the robot's list", "orgsync 的出口 IP 不在机器人的白名单中"),
        Words(f"Add it ({_SETTINGS} → IP 白名单), or use 签名校验 instead", f"请加入（{_SETTINGS} → IP 白名单），或改用签名校验"),
    ),
    "19024": Meaning(
        PermissionDeniedError,
        Words("the message has none of the robot's keywords", "消息中没有机器人的自定义关键词"),
        Words(
            f"Make orgsync one of them ({_SETTINGS} → 自定义关键词): every message holds it",
            f"把 orgsync 加入自定义关键词（{_SETTINGS}）：每条消息都含有这个词",
        ),
    ),
}
_LOOK_UP = Words("Look the code up at open.feishu.cn", "请到 open.feishu.cn 查这个错误码")


def write(letter: Letter, secret: str, now: float) -> Posting:
    """Rich text (post), whose texts are plain: nothing in them is read as a mark or a mention."""
    kept = fit(letter, lambda shorter: len(encode(_body(shorter))), MOST_BYTES - SIGNED_BYTES)
    signed = {"timestamp": str(int(now)), "sign": sign(secret, int(now))} if secret else {}
    return Posting({**signed, **_body(kept)})


def sign(secret: str, seconds: int) -> str:
    """Of nothing, by time and secret."""
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def judge(status: int, content: Any) -> None:
    """Older answers say it in `StatusCode` alone."""
    code = content.get("code", content.get("StatusCode")) if isinstance(content, dict) else None
    if code is None:
        raise unclear(PLATFORM, INTERFACE, status)
    if str(code) != "0":
        raise _error(str(code), str(content.get("msg") or content.get("StatusMessage") or ""))


def _error(code: str, words: str) -> PlatformError:
    meaning = MEANINGS.get(code) or Meaning(RefusedError, UNKNOWN_CODE.fill(words=quote(words)), _LOOK_UP)
    return error_meaning(meaning, platform=PLATFORM, interface=INTERFACE, code=code)


def _body(letter: Letter) -> dict[str, Any]:
    paragraphs = [paragraph for entry in letter.entries for paragraph in _paragraphs(entry, letter.open_words)]
    paragraphs += [[_text(text)] for text in (letter.remark, letter.closing) if text]
    return {"msg_type": "post", "content": {"post": {"zh_cn": {"title": letter.subject, "content": paragraphs}}}}


def _paragraphs(entry: Entry, open_words: str) -> list[list[dict[str, str]]]:
    link = [[{"tag": "a", "text": open_words, "href": entry.web_link}]] if entry.web_link else []
    return [*([_text(line)] for line in (entry.heading, *entry.lines)), *link, [_text(" ")]]


def _text(text: str) -> dict[str, str]:
    return {"tag": "text", "text": text}


WAY = Way(
    name="feishu",
    title="Feishu",
    interface=INTERFACE,
    write=write,
    judge=judge,
    hosts=("open.feishu.cn", "open.larksuite.com", "open.larkoffice.com"),
    pace=Pace(calls_per_second=PER_SECOND, calls_per_minute=PER_MINUTE),
)
