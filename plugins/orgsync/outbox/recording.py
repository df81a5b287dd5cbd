"""Writes down what came of a call: of the attempt, the delivery and its recipients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

from orgsync.errors import (
    ConfigurationError,
    CredentialError,
    OrgsyncError,
    PermissionDeniedError,
    PlatformError,
    RefusedError,
    RetryableError,
)
from orgsync.outbox import store
from orgsync.outbox.backoff import MOST_ATTEMPTS, next_attempt_at, next_results_at
from orgsync.outbox.personal import Portion
from orgsync.outbox.planning import Desk
from orgsync.outbox.quota import MINUTE, next_day
from orgsync.outbox.store import Call, Ending, Mark
from orgsync.platforms.sending.deliveries import is_task
from orgsync.platforms.sending.messages import Dropped, Outcome, Recall, Receipt, Results

# A mistake in the connection or the platform's console: it is sent when somebody has mended that.
BLOCKING = (CredentialError, PermissionDeniedError, ConfigurationError)
BLOCKED_WAIT = timedelta(minutes=10)

_RECALL_STATES = {"recalled": "recalled", "too_late": "too_late", "failed": "recall_failed"}
_REACHED = ("sent", "delivered", "read", "unknown", "recall_failed")

Answer = Receipt | Results | Recall | OrgsyncError | None
"""What a call gave; None is a todo that was changed."""


def record_answer(connection: Connection, desk: Desk, call: Call, answer: Answer, *, now: datetime) -> str:
    """Write down what came of a call; returns the attempt's outcome."""
    if isinstance(answer, OrgsyncError):
        return _record_error(connection, desk, call, answer, now=now)
    if isinstance(answer, Receipt):
        return _record_receipt(connection, desk, call, answer, now=now)
    if isinstance(answer, Results):
        return _record_results(connection, desk, call, answer, now=now)
    if call.work == "recall" and isinstance(answer, Recall):
        return _record_recall(connection, call, answer, now=now)
    if isinstance(answer, Recall) and answer.state != "recalled":
        return _end(connection, call, "refused", Mark("refused", answer.reason), now=now)
    return _end(connection, call, "done", Mark("done"), now=now)


def _record_receipt(connection: Connection, desk: Desk, call: Call, receipt: Receipt, *, now: datetime) -> str:
    limits = desk.messenger.limits
    has_results = limits.has_results and bool(receipt.platform_id) and not is_task(call.row["kind"], limits)
    results_after = next_results_at(0, sent_at=now, now=now, result_hours=limits.result_hours) if has_results else None
    is_refused = not receipt.platform_id and not call.row["to_all"] and {person.user_id for person in call.people} <= receipt.refused.keys()
    is_refused = is_refused and set(call.row["department_ids"]) <= receipt.refused_departments.keys()
    store.mark_recipients(
        connection, call, "failed" if is_refused else "sent", from_states=("pending", "unknown"), refused=receipt.refused, now=now
    )
    store.fail_departments(connection, desk.tenant_id, call, receipt.refused_departments, now=now)
    if is_refused:
        reason = next(iter([*receipt.refused.values(), *receipt.refused_departments.values()]), "all its recipients were refused")
        return _end(connection, call, "refused", Mark("refused", reason), now=now)
    mark = Mark("sent", platform_id=receipt.platform_id, sent_at=now, results_after=results_after)
    return _end(connection, call, "sent", mark, platform_id=receipt.platform_id, now=now)


def _record_results(connection: Connection, desk: Desk, call: Call, results: Results, *, now: datetime) -> str:
    store.mark_outcomes(connection, call, results.outcomes, now=now)
    _send_again(connection, call, results.dropped, now=now)
    store.fail_departments(connection, desk.tenant_id, call, results.refused_departments, now=now)
    results_after = None
    if not results.is_final:
        asked, hours = call.row["results_asked"] + 1, desk.messenger.limits.result_hours
        results_after = next_results_at(asked, sent_at=call.row["sent_at"], now=now, result_hours=hours)
    return _end(connection, call, "asked", Mark("sent", results_after=results_after, results_asked=1), now=now)


def _send_again(connection: Connection, call: Call, dropped: Mapping[str, Dropped], *, now: datetime) -> None:
    """Whom the platform left out without a word gets it when it may be; not for ever."""
    if call.row["attempts"] >= MOST_ATTEMPTS:
        store.mark_outcomes(connection, call, {user_id: Outcome("failed", each.reason) for user_id, each in dropped.items()}, now=now)
        return
    for each in sorted(set(dropped.values()), key=lambda each: each.reason):
        user_ids = tuple(user_id for user_id, of in dropped.items() if of == each)
        until = next_day(now) if each.until_next == "day" else now + MINUTE
        store.split_off(connection, call.row, Portion(user_ids, until), f"{each.reason}; it is sent again", now=now)


