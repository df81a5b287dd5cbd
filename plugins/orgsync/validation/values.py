"""Single values that could not be read, or not wholly: what is left out of a row that counts, and what is loaded as it is and told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from orgsync.frames import EXACT_COLUMNS, FLAG, FRAMES, Frame, TidySet
from orgsync.validation.rules import Finding, find_damaged

UNREAD_VALUE = "unread_value"
DAMAGED_TEXT = "damaged_text"

MOST_LISTED = 1000
"""A column of which nobody's value can be read is a mistake of the mapping: beyond so many it is not listed person by person."""

_WHY = {
    "hired_on": "is no day without doubt",
    "sort_order": "is no number",
    "leader_user_ids": "is no list of ids, or one of them came damaged",
    "gender": "is none of male, female, other",
    "status": "is none of active, inactive, disabled, resigned",
}


def leave_out_damaged(tidy: TidySet) -> TidySet:
    """Without the damaged values of columns in which half a value is worse than none: they are unread."""
    for frame in FRAMES:
        rows = tidy.frame(frame.name)
        damaged = {column: find_damaged(rows[column]) for column in sorted(EXACT_COLUMNS[frame.name])}
        damaged = {column: mask for column, mask in damaged.items() if mask.any()}
        if damaged:
            tidy = _leave_out(tidy, frame, damaged)
    return tidy


def find_unread_values(tidy: TidySet, bad: Mapping[str, pd.Series]) -> Iterator[Finding]:
    """`bad` masks, per frame, the rows that are left out as a whole: of them nothing is believed anyway."""
    for frame in FRAMES:
        for column, places in tidy.unread.get(frame.name, {}).items():
            rows = _mask(tidy.frame(frame.name), places) & ~bad[frame.name]
            yield Finding(frame.name, UNREAD_VALUE, f"{column} {_why(frame, column)}; its last known value stays", rows, column)


def find_damaged_texts(tidy: TidySet, bad: Mapping[str, pd.Series]) -> Iterator[Finding]:
    """What is loaded although a character of it could not be read."""
    for frame in FRAMES:
        rows = tidy.frame(frame.name)
        for column in set(frame.content) - EXACT_COLUMNS[frame.name] if not rows.empty else ():
            if rows[column].dtype == "str":  # the others hold numbers, dates and flags: lists of ids are exact
                reason = f"{column} holds a character that could not be read; it is loaded with \ufffd in its place"
                yield Finding(frame.name, DAMAGED_TEXT, reason, find_damaged(rows[column]) & ~bad[frame.name], column)


def silence_unreadable(tidy: TidySet, findings: Sequence[Finding]) -> tuple[TidySet, list[Finding]]:
    """Columns of which not one of very many values could be read: the snapshot says nothing about them, as if they had not come."""
    silent = [
        finding
        for finding in findings
        if finding.column and finding.rows.sum() > MOST_LISTED and not tidy.frame(finding.entity)[finding.column].notna().any()
    ]
    unobserved = dict(tidy.unobserved)
    for finding in silent:
        unobserved[finding.entity] = unobserved.get(finding.entity, frozenset()) | {str(finding.column)}
    return replace(tidy, unobserved=unobserved), [finding for finding in findings if finding not in silent]


def _leave_out(tidy: TidySet, frame: Frame, damaged: Mapping[str, pd.Series]) -> TidySet:
    rows = tidy.frame(frame.name)
    left: dict[str, pd.Series] = {column: rows[column].mask(mask, None) for column, mask in damaged.items()}
    known = dict(tidy.unread.get(frame.name, {}))
    for column, mask in damaged.items():
        known[column] = tuple(sorted({*known.get(column, ()), *mask.to_numpy().nonzero()[0].tolist()}))
    return replace(tidy.with_rows({frame.name: rows.assign(**left)}), unread={**tidy.unread, frame.name: known})


def _mask(rows: pd.DataFrame, places: Sequence[int]) -> pd.Series:
    return pd.Series(range(len(rows)), index=rows.index).isin(places)


def _why(frame: Frame, column: str) -> str:
    return _WHY.get(column) or ("is neither yes nor no" if frame.columns[column] == FLAG else "came damaged, or is none that is known")
