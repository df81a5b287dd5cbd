"""Which snapshots may be taken out of history, and let in again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.errors import ConfigurationError, GateError
from orgsync.sync.decisions import check_retractable, check_undoable, describe_decision

NOW = datetime(2026, 11, 28, 9, 5, tzinfo=UTC)


def snapshot(state: str, **given: Any) -> dict[str, Any]:
    row = {
        "snapshot_id": "s1",
        "tenant_id": "acme",
        "state": state,
        "taken_at": NOW - timedelta(hours=1),
        "decided_by": "li",
        "decided_at": NOW,
    }
    return row | given


@pytest.mark.parametrize("state", ["landed", "loaded", "foreign", "retracted"])
def test_whatever_was_not_rejected_may_be_retracted(state: str) -> None:
    check_retractable(snapshot(state), "acme")


def test_a_rejected_one_is_no_part_of_history() -> None:
    with pytest.raises(GateError) as refused:
        check_retractable(snapshot("rejected"), "acme")
    assert str(refused.value) == "snapshot s1 is no part of history: it was rejected by li on 2026-11-28 09:05 UTC; nothing was changed"


def test_a_retracted_one_may_come_back() -> None:
    check_undoable(snapshot("retracted"), "acme", now=NOW)


@pytest.mark.parametrize("state", ["landed", "loaded", "foreign", "rejected"])
def test_only_a_retracted_one_comes_back(state: str) -> None:
    with pytest.raises(GateError) as refused:
        check_undoable(snapshot(state), "acme", now=NOW)
    assert str(refused.value) == f"snapshot s1 is {state}, not retracted; nothing was changed"


def test_one_whose_time_has_not_come_stays_out() -> None:
    ahead = snapshot("retracted", taken_at=NOW + timedelta(hours=1))
    with pytest.raises(GateError, match=r"^snapshot s1 is dated after now \(2026-11-28 09:05:00 UTC .*; nothing was changed$"):
        check_undoable(ahead, "acme", now=NOW)
    check_undoable(ahead, "acme", now=NOW + timedelta(hours=1))


def test_another_tenants_is_not_touched() -> None:
    refusal = "^snapshot s1 is of tenant acme, not of globex$"
    with pytest.raises(ConfigurationError, match=refusal):
        check_retractable(snapshot("loaded"), "globex")
    with pytest.raises(ConfigurationError, match=refusal):
        check_undoable(snapshot("retracted"), "globex", now=NOW)


def test_a_decision_says_who_and_when_and_how_it_is_undone() -> None:
    assert describe_decision(snapshot("rejected", decided_by=None)) == "it was rejected by nobody known on 2026-11-28 09:05 UTC"
    assert describe_decision(snapshot("retracted")) == (
        "it was retracted by li on 2026-11-28 09:05 UTC (`orgsync retract --undo s1` lets it in again)"
    )
