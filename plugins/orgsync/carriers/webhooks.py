"""Turns an Airflow connection of type `orgsync_webhook` into a webhook, and posts letters to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from orgsync.carriers import dingtalk_robot, feishu_robot, plain_json, wecom_robot
from orgsync.carriers.letters import Letter
from orgsync.carriers.ways import Way
from orgsync.connections.finding import find_connection
from orgsync.errors import ConfigurationError, PlatformBusyError, Refusal, RefusedError, ThrottledError
from orgsync.platforms.connections import ConnectionFields, read_flag, read_required, read_text
from orgsync.platforms.speaking.decoding import decode_or_none
from orgsync.platforms.speaking.limits import RateLimits
from orgsync.platforms.speaking.meanings import WAIT
from orgsync.platforms.speaking.redact import keep_out
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.words import Words

CONN_TYPE = "orgsync_webhook"
WAYS = {each.name: each for each in (dingtalk_robot.WAY, wecom_robot.WAY, feishu_robot.WAY, plain_json.WAY)}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOST_ANSWER_BYTES = 1 << 20
SECRET, FORMAT, ALLOW_HTTP = "signing_secret", "format", "allow_http"

_URL = Words("the whole URL of the robot or webhook", "机器人或 webhook 的完整地址")
_BAD_URL = Words(
    "the password of connection {conn_id!r} is no URL; set it to the whole URL of the robot or webhook, such as https://…",
    "连接 {conn_id!r} 的 password 不是网址；请设为机器人或 webhook 的完整地址，如 https://…",
)
_NO_TLS = Words(
    "the URL in the password of connection {conn_id!r} is not https: anybody on the way could read it, and write to the group; "
    "use https, or set allow_http of the connection within a network of your own",
    "连接 {conn_id!r} 的 password 中的地址不是 https：途中任何人都能读到它并向群里发消息；请使用 https，"
    "或在自己的内网中设置连接的 allow_http",
)
_BAD_FORMAT = Words(
    "connection {conn_id!r} has format={given!r}; set it to one of {known}, or leave it empty for the robots of the platforms",
    "连接 {conn_id!r} 的 format={given!r}；请设为 {known} 之一，平台的机器人可留空",
)
_NO_SIGNATURE = Words(
    "connection {conn_id!r} has a signing secret, and robots of {title} know none; remove it",
    "连接 {conn_id!r} 填写了签名密钥，而{title}的机器人没有签名；请删除",
)
_MOVED = Words("it points to another address, which is not followed", "它指向另一个地址，不会跟随跳转")
_SET_URL = Words(
    "Set the password of the connection to the address it points to, if that is right", "如果新地址正确，请把它设为连接的 password"
)
_BUSY = Words("it failed on its side", "对方自身出错")
_TOO_OFTEN = Words("too many messages", "消息过于频繁")


@dataclass(frozen=True)
class Webhook:
    """One of them, ready to be posted to. Safe for threads: they share its pace."""

    conn_id: str
    way: Way
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def post(self, letter: Letter) -> None:
        """Once; who calls tries again later. Raises PlatformError with what the answer means, or ConfigurationError for what it is."""
        self._limits.of(self.way.interface).acquire()
        posting = self.way.write(letter, self.secret, self.clock())
        response = self._sender(Request(self.way.interface, "POST", self.url, posting.query, posting.headers, posting.body))
        self._judge(response)

    def _judge(self, response: Response) -> None:
        """A success by HTTP alone is none: robots refuse with 200."""
        refusal = Refusal(self._platform, self.way.interface, f"HTTP {response.status}")
        if response.status == 429:
            raise ThrottledError(_with(refusal, _TOO_OFTEN, WAIT), wait_seconds=response.retry_after_seconds)
        if response.status >= 500:
            raise PlatformBusyError(_with(refusal, _BUSY, WAIT), wait_seconds=response.retry_after_seconds)
        if 300 <= response.status < 400:
            raise RefusedError(_with(refusal, _MOVED, _SET_URL))
        self.way.judge(response.status, decode_or_none(response.body))

    @property
    def _platform(self) -> str:
        return "webhook" if self.way.name == "json" else self.way.name

    @cached_property
    def _limits(self) -> RateLimits:
        return RateLimits(self.way.pace, None, clock=time.monotonic, pause=time.sleep)

    @cached_property
    def _sender(self) -> Callable[[Request], Response]:
        from orgsync.platforms.speaking.http_sender import HttpSender

        # What tells one robot from another stands in the path with some, and the HTTP library logs paths.
        keep_out(urlsplit(self.url).path)
        return HttpSender(self.url, platform=self._platform, conn_id=self.conn_id, parallel=1, most_bytes=MOST_ANSWER_BYTES)


def open_webhook(conn_id: str) -> Webhook:
    """Raises ConfigurationError where there is no such connection, it is of another type, or lacks a part."""
    return read_webhook(find_connection(conn_id, conn_type=CONN_TYPE))


def read_webhook(connection: ConnectionFields) -> Webhook:
    """password = the URL, the rest are extras."""
    conn_id = connection.conn_id
    url = read_required(connection, "password", missing="URL", hint=_URL)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError(_BAD_URL.fill(conn_id=conn_id))
    if parts.scheme == "http" and host not in LOOPBACK and not read_flag(connection, ALLOW_HTTP):
        raise ConfigurationError(_NO_TLS.fill(conn_id=conn_id))
    way = _choose_way(conn_id, read_text(connection, FORMAT).lower(), host)
    secret = read_text(connection, SECRET)
    if secret and not way.takes_secret:
        raise ConfigurationError(_NO_SIGNATURE.fill(conn_id=conn_id, title=way.title))
    return Webhook(conn_id, way, url, secret)


def _choose_way(conn_id: str, given: str, host: str) -> Way:
    """What is not given the host tells; hosts of private deployments are known to nobody."""
    if given:
        if given not in WAYS:
            raise ConfigurationError(_BAD_FORMAT.fill(conn_id=conn_id, given=given, known=", ".join(WAYS)))
        return WAYS[given]
    return next((way for way in WAYS.values() if host in way.hosts), plain_json.WAY)


def _with(refusal: Refusal, reason: str, fix: str) -> Refusal:
    return Refusal(refusal.platform, refusal.interface, refusal.code, reason=reason, fix=fix)