def _record_recall(connection: Connection, call: Call, recall: Recall, *, now: datetime) -> str:
    """An attempt before this one, of which no id is known, may have reached people too; that one stays with them."""
    state, reason = _RECALL_STATES[recall.state], recall.reason or None
    if state == "recalled" and call.row["could_have_repeated"]:
        state, reason = "recall_failed", "it was taken back, but an attempt before it, of which no id is known, may have reached them too"
    told = "recalled" if state == "recalled" else "recall_failed"
    store.mark_recipients(connection, call, told, from_states=_REACHED, reason=reason, now=now)
    return _end(connection, call, state, Mark(state, reason, keeps_recall=False), now=now)


def _record_error(connection: Connection, desk: Desk, call: Call, error: OrgsyncError, *, now: datetime) -> str:
    if not store.is_still_claimed(connection, call):
        # It took longer than its lease: another attempt was made meanwhile, and knows better than an error does.
        outcome = "unknown" if isinstance(error, PlatformError) and error.leaves_doubt else "again"
        store.finish_attempt(connection, call, Ending(outcome, code=_code_of(error), reason=str(error)), now=now)
        return outcome
    if isinstance(error, RefusedError):
        return _record_refusal(connection, desk, call, error, now=now)
    if call.work == "results":
        # It may be told later; how often it was asked is what ends it.
        return _record_results(connection, desk, call, Results({}, is_final=False), now=now)
    if call.work == "recall":
        return _record_failed_recall(connection, call, error, now=now)
    return _record_failed_call(connection, call, error, now=now)


def _record_failed_recall(connection: Connection, call: Call, error: OrgsyncError, *, now: datetime) -> str:
    """It is tried again, as often as a send; then somebody may ask for it anew."""
    attempts = call.row["recalls"] + 1
    if attempts >= MOST_ATTEMPTS:
        return _record_recall(connection, call, Recall("failed", f"given up after {attempts} attempts: {error}"), now=now)
    mark = Mark(call.row["state"], str(error), recall_after=_retry_at(attempts, error, now))
    return _end(connection, call, "again", mark, code=_code_of(error), now=now)


def _record_failed_call(connection: Connection, call: Call, error: OrgsyncError, *, now: datetime) -> str:
    """It is tried again. Once in doubt it stays so: that a later attempt did not get through says nothing of an earlier one."""
    is_lost = call.work == "send" and isinstance(error, PlatformError) and error.leaves_doubt
    in_doubt = is_lost or call.row["state"] == "unknown"
    attempts, outcome = call.row["attempts"] + 1, "unknown" if is_lost else "again"
    if isinstance(error, RetryableError) and attempts >= MOST_ATTEMPTS:
        state = "unknown" if in_doubt else "failed"
        store.mark_recipients(connection, call, state, from_states=("pending", "unknown"), reason=str(error), now=now)
        mark = Mark("dead", f"given up after {attempts} attempts: {error}")
        return _end(connection, call, outcome, mark, code=_code_of(error), reason=str(error), now=now)
    if in_doubt:
        store.mark_recipients(connection, call, "unknown", from_states=("pending",), now=now)
    mark = Mark("unknown" if in_doubt else "waiting", str(error), next_attempt_at=_retry_at(attempts, error, now))
    return _end(connection, call, outcome, mark, code=_code_of(error), now=now)


def _retry_at(attempts: int, error: OrgsyncError, now: datetime) -> datetime:
    if isinstance(error, BLOCKING):
        return now + BLOCKED_WAIT
    return next_attempt_at(attempts, now=now, asked_seconds=error.wait_seconds if isinstance(error, PlatformError) else None)


def _code_of(error: OrgsyncError) -> str | None:
    return error.refusal.code if isinstance(error, PlatformError) else None


def _record_refusal(connection: Connection, desk: Desk, call: Call, error: RefusedError, *, now: datetime) -> str:
    """For good. Only a task is refused as a whole for one of its people: it is made in two.

    What an attempt before may have done is not undone by a refusal: of its people nothing is known.
    """
    code, reason = error.refusal.code, str(error)
    in_doubt = error.leaves_doubt or call.row["state"] == "unknown"
    if call.work == "results":
        return _end(connection, call, "refused", Mark("sent", reason), code=code, reason=reason, now=now)
    if call.work == "recall":
        return _record_recall(connection, call, Recall("failed", reason), now=now)
    if call.work == "send" and is_task(call.row["kind"], desk.messenger.limits) and call.row["people"] > 1 and not in_doubt:
        store.split(connection, call, now=now)
    elif call.work == "send":
        state = "unknown" if in_doubt else "failed"
        store.mark_recipients(connection, call, state, from_states=("pending", "unknown"), reason=reason, now=now)
    return _end(connection, call, "refused", Mark("refused", reason), code=code, reason=reason, now=now)


def _end(
    connection: Connection,
    call: Call,
    outcome: str,
    mark: Mark,
    *,
    now: datetime,
    platform_id: str | None = None,
    code: str | None = None,
    reason: str | None = None,
) -> str:
    store.record(connection, call, Ending(outcome, platform_id, code, reason or mark.reason), mark, now=now)
    return outcome
