"""Raw values to typed ones. What is not without doubt a day, a number, a yes or a no is UNREAD: it is told, and empties nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, TypeVar

import msgspec


class Unread(Enum):
    """Stands where a value came that could not be converted."""

    UNREAD = "unread"


UNREAD = Unread.UNREAD
Chosen = TypeVar("Chosen")

Values = Iterable[object]
Unit = Literal["seconds", "milliseconds"]

CHINA = timezone(timedelta(hours=8))
MOST_DIGITS = 1000
"""No platform counts so far; PostgreSQL could hold more, and a single text could make it print 16,000 of them."""

_FLAGS = {"true": True, "yes": True, "y": True, "1": True, "是": True, "false": False, "no": False, "n": False, "0": False, "否": False}
GENDERS = {
    **dict.fromkeys(("male", "m", "男", "男性"), "male"),
    **dict.fromkeys(("female", "f", "女", "女性"), "female"),
    **dict.fromkeys(("other", "其他", "其它"), "other"),
}
STATUSES = {status: status for status in ("active", "inactive", "disabled", "resigned")}

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,9})?")

_DAY = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年 *([0-9]{1,2})月 *([0-9]{1,2})[日号])(?:[t ] *([0-9]{1,2}:[0-9]{2}.*))?"
)
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)? *(?:(z)|([+-])([0-9]{2}):?([0-9]{2}))?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){0,2})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1900, 2200)
# Instants of these days are told from each other by their size alone, whatever they count.
_FIRST_PLAIN_DAY = date(1973, 3, 4)


def to_text(values: Values) -> list[str | None]:
    """Empty text is missing; a number is written out; a list or object is written as JSON."""
    return [value or None if type(value) is str else _text(value) for value in values]


def to_flags(values: Values) -> list[bool | Unread | None]:
    read = _remembering(lambda value: _choice(value, _FLAGS))
    return [value if value is None or isinstance(value, bool) else read(value) for value in values]


def to_choices(values: Values, choices: Mapping[str, str], *, nothing: str = "") -> list[str | Unread | None]:
    """`nothing` is what says that there is none."""
    read = _remembering(lambda value: None if nothing and str(value) == nothing else _choice(value, choices))
    return [read(value) for value in values]


def to_genders(values: Values) -> list[str | Unread | None]:
    return to_choices(values, GENDERS)


def to_statuses(values: Values) -> list[str | Unread | None]:
    return to_choices(values, STATUSES)


def to_numbers(values: Values) -> list[int | Decimal | Unread | None]:
    """Exact: platforms order by values past 2**53, where a float loses digits."""
    return [value if type(value) is int and -(2**63) <= value < 2**64 else _number(value) for value in values]


def to_dates(values: Values, unit: Unit | None = None) -> list[date | Unread | None]:
    """`unit` is what the field counts from 1970, as days in China; without it a number is a day only if it can be one in one way alone.

    A text is a day as people write it, year first.
    """
    return [None if value is None else _date_of_whole(value, unit) if type(value) is int else _date(value, unit) for value in values]


def to_id_lists(values: Values) -> list[list[str] | Unread]:
    return [[] if value in (None, "") else _ids(value) for value in values]


def negate(numbers: Iterable[int | Decimal | Unread | None]) -> list[int | Decimal | Unread | None]:
    """For platforms that show the larger number first."""
    return [_negated(number) for number in numbers]


CONVERSIONS: Mapping[str, Callable[[Values], list[Any]]] = {
    "str": to_text,
    "boolean": to_flags,
    "sort_order": to_numbers,
    "hired_on": to_dates,
    "leader_user_ids": to_id_lists,
    "gender": to_genders,
    "status": to_statuses,
}


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return str(value)
    return msgspec.json.encode(value).decode()


def _plain(value: object) -> str:
    """As it is meant: full-width digits and letters as the others, no white space around; empty for what is no text and no exact number."""
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, bool) or not isinstance(value, str | int) or (isinstance(value, int) and abs(value) >= 10**MOST_DIGITS):
        return ""
    return unicodedata.normalize("NFKC", str(value)).strip().casefold()


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _remembering(read: Callable[[object], Chosen]) -> Callable[[object], Chosen]:
    """A column of few different values is read once for each of them."""
    known: dict[type, dict[object, Chosen]] = {str: {}, int: {}}

    def read_once(value: object) -> Chosen:
        found = known.get(type(value))
        if found is None:
            return read(value)
        if value not in found:
            found[value] = read(value)
        return found[value]

    return read_once


def _choice(value: object, choices: Mapping[str, Chosen]) -> Chosen | Unread | None:
    return None if _is_empty(value) else choices.get(_plain(value), UNREAD)


def _number(value: object) -> int | Decimal | Unread | None:
    if _is_empty(value):
        return None
    if isinstance(value, float) and abs(value) >= 2**53:
        return UNREAD
    text = _plain(value)
    if not _NUMBER.fullmatch(text) or len(text) > MOST_DIGITS:
        return UNREAD
    number = Decimal(text.replace(",", ""))
    if number.is_zero():
        return 0
    if abs(number.adjusted()) >= MOST_DIGITS:
        return UNREAD
    return int(number) if number == number.to_integral_value() else number


def _negated(number: int | Decimal | Unread | None) -> int | Decimal | Unread | None:
    if number is None or isinstance(number, Unread):
        return number
    return number.copy_negate() if isinstance(number, Decimal) else -number


def _ids(value: object) -> list[str] | Unread:
    entries = [entry for entry in value if entry not in (None, "")] if isinstance(value, list) else [value]
    are_ids = isinstance(value, list) and all(isinstance(entry, str | int) and not isinstance(entry, bool) for entry in entries)
    return [str(entry) for entry in entries] if are_ids else UNREAD


@lru_cache(maxsize=1 << 16)
def _date_of_whole(value: int, unit: Unit | None) -> date | Unread | None:
    """People start on the same days."""
    return _date(value, unit)


def _date(value: object, unit: Unit | None) -> date | Unread | None:
    if _is_empty(value):
        return None
    text = _plain(value)
    if _WHOLE.fullmatch(text):
        return _day_of_number(text, unit)
    found = _DAY.fullmatch(text)
    return _day_of_text(found) if found else UNREAD


def _day_of_number(text: str, unit: Unit | None) -> date | Unread | None:
    """0 is how a field that counts is cleared. Elsewhere nobody knows what it stands for."""
    if unit is not None and int(text) == 0:
        return None
    plain = [day for day in (_count_days(text, "seconds"), _count_days(text, "milliseconds")) if day and day >= _FIRST_PLAIN_DAY]
    plain += [day for day in [_read_compact(text)] if day]
    if unit is None:
        return plain[0] if len(plain) == 1 else UNREAD
    counted = _count_days(text, unit)
    is_plain = counted in plain if plain else counted != _EPOCH.date()
    return counted if counted and is_plain else UNREAD


def _count_days(text: str, unit: Unit) -> date | None:
    try:
        day = (_EPOCH + timedelta(**{unit: int(text)})).astimezone(CHINA).date()
    except OverflowError:
        return None
    return day if day.year in _YEARS else None


def _read_compact(text: str) -> date | None:
    """20200229, perhaps with hours, minutes and seconds."""
    found = _COMPACT.fullmatch(text)
    return _make_day(found[1], found[2], found[3]) if found else None


def _day_of_text(found: re.Match[str]) -> date | Unread:
    year, _, month, day, chinese_month, chinese_day, time = found.groups()
    made = _make_day(year, month or chinese_month, day or chinese_day)
    if made is None or time is None:
        return made or UNREAD
    return _day_in_china(made, time)


def _day_in_china(day: date, time: str) -> date | Unread:
    """An instant that names its zone is told in China's; midnight in China is still the day before in UTC."""
    found = _TIME.fullmatch(time)
    if found is None:
        return UNREAD
    hour, minute, second, utc, sign, hours, minutes = found.groups()
    if not (utc or sign):
        return day
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        instant = datetime(day.year, day.month, day.day, int(hour), int(minute), int(second or 0), tzinfo=UTC) - ahead
    except ValueError:
        return UNREAD
    return instant.astimezone(CHINA).date()


def _make_day(year: str, month: str, day: str) -> date | None:
    try:
        made = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return made if made.year in _YEARS else None
