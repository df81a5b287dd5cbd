"""Raw records to the columns of a tidy frame: what every platform's tidying is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from orgsync.errors import ConfigurationError
from orgsync.frames import ATTRIBUTES, FLAG, TEXT, Frame
from orgsync.platforms.reading.conversions import CONVERSIONS, UNREAD, Unit, to_dates

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Fields:
    """Raw records by field: each holds a value for each record, UNSET where the record has no such field. Other fields are in none.

    `keys` are those of people, whatever field they are in.
    """

    values: Mapping[str, Sequence[Any]]
    rows: int
    keys: Sequence[str] = ()

    def __len__(self) -> int:
        return self.rows

    @property
    def told(self) -> frozenset[str]:
        """The fields that some record has."""
        return frozenset(name for name, values in self.values.items() if any(value is not msgspec.UNSET for value in values))


Rows = Records | Fields


@dataclass(frozen=True)
class Part:
    """Some of a table's rows, in the columns of its frame: Arrow's, or a list where the frame holds Python's objects."""

    columns: dict[str, Any]
    unread: Mapping[str, tuple[int, ...]]
    rows: int


@dataclass(frozen=True)
class Table:
    """A frame's rows, and for each column the places of the rows whose value could not be converted."""

    rows: pd.DataFrame
    unread: Mapping[str, tuple[int, ...]]


def to_attributes(records: Rows, names: Sequence[str]) -> list[str]:
    """The named fields that a record has and that say something, as JSON."""
    fields = [(name, [None if value == "" else value for value in _values_of(records, name)]) for name in names]
    told = [(name, values) for name, values in fields if any(value is not None for value in values)]
    kind = msgspec.defstruct(ATTRIBUTES, [_optional(place, name) for place, (name, _) in enumerate(told)], omit_defaults=True, gc=False)
    encode = msgspec.json.Encoder().encode
    if not told:
        return ["{}"] * len(records)
    return [encode(kind(*values)).decode() for values in zip(*(values for _, values in told), strict=True)]


def _optional(place: int, name: str) -> tuple[str, Any, Any]:
    return f"field_{place}", Any, msgspec.field(default=None, name=name)


def parse_json_text(value: object) -> Any:
    """Some fields hold JSON inside a text; what does not parse stays the text it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except (ValueError, RecursionError):
        return value


def pick(records: Rows, path: str) -> list[Any]:
    """One value per record along a dotted path, such as `extension.工号`."""
    first, *rest = path.split(".")
    values = _values_of(records, first)
    for name in rest:
        values = [value.get(name) if isinstance(value, Mapping) else None for value in values]
    return values


def _values_of(records: Rows, name: str) -> list[Any]:
    if isinstance(records, Fields):
        return without_unset(records.values.get(name) or (None,) * len(records))
    return [record.get(name) for record in records]


def without_unset(values: Sequence[Any]) -> list[Any]:
    return [None if value is msgspec.UNSET else value for value in values]


def apply_mapping(
    columns: dict[str, list[Any]], records: Rows, frame: Frame, mapping: Mapping[str, str], *, units: Mapping[str, Unit] | None = None
) -> None:
    """Fill columns from raw fields of the tenant's choice, and keys of `attributes` (`attributes.<key>`); the key is not to be chosen.

    `units` are those of the platform's own fields that count a time.
    """
    keys: dict[str, list[Any]] = {}
    for column, path in mapping.items():
        name, _, key = column.partition(".")
        if name not in frame.content or bool(key) != (name == ATTRIBUTES):
            raise ConfigurationError(f"mapping of {frame.name}: {column!r} is not a column that a mapping can fill")
        raw = pick(records, path)
        if key:
            keys[key] = raw
        elif column == "hired_on":
            columns[column] = to_dates(raw, (units or {}).get(path))
        else:
            columns[column] = (CONVERSIONS.get(column) or CONVERSIONS[frame.columns[column]])(raw)
    if keys:
        columns[ATTRIBUTES] = _with_keys(columns.get(ATTRIBUTES) or ["{}"] * len(records), keys)


def _with_keys(attributes: Sequence[str], keys: Mapping[str, Sequence[Any]]) -> list[str]:
    """A key that is filled holds what its field says and nothing else: where that is nothing, it is not there."""
    rows: list[str] = []
    for row, *values in zip(attributes, *keys.values(), strict=True):
        known = msgspec.json.decode(row)
        filled = {**known, **dict(zip(keys, values, strict=True))}
        told = {name: value for name, value in filled.items() if name not in keys or value not in (None, "")}
        rows.append(msgspec.json.encode(told).decode())
    return rows


def build_part(frame: Frame, columns: Mapping[str, Sequence[object]], rows: int) -> Part:
    """The columns that are given; one that is not is missing throughout."""
    nothing = [None] * rows
    built: dict[str, Any] = {}
    unread: dict[str, tuple[int, ...]] = {}
    for name, dtype in frame.columns.items():
        values = columns.get(name, nothing)
        places = tuple(place for place, value in enumerate(values) if value is UNREAD) if UNREAD in values else ()
        if places:
            unread[name] = places
            values = [None if value is UNREAD else value for value in values]
        built[name] = _arrange(values, dtype)
    return Part(built, unread, rows)


_ARROW: Mapping[str, pa.DataType] = {TEXT: pa.large_string(), FLAG: pa.bool_()}


def join_parts(frame: Frame, parts: Sequence[Part], order: np.ndarray[Any, Any] | None = None, *, without: Collection[str] = ()) -> Table:
    """One table of all parts' rows, or of those that `order` names by their places, as it names them.

    It empties the parts as it goes, and leaves empty the columns that it shall be without.
    """
    starts = np.cumsum([0, *(part.rows for part in parts)])
    rows = int(starts[-1])
    order = np.arange(rows) if order is None else order
    place_of = np.full(rows, -1)
    place_of[order] = np.arange(len(order))
    unread: dict[str, tuple[int, ...]] = {}
    series = {}
    for name, dtype in frame.columns.items():
        pieces = [part.columns.pop(name) for part in parts]
        if name in without:
            series[name] = pd.Series([None], dtype=dtype).repeat(len(order)).reset_index(drop=True)
            continue
        series[name] = _join(pieces, dtype, order)
        found = [place_of[starts[number] + place] for number, part in enumerate(parts) for place in part.unread.get(name, ())]
        if places := tuple(sorted(int(place) for place in found if place >= 0)):
            unread[name] = places
    return Table(pd.DataFrame(series, copy=False), unread)


def _arrange(values: Sequence[object], dtype: str) -> Any:
    return pa.array(values, type=_ARROW[dtype]) if dtype in _ARROW else list(values)


def _join(pieces: Sequence[Any], dtype: str, order: np.ndarray[Any, Any]) -> pd.Series[Any]:
    if dtype in _ARROW:
        return pd.Series(_DTYPES[dtype].__from_arrow__(pa.chunked_array(pieces, type=_ARROW[dtype]).take(pa.array(order))))
    together = [value for piece in pieces for value in piece]
    values = np.empty(len(order), dtype=object)
    values[:] = [together[place] for place in order]
    return pd.Series(values, dtype="object")


_DTYPES: Mapping[str, Any] = {TEXT: pd.StringDtype("pyarrow", na_value=np.nan), FLAG: pd.BooleanDtype()}


def build_table(frame: Frame, columns: Mapping[str, Sequence[object]], rows: int) -> Table:
    """The frame as declared; a column that is not given is missing throughout."""
    return join_parts(frame, [build_part(frame, columns, rows)])
