"""The stream of org.change, newest first, piece by piece: who, by the indexes of where versions begin and end, then what changed of them.

A first load is a million changes at one instant, a year of hourly syncs nine thousand instants: nothing is read but what is on the way.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from psycopg2.extensions import connection as Connection

from orgsync.pages.cursors import read_cursor, write_cursor
from orgsync.pages.moments import just_after
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

Entity = Literal["user", "department"]
KINDS: dict[Entity, tuple[str, ...]] = {
    "user": ("joined", "left", "returned", "moved", "renamed", "updated"),
    "department": ("created", "removed", "returned", "moved", "renamed", "updated"),
}
STATEMENTS: dict[Entity, str] = {"user": "people", "department": "departments"}
FIRST_VERSIONS, MOST_VERSIONS = 100, 800
"""How many are looked at by one statement; each time it finds too little, twice as many."""
FEW_DEPARTMENTS, FEW_MEMBERSHIPS = 2000, 2000


@dataclass(frozen=True, order=True)
class Place:
    """Where in the stream somebody's changes at one instant are: people before departments, for it is read from the end."""

    changed_at: datetime
    entity: str
    id: str

    def write(self) -> str:
        """For an address."""
        return write_cursor(self.changed_at.isoformat(), self.entity, self.id)

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError for what `write` did not write."""
        changed_at, entity, id_ = read_cursor(text, parts=3)
        instant = datetime.fromisoformat(changed_at)
        if instant.tzinfo is None or entity not in KINDS:
            raise ValueError("not a place")
        return cls(instant, entity, id_)


@dataclass(frozen=True)
class Within:
    """A department with all below it: `below` are their ids, `people` who ever was there, as arrays of SQL; None where they are many."""

    department_id: str
    name: str
    seen_at: str
    below: str | None = None
    people: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {
            "is_within": True,
            "is_known": self.below is not None,
            "is_of_few": self.people is not None,
            "below": self.below,
            "people": self.people,
            "department_id": self.department_id,
            "seen_at": self.seen_at,
        }


EVERYWHERE = {
    "is_within": False,
    "is_known": False,
    "is_of_few": False,
    "below": None,
    "people": None,
    "department_id": None,
    "seen_at": "infinity",
}


@dataclass(frozen=True)
class Asked:
    """What of the stream is wanted: from `since` to `until`, both with what changed then."""

    tenant_id: str
    entity: Entity | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    within: Within | None = None

    @property
    def entities(self) -> list[Entity]:
        """Those of which there is such a thing."""
        wanted: Sequence[Entity] = [self.entity] if self.entity else list(KINDS)
        return [entity for entity in wanted if self.kind is None or self.kind in KINDS[entity]]


@dataclass(frozen=True)
class Entry:
    """What changed of one person or department at one instant: rows of org.change."""

    place: Place
    changes: Sequence[Row]


@dataclass(frozen=True)
class Piece:
    """Some of the stream; more of it is after `last`, None at its end. `is_cut`: time was up before there were as many as wanted."""

    entries: Sequence[Entry]
    last: Place | None
    is_cut: bool = False


@dataclass(frozen=True)
class Step:
    """One place further. `is_wanted`: something changed there that is asked for; `is_cut`: nobody has looked further."""

    place: Place
    is_wanted: bool = False
    is_cut: bool = False


def read_piece(
    connection: Connection, asked: Asked, *, after: Place | None, most: int, is_late: Callable[[], bool] = lambda: False
) -> Piece:
    """However late it is, it comes at least one statement further."""
    entries: list[Entry] = []
    found: list[Place] = []
    walks = [_walk(connection, asked, entity, after, is_late) for entity in asked.entities]
    for step in heapq.merge(*walks, key=lambda step: step.place, reverse=True):
        if step.is_cut:
            return Piece(entries + describe(connection, asked, found), step.place, is_cut=True)
        if step.is_wanted and step.place not in found[-1:]:
            found.append(step.place)
        if len(entries) + len(found) > most:
            entries += describe(connection, asked, found)
            found = []
        if len(entries) > most:
            return Piece(entries[:most], entries[most - 1].place)
    return Piece(entries + describe(connection, asked, found), None)


def be_late_after(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline


def describe(connection: Connection, asked: Asked, places: Sequence[Place]) -> list[Entry]:
    """What changed there, in their order; a candidate of which nothing of the wanted kind changed is left out."""
    rows: dict[Place, list[Row]] = {place: [] for place in places}
    for entity, noun in STATEMENTS.items():
        own = [place for place in places if place.entity == entity]
        wanted = {"instants": [place.changed_at for place in own], "ids": [place.id for place in own]}
        values = {"tenant_id": asked.tenant_id, "kind": asked.kind, **wanted}
        for row in fetch_all(connection, f"pages/list_changes_of_{noun}", **values) if own else ():
            rows[Place(row["changed_at"], entity, row["user_id"] or row["department_id"])].append(row)
    return [Entry(place, changes) for place, changes in rows.items() if changes]


def find_within(connection: Connection, tenant_id: str, department_id: str, until: datetime | None) -> Within | None:
    """The department as it was at the end of what is asked, or last before that; None where there was none of that id."""
    asked = {"tenant_id": tenant_id, "department_id": department_id, "at": until or "infinity"}
    found = fetch_one(connection, "pages/find_below", **asked, most=FEW_DEPARTMENTS)
    if found is None:
        return None
    people = None
    if found["below"]:
        few = {"tenant_id": tenant_id, "below": found["below"], "most": FEW_MEMBERSHIPS}
        people = fetch_all(connection, "pages/find_people_of", **few)[0]["people"]
    return Within(department_id, found["name"], found["instant"], found["below"], people)


def _walk(connection: Connection, asked: Asked, entity: Entity, after: Place | None, is_late: Callable[[], bool]) -> Iterator[Step]:
    """From the newest on; steps that are not wanted say only how far one has come."""
    before_at, before_id = _begin(asked, entity, after)
    most, kinds = FIRST_VERSIONS, [asked.kind] if asked.kind else list(KINDS[entity])
    values = {
        "tenant_id": asked.tenant_id,
        "kind": asked.kind,
        "since": asked.since or "-infinity",
        **(asked.within.values if asked.within else EVERYWHERE),
    }
    while True:
        statement = f"pages/list_changed_{STATEMENTS[entity]}"
        steps = fetch_all(connection, statement, **values, before_at=before_at, before_id=before_id, most=most)
        for step in steps:
            yield Step(Place(step["changed_at"], entity, step["id"]), step["is_wanted"])
        if not steps or not steps[-1]["is_last"]:
            return
        is_in_vain = not any(step["is_wanted"] for step in steps) and steps[-1]["changed_at"] == before_at
        before_at, before_id = steps[-1]["changed_at"], steps[-1]["id"]
        if is_in_vain and _tells_nothing_of(connection, asked, entity, kinds, before_at):
            before_id = ""
        if is_late():
            yield Step(Place(steps[-1]["changed_at"], entity, before_id), is_cut=True)
        most = min(most * 2, MOST_VERSIONS)


def _begin(asked: Asked, entity: Entity, after: Place | None) -> tuple[Any, str]:
    """The place before which the entity's changes are looked for."""
    until = ("infinity", "") if asked.until is None else (just_after(asked.until), "")
    if after is None or (asked.until is not None and after.changed_at > asked.until):
        return until
    if after.entity == entity:
        return after.changed_at, after.id
    return after.changed_at if entity > after.entity else just_after(after.changed_at), ""


def _tells_nothing_of(connection: Connection, asked: Asked, entity: Entity, kinds: list[str], instant: datetime) -> bool:
    """Asked only in the middle of many versions of one instant that were not wanted: there may be a million more."""
    values = {"tenant_id": asked.tenant_id, "entity": entity, "kinds": kinds, "changed_at": instant}
    return bool(fetch_all(connection, "pages/tells_nothing_of", **values)[0]["is_so"])
