"""The tidy frames: which columns each table has, of which dtype, and which of them are its key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TEXT = "str"
NUMBER = "object"  # int or Decimal: platforms order by values past 2**53
FLAG = "boolean"
DATE = "object"  # datetime.date
IDS = "object"  # list[str]
JSON = "str"  # an object's JSON text: the platform's own odd fields
ATTRIBUTES = "attributes"
"""The column of that kind."""


@dataclass(frozen=True)
class Frame:
    """One tidy table: `columns` maps a column's name to its pandas dtype, in order; `key` names its natural key."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, str]

    @property
    def content(self) -> tuple[str, ...]:
        """The columns that are not the key: what a version holds."""
        return tuple(column for column in self.columns if column not in self.key)


DEPARTMENTS = Frame(
    name="department",
    key=("department_id",),
    columns={
        "department_id": TEXT,
        "parent_id": TEXT,
        "name": TEXT,
        "name_en": TEXT,
        "sort_order": NUMBER,
        "is_hidden": FLAG,
        "source_identifier": TEXT,
        "leader_user_ids": IDS,
        ATTRIBUTES: JSON,
    },
)

USERS = Frame(
    name="user",
    key=("user_id",),
    columns={
        "user_id": TEXT,
        "union_id": TEXT,
        "open_id": TEXT,
        "name": TEXT,
        "name_en": TEXT,
        "nickname": TEXT,
        "mobile": TEXT,
        "email": TEXT,
        "work_email": TEXT,
        "telephone": TEXT,
        "gender": TEXT,
        "avatar_url": TEXT,
        "title": TEXT,
        "job_number": TEXT,
        "work_place": TEXT,
        "employee_type": TEXT,
        "hired_on": DATE,
        "status": TEXT,
        "is_admin": FLAG,
        "manager_user_id": TEXT,
        "main_department_id": TEXT,
        ATTRIBUTES: JSON,
    },
)

MEMBERSHIPS = Frame(
    name="membership",
    key=("user_id", "department_id"),
    columns={
        "user_id": TEXT,
        "department_id": TEXT,
        "is_main": FLAG,
        "is_leader": FLAG,
        "sort_order": NUMBER,
        "title": TEXT,
        ATTRIBUTES: JSON,
    },
)

FRAMES = (DEPARTMENTS, USERS, MEMBERSHIPS)

EXACT_COLUMNS: Mapping[str, frozenset[str]] = {
    "department": frozenset({"source_identifier", "leader_user_ids"}),
    "user": frozenset(
        {
            "union_id", "open_id", "mobile", "email", "work_email", "telephone", "avatar_url", "job_number", "manager_user_id",
            "main_department_id",
        }
    ),
    "membership": frozenset(),
}  # fmt: skip
"""What people and things are found by: with a character missing it is another one, so the last known one is better."""

NOT_READ = "not_read"
"""The rule of rows that were seen, but whose content was not read: they have broken none."""

PERSONAL_COLUMNS = ("mobile", "email", "work_email", "telephone")


@dataclass(frozen=True)
class TidySet:
    """One snapshot as three tidy frames.

    `unobserved` names, per frame, the content columns this snapshot says nothing about: withheld by the platform,
    or left out of a frequent read. `withheld` is the part of them a missing permission or privacy rule explains.
    `not_read` names, per frame with a single key, the rows that were seen but whose content has not been read yet.
    `unread` names, per frame and column, the places of the rows whose value could not be read: about it too the row says nothing.
    `asked` names, per entity, the keys that a targeted read says something about, memberships with their person; None: of everybody.
    """

    departments: pd.DataFrame
    users: pd.DataFrame
    memberships: pd.DataFrame
    unobserved: Mapping[str, frozenset[str]] = field(default_factory=dict)
    withheld: Mapping[str, frozenset[str]] = field(default_factory=dict)
    not_read: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unread: Mapping[str, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    asked: Mapping[str, frozenset[str]] | None = None

    def with_rows(self, rows: Mapping[str, pd.DataFrame]) -> TidySet:
        """The same snapshot, with other rows in the frames that are named."""
        frames = {frame.name: rows.get(frame.name, self.frame(frame.name)) for frame in FRAMES}
        return replace(self, departments=frames["department"], users=frames["user"], memberships=frames["membership"])

    def aim(self, *, users: Collection[str], departments: Collection[str]) -> TidySet:
        """What a targeted read tells: of whom it asked for, and of nobody else."""
        asked = {"user": frozenset(users), "department": frozenset(departments)}
        kept = {frame.name: self.frame(frame.name)[frame.key[0]].isin(list(asked[frame.key[0].removesuffix("_id")])) for frame in FRAMES}
        if all(rows.all() for rows in kept.values()):
            return replace(self, asked=asked)
        places = {name: dict(zip(rows.to_numpy().nonzero()[0].tolist(), range(len(rows)), strict=False)) for name, rows in kept.items()}
        unread = {
            name: {column: tuple(places[name][row] for row in rows if row in places[name]) for column, rows in columns.items()}
            for name, columns in self.unread.items()
        }
        return replace(self.with_rows({name: self.frame(name).loc[rows] for name, rows in kept.items()}), unread=unread, asked=asked)

    def tells_of(self, entity: str, keys: pd.Series) -> pd.Series:
        """Whether this snapshot says of each key whether it is there."""
        return keys.notna() if self.asked is None else keys.isin(list(self.asked[entity]))

    def frame(self, name: str) -> pd.DataFrame:
        return {"department": self.departments, "user": self.users, "membership": self.memberships}[name]
