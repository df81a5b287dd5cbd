"""Rules across rows: the tree is a tree, memberships join what exists, leaders are members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from orgsync.frames import TidySet


@dataclass(frozen=True)
class Finding:
    """Rows of one frame that break one rule. `rows` is a boolean mask over the frame."""

    entity: str
    rule: str
    reason: str
    rows: pd.Series


def find_broken_rows(tidy: TidySet) -> Iterator[Finding]:
    """Every rule over one snapshot. A row may break several."""
    departments, users, memberships = tidy.departments, tidy.users, tidy.memberships
    yield Finding("department", "orphan", "its parent department is not in the snapshot", find_orphans(departments))
    yield Finding("department", "cycle", "it is its own ancestor", find_cycles(departments))
    yield Finding(
        "department", "leader_not_member", "a leader of it is not one of its members", find_foreign_leaders(departments, memberships)
    )
    yield Finding(
        "membership",
        "missing_department",
        "its department is not in the snapshot",
        _is_given(memberships["department_id"]) & ~memberships["department_id"].isin(departments["department_id"]),
    )
    yield Finding(
        "membership",
        "missing_user",
        "its person is not in the snapshot",
        _is_given(memberships["user_id"]) & ~memberships["user_id"].isin(users["user_id"]),
    )
    yield Finding("membership", "several_main_departments", "the person has more than one main department", find_several_mains(memberships))


def find_orphans(departments: pd.DataFrame) -> pd.Series:
    return _is_given(departments["parent_id"]) & ~departments["parent_id"].isin(departments["department_id"])


def find_cycles(departments: pd.DataFrame) -> pd.Series:
    """The departments on a cycle; those that merely hang below one are fine, their parent exists."""
    has_parent = _is_given(departments["parent_id"]) & ~find_orphans(departments)
    reached = departments.loc[~has_parent, "department_id"]
    waiting = departments.loc[has_parent, ["department_id", "parent_id"]]
    while not reached.empty and not waiting.empty:
        is_next = waiting["parent_id"].isin(reached)
        reached = waiting.loc[is_next, "department_id"]
        waiting = waiting.loc[~is_next]
    while not waiting.empty:
        is_parent = waiting["department_id"].isin(waiting["parent_id"])
        if is_parent.all():
            break
        waiting = waiting.loc[is_parent]
    return departments.index.to_series().isin(waiting.index)


def find_foreign_leaders(departments: pd.DataFrame, memberships: pd.DataFrame) -> pd.Series:
    leaders = departments[["department_id", "leader_user_ids"]].explode("leader_user_ids").dropna(subset="leader_user_ids")
    pairs = pd.MultiIndex.from_frame(leaders[["leader_user_ids", "department_id"]].astype(str))
    members = pd.MultiIndex.from_frame(memberships[["user_id", "department_id"]].dropna().astype(str))
    return departments.index.to_series().isin(leaders.index[~pairs.isin(members)])


def find_several_mains(memberships: pd.DataFrame) -> pd.Series:
    is_main = memberships["is_main"].fillna(value=False).astype(bool)
    mains = memberships.loc[is_main, "user_id"].value_counts()
    return is_main & memberships["user_id"].isin(mains.index[mains > 1])


def _is_given(column: pd.Series) -> pd.Series:
    return column.notna()
