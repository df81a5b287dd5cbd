from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from msgspec import UNSET

from orgsync.errors import ConfigurationError
from orgsync.frames import FRAMES, MEMBERSHIPS, USERS, Frame
from orgsync.platforms.reading.columns import (
    Fields,
    Part,
    apply_mapping,
    build_part,
    build_table,
    join_parts,
    parse_json_text,
    pick,
    to_attributes,
)
from orgsync.platforms.reading.conversions import UNREAD


def test_attributes_hold_what_says_something() -> None:
    assert to_attributes([{"a": False, "b": "", "c": None, "d": 0, "e": "x"}], ["a", "b", "c", "d"]) == ['{"a":false,"d":0}']


def test_attributes_name_what_each_record_has_and_no_more() -> None:
    assert to_attributes([{"a": 1}, {"b": [2]}, {"a": 3, "b": 4}, {}], ["a", "b"]) == ['{"a":1}', '{"b":[2]}', '{"a":3,"b":4}', "{}"]


def test_attributes_of_records_that_say_nothing_are_an_empty_object_each() -> None:
    assert to_attributes([{"a": ""}, {"x": 1}], ["a", "b"]) == ["{}", "{}"]


def test_attributes_are_the_same_from_fields_as_from_records() -> None:
    assert to_attributes(Fields({"a": [1, UNSET, None], "b": ["", "x", UNSET]}, 3), ["a", "b", "c"]) == ['{"a":1}', '{"b":"x"}', "{}"]


def test_attributes_of_fields_that_are_not_equally_long_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        to_attributes(Fields({"a": [1, 2], "b": [1]}, 2), ["a", "b"])


def test_field_is_told_when_some_record_has_it_even_empty() -> None:
    assert Fields({"a": [UNSET, 1], "b": [UNSET, UNSET], "c": [None, None]}, 2).told == {"a", "c"}


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ('{"a": 1}', {"a": 1}),
        ("[1]", [1]),
        ("[" * 100_000, "[" * 100_000),
        ("{broken", "{broken"),
        ("text", "text"),
        (None, None),
        ("", ""),
    ],
)
def test_json_inside_text(value: object, parsed: object) -> None:
    assert parse_json_text(value) == parsed


def test_pick_follows_a_path() -> None:
    assert pick([{"extension": {"工号": 5}}, {"extension": "text"}, {}], "extension.工号") == [5, None, None]


def test_pick_from_fields_gives_nothing_where_a_record_has_no_such_field() -> None:
    fields = Fields({"name": ["a", UNSET, ""], "extension": [{"工号": 5}, UNSET, "text"]}, 3)
    assert pick(fields, "name") == ["a", None, ""]
    assert pick(fields, "extension.工号") == [5, None, None]
    assert pick(fields, "title") == [None, None, None]


def test_mapping_converts_to_the_columns_type() -> None:
    columns: dict[str, list[Any]] = {}
    apply_mapping(columns, [{"x": {"day": "2020-01-02", "no": 7}}], USERS, {"hired_on": "x.day", "job_number": "x.no"})
    assert columns == {"hired_on": [date(2020, 1, 2)], "job_number": ["7"]}


def test_mapping_fills_keys_of_attributes_beside_what_is_there() -> None:
    columns: dict[str, Any] = {"attributes": ['{"kept":1,"x":0}', '{"x":0}', "{}"]}
    records = [{"cost": "A", "f": {"x": [2]}}, {"cost": "", "f": None}, {"cost": False}]
    apply_mapping(columns, records, USERS, {"attributes.成本中心": "cost", "attributes.x": "f.x"})
    assert columns["attributes"] == ['{"kept":1,"x":[2],"成本中心":"A"}', "{}", '{"成本中心":false}']


def test_mapping_fills_attributes_of_a_platform_that_has_none() -> None:
    columns: dict[str, Any] = {}
    apply_mapping(columns, [{"a": 1}, {}], USERS, {"attributes.a.b": "a"})
    assert columns["attributes"] == ['{"a.b":1}', "{}"]


def test_mapping_converts_to_what_the_column_means_where_that_is_more_than_its_type() -> None:
    columns: dict[str, list[Any]] = {}
    apply_mapping(columns, [{"sex": "女"}, {"sex": "?"}], USERS, {"gender": "sex"})
    assert columns == {"gender": ["female", UNREAD]}


def test_field_that_counts_a_time_is_mapped_in_its_own_unit() -> None:
    columns: dict[str, list[Any]] = {}
    apply_mapping(columns, [{"since": 31_536_000}], USERS, {"hired_on": "since"}, units={"since": "seconds"})
    assert columns == {"hired_on": [date(1971, 1, 1)]}


def test_rows_whose_value_was_not_read_are_known() -> None:
    table = build_table(MEMBERSHIPS, {"user_id": ["a", "b", "c"], "is_main": [True, UNREAD, None], "sort_order": [UNREAD, 1, UNREAD]}, 3)
    assert table.unread == {"is_main": (1,), "sort_order": (0, 2)}
    assert table.rows["is_main"].isna().tolist() == [False, True, True]
    assert table.rows["sort_order"].tolist() == [None, 1, None]


