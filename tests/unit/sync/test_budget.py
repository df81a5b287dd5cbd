"""A budget is exceeded only beyond its count and beyond its percentage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.sync.budget import WORDS, Amount, describe, find_exceeded
from orgsync.tenants.stanza import REMEMBERED, Allowance, Budget

ALLOWED = Allowance(count=10, percent=5)


@pytest.mark.parametrize(
    ("amount", "exceeds"),
    [
        (Amount("leavers", 11, 100), True),
        (Amount("leavers", 10, 100), False),
        (Amount("leavers", 5, 6), False),
        (Amount("leavers", 11, 220), False),
        (Amount("leavers", 11, 219), True),
        (Amount("leavers", 900, 20_000), False),
        (Amount("leavers", 1_001, 20_000), True),
        (Amount("leavers", 0, 0), False),
    ],
    ids=str,
)
def test_both_must_be_exceeded(amount: Amount, exceeds: bool) -> None:
    assert amount.exceeds(ALLOWED) is exceeds


UNLIMITED = Budget(0, **dict.fromkeys(WORDS, Allowance(10**9, 100)))
NOTHING = Budget(0, **dict.fromkeys(WORDS, Allowance(0, 0)))


def test_each_exceeded_budget_is_told_with_what_is_allowed() -> None:
    [exceeded] = find_exceeded([Amount("moves", 0, 500), Amount("leavers", 152, 500)], Budget())
    assert exceeded == {"budget": "leavers", "count": 152, "total": 500, "percent": 30.4, "allowed_count": 10, "allowed_percent": 5}
    assert describe(exceeded) == "152 of 500 (30.4 %) people would leave; without asking 10 may, or 5 %"


def test_small_amounts_add_up_over_days() -> None:
    [exceeded] = find_exceeded([Amount("leavers", 10, 50), Amount("leavers", 20, 60, per_days=7)], Budget())
    assert (exceeded["count"], exceeded["per_days"]) == (20, 7)
    assert describe(exceeded) == (
        "20 of 60 (33.3 %) people would leave within 7 days, with those of the syncs before; without asking 10 may, or 5 %"
    )


def test_what_the_sync_alone_exceeds_is_told_once() -> None:
    found = find_exceeded([Amount("leavers", 40, 60, per_days=7), Amount("leavers", 30, 60)], Budget())
    assert [(each["count"], "per_days" in each) for each in found] == [(30, False)]


def test_a_single_day_is_told_after_the_sync_itself_and_in_words_of_its_own() -> None:
    alone, with_day = Amount("leavers", 50, 100), Amount("leavers", 60, 100, per_days=1)
    assert [found["count"] for found in find_exceeded([with_day, alone], Budget())] == [50]
    [exceeded] = find_exceeded([with_day], Budget())
    assert describe(exceeded).endswith(" people would leave within 1 day, with those of the syncs before; without asking 10 may, or 5 %")


def test_every_budget_that_is_exceeded_is_told() -> None:
    amounts = [Amount("leavers", 50, 100), Amount("moves", 90, 100)]
    assert [found["budget"] for found in find_exceeded(amounts, Budget(0, **dict.fromkeys(WORDS, ALLOWED)))] == ["leavers", "moves"]


def test_emptied_values_are_told_by_column() -> None:
    emptied = [Amount("emptied_values", 60, 60, column="mobile"), Amount("emptied_values", 3, 60, column="title")]
    [exceeded] = find_exceeded(emptied, Budget())
    assert describe(exceeded) == "60 of 60 (100 %) people would lose their mobile; without asking 10 may, or 20 %"


def test_nothing_lost_is_within_every_budget() -> None:
    assert find_exceeded([Amount(name, 0, 500) for name in WORDS], NOTHING) == []


def test_every_budget_has_words_and_those_that_remember_have_days() -> None:
    assert set(WORDS) == set(vars(Budget())) - {"missing_people"}
    assert {name for name in WORDS if getattr(Budget(), name).per_days} == set(REMEMBERED) == set(Budget().per_days())


@given(st.lists(st.builds(Amount, st.sampled_from(sorted(WORDS)), st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([0, 7]))))
def test_without_limits_nobody_is_asked(amounts: list[Amount]) -> None:
    within = [each for each in amounts if each.count <= each.total]
    assert find_exceeded(within, UNLIMITED) == []


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 100), st.integers(0, 99))
def test_a_wider_budget_is_never_exceeded_first(count: int, total: int, allowed: int, percent: int) -> None:
    amount = Amount("leavers", min(count, total), total)
    if not amount.exceeds(Allowance(allowed, percent)):
        assert not amount.exceeds(Allowance(allowed + 1, percent))
        assert not amount.exceeds(Allowance(allowed, percent + 1))


def test_of_nobody_no_share_is_lost() -> None:
    assert Amount("leavers", 0, 0).percent == 0
    assert Amount("leavers", 1, 3).percent == 33.3
