"""Brings events to the app: over HTTP or a stream, again where they are not acknowledged, with the faults that were ordered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any

from sandbox.callbacks import Caller, UnansweredError, new_sealing, of_a_stranger, tampered, with_wrong_signature
from sandbox.changes import compare
from sandbox.event_faults import EventFaultKind, EventFaultSpec
from sandbox.events import ACKNOWLEDGED, Attempt, Emission, Event
from sandbox.stream_server import StreamServer
from sandbox.subscription import Push, Sealing, Subscription, Telling
from sandbox.tenant import Tenant

STALE_SECONDS = 2 * 3600
HOSTILE: tuple[EventFaultKind, ...] = ("forged", "stale", "tampered")
Orders = Mapping[EventFaultKind, EventFaultSpec]


class SubscriptionError(Exception):
    """The console would not save this."""


class Deliveries:
    """Of one tenant. Waits and retries live as long as the process."""

    def __init__(self, tenant: Tenant[Any], telling: Telling) -> None:
        self.tenant, self.telling = tenant, telling
        self.caller = Caller()
        self.streams = None if telling.stream is None else StreamServer(tenant, telling.stream)
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate: tuple[int, asyncio.Semaphore] = (0, asyncio.Semaphore())
        self._held: list[asyncio.Event] = []

    @property
    def is_listened_to(self) -> bool:
        return self.tenant.subscription.mode != "off"

    async def subscribe(self, subscription: Subscription) -> None:
        """Raises `SubscriptionError`; what was there then stays."""
        if subscription.mode == "stream" and self.streams is None:
            raise SubscriptionError(f"{self.tenant.name} tells of changes by HTTP only")
        if subscription.mode == "http":
            await self._check(subscription)
        self.tenant.subscription = subscription

    async def _check(self, subscription: Subscription) -> None:
        style, tenant = self.telling.http, self.tenant
        try:
            style.check_subscription(subscription)
        except ValueError as error:
            raise SubscriptionError(str(error)) from None
        push = style.make_check(tenant, subscription, new_sealing(time.time()))
        try:
            answer = await self.caller.call(subscription.url, push, seconds=tenant.settings.event_check_seconds)
        except UnansweredError as error:
            raise SubscriptionError(f"the check of the URL failed: {error}") from None
        if answer.status != 200 or not style.passes_check(tenant, subscription, push, answer):
            raise SubscriptionError(f"the check of the URL failed: HTTP {answer.status}, and not the answer that was wanted")

    def tell_changes(self, past: Tenant[Any]) -> None:
        """Of the organization since then."""
        changes = compare(past.organization, self.tenant.organization)
        self.tell(self.telling.find_events(past, self.tenant, changes, time.time()))

    def tell_range(self, past: Tenant[Any]) -> None:
        """Of what the app may see."""
        if self.telling.find_range_events is not None:
            self.tell(self.telling.find_range_events(past, self.tenant, time.time()))

    def tell(self, events: Iterable[Event]) -> None:
        """Begun in the order given; which arrives first is another matter unless `events_at_once` is 1."""
        for emission in self.tenant.events.add(events):
            orders = self.tenant.event_faults.striking(emission.event)
            emission.faults = list(orders)
            self._start(self._deliver(emission, orders))

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, emission: Emission, orders: Orders) -> None:
        book = self.tenant.events
        if "lost" in orders:
            emission.state = "lost"
            return
        if "delayed" in orders:
            await asyncio.sleep(orders["delayed"].seconds)
        if "reordered" in orders:
            await self._be_overtaken(orders["reordered"].seconds)
        await self._break_connections(orders)
        sealing = new_sealing(time.time())
        for delay in (0.0, *self._retry_delays()):
            if delay:
                await asyncio.sleep(delay)
            if book is not self.tenant.events:
                return  # it was of a company that is no more
            outcome = await self._attempt_in_turn(emission, orders, sealing)
            self._let_go()
            if outcome == ACKNOWLEDGED:
                emission.state = "delivered"
                await self._repeat(emission, orders)
                return
            if not self._is_tried_again(outcome):
                break
        emission.state = "failed"
        if self.telling.give_up is not None and self.tenant.subscription.mode == "http":
            self.telling.give_up(self.tenant, emission.event)

    async def _repeat(self, emission: Emission, orders: Orders) -> None:
        for _ in range(orders["duplicated"].copies if "duplicated" in orders else 0):
            await self._attempt_in_turn(emission, {}, new_sealing(time.time()))

    def _retry_delays(self) -> tuple[float, ...]:
        settings = self.tenant.settings
        delays: tuple[float, ...] = (
            settings.stream_retry_seconds if self.tenant.subscription.mode == "stream" else settings.event_retry_seconds
        )
        return delays

    def _is_tried_again(self, outcome: str) -> bool:
        return self.tenant.settings.event_retry_on_refusal or not outcome.startswith("refused")

    async def _attempt_in_turn(self, emission: Emission, orders: Orders, sealing: Sealing) -> str:
        async with self._turn():
            for kind in HOSTILE:
                if kind in orders and not emission.attempts and self.tenant.subscription.mode == "http":
                    emission.hostile[kind] = await self._attack(emission.event, kind)
            began = time.time()
            by, outcome = await self._attempt(emission.event, sealing)
            emission.attempts.append(Attempt(began, by, outcome))
            return outcome

    def _turn(self) -> asyncio.Semaphore:
        most = self.tenant.settings.events_at_once
        if self._gate[0] != most:
            self._gate = (most, asyncio.Semaphore(most))
        return self._gate[1]

    async def _attempt(self, event: Event, sealing: Sealing) -> tuple[str, str]:
        subscription, settings = self.tenant.subscription, self.tenant.settings
        if subscription.mode == "stream" and self.streams is not None:
            return await self.streams.offer(event)
        if subscription.mode == "off":
            return "", "nobody is subscribed"
        if settings.event_signed_anew:
            sealing = new_sealing(time.time())
        return "http", await self._post(self.telling.http.make_push(self.tenant, subscription, event, sealing), subscription)

    async def _post(self, push: Push, subscription: Subscription) -> str:
        try:
            answer = await self.caller.call(subscription.url, push, seconds=self.tenant.settings.event_answer_seconds)
        except UnansweredError as error:
            return str(error)
        if answer.status != 200:
            return f"refused with HTTP {answer.status}"
        fault = self.telling.http.find_fault(self.tenant, subscription, answer)
        return ACKNOWLEDGED if fault is None else f"refused: {fault}"

    async def _attack(self, event: Event, kind: EventFaultKind) -> str:
        """What came of a request that the app must not take: `accepted`, or why not."""
        subscription, now = self.tenant.subscription, time.time()
        style = self.telling.http
        if kind == "forged":
            push = with_wrong_signature(style.make_push(self.tenant, of_a_stranger(subscription), event, new_sealing(now)))
        elif kind == "tampered":
            push = tampered(style.make_push(self.tenant, subscription, event, new_sealing(now)))
        else:
            push = style.make_push(self.tenant, subscription, event, new_sealing(now - STALE_SECONDS))
        outcome = await self._post(push, subscription)
        return "accepted" if outcome == ACKNOWLEDGED else outcome

    async def _break_connections(self, orders: Orders) -> None:
        if self.streams is None:
            return
        if "silence" in orders:
            self.tenant.streams.silence()
        if "disconnect" in orders:
            await self.streams.disconnect()
        if "restart" in orders:
            self.tenant.streams.restart(orders["restart"].seconds)

    async def _be_overtaken(self, seconds: float) -> None:
        """Until another event went out; so long at most."""
        overtaken = asyncio.Event()
        self._held.append(overtaken)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await overtaken.wait()
        finally:
            if overtaken in self._held:
                self._held.remove(overtaken)

    def _let_go(self) -> None:
        for overtaken in self._held:
            overtaken.set()
        self._held = []
