"""What is told of a problem over time, and what is not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orgsync.alerts.notices import Event
from orgsync.alerts.problems import Identity, Problem
from orgsync.alerts.remembering import GONE, MOST_DOUBLINGS, Standing, carry_on
from orgsync.alerts.telling import AGAIN, SETTLED, Told, choose_notices
from orgsync.words import Words

START = datetime(2026, 11, 30, 8, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def make_problem(kind: str = "stale", subject: str = "", since: datetime = START) -> Problem:
    return Problem("acme", kind, subject, "broken", Words("it is so", "如此"), Words("mend it", "请处理"), "/there", since)


class Watcher:
    """Looks at intervals, and tells one channel, which may be out of order."""

    def __init__(self) -> None:
        self.now = START
        self.standings: dict[Identity, Standing] = {}
        self.told: dict[Identity, Told] = {}
        self.heard: defaultdict[Identity, list[tuple[Event, datetime]]] = defaultdict(list)

    def look(self, *found: Problem, after: timedelta = FIVE, works: bool = True) -> list[Event]:
        self.now += after
        self.standings = carry_on(self.standings, found, was_looked_for=lambda _: True, now=self.now)
        notices = choose_notices(self.standings.values(), self.told, now=self.now)
        if works:
            for notice in notices:
                self.told[notice.problem.identity] = Told(notice.event, self.now)
                self.heard[notice.problem.identity].append((notice.event, self.now))
        return [notice.event for notice in notices]

    def look_often(self, times: int, *found: Problem) -> list[Event]:
        return [event for _ in range(times) for event in self.look(*found)]


def test_what_lasts_is_told_once_again_after_a_day_and_once_when_it_is_over() -> None:
    watcher, problem = Watcher(), make_problem()
    assert watcher.look_often(2, problem) == []  # it may pass by itself
    assert watcher.look(problem) == ["new"]
    assert watcher.look_often(287, problem) == []
    assert watcher.look(problem) == ["still"]
    assert watcher.look_often(6) == []  # it may come back
    assert watcher.look() == ["over"]
    assert watcher.look_often(300) == []


def test_what_passes_before_it_is_told_is_not_told_at_all() -> None:
    watcher = Watcher()
    watcher.look_often(2, make_problem())
    assert watcher.look_often(100) == []


def test_what_comes_back_within_minutes_is_one_problem() -> None:
    watcher, problem = Watcher(), make_problem()
    heard = watcher.look_often(3, problem)
    for _ in range(50):
        heard += watcher.look_often(2) + watcher.look_often(1, problem)
    assert heard == ["new"]
    assert watcher.standings[problem.identity].first_seen_at == START + FIVE
    over = watcher.look_often(1 + GONE * 2**MOST_DOUBLINGS // FIVE)
    assert over == ["over"]


def test_sync_that_fails_every_other_hour_is_one_problem_soon() -> None:
    watcher, problem = Watcher(), make_problem("failed")
    heard = [event for _ in range(48) for event in [*watcher.look_often(12, problem), *watcher.look_often(12)]]
    assert len(heard) <= 8  # in four days; of them one a day that it is still so


def test_what_comes_back_after_it_was_over_is_told_again() -> None:
    watcher, problem = Watcher(), make_problem()
    watcher.look_often(3, problem)
    watcher.look_often(100)
    later = replace(problem, since=watcher.now)
    assert watcher.look_often(3, later) == ["new"]
    assert watcher.standings[problem.identity].problem.since == later.since


def test_channel_that_was_out_of_order_tells_what_is_so_when_it_works_again() -> None:
    watcher, problem = Watcher(), make_problem()
    watcher.look_often(2, problem)
    assert [watcher.look(problem, works=False) for _ in range(5)] == [["new"]] * 5
    assert watcher.look(problem) == ["new"]
    watcher.look_often(6)
    assert [watcher.look(works=False) for _ in range(3)] == [["over"]] * 3
    assert watcher.look() == ["over"]


def test_what_was_not_looked_for_stays_as_it_was() -> None:
    problem = make_problem()
    known = carry_on({}, [problem], was_looked_for=lambda _: True, now=START)
    kept = carry_on(known, [], was_looked_for=lambda _: False, now=START + timedelta(hours=9))
    assert kept == known


LOOK = st.tuples(
    st.sets(st.sampled_from("abc"), max_size=3),
    st.one_of(st.sampled_from([1, 5, 5, 5, 30, 300]), st.integers(1, 3000)),
    st.booleans() | st.just(True),
)


@given(st.lists(LOOK, max_size=60))
def test_each_problem_is_told_once_again_after_a_day_at_the_earliest_and_over_once(looks: list[tuple[set[str], int, bool]]) -> None:
    watcher = Watcher()
    for there, minutes, works in looks:
        watcher.look(*(make_problem(subject=name) for name in sorted(there)), after=timedelta(minutes=minutes), works=works)
    for _ in range(3):  # all is well at last
        watcher.look(after=timedelta(hours=5))
    for heard in watcher.heard.values():
        knows, last = False, START
        for event, at in heard:
            assert (event != "new") == knows, heard  # nothing is over, or still so, that was never told; nothing is new twice
            assert event != "still" or at - last >= AGAIN
            assert event != "new" or at - START >= SETTLED
            knows, last = event != "over", at
        assert not knows, heard  # whoever heard of it hears that it is over
