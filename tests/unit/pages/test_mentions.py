from __future__ import annotations

import pytest

from orgsync.pages.mentions import Mention, mention, tell


@pytest.mark.parametrize(
    ("column", "value", "names", "expected"),
    [
        pytest.param("title", None, None, [], id="nothing"),
        pytest.param("title", "a, b", None, [Mention("a, b")], id="a text"),
        pytest.param(None, "Name", None, [Mention("Name")], id="no column"),
        pytest.param("department_ids", "1", "One", [Mention("One", "department", "1")], id="a department"),
        pytest.param("department_ids", "1", "One, and more", [Mention("One, and more", "department", "1")], id="a comma in the only name"),
        pytest.param(
            "department_ids",
            "1,2",
            "One, Two",
            [Mention("One", "department", "1"), Mention("Two", "department", "2")],
            id="two departments",
        ),
        pytest.param("department_ids", "1,2", "One, and more, Two", [Mention("One, and more, Two")], id="names that cannot be told apart"),
        pytest.param("department_ids", "1,2", None, [Mention("1,2")], id="no names"),
        pytest.param("parent_id", "1", None, [Mention("1", "department", "1")], id="a department without a name"),
        pytest.param("parent_id", "a,b", "A", [Mention("A", "department", "a,b")], id="a comma in an id"),
        pytest.param("manager_user_id", "u,1", "Wang", [Mention("Wang", "person", "u,1")], id="a manager"),
        pytest.param(
            "leader_user_ids", '{u1,"a,b"}', "Wang, Li", [Mention("Wang", "person", "u1"), Mention("Li", "person", "a,b")], id="leaders"
        ),
        pytest.param("leader_user_ids", "{}", None, [Mention("{}")], id="no leaders"),
    ],
)
def test_value_is_told_with_names(column: str | None, value: str | None, names: str | None, expected: list[Mention]) -> None:
    assert mention(column, value, names) == expected


def test_change_is_told_from_what_to_what() -> None:
    change = {"column_name": "parent_id", "value_from": None, "value_to": "1", "names_from": None, "names_to": "One"}
    assert tell(change) == ([], [Mention("One", "department", "1")])
