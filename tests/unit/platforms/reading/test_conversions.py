"""What is without doubt a day, a number, a yes or a no is read; what is not is told, and never becomes another value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.platforms.reading.conversions import (
    CHINA,
    GENDERS,
    UNREAD,
    negate,
    to_choices,
    to_dates,
    to_flags,
    to_genders,
    to_id_lists,
    to_numbers,
    to_statuses,
    to_text,
)

LEAP_DAY = date(2020, 2, 29)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("", None), (None, None), (" a ", " a "), ("a\0b", "a\0b"), (7, "7"), (True, "true"), (["x"], '["x"]'), ("𠮷😀", "𠮷😀")],
)
def test_text(value: object, text: str | None) -> None:
    assert to_text([value]) == [text]


@pytest.mark.parametrize("value", [True, "true", "1", 1, 1.0, "yes", "Y", "是", " TRUE ", "ｙｅｓ", "１"])
def test_yes(value: object) -> None:
    assert to_flags([value]) == [True]


@pytest.mark.parametrize("value", [False, "false", "0", 0, "no", "N", "否"])
def test_no(value: object) -> None:
    assert to_flags([value]) == [False]


@pytest.mark.parametrize("value", ["x", 2, -1, "待定", [], {}, "\ufffd", "yes and no"])
def test_neither_yes_nor_no(value: object) -> None:
    assert to_flags([value]) == [UNREAD]


@pytest.mark.parametrize("convert", [to_flags, to_numbers, to_dates, to_genders, to_statuses])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_nothing_is_not_unread(convert: Any, value: object) -> None:
    assert convert([value]) == [None]


@given(st.integers(-(2**63), 2**64))
def test_numbers_are_exact(number: int) -> None:
    assert to_numbers([number, str(number)]) == [number, number]
    assert negate(to_numbers([number])) == [-number]


@given(st.integers(-(10**990), 10**990))
def test_long_numbers_are_exact(number: int) -> None:
    assert to_numbers([number, str(number)]) == [number, number]
    assert negate(to_numbers([f"{number}.5"])) == [Decimal(f"{number}.5").copy_negate()]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1.5", Decimal("1.5")),
        (2.0, 2),
        (2.5, Decimal("2.5")),
        ("1,234", 1234),
        ("1,234,567.5", Decimal("1234567.5")),
        ("１２，３４５", 12345),
        ("１２.５", Decimal("12.5")),
        ("+7", 7),
        ("-0", 0),
        (-0.0, 0),
        ("1e3", 1000),
        ("1e400", 10**400),
        ("0e999999", 0),
    ],
)
def test_odd_numbers(value: object, number: object) -> None:
    assert to_numbers([value]) == [number]


@pytest.mark.parametrize(
    "value",
    ["x", True, "nan", "inf", "1,23", "12,34,567", "1_000", "1 234", "一百", "12a", "\ufffd", "1e1000", "1e-1000", "1e999999999",
     "9" * 1001, 10**1000, 2.0**60, 1e300, [], {}],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_no_numbers(value: object) -> None:
    assert to_numbers([value]) == [UNREAD]
    assert negate(to_numbers([value])) == [UNREAD]


@pytest.mark.parametrize(
    "value",
    [
        "20200229", 20200229, "2020/2/29", "2020.02.29", "2020年2月29日", "2020年02月29号", "2020-2-29", "2020-02-29",
        " 2020-02-29 ", "２０２０－０２－２９",
        "2020-02-29 08:30", "2020-02-29 08:30:15.123", "2020-02-29T00:00:00+08:00", "2020-02-28T16:00:00.000Z", "2020-02-29T15:59:59Z",
        "2020年2月29日 8:30", "20200229083015", "1582905600", 1582905600, 1582905600.0,
        "1582905600000", 1582905600000, "１５８２９０５６００",
    ],
    ids=str,
)  # fmt: skip
def test_days_without_doubt(value: object) -> None:
    assert to_dates([value]) == [LEAP_DAY]


def test_day_of_one_digit_is_that_day() -> None:
    assert to_dates(["2020-2-9"]) == [date(2020, 2, 9)]


@pytest.mark.parametrize(
    "value",
    [
        "43890", 43890, "待定", "soon", "2020-02-30", "2020-13-01", "2020/02-29", "29/02/2020", "02/29/2020", "2020-02", "2020年2月",
        "20-2-29",
        "2020-02-29 later", "2020-02-29T25:00:00Z", "2020022", "2020022908", "202002290830", "20201301", "0000-00-00", "0001-01-01",
        "9999-12-31", 0, "0", -1, 1, True,
        31_536_000, -86_400_000, 10**18, 10**30, "\ufffd", 1e300, [], {"day": 1}, "1582905600,5",
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_day_without_doubt(value: object) -> None:
    assert to_dates([value]) == [UNREAD]


@pytest.mark.parametrize(
    ("value", "unit", "day"),
    [
        (1582905600, "seconds", LEAP_DAY),
        ("1582905600", "seconds", LEAP_DAY),
        (1582905600000, "milliseconds", LEAP_DAY),
        (1582905600000 - 1, "milliseconds", date(2020, 2, 28)),
        (31_536_000, "seconds", date(1971, 1, 1)),
        (31_536_000_000, "milliseconds", date(1971, 1, 1)),
        (-86_400_000, "milliseconds", date(1969, 12, 31)),
        (0, "seconds", None),
        ("0", "milliseconds", None),
        (1582905600000, "seconds", UNREAD),
        (1582905600, "milliseconds", UNREAD),
        (20200229, "seconds", UNREAD),
        (1, "seconds", UNREAD),
        (-1, "milliseconds", UNREAD),
        (10**17, "seconds", UNREAD),
        ("2020-02-29", "seconds", LEAP_DAY),
    ],
)
def test_units_belong_to_the_field(value: object, unit: Any, day: object) -> None:
    assert to_dates([value], unit) == [day]


def may_be_written_out(number: int) -> bool:
    """Whether the digits are a day of these centuries with hours, minutes and seconds."""
    digits, formats = str(number), {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
    try:
        return len(digits) in formats and 1900 <= datetime.strptime(digits, formats[len(digits)]).year < 2200  # noqa: DTZ007
    except ValueError:
        return False


@given(st.dates(date(1974, 1, 1), date(2199, 12, 30)), st.integers(0, 86_399))
def test_any_way_of_writing_a_day_is_the_same_day(day: date, second: int) -> None:
    instant = datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(seconds=second)
    seconds = int(instant.timestamp())
    assert to_dates([seconds, str(seconds)], "seconds") == [day] * 2
    assert to_dates([seconds * 1000, str(seconds * 1000)], "milliseconds") == [day] * 2
    # Without a unit 2114380800 can't be 2114-38-08, but 2117030400 may be four o'clock on 2117-03-04: then it is not without doubt.
    for number in (seconds, seconds * 1000):
        assert to_dates([number]) == [UNREAD if may_be_written_out(number) else day]
    written = [f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日", f"{day.year}/{day.month}/{day.day}"]
    written += [instant.isoformat(), instant.astimezone(UTC).isoformat(), f"{day} {instant:%H:%M}"]
    assert to_dates(written) == [day] * len(written)


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.lists(st.none()), st.booleans()))
def test_nothing_becomes_the_first_of_january_1970(value: object) -> None:
    for unit in (None, "seconds", "milliseconds"):
        [day] = to_dates([value], unit)  # type: ignore[arg-type]
        assert day != date(1970, 1, 1)
        to_numbers([value]), to_flags([value]), to_id_lists([value]), to_genders([value])


def test_choices() -> None:
    assert to_choices([1, "2", "0", 0, "3", None], {"1": "male", "2": "female"}, nothing="0") == [
        "male",
        "female",
        None,
        None,
        UNREAD,
        None,
    ]
    assert to_genders(["男", "Female", "其他", "?", ""]) == ["male", "female", "other", UNREAD, None]
    assert to_statuses(["Active", "在职", None]) == ["active", UNREAD, None]


def test_id_lists() -> None:
    assert to_id_lists([["a", 1, "", None], None, "", []]) == [["a", "1"], [], [], []]
    assert to_id_lists(["x", 7, {"a": 1}, [{"userid": "a"}], ["a", True]]) == [UNREAD] * 5


def test_a_text_of_any_kind_becomes_a_plain_one() -> None:
    class Name(str):
        __slots__ = ()

    [text, nothing] = to_text([Name("王"), Name("")])
    assert (text, type(text), nothing) == ("王", str, None)


def test_no_word_says_that_there_is_none_unless_one_is_named() -> None:
    assert to_choices(["XXXX", "0", ""], GENDERS) == [UNREAD, UNREAD, None]
    assert to_choices(["XXXX", "0", ""], GENDERS, nothing="0") == [UNREAD, None, None]
