"""Gates stop a whole set, and say that nothing was changed and what to do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orgsync.errors import GateError, IncompleteSnapshotError
from orgsync.validation.gates import check_head_count, check_not_empty


@pytest.mark.parametrize(
    ("counts", "before"),
    [
        pytest.param({"departments": 1, "users": 5}, {"departments": 1, "users": 5}, id="as before"),
        pytest.param({"departments": 1, "users": 1}, {"departments": 9, "users": 500}, id="far fewer"),
        pytest.param({"departments": 1, "users": 0}, None, id="nobody, first time"),
        pytest.param({"departments": 1, "users": 0}, {"departments": 1, "users": 0}, id="nobody, as before"),
        pytest.param({"departments": 1, "users": 0}, {}, id="nobody, no count before"),
    ],
)
def test_set_that_is_not_empty_passes(counts: Mapping[str, int], before: Mapping[str, int] | None) -> None:
    check_not_empty(counts, before)


@pytest.mark.parametrize(
    ("counts", "before", "words"),
    [
        pytest.param({"departments": 0, "users": 0}, None, "no department at all", id="nothing, first time"),
        pytest.param({"departments": 0, "users": 5}, {"departments": 1, "users": 5}, "no department at all", id="no department"),
        pytest.param({"departments": 1, "users": 0}, {"departments": 1, "users": 5}, "last snapshot had 5 people", id="nobody left"),
    ],
)
def test_empty_set_is_stopped(counts: Mapping[str, int], before: Mapping[str, int] | None, words: str) -> None:
    with pytest.raises(GateError, match=words) as caught:
        check_not_empty(counts, before)
    assert "nothing was changed" in str(caught.value)
    assert "visible range" in str(caught.value)


def test_set_that_is_all_in_quarantine_says_so() -> None:
    with pytest.raises(GateError, match="7 people or departments are in quarantine"):
        check_not_empty({"departments": 0, "users": 5, "quarantined_rows": 7}, None)
    with pytest.raises(GateError, match="5 people or departments are in quarantine"):
        check_not_empty({"departments": 1, "users": 0, "quarantined_rows": 5}, {"departments": 1, "users": 5})


@pytest.mark.parametrize(
    ("seen", "counted", "allowed"),
    [
        pytest.param(10, 10, 0, id="equal"),
        pytest.param(11, 10, 0, id="joined while we read"),
        pytest.param(9, None, 0, id="platform gives no count"),
        pytest.param(7, 10, 3, id="as many hidden as allowed"),
        pytest.param(0, 0, 0, id="nobody"),
    ],
)
def test_head_count_that_fits_passes(seen: int, counted: int | None, allowed: int) -> None:
    check_head_count(seen, counted, allowed=allowed)


@pytest.mark.parametrize(
    ("seen", "counted", "allowed"), [(9, 10, 0), (6, 10, 3), (0, 1, 0)], ids=["one lost", "more than allowed", "all lost"]
)
def test_people_lost_from_a_page_are_noticed(seen: int, counted: int, allowed: int) -> None:
    with pytest.raises(IncompleteSnapshotError, match=f"counts {counted} people, its pages held {seen}; nothing was changed") as caught:
        check_head_count(seen, counted, allowed=allowed)
    assert "missing_people" in str(caught.value)
