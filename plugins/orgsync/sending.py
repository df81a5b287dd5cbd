"""The verbs of the outbox. The DAGs, the command and the operator call them; this is the only module that joins the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from orgsync.change_rules import ChangeRule, describe_change
from orgsync.errors import ConfigurationError, OrgsyncError
from orgsync.outbox import quota, store
from orgsync.outbox.delivery import Tally, Worker, deliver
from orgsync.outbox.planning import Desk
from orgsync.outbox.templates import load_template, render
from orgsync.platforms import load_platform
from orgsync.platforms.messages import Content, Limits, Messenger
from orgsync.platforms.platform import Scope
from orgsync.settings import Settings
from orgsync.tenants import Tenant
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema

log = logging.getLogger(__name__)

_NEWS = timedelta(days=1)
"""What is older is no news: it was there before somebody wanted it told, or nobody delivered."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Audience:
    """Whom a message is for: everybody, or people, departments with all below them, and a saved query of notify.audience_query."""

    everyone: bool = False
    users: Sequence[str] = ()
    departments: Sequence[str] = ()
    query: str = ""

    def as_json(self) -> Row:
        if self.everyone:
            return {"everyone": True}
        named = {"users": list(self.users), "departments": list(self.departments)}
        return {name: ids for name, ids in named.items() if ids} | ({"query": self.query} if self.query else {})


@dataclass(frozen=True)
class Message:
    """What is to be sent, to whom and when; the columns of notify.message."""

    content: Content
    audience: Audience
    priority: int = 5
    not_before: datetime | None = None
    expires_at: datetime | None = None
    dedupe_key: str | None = None
    source: str = ""


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
        _keep_channel(connection, tenant, messenger)
        return _queue(connection, tenant, message)


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
        return store.change_todo(connection, message_id=message_id, action=action, title=title, body=body, due_at=due_at, source="")


