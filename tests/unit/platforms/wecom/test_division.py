"""However a company is cut into lists, and whatever is refused: each department that is wanted is read once, and no other."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.platforms.wecom.capacity import LONGEST_PAUSE, Capacity, learn, note_capacity, recall_capacity
from orgsync.platforms.wecom.division import MOST_SLOW_LISTS, Division
from orgsync.platforms.wecom.tree import ListCall, Tree

#   1 ── 2 ── 4 ── 6
#   │    └── 5
#   └─ 3 ── 7
TREE = Tree({"1": None, "2": "1", "3": "1", "4": "2", "5": "2", "6": "4", "7": "3"})
PEOPLE = dict.fromkeys(TREE.parents, 2)


@dataclass
class Company:
    """`most` is how many people a list of several departments may hold; in `moody` it is never answered."""

    tree: Tree
    people: dict[str, int]
    most: int
    moody: frozenset[str] = frozenset()


@dataclass
class Read:
    division: Division
    answered: list[ListCall] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def covered(self, tree: Tree) -> Counter[str]:
        return Counter(
            each for call in self.answered for each in (tree.subtree(call.department_id) if call.with_descendants else [call.department_id])
        )


def run(company: Company, wanted: frozenset[str], known: Capacity, *, is_trying: bool = False) -> Read:
    read = Read(Division(company.tree, wanted, known, is_trying=is_trying))
    sums = company.tree.sum_below(company.people)
    ahead = deque(read.division.calls)
    while ahead:
        call = ahead.popleft()
        if call.with_descendants and (sums[call.department_id] > company.most or call.department_id in company.moody):
            read.refused.append(call.department_id)
            read.division.note_refusal(call.department_id, is_slow=False)
            ahead += read.division.list_parts(call.department_id)
            continue
        if call.with_descendants:
            read.division.note_answer(call.department_id)
        read.answered.append(call)
    return read


def learnt(company: Company, read: Read, *, is_full: bool = True) -> Capacity:
    people = {each: company.people.get(each, 0) for each in read.covered(company.tree)}
    return read.division.learn(people, is_full=is_full)


NAMES = [str(number) for number in range(1, 13)]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Without cycles: each department's parent comes before it, or is none of these."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=12, unique=True))
    return Tree({name: draw(st.sampled_from([None, "0", *names[:place]])) for place, name in enumerate(names)})


@st.composite
def companies(draw: st.DrawFn) -> Company:
    tree = draw(trees())
    people = {department: draw(st.integers(0, 9)) for department in tree.parents}
    return Company(tree, people, draw(st.integers(0, 40)), draw(st.frozensets(st.sampled_from(NAMES), max_size=2)))


SCOPES = st.sets(st.sampled_from(NAMES), max_size=2)


@settings(max_examples=300, deadline=None)
@given(companies(), companies(), SCOPES, SCOPES, st.booleans())
def test_what_is_wanted_is_covered_once_whatever_is_remembered(
    former: Company, today: Company, include: set[str], exclude: set[str], is_trying: bool
) -> None:
    known = learnt(former, run(former, frozenset(former.tree.parents), Capacity()))
    wanted = today.tree.select(include=include, exclude=exclude)
    read = run(today, wanted, known, is_trying=is_trying)
    assert read.covered(today.tree) == Counter(wanted)
    assert len(read.answered) <= len(wanted)
    assert len(read.refused) == len(set(read.refused))
    assert not read.division.is_cut or len(read.answered) >= len(today.tree.cover(wanted))


@settings(max_examples=300, deadline=None)
@given(companies(), companies())
def test_refusals_are_over_by_the_third_read_of_the_same(former: Company, today: Company) -> None:
    """The first knows the sizes of before, the second may find out that they were too large."""
    today.moody = frozenset()
    known = learnt(former, run(former, frozenset(former.tree.parents), Capacity()))
    wanted = frozenset(today.tree.parents)
    for _ in range(2):
        known = learnt(today, run(today, wanted, known))
    assert run(today, wanted, known).refused == []


@settings(max_examples=100, deadline=None)
@given(companies())
def test_capacity_that_is_there_is_found_out(company: Company) -> None:
    """Whatever a bad day left behind: read by read the company is asked for in as few lists as it answers."""
    company.moody = frozenset()
    wanted = frozenset(company.tree.parents)
    bad_day = Company(company.tree, company.people, 0)
    known = learnt(bad_day, run(bad_day, wanted, Capacity()))
    for _ in range(100):
        known = learnt(company, run(company, wanted, known, is_trying=True))
    sums = company.tree.sum_below(company.people)
    larger = [sums[each] for each in company.tree.children if each in wanted and (known.most_people or 0) < sums[each] <= company.most]
    assert larger == []


def calls(known: Capacity, *, is_trying: bool = False) -> list[str]:
    division = Division(TREE, TREE.parents, known, is_trying=is_trying)
    return sorted(f"{call.department_id}{'+' * call.with_descendants}" for call in division.calls)


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (None, ["1+"]),
        (14, ["1+"]),
        (13, ["1", "2+", "3+"]),
        (7, ["1", "2", "3+", "4+", "5"]),
        (3, ["1", "2", "3", "4", "5", "6", "7"]),
    ],
)
def test_lists_are_as_large_as_was_answered(most: int | None, expected: list[str]) -> None:
    assert calls(Capacity(most_people=most, people=PEOPLE)) == expected


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (13, ["1+"]),
        (7, ["1+"]),  # 14 is not more than twice as much, 8 neither
        (6, ["1", "2+", "3+"]),
        (1, ["1", "2", "3+", "4", "5", "6"]),  # 4 is more than twice as much, but there is nothing smaller
    ],
)
def test_trial_is_at_most_twice_as_large_if_there_is_one(most: int, expected: list[str]) -> None:
    assert calls(Capacity(most_people=most, people=PEOPLE), is_trying=True) == expected
    assert calls(Capacity(most_people=most, people=PEOPLE, wait=1), is_trying=True) == calls(Capacity(most_people=most, people=PEOPLE))


def after(known: Capacity, *, answered: set[str], refused: set[str], is_full: bool = True, trial: str | None = None) -> Capacity:
    return learn(known, TREE, PEOPLE, answered=answered, refused=refused, is_full=is_full, trial=trial)


def test_what_one_list_holds_is_learnt_from_what_was_answered_and_what_was_refused() -> None:
    first = after(Capacity(), answered={"2", "3"}, refused={"1"})
    assert (first.most_people, first.pause, first.wait) == (8, 1, 1)
    hiccup = after(Capacity(most_people=100), answered={"2"}, refused={"3"})
    assert hiccup.most_people == 8
    assert after(Capacity(), answered={"2"}, refused={"1", "3"}).most_people == 3
    assert after(Capacity(most_people=10), answered={"1"}, refused={"3"}).most_people == 5  # not 3: it may have been a hiccup
    assert after(Capacity(most_people=8), answered={"2"}, refused={"1"}).most_people == 8  # that was known
    assert after(Capacity(most_people=8), answered={"3"}, refused=set()).most_people == 8
    assert after(Capacity(most_people=8), answered=set(), refused={"2", "3", "4"}).most_people == 0


def test_trials_that_fail_get_rarer_and_one_that_succeeds_is_followed_by_the_next() -> None:
    known, pauses = Capacity(most_people=8, pause=1), []
    for _ in range(7):
        known = after(known, answered={"2"}, refused={"1"}, trial="1")
        pauses.append(known.wait)
    assert pauses == [2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert after(known, answered={"2"}, refused=set(), is_full=False).wait == LONGEST_PAUSE
    assert after(known, answered={"2"}, refused=set()).wait == LONGEST_PAUSE - 1
    found = after(known, answered={"1"}, refused=set(), trial="1")
    assert (found.most_people, found.pause, found.wait) == (14, 0, 0)


def test_capacity_comes_back_as_it_was_noted() -> None:
    known = Capacity(most_people=12_000, people={"1": 3, "22": 4}, pause=2, wait=1)
    assert recall_capacity([note_capacity(known)]) == known
    assert recall_capacity([]) == Capacity()


def test_too_many_slow_lists_are_enough_and_refusals_at_once_are_none_of_them() -> None:
    division = Division(TREE, TREE.parents, Capacity(), is_trying=False)
    for number in range(MOST_SLOW_LISTS):
        assert not division.has_given_up
        division.note_refusal(str(number), is_slow=False)
        division.note_refusal(str(number), is_slow=True)
    assert division.has_given_up
