"""Lets Airflow's *Test* button work for connections that have no port.

The list of connections in Airflow 3.3 sends `"port": 0` for a connection stored without one. The API server takes that for
another port than the stored one, wants the secret typed again and answers 400 "The host or port to test differs".
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from orgsync.carriers.form import FORM
from orgsync.platforms import PLATFORM_NAMES

PATH = "/api/v2/connections/test"
OURS = (*PLATFORM_NAMES, FORM["connection-type"])

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class UnsetPort:
    """ASGI middleware: says `"port": null` where the page says 0, for our connection types and that one call."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(PATH):
            receive = _replay(unset_port(await _read_body(receive)), receive)
        await self._app(scope, receive, send)


def unset_port(body: bytes) -> bytes:
    """The same body, but for a port of 0 of a connection of ours. What is not such a body stays as it is."""
    try:
        connection = json.loads(body)
    except ValueError:
        return body
    if not isinstance(connection, dict) or connection.get("conn_type") not in OURS or connection.get("port") != 0:
        return body
    return json.dumps(connection | {"port": None}).encode()


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the whole body once, then whatever comes after it (a disconnect)."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Message:
        message = next(messages, None)
        return await receive() if message is None else message

    return replay
