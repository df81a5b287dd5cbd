"""How raw records are read, compared and put in order, whichever platform they come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import msgspec

from orgsync.platforms.speaking.decoding import REPLACEMENT

Record = Mapping[str, Any]

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_COUNT = re.compile(r"[0-9]{1,18}")


def read_flag(value: object) -> bool | None:
    """Platforms' examples write booleans as text or number; real answers hold native ones. None is neither."""
    return value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower())


def is_true(value: object) -> bool:
    return read_flag(value) is True


def read_count(value: object) -> int | None:
    """A number of things, or of a state; None for anything else."""
    text = str(value).strip()
    return int(text) if _COUNT.fullmatch(text) else None


def is_damaged(value: object) -> bool:
    """Whether a text holds what could not be read: no id, and nothing else that has to be exact, does."""
    return isinstance(value, str) and REPLACEMENT in value


def read_token(value: object) -> str | None:
    """A token goes into an address or a header: what could not stand there is none."""
    return value if isinstance(value, str) and value and value.isascii() and value.isprintable() else None


def records_of(values: object) -> list[Record]:
    """One mapping per entry: an entry that is no object stays as an empty one, so that it is counted and quarantined."""
    return [value if isinstance(value, dict) else {} for value in values] if isinstance(values, list) else []


class Gathered:
    """Records without the same content twice, in the order of their keys, whatever the order in which they came.

    More than one record for a key means that the platform contradicts itself; both stay, for validation to judge.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._records: dict[bytes, Record] = {}

    def add(self, record: Record) -> None:
        self._records.setdefault(msgspec.json.encode([str(record.get(self._key)), record], order="sorted"), record)

    def add_all(self, records: Iterable[Record]) -> None:
        for record in records:
            self.add(record)

    def in_order(self) -> list[Record]:
        records = (self._records[signature] for signature in sorted(self._records))
        by_key = groupby(records, key=lambda record: str(record.get(self._key)))
        return [record for _, found in by_key for record in _without_twins(list(found))]


def _without_twins(records: list[Record]) -> list[Record]:
    """A number sent once as a number and once as text is no contradiction."""
    if len(records) < 2:
        return records
    return list({msgspec.json.encode(_as_texts(record), order="sorted"): record for record in reversed(records)}.values())[::-1]


def _as_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _as_texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_texts(each) for each in value]
    return str(value) if type(value) is int else value
