"""Run by itself: the receiver as the command runs it, which kills itself at a step, or never."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from orgsync.events import app as receiving
from orgsync.events.storing import Inbox

STEPS = ("before it reads", "before it stores", "while it stores", "before it acknowledges", "after it acknowledged")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def doom(step: str) -> None:
    read, save = receiving._read_call, Inbox.save

    async def read_or_die(request: Any) -> Any:
        if step == "before it reads":
            die()
        return await read(request)

    def save_or_die(inbox: Inbox, rows: Any) -> int:
        if step == "before it stores":
            die()
        if step == "while it stores":
            with inbox._borrow() as connection, connection.cursor() as cursor:
                connection.autocommit = False
                cursor.execute(
                    "insert into ops.event (tenant_id, event_key, platform, type, kind, via) values ('x', 'x', 'x', 'x', 'other', 'http')"
                )
                die()
        saved = save(inbox, rows)
        if step == "before it acknowledges":
            die()
        return saved

    receiving._read_call = read_or_die
    Inbox.save = save_or_die  # type: ignore[method-assign]
    if step == "after it acknowledged":
        answer = receiving.Porter.answer

        async def answer_and_die(porter: Any, request: Any) -> Any:
            response = await answer(porter, request)

            async def send_and_die(scope: Any, receive: Any, send: Any) -> None:
                await response(scope, receive, send)
                die()

            return send_and_die

        receiving.Porter.answer = answer_and_die  # type: ignore[method-assign]


if __name__ == "__main__":
    doom(sys.argv[1])
    sys.argv = ["orgsync", "receive", "--port", sys.argv[2]]
    from orgsync.cli.main import main

    main()
