"""Raw records to the columns of a tidy frame: what every platform's tidying is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pandas as pd

from orgsync.errors import ConfigurationError
from orgsync.frames import ATTRIBUTES, Frame
from orgsync.platforms.reading.conversions import CONVERSIONS, UNREAD, Unit, to_dates

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Table:
    """A frame's rows, and for each column the places of the rows whose value could not be converted."""

    rows: pd.DataFrame
    unread: Mapping[str, tuple[int, ...]]


def to_attributes(records: Records, names: Sequence[str]) -> list[dict[str, Any]]:
    """The named fields that a record has and that say something."""
    return [{name: value for name in names if (value := record.get(name)) not in (None, "")} for record in records]


def parse_json_text(value: object) -> Any:
    """Some fields hold JSON inside a text; what does not parse stays the text it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except (ValueError, RecursionError):
        return value


def pick(records: Records, path: str) -> list[object]:
    """One value per record along a dotted path, such as `extension.工号`."""
    first, *rest = path.split(".")
    values: list[object] = [record.get(first) for record in records]
    for name in rest:
        values = [value.get(name) if isinstance(value, Mapping) else None for value in values]
    return values


def apply_mapping(
    columns: dict[str, list[Any]], records: Records, frame: Frame, mapping: Mapping[str, str], *, units: Mapping[str, Unit] | None = None
) -> None:
    """Fill columns from raw fields of the tenant's choice; the key and `attributes` are not to be chosen.

    `units` are those of the platform's own fields that count a time.
    """
    for column, path in mapping.items():
        if column not in frame.content or column == "attributes":
            raise ConfigurationError(f"mapping of {frame.name}: {column!r} is not a column that a mapping can fill")
        raw = pick(records, path)
        if column == "hired_on":
            columns[column] = to_dates(raw, (units or {}).get(path))
        else:
            columns[column] = (CONVERSIONS.get(column) or CONVERSIONS[frame.columns[column]])(raw)


def build_table(frame: Frame, columns: Mapping[str, Sequence[object]], rows: int) -> Table:
    """The frame as declared; a column that is not given is missing throughout."""
    nothing = [None] * rows
    given = {name: columns.get(name, nothing) for name in frame.columns}
    given[ATTRIBUTES] = encode_json(given[ATTRIBUTES])
    unread = {name: tuple(place for place, value in enumerate(values) if value is UNREAD) for name, values in given.items()}
    return Table(
        pd.DataFrame({name: _series(_without_unread(values, unread[name]), frame.columns[name]) for name, values in given.items()}),
        {name: places for name, places in unread.items() if places},
    )


def encode_json(values: Iterable[object]) -> list[str | None]:
    encode = msgspec.json.Encoder().encode
    return [encode(value).decode() if isinstance(value, dict) else None for value in values]


def _without_unread(values: Sequence[object], unread: Sequence[int]) -> Sequence[object]:
    return [None if value is UNREAD else value for value in values] if unread else values


def _series(values: Iterable[object], dtype: str) -> pd.Series[Any]:
    """By way of `object`: pandas would guess float for numbers beside a missing one."""
    series: pd.Series[Any] = pd.Series(list[Any](values), dtype="object")
    return series if dtype == "object" else series.astype(pd.api.types.pandas_dtype(dtype))
