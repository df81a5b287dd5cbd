"""The verbs of the outbox. The DAGs, the command and the operator call them; this is the only module that joins the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from orgsync.companies.ownership import find_stranger
from orgsync.companies.rosters import note_roster
from orgsync.errors import ConfigurationError, GateError, OrgsyncError
from orgsync.log_fields import log_fields
from orgsync.outbox import store
from orgsync.outbox.announcing import announce_changes
from orgsync.outbox.delivery import Tally, Worker, deliver
from orgsync.outbox.planning import Desk
from orgsync.outbox.queueing import Message, queue
from orgsync.outbox.quota import MOST_URGENT, Hold
from orgsync.outbox.reach import Reach, find_departments, measure
from orgsync.outbox.recording import BLOCKED_WAIT
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Scope
from orgsync.platforms.sending.messages import Content, Messenger
from orgsync.settings import Settings
from orgsync.templates.values import clean
from orgsync.tenants import Stanzas, Tenant
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.heartbeats import beat
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import Row

log = logging.getLogger(__name__)

NOT_ASKED_YET = "nothing is known of its connection yet; the next delivery, or `orgsync push`, looks"


@dataclass(frozen=True)
class Preview:
    """What a message says, what keeps the platform from taking it, and `body` as it would go there."""

    content: Content
    problems: Sequence[str]
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Pushed:
    """What a pass over a tenant's outbox did, by outcome of its calls, and how much still waits, with the commonest reason.

    `error` is what a person must mend before the rest can be sent.
    """

    tenant_id: str
    messages: int = 0
    attempts: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    reason: str = ""
    error: str = ""


def open_messenger(tenant: Tenant) -> Messenger:
    """Raises ConfigurationError when the tenant's platform only reads, or its connection is missing or lacks a part."""
    messenger = load_platform(tenant.platform).messenger
    if messenger is None:
        raise ConfigurationError(f"{tenant.platform} is read only: messages of tenant {tenant.id} cannot be sent")
    return messenger(tenant.conn_id)


def enqueue(settings: Settings, tenant: Tenant, message: Message) -> int:
    """Queue a message; returns its id, or that of an earlier one with the same dedupe_key.

    Raises ConfigurationError with everything that keeps the platform from taking it, before anything is written.
    """
    messenger = open_messenger(tenant)
    if problems := messenger.find_problems(message.content):
        raise ConfigurationError(f"this {message.content.kind} cannot be sent through {tenant.platform}: {'; '.join(problems)}")
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        keep_channel(connection, tenant)
        return queue(connection, tenant.id, _with_departments(connection, tenant, message))


def measure_reach(settings: Settings, tenant: Tenant, message: Message) -> Reach:
    """Whom a message would reach now; nothing of it stays. Raises ConfigurationError where `enqueue` would."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        keep_channel(connection, tenant)
        try:
            found = _with_departments(connection, tenant, message)
            return measure(connection, tenant.id, found, now=read_clock(connection))
        finally:
            connection.rollback()


def _with_departments(connection: Connection, tenant: Tenant, message: Message) -> Message:
    """Departments by their ids, whatever they were asked for by."""
    departments = find_departments(connection, tenant.id, message.audience.departments)
    return replace(message, audience=replace(message.audience, departments=departments))


def preview(tenant: Tenant, content: Content) -> Preview:
    """What would be sent through the tenant's platform; nothing is asked of it, and nothing is written."""
    problems = open_messenger(tenant).find_problems(content)
    return Preview(content, problems, load_platform(tenant.platform).write_body(content))


def change_todo(
    settings: Settings, message_id: int, action: str, *, title: str | None = None, body: str | None = None, due_at: datetime | None = None
) -> int:
    """Queue an update, the completion or the removal of a todo; returns the id of that message."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        said = {"title": title and clean(title), "body": body and clean(body)}
        return store.change_todo(connection, message_id=message_id, action=action, **said, due_at=due_at, source="")


def recall(settings: Settings, message_id: int) -> str:
    """Ask for a message to be taken back; the answer says whether it was sent at all. The platform's own comes with the next push."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return store.recall(connection, message_id)


