"""Reads what a platform needs from an Airflow connection, or says which field to fill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from orgsync.errors import ConfigurationError
from orgsync.platforms.speaking.limits import Pace
from orgsync.words import Words

if TYPE_CHECKING:
    from orgsync.platforms.speaking.transport import Patience, Transport


_MISSING = Words(
    "connection {conn_id!r} has no {missing}; set its {field} to {hint}", "连接 {conn_id!r} 缺少 {missing}；请把 {field} 设为{hint}"
)
_NO_NUMBER = Words(
    "connection {conn_id!r} has {extra}={value!r}; set it to a number of 0 or more",
    "连接 {conn_id!r} 的 {extra}={value!r}；请设为不小于 0 的数字",
)
_NO_FLAG = Words(
    "connection {conn_id!r} has {extra}={value!r}; set it to true or false", "连接 {conn_id!r} 的 {extra}={value!r}；请设为 true 或 false"
)
_NO_CALLBACK = Words(
    "connection {conn_id!r} can receive no events: copy Token and key of the app's event subscription into callback_token and "
    "callback_aes_key_secret ({field} is missing, or not as the console writes it)",
    "连接 {conn_id!r} 无法接收事件：请把应用事件订阅中的 Token 和密钥复制到 callback_token 和 callback_aes_key_secret"
    "（{field} 缺失或格式不符）",
)


class ConnectionFields(Protocol):
    """The part of Airflow's Connection that is read here."""

    conn_id: str
    host: str | None
    port: int | None
    schema: str | None
    login: str | None
    password: str | None

    @property
    def extra_dejson(self) -> dict[str, Any]: ...


def read_required(connection: ConnectionFields, field: str, *, missing: str, hint: str) -> str:
    """`connection 'x' has no secret; set its password to the app secret`."""
    value = (getattr(connection, field) or "").strip()
    if not value:
        raise ConfigurationError(_MISSING.fill(conn_id=connection.conn_id, missing=missing, field=field, hint=hint))
    return str(value)


def read_base_url(connection: ConnectionFields, default: str) -> str:
    """The host may be a whole URL, or a name whose scheme stands in `schema` (https if nowhere)."""
    host = (connection.host or "").strip().rstrip("/")
    if not host:
        return default
    url = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    return f"{url}:{connection.port}" if connection.port else url


def read_number(connection: ConnectionFields, extra: str, default: float) -> float:
    value = connection.extra_dejson.get(extra)
    if value in (None, ""):
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < 1_000_000:
        raise ConfigurationError(_NO_NUMBER.fill(conn_id=connection.conn_id, extra=extra, value=value))
    return number


def read_flag(connection: ConnectionFields, extra: str) -> bool:
    """Forms send a boolean, environment variables often a text; nothing is no."""
    value = str(connection.extra_dejson.get(extra) or "").strip().lower()
    if value not in ("true", "1", "yes", "false", "0", "no", ""):
        raise ConfigurationError(_NO_FLAG.fill(conn_id=connection.conn_id, extra=extra, value=value))
    return value in ("true", "1", "yes")


def read_text(connection: ConnectionFields, extra: str) -> str:
    """Empty where it is not given."""
    return str(connection.extra_dejson.get(extra) or "").strip()


def read_callback_keys(connection: ConnectionFields, *, key_form: re.Pattern[str]) -> tuple[str, str]:
    """Token and key of the app's event subscription; raises ConfigurationError where one of them is missing, or is none."""
    token, key = (read_text(connection, field) for field in ("callback_token", "callback_aes_key_secret"))
    for field, is_right in (("callback_token", bool(token)), ("callback_aes_key_secret", bool(key_form.fullmatch(key)))):
        if not is_right:
            raise ConfigurationError(_NO_CALLBACK.fill(conn_id=connection.conn_id, field=field))
    return token, key


def read_parallel(connection: ConnectionFields, default: int) -> int:
    return max(1, int(read_number(connection, "max_parallel_calls", default)))


def open_transport(
    connection: ConnectionFields,
    *,
    platform: str,
    base_url: str,
    pace: Pace,
    parallel: int,
    paces: Mapping[str, Pace] | None = None,
    patience: Patience | None = None,
) -> Transport:
    """A transport as the connection's fields say, `base_url` and `pace` where they say nothing.

    One that gives calls a second gets no limit by the minute: it is the administrator's own figure then. An interface of `paces`,
    which is slower than the rest, stays so unless the figure is lower still, or 0.
    """
    from orgsync.platforms.speaking.http_sender import REQUEST_TIMEOUT_SECONDS, HttpSender
    from orgsync.platforms.speaking.transport import Transport

    url = read_base_url(connection, base_url)
    send = HttpSender(
        url,
        platform=platform,
        conn_id=connection.conn_id,
        parallel=parallel,
        request_timeout_seconds=read_number(connection, "request_timeout_seconds", REQUEST_TIMEOUT_SECONDS) or REQUEST_TIMEOUT_SECONDS,
    )
    if connection.extra_dejson.get("calls_per_second") not in (None, ""):
        pace = Pace(read_number(connection, "calls_per_second", pace.calls_per_second))
        own = pace.calls_per_second
        paces = {interface: each for interface, each in (paces or {}).items() if each.calls_per_second < own}
    return Transport(
        platform,
        send,
        conn_id=connection.conn_id,
        host=_host_of(url),
        pace=pace,
        paces=paces,
        patience=patience,
        longest_call_seconds=send.longest_call_seconds,
    )


def _host_of(url: str) -> str:
    """Where calls go, without what a proxy's URL may hold of a login."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()
