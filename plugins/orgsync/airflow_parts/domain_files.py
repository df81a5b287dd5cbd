"""Serves the file by which WeCom makes sure of a trusted domain: `WW_verify_….txt`, at the root of the address where people reach Airflow.

WeCom looks for it without a login, so it is open to everybody, and nothing but files of that name is (contract §12, "ownership file").
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from orgsync.settings import read_settings

NAME = re.compile(r"/(WW_verify_[A-Za-z0-9]{1,64}\.txt)", re.ASCII)
MOST_BYTES = 1024

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class DomainFiles:
    """ASGI middleware: answers for a file that is there, and leaves every other path to Airflow."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        content = find_file(scope["path"]) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if content is None:
            await self._app(scope, receive, send)
            return
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(content)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content if scope["method"] == "GET" else b""})


def find_file(path: str) -> bytes | None:
    """What the file holds; None where the path is no such file's, or it is not there, or too long to be one."""
    named = NAME.fullmatch(path)
    if named is None:
        return None
    file: Path = read_settings().domain_files / named[1]
    try:
        content = file.read_bytes() if file.stat().st_size <= MOST_BYTES else None
    except OSError:
        return None
    return content
