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
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from psycopg2.extensions import connection as Connection

from orgsync.errors import CredentialError, OrgsyncError
from orgsync.outbox import quota, store
from orgsync.outbox.planning import Desk, plan_messages, read_content
from orgsync.outbox.quota import Hold
from orgsync.outbox.recording import BLOCKED_WAIT, BLOCKING, Answer, record_answer
from orgsync.outbox.states import settle
from orgsync.outbox.store import Call, Claim
from orgsync.platforms.deliveries import is_task
from orgsync.platforms.messages import Delivery, Person
from orgsync.warehouse.statements import Row

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
"""Longer than the most patient call: past it, its worker is gone. A call whose key does not last that long has a shorter one."""
PARALLEL = 8
_BATCH = 4 * PARALLEL
_MOST_SETTLED = 500

_SHORT = timedelta(seconds=2)

Clock = Callable[[], datetime]


@dataclass
class Tally:
    """What one pass did, by outcome of its attempts; `blocked_by` is why it ended early."""

    messages: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    blocked_by: OrgsyncError | None = None


@dataclass(frozen=True)
class Worker:
    """How a pass works. `parallel` is how many calls at once, `name` is written down with what it claims.

    `may_wait` says that a call which may go a little later is waited for; otherwise the pass ends when nothing may go at once.
    `is_asked` says that a person wants it now: what waits because something failed is tried again at once.
    """

    clock: Clock = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    parallel: int = PARALLEL
    lease: timedelta = LEASE
    may_wait: bool = True
    is_asked: bool = False
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")


def deliver(connection: Connection, desk: Desk, worker: Worker, *, run_for: timedelta) -> Tally:
    """Send what may go, take back what is to be, ask for results; until nothing is left that may go within `run_for`."""
    tally, ends_at = Tally(), worker.clock() + run_for
    store.prefer_indexes(connection)
    if worker.is_asked:
        store.wake(connection, desk.tenant_id, now=worker.clock())
        connection.commit()
    while True:
        store.tidy_up(connection, desk.tenant_id, now=worker.clock())
        connection.commit()
        store.lock_pace(connection, desk.tenant_id)
        tally.messages += plan_messages(connection, desk, now=worker.clock())
        connection.commit()
        calls, held = _claim(connection, desk, worker)
        connection.commit()
        _make(connection, desk, worker, calls, tally)
        _settle(connection, desk.tenant_id, worker.clock())
        if tally.blocked_by or not (calls or _wait(connection, desk, worker, held, ends_at)) or worker.clock() >= ends_at:
            return tally


def _wait(connection: Connection, desk: Desk, worker: Worker, held: Hold | None, ends_at: datetime) -> bool:
    """Until the next call may go, if that is soon enough; results are asked for by a later pass."""
    next_at = store.find_next_call(connection, desk.tenant_id)
    connection.commit()
    if next_at is None or not worker.may_wait:
        return False
    next_at = max(next_at, held.until) if held else next_at
    if next_at >= ends_at:
        return False
    worker.pause(max((next_at - worker.clock()).total_seconds(), 0.05))
    return True


def _make(connection: Connection, desk: Desk, worker: Worker, calls: Sequence[Call], tally: Tally) -> None:
    """Make the calls and write down each answer as it comes. What cannot be understood is raised when the others are written down."""
    mistakes: list[BaseException] = []
    with ThreadPoolExecutor(worker.parallel, thread_name_prefix="deliver") as threads:
        under_way = {threads.submit(_call, desk, call): call for call in calls}
        try:
            for done in as_completed(under_way):
                if mistake := done.exception():
                    mistakes.append(mistake)
                else:
                    _record(connection, desk, worker, under_way[done], done.result(), tally)
        except BaseException:
            # Nobody is left to write down what would come of them.
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    if mistakes:
        raise mistakes[0]


def _record(connection: Connection, desk: Desk, worker: Worker, call: Call, answer: Answer, tally: Tally) -> None:
    now = worker.clock()
    tally.attempts[record_answer(connection, desk, call, answer, now=now)] += 1
    if isinstance(answer, CredentialError):
        # Each further try with a wrong secret counts against the address it comes from.
        store.hold(connection, desk.tenant_id, Hold(now + BLOCKED_WAIT, str(answer)), priority=quota.MOST_URGENT)
    connection.commit()
    if isinstance(answer, BLOCKING) and call.work != "results":
        tally.blocked_by = answer


def _claim(connection: Connection, desk: Desk, worker: Worker) -> tuple[list[Call], Hold | None]:
    """As many calls as the quotas allow now, and what kept others back; the lock keeps workers from counting past each other."""
    store.lock_pace(connection, desk.tenant_id)
    now, limits = worker.clock(), desk.messenger.limits
    found = store.find_work(connection, desk.tenant_id, most=_BATCH, now=now)
    if not found:
        return [], None
    usage = store.read_usage(connection, desk.tenant_id, now=now)
    people = store.read_people(connection, desk.tenant_id, found)
    claims: list[Claim] = []
    held: Hold | None = None
    for row in found:
        wanted = _wanted(row)
        held = quota.find_hold(wanted, usage, limits, now=now)
        if held and (held.is_for_all or row["work"] == "results"):
            break
        if held:
            store.hold_one(connection, desk.tenant_id, row, held)
            continue
        usage = usage.plus(wanted, now)
        named = people.get(row["delivery_id"], ())
        key_left = _key_left(desk, row, named, now)
        could_repeat = row["work"] == "send" and row["state"] == "unknown" and not key_left
        claims.append(Claim(row, row["work"], wanted.calls, could_repeat, min(worker.lease, key_left / 2 or worker.lease), named))
    # One that was held by itself holds no other.
    held = held if held and held.is_for_all else None
    if held and wanted.priority and held.until - now > _SHORT:
        store.hold(connection, desk.tenant_id, held, priority=row["priority"])
    if not claims:
        return [], held
    return store.start_attempts(connection, claims, claimed_by=worker.name, now=now), held


def _wanted(row: Row) -> quota.Call:
    """A question about results costs two calls at most places, and is the least urgent of all; taking back is the most urgent."""
    if row["work"] == "results":
        return quota.Call(calls=2, priority=0)
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
    except OrgsyncError as error:
        return error
    return None


def _settle(connection: Connection, tenant_id: str, now: datetime) -> None:
    """Work out anew the state of the messages whose calls or recipients have changed."""
    while True:
        standings = store.read_standings(connection, tenant_id, most=_MOST_SETTLED)
        store.save_verdicts(connection, {message_id: settle(standing) for message_id, standing in standings.items()}, now=now)
        connection.commit()
        if len(standings) < _MOST_SETTLED:
            return
