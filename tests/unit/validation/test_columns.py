"""What is asked of whole columns answers as if each value were asked alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.validation.columns import find_holding, find_written_nul, is_among, none_of

TEXTS = st.lists(st.none() | st.text("ab\x00\ufffd\\", max_size=3), max_size=6)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param({"extension": {"工号": ["7", {"\x00": 1}]}}, True, id="in a nested key"),
        pytest.param({"extension": [{"a": "x\x00"}]}, True, id="in a nested value"),
        pytest.param({"a": 1, "b": None, "c": 2.5, "d": "\\u0000"}, False, id="object"),
        pytest.param({"a": "\\\x00"}, True, id="after a backslash"),
        pytest.param({"a": "\\\\u0000"}, False, id="after two that are text"),
        pytest.param({"\\": "\x00"}, True, id="backslash in a key"),
    ],
)
def test_nul_is_found_wherever_an_objects_text_is(value: object, found: bool) -> None:
    column = pd.Series(["{}", msgspec.json.encode(value).decode(), None], dtype="str", index=[5, 6, 7])
    assert list(find_written_nul(column)) == [False, found, False]


@given(
    st.lists(
        st.recursive(
            st.none() | st.text("a\x00\\u0", max_size=8),
            lambda parts: st.lists(parts) | st.dictionaries(st.text("\x00\\", max_size=3), parts),
        )
    )
)
def test_nul_in_json_is_the_one_that_is_decoded(values: list[object]) -> None:
    column = pd.Series([msgspec.json.encode({"": value}).decode() for value in values], dtype="str")
    assert list(find_written_nul(column)) == ["\\x00" in repr(value).replace("\\\\", "") for value in values]


@given(TEXTS, st.sampled_from(["a", "\x00", "\ufffd", "\\"]))
def test_texts_that_hold_a_character(values: list[str | None], character: str) -> None:
    expected = [value is not None and character in value for value in values]
    assert list(find_holding(pd.Series(values, dtype="str"), character)) == expected
    assert list(find_holding(pd.Series([value and [value] for value in values], dtype="object"), character)) == expected


@given(TEXTS, TEXTS)
def test_texts_that_are_among_others(values: list[str | None], others: list[str | None]) -> None:
    found = is_among(pd.Series(values, dtype="str"), pd.Series(others, dtype="str"))
    assert list(found) == [value is not None and value in others for value in values]


def test_column_in_pieces_is_one() -> None:
    dtype = pd.StringDtype("pyarrow", na_value=float("nan"))
    column = pd.Series(dtype.__from_arrow__(pa.chunked_array([["a"], [None, "b"]])), index=[7, 8, 9])
    assert list(is_among(column, column)) == [True, False, True]
    assert (list(find_holding(column, "b")), list(find_holding(column, "b").index)) == ([False, False, True], [7, 8, 9])


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(pd.Series(["ab", None, "b"], dtype="str"), id="texts"),
        pytest.param(pd.Series([["ab", "c"], [], ["b"]], dtype="object"), id="lists of texts"),
        pytest.param(pd.Series([], dtype="str"), id="no texts"),
        pytest.param(pd.Series([], dtype="object"), id="no lists"),
    ],
)
def test_mask_is_of_the_columns_rows_and_of_flags(column: pd.Series[Any]) -> None:
    column.index = pd.Index(range(5, 5 + len(column)))
    found = find_holding(column, "a")
    assert found.dtype == bool
    assert list(found[found].index) == [5][: len(column)]
    assert list(found.index) == list(column.index)


def test_what_is_missing_is_among_nothing_whatever_the_columns_type() -> None:
    missing = pd.Series([None, float("nan")], dtype="object", index=[7, 8])
    found = is_among(missing, pd.Series(["a", None], dtype="str"))
    assert found.dtype == bool
    assert found.to_dict() == {7: False, 8: False}
    assert list(is_among(pd.Series(["a", None], dtype="str"), missing)) == [False, False]


def test_mask_of_none() -> None:
    assert list(none_of(pd.Series([1, 2]))) == [False, False]