def recall(settings: Settings, message_id: int) -> str:
    """Ask for a message to be taken back; the answer says whether it was sent at all. The platform's own comes with the next push."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return store.recall(connection, message_id)


def find_due(settings: Settings, tenants: Sequence[Tenant], *, now: datetime) -> list[str]:
    """The tenants for which there is something to do now. What is known of all of them is brought up to date first.

    One whose rules for telling changes are wrong is among them: its push says what is wrong.
    """
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        for tenant in tenants:
            _keep_known(connection, tenant)
            connection.commit()
        troubled = {tenant.id for tenant in tenants if not _can_announce(connection, settings, tenant, now=now)}
        due = troubled.union(store.find_due(connection, now=now))
        return [tenant.id for tenant in tenants if tenant.id in due]


def push(settings: Settings, tenant: Tenant, *, run_for: timedelta, worker: Worker | None = None) -> Tally:
    """Send what may go within `run_for`, take back what is to be, ask what became of the rest.

    Raises, when all else is done, what a person must mend before the rest can be sent.
    """
    messenger, worker = open_messenger(tenant), worker or Worker()
    desk = Desk(tenant.id, messenger, tenant.scope == Scope(), ZoneInfo(tenant.timezone))
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        _keep_channel(connection, tenant, messenger)
        connection.commit()
        _announce_changes(connection, settings, tenant, now=worker.clock())
        connection.commit()
        tally = deliver(connection, desk, worker, run_for=run_for)
    log.info("tenant %s: %d messages planned, attempts: %s", tenant.id, tally.messages, dict(tally.attempts) or "none")
    if tally.blocked_by:
        raise tally.blocked_by
    return tally


def push_each(settings: Settings, tenants: Sequence[Tenant], *, run_for: timedelta) -> list[Pushed]:
    """Push one tenant after the other; an error of one keeps no other from sending."""
    return [_try_to_push(settings, tenant, run_for) for tenant in tenants]


def read_quota(settings: Settings, tenant_id: str | None, *, now: datetime) -> list[Row]:
    """Each tenant's quotas: what is used, of how much, until when, and what waits."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return [
            {
                "tenant_id": channel["tenant_id"],
                "platform": channel["platform"],
                "waiting": channel["waiting"],
                "reason": channel["reason"],
                "gauges": [asdict(gauge) for gauge in _read_gauges(connection, channel, now)],
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


def _announce_changes(connection: Connection, settings: Settings, tenant: Tenant, *, now: datetime) -> None:
    """Queue what the tenant wants told of the changes that live syncs brought; each change once, in the transaction that marks its plan."""
    if not tenant.change_messages:
        return
    for plan in store.find_unannounced(connection, tenant.id, since=now - _NEWS):
        messages = sum(_announce(connection, settings, tenant, plan, rule) for rule in tenant.change_messages)
        store.mark_announced(connection, plan, messages=messages)


def _can_announce(connection: Connection, settings: Settings, tenant: Tenant, *, now: datetime) -> bool:
    try:
        _announce_changes(connection, settings, tenant, now=now)
    except ConfigurationError as error:
        log.warning("tenant %s cannot tell its changes: %s", tenant.id, error)
        connection.rollback()
        return False
    connection.commit()
    return True


def _announce(connection: Connection, settings: Settings, tenant: Tenant, plan: Row, rule: ChangeRule) -> int:
    changes = store.list_changes(connection, tenant.id, taken_at=plan["taken_at"], kinds=rule.kinds)
    if len(changes) > rule.most:
        log.warning(
            "plan %s has %d changes for template %s, more than %d: none is told", plan["plan_id"], len(changes), rule.template, rule.most
        )
        return 0
    template = load_template(settings.templates_folder, rule.template)
    audience = Audience(rule.everyone, rule.users, rule.departments, rule.query)
    zone = ZoneInfo(tenant.timezone)
    platform = load_platform(tenant.platform)
    for change in changes:
        told = {name: value for name, value in describe_change(change, zone).items() if name in template.variables}
        content = render(template, told, platform=tenant.platform, escape_markdown=platform.escape_markdown, zone=zone)
        _queue(connection, tenant, Message(content, audience, dedupe_key=rule.dedupe_key(change["change_id"]), source="org.change"))
    return len(changes)


def _queue(connection: Connection, tenant: Tenant, message: Message) -> int:
    return store.enqueue(
        connection,
        tenant_id=tenant.id,
        **asdict(message.content),
        audience=message.audience.as_json(),
        priority=message.priority,
        not_before=message.not_before,
        expires_at=message.expires_at,
        dedupe_key=message.dedupe_key,
        source=message.source,
    )


def _try_to_push(settings: Settings, tenant: Tenant, run_for: timedelta) -> Pushed:
    try:
        tally = push(settings, tenant, run_for=run_for)
        with open_warehouse(find_warehouse(settings)) as connection:
            [channel] = store.list_channels(connection, tenant.id)
    except OrgsyncError as error:
        return Pushed(tenant.id, error=str(error))
    return Pushed(tenant.id, tally.messages, dict(tally.attempts), channel["waiting"], channel["reason"] or "")


def _keep_known(connection: Connection, tenant: Tenant) -> None:
    """A tenant whose connection is not right keeps no other from sending."""
    try:
        _keep_channel(connection, tenant, open_messenger(tenant))
    except ConfigurationError as error:
        log.warning("tenant %s cannot send: %s", tenant.id, error)


def _keep_channel(connection: Connection, tenant: Tenant, messenger: Messenger) -> None:
    limits = asdict(messenger.limits)
    store.save_channel(connection, tenant_id=tenant.id, platform=tenant.platform, is_whole=tenant.scope == Scope(), limits=limits)


def _read_gauges(connection: Connection, channel: Row, now: datetime) -> list[quota.Gauge]:
    known = {name: value for name, value in channel["limits"].items() if name in Limits.__dataclass_fields__}
    return quota.read_gauges(store.read_usage(connection, channel["tenant_id"], now=now), Limits(**known), now=now)
