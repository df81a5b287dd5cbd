"""Faults below the platform's own words: broken connections, proxies' pages, answers cut short."""

from __future__ import annotations

import asyncio
import socket
import struct
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.exchange import HTML_TYPE, Answer, json_answer
from sandbox.faults import FaultSpec

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

IP_BAN_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>访问受限</title></head>
<body><h1>亲，访问被拒绝</h1><p>您的访问过于频繁，请稍后再试。</p></body></html>"""
PROXY_PAGE = """<!doctype html><html><head><title>Sign in to the network</title></head><body><h1>Please sign in</h1></body></html>"""
DEFAULT_SLOW_SECONDS = 1.0


def delay_seconds(specs: list[FaultSpec]) -> float:
    return sum(DEFAULT_SLOW_SECONDS if spec.seconds is None else spec.seconds for spec in specs if spec.kind == "slow")


def replacement(spec: FaultSpec) -> Answer | None:
    """A whole answer that comes from somewhere before the platform."""
    if spec.kind in ("http_500", "http_502", "http_503"):
        status = int(spec.kind.removeprefix("http_"))
        return Answer(f"<html><body><h1>{status}</h1></body></html>".encode(), status, HTML_TYPE, refusal=spec.kind)
    if spec.kind == "html":
        return Answer(PROXY_PAGE.encode(), spec.status or 200, HTML_TYPE, refusal="html")
    if spec.kind == "ip_ban" and spec.form == "json":
        ban = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": uuid.uuid4().hex}
        return json_answer(ban, status=spec.status or 200, refusal="ip_ban")
    if spec.kind == "ip_ban":
        return Answer(IP_BAN_PAGE.encode(), spec.status or 200, HTML_TYPE, refusal="ip_ban")
    return None


def cut_short(answer: Answer) -> Answer:
    """Whole as HTTP, half as JSON."""
    if isinstance(answer.body, bytes):
        answer.body = answer.body[: len(answer.body) // 2]
    return answer


async def reset(send: Send, receive: Receive) -> None:
    """Close the connection with a TCP reset. ASGI has no word for it, so this reaches for uvicorn's transport."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await gone(receive)


async def hang_up(send: Send, receive: Receive) -> None:
    """Close the connection in good order, and without a word."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    transport.close()
    await gone(receive)


async def stall(spec: FaultSpec, receive: Receive) -> bool:
    """Say nothing until the caller gives up; true if he did, false when the time is over before."""
    try:
        await asyncio.wait_for(gone(receive), spec.seconds)
    except TimeoutError:
        return False
    return True


async def gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
