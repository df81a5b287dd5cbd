"""A budget is exceeded only beyond its count and beyond its percentage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.budget import WORDS, Allowance, Amount, Budget, describe, find_exceeded

ALLOWED = Allowance(count=10, percent=5)


@pytest.mark.parametrize(
    ("amount", "exceeds"),
    [
        (Amount(11, 100), True),
        (Amount(10, 100), False),
        (Amount(5, 6), False),
        (Amount(11, 220), False),
        (Amount(11, 219), True),
        (Amount(900, 20_000), False),
        (Amount(1_001, 20_000), True),
        (Amount(0, 0), False),
    ],
    ids=str,
)
def test_both_must_be_exceeded(amount: Amount, exceeds: bool) -> None:
    assert amount.exceeds(ALLOWED) is exceeds


def amounts(**changed: Amount) -> dict[str, Amount]:
    return dict.fromkeys(WORDS, Amount(0, 500)) | changed


def test_each_exceeded_budget_is_told_with_what_is_allowed() -> None:
    [exceeded] = find_exceeded(amounts(leavers=Amount(152, 500)), Budget())
    assert exceeded == {"budget": "leavers", "count": 152, "total": 500, "percent": 30.4, "allowed_count": 10, "allowed_percent": 5}
    assert describe(exceeded) == "152 of 500 (30.4 %) people would leave; without asking 10 may, or 5 %"


def test_nothing_lost_is_within_every_budget() -> None:
    assert find_exceeded(amounts(), Budget(0, *[Allowance(0, 0)] * 5)) == []


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 100), st.integers(0, 100))
def test_a_wider_budget_is_never_exceeded_first(count: int, total: int, allowed: int, percent: int) -> None:
    amount = Amount(min(count, total), total)
    if not amount.exceeds(Allowance(allowed, percent)):
        assert not amount.exceeds(Allowance(allowed + 1, percent))
        assert not amount.exceeds(Allowance(allowed, percent + 1))
