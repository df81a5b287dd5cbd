"""The part of the control API that looks into the mailbox, and lets its time pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from sandbox import inbox
from sandbox.control_requests import ControlError, read_body, read_number
from sandbox.exchange import Answer, Request, json_answer
from sandbox.organization import Person
from sandbox.tenant import Tenant

LONGEST_SECONDS = 10 * 366 * 86_400


class Reading(msgspec.Struct, forbid_unknown_fields=True):
    user: str
    platform_id: str


class Clock(msgspec.Struct, forbid_unknown_fields=True):
    offset_seconds: Annotated[float, Meta(ge=-LONGEST_SECONDS, le=LONGEST_SECONDS)]


def _get_inbox(tenant: Tenant, request: Request) -> Answer:
    return json_answer(inbox.of_person(tenant, _person(tenant, request.query.get("user", ""))))


def _get_inboxes(tenant: Tenant, _: Request) -> Answer:
    return json_answer({"inboxes": inbox.of_everybody(tenant)})


def _get_summary(tenant: Tenant, _: Request) -> Answer:
    return json_answer(inbox.summary(tenant))


def _get_outbox(tenant: Tenant, request: Request) -> Answer:
    return json_answer({"sent": inbox.sent(tenant, read_number(request, "recent"))})


def _mark_read(tenant: Tenant, request: Request) -> Answer:
    reading = read_body(request, Reading)
    person = _person(tenant, reading.user)
    sending = tenant.mailbox.read(person.id, reading.platform_id, now=tenant.now())
    if sending is None:
        raise ControlError(404, f"{reading.user!r} has not received {reading.platform_id!r}")
    return json_answer({"read_at": sending.read_at[person.id]})


def _get_clock(tenant: Tenant, _: Request) -> Answer:
    return json_answer({"offset_seconds": tenant.offset_seconds, "now": tenant.now()})


def _put_clock(tenant: Tenant, request: Request) -> Answer:
    tenant.offset_seconds = read_body(request, Clock).offset_seconds
    return _get_clock(tenant, request)


def _person(tenant: Tenant, user_id: str) -> Person:
    person = inbox.find_person(tenant, user_id)
    if person is None:
        raise ControlError(404, f"{tenant.name} has no user {user_id!r}; ids are those of the truth")
    return person


MAILBOX_RESOURCES: Mapping[str, dict[str, Callable[[Tenant, Request], Answer]]] = {
    "inbox": {"GET": _get_inbox},
    "inboxes": {"GET": _get_inboxes},
    "inbox/summary": {"GET": _get_summary},
    "inbox/read": {"POST": _mark_read},
    "outbox": {"GET": _get_outbox},
    "clock": {"GET": _get_clock, "PUT": _put_clock},
}
