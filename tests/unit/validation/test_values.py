"""Single values: what is left out of a row that counts, what is loaded and told, and ids that cannot be read."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from orgsync.errors import IncompleteSnapshotError
from orgsync.frames import EXACT_COLUMNS, FRAMES, TidySet
from orgsync.validation.gates import check_keys
from orgsync.validation.quarantine import Verdict, judge, summarize
from orgsync.validation.values import (
    MOST_LISTED,
    find_damaged_texts,
    find_unread_values,
    leave_out_damaged,
    silence_unreadable,
)
from tests.unit.validation.company import company, department, membership, user

DAMAGED = "a\ufffdb"


def values_of(verdict: Verdict) -> list[tuple[str, str, str]]:
    found = verdict.findings.loc[verdict.findings["column_name"].notna()]
    return list(found[["entity", "user_id", "column_name"]].fillna("").itertuples(index=False, name=None))


def nothing_bad(tidy: TidySet) -> dict[str, pd.Series]:
    return {frame.name: pd.Series(data=False, index=tidy.frame(frame.name).index) for frame in FRAMES}


def test_exact_columns_are_columns() -> None:
    assert all(EXACT_COLUMNS[frame.name] <= set(frame.content) for frame in FRAMES)


def test_damaged_name_is_loaded_and_told() -> None:
    verdict = judge(company(users=[user("ann", name=DAMAGED, attributes={"x": [DAMAGED]}), user("bob")]))
    assert verdict.findings.empty
    assert verdict.tidy.users["name"].tolist()[0] == DAMAGED
    assert sorted(verdict.remarks["column_name"]) == ["attributes", "name"]
    assert set(verdict.remarks["user_id"]) == {"ann"}
    assert [line.split(":")[0] for line in summarize(verdict.remarks)] == ["1 user", "1 user"]
    assert not any(DAMAGED in line for line in summarize(verdict.remarks))
    assert {(each.column, len(each.rows)) for each in verdict.results if not each.is_success} == {("name", 1), ("attributes", 1)}


@pytest.mark.parametrize("column", sorted(EXACT_COLUMNS["user"]))
def test_damaged_value_by_which_people_are_found_is_left_out_of_its_row(column: str) -> None:
    verdict = judge(company(users=[user("ann"), user("bob", **{column: DAMAGED, "title": "manager"})]))
    assert values_of(verdict) == [("user", "bob", column)]
    kept = verdict.tidy.users.set_index("user_id").loc["bob"]
    assert (pd.isna(kept[column]), kept["title"]) == (True, "manager")
    assert verdict.findings["reason"].str.contains(f"{column} .*; its last known value stays").all()
    assert verdict.remarks.empty


def test_damaged_leader_leaves_the_department_and_its_other_leader_alone() -> None:
    departments = [department("1"), department("2", "1", leader_user_ids=["ann", DAMAGED]), department("3", "2")]
    verdict = judge(company(departments=departments))
    assert set(verdict.tidy.departments["department_id"]) == {"1", "2", "3"}
    assert [(entity, column) for entity, _, column in values_of(verdict)] == [("department", "leader_user_ids")]
    assert verdict.tidy.departments["leader_user_ids"].tolist()[1] is None


def test_value_that_was_not_converted_is_left_out_of_its_row() -> None:
    tidy = replace(company(), unread={"user": {"hired_on": (1,)}, "membership": {"sort_order": (0, 2)}})
    verdict = judge(tidy)
    assert values_of(verdict) == [("user", "bob", "hired_on"), ("membership", "ann", "sort_order"), ("membership", "bob", "sort_order")]
    assert len(verdict.tidy.users) == 2
    assert {each.column for each in verdict.results if not each.is_success} == {"hired_on", "sort_order"}


def test_of_a_row_that_is_left_out_no_value_is_told() -> None:
    tidy = company(users=[user("ann", name=None, mobile=DAMAGED), user("bob")])
    assert values_of(judge(tidy)) == []


def test_column_of_which_nobody_can_be_read_is_not_observed() -> None:
    """A mistake of the mapping, which would list everybody with each sync."""
    many = MOST_LISTED + 1
    users = [user(f"u{number}") for number in range(many)]
    memberships = [membership(f"u{number}", "1") for number in range(many)]
    tidy = replace(company([department("1")], users, memberships), unread={"user": {"hired_on": tuple(range(many))}})
    verdict = judge(tidy)
    assert verdict.findings.empty
    assert verdict.tidy.unobserved["user"] == {"hired_on"}
    assert [(each.column, len(each.rows)) for each in verdict.results if not each.is_success] == [("hired_on", many)]


def test_as_many_as_may_be_are_listed() -> None:
    users = [user(f"u{number}") for number in range(MOST_LISTED)]
    tidy = replace(company([department("1")], users, []), unread={"user": {"hired_on": tuple(range(MOST_LISTED))}})
    unread = list(find_unread_values(tidy, nothing_bad(tidy)))
    assert silence_unreadable(tidy, unread) == (tidy, unread)


def test_column_that_is_silenced_joins_those_that_are_not_observed() -> None:
    many = MOST_LISTED + 1
    users = [user(f"u{number}") for number in range(many)]
    tidy = replace(company([department("1")], users, []), unread={"user": {name: tuple(range(many)) for name in ("hired_on", "mobile")}})
    tidy = replace(tidy, unobserved={"user": frozenset({"nickname"}), "department": frozenset({"name_en"})})
    silenced, left = silence_unreadable(tidy, list(find_unread_values(tidy, nothing_bad(tidy))))
    assert silenced.unobserved == {"user": {"nickname", "hired_on", "mobile"}, "department": {"name_en"}}
    assert left == []


REASONS = {
    ("user", "hired_on"): "is no day without doubt",
    ("user", "gender"): "is none of male, female, other",
    ("user", "status"): "is none of active, inactive, disabled, resigned",
    ("user", "is_admin"): "is neither yes nor no",
    ("user", "mobile"): "came damaged, or is none that is known",
    ("department", "sort_order"): "is no number",
    ("department", "leader_user_ids"): "is no list of ids, or one of them came damaged",
    ("department", "is_hidden"): "is neither yes nor no",
    ("membership", "is_main"): "is neither yes nor no",
}


@pytest.mark.parametrize(("entity", "column"), REASONS)
def test_value_that_was_not_read_is_told_with_its_reason(entity: str, column: str) -> None:
    """By the labels of its frame, and not where its row counts for nothing."""
    tidy = replace(company(), unread={entity: {column: (0, 1)}})
    rows = tidy.frame(entity).set_index(pd.Index(range(5, 5 + len(tidy.frame(entity)))))
    tidy = tidy.with_rows({entity: rows})
    bad = nothing_bad(tidy)
    bad[entity].iloc[0] = True
    [found] = find_unread_values(tidy, bad)
    reason = f"{column} {REASONS[entity, column]}; its last known value stays"
    assert (found.entity, found.rule, found.column, found.reason) == (entity, "unread_value", column, reason)
    assert list(found.rows.index[found.rows]) == [6]


def test_damaged_text_is_told_with_its_reason() -> None:
    tidy = company(users=[user("ann", title=DAMAGED), user("bob")])
    [found] = [found for found in find_damaged_texts(tidy, nothing_bad(tidy)) if found.rows.any()]
    reason = "title holds a character that could not be read; it is loaded with \ufffd in its place"
    assert (found.entity, found.rule, found.column, found.reason) == ("user", "damaged_text", "title", reason)
    empty = company([], [], [])
    assert list(find_damaged_texts(empty, nothing_bad(empty))) == []


def test_damaged_values_join_those_that_were_not_read() -> None:
    tidy = company(users=[user("ann"), user("bob", mobile=DAMAGED, email=DAMAGED)])
    tidy = replace(tidy, unread={"user": {"mobile": (0,), "hired_on": (1,)}, "membership": {"is_main": (2,)}})
    left = leave_out_damaged(tidy)
    assert left.unread == {"user": {"mobile": (0, 1), "email": (1,), "hired_on": (1,)}, "membership": {"is_main": (2,)}}
    assert left.users[["mobile", "email"]].isna().all(axis=None)


@pytest.mark.parametrize("key", [DAMAGED, "a\0", "x" * 256])
def test_id_that_cannot_be_read_is_nobodys(key: str) -> None:
    verdict = judge(company(users=[user("ann"), user("bob"), user(key)], memberships=[membership("ann", "2"), membership(key, "2")]))
    assert set(verdict.tidy.users["user_id"]) == {"ann", "bob"}
    assert set(verdict.tidy.memberships["user_id"]) == {"ann"}
    assert {"unreadable_key"} <= set(verdict.findings["rule"])
    with pytest.raises(IncompleteSnapshotError, match=r"^1 user came without an id that can be read \(for example "):
        check_keys(verdict.findings)


def test_missing_ids_are_counted_with_those_that_cannot_be_read() -> None:
    verdict = judge(
        company(departments=[department("1"), department("2", "1"), department("3", "2"), department(DAMAGED)], users=[user(None)])
    )
    with pytest.raises(IncompleteSnapshotError, match=r"1 department and 1 user|1 user and 1 department"):
        check_keys(verdict.findings)


def test_sound_ids_pass() -> None:
    check_keys(judge(company()).findings)
    check_keys(judge(company(users=[user("ann", name=None), user("bob")])).findings)
