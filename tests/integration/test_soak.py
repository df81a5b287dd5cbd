"""`make soak` itself: it runs, and counts what it did."""

from __future__ import annotations

from tests.integration.soak import soak


def test_a_few_evolutions_are_held_against_the_model() -> None:
    counted = soak(3, 20261125)
    assert counted["evolutions"] == 3
    assert counted["loads"] > 0
