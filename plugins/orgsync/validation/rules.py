"""Rules across rows and columns: what can be stored, the tree is a tree, memberships join what exists, leaders are members."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pandas as pd

from orgsync.frames import ATTRIBUTES, FRAMES, NOT_READ, TidySet
from orgsync.validation.columns import find_holding, find_written_nul, is_among, none_of

NUL = "\x00"
REPLACEMENT = "\ufffd"
"""Stands for what could not be read."""

LONGEST_KEY = 255
"""Several times what any platform gives; PostgreSQL refuses to index ten times as much."""

UNREADABLE_KEY = "unreadable_key"
LEADER_NOT_MEMBER = "leader_not_member"


@dataclass(frozen=True)
class Finding:
    """Rows of one frame that break one rule. `rows` is a boolean mask over the frame. With a `column`, it is that one value of each."""

    entity: str
    rule: str
    reason: str
    rows: pd.Series
    column: str | None = None


def find_broken_rows(tidy: TidySet) -> Iterator[Finding]:
    """Every rule over one snapshot. A row may break several.

    What a targeted read did not ask for may be there: who refers to it breaks no rule by that.
    """
    yield from _find_unstorable(tidy)
    for frame in FRAMES:
        reason = "its id holds what could not be read, or is far too long: nobody knows whose it is"
        yield Finding(frame.name, UNREADABLE_KEY, reason, find_unreadable_keys(tidy.frame(frame.name)[list(frame.key)]))
    for entity in tidy.not_read:
        yield Finding(entity, NOT_READ, "its details have not been read yet, or the app may not see them", find_not_read(tidy, entity))
    departments, users, memberships = tidy.departments, tidy.users, tidy.memberships
    is_told = tidy.tells_of("department", departments["parent_id"])
    yield Finding("department", "orphan", "its parent department is not in the snapshot", find_orphans(departments) & is_told)
    yield Finding("department", "cycle", "it is its own ancestor", find_cycles(departments))
    foreign = find_foreign_leaders(departments, memberships, asked=tidy.asked["user"] if tidy.asked else None)
    yield Finding("department", LEADER_NOT_MEMBER, "a leader of it is not one of its members", foreign)
    yield Finding(
        "membership",
        "missing_department",
        "its department is not in the snapshot",
        tidy.tells_of("department", memberships["department_id"]) & ~is_among(memberships["department_id"], departments["department_id"]),
    )
    yield Finding(
        "membership",
        "missing_user",
        "its person is not in the snapshot",
        _is_given(memberships["user_id"]) & ~is_among(memberships["user_id"], users["user_id"]),
    )
    yield Finding("membership", "several_main_departments", "the person has more than one main department", find_several_mains(memberships))


def find_nul_characters(column: pd.Series) -> pd.Series:
    """Texts, and lists of texts, that PostgreSQL could not store."""
    return find_holding(column, NUL)


def find_unreadable_keys(keys: pd.DataFrame) -> pd.Series:
    unreadable = none_of(keys)
    for column in keys:
        unreadable |= find_damaged(keys[column]) | find_nul_characters(keys[column]) | keys[column].str.len().gt(LONGEST_KEY)
    return unreadable


def find_damaged(column: pd.Series) -> pd.Series:
    """Texts, JSON among them, and lists of texts, with a character in them that could not be read."""
    return find_holding(column, REPLACEMENT)


def find_not_read(tidy: TidySet, entity: str) -> pd.Series:
    """Nothing else can be said of their content."""
    return is_among(tidy.frame(entity)[f"{entity}_id"], pd.Series(list(tidy.not_read[entity])))


def find_orphans(departments: pd.DataFrame) -> pd.Series:
    return _is_given(departments["parent_id"]) & ~is_among(departments["parent_id"], departments["department_id"])


def find_cycles(departments: pd.DataFrame) -> pd.Series:
    """The departments on a cycle; those that merely hang below one are fine, and one that is listed below a top too."""
    has_parent = _is_given(departments["parent_id"]) & ~find_orphans(departments)
    reached = departments.loc[~has_parent, "department_id"]
    waiting = departments.loc[has_parent, ["department_id", "parent_id"]]
    while not reached.empty and not waiting.empty:
        is_next = is_among(waiting["parent_id"], reached)
        reached = waiting.loc[is_next, "department_id"]
        waiting = waiting.loc[~is_next]
    while not (is_parent := is_among(waiting["department_id"], waiting["parent_id"])).all():
        waiting = waiting.loc[is_parent]
    return departments.index.to_series().isin(waiting.index)


def find_foreign_leaders(departments: pd.DataFrame, memberships: pd.DataFrame, *, asked: Collection[str] | None = None) -> pd.Series:
    """Of leaders who were not `asked` for, nobody knows where they are; None: of nobody."""
    leaders = departments[["department_id", "leader_user_ids"]].explode("leader_user_ids").dropna()
    if asked is not None:
        leaders = leaders.loc[leaders["leader_user_ids"].isin(list(asked))]
    pairs = pd.MultiIndex.from_frame(leaders[["leader_user_ids", "department_id"]].astype(str))
    are_leaders = is_among(memberships["user_id"], leaders["leader_user_ids"].astype("str"))
    members = pd.MultiIndex.from_frame(memberships.loc[are_leaders, ["user_id", "department_id"]].dropna().astype(str))
    return departments.index.to_series().isin(leaders.index[~pairs.isin(members)])


def find_several_mains(memberships: pd.DataFrame) -> pd.Series:
    is_main = memberships["is_main"].fillna(value=False).astype(bool)
    mains = memberships.loc[is_main, "user_id"]
    return is_main & is_among(memberships["user_id"], mains.loc[mains.duplicated()])


def _is_given(column: pd.Series) -> pd.Series:
    return column.notna()


def _find_unstorable(tidy: TidySet) -> Iterator[Finding]:
    for frame in FRAMES:
        rows = tidy.frame(frame.name)
        for column in frame.columns:
            if rows[column].dtype in ("str", "object"):
                found = find_written_nul(rows[column]) if column == ATTRIBUTES else find_nul_characters(rows[column])
                if found.any():
                    yield Finding(frame.name, "nul_character", f"{column} holds a NUL character, which PostgreSQL cannot store", found)
