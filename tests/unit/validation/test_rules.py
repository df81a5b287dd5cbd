"""Rules across rows: a good and a bad case for each, and cycles against a naive walk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, Frame, TidySet
from orgsync.validation.rules import (
    find_broken_rows,
    find_cycles,
    find_damaged,
    find_foreign_leaders,
    find_not_read,
    find_nul_characters,
    find_orphans,
    find_several_mains,
    find_unreadable_keys,
)
from tests.unit.validation.company import SOUND_DEPARTMENTS, SOUND_USERS, company, department, frame_of, membership, user

Tree = dict[str, str | None]


def broken(tidy: TidySet) -> set[tuple[str, str, tuple[int, ...]]]:
    return {(found.entity, found.rule, positions(found.rows)) for found in find_broken_rows(tidy) if found.rows.any()}


def positions(rows: pd.Series) -> tuple[int, ...]:
    return tuple(position for position, found in enumerate(rows) if found)


def tree(parents: Tree) -> pd.DataFrame:
    return frame_of(DEPARTMENTS, [department(key, parent) for key, parent in parents.items()])


def names(departments: pd.DataFrame, rows: pd.Series) -> set[str]:
    return set(departments.loc[rows.to_numpy(), "department_id"])


def test_sound_company_breaks_no_rule() -> None:
    assert broken(company()) == set()


def test_empty_company_breaks_no_rule() -> None:
    assert broken(company([], [], [])) == set()


@pytest.mark.parametrize(
    ("parents", "orphans", "on_a_cycle"),
    [
        pytest.param({"1": None, "2": "1", "3": "2"}, "", "", id="tree"),
        pytest.param({"1": None, "2": None}, "", "", id="two tops"),
        pytest.param({"3": "2", "2": "1", "1": None}, "", "", id="children first"),
        pytest.param({"1": None, "2": "9", "3": "2"}, "2", "", id="orphan and its child"),
        pytest.param({"1": None, "2": "2", "3": "2"}, "", "2", id="its own parent, and a child"),
        pytest.param({"1": None, "2": "3", "3": "2"}, "", "23", id="each other's parent"),
        pytest.param({"1": None, "2": "3", "3": "4", "4": "2", "5": "4", "6": "5"}, "", "234", id="cycle of three, and what hangs below"),
        pytest.param({"1": "1"}, "", "1", id="only a cycle"),
        pytest.param({"1": "2", "2": "1", "3": "4", "4": "3"}, "", "1234", id="two cycles"),
        pytest.param({"1": None, "2": "9", "3": "3"}, "2", "3", id="orphan and cycle"),
    ],
)
def test_tree_must_be_a_tree(parents: Tree, orphans: str, on_a_cycle: str) -> None:
    departments = tree(parents)
    assert names(departments, find_orphans(departments)) == set(orphans)
    assert names(departments, find_cycles(departments)) == set(on_a_cycle)


def is_its_own_ancestor(parents: Tree, start: str) -> bool:
    walked: set[str] = set()
    at = parents[start]
    while at is not None and at in parents and at not in walked:
        if at == start:
            return True
        walked.add(at)
        at = parents[at]
    return False


KEYS = [str(number) for number in range(12)]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from([None, *KEYS])))
def test_cycles_are_the_departments_that_are_their_own_ancestor(parents: Tree) -> None:
    departments = tree(parents)
    assert names(departments, find_cycles(departments)) == {key for key in parents if is_its_own_ancestor(parents, key)}


def test_department_that_is_listed_below_a_top_too_is_on_no_cycle() -> None:
    """It came twice, which is what is wrong with it."""
    departments = frame_of(DEPARTMENTS, [department("1"), department("2", "1"), department("3", "2"), department("2", "3")])
    assert not find_cycles(departments).any()
    departments = frame_of(DEPARTMENTS, [department("1"), department("2", "1"), department("2", "2"), department("4", "4")])
    assert names(departments, find_cycles(departments)) == {"4"}


def test_long_chain_ends() -> None:
    parents: Tree = {"0": None} | {str(number): str(number - 1) for number in range(1, 2_000)}
    assert not find_cycles(tree(parents)).any()


def test_department_without_an_id_is_no_ancestor() -> None:
    departments = frame_of(DEPARTMENTS, [department("1"), department(None, "1"), department(None)])
    assert not find_orphans(departments).any()
    assert not find_cycles(departments).any()


@pytest.mark.parametrize(
    ("leaders", "foreign"),
    [
        pytest.param(None, False, id="not observed"),
        pytest.param([], False, id="none"),
        pytest.param(["ann"], False, id="a member"),
        pytest.param(["bob"], True, id="member of another department"),
        pytest.param(["ann", "bob"], True, id="one of two"),
        pytest.param(["nobody"], True, id="unknown"),
        pytest.param(["ann", "ann"], False, id="twice"),
    ],
)
def test_leader_must_be_a_member(leaders: list[str] | None, foreign: bool) -> None:
    departments = frame_of(DEPARTMENTS, [department("1"), department("2", "1", leader_user_ids=leaders)])
    memberships = frame_of(MEMBERSHIPS, [membership("ann", "2"), membership("bob", "1"), membership(None, "2"), membership("x", None)])
    assert positions(find_foreign_leaders(departments, memberships)) == ((1,) if foreign else ())


def test_leaders_that_no_department_tells_break_nothing() -> None:
    departments = frame_of(DEPARTMENTS, [department("1"), department("2", "1")])
    assert departments["leader_user_ids"].isna().all()
    assert not find_foreign_leaders(departments, frame_of(MEMBERSHIPS, [])).any()
    assert not find_foreign_leaders(departments, company().memberships).any()


def test_leader_where_nobody_is_a_member_is_foreign() -> None:
    departments = frame_of(DEPARTMENTS, [department("1", leader_user_ids=["ann"])])
    assert positions(find_foreign_leaders(departments, frame_of(MEMBERSHIPS, []))) == (0,)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param([("ann", "1", True), ("ann", "2", False), ("bob", "1", True)], (), id="one each"),
        pytest.param([("ann", "1", True), ("ann", "2", None), ("bob", "1", True), ("ann", "3", True)], (0, 3), id="two"),
        pytest.param([("ann", "1", None), ("ann", "2", None)], (), id="not observed"),
        pytest.param([("ann", "1", False), ("ann", "2", False)], (), id="none"),
        pytest.param([(None, "1", True), (None, "2", True)], (), id="of nobody"),
        pytest.param([], (), id="no rows"),
    ],
)
def test_one_main_department_is_enough(rows: list[tuple[Any, Any, Any]], found: tuple[int, ...]) -> None:
    memberships = frame_of(MEMBERSHIPS, [membership(person, place, is_main=is_main) for person, place, is_main in rows])
    assert positions(find_several_mains(memberships)) == found


@pytest.mark.parametrize(
    ("person", "place", "rule"),
    [
        pytest.param("ann", "9", "missing_department", id="department is not there"),
        pytest.param("zoe", "1", "missing_user", id="person is not there"),
    ],
)
def test_membership_must_join_what_exists(person: str, place: str, rule: str) -> None:
    tidy = company(memberships=[membership("ann", "2"), membership(person, place)])
    assert broken(tidy) == {("membership", rule, (1,))}


def test_membership_without_a_key_is_not_reported_as_joining_nothing() -> None:
    assert broken(company(memberships=[membership("ann", "2"), membership(None, "2"), membership("ann", None)])) == set()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("a\x00b", True, id="in a text"),
        pytest.param("\x00", True, id="alone"),
        pytest.param("a\\u0000b", False, id="written out"),
        pytest.param("", False, id="empty text"),
        pytest.param(None, False, id="missing"),
        pytest.param(["ann", "b\x00b"], True, id="in a list"),
        pytest.param(["ann"], False, id="list"),
        pytest.param(2**80, False, id="number"),
    ],
)
def test_nul_is_found_wherever_a_text_is(value: object, found: bool) -> None:
    column = pd.Series(["fine", value, None], dtype="object", index=[5, 6, 7])
    assert list(find_nul_characters(column)) == [False, found, False]
    if isinstance(value, str):
        assert list(find_nul_characters(column.astype("str"))) == [False, found, False]


def test_nul_is_reported_with_the_column_it_is_in() -> None:
    tidy = company(
        [*SOUND_DEPARTMENTS, department("4", "1", leader_user_ids=["\x00"])],
        [*SOUND_USERS, user("cyd", title="\x00", attributes={"remark": "\x00"})],
    )
    found = [(one.entity, one.reason, positions(one.rows)) for one in find_broken_rows(tidy) if one.rule == "nul_character"]
    because = "holds a NUL character, which PostgreSQL cannot store"
    assert found == [
        ("department", f"leader_user_ids {because}", (3,)),
        ("user", f"title {because}", (2,)),
        ("user", f"attributes {because}", (2,)),
    ]


def test_reasons_are_those_that_administrators_read() -> None:
    """Each rule of a company of which nothing is as it should be."""
    tidy = company(
        [department("1", "9", leader_user_ids=["zoe"]), department("2", "2"), department("\ufffd", "1")],
        [user("ann"), user("bob", name=None)],
        [membership("ann", "1", is_main=True), membership("ann", "2", is_main=True), membership("zoe", "8")],
    )
    tidy = replace(tidy, not_read={"user": frozenset({"bob", "cyd"})})
    assert {(one.entity, one.rule, one.reason): positions(one.rows) for one in find_broken_rows(tidy) if one.rows.any()} == {
        ("department", "unreadable_key", UNREADABLE): (2,),
        ("user", "not_read", "its details have not been read yet, or the app may not see them"): (1,),
        ("department", "orphan", "its parent department is not in the snapshot"): (0,),
        ("department", "cycle", "it is its own ancestor"): (1,),
        ("department", "leader_not_member", "a leader of it is not one of its members"): (0,),
        ("membership", "missing_department", "its department is not in the snapshot"): (2,),
        ("membership", "missing_user", "its person is not in the snapshot"): (2,),
        ("membership", "several_main_departments", "the person has more than one main department"): (0, 1),
    }


@pytest.mark.parametrize(("keys", "found"), [({"bob", "cyd"}, [False, True]), (set(), [False, False])], ids=["some", "nobody"])
def test_not_read_are_those_that_are_named(keys: set[str], found: list[bool]) -> None:
    assert list(find_not_read(replace(company(), not_read={"user": frozenset(keys)}), "user")) == found


UNREADABLE = "its id holds what could not be read, or is far too long: nobody knows whose it is"


@pytest.mark.parametrize(
    ("key", "is_unreadable"),
    [("a\ufffdb", True), ("a\x00", True), ("a" * 256, True), ("a" * 255, False), ("", False), (None, False)],
    ids=["damaged", "NUL", "too long", "as long as may be", "empty", "missing"],
)
def test_key_must_say_whose_a_row_is(key: str | None, is_unreadable: bool) -> None:
    keys = frame_of(MEMBERSHIPS, [membership("ann", "1"), membership(key, "1"), membership("ann", key)])[["user_id", "department_id"]]
    keys.index = pd.Index([7, 8, 9])
    found = find_unreadable_keys(keys)
    assert (list(found), list(found.index)) == ([False, is_unreadable, is_unreadable], [7, 8, 9])


@pytest.mark.parametrize("frame", [DEPARTMENTS, MEMBERSHIPS], ids=lambda frame: frame.name)
def test_unreadable_key_is_found_in_each_frame(frame: Frame) -> None:
    tidy = company([*SOUND_DEPARTMENTS, department("a\x00")], memberships=[membership("ann", "2"), membership("ann", "a\x00")])
    assert (frame.name, "unreadable_key") in {(entity, rule) for entity, rule, _ in broken(tidy)}


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_search_names_rows_by_their_labels_and_answers_yes_or_no(dtype: str) -> None:
    for values, found in ([["fine", "a\x00"], [False, True]], [["fine", None], [False, False]], [[], []]):
        column = find_nul_characters(pd.Series(values, dtype=dtype, index=range(5, 5 + len(values))))
        assert (list(column), list(column.index), column.dtype) == (found, list(range(5, 5 + len(values))), bool)


def test_texts_are_searched_one_by_one() -> None:
    """A character that stands at the seam of two is in neither."""
    assert list(find_damaged(pd.Series(["a", "b\ufffd", "c"], dtype="str"))) == [False, True, False]
