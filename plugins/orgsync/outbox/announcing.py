"""Queues what a tenant wants told of the changes that its live syncs brought."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError
from orgsync.outbox import store
from orgsync.outbox.change_rules import check_variables, describe_change
from orgsync.outbox.queueing import Audience, Message, queue
from orgsync.platforms import load_platform
from orgsync.settings import Settings
from orgsync.templates.rendering import load_template, render
from orgsync.tenants import Tenant
from orgsync.tenants.stanza import ChangeRule
from orgsync.warehouse.statements import Row, execute

log = logging.getLogger(__name__)

_NEWS = timedelta(days=1)
"""What is older is no news: it was there before somebody wanted it told, or nobody delivered."""


@dataclass
class _Telling:
    """What was told of a plan by one rule: how many messages there are, and of which changes there could be none."""

    messages: int = 0
    problems: list[str] = field(default_factory=list)


def announce_changes(connection: Connection, settings: Settings, tenant: Tenant, *, now: datetime) -> list[str]:
    """Each change once, in the transaction that marks its plan; of what a replay or a backfill loads, nothing.

    Returns what is wrong with rules, in words: theirs are told once somebody has mended them, and those of other rules meanwhile. A change
    of which no message can be made is kept with its plan, and holds no other.
    """
    wrong: list[str] = []
    for plan in store.find_unannounced(connection, tenant.id, since=now - _NEWS) if tenant.change_messages else ():
        told, is_whole = _Telling(), True
        for rule in tenant.change_messages:
            try:
                _announce(connection, settings, tenant, plan, rule, told)
            except ConfigurationError as error:
                is_whole = False
                wrong.append(f"changes are not told with template {rule.template!r}: {error}")
        if is_whole:
            store.mark_announced(connection, plan, messages=told.messages, problems=told.problems)
    for text in dict.fromkeys(wrong):
        log.warning("tenant %s: %s", tenant.id, text)
    return list(dict.fromkeys(wrong))


def _announce(connection: Connection, settings: Settings, tenant: Tenant, plan: Row, rule: ChangeRule, told: _Telling) -> None:
    """Raises ConfigurationError where the rule is wrong, whatever the change."""
    template = load_template(settings.templates_folder, rule.template)
    check_variables(rule.template, template.variables)
    audience = Audience(rule.everyone, rule.users, rule.departments, rule.query)
    if problem := store.find_audience_problem(connection, tenant.id, audience.as_json()):
        raise ConfigurationError(problem)
    changes = store.list_changes(connection, tenant.id, taken_at=plan["taken_at"], kinds=rule.kinds)
    if len(changes) > rule.most:
        log.warning(
            "plan %s has %d changes for template %s, more than %d: none is told", plan["plan_id"], len(changes), rule.template, rule.most
        )
        return
    zone = ZoneInfo(tenant.timezone)
    platform = load_platform(tenant.platform)
    for change in changes:
        values = {name: value for name, value in describe_change(change, zone).items() if name in template.variables}
        execute(connection, "ops/open_trial")
        try:
            content = render(template, values, platform=tenant.platform, escape_markdown=platform.escape_markdown, zone=zone)
            queue(connection, tenant.id, Message(content, audience, dedupe_key=rule.dedupe_key(change["change_id"]), source="org.change"))
            told.messages += 1
        except ConfigurationError as error:
            execute(connection, "ops/undo_trial")
            log.warning("change %s is not told with template %s: %s", change["change_id"], rule.template, error)
            told.problems.append(f"change {change['change_id']} with template {rule.template}: {error}")
