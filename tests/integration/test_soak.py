"""`make soak` itself: it runs, and counts what it did."""

from __future__ import annotations

from hypothesis import given

from tests.integration.soak import Evolution, disturbed, soak


def test_a_few_evolutions_are_held_against_the_model() -> None:
    counted = soak(3, 20261125)
    assert counted["evolutions"] == 3
    assert counted["loads"] > 0


@given(evolution=disturbed())
def test_what_must_stay_out_of_history_is_one_snapshot_each(evolution: Evolution) -> None:
    instants = [distance for _, distance in evolution.disturbances.values()]
    assert len(set(instants)) == len(instants)
