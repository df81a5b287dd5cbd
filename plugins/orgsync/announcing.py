"""Queues what a tenant wants told of the changes that its live syncs brought."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from orgsync.change_rules import ChangeRule, describe_change
from orgsync.errors import ConfigurationError
from orgsync.outbox import store
from orgsync.outbox.queueing import Audience, Message, queue
from orgsync.outbox.templates import load_template, render
from orgsync.platforms import load_platform
from orgsync.settings import Settings
from orgsync.tenants import Tenant
from orgsync.warehouse.statements import Row

log = logging.getLogger(__name__)

_NEWS = timedelta(days=1)
"""What is older is no news: it was there before somebody wanted it told, or nobody delivered."""


def announce_changes(connection: Connection, settings: Settings, tenant: Tenant, *, now: datetime) -> None:
    """Each change once, in the transaction that marks its plan; of what a replay or a backfill loads, nothing."""
    if not tenant.change_messages:
        return
    for plan in store.find_unannounced(connection, tenant.id, since=now - _NEWS):
        messages = sum(_announce(connection, settings, tenant, plan, rule) for rule in tenant.change_messages)
        store.mark_announced(connection, plan, messages=messages)


def can_announce(connection: Connection, settings: Settings, tenant: Tenant, *, now: datetime) -> bool:
    try:
        announce_changes(connection, settings, tenant, now=now)
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
        queue(connection, tenant.id, Message(content, audience, dedupe_key=rule.dedupe_key(change["change_id"]), source="org.change"))
    return len(changes)
