"""Holds an app's connection: opens it, answers its frames, notices when it is dead, and opens the next before it lets go of the last.

An event is acknowledged once it is stored, and not before. What was not acknowledged comes again, on this connection or another.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from orgsync.errors import OrgsyncError
from orgsync.platforms.hearing.events import Event, RefusedCallError
from orgsync.platforms.hearing.streams import Frame, Session, Stream, Taken

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 60.0
DRAIN_SECONDS = 10.0
"""After it announced its end DingTalk keeps a connection for so long."""
SHORTEST_SECONDS = 5.0
"""A platform that ends each connection at once is not asked for the next one at once."""
MOST_BYTES = 4 << 20
OPEN_SECONDS = 15.0
STORE_SECONDS = 2.5
"""Both platforms wait three seconds for an acknowledgement."""

Store = Callable[[Event], Awaitable[None]]


class Socket(Protocol):
    async def recv(self) -> Frame: ...

    async def send(self, frame: Any) -> None: ...

    async def close(self) -> None: ...


Connect = Callable[[str], Awaitable[Socket]]


async def connect(url: str) -> Socket:
    """Pings of the WebSocket itself find a network that is gone; that nobody is behind it any more they do not find."""
    from websockets.asyncio.client import connect as connect_socket

    return await connect_socket(url, max_size=MOST_BYTES, open_timeout=OPEN_SECONDS, close_timeout=3, ping_interval=20, ping_timeout=20)


def pause_after(failures: int) -> float:
    """Longer each time, and random: an hour's outage must not end with everybody at the door at once."""
    return random.uniform(0.5, 1.0) * min(2.0 ** min(failures, 10), LONGEST_PAUSE_SECONDS)  # noqa: S311


@dataclass
class Line:
    """One app's connection, for as long as `listen` runs. `failures` are those in a row."""

    name: str
    open_stream: Callable[[], Stream]
    store: Store
    connect: Connect = connect
    pause_after: Callable[[int], float] = pause_after
    drain_seconds: float = DRAIN_SECONDS
    failures: int = 0
    opened: int = 0
    _said: dict[str, str] = field(default_factory=dict)
    _draining: set[asyncio.Task[None]] = field(default_factory=set)

    async def listen(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                await self._hold_one()
        finally:
            for task in self._draining:
                task.cancel()
            await asyncio.gather(*self._draining, return_exceptions=True)

    async def _hold_one(self) -> None:
        """One connection: until it announced its end, and then it is left to end by itself; or until it failed."""
        try:
            session = await asyncio.to_thread(lambda: self.open_stream().open())
            socket = await self.connect(session.url)
        except Exception as error:  # of whatever kind, it is tried again: a listener that ended would be missed by nobody
            await self._pause(error)
            return
        self.opened += 1
        opened_at = asyncio.get_running_loop().time()
        reading = asyncio.create_task(self._read(session, socket))
        try:
            is_announced = await asyncio.shield(reading)
        except asyncio.CancelledError:
            reading.cancel()
            await _end(reading, socket)
            raise
        except Exception as error:
            await _end(reading, socket)
            await self._pause(error)
            return
        if is_announced:
            log.info("%s: the platform ends this connection as planned; the next is opened first", self.name)
            self._let_go(session, socket)
            if asyncio.get_running_loop().time() - opened_at < SHORTEST_SECONDS:
                await asyncio.sleep(self.pause_after(1))

    async def _read(self, session: Session, socket: Socket) -> bool:
        """Answer frames until one is the last. Raises when the connection is dead or of no use."""
        async with _pinging(session, socket):
            while True:
                try:
                    async with asyncio.timeout(session.quiet_seconds):
                        frame = await socket.recv()
                except TimeoutError:
                    raise SilentError(f"nothing came for {session.quiet_seconds:g} seconds, where something should") from None
                self._note_life()
                taken = self._take(session, frame)
                await self._answer(taken, socket)
                if taken.is_last:
                    return True

    def _take(self, session: Session, frame: Frame) -> Taken:
        try:
            return session.take(frame)
        except RefusedCallError:
            return Taken(problem="a frame that is none")

    async def _answer(self, taken: Taken, socket: Socket) -> None:
        reply = taken.reply
        if taken.problem:
            self._say("frames", f"{taken.problem} came, and was not acknowledged")
        if taken.event:
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    await self.store(taken.event)
                self._calm("warehouse")
            except Exception as error:  # whatever it is, only what is stored is acknowledged
                self._say("warehouse", error)
                reply = taken.refusal
        if reply is not None:
            await socket.send(reply)

    def _let_go(self, session: Session, socket: Socket) -> None:
        """What still comes on it is taken, until it is closed from the other side or its time is over."""

        async def drain() -> None:
            try:
                with suppress(Exception):
                    async with asyncio.timeout(self.drain_seconds):
                        while True:
                            await self._answer(self._take(session, await socket.recv()), socket)
            finally:
                with suppress(Exception):
                    await socket.close()

        task = asyncio.create_task(drain())
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _pause(self, error: BaseException) -> None:
        self.failures += 1
        self._say("connection", error)
        await asyncio.sleep(self.pause_after(self.failures))

    def _note_life(self) -> None:
        self.failures = 0
        self._calm("connection")

    def _say(self, about: str, error: BaseException | str) -> None:
        """Once: nobody reads the same a thousand times. An error of another library may hold the address, and in it a ticket."""
        said = str(error) if isinstance(error, OrgsyncError | SilentError | str) else type(error).__name__
        if said != self._said.get(about):
            self._said[about] = said
            log.warning("%s: %s", self.name, said)

    def _calm(self, about: str) -> None:
        if self._said.pop(about, ""):
            log.info("%s: %s: all is well again", self.name, about)


class SilentError(Exception):
    """A connection over which nothing comes any more."""


@asynccontextmanager
async def _pinging(session: Session, socket: Socket) -> AsyncIterator[None]:
    async def ping() -> None:
        while True:
            await socket.send(session.ping())
            await asyncio.sleep(session.ping_seconds)

    task = asyncio.create_task(ping()) if session.ping_seconds else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _end(reading: asyncio.Task[bool], socket: Socket) -> None:
    with suppress(asyncio.CancelledError, RefusedCallError, Exception):
        await reading
    with suppress(Exception):
        await socket.close()
