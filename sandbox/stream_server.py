"""Serves the connections of apps: lets them in, answers their frames, hands events to one of them, ends them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Any

from sandbox.disruption import Receive, Send
from sandbox.events import Event
from sandbox.exchange import parse_query
from sandbox.settings import StreamingSettings
from sandbox.streams import Connection
from sandbox.subscription import Rejection, StreamStyle, Subscription
from sandbox.tenant import Tenant

NOBODY = "no connection is open"
UNANSWERED = "no acknowledgement"
AWAY = Rejection(503, {}, "Service Unavailable")


class StreamServer:
    def __init__(self, tenant: Tenant[StreamingSettings], style: StreamStyle) -> None:
        self.tenant, self.style = tenant, style
        self.streams = tenant.streams

    async def serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        is_away = self.streams.is_away
        verdict = AWAY if is_away else self.style.admit(self.tenant, parse_query(scope["query_string"].decode("latin-1")))
        if isinstance(verdict, Rejection):
            await _reject(verdict, send)
            return
        await send({"type": "websocket.accept"})
        connection = Connection(verdict.connection_id, send, takes_events=verdict.takes_events)
        self.streams.connections[connection.id] = connection
        if connection.takes_events and self.tenant.subscription.mode == "off":
            # An administrator can choose this mode once a client is online, and here there is none who would.
            self.tenant.subscription = Subscription(mode="stream")
        keeping = asyncio.ensure_future(self._keep_alive(connection))
        try:
            await self._listen(connection, receive)
        finally:
            keeping.cancel()
            self.streams.remove(connection)

    async def offer(self, event: Event) -> tuple[str, str]:
        """To one connection; its id, and `ok` or what was wrong."""
        connection = self.streams.choose()
        if connection is None:
            return "", NOBODY
        message_id = secrets.token_hex(16)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        connection.pending[message_id] = answer
        try:
            for frame in self.style.make_frames(self.tenant, event, message_id):
                await connection.say(frame)
            async with asyncio.timeout(self.tenant.settings.stream_answer_seconds):
                return connection.id, await answer
        except TimeoutError:
            return connection.id, UNANSWERED
        finally:
            connection.pending.pop(message_id, None)

    async def disconnect(self) -> list[str]:
        """As planned: said before, where the platform says it, and ended some time after that."""
        leaving = [connection for connection in self.streams.connections.values() if not connection.is_leaving]
        for connection in leaving:
            connection.is_leaving = True
            farewell = self.style.farewell()
            if farewell is not None:
                await connection.say(farewell)
            linger = self.tenant.settings.stream_linger_seconds if farewell is not None else 0
            asyncio.get_running_loop().call_later(linger, _close, connection)
        return [connection.id for connection in leaving]

    async def _listen(self, connection: Connection, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            frame = message.get("text")
            heard = self.style.hear(self.tenant, message.get("bytes") or b"" if frame is None else frame)
            if connection.is_silent:
                continue
            if heard.acknowledged is not None:
                connection.settle(heard.acknowledged, heard.outcome)
            if heard.reply is not None:
                await connection.say(heard.reply)

    async def _keep_alive(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(self.tenant.settings.stream_ping_seconds)
            frame = self.style.keep_alive()
            if frame is not None and not connection.is_leaving:
                await connection.say(frame)


async def _reject(verdict: Rejection, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in verdict.headers.items()]
    await send({"type": "websocket.http.response.start", "status": verdict.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": verdict.reason.encode()})


_closing: set[asyncio.Future[None]] = set()


def _close(connection: Connection) -> None:
    closing = asyncio.ensure_future(_close_unless_gone(connection))
    _closing.add(closing)
    closing.add_done_callback(_closing.discard)


async def _close_unless_gone(connection: Connection) -> None:
    with contextlib.suppress(RuntimeError, OSError):
        await connection.close()