def retry(settings: Settings, message_id: int) -> str:
    """Let what waits of a message because something failed go with the next push, and give what was given up another round."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return store.retry(connection, message_id)


def find_due(settings: Settings, stanzas: Stanzas, *, clock: Clock = read_clock) -> list[str]:
    """The tenants for which there is something to do now. What is known of all of them is brought up to date first.

    One whose stanza, or whose rules for telling changes, are wrong is among them: its push says what is wrong.
    """
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        keep_channels(connection, stanzas)
        now = clock(connection)
        troubled = set()
        for tenant in stanzas.tenants:
            if announce_changes(connection, settings, tenant, now=now):
                troubled.add(tenant.id)
            connection.commit()
        beat(connection, "notify")
        due = troubled.union(store.find_due(connection, now=now))
        return [tenant_id for tenant_id in stanzas.owners if tenant_id in due]


def list_due(settings: Settings) -> list[str]:
    """The tenants for which the outbox alone says that there is something to do now; one read, and nothing is written."""
    with open_warehouse(find_warehouse(settings)) as connection:
        return store.find_due(connection, now=read_clock(connection))


def push(settings: Settings, tenant: Tenant, *, run_for: timedelta, worker: Worker | None = None) -> Tally:
    """Send what may go within `run_for`, take back what is to be, ask what became of the rest.

    Raises, when all else is done, what a person must mend before the rest can be sent.
    """
    with log_fields(tenant=tenant.id):
        return _push(settings, tenant, worker or Worker(), run_for)


def _push(settings: Settings, tenant: Tenant, worker: Worker, run_for: timedelta) -> Tally:
    address = find_warehouse(settings)
    with open_warehouse(address) as keeper, open_warehouse(address) as connection:
        check_schema(connection)
        keep_channel(connection, tenant)
        connection.commit()
        _check_company(connection, tenant, worker.clock(connection))
        messenger = open_messenger(tenant)
        desk = Desk(tenant.id, messenger, _is_whole(tenant), ZoneInfo(tenant.timezone))
        wrong = announce_changes(connection, settings, tenant, now=worker.clock(connection))
        connection.commit()
        tally = deliver(connection, desk, worker, run_for=run_for, keeper=keeper)
    worker.tell(tally)
    log.info("tenant %s: %d messages planned, attempts: %s", tenant.id, tally.messages, dict(tally.attempts) or "none")
    if tally.blocked_by:
        raise tally.blocked_by
    if wrong:
        raise ConfigurationError("; ".join(wrong))
    return tally


def make_known(settings: Settings, stanzas: Stanzas) -> None:
    """Tell the outbox which tenants the tenants file has: these, and no others."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        keep_channels(connection, stanzas)


def push_each(settings: Settings, tenants: Sequence[Tenant], *, run_for: timedelta) -> list[Pushed]:
    """Push one tenant after the other because somebody asks; an error of one keeps no other from sending."""
    return [_try_to_push(settings, tenant, run_for) for tenant in tenants]


def list_unsendable(settings: Settings, stanzas: Stanzas) -> list[Pushed]:
    """The tenants that cannot be pushed because their stanzas are wrong, with what waits for them."""
    return [_describe(settings, stanza.tenant_id, Tally(), stanza.reason) for stanza in stanzas.broken if stanza.tenant_id]


def read_quota(settings: Settings, tenant_id: str | None, *, clock: Clock = read_clock) -> list[Row]:
    """Each tenant's quotas: what is used, of how much, until when, and what waits."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        now = clock(connection)
        return [
            {
                "tenant_id": channel["tenant_id"],
                "platform": channel["platform"],
                "waiting": channel["waiting"],
                "reason": channel["reason"],
                "gauges": [asdict(gauge) for gauge in store.find_gauges(connection, channel, now=now)],
                "unknown": channel["limits"].get("unknown_quota") or ("" if channel["limits"] else NOT_ASKED_YET),
            }
            for channel in store.list_channels(connection, tenant_id)
        ]


def list_messages(settings: Settings, *, tenant_id: str | None = None, state: str | None = None, most: int = 20) -> list[Row]:
    """The newest messages first, with their recipients counted by state."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return store.list_messages(connection, tenant_id=tenant_id, state=state, message_id=None, most=most)


