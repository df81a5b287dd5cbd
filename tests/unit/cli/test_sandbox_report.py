from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from orgsync.cli import sandbox_report


def printed(show: Any, answer: Any) -> list[str]:
    file = io.StringIO()
    show(Console(file=file, width=100), answer)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("show", "answer", "line"),
    [
        (
            sandbox_report.show_evolutions,
            {"joined": ["1", "2"], "left": [], "moved": ["3"], "departments_created": ["4"], "leaders_changed": [], "step": 1},
            "wecom  people: 2 joined, 1 moved; departments: 1 created",
        ),
        (sandbox_report.show_evolutions, {"joined": [], "step": 2}, "wecom  people: nothing; departments: nothing"),
        (sandbox_report.show_hidden, 150, "wecom  150 people in no list and no count; nobody has left"),
        (sandbox_report.show_hidden, 0, "wecom  everybody is shown again"),
        (
            sandbox_report.show_faults,
            {"faults": [{"interface": "user/list", "kind": "nul_in_name", "id": 1}]},
            "wecom  user/list misbehaves from now on: nul_in_name",
        ),
        (sandbox_report.show_removed_faults, {"removed": 2}, "wecom  2 faults removed; it behaves again"),
        (sandbox_report.show_removed_faults, {"removed": 0}, "wecom  there was no fault; it behaves"),
        (
            sandbox_report.show_status,
            {
                "organization": {"people": 500, "departments": 26, "memberships": 523, "former": 3, "step": 1},
                "calls": {"total": 1200},
            },
            "wecom  500 people, 26 departments, 523 memberships; 3 have left; evolved 1 time; 1,200 calls taken",
        ),
        (
            sandbox_report.show_events,
            {"emitted": 1200, "delivered": 1190, "pending": 0, "failed": 3, "lost": 7},
            "wecom  1,200 events: 1,190 acknowledged, 3 given up, 7 lost as ordered",
        ),
        (sandbox_report.show_events, {"emitted": 0}, "wecom  told nobody of any change yet"),
        (
            sandbox_report.show_event_faults,
            {"faults": [{"type": "*", "share": 0.5, "kind": "lost"}]},
            "wecom  from now on 50% of events: lost",
        ),
        (
            sandbox_report.show_event_faults,
            {"faults": [{"type": "delete_user", "share": 1, "kind": "forged"}]},
            "wecom  from now on 100% of delete_user: forged",
        ),
        (sandbox_report.show_removed_event_faults, {"removed": 1}, "wecom  1 fault of events removed"),
        (sandbox_report.show_removed_event_faults, {"removed": 0}, "wecom  there was no fault of events"),
    ],
)
def test_answer_of_the_sandbox_is_told_in_words(show: Any, answer: Any, line: str) -> None:
    assert printed(show, {"wecom": answer}) == [line]


def test_inbox_is_a_line_each_and_says_what_was_taken_back() -> None:
    inbox = {
        "messages": [{"title": "放假", "text": "十月\n一日", "recalled": True, "read": False}],
        "todos": [{"title": "值班表", "text": "\x1b[2J", "state": "open"}],
    }
    assert printed(sandbox_report.show_inbox, inbox) == ["message  taken back  放假 十月 一日", "todo  open  值班表 \\u001b[2J"]
    assert printed(sandbox_report.show_inbox, {"messages": [], "todos": []}) == ["nothing was received yet"]


@pytest.mark.parametrize(
    ("subscription", "line"),
    [
        ({"mode": "off"}, "wecom  it tells nobody of changes"),
        ({"mode": "stream"}, "wecom  it tells of changes over a connection that is open"),
        (
            {"mode": "http", "url": "http://127.0.0.1:1/x", "token": "t", "key": ""},
            "wecom  it tells http://127.0.0.1:1/x of changes; token t, key none",
        ),
    ],
    ids=["off", "stream", "http"],
)
def test_whither_changes_are_told_is_told(subscription: Any, line: str) -> None:
    assert printed(lambda console, answer: sandbox_report.show_callback(console, "wecom", answer), subscription) == [line]


def test_what_happened_to_connections_is_told() -> None:
    assert printed(lambda console, counts: sandbox_report.show_streams(console, "silence", counts), {"feishu": 1, "dingtalk": 2}) == [
        "feishu  1 connection silent from now on",
        "dingtalk  2 connections silent from now on",
    ]
