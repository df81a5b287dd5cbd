"""Saved audiences: a person's statement, asked apart from all else; what is wrong with one costs its own messages only."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError, OrgsyncError, WarehouseUnavailableError
from orgsync.warehouse.connection import ASKED_WRONGLY, LOST, PASSING, words_of
from orgsync.warehouse.statements import execute, fetch_one

MOST_ROWS = 1_000_000
"""More are no audience, but a join that was forgotten."""
MOST_SECONDS = 60.0
"""For all audiences of a pass together: other messages wait meanwhile."""
_PASSING = (*PASSING, "58")  # a file that is missing may come back


@dataclass(frozen=True)
class People:
    """Whom a saved audience names now; `strangers` is how many of its user ids are nobody's."""

    user_ids: Sequence[str]
    strangers: int = 0


@dataclass
class Asking:
    """Asks each audience of a tenant once, and remembers what came of it."""

    tenant_id: str
    seconds_left: float = field(default_factory=lambda: MOST_SECONDS)
    _answers: dict[str, People | OrgsyncError] = field(default_factory=dict)

    def ask(self, connection: Connection, query: str) -> People | OrgsyncError:
        """A RetryableError is tried again later."""
        if query not in self._answers:
            self._answers[query] = self._ask(connection, query)
        return self._answers[query]

    def found(self) -> Mapping[str, Sequence[str]]:
        """User ids by the name of their audience."""
        return {query: answer.user_ids for query, answer in self._answers.items() if isinstance(answer, People)}

    def _ask(self, connection: Connection, query: str) -> People | OrgsyncError:
        if self.seconds_left < 1:
            return WarehouseUnavailableError(f"its saved audience {query!r} was not asked: the others took all the time of this pass")
        begun = time.monotonic()
        try:
            return ask_audience(connection, self.tenant_id, query, seconds=int(self.seconds_left))
        except (ConfigurationError, WarehouseUnavailableError) as error:
            return error
        finally:
            self.seconds_left -= time.monotonic() - begun


def ask_audience(connection: Connection, tenant_id: str, query: str, *, seconds: int = int(MOST_SECONDS)) -> People:
    """Whatever the statement did to the session or the transaction is taken back; it could not write anything.

    Raises ConfigurationError where somebody has to mend it, WarehouseUnavailableError where it may be answered later.
    """
    execute(connection, "ops/open_trial")
    try:
        execute(connection, "outbox/limit_audience", seconds=seconds)
        answer = fetch_one(connection, "outbox/ask_audience", tenant_id=tenant_id, query=query, most_rows=MOST_ROWS)
    except psycopg2.Error as error:
        if connection.closed or (error.pgcode or LOST[0]).startswith(LOST):
            raise
        failure = _translate(error, query, seconds)
        execute(connection, "ops/undo_trial")
        raise failure from None
    execute(connection, "ops/undo_trial")
    if answer is None:
        raise ConfigurationError(f"its saved audience {query!r} is gone from notify.audience_query")
    return People(answer["user_ids"], answer["strangers"])


def _translate(error: psycopg2.Error, query: str, seconds: int) -> OrgsyncError:
    code = error.pgcode or ""
    if code == psycopg2.errorcodes.QUERY_CANCELED:
        return WarehouseUnavailableError(f"its saved audience {query!r} gave no answer within {seconds} seconds; make it faster")
    if code.startswith(_PASSING):
        return WarehouseUnavailableError(f"its saved audience {query!r} gave no answer ({code}: {words_of(error)})")
    words = error.diag.message_primary if code == ASKED_WRONGLY else f"{code}: {words_of(error)}"
    return ConfigurationError(f"its saved audience {query!r} cannot be asked ({words}); mend it in notify.audience_query")
