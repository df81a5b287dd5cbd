"""Delivers: claim calls and write that down, commit, call, write down what came of it. A worker may die anywhere, many may work at once.

What a crash can do: before the commit of a claim, nothing was done. After it, the lease runs out, the call counts as unknown and is made
again with the same key: nobody gets it twice where the platform takes one within its time, or drops equal content. Elsewhere the attempt
says that it could have repeated.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

from orgsync.errors import CredentialError, OrgsyncError, ThrottledError, WarehouseUnavailableError
from orgsync.outbox import quota, store
from orgsync.outbox.hands import Hands
from orgsync.outbox.holding import Holding, find_lease
from orgsync.outbox.personal import HELD, Near, divide, person_limits
from orgsync.outbox.planning import Desk, plan_messages, read_content
from orgsync.outbox.quota import Hold
from orgsync.outbox.recording import BLOCKED_WAIT, BLOCKING, Answer, record_answer
from orgsync.outbox.states import settle
from orgsync.outbox.store import Call, Claim
from orgsync.platforms.sending.deliveries import is_task
from orgsync.platforms.sending.messages import Delivery, Person
from orgsync.platforms.speaking.watching import watch_calls
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.statements import Row

log = logging.getLogger(__name__)

PARALLEL = 8
_BATCH = 4 * PARALLEL
"""So many calls are begun before it is looked what else is queued."""
_MOST_SETTLED = 500

_SHORT = timedelta(seconds=2)
_LOOK_AGAIN = timedelta(seconds=1)
"""While calls are under way, and somebody is free."""


@dataclass
class Tally:
    """What one pass did, by outcome of its attempts; `blocked_by` is why it ended early."""

    messages: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    blocked_by: OrgsyncError | None = None


def tell_nobody(_tally: Tally) -> None:
    """What becomes of a pass's figures where nobody measures."""


@dataclass(frozen=True)
class Worker:
    """How a pass works. `parallel` is how many calls at once, `name` is written down with what it claims.

    `may_wait` says that a call which may go a little later is waited for; otherwise the pass ends when nothing may go at once.
    `is_asked` says that a person wants it now: what waits because something failed is tried again at once. `lease` None is as long as a
    call to the platform may take. `tell` is given what a pass did, also one that ended early.
    """

    clock: Clock = read_clock
    pause: Callable[[float], None] = time.sleep
    parallel: int = PARALLEL
    lease: timedelta | None = None
    may_wait: bool = True
    is_asked: bool = False
    tell: Callable[[Tally], None] = tell_nobody
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")


def deliver(connection: Connection, desk: Desk, worker: Worker, *, run_for: timedelta, keeper: Connection) -> Tally:
    """Send what may go, take back what is to be, ask for results; until nothing is left that may go within `run_for`.

    By `keeper`, another connection to the same warehouse, it keeps what it has claimed.
    """
    store.prefer_indexes(connection)
    now = worker.clock(connection)
    if worker.is_asked:
        store.wake(connection, desk.tenant_id, now=now)
    connection.commit()
    with Holding(keeper, worker.clock) as holding, Hands(worker.parallel, lambda call: _make(desk, holding, call)) as hands:
        return _Pass(connection, desk, worker, holding, hands, worker.lease or find_lease(desk.messenger), now, now + run_for).run()


Made = tuple[Answer, int]
"""What a call gave, and how many calls of the platform it took."""


