from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.frames import FRAMES, MEMBERSHIPS, USERS, Frame
from orgsync.platforms.columns import (
    apply_mapping,
    build_frame,
    negate,
    parse_json_text,
    pick,
    to_attributes,
    to_dates,
    to_flags,
    to_id_lists,
    to_numbers,
    to_text,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("", None), (None, None), (" a ", " a "), ("a\0b", "a\0b"), (7, "7"), (True, "true"), (["x"], '["x"]'), ("𠮷😀", "𠮷😀")],
)
def test_text(value: object, text: str | None) -> None:
    assert to_text([value]) == [text]


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        ("true", True),
        ("1", True),
        (1, True),
        (False, False),
        ("false", False),
        (0, False),
        ("", None),
        (None, None),
        ("x", None),
    ],
)
def test_flags(value: object, flag: bool | None) -> None:
    assert to_flags([value]) == [flag]


@given(st.integers(-(2**63), 2**64))
def test_numbers_are_exact(number: int) -> None:
    assert to_numbers([number, str(number)]) == [number, number]
    assert negate(to_numbers([number])) == [-number]


@pytest.mark.parametrize(
    ("value", "number"), [("1.5", Decimal("1.5")), (2.0, 2), (2.5, None), ("x", None), (True, None), (None, None), ("nan", None)]
)
def test_odd_numbers(value: object, number: object) -> None:
    assert to_numbers([value]) == [number]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (1597190400000 - 8 * 3600 * 1000, date(2020, 8, 12)),
        ("1597161600000", date(2020, 8, 12)),
        ("2020-02-29", date(2020, 2, 29)),
        (0, date(1970, 1, 1)),
        (-1, date(1970, 1, 1)),
        (-86_400_000, date(1969, 12, 31)),
        (10**18, None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_days_in_china(value: object, day: date | None) -> None:
    assert to_dates([value]) == [day]


def test_id_lists() -> None:
    assert to_id_lists([["a", 1, "", None], None, "x"]) == [["a", "1"], [], []]


def test_attributes_hold_what_says_something() -> None:
    assert to_attributes([{"a": False, "b": "", "c": None, "d": 0, "e": "x"}], ["a", "b", "c", "d"]) == [{"a": False, "d": 0}]


@pytest.mark.parametrize(
    ("value", "parsed"), [('{"a": 1}', {"a": 1}), ("[1]", [1]), ("{broken", "{broken"), ("text", "text"), (None, None), ("", "")]
)
def test_json_inside_text(value: object, parsed: object) -> None:
    assert parse_json_text(value) == parsed


def test_pick_follows_a_path() -> None:
    assert pick([{"extension": {"工号": 5}}, {"extension": "text"}, {}], "extension.工号") == [5, None, None]


def test_mapping_converts_to_the_columns_type() -> None:
    columns: dict[str, list[Any]] = {}
    apply_mapping(columns, [{"x": {"day": "2020-01-02", "no": 7}}], USERS, {"hired_on": "x.day", "job_number": "x.no"})
    assert columns == {"hired_on": [date(2020, 1, 2)], "job_number": ["7"]}


@pytest.mark.parametrize("column", ["user_id", "attributes", "shoe_size"])
def test_mapping_to_another_column_is_refused(column: str) -> None:
    with pytest.raises(ConfigurationError, match=column):
        apply_mapping({}, [], USERS, {column: "x"})


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
@pytest.mark.parametrize("rows", [0, 2])
def test_frames_have_the_declared_columns(frame: Frame, rows: int) -> None:
    built = build_frame(frame, {}, rows)
    assert {name: str(dtype) for name, dtype in built.dtypes.items()} == dict(frame.columns)
    assert list(built.columns) == list(frame.columns)
    assert len(built) == rows


def test_large_number_beside_a_missing_one_stays_exact() -> None:
    built = build_frame(MEMBERSHIPS, {"sort_order": [-176318668975061512, None]}, 2)
    assert built["sort_order"].tolist() == [-176318668975061512, None]
