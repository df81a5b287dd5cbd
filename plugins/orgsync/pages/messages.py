"""The outbox: what became of each message, who did not get it and why; taking back, trying again, and what the quotas still allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import HTMLResponse
from psycopg2.extensions import connection as Connection

from orgsync.outbox import store
from orgsync.outbox.quota import RESERVED_SHARE, Gauge
from orgsync.outbox.states import MessageState
from orgsync.pages.visit import OwnScript, TenantVisit, Visit
from orgsync.warehouse.clock import read_clock
from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one

router = APIRouter()

MESSAGES_ON_A_PAGE = 50
MISSED_ON_A_PAGE = 50
CALLS_SHOWN = 50
ATTEMPTS_SHOWN = 50
RELATED_SHOWN = 20
REASONS_SHOWN = 5
NAMED_IN_AN_AUDIENCE = 100
MOST_COUNTED = 1_000
"""Of messages in a state, and of the recipients of one in a list."""
MOST_RECIPIENTS = 10_000
MOST_CALLS = 10_000
MOST_LOOKED_AT = 50_000
"""Recipients, of whom few may have missed the message: there is no index of those."""
SECONDS_TO_RETRY = 300
"""A message to everybody has as many recipients as there are people, who all wait again."""
LARGEST_NUMBER = 2**63 - 1

STATES: tuple[MessageState, ...] = get_args(MessageState)
TONES = {
    **dict.fromkeys(("sent", "delivered", "read", "done"), "succeeded"),
    **dict.fromkeys(("partly", "failed", "dead", "refused", "recall_failed", "too_late", "expired"), "failed"),
    **dict.fromkeys(("pending", "claimed", "waiting", "calling", "unknown", "again"), "waits"),
}
"""How a state is coloured."""
NEVER_MISSED = ("sent", "delivered")
"""Of a message that is settled so, everybody has it."""

Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
Act = Literal["recall", "retry"]


@router.get("/{tenant_id}/messages")
def show_messages(
    visit: TenantVisit,
    state: MessageState | Literal[""] = "",
    before: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)] = None,
) -> HTMLResponse:
    own = {"tenant_id": visit.tenant_id}
    with visit.reader() as connection:
        wanted = {"state": state or None, "before": before, "most": MESSAGES_ON_A_PAGE + 1, "most_counted": MOST_COUNTED + 1}
        messages = fetch_all(connection, "pages/list_messages", **own, **wanted)
        counts = {each: _count(connection, visit, each) for each in STATES}
        channel = fetch_one(connection, "pages/find_channel", **own)
        waiting = fetch_all(connection, "pages/list_waiting", **own, most_counted=MOST_COUNTED, most_reasons=REASONS_SHOWN)
    messages, further = messages[:MESSAGES_ON_A_PAGE], messages[MESSAGES_ON_A_PAGE:]
    turns = {
        "first": visit.link("messages", state=state) if before else None,
        "before": None,
        "after": visit.link("messages", state=state, before=messages[-1]["message_id"]) if further else None,
    }
    return visit.render(
        "messages.html.jinja",
        page="messages",
        messages=messages,
        state=state,
        before=before,
        counts={each: count for each, count in counts.items() if count or each == state},
        channel=channel,
        waiting=waiting,
        turns=turns,
        tones=TONES,
        most_counted=MOST_COUNTED,
    )


@router.get("/{tenant_id}/quotas")
def show_quotas(visit: TenantVisit) -> HTMLResponse:
    """Apart from the messages: it adds up all calls of the month."""
    with visit.reader() as connection:
        channel = fetch_one(connection, "pages/find_channel", tenant_id=visit.tenant_id)
        gauges = store.find_gauges(connection, channel, now=read_clock(connection)) if channel else []
    return visit.render("quotas.html.jinja", page="messages", channel=channel, gauges=[(gauge, warn(gauge)) for gauge in gauges])


@router.get("/{tenant_id}/messages/{message_id}")
def show_message(visit: TenantVisit, message_id: Number, after: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    with visit.reader() as connection:
        message = _find(connection, visit, message_id)
        standing = _read_standing(connection, message_id)
        calls = fetch_all(connection, "pages/list_calls", message_id=message_id, most=CALLS_SHOWN, most_looked_at=MOST_CALLS)
        delivery_ids = [call["delivery_id"] for call in calls]
        attempts = fetch_all(connection, "pages/list_attempts", delivery_ids=delivery_ids, most=ATTEMPTS_SHOWN)
        missed = _list_missed(connection, visit, message, after)
    return visit.render(
        "message.html.jinja",
        page="messages",
        calls=calls,
        attempts=attempts,
        most_attempts=ATTEMPTS_SHOWN,
        turns={
            "first": visit.link(f"messages/{message_id}") if after else None,
            "before": None,
            "after": visit.link(f"messages/{message_id}", after=missed["next_id"]) if missed["next_id"] else None,
        },
        **missed,
        **_describe(message, standing),
    )


@router.post("/{tenant_id}/messages/{message_id}/recall", dependencies=[OwnScript])
def recall(visit: TenantVisit, message_id: Number) -> HTMLResponse:
    return _act(visit, message_id, "recall")


@router.post("/{tenant_id}/messages/{message_id}/retry", dependencies=[OwnScript])
def retry(visit: TenantVisit, message_id: Number) -> HTMLResponse:
    return _act(visit, message_id, "retry")


@router.post("/{tenant_id}/messages/{message_id}/reveal", dependencies=[OwnScript])
def reveal(visit: TenantVisit, message_id: Number) -> HTMLResponse:
    """What it says and whom it is for, to somebody who may see personal values; that they looked is written down."""
    if not visit.may_see_personal:
        raise HTTPException(403)
    with visit.reader() as connection:
        shown = fetch_one(connection, "pages/show_message", tenant_id=visit.tenant_id, message_id=message_id, actor=visit.viewer.name)
        if shown is None:
            raise HTTPException(404)
        listed = list(shown["audience"].get("users") or [])[:NAMED_IN_AN_AUDIENCE]
        people = fetch_all(connection, "pages/name_people", tenant_id=visit.tenant_id, at="infinity", user_ids=listed)
    return visit.render("message_said.html.jinja", said=shown, people=people, most_named=NAMED_IN_AN_AUDIENCE)


def warn(gauge: Gauge) -> str:
    """What is to be said of a quota that runs out; only that of a month is not new by itself soon."""
    if not gauge.warning:
        return ""
    if gauge.used >= gauge.most:
        return "quota.used_up"
    return "quota.reserved" if gauge.used >= gauge.most - int(gauge.most * RESERVED_SHARE) else "quota.nearly"


def list_acts(message: Mapping[str, Any]) -> list[Act]:
    """What may be of use to a message that stands so; the warehouse answers in words where it is not."""
    is_going = message["recall_wanted_at"] is None
    acts: list[Act] = []
    if message["state"] in ("pending", "claimed", "partly", "dead") and is_going:
        acts.append("retry")
    if message["action"] == "send" and message["state"] in ("pending", "claimed", "sent", "delivered", "partly", "recall_failed"):
        acts.append("recall")
    return acts


def find_next_id(rows: Sequence[Row], *, most: int, most_looked_at: int) -> str | None:
    """After whom there may be more people who missed a message."""
    if len(rows) == most:
        return str(rows[-1]["user_id"])
    return str(rows[0]["last_id"]) if rows and rows[0]["looked_at"] == most_looked_at else None


def _act(visit: Visit, message_id: int, act: Act) -> HTMLResponse:
    """Do it, and show how the message stands now."""
    if not visit.may_send:
        raise HTTPException(403)
    with visit.reader() as connection:
        _find(connection, visit, message_id)
        execute(connection, "pages/allow_seconds", seconds=SECONDS_TO_RETRY)
        asked = {"tenant_id": visit.tenant_id, "message_id": message_id, "actor": visit.viewer.name}
        answer = fetch_all(connection, f"pages/{act}_message", **asked)[0]["answer"]
        message, standing = _find(connection, visit, message_id), _read_standing(connection, message_id)
    return visit.render("message_standing.html.jinja", answer=f"{act}_answer.{answer}", **_describe(message, standing))


def _count(connection: Connection, visit: Visit, state: MessageState) -> int:
    counted = fetch_all(connection, "pages/count_messages", tenant_id=visit.tenant_id, state=state, most=MOST_COUNTED + 1)
    return int(counted[0]["messages"])


def _find(connection: Connection, visit: Visit, message_id: int) -> Row:
    message = fetch_one(connection, "pages/find_message", tenant_id=visit.tenant_id, message_id=message_id)
    if message is None:
        raise HTTPException(404)
    return message


def _read_standing(connection: Connection, message_id: int) -> dict[str, Any]:
    """By call and by recipient, as far as they are counted, and the messages that go with it."""
    of = {"message_id": message_id}
    sums = fetch_all(connection, "pages/sum_calls", **of, most=MOST_CALLS)
    recipients = fetch_all(connection, "pages/count_recipients", **of, most=MOST_RECIPIENTS + 1)
    related = fetch_all(connection, "pages/list_related", **of, most=RELATED_SHOWN, most_looked_at=MOST_CALLS)
    return {"sums": sums, "recipients": {row["state"]: row["people"] for row in recipients}, "related": related}


def _describe(message: Row, standing: dict[str, Any]) -> dict[str, Any]:
    calls = sum(row["calls"] for row in standing["sums"])
    return {
        "message": message,
        "acts": list_acts(message),
        "call_count": calls,
        "are_more_calls": calls == MOST_CALLS,
        "most_recipients": MOST_RECIPIENTS,
        "tones": TONES,
        **standing,
    }


def _list_missed(connection: Connection, visit: Visit, message: Row, after: str) -> dict[str, Any]:
    """Who missed it, by name, and after whom to look further."""
    if message["is_settled"] and message["state"] in NEVER_MISSED:
        return {"missed": [], "next_id": None}
    sizes = {"most": MISSED_ON_A_PAGE, "most_looked_at": MOST_LOOKED_AT}
    rows = fetch_all(connection, "pages/list_missed", message_id=message["message_id"], after=after, **sizes)
    missed = [row for row in rows if row["user_id"] is not None]
    asked = {"tenant_id": visit.tenant_id, "at": "infinity", "user_ids": [row["user_id"] for row in missed]}
    names = {row["user_id"]: row["name"] for row in fetch_all(connection, "pages/name_people", **asked)}
    return {"missed": [row | {"name": names[row["user_id"]]} for row in missed], "next_id": find_next_id(rows, **sizes)}
