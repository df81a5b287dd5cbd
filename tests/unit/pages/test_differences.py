from __future__ import annotations

from typing import Any

import pytest

from orgsync.pages.comparison import KINDS, Count, join_arrays
from orgsync.pages.differences import Difference, Meanings, choose_kind, find_way, tell
from orgsync.pages.mentions import Mention

DEPARTMENTS: dict[str, dict[str, Any]] = {
    "1": {"name": "Company", "parent_id": None, "is_there": True},
    "2": {"name": "Sales", "parent_id": "1", "is_there": True},
    "3": {"name": "Gone", "parent_id": "1", "is_there": False},
    "4": {"name": "Left behind", "parent_id": "3", "is_there": True},
    "5": {"name": "Of nobody", "parent_id": "9", "is_there": True},
    "6": {"name": "Round", "parent_id": "7", "is_there": True},
    "7": {"name": "And round", "parent_id": "6", "is_there": True},
}
THEN = Meanings(DEPARTMENTS, {"boss": "Wang"})


@pytest.mark.parametrize(
    ("department_id", "way"),
    [
        ("1", ["Company"]),
        ("2", ["Company", "Sales"]),
        ("4", ["Left behind"]),
        ("5", ["Of nobody"]),
        ("3", ["Gone"]),
        ("9", ["9"]),
        ("6", ["And round", "Round"]),
    ],
)
def test_way_leads_from_the_top_down(department_id: str, way: list[str]) -> None:
    assert find_way(DEPARTMENTS, department_id) == way


def test_kind_that_has_something_is_chosen() -> None:
    nothing = dict.fromkeys(KINDS, Count())
    assert choose_kind(nothing) == KINDS[0]
    assert choose_kind(nothing | {"user.moved": Count(0, is_whole=False), "department.went": Count(2)}) == "department.went"
    assert choose_kind(nothing | {"user.moved": Count(0, is_whole=False)}) == "user.moved"


def test_arrays_of_sql_are_joined() -> None:
    assert join_arrays("{1,2}", "{}", '{"a b"}', "{1,2}") == '{1,2,"a b"}'
    assert join_arrays("{}", "{}") == "{}"


def test_person_who_was_updated_is_told_column_by_column() -> None:
    columns = ("status", "job_number", "work_place", "employee_type", "hired_on", "is_admin", "manager_user_id", "main_department_id")
    before = dict.fromkeys([*columns, "name_en", "nickname", "gender", "avatar_url", "union_id", "open_id"])
    after = before | {"is_admin": True, "manager_user_id": "boss", "main_department_id": "2"}
    line = tell("user.updated", "u", before | {"name": "A", "title": None}, after | {"name": "B", "title": "C"}, THEN, THEN)
    assert (line.id, line.name, line.title) == ("u", "B", "C")
    assert line.differences == [
        Difference([], [Mention("true")], "is_admin"),
        Difference([], [Mention("Wang", "person", "boss")], "manager_user_id"),
        Difference([], [Mention("Company / Sales", "department", "2")], "main_department_id"),
    ]


def test_who_went_is_told_as_of_then() -> None:
    line = tell("user.went", "u", {"name": "A", "title": "B", "department_ids": ["2", "1"]}, {}, THEN, Meanings({}, {}))
    assert (line.name, line.title) == ("A", "B")
    [difference] = line.differences
    assert difference == Difference([Mention("Company / Sales", "department", "2"), Mention("Company", "department", "1")], [])
