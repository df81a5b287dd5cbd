"""What the pages decide about messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from orgsync.cli.sending import ANSWERS, RETRIES
from orgsync.outbox.quota import Gauge, Usage, read_gauges
from orgsync.outbox.states import MessageState
from orgsync.pages.messages import TONES, find_next_id, list_acts, warn
from orgsync.pages.wording import TEXTS
from orgsync.platforms.sending.messages import KINDS, Limits

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        ("pending", ["retry", "recall"]),
        ("claimed", ["retry", "recall"]),
        ("partly", ["retry", "recall"]),
        ("sent", ["recall"]),
        ("delivered", ["recall"]),
        ("recall_failed", ["recall"]),
        ("dead", ["retry"]),
        ("failed", []),
        ("expired", []),
        ("recalled", []),
    ],
)
def test_what_may_be_of_use_is_offered(state: str, acts: list[str]) -> None:
    message = {"state": state, "action": "send", "recall_wanted_at": None}
    assert list_acts(message) == acts
    assert list_acts(message | {"action": "update"}) == [act for act in acts if act != "recall"]
    assert list_acts(message | {"recall_wanted_at": NOW}) == [act for act in acts if act != "retry"]


@pytest.mark.parametrize(
    ("used", "said"),
    [
        pytest.param(799, "", id="enough"),
        pytest.param(800, "quota.nearly", id="four fifths"),
        pytest.param(900, "quota.reserved", id="the last tenth"),
        pytest.param(1000, "quota.used_up", id="all"),
    ],
)
def test_quota_of_a_month_warns_as_the_command_does(used: int, said: str) -> None:
    limits = Limits(people_per_call=1, billable_calls_per_month=1000)
    [gauge] = read_gauges(Usage(calls_this_month=used), limits, now=NOW)
    assert warn(gauge) == said
    assert bool(gauge.warning) == bool(said)


def test_quota_that_is_soon_new_warns_of_nothing() -> None:
    assert warn(Gauge("calls this minute", 50, 50, NOW)) == ""


def test_every_gauge_has_its_words() -> None:
    limits = Limits(
        people_per_call=1, billable_calls_per_month=1, recipients_per_day=1, send_to_all_per_day=1, people_per_minute=1, calls_per_minute=1
    )
    assert [gauge.name for gauge in read_gauges(Usage(), limits, now=NOW) if f"gauge.{gauge.name}" not in TEXTS] == []


def test_every_state_kind_and_answer_has_its_words() -> None:
    names = [
        *(f"{what}.{state}" for state in get_args(MessageState) for what in ("message_state", "message_hint")),
        *(f"message_kind.{kind}" for kind in KINDS),
        *(f"recall_answer.{answer}" for answer in ANSWERS),
        *(f"retry_answer.{answer}" for answer in RETRIES),
    ]
    assert [name for name in names if name not in TEXTS] == []
    assert [state for state in get_args(MessageState) if state not in TONES] == ["recalled"]


def row(user_id: str | None, *, looked_at: int, last_id: str) -> dict[str, Any]:
    return {"user_id": user_id, "looked_at": looked_at, "last_id": last_id}


@pytest.mark.parametrize(
    ("rows", "after"),
    [
        pytest.param([row("a", looked_at=9, last_id="z"), row("b", looked_at=9, last_id="z")], "b", id="a full page"),
        pytest.param([row("a", looked_at=9, last_id="z")], "z", id="looked at enough"),
        pytest.param([row(None, looked_at=9, last_id="z")], "z", id="nobody among them"),
        pytest.param([row("a", looked_at=8, last_id="z")], None, id="the end"),
        pytest.param([row(None, looked_at=0, last_id="")], None, id="no recipient"),
    ],
)
def test_where_to_look_further(rows: list[dict[str, Any]], after: str | None) -> None:
    assert find_next_id(rows, most=2, most_looked_at=9) == after
