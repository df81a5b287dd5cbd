"""Why a snapshot of the landing zone is not part of history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orgsync.sync.left_out import LeftOut, explain_left_out

DECIDED = {"decided_by": "li", "decided_at": datetime(2026, 11, 28, 9, 5, tzinfo=UTC)}
WHOLE = {"is_complete": True, "problems": []}


@pytest.mark.parametrize(
    ("row", "why", "reason"),
    [
        ({"state": "foreign"} | WHOLE, "foreign", "it is another company's"),
        ({"state": "rejected"} | DECIDED | WHOLE, "rejected", "it was rejected by li on 2026-11-28 09:05 UTC"),
        (
            {"state": "retracted"} | DECIDED | WHOLE,
            "retracted",
            "it was retracted by li on 2026-11-28 09:05 UTC (`orgsync retract --undo s1` lets it in again)",
        ),
        ({"state": "landed", "is_complete": False, "problems": ["a", "b"]}, "incomplete", "not complete: a; b"),
        (
            {"state": "landed"} | WHOLE,
            "undecided",
            "it landed, and nobody decided about it (a dry run, a run that failed, or no run at all)",
        ),
    ],
    ids=["foreign", "rejected", "retracted", "incomplete", "undecided"],
)
def test_it_is_said_in_a_word_and_in_words(row: dict[str, Any], why: str, reason: str) -> None:
    assert explain_left_out([{"snapshot_id": "s1"} | row]) == [LeftOut("s1", why, reason)]


def test_each_is_told_in_the_order_given() -> None:
    rows = [{"snapshot_id": name, "state": "foreign"} | WHOLE for name in ("s2", "s1")]
    assert [left.snapshot_id for left in explain_left_out(rows)] == ["s2", "s1"]
