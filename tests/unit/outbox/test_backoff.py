"""When a call is tried again, and its results are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orgsync.outbox.backoff import MOST_ATTEMPTS, next_attempt_at, next_results_at

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def waits() -> list[float]:
    return [(next_attempt_at(attempts, now=NOW) - NOW).total_seconds() for attempts in range(1, MOST_ATTEMPTS)]


def test_waits_grow_to_an_hour() -> None:
    assert waits()[:4] == [1, 16, 81, 256]
    assert max(waits()) == 3600
    assert waits() == sorted(waits())


def test_it_is_given_up_only_after_hours() -> None:
    assert timedelta(hours=3) < timedelta(seconds=sum(waits())) < timedelta(hours=12)


def test_the_platforms_own_word_is_waited_for() -> None:
    assert next_attempt_at(1, now=NOW, asked_seconds=300) == NOW + timedelta(minutes=5)
    assert next_attempt_at(5, now=NOW, asked_seconds=3) == NOW + timedelta(seconds=625)


def test_results_are_asked_ever_more_rarely_while_they_are_told() -> None:
    first = next_results_at(0, sent_at=NOW, now=NOW, result_hours=24)
    second = next_results_at(1, sent_at=NOW, now=NOW, result_hours=24)
    assert first is not None
    assert second is not None
    assert NOW < first < second
    assert next_results_at(4, sent_at=NOW, now=NOW + timedelta(hours=20), result_hours=24) is None
    assert next_results_at(5, sent_at=NOW, now=NOW, result_hours=1000) is None


def test_what_was_never_tried_waits_for_nothing() -> None:
    assert next_attempt_at(0, now=NOW) == NOW


def test_results_are_asked_to_the_last_moment_in_which_they_are_told() -> None:
    last = NOW + timedelta(hours=24)
    assert next_results_at(0, sent_at=NOW, now=last - timedelta(seconds=10), result_hours=24) == last
    assert next_results_at(0, sent_at=NOW, now=last - timedelta(seconds=9), result_hours=24) is None
