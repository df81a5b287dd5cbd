"""What Airflow mounts. Every Airflow process loads the plugin, also each task: the app itself is imported by the first request."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class PagesApp:
    """The ASGI app of the pages."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await _build()(scope, receive, send)


@cache
def _build() -> Any:
    """What is loaded by now stays for as long as the server does: Python's search for garbage need not look through it with every few
    answers, which takes 0.3 to 0.6 s each time, and whoever asks just then waits.
    """
    from orgsync.pages.app import build_app
    from orgsync.settings import read_settings

    app = build_app(read_settings())
    gc.collect()
    gc.freeze()
    return app
