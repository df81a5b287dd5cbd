"""Gates stop a whole set, and say that nothing was changed and what to do."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from orgsync.errors import GateError, IncompleteSnapshotError
from orgsync.validation.gates import check_head_count, check_keys, check_not_empty
from orgsync.validation.rules import UNREADABLE_KEY


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


def test_a_stop_says_what_happened_and_what_to_do() -> None:
    with pytest.raises(GateError) as nobody:
        check_not_empty({"departments": 1, "users": 0}, {"departments": 1, "users": 5})
    assert str(nobody.value) == (
        "the platform shows nobody who could be loaded, where the last snapshot had 5 people; nothing was changed. "
        "Check the app's visible range and permission points, then sync again"
    )
    with pytest.raises(GateError) as nothing:
        check_not_empty({"departments": 0, "users": 5, "quarantined_rows": 1}, None)
    assert str(nothing.value) == (
        "the platform shows no department at all that could be loaded; nothing was changed. Check the app's visible range "
        "(DingTalk 授权范围, WeCom 可见范围, Feishu 通讯录权限范围) and sync again. "
        "1 people or departments are in quarantine: the validation report says why"
    )
    with pytest.raises(IncompleteSnapshotError) as lost:
        check_head_count(9, 10)
    assert str(lost.value) == (
        "the platform counts 10 people, its pages held 9; nothing was changed. Sync again; if it stays so, the app cannot see some people "
        "(check its visible range), or set missing_people in the tenant's budget to how many may be hidden"
    )


def findings(*rows: tuple[str, str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["entity", "rule", "user_id", "department_id"], dtype="str")


@pytest.mark.parametrize(
    "found",
    [
        findings(),
        findings(("user", "nul_character", "u1", None), ("department", "orphan", None, "d1")),
        findings(("membership", UNREADABLE_KEY, None, None)),
    ],
    ids=["nothing", "other rules", "a membership alone"],
)
def test_whoever_can_be_told_may_be_missed(found: pd.DataFrame) -> None:
    check_keys(found)


ADVICE = (
    "so who is gone cannot be told; nothing was changed. Sync again; if it stays so, have the id corrected on the platform, "
    "or set on_incomplete to add_only: then nobody leaves until it is"
)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (findings(("user", UNREADABLE_KEY, "u\ufffd", None)), "1 user came without an id that can be read (for example 'u\ufffd'), "),
        (findings(("user", "schema", None, "d1")), "1 user came without an id that can be read, "),
        (findings(("department", "schema", "u1", None)), "1 department came without an id that can be read, "),
        (
            findings(
                *[("user", UNREADABLE_KEY, f"{number}" * 50, "d1") for number in (1, 2, 3, 4)], ("department", UNREADABLE_KEY, "u1", "5")
            ),
            f"4 users and 1 department came without an id that can be read (for example '{'1' * 40}', '{'2' * 40}', '{'3' * 40}'), ",
        ),
    ],
    ids=["damaged", "a person without one", "a department without one", "several"],
)
def test_whose_id_cannot_be_read_would_look_like_a_leaver(found: pd.DataFrame, told: str) -> None:
    with pytest.raises(IncompleteSnapshotError) as stopped:
        check_keys(found)
    assert str(stopped.value) == told + ADVICE
