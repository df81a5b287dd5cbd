"""Which columns a snapshot says nothing about. What a permission hides is withheld: that is not the same as empty."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from orgsync.platforms.reading.records import Record


def find_unobserved(records: Sequence[Record], mapping: Mapping[str, str], *, silent: frozenset[str]) -> frozenset[str]:
    """The `silent` columns, which this kind of read never tells, less those that the tenant's mapping fills.

    A mapped column says nothing if no record holds its field; `attributes` are one, whole or not at all.
    """
    untold = {_column_of(name) for name, path in mapping.items() if not is_told(records, path.partition(".")[0])}
    return (silent - {_column_of(name) for name in mapping}) | untold


def _column_of(name: str) -> str:
    """`attributes.<key>` fills a part of its column."""
    return name.partition(".")[0]


def find_withheld(
    records: Sequence[Record],
    mapping: Mapping[str, str],
    *,
    sources: Mapping[str, str],
    groups: Iterable[Collection[str]],
    attributes: Collection[str] = (),
) -> frozenset[str]:
    """The columns whose fields are in no record. Each of `groups` is a set of fields that one permission opens together.

    `sources` maps columns to raw fields; `attributes` are raw fields without which the column of that name is not whole.
    """
    hidden = {field for group in groups if records and not any(is_told(records, field) for field in group) for field in group}
    by_name = {**sources, **{name: path.partition(".")[0] for name, path in mapping.items()}}
    columns = {_column_of(name) for name, source in by_name.items() if source in hidden}
    return frozenset(columns | ({"attributes"} if hidden.intersection(attributes) else set()))


def is_told(records: Iterable[Record], field: str) -> bool:
    return any(field in record for record in records)
