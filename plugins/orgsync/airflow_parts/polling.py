"""Asks something again and again, as triggers do: to end would end them for good, for Airflow starts no watcher a second time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

log = logging.getLogger(__name__)

Found = TypeVar("Found")


async def ask_again(look: Callable[[], Found], *, pause_seconds: float, complaint: str) -> AsyncIterator[Found]:
    """What `look` finds, each time, for ever; it may take its time, and fail. Its failure is logged once, by its type alone: `complaint`
    has a place for that.
    """
    said = ""
    while True:
        try:
            found = await asyncio.to_thread(look)
        except Exception as error:  # whatever it is
            if said != (said := type(error).__name__):
                log.warning(complaint, said)
        else:
            said = ""
            yield found
        await asyncio.sleep(pause_seconds)
