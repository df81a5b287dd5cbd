"""What listens to the platforms: a small ASGI app of its own, so that it can be open to the internet and Airflow is not.

It checks, stores, acknowledges, and does nothing else. Whoever is not known to be a platform learns one word.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from orgsync.errors import MissingConnectionError, OrgsyncError
from orgsync.events.bounds import Buckets, Complaints, Refusals
from orgsync.events.doors import Door, Doors, read_doors
from orgsync.events.receiving import Received, Row, receive
from orgsync.events.storing import MOST_CONNECTIONS, Inbox
from orgsync.platforms.hearing.events import Call, RefusedCallError
from orgsync.settings import Settings, read_settings
from orgsync.tenants import read_stanzas
from orgsync.warehouse.connection import Address
from orgsync.warehouse.hook import find_receiver_login

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
BODY_SECONDS = 3.0
STORE_SECONDS = 0.8
"""WeCom waits one second for all of it."""
LOOK_AGAIN_SECONDS = 10.0
PER_CALLER = (100.0, 1000.0)
PER_TENANT = (200.0, 2000.0)
"""Calls a second and at once. A company that is imported into a platform has an event for each person."""
STATUS = {"oversized": 413, "too_many": 429, "unknown_address": 404, "not_stored": 503}
MISSING = (
    "what receives events has no login for the warehouse: add the Airflow connection {conn_id!r} (type postgres), its login a member of "
    "the role orgsync_receiver and of no other; docs/events.md says how"
)

T = TypeVar("T")
ReadDoors = Callable[[], Doors]


def create_app() -> Starlette:
    """For whoever runs it in a server of their own: `uvicorn --factory orgsync.events.app:create_app`. Raises ConfigurationError."""
    settings = read_settings()
    read_stanzas(settings.tenants_file)  # one that cannot be read is told before anything is served
    return build_app(find_address(settings), lambda: read_doors(settings))


def find_address(settings: Settings) -> Address:
    """Raises MissingConnectionError: what is open to the internet has a login that can add events and nothing else."""
    address = find_receiver_login(settings)
    if address is None:
        raise MissingConnectionError(MISSING.format(conn_id=settings.receiver_conn_id))
    return address


def build_app(address: Address, read_doors: ReadDoors) -> Starlette:
    porter = Porter(Inbox(address), read_doors)
    routes = [
        Route("/-/health", porter.tell_health, methods=["GET"]),
        Route("/{tenant_id}", porter.answer, methods=["GET", "POST"]),
    ]
    app = Starlette(routes=routes, lifespan=porter.work)
    app.router.redirect_slashes = False
    return app


class Porter:
    """Answers calls. Doors and clock are looked at now and then, beside the calls: none waits for a file or a connection to be read."""

    def __init__(self, inbox: Inbox, read_doors: ReadDoors) -> None:
        self.inbox = inbox
        self.doors = Doors()
        self.refusals = Refusals()
        self._read_doors = read_doors
        self._callers, self._tenants = Buckets(*PER_CALLER), Buckets(*PER_TENANT)
        self._hands = ThreadPoolExecutor(MOST_CONNECTIONS, "store")
        self._look_out = ThreadPoolExecutor(1, "look")
        self._free = asyncio.Semaphore(MOST_CONNECTIONS)
        self._complaints = Complaints()
        self._said = ""

    @asynccontextmanager
    async def work(self, _: Starlette) -> AsyncIterator[None]:
        """Raises what makes it useless to begin: a tenants file that cannot be read."""
        self._open(await asyncio.to_thread(self._read_doors))
        await self._keep_books()
        if not self.doors.open:
            log.warning("no tenant receives events over HTTP: set `events: {receive: http}` in a stanza")
        looking = asyncio.create_task(self._look_again())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            await self._keep_books()
            self._hands.shutdown(wait=False, cancel_futures=True)
            self._look_out.shutdown(wait=False, cancel_futures=True)
            self.inbox.close()

    async def answer(self, request: Request) -> Response:
        """Nothing but its status says why a call was refused: whoever forges learns nothing."""
        tenant_id = request.path_params["tenant_id"]
        known = tenant_id if self.doors.know(tenant_id) else ""
        try:
            received = await self._receive(request, tenant_id)
            await self._store(received.rows)
        except RefusedCallError as refused:
            self.refusals.add(known, refused.reason)
            return Response("refused\n", STATUS.get(refused.reason, 403), media_type="text/plain")
        return Response(received.reply.body, media_type=received.reply.content_type)

    async def tell_health(self, _: Request) -> Response:
        return Response("ok\n" if self.inbox.is_measured else "the warehouse does not answer\n", 200 if self.inbox.is_measured else 503)

    async def _receive(self, request: Request, tenant_id: str) -> Received:
        if not self._callers.take(request.client.host if request.client else "", now=time.monotonic()):
            raise RefusedCallError("too_many")
        door = self._find_door(tenant_id)
        received = receive(door, await _read_call(request), now=self.inbox.now)
        if not self._tenants.take(tenant_id, now=time.monotonic()):
            raise RefusedCallError("too_many")
        return received

    def _find_door(self, tenant_id: str) -> Door:
        if door := self.doors.open.get(tenant_id):
            return door
        raise RefusedCallError("not_stored" if tenant_id in self.doors.closed else "unknown_address")

    async def _store(self, rows: tuple[Row, ...]) -> None:
        """What is not stored in time is not acknowledged, and comes again; should it be stored after all, it is there once."""
        if not rows:
            return
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._free.acquire()
                storing = asyncio.get_running_loop().run_in_executor(self._hands, self.inbox.save, rows)
                storing.add_done_callback(self._settle)
                await asyncio.shield(storing)
        except Exception as error:  # whatever it is, only what is stored is acknowledged
            self._say(error)
            raise RefusedCallError("not_stored") from None

    def _settle(self, storing: asyncio.Future[int]) -> None:
        self._free.release()
        if not storing.cancelled():
            storing.exception()  # it was told to whoever waited for it

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            await self._keep_books()
            try:
                self._open(await self._look(self._read_doors))
            except Exception as error:  # what was known of tenants still holds
                self._say(error)

    def _open(self, doors: Doors) -> None:
        self.doors = doors
        for tenant_id, reason in self._complaints.find_new(doors.closed):
            log.warning("tenant %s receives no events: %s", tenant_id, reason)

    async def _keep_books(self) -> None:
        """Writes down what was refused, and asks the warehouse for its time."""
        taken = self.refusals.take()
        try:
            await self._look(self.inbox.measure)
            while taken:
                await self._look(self.inbox.count_refusals, *taken[0])
                taken.pop(0)
        except Exception as error:
            self.refusals.put_back(taken)
            self._say(error)
        else:
            self._said = ""

    async def _look(self, ask: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._look_out, ask, *given)

    def _say(self, error: BaseException) -> None:
        """Once: a warehouse that is down would fill the log."""
        said = str(error) if isinstance(error, OrgsyncError) else type(error).__name__
        if said != self._said:
            self._said = said
            log.warning("events are not acknowledged, and come again: %s", said)


async def _read_call(request: Request) -> Call:
    """Raises RefusedCallError for more than any event has, and for a caller that takes its time."""
    try:
        body = await asyncio.wait_for(_read_body(request), BODY_SECONDS)
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=20))
    except (TimeoutError, ValueError, ClientDisconnect):
        raise RefusedCallError("malformed") from None
    return Call(request.method, query, {name.lower(): value for name, value in request.headers.items()}, body)


async def _read_body(request: Request) -> bytes:
    if not request.headers.get("content-length", "0").isdecimal() or int(request.headers.get("content-length", "0")) > MOST_BYTES:
        raise RefusedCallError("oversized")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise RefusedCallError("oversized")
    return bytes(body)
