from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.platforms.wecom.tree import ListCall, Tree

#   1 ── 2 ── 4 ── 6
#   │    └── 5
#   └─ 3
TREE = Tree({"1": None, "2": "1", "3": "1", "4": "2", "5": "2", "6": "4"})


def cover(tree: Tree, *, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[tuple[str, bool]]:
    calls = tree.cover(tree.select(include=include, exclude=exclude))
    return [(call.department_id, call.with_descendants) for call in calls]


@pytest.mark.parametrize(
    ("include", "exclude", "calls"),
    [
        ((), (), [("1", True)]),
        (("2",), (), [("2", True)]),
        (("2", "4"), (), [("2", True)]),
        (("3", "4"), (), [("3", False), ("4", True)]),
        ((), ("4",), [("3", False), ("5", False), ("1", False), ("2", False)]),
        ((), ("3",), [("2", True), ("1", False)]),
        (("2",), ("6",), [("5", False), ("2", False), ("4", False)]),
        ((), ("1",), []),
        ((), ("99",), [("1", True)]),
    ],
)
def test_scope_is_covered_with_few_lists(include: tuple[str, ...], exclude: tuple[str, ...], calls: list[tuple[str, bool]]) -> None:
    assert cover(TREE, include=include, exclude=exclude) == calls


def test_several_tops_without_a_root_are_normal() -> None:
    forest = Tree({"7": "1", "8": "7", "9": "5"})
    assert forest.tops(forest.parents) == ("7", "9")
    assert cover(forest) == [("7", True), ("9", False)]


trees = st.dictionaries(st.integers(1, 9).map(str), st.none() | st.integers(1, 9).map(str), min_size=1, max_size=9).map(Tree)


@settings(max_examples=200, deadline=None)
@given(trees, st.sets(st.integers(1, 9).map(str), max_size=2), st.sets(st.integers(1, 9).map(str), max_size=3))
def test_any_tree_is_covered_exactly_cycles_too(tree: Tree, include: set[str], exclude: set[str]) -> None:
    wanted = tree.select(include=include, exclude=exclude)
    covered: set[str] = set()
    for call in tree.cover(wanted):
        assert isinstance(call, ListCall)
        covered |= tree.subtree(call.department_id) if call.with_descendants else {call.department_id}
    assert covered & tree.parents.keys() == wanted
