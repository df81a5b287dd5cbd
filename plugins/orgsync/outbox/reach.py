"""Whom a message would reach, known before it is sent: by the same lookup, taken back at once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError
from orgsync.outbox import store
from orgsync.outbox.audiences import ask_audience
from orgsync.outbox.queueing import Message, queue
from orgsync.warehouse.statements import Row, fetch_all

MOST_LISTED = 10


@dataclass(frozen=True)
class Reach:
    """How many people get a message, and which of those it names do not: `unknown` are not in the organization, `resigned` have left.

    `strangers` is how many ids of its saved audience are nobody's.
    """

    people: int
    unknown: Sequence[str] = ()
    resigned: Sequence[str] = ()
    strangers: int = 0


def find_departments(connection: Connection, tenant_id: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Department ids for ids, names, or paths of names as far as they tell one from the others (研发/后端). An id is an id first.

    Raises ConfigurationError with the candidates where a text may mean several.
    """
    texts = {text: re.sub(r"\s*/\s*", "/", text.strip()).strip("/") for text in asked}
    found: defaultdict[str, list[Row]] = defaultdict(list)
    if texts:
        for row in fetch_all(connection, "outbox/find_departments", tenant_id=tenant_id, asked=sorted(set(texts.values()))):
            found[row["text"]].append(row)
    return tuple(dict.fromkeys(_choose(tenant_id, text, found[texts[text]]) for text in asked))


def measure(connection: Connection, tenant_id: str, message: Message, *, now: datetime) -> Reach:
    """Queue it and look up who gets it as when it is sent; whoever calls takes the transaction back."""
    message_id = queue(connection, tenant_id, replace(message, dedupe_key=None, not_before=None, expires_at=None))
    query = "" if message.audience.everyone else message.audience.query
    answer = ask_audience(connection, tenant_id, query) if query else None
    asked = {query: answer.user_ids} if answer else {}
    store.resolve_recipients(connection, tenant_id, [message_id], asked=asked, now=now)
    counted = fetch_all(connection, "outbox/count_reach", message_id=message_id)[0]
    return Reach(**counted, strangers=answer.strangers if answer else 0)


def _choose(tenant_id: str, text: str, rows: Sequence[Row]) -> str:
    for kind in ("is_id", "is_path"):
        if len(exact := [row for row in rows if row[kind]]) == 1:
            return str(exact[0]["department_id"])
    if len(rows) == 1:
        return str(rows[0]["department_id"])
    if not rows:
        raise ConfigurationError(f"tenant {tenant_id} has no department {text}; give its id, its name, or its path, such as 研发/后端")
    listed = "; ".join(f"{row['path']} (id {row['department_id']})" for row in rows[:MOST_LISTED])
    more = f"; and {len(rows) - MOST_LISTED} more" if len(rows) > MOST_LISTED else ""
    raise ConfigurationError(f"department {text!r} of tenant {tenant_id} may be any of: {listed}{more}. Give the id, or more of the path")
