"""What becomes of the form of the DAG `org_notify_send`: a message, the change of a todo, or the recall of a message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orgsync.errors import ConfigurationError
from orgsync.outbox.composing import DAY_ENDS, compose, read_instant
from orgsync.outbox.queueing import Message
from orgsync.outbox.sending import change_todo, enqueue, find_message, recall
from orgsync.settings import Settings
from orgsync.tenants import Tenant, read_tenant

log = logging.getLogger(__name__)

ACTIONS = {"update todo": "update", "complete todo": "complete", "delete todo": "delete"}
WRITTEN = (
    "kind", "title", "body", "url", "due_at", "template", "variables", "everyone", "users", "departments", "query", "priority",
    "not_before", "expires_at", "dedupe_key",
)  # fmt: skip
CHANGED = ("title", "body", "due_at")
UNTOUCHED: Mapping[str, object] = {"priority": 5}
"""What a form shows that is not empty although nobody filled it."""


@dataclass(frozen=True)
class Change:
    """What a todo is changed to; None leaves it as it is."""

    title: str | None = None
    body: str | None = None
    due_at: datetime | None = None


def submit(settings: Settings, params: Mapping[str, Any], *, source: str) -> int:
    """Queue what the form asks for; returns the id of the message queued, or of the one recalled. Sent again, it queues a message once."""
    tenant, what = read_tenant(settings.tenants_file, params["tenant"]), params["what"]
    if what == "send":
        message_id = enqueue(settings, tenant, read_message(settings, tenant, params, source=source))
    elif what == "recall":
        read_change(tenant, params)
        message_id = _find_of(settings, tenant, params)
        log.info("message %s: %s", message_id, recall(settings, message_id))
    else:
        change = read_change(tenant, params)
        message_id = change_todo(settings, _find_of(settings, tenant, params), ACTIONS[what], **vars(change))
    log.info("tenant %s: %s, message %s", tenant.id, what, message_id)
    return message_id


def read_message(settings: Settings, tenant: Tenant, params: Mapping[str, Any], *, source: str) -> Message:
    """Raises ConfigurationError naming the field that is wrong."""
    if params["message_id"] is not None:
        raise ConfigurationError("message_id is for changing or recalling a message; leave it empty to send one")
    asked = {name: params[name] for name in WRITTEN}
    asked["dedupe_key"] = asked["dedupe_key"] or source
    return compose(settings, tenant, **asked, source=source)


def read_change(tenant: Tenant, params: Mapping[str, Any]) -> Change:
    """What a form says about a message that is there already; ConfigurationError where a field means nothing to it."""
    what = params["what"]
    if params["message_id"] is None:
        raise ConfigurationError(f"message_id is empty; to {what}, say of which message")
    filled = [name for name in WRITTEN if params[name] and params[name] != UNTOUCHED.get(name)]
    if strange := [name for name in filled if what != "update todo" or name not in CHANGED]:
        raise ConfigurationError(f"{what} does not take {', '.join(strange)}; leave that empty")
    if what == "update todo" and not filled:
        raise ConfigurationError(f"nothing is changed; fill at least one of {', '.join(CHANGED)}")
    due_at = read_instant("due_at", params["due_at"], ZoneInfo(tenant.timezone), of_a_day=DAY_ENDS)
    return Change(params["title"] or None, params["body"] or None, due_at)


def _find_of(settings: Settings, tenant: Tenant, params: Mapping[str, Any]) -> int:
    found = find_message(settings, params["message_id"], most=0)
    if found["tenant_id"] != tenant.id:
        raise ConfigurationError(f"message_id {params['message_id']} is of tenant {found['tenant_id']}, and not of {tenant.id}")
    return int(found["message_id"])
