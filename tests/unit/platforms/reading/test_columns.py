from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from orgsync.errors import ConfigurationError
from orgsync.frames import FRAMES, MEMBERSHIPS, USERS, Frame
from orgsync.platforms.reading.columns import apply_mapping, build_table, parse_json_text, pick, to_attributes
from orgsync.platforms.reading.conversions import UNREAD


def test_attributes_hold_what_says_something() -> None:
    assert to_attributes([{"a": False, "b": "", "c": None, "d": 0, "e": "x"}], ["a", "b", "c", "d"]) == ['{"a":false,"d":0}']


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


def test_mapping_converts_to_the_columns_type() -> None:
    columns: dict[str, list[Any]] = {}
    apply_mapping(columns, [{"x": {"day": "2020-01-02", "no": 7}}], USERS, {"hired_on": "x.day", "job_number": "x.no"})
    assert columns == {"hired_on": [date(2020, 1, 2)], "job_number": ["7"]}


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


@pytest.mark.parametrize("column", ["user_id", "attributes", "shoe_size"])
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
