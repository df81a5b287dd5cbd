"""A message and whom it is for, as it is put into the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg2
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError
from orgsync.outbox import store
from orgsync.platforms.sending.messages import Content
from orgsync.warehouse.connection import ASKED_WRONGLY
from orgsync.warehouse.statements import Row


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


def queue(connection: Connection, tenant_id: str, message: Message) -> int:
    """Returns the message's id, or that of an earlier one with the same dedupe_key.

    Raises ConfigurationError with the words of notify.enqueue; then the transaction has to be rolled back.
    """
    try:
        return store.enqueue(
            connection,
            tenant_id=tenant_id,
            **asdict(message.content),
            audience=message.audience.as_json(),
            priority=message.priority,
            not_before=message.not_before,
            expires_at=message.expires_at,
            dedupe_key=message.dedupe_key,
            source=message.source,
        )
    except psycopg2.DatabaseError as error:
        if error.pgcode != ASKED_WRONGLY:
            raise
        raise ConfigurationError(error.diag.message_primary) from None