@pytest.mark.parametrize("column", ["user_id", "attributes", "attributes.", "name.x", "shoe_size"])
def test_mapping_to_another_column_is_refused(column: str) -> None:
    with pytest.raises(ConfigurationError, match=column):
        apply_mapping({}, [], USERS, {column: "x"})


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
@pytest.mark.parametrize("rows", [0, 2])
def test_frames_have_the_declared_columns(frame: Frame, rows: int) -> None:
    built = build_table(frame, {}, rows).rows
    assert {name: str(dtype) for name, dtype in built.dtypes.items()} == dict(frame.columns)
    assert list(built.columns) == list(frame.columns)
    assert len(built) == rows


def test_large_number_beside_a_missing_one_stays_exact() -> None:
    built = build_table(MEMBERSHIPS, {"sort_order": [-176318668975061512, None]}, 2).rows
    assert built["sort_order"].tolist() == [-176318668975061512, None]


@pytest.mark.parametrize(("column", "value"), [("sort_order", "7"), ("sort_order", date(2020, 1, 2)), ("is_main", True), ("title", "x")])
def test_column_has_its_declared_type_whatever_it_holds(column: str, value: object) -> None:
    built = build_table(MEMBERSHIPS, {column: [value]}, 1).rows
    assert built[column].dtype == MEMBERSHIPS.columns[column]
    assert built[column].tolist() == [value]


def test_part_holds_text_and_flags_in_arrow_and_the_rest_as_it_is() -> None:
    part = build_part(MEMBERSHIPS, {"user_id": ["a"], "is_main": [True], "sort_order": [7]}, 1)
    assert part.columns["user_id"] == pa.array(["a"], pa.large_string())
    assert part.columns["is_main"] == pa.array([True])
    assert part.columns["sort_order"] == [7]


def test_parts_follow_each_other_as_they_are_given() -> None:
    rows = join_parts(MEMBERSHIPS, [_part(["a", "b"], [1, 2]), _part([], []), _part(["c"], [3])]).rows
    assert rows["user_id"].tolist() == ["a", "b", "c"]
    assert rows["sort_order"].tolist() == [1, 2, 3]
    assert rows["title"].isna().all()
    assert rows.index.tolist() == [0, 1, 2]


def test_no_parts_make_a_table_without_rows() -> None:
    rows = join_parts(MEMBERSHIPS, []).rows
    assert {name: str(dtype) for name, dtype in rows.dtypes.items()} == dict(MEMBERSHIPS.columns)
    assert rows.empty


def test_rows_come_in_the_order_that_is_asked_for_and_no_others() -> None:
    rows = join_parts(MEMBERSHIPS, [_part(["a", "b"], [1, 2]), _part(["c", "d"], [3, 4])], np.array([3, 0, 2])).rows
    assert rows["user_id"].tolist() == ["d", "a", "c"]
    assert rows["sort_order"].tolist() == [4, 1, 3]
    assert rows.index.tolist() == [0, 1, 2]


def test_value_that_could_not_be_read_is_named_by_its_row_in_the_table() -> None:
    parts = [_part(["a", "b"], [1, UNREAD]), _part(["c"], [3]), _part(["d", "e"], [UNREAD, UNREAD])]
    table = join_parts(MEMBERSHIPS, parts, np.array([4, 2, 0, 1, 3]))
    assert table.rows["user_id"].tolist() == ["e", "c", "a", "b", "d"]
    assert table.unread == {"sort_order": (0, 3, 4)}


def test_value_that_could_not_be_read_is_not_named_when_its_row_is_left_out() -> None:
    table = join_parts(MEMBERSHIPS, [_part(["a", "b", "c"], [UNREAD, 2, 3])], np.array([2, 1]))
    assert table.rows["user_id"].tolist() == ["c", "b"]
    assert table.unread == {}


def test_column_to_be_without_is_empty_and_has_nothing_unread() -> None:
    parts = [_part(["a", "b"], [1, UNREAD], is_main=[True, UNREAD]), _part(["c"], [3], is_main=[False])]
    table = join_parts(MEMBERSHIPS, parts, np.array([2, 1]), without={"user_id", "is_main", "sort_order"})
    assert {name: str(dtype) for name, dtype in table.rows.dtypes.items()} == dict(MEMBERSHIPS.columns)
    assert table.rows[["user_id", "is_main", "sort_order"]].isna().all(axis=None)
    assert table.rows["sort_order"].tolist() == [None, None]
    assert table.rows["department_id"].tolist() == ["of c", "of b"]
    assert table.unread == {}


def test_columns_after_one_to_be_without_are_as_they_were() -> None:
    table = join_parts(MEMBERSHIPS, [_part(["a", "b"], [UNREAD, 2])], without={"user_id"})
    assert table.rows["sort_order"].tolist() == [None, 2]
    assert table.unread == {"sort_order": (0,)}


def _part(users: list[str], orders: list[object], **columns: list[object]) -> Part:
    departments = [f"of {user}" for user in users]
    return build_part(MEMBERSHIPS, {"user_id": users, "department_id": departments, "sort_order": orders, **columns}, len(users))
