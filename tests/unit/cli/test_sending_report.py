"""What became of messages is shown whole, at any width, and none of it moves the terminal's cursor."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from rich.cells import cell_len
from rich.console import Console

from orgsync.cli.sending_report import RECIPIENT_STATES, STATE_STYLES, show_message, show_messages, show_pushes, show_quota
from orgsync.outbox.states import MessageState

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SHANGHAI_MIDNIGHT = datetime.fromisoformat("2026-03-02T00:00+08:00")
Row = dict[str, Any]
WIDTHS = pytest.mark.parametrize("width", [60, 100, 200])


def printed(show: Callable[..., None], *arguments: Any, width: int = 100) -> list[str]:
    """The lines that a person reads; none is wider than the console."""
    file = io.StringIO()
    show(Console(file=file, width=width), *arguments)
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    assert max(map(cell_len, lines)) <= width
    return lines


def words(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def make_message(**changed: Any) -> Row:
    return {
        "message_id": 12,
        "tenant_id": "acme",
        "kind": "card",
        "action": "send",
        "of_message_id": None,
        "title": "Fire drill [today]",
        "body": "At three",
        "url": "",
        "due_at": None,
        "audience": {"users": ["a", "b"], "departments": ["7"]},
        "priority": 5,
        "dedupe_key": None,
        "source": "cli",
        "state": "partly",
        "reason": "1 of 3 recipients: gone",
        "created_at": NOW,
        "not_before": NOW,
        "next_attempt_at": NOW,
        "expires_at": None,
        "recipients": {"failed": 1, "delivered": 2},
        **changed,
    }


def make_full(**changed: Any) -> Row:
    return make_message(
        missed=[{"user_id": "b", "state": "failed", "reason": "gone"}],
        attempts=[make_attempt()],
        **changed,
    )


def make_attempt(**changed: Any) -> Row:
    return {
        "action": "send",
        "outcome": "sent",
        "people": 3,
        "to_all": False,
        "could_repeat": False,
        "reason": None,
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=1.25),
        **changed,
    }


def make_gauge(**changed: Any) -> Row:
    return {"name": "calls", "used": 3, "most": 5000, "renewed_at": SHANGHAI_MIDNIGHT, "warning": "", **changed}


def make_pushed(**changed: Any) -> Row:
    return {"tenant_id": "acme", "messages": 0, "attempts": {}, "waiting": 0, "reason": "", "error": "", **changed}


@pytest.mark.parametrize("state", get_args(MessageState))
def test_each_state_has_a_colour(state: str) -> None:
    assert state in STATE_STYLES


def test_messages_are_a_table_where_it_fits() -> None:
    assert printed(show_messages, [make_message()], width=140) == [
        "id  tenant  queued (UTC)         what  state   recipients             title",
        "12  acme    2026-03-01 08:00:00  card  partly  2 delivered, 1 failed  Fire drill [today]",
        "12: 1 of 3 recipients: gone",
    ]


def test_messages_are_some_lines_each_where_the_table_does_not_fit() -> None:
    assert printed(show_messages, [make_message(), make_message(message_id=11, reason=None, recipients={})], width=60) == [
        "message 12  acme, card, 2026-03-01 08:00:00 UTC  partly",
        "  Fire drill [today]",
        "  2 delivered, 1 failed",
        "  1 of 3 recipients: gone",
        "message 11  acme, card, 2026-03-01 08:00:00 UTC  partly",
        "  Fire drill [today]",
    ]


def test_text_without_a_title_is_known_by_its_first_words() -> None:
    assert "Line one line two" in words(printed(show_messages, [make_message(title="", body="Line one\nline two")]))


def test_change_of_a_todo_names_it() -> None:
    change = make_message(kind="todo", action="complete", of_message_id=7)
    assert "complete todo 7" in words(printed(show_messages, [change]))


@WIDTHS
def test_message_is_shown_whole(width: int) -> None:
    told = words(printed(show_message, make_full(dedupe_key="drill-7", due_at=SHANGHAI_MIDNIGHT), width=width))
    for said in (
        "message 12 acme, card, 2026-03-01 08:00:00 UTC partly",
        "title Fire drill [today]",
        "body At three",
        "to users a, b; departments 7",
        "due 2026-03-02 00:00 UTC+08:00",
        "dedupe key drill-7",
        "Reason: 1 of 3 recipients: gone",
        "Recipients: 2 delivered, 1 failed",
        "b failed gone",
        "2026-03-01 08:00:00 send sent 3 1.2",
    ):
        assert said in told


def test_what_a_message_does_not_have_is_not_shown() -> None:
    told = words(printed(show_message, make_full()))
    for name in ("url", "due", "expires", "not before", "dedupe key", "next try"):
        assert f" {name} " not in told


@pytest.mark.parametrize(
    ("audience", "said"),
    [({"everyone": True}, "to everybody"), ({"users": ["a"], "query": "managers"}, "to users a; query managers")],
    ids=["everybody", "query"],
)
def test_audience_is_told_in_words(audience: Row, said: str) -> None:
    assert said in words(printed(show_message, make_full(audience=audience)))


def test_message_that_waits_says_until_when() -> None:
    later = NOW + timedelta(days=1)
    waiting = make_message(state="pending", recipients={}, reason=None, not_before=later, next_attempt_at=later + timedelta(hours=1))
    told = words(printed(show_message, waiting | {"missed": [], "attempts": []}))
    for said in ("not before 2026-03-02 08:00 UTC", "next try 2026-03-02 09:00 UTC", "Recipients: looked up when it is sent"):
        assert said in told


def test_people_who_are_not_listed_are_counted() -> None:
    told = words(printed(show_message, make_full(recipients={"failed": 1200, "unknown": 3, "delivered": 5})))
    assert "and 1,202 more (--limit)" in told


def test_every_state_of_a_recipient_is_counted() -> None:
    told = words(printed(show_message, make_full(recipients=dict.fromkeys(RECIPIENT_STATES, 2))))
    assert "Recipients: " + ", ".join(f"2 {state}" for state in RECIPIENT_STATES) in told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"to_all": True}, "send sent all 1.2"),
        ({"outcome": "calling", "finished_at": None}, "send calling 3"),
        ({"could_repeat": True, "reason": "timed out"}, "timed out; may have reached people a second time"),
    ],
    ids=["to everybody", "under way", "in doubt"],
)
def test_attempt_is_told_in_a_line(changed: Row, said: str) -> None:
    assert said in words(printed(show_message, make_full() | {"attempts": [make_attempt(**changed)]}))


def test_nothing_in_a_message_moves_the_cursor() -> None:
    escape = "\x1b[2J"
    message = make_full(title=escape, body=escape, reason=escape) | {
        "missed": [{"user_id": escape, "state": "failed", "reason": escape}],
        "attempts": [make_attempt(reason=escape)],
    }
    for show, shown in ((show_message, message), (show_messages, [message])):
        text = "\n".join(printed(show, shown))
        assert "\x1b" not in text
        assert "\\u001b[2J" in text


def test_quota_is_a_line_each_with_its_warnings_and_what_waits_below() -> None:
    month = make_gauge(used=4600, warning="92% are used")
    acme = {"tenant_id": "acme", "gauges": [month], "unknown": "", "waiting": 2, "reason": "not in [the] night"}
    beta = {"tenant_id": "beta", "gauges": [], "unknown": "set accounts of the connection", "waiting": 0, "reason": None}
    assert printed(show_quota, [acme, beta]) == [
        "tenant  quota                used     of  new at (UTC+08:00)",
        "acme    calls               4,600  5,000    2026-03-02 00:00",
        "beta    unknown, see below",
        "acme",
        "  calls: 92% are used",
        "  2 messages wait: not in [the] night",
        "beta",
        "  set accounts of the connection",
    ]


@pytest.mark.parametrize(
    ("used", "warning", "colour"), [(3, "", ""), (4600, "92% are used", "33"), (5000, "used up", "1;31")], ids=["plenty", "little", "none"]
)
def test_quota_is_coloured_as_it_runs_out(used: int, warning: str, colour: str) -> None:
    file = io.StringIO()
    row = {"tenant_id": "acme", "gauges": [make_gauge(used=used, warning=warning)], "unknown": "", "waiting": 0, "reason": None}
    show_quota(Console(file=file, width=100, force_terminal=True, color_system="standard"), [row])
    assert (f"\x1b[{colour}m{used:,}\x1b[0m" if colour else f" {used:,} ") in file.getvalue()


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, ["acme  nothing was to be done now"]),
        ({"messages": 1, "attempts": {"refused": 1, "sent": 2}}, ["acme  1 message taken up; calls: 2 sent, 1 refused"]),
        ({"attempts": {"asked": 3}}, ["acme  calls: 3 asked for results"]),
        ({"messages": 2, "waiting": 1, "reason": "used up"}, ["acme  2 messages taken up", "  1 message waits: used up"]),
        ({"error": "the secret is wrong"}, ["acme  failed"]),
    ],
    ids=["nothing", "sent", "asked", "waiting", "failed"],
)
def test_push_is_told_in_a_line(changed: Row, lines: list[str]) -> None:
    assert printed(show_pushes, [make_pushed(**changed)]) == lines
