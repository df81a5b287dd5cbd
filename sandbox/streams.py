"""The connections that an app opened to be told of changes, and the tickets that open one."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

TICKET_SECONDS = 90
CLOSED = "the connection was closed"


@dataclass(eq=False)
class Connection:
    id: str
    send: Callable[[dict[str, Any]], Awaitable[None]]
    """The server's."""
    opened_at: float = field(default_factory=time.time)
    takes_events: bool = True
    is_silent: bool = False
    """Nothing is sent and nothing heard any more, and it stays open."""
    is_leaving: bool = False
    """The platform said that it ends; nothing more is delivered."""
    sent: int = 0
    pending: dict[str, asyncio.Future[str]] = field(default_factory=dict)
    """By the id of a message that waits for its acknowledgement."""

    async def say(self, frame: str | bytes) -> None:
        """To an app that may be gone already, which is noticed elsewhere."""
        if self.is_silent:
            return
        kind = "text" if isinstance(frame, str) else "bytes"
        try:
            await self.send({"type": "websocket.send", kind: frame})
        except (OSError, RuntimeError):  # the server's words for a connection that was closed by them, and by us
            self.settle_all(CLOSED)
        else:
            self.sent += 1

    async def close(self) -> None:
        await self.send({"type": "websocket.close", "code": 1000})

    def abort(self) -> None:
        """Without a word. ASGI has none for it, so this reaches for uvicorn's transport."""
        self.send.__self__.transport.abort()  # type: ignore[attr-defined]

    def settle(self, message_id: str, outcome: str) -> None:
        """Nobody waits any more for an answer that comes late."""
        waiting = self.pending.pop(message_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    def settle_all(self, outcome: str) -> None:
        for message_id in list(self.pending):
            self.settle(message_id, outcome)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "opened_at": self.opened_at,
            "silent": self.is_silent,
            "leaving": self.is_leaving,
            "frames_sent": self.sent,
            "waiting": len(self.pending),
        }


@dataclass
class Streams:
    connections: dict[str, Connection] = field(default_factory=dict)
    tickets: dict[str, tuple[float, bool]] = field(default_factory=dict)
    """Until when each is good, and whether its connection takes events."""
    away_until: float = 0.0
    """So long a restarted server takes nobody."""
    rng: Random = field(default_factory=lambda: Random("streams"))

    def issue_ticket(self, *, takes_events: bool = True) -> str:
        ticket = secrets.token_hex(16)
        self.tickets[ticket] = (time.time() + TICKET_SECONDS, takes_events)
        return ticket

    def redeem(self, ticket: str) -> bool | None:
        """Each once: whether its connection takes events; None for a ticket that is not good."""
        valid_until, takes_events = self.tickets.pop(ticket, (0.0, False))
        return takes_events if time.time() < valid_until else None

    @property
    def is_away(self) -> bool:
        return time.time() < self.away_until

    def choose(self) -> Connection | None:
        """Any one of them; that one is silent the platform does not know."""
        staying = [one for one in self.connections.values() if one.takes_events and not one.is_leaving]
        return self.rng.choice(staying) if staying else None

    def silence(self) -> list[str]:
        """Those that are open now."""
        for connection in self.connections.values():
            connection.is_silent = True
        return list(self.connections)

    def restart(self, seconds: float) -> list[str]:
        self.away_until = time.time() + seconds
        self.tickets.clear()
        ended = list(self.connections)
        for connection in list(self.connections.values()):
            connection.abort()
        return ended

    def remove(self, connection: Connection) -> None:
        self.connections.pop(connection.id, None)
        connection.settle_all(CLOSED)
