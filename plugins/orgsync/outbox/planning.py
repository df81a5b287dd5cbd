"""Turns messages that may go into calls: who they are for, as the organization is now, in the fewest calls."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from orgsync.errors import OrgsyncError, RetryableError
from orgsync.outbox import store
from orgsync.outbox.audiences import Asking
from orgsync.outbox.chunks import Audience, choose_way
from orgsync.outbox.quota import Call, find_hold
from orgsync.platforms.sending.deliveries import people_per_call
from orgsync.platforms.sending.messages import Content, Messenger
from orgsync.warehouse.statements import Row

log = logging.getLogger(__name__)

MOST_MESSAGES = 2000
"""In one transaction; equal ones among them share calls."""
NOBODY = "nobody of its audience is in the organization now"
_TODO_WAIT = timedelta(seconds=20)
_PAUSE = timedelta(minutes=5)
_AUDIENCE_WAIT = timedelta(minutes=10)
_AUDIENCE_PATIENCE = timedelta(days=1)
"""After that, an audience that never answers has failed."""


@dataclass(frozen=True)
class Desk:
    """A tenant, and what sends its messages.

    `is_whole` says that the tenant is all that the app sees; `timezone` is where its people read.
    """

    tenant_id: str
    messenger: Messenger
    is_whole: bool
    timezone: ZoneInfo


def plan_messages(connection: Connection, desk: Desk, *, now: datetime) -> int:
    """Make the calls for the messages that may go now; returns how many messages there were. One transaction: all of it, or nothing."""
    messages = store.claim_messages(connection, desk.tenant_id, most=MOST_MESSAGES, now=now)
    if not messages:
        return 0
    usage = store.read_usage(connection, desk.tenant_id, desk.messenger.limits, now=now)
    most_urgent = max(message["priority"] for message in messages)
    held = find_hold(Call(priority=most_urgent), usage, desk.messenger.limits, now=now)
    if held and held.until - now > _PAUSE:
        # Who gets them is looked up when they go, so they wait as they are.
        store.hold(connection, desk.tenant_id, held, priority=most_urgent)
        return 0
    asking = Asking(desk.tenant_id)
    for equal in _group(_ask_audiences(connection, asking, messages, now=now)):
        _plan_equal(connection, desk, equal, asked=asking.found(), now=now)
    return len(messages)


def read_content(row: Row, timezone: ZoneInfo) -> Content:
    """What a message says, its time as its readers' clocks show it."""
    due_at = row["due_at"].astimezone(timezone) if row["due_at"] else None
    return Content(row["kind"], title=row["title"], body=row["body"], url=row["url"], due_at=due_at)


def _ask_audiences(connection: Connection, asking: Asking, messages: Sequence[Row], *, now: datetime) -> list[Row]:
    """The messages whose saved audience has answered, or that have none; each of the others fails or waits by itself."""
    ready = []
    for message in messages:
        answer = None if message["is_everybody"] or message["query"] is None else asking.ask(connection, message["query"])
        if isinstance(answer, OrgsyncError):
            _put_off(connection, message, answer, now=now)
        else:
            ready.append(message)
    return ready


def _put_off(connection: Connection, message: Row, error: OrgsyncError, *, now: datetime) -> None:
    log.warning("message %s cannot be planned: %s", message["message_id"], error)
    if isinstance(error, RetryableError) and now - message["not_before"] < _AUDIENCE_PATIENCE:
        store.postpone_messages(connection, [message], f"{error}; it is asked again", until=now + _AUDIENCE_WAIT)
    else:
        store.fail_messages(connection, [message], str(error), now=now)


def _group(messages: Sequence[Row]) -> Iterable[list[Row]]:
    """Equal messages together, in the order in which the first of them comes; a change of a todo is alone."""
    groups: dict[str, list[Row]] = {}
    for message in messages:
        groups.setdefault(message["content_digest"], []).append(message)
    return groups.values()


def _plan_equal(connection: Connection, desk: Desk, messages: list[Row], *, asked: Mapping[str, Sequence[str]], now: datetime) -> None:
    if messages[0]["action"] != "send":
        _plan_change(connection, desk, messages[0], now=now)
        return
    problems = desk.messenger.find_problems(read_content(messages[0], desk.timezone))
    if problems:
        store.fail_messages(connection, messages, "; ".join(problems), now=now)
        return
    message_ids = [message["message_id"] for message in messages]
    queries = {message["query"] for message in messages}
    wanted = {query: user_ids for query, user_ids in asked.items() if query in queries}
    people = store.resolve_recipients(connection, desk.tenant_id, message_ids, asked=wanted, now=now)
    if not people:
        store.fail_messages(connection, messages, NOBODY, now=now)
        return
    _write_calls(connection, desk, messages, people=people, now=now)
    store.mark_claimed(connection, messages, now=now)


def _write_calls(connection: Connection, desk: Desk, messages: list[Row], *, people: int, now: datetime) -> None:
    limits, kind = desk.messenger.limits, messages[0]["kind"]
    audience = Audience(people, is_everybody=any(message["is_everybody"] for message in messages), is_whole=desk.is_whole)
    way = choose_way(replace(audience, departments=1), kind, limits)
    if way == "departments":
        message_ids = [message["message_id"] for message in messages]
        audience = store.measure_departments(
            connection,
            desk.tenant_id,
            message_ids,
            people=people,
            departments_per_call=limits.departments_per_call,
            is_everybody=audience.is_everybody,
        )
        way = choose_way(audience, kind, limits)
    sizes: Row = {"tenant_id": desk.tenant_id}
    if way != "everybody":
        sizes["people_per_call"] = people_per_call(kind, limits)
    if way == "departments":
        sizes["departments_per_call"] = limits.departments_per_call
    store.write_calls(connection, way, messages, **sizes, now=now)
    log.info("%d messages to %d people go by %s", len(messages), people, way)


def _plan_change(connection: Connection, desk: Desk, message: Row, *, now: datetime) -> None:
    """A todo that is not there yet is waited for; one that never came about cannot be changed."""
    todo = store.find_todo(connection, message["of_message_id"])
    if todo["state"] == "pending" or todo["open_calls"]:
        store.postpone_messages(connection, [message], "its todo is not sent yet", until=now + _TODO_WAIT)
        return
    problems = desk.messenger.find_problems(read_content(message, desk.timezone)) if message["action"] == "update" else []
    if problems:
        store.fail_messages(connection, [message], "; ".join(problems), now=now)
    elif store.write_calls_to_change(connection, message, now=now):
        store.mark_claimed(connection, [message], now=now)
    else:
        store.fail_messages(connection, [message], f"its todo is {todo['state']}: there is nothing to change", now=now)
