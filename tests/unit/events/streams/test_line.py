"""A line against a platform that is played: acknowledging, planned ends, silence, outages, and an end at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from orgsync.events.streams.line import Line, pause_after
from orgsync.platforms.hearing.events import Event, RefusedCallError
from orgsync.platforms.hearing.streams import Frame, Taken


@dataclass
class FakeSession:
    url: str = "ws://fake"
    quiet_seconds: float = 5.0
    ping_seconds: float = 0.0

    def ping(self) -> Frame:
        return "ping"

    def take(self, frame: Frame) -> Taken:
        text = str(frame)
        if text == "noise":
            raise RefusedCallError("malformed")
        if text == "last":
            return Taken(is_last=True)
        if text.startswith("event"):
            return Taken(Event("fake", text, "t"), reply=f"ack {text}", refusal=f"later {text}")
        return Taken(reply=f"pong {text}")


@dataclass
class FakeSocket:
    frames: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    sent: list[str] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def recv(self) -> Frame:
        frame = await self.frames.get()
        if frame == "gone":
            raise ConnectionResetError
        return frame

    async def send(self, frame: str) -> None:
        self.sent.append(frame)

    async def close(self) -> None:
        self.closed.set()


@dataclass
class Platform:
    """Gives a socket for each opening; `refuses` so many before."""

    refuses: int = 0
    session: FakeSession = field(default_factory=FakeSession)
    sockets: list[FakeSocket] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    fails: bool = False
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    pauses: list[int] = field(default_factory=list)

    app = "app"
    company = ""

    def open(self) -> FakeSession:
        if self.refuses:
            self.refuses -= 1
            raise ConnectionRefusedError
        return self.session

    async def connect(self, _: str) -> FakeSocket:
        self.sockets.append(FakeSocket())
        self.opened.set()
        return self.sockets[-1]

    async def store(self, event: Event) -> None:
        if self.fails:
            raise ConnectionError
        self.stored.append(event.key)

    async def next_socket(self) -> FakeSocket:
        await asyncio.wait_for(self.opened.wait(), 10)
        self.opened.clear()
        return self.sockets[-1]

    def line(self) -> Line:
        def no_pause(failures: int) -> float:
            self.pauses.append(failures)
            return 0.0

        return Line("fake", lambda: self, self.store, connect=self.connect, pause_after=no_pause, drain_seconds=5)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0)


def play(platform: Platform, scene: Callable[[Platform], Awaitable[None]]) -> None:
    async def run() -> None:
        listening = asyncio.create_task(platform.line().listen())
        try:
            await scene(platform)
            assert not listening.done()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        assert all(socket.closed.is_set() for socket in platform.sockets)

    asyncio.run(run())


def test_event_is_stored_and_then_acknowledged() -> None:
    async def scene(platform: Platform) -> None:
        socket = await platform.next_socket()
        for frame in ("hello", "event 1", "event 2"):
            socket.frames.put_nowait(frame)
        await until(lambda: len(socket.sent) == 3)
        assert (socket.sent, platform.stored) == (["pong hello", "ack event 1", "ack event 2"], ["event 1", "event 2"])

    play(Platform(), scene)


def test_event_that_is_not_stored_is_not_acknowledged_and_the_line_goes_on() -> None:
    async def scene(platform: Platform) -> None:
        socket = await platform.next_socket()
        socket.frames.put_nowait("event 1")
        await until(lambda: bool(socket.sent))
        platform.fails = False
        socket.frames.put_nowait("event 1")
        await until(lambda: len(socket.sent) == 2)
        assert (socket.sent, platform.stored, len(platform.sockets)) == (["later event 1", "ack event 1"], ["event 1"], 1)

    play(Platform(fails=True), scene)


def test_next_connection_is_there_before_the_last_is_closed_and_both_are_heard() -> None:
    async def scene(platform: Platform) -> None:
        first = await platform.next_socket()
        first.frames.put_nowait("last")
        second = await platform.next_socket()
        assert second is not first
        assert not first.closed.is_set()
        first.frames.put_nowait("event late")
        second.frames.put_nowait("event new")
        await until(lambda: len(platform.stored) == 2)
        first.frames.put_nowait("gone")
        await until(first.closed.is_set)
        assert not second.closed.is_set()

    play(Platform(), scene)


def test_silent_connection_counts_as_dead() -> None:
    async def scene(platform: Platform) -> None:
        first = await platform.next_socket()
        second = await platform.next_socket()
        assert first.closed.is_set()
        second.frames.put_nowait("event 1")
        await until(lambda: platform.stored == ["event 1"])

    play(Platform(session=FakeSession(quiet_seconds=0.05)), scene)


def test_what_is_no_frame_is_passed_over() -> None:
    async def scene(platform: Platform) -> None:
        socket = await platform.next_socket()
        for frame in ("noise", "event 1", "noise"):
            socket.frames.put_nowait(frame)
        await until(lambda: platform.stored == ["event 1"])
        assert len(platform.sockets) == 1

    play(Platform(), scene)


def test_connection_that_breaks_is_replaced() -> None:
    async def scene(platform: Platform) -> None:
        first = await platform.next_socket()
        first.frames.put_nowait("event 1")
        first.frames.put_nowait("gone")
        await platform.next_socket()
        assert (first.closed.is_set(), platform.stored, platform.pauses) == (True, ["event 1"], [1])

    play(Platform(), scene)


def test_platform_that_refuses_is_asked_again_and_less_and_less_often() -> None:
    async def scene(platform: Platform) -> None:
        socket = await platform.next_socket()
        socket.frames.put_nowait("event 1")
        await until(lambda: bool(platform.stored))
        assert platform.pauses == [1, 2, 3, 4, 5]

    play(Platform(refuses=5), scene)


def test_platform_that_ends_each_connection_at_once_is_not_hurried() -> None:
    async def scene(platform: Platform) -> None:
        for _ in range(3):
            (await platform.next_socket()).frames.put_nowait("last")
        await until(lambda: len(platform.pauses) >= 3)
        assert set(platform.pauses) == {1}

    play(Platform(), scene)


def test_pings_are_sent_as_often_as_the_session_says() -> None:
    async def scene(platform: Platform) -> None:
        socket = await platform.next_socket()
        await until(lambda: socket.sent.count("ping") >= 3)

    play(Platform(session=FakeSession(ping_seconds=0.01)), scene)


def test_nothing_of_an_address_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Telling(Platform):
        async def connect(self, url: str) -> FakeSocket:
            if not self.pauses:
                raise ValueError(f"cannot reach {url}?ticket=secret")
            return await super().connect(url)

    async def scene(platform: Platform) -> None:
        await platform.next_socket()

    play(Telling(), scene)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_pauses_grow_and_have_a_bound() -> None:
    assert all(0.5 <= pause_after(1) / 2 <= 1 for _ in range(50))
    assert all(30 <= pause_after(failures) <= 60 for failures in range(6, 10_000, 500))
