"""What a call brings and how it is answered: pure, and the same for whatever was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from orgsync.events.doors import Door, Recipient
from orgsync.platforms.hearing.events import Call, Event, RefusedCallError, Reply

Via = Literal["http", "stream"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Received:
    """A genuine call: `rows` are to be stored before `reply` is given; the check of an address has none."""

    reply: Reply
    rows: tuple[Row, ...] = ()


def receive(door: Door, call: Call, *, now: float) -> Received:
    """Raises RefusedCallError. `now` is the warehouse's time, in seconds since 1970."""
    heard = door.callback.hear(call, now=now)
    rows = tuple(address_event(heard.event, door.recipients, via="http")) if heard.event else ()
    if heard.event and not rows:
        raise RefusedCallError("other_company")
    return Received(heard.reply, rows)


def address_event(event: Event, recipients: Iterable[Recipient], *, via: Via) -> Iterable[Row]:
    """A row for each tenant that it concerns, with people by what that tenant keys them."""
    for recipient in recipients:
        if recipient.is_meant(event):
            yield {
                "tenant_id": recipient.tenant_id,
                "event_key": event.key,
                "platform": event.platform,
                "type": event.type,
                "kind": event.kind,
                "user_ids": list(event.open_ids if recipient.user_key == "open_id" else event.user_ids),
                "open_ids": list(event.open_ids),
                "department_ids": list(event.department_ids),
                "happened_at": event.happened_at.isoformat() if event.happened_at else None,
                "via": via,
            }