@dataclass
class _Pass:
    """One pass. `now` is what the warehouse's clock showed last, `held` what kept calls back when some were claimed last."""

    connection: Connection
    desk: Desk
    worker: Worker
    holding: Holding
    hands: Hands[Made]
    lease: timedelta
    now: datetime
    ends_at: datetime
    tally: Tally = field(default_factory=Tally)
    held: Hold | None = None
    mistakes: list[BaseException] = field(default_factory=list)

    def run(self) -> Tally:
        """What cannot be understood is raised when all others are written down."""
        while True:
            self._prepare()
            begun = self._begin_calls()
            if self.mistakes or self.tally.blocked_by or self.now >= self.ends_at:
                break
            if self.hands.are_busy:
                self._record_ended(within=min(self.held.until - self.now, _LOOK_AGAIN) if self.held else _LOOK_AGAIN)
            elif not begun and not self._wait():
                break
        while self.hands.are_busy:
            self._record_ended()
        self._settle()
        if self.mistakes:
            raise self.mistakes[0]
        return self.tally

    def _prepare(self) -> None:
        """End what is over, find what was lost, and make calls of what was queued meanwhile."""
        self._look_at_clock()
        store.tidy_up(self.connection, self.desk.tenant_id, now=self.now)
        self.connection.commit()
        store.lock_pace(self.connection, self.desk.tenant_id)
        self.tally.messages += plan_messages(self.connection, self.desk, now=self.worker.clock(self.connection))
        self.connection.commit()
        self._settle()

    def _begin_calls(self) -> int:
        """Begin up to a batch of them, each when there is a thread for it: none is claimed to wait. Returns how many."""
        begun, more = 0, True
        while more and begun < _BATCH and not self._is_stopped:
            if not self.hands.free:
                self._record_ended()
                continue
            more, calls = self._claim()
            self.connection.commit()
            self.holding.take(calls)
            self.hands.begin(calls)
            begun += len(calls)
            if self.now >= self.ends_at:
                break
        return begun

    @property
    def _is_stopped(self) -> bool:
        """A mistake stops what comes after this batch, a warehouse that does not answer what comes next."""
        return bool(self.tally.blocked_by) or any(isinstance(mistake, WarehouseUnavailableError) for mistake in self.mistakes)

    def _wait(self) -> bool:
        """Until the next call may go, if that is soon enough; results are asked for by a later pass."""
        next_at = store.find_next_call(self.connection, self.desk.tenant_id)
        self._look_at_clock()
        if next_at is None or not self.worker.may_wait:
            return False
        next_at = max(next_at, self.held.until) if self.held else next_at
        if next_at >= self.ends_at:
            return False
        self.worker.pause(max((next_at - self.now).total_seconds(), 0.05))
        return True

    def _claim(self) -> tuple[bool, list[Call]]:
        """As many calls as can be made at once and the quotas allow; and whether there may be more of them.

        The lock keeps workers from counting past each other.
        """
        store.lock_pace(self.connection, self.desk.tenant_id)
        self.now, self.held = self.worker.clock(self.connection), None
        now, limits = self.now, self.desk.messenger.limits
        found = store.find_work(self.connection, self.desk.tenant_id, most=self.hands.free, now=now)
        if not found:
            return False, []
        usage = store.read_usage(self.connection, self.desk.tenant_id, limits, now=now)
        near = self._find_people_at_limit(found)
        chosen: list[tuple[Row, quota.Call]] = []
        crowded: set[str] = set()
        has_changed = False
        for row in found:
            wanted = _wanted(row)
            held = quota.find_hold(wanted, usage, limits, now=now)
            if held and row["work"] == "results":
                break
            if held and held.is_for_all:
                self._hold_all(held, wanted)
                break
            people = near[row["delivery_id"]]
            if held or self._spare(row, people):
                if held:
                    store.hold_one(self.connection, self.desk.tenant_id, row, held)
                has_changed = True
            elif crowded.isdisjoint(each.user_id for each in people):
                usage = usage.plus(wanted, now)
                chosen.append((row, wanted))
                # They may get one more, and are looked at again before the next.
                crowded |= {each.user_id for each in people}
        claims = self._write_claims(chosen)
        started = store.start_attempts(self.connection, claims, claimed_by=self.worker.name, now=now) if claims else []
        return not self.held and (has_changed or bool(claims)), started

    def _hold_all(self, held: Hold, wanted: quota.Call) -> None:
        self.held = held
        if held.until - self.now > _SHORT:
            store.hold(self.connection, self.desk.tenant_id, held, priority=wanted.priority)

    def _find_people_at_limit(self, found: Sequence[Row]) -> dict[int, list[Near]]:
        """By call; a task is no message, and is not counted by the person."""
        limits = self.desk.messenger.limits
        sends = [row["delivery_id"] for row in found if row["work"] == "send" and not is_task(row["kind"], limits)]
        allowed = person_limits(limits)
        if not sends or not allowed:
            return defaultdict(list)
        return store.find_people_at_limit(self.connection, self.desk.tenant_id, sends, allowed, now=self.now)

    def _spare(self, row: Row, near: Sequence[Near]) -> bool:
        """Let those wait who may get no more now, alone or with their call; false where nobody has to."""
        is_named = not row["to_all"] and not row["department_ids"]
        until, portions = divide(near, people=row["people"], is_named=is_named, is_in_doubt=row["state"] == "unknown", now=self.now)
        for portion in portions:
            store.split_off(self.connection, row, portion, HELD, now=self.now)
        if until:
            store.hold_one(self.connection, self.desk.tenant_id, row, Hold(until, HELD, is_for_all=False))
        return bool(until or portions)

    def _write_claims(self, chosen: Sequence[tuple[Row, quota.Call]]) -> list[Claim]:
        people = store.read_people(self.connection, self.desk.tenant_id, [row for row, _ in chosen]) if chosen else {}
        return [self._write_claim(row, wanted, people.get(row["delivery_id"], ())) for row, wanted in chosen]

    def _write_claim(self, row: Row, wanted: quota.Call, named: tuple[Person, ...]) -> Claim:
        key_left = _key_left(self.desk, row, named, self.now)
        could_repeat = row["work"] == "send" and row["state"] == "unknown" and not key_left
        return Claim(row, row["work"], wanted.calls, could_repeat, min(self.lease, key_left / 2 or self.lease), named)

    def _record_ended(self, *, within: timedelta | None = None) -> None:
        """Write down what has ended by now, or what does so first."""
        for call, future in self.hands.finished(within=within.total_seconds() if within is not None else None):
            self._record(call, future)
            self.holding.let_go(call)

    def _record(self, call: Call, future: Future[Made]) -> None:
        if mistake := future.exception():
            self.mistakes.append(mistake)
            return
        answer, made = future.result()
        now = self.worker.clock(self.connection)
        outcome = record_answer(self.connection, self.desk, replace(call, made=made), answer, now=now)
        self.tally.attempts[outcome] += 1
        if held := _find_stop(answer, now):
            store.hold(self.connection, self.desk.tenant_id, held, priority=quota.MOST_URGENT)
        self.connection.commit()
        if isinstance(answer, BLOCKING) and call.work != "results":
            self.tally.blocked_by = answer

    def _settle(self) -> None:
        """Work out anew the state of the messages whose calls or recipients have changed."""
        while True:
            standings = store.read_standings(self.connection, self.desk.tenant_id, most=_MOST_SETTLED)
            if standings:
                verdicts = {message_id: settle(standing) for message_id, standing in standings.items()}
                store.save_verdicts(self.connection, verdicts, now=self.worker.clock(self.connection))
            self.connection.commit()
            if len(standings) < _MOST_SETTLED:
                return

    def _look_at_clock(self) -> None:
        self.now = self.worker.clock(self.connection)
        self.connection.commit()


