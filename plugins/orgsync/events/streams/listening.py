"""Listens to all apps: a thread for each, which holds the app's claim, so that there is one listener of an app wherever it runs."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import uuid4

from orgsync.errors import BusyAppError, OrgsyncError
from orgsync.events.bounds import Complaints
from orgsync.events.receiving import address_event
from orgsync.events.storing import Inbox
from orgsync.events.streams.apps import App, Connect, connect, find_apps
from orgsync.events.streams.line import Line, pause_after
from orgsync.platforms.hearing.events import Event
from orgsync.settings import Settings
from orgsync.tenants import read_stanzas
from orgsync.warehouse.claims import Claim, take_turn
from orgsync.warehouse.connection import Address
from orgsync.warehouse.hook import find_warehouse

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 10.0
STAND_BY_SECONDS = 30
CHECK_SECONDS = 1.0

HoldLine = Callable[[App, Inbox], Line]


@dataclass
class Listener:
    """One app's thread. It stands by while another listens to the app, and takes over within a claim's time when that one dies."""

    app: App
    address: Address
    inbox: Inbox
    seconds: float
    ends: threading.Event = field(default_factory=threading.Event)
    line: Line | None = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work, name=f"listen {self.app.key}", daemon=True)

    def _work(self) -> None:
        failures = 0
        me = f"listen__{uuid4()}"
        address = replace(self.address, statement_timeout_seconds=STAND_BY_SECONDS)
        while not self.ends.is_set():
            try:
                with take_turn(address, self.app.key, claimed_by=me, seconds=self.seconds) as claim:
                    failures = 0
                    asyncio.run(self._listen(claim))
            except BusyAppError:
                continue
            except OrgsyncError as error:
                failures += 1
                log.warning("%s: nobody listens: %s; tried again", self.app.key, error)
                self.ends.wait(pause_after(failures))

    async def _listen(self, claim: Claim) -> None:
        """Until it is to end, or another listens."""
        self.line = Line(self.app.key, self.app.open_stream, self._store)
        log.info("%s: listening for %s", self.app.key, ", ".join(each.tenant_id for each in self.app.recipients))
        listening = asyncio.create_task(self.line.listen())
        while not (self.ends.is_set() or claim.is_lost or listening.done()):
            await asyncio.sleep(CHECK_SECONDS)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

    async def _store(self, event: Event) -> None:
        """What is for no tenant of ours is acknowledged: it would be for none the next time either."""
        rows = tuple(address_event(event, self.app.recipients, via="stream"))
        if rows:
            await asyncio.to_thread(self.inbox.save, rows)


class Listeners:
    """All of them, brought in line with the tenants file now and then."""

    def __init__(self, settings: Settings, *, only: Sequence[str] = (), connect: Connect = connect) -> None:
        self._settings, self._only, self._connect = settings, frozenset(only), connect
        self._address = find_warehouse(settings)
        self._inbox = Inbox(replace(self._address, statement_timeout_seconds=2))
        self._complaints = Complaints()
        self.running: dict[str, Listener] = {}

    def work(self, ends: threading.Event) -> None:
        """Until `ends` is set."""
        try:
            while not ends.is_set():
                self._look()
                ends.wait(LOOK_AGAIN_SECONDS)
        finally:
            self.end()

    def end(self) -> None:
        for listener in self.running.values():
            listener.ends.set()
        for listener in self.running.values():
            listener.thread.join(timeout=10)
        self.running.clear()
        self._inbox.close()

    def _look(self) -> None:
        """A tenants file that cannot be read at the moment ends nobody."""
        try:
            found = find_apps(read_stanzas(self._settings.tenants_file), self._connect, self._only)
        except OrgsyncError as error:
            log.warning("the tenants file cannot be read; those who listen go on: %s", error)
            return
        wanted = {app.key: app for app in found.listened}
        wrong = dict(found.closed) if wanted or found.closed else {"": "no stanza has `events: {receive: stream}`"}
        for tenant_id, reason in self._complaints.find_new(wrong):
            log.warning("%s receives no events by a stream: %s", f"tenant {tenant_id}" if tenant_id else "nobody", reason)
        for key, listener in list(self.running.items()):
            if wanted.get(key) != listener.app or not listener.thread.is_alive():
                listener.ends.set()
                listener.thread.join(timeout=10)
                del self.running[key]
        for key in wanted.keys() - self.running.keys():
            listener = Listener(wanted[key], self._address, self._inbox, self._settings.claim_seconds)
            self.running[key] = listener
            listener.thread.start()
