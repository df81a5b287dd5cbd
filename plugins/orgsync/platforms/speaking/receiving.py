"""Sends a prepared request and takes its answer in: within one deadline for all of it, and no more of it than there may be."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from orgsync.platforms.speaking.bounds import MOST_ANSWER_BYTES
from orgsync.platforms.speaking.deadlines import deadline_in, hold

_PART_BYTES = 1 << 16


@dataclass(frozen=True)
class Received:
    """An answer as it came, taken in whole. `at` is by our clock, between the asking and the first of the answer."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    at: float


class TooLargeError(requests.RequestException):
    """An answer is larger than any may be; the rest of it was not taken in."""


def open_session(parallel: int) -> requests.Session:
    """For so many threads at once. Each of its calls ends at the deadline that `receive` sets."""
    session = requests.Session()
    adapter = _Adapter(pool_connections=1, pool_maxsize=parallel)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def receive(
    session: requests.Session,
    request: requests.PreparedRequest,
    *,
    connect_seconds: float,
    seconds: float,
    environment: Mapping[str, Any],
    most_bytes: int = MOST_ANSWER_BYTES,
) -> Received:
    """Raises what requests raises; Timeout once `seconds` are over, wherever the call is then, TooLargeError for an answer without end.

    `environment` is what `Session.merge_environment_settings` gives for a streamed answer.
    """
    timeout, asked_at = (min(connect_seconds, seconds), seconds), time.time()
    with deadline_in(seconds) as deadline:
        try:
            with session.send(request, timeout=timeout, allow_redirects=False, **environment) as answer:
                at = (asked_at + time.time()) / 2
                received = Received(answer.status_code, answer.headers, _read_body(answer, most_bytes), at)
        except requests.ConnectTimeout:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            if deadline.is_over:
                raise requests.Timeout from None
            raise
    # A body of unknown length ends where the socket was shut down.
    if deadline.is_over:
        raise requests.Timeout
    return received


def _read_body(answer: requests.Response, most_bytes: int) -> bytes:
    """In parts, uncompressed ones: of a few packed bytes may come gigabytes."""
    parts, size = [], 0
    while part := answer.raw.read1(_PART_BYTES, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > most_bytes:
            raise TooLargeError
    return b"".join(parts)


class _HeldHTTPConnection(urllib3.connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _in_time(self, super()._new_conn())

    def request(self, *given: Any, **options: Any) -> None:
        _hold_kept(self)
        super().request(*given, **options)


class _HeldHTTPSConnection(urllib3.connection.HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _in_time(self, super()._new_conn())

    def _tunnel(self) -> None:
        super()._tunnel()  # takes the end of the connection for the end of the proxy's answer
        _in_time(self, self.sock)

    def request(self, *given: Any, **options: Any) -> None:
        _hold_kept(self)
        super().request(*given, **options)


def _in_time(connection: urllib3.connection.HTTPConnection, made: socket.socket) -> socket.socket:
    """A name with many addresses, or a slow look-up of it, may use up all the time before anything is sent."""
    if not hold(made):
        made.close()
        raise urllib3.exceptions.ConnectTimeoutError(connection, "no time is left")
    return made


def _hold_kept(connection: urllib3.connection.HTTPConnection) -> None:
    """Also the TLS socket that was made of the plain one."""
    if connection.sock is not None:
        hold(connection.sock)


class _HeldHTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HeldHTTPConnection


class _HeldHTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HeldHTTPSConnection


_POOLS = {"http": _HeldHTTPPool, "https": _HeldHTTPSPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *given: Any, **options: Any) -> None:
        super().init_poolmanager(*given, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager
