"""The ASGI application: each request goes to the control API, to the inbox page, to a group's robot or to the platform that claims it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

from sandbox import inbox_page
from sandbox.control import PREFIX, Control
from sandbox.disruption import Receive, Send, cut_short, delay_seconds, gone, hang_up, replacement, reset, stall
from sandbox.exchange import Answer, Request, parse_query
from sandbox.faults import FaultSpec
from sandbox.gateway import Gateway
from sandbox.robots.desk import Robots
from sandbox.state import save
from sandbox.tenant import Tenant

INBOX_PATH = "/inbox"
PIECE_BYTES = 1 << 14
TOO_SLOW = "too_slow"
"""How a call is counted that its caller gave up."""
REFUSING = frozenset(("throttle", "busy", "error_code", "forbidden_department"))


class Sandbox:
    """Platforms are asked in the order given; the last may claim whatever is left."""

    def __init__(self, gateways: list[Gateway], state: Path | None = None) -> None:
        self.gateways = gateways
        self.tenants = [gateway.tenant for gateway in gateways]
        self.state = state
        self.robots = Robots()
        deliveries = {gateway.tenant.name: gateway.deliveries for gateway in gateways}
        self.control = Control(self.tenants, self.robots, on_change=self._save, deliveries=deliveries)
        streams = [one.streams for one in deliveries.values() if one.streams is not None]
        self.streams = {server.style.path: server for server in streams}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
            return
        request = await _read(scope, receive)
        if request is None:
            return
        if request.path.startswith(PREFIX):
            await _write(await self.control.answer(request), send)
            return
        if request.path == INBOX_PATH:
            await _write(inbox_page.answer(self.tenants, self.robots, request), send)
            return
        if (answer := self.robots.answer(request)) is not None:
            await _write(answer, send)
            return
        gateway = next(gateway for gateway in self.gateways if gateway.claims(request.path))
        await _serve(gateway, request, receive, send)

    async def _connect(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if (server := self.streams.get(scope["path"])) is not None:
            await server.serve(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})  # before it is accepted this is HTTP 403

    def _save(self) -> None:
        if self.state is not None:
            save(self.state, self.tenants)


async def _serve(gateway: Gateway, request: Request, receive: Receive, send: Send) -> None:
    tenant = gateway.tenant
    gateway.read(request)
    tenant.calls.arrive(request, now=time.time())
    tenant.under_way[request.interface] += 1
    try:
        await _respond(gateway, request, receive, send)
    finally:
        tenant.under_way[request.interface] -= 1


async def _respond(gateway: Gateway, request: Request, receive: Receive, send: Send) -> None:
    tenant = gateway.tenant
    specs = tenant.faults.striking(request) if tenant.faults.all else []
    disruption = await _disrupted(tenant, specs, receive, send)
    if disruption is not None:
        tenant.calls.finish(request, disruption, now=time.time())
        return
    answer = _answer(gateway, request, specs)
    answer.headers = (*answer.headers, (b"date", formatdate(time.time() + tenant.settings.clock_ahead_seconds, usegmt=True).encode()))
    if any(spec.kind == "lost_answer" for spec in specs):
        tenant.calls.finish(request, "lost_answer", now=time.time())
        await hang_up(send, receive)
    elif isinstance(answer.body, bytes) and not answer.bytes_per_second:
        tenant.calls.finish(request, answer.refusal, now=time.time())
        await _write(answer, send)
    else:
        is_taken = await _write_while_wanted(answer, send, receive)
        tenant.calls.finish(request, answer.refusal if is_taken else TOO_SLOW, now=time.time())


async def _disrupted(tenant: Tenant, specs: list[FaultSpec], receive: Receive, send: Send) -> str | None:
    """Wait as ordered; the kind of fault when after that there is nobody left to answer."""
    delay = tenant.settings.latency_ms / 1000 + delay_seconds(specs)
    if delay:
        await asyncio.sleep(delay)
    for spec in specs:
        if spec.kind == "reset":
            await reset(send, receive)
            return spec.kind
        if spec.kind == "stall" and await stall(spec, receive):
            return spec.kind
    return None


def _answer(gateway: Gateway, request: Request, specs: list[FaultSpec]) -> Answer:
    for spec in specs:
        if spec.kind == "expired_token":
            gateway.tenant.expire_tokens()
        if spec.kind in REFUSING:
            return gateway.refuse(request, spec)
        if (page := replacement(spec)) is not None:
            return page
    answer = gateway.answer(request)
    if specs and not isinstance(answer.body, bytes):
        answer.body = b"".join(answer.body)
    for spec in specs:
        answer = gateway.damage(answer, request, spec)
    return cut_short(answer) if any(spec.kind == "truncated_json" for spec in specs) else answer


async def _read(scope: dict[str, Any], receive: Receive) -> Request | None:
    """None when the caller hung up before the end."""
    pieces: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], parse_query(query), headers, b"".join(pieces), scope["client"][0], raw_query=query)


async def _write(answer: Answer, send: Send) -> None:
    headers = [(b"content-type", answer.content_type), *answer.headers]
    if isinstance(answer.body, bytes):
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if isinstance(answer.body, bytes):
        await send({"type": "http.response.body", "body": answer.body})
        return
    for piece in answer.body:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _write_while_wanted(answer: Answer, send: Send, receive: Receive) -> bool:
    """Piece by piece, at the speed the answer says, others being answered meanwhile; false when the caller is gone before the end."""
    leaving = asyncio.ensure_future(gone(receive))
    try:
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": [(b"content-type", answer.content_type), *answer.headers]}
        )
        for piece in _pieces(answer):
            await asyncio.wait([leaving], timeout=len(piece) / answer.bytes_per_second if answer.bytes_per_second else 0)
            if leaving.done():
                return False
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        leaving.cancel()
    return True


def _pieces(answer: Answer) -> Iterator[bytes]:
    if not isinstance(answer.body, bytes):
        return answer.body
    return (answer.body[start : start + PIECE_BYTES] for start in range(0, len(answer.body), PIECE_BYTES))