def find_message(settings: Settings, message_id: int, *, most: int) -> Row:
    """One message with its attempts, and so many (most) of the recipients who did not get it."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        found = store.list_messages(connection, tenant_id=None, state=None, message_id=message_id, most=1)
        if not found:
            raise ConfigurationError(f"there is no message {message_id}; `orgsync outbox` lists the newest")
        missed = store.list_recipients(connection, message_id, most=most)
        return {**found[0], "attempts": store.list_attempts(connection, message_id), "missed": missed}


def _try_to_push(settings: Settings, tenant: Tenant, run_for: timedelta) -> Pushed:
    tally, error = Tally(), ""
    try:
        tally = push(settings, tenant, run_for=run_for, worker=Worker(is_asked=True))
    except OrgsyncError as failure:
        error = str(failure)
    return _describe(settings, tenant.id, tally, error)


def _describe(settings: Settings, tenant_id: str, tally: Tally, error: str) -> Pushed:
    waiting = _find_waiting(settings, tenant_id)
    return Pushed(tenant_id, tally.messages, dict(tally.attempts), waiting["waiting"], waiting["reason"] or "", error=error)


def _find_waiting(settings: Settings, tenant_id: str) -> Row:
    """How many messages wait, and why; nothing is known where the warehouse is what failed."""
    try:
        with open_warehouse(find_warehouse(settings)) as connection:
            return next(iter(store.list_channels(connection, tenant_id)), {"waiting": 0, "reason": None})
    except OrgsyncError:
        return {"waiting": 0, "reason": None}


def keep_channels(connection: Connection, stanzas: Stanzas) -> None:
    """Make known to the outbox which tenants there are: all of the tenants file, and no others.

    A tenant whose stanza is wrong is in the file: what waits for it waits on, and says why. Where a stanza has no readable id, nobody is
    taken for gone: it may be theirs.
    """
    for tenant in stanzas.tenants:
        keep_channel(connection, tenant)
        connection.commit()
    for stanza in stanzas.broken:
        log.warning("a stanza is wrong: %s", stanza)
        if stanza.tenant_id:
            store.note_problem(connection, stanza.tenant_id, stanza.reason)
            connection.commit()
    note_roster(connection, stanzas)
    connection.commit()
    if not stanzas.names_all or not stanzas.owners:
        return
    for tenant_id in store.retire_channels(connection, list(stanzas.owners)):
        log.warning("tenant %s is not in the tenants file any more: nothing can be queued for it", tenant_id)
    connection.commit()


def keep_channel(connection: Connection, tenant: Tenant) -> None:
    """Make a tenant known to the outbox. One whose connection is not right keeps no other from sending: what is queued for it says why it
    waits. A platform that only reads is not made known.
    """
    save = partial(store.save_channel, connection, tenant_id=tenant.id, platform=tenant.platform, conn_id=tenant.conn_id)
    try:
        limits = asdict(open_messenger(tenant).limits)
    except ConfigurationError as error:
        log.warning("tenant %s cannot send: %s", tenant.id, error)
        if load_platform(tenant.platform).messenger:
            save(is_whole=_is_whole(tenant), problem=str(error))
    else:
        save(is_whole=_is_whole(tenant), limits=limits)


def _check_company(connection: Connection, tenant: Tenant, now: datetime) -> None:
    """What waits says why, and is not tried every minute; a push that somebody asks for looks again."""
    if stranger := find_stranger(connection, tenant):
        store.hold(connection, tenant.id, Hold(now + BLOCKED_WAIT, stranger), priority=MOST_URGENT)
        connection.commit()
        raise GateError(stranger)


def _is_whole(tenant: Tenant) -> bool:
    """Whether the tenant is all that the app sees."""
    return tenant.scope == Scope()
