"""How much is listened to, and that counting it takes no more memory than there are names of ours."""

from __future__ import annotations

from orgsync.events.bounds import Buckets, Complaints, Refusals


def test_bucket_is_emptied_and_fills_again() -> None:
    buckets = Buckets(per_second=2, burst=3)
    assert [buckets.take("a", now=0) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", now=0)
    assert [buckets.take("a", now=1) for _ in range(3)] == [True, True, False]


def test_bucket_holds_no_more_than_its_burst() -> None:
    buckets = Buckets(per_second=100, burst=2)
    buckets.take("a", now=0)
    assert [buckets.take("a", now=1000) for _ in range(3)] == [True, True, False]


def test_names_have_a_bound() -> None:
    buckets = Buckets(per_second=1, burst=1, most_names=10)
    for number in range(1000):
        buckets.take(str(number), now=0)
    assert len(buckets) == 10


def test_refusals_that_could_not_be_written_down_are_counted_on() -> None:
    refusals = Refusals()
    for _ in range(3):
        refusals.add("acme", "forged")
    taken = refusals.take()
    assert (taken, refusals.take()) == ([("acme", "forged", 3)], [])
    refusals.add("acme", "forged")
    refusals.put_back(taken)
    assert refusals.take() == [("acme", "forged", 4)]


def test_each_thing_that_is_wrong_is_told_once_and_again_after_it_was_right() -> None:
    complaints = Complaints()
    seen = [{"a": "x"}, {"a": "x", "b": "y"}, {"a": "z"}, {}, {"a": "z"}]
    assert [complaints.find_new(wrong) for wrong in seen] == [[("a", "x")], [("b", "y")], [("a", "z")], [], [("a", "z")]]
