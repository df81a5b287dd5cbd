"""Lists of raw values to typed columns: the conversions every platform's tidying is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import pandas as pd

from orgsync.errors import ConfigurationError
from orgsync.frames import Frame

Records = Sequence[Mapping[str, Any]]
Values = Iterable[object]

CHINA = timezone(timedelta(hours=8))

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def to_text(values: Values) -> list[str | None]:
    """Empty text is missing; a number is written out; a list or object is written as JSON."""
    return [value or None if type(value) is str else _text(value) for value in values]


def to_flags(values: Values) -> list[bool | None]:
    return [value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower()) for value in values]


def to_numbers(values: Values) -> list[int | Decimal | None]:
    """Exact: platforms order by values past 2**53, where a float loses digits."""
    return [value if type(value) is int else _number(value) for value in values]


def to_dates(values: Values) -> list[date | None]:
    """Milliseconds since 1970 of a midnight in China, or text such as 2020-02-29; a value that is neither is missing."""
    return [None if value is None else _date(value) for value in values]


def to_id_lists(values: Values) -> list[list[str]]:
    return [[str(entry) for entry in value if entry not in (None, "")] if isinstance(value, list) else [] for value in values]


def negate(numbers: Iterable[int | Decimal | None]) -> list[int | Decimal | None]:
    """For platforms that show the larger number first."""
    return [None if number is None else -number for number in numbers]


def to_attributes(records: Records, names: Sequence[str]) -> list[dict[str, Any]]:
    """The named fields that a record has and that say something."""
    return [{name: value for name in names if (value := record.get(name)) not in (None, "")} for record in records]


def parse_json_text(value: object) -> Any:
    """Some fields hold JSON inside a text; what does not parse stays the text it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except ValueError:
        return value


def pick(records: Records, path: str) -> list[object]:
    """One value per record along a dotted path, such as `extension.工号`."""
    first, *rest = path.split(".")
    values: list[object] = [record.get(first) for record in records]
    for name in rest:
        values = [value.get(name) if isinstance(value, Mapping) else None for value in values]
    return values


CONVERSIONS: Mapping[str, Callable[[Values], list[Any]]] = {
    "str": to_text,
    "boolean": to_flags,
    "sort_order": to_numbers,
    "hired_on": to_dates,
    "leader_user_ids": to_id_lists,
}


def apply_mapping(columns: dict[str, list[Any]], records: Records, frame: Frame, mapping: Mapping[str, str]) -> None:
    """Fill columns from raw fields of the tenant's choice; the key and `attributes` are not to be chosen."""
    for column, path in mapping.items():
        if column not in frame.content or column == "attributes":
            raise ConfigurationError(f"mapping of {frame.name}: {column!r} is not a column that a mapping can fill")
        convert = CONVERSIONS.get(column) or CONVERSIONS[frame.columns[column]]
        columns[column] = convert(pick(records, path))


def build_frame(frame: Frame, columns: Mapping[str, Sequence[object]], rows: int) -> pd.DataFrame:
    """The frame as declared; a column that is not given is missing throughout."""
    nothing = [None] * rows
    return pd.DataFrame({name: _series(columns.get(name, nothing), dtype) for name, dtype in frame.columns.items()})


def _series(values: Iterable[object], dtype: str) -> pd.Series[Any]:
    """By way of `object`: pandas would guess float for numbers beside a missing one."""
    series: pd.Series[Any] = pd.Series(list[Any](values), dtype="object")
    return series if dtype == "object" else series.astype(pd.api.types.pandas_dtype(dtype))


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return str(value)
    return msgspec.json.encode(value).decode()


def _number(value: object) -> int | Decimal | None:
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() else None
    if not isinstance(value, str):
        return None
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    return int(number) if number == number.to_integral_value() else number


def _date(value: object) -> date | None:
    text = str(value).strip()
    try:
        if text.lstrip("-").isdigit():
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))).astimezone(CHINA).date()
        return date.fromisoformat(text[:10])
    except (ValueError, OverflowError):
        return None