def _find_stop(answer: Answer, now: datetime) -> Hold | None:
    """While it is no use to ask the platform at all: with a wrong secret, each try counts against the address it comes from."""
    if isinstance(answer, CredentialError):
        return Hold(now + BLOCKED_WAIT, str(answer))
    if isinstance(answer, ThrottledError) and (answer.wait_seconds or 0) > _SHORT.total_seconds():
        return Hold(now + timedelta(seconds=answer.wait_seconds or 0), str(answer))
    return None


def _wanted(row: Row) -> quota.Call:
    """A question about results takes three calls at most, and is the least urgent of all; taking back is the most urgent."""
    if row["work"] == "results":
        return quota.Call(calls=3, priority=0)
    if row["work"] == "recall":
        return quota.Call(priority=quota.MOST_URGENT)
    return quota.Call(people=row["people"], to_all=row["to_all"], priority=row["priority"])


def _key_left(desk: Desk, row: Row, people: tuple[Person, ...], now: datetime) -> timedelta:
    """How long this send may be made again without reaching anybody twice; a lease that ends later would be found too late."""
    if row["work"] != "send":
        return timedelta(0)
    kept = timedelta(seconds=desk.messenger.idempotent_seconds(_read_delivery(desk, row, people)))
    return max((row["first_called_at"] or now) + kept - now, timedelta(0))


def _read_delivery(desk: Desk, row: Row, people: tuple[Person, ...]) -> Delivery:
    return Delivery(read_content(row, desk.timezone), row["key"], people, tuple(row["department_ids"]), row["to_all"])


def _make(desk: Desk, holding: Holding, call: Call) -> Made:
    """Make a call, as long as it is this worker's."""
    with watch_calls(lambda: holding.has(call)) as watch:
        answer = _call(desk, call)
    return answer, watch.made


def _call(desk: Desk, call: Call) -> Answer:
    """The one call to the platform, and nothing else; an error is an answer too."""
    row, messenger, platform_id = call.row, desk.messenger, str(call.row["platform_id"] or "")
    try:
        match call.work:
            case "send":
                return messenger.send(_read_delivery(desk, row, call.people))
            case "results":
                return messenger.fetch_results(platform_id, call.people)
            case "recall" if is_task(row["kind"], messenger.limits):
                return messenger.delete_todo(platform_id)
            case "recall":
                return messenger.recall(platform_id)
            case "delete":
                return messenger.delete_todo(platform_id)
            case "update":
                messenger.update_todo(platform_id, read_content(row, desk.timezone))
            case "complete":
                messenger.complete_todo(platform_id)
    except WarehouseUnavailableError:
        raise
    except OrgsyncError as error:
        return error
    return None
