"""Who and what is not the same at two moments, whatever happened in between: found by the versions that began or ended there.

Whoever is there only later has a version of then that began meanwhile; whoever reads otherwise had one that ended. A key has one of each at
most: a list follows the index of where versions begin or end, and stops where its page is full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from psycopg2.extensions import connection as Connection

from orgsync.pages.cursors import read_cursor, write_cursor
from orgsync.pages.moments import just_after
from orgsync.pages.stream import FEW_DEPARTMENTS, FEW_MEMBERSHIPS
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

KINDS = (
    "user.came",
    "user.went",
    "user.moved",
    "user.renamed",
    "user.titled",
    "user.updated",
    "department.came",
    "department.went",
    "department.moved",
    "department.renamed",
)
VERSIONS_AT_ONCE, VERSIONS_WHEN_LATE = 500, 200
NOTHING = "{}"


@dataclass(frozen=True)
class Walk:
    """Along an index, from the earlier moment on, or from the later back; `finds` are kinds."""

    statement: str
    entity: str
    finds: tuple[str, ...]
    is_backward: bool = False


WALKS = {
    "came": Walk("pages/list_who_came", "user", ("user.came",), is_backward=True),
    "differs": Walk("pages/list_who_differs", "user", ("user.went", "user.renamed", "user.titled", "user.updated")),
    "quit": Walk("pages/list_who_quit", "user", ("user.moved",)),
    "entered": Walk("pages/list_who_entered", "user", ("user.moved",), is_backward=True),
    "departments_came": Walk("pages/list_departments_that_came", "department", ("department.came",), is_backward=True),
    "departments_differ": Walk(
        "pages/list_departments_that_differ", "department", ("department.went", "department.moved", "department.renamed")
    ),
}
FROM_BEFORE = ("differs", "quit", "entered")
"""Walks that find people who were there at the earlier moment."""


@dataclass(frozen=True)
class Spot:
    """Where on a walk one is."""

    walk: str
    changed_at: datetime
    id: str

    def write(self) -> str:
        """For an address."""
        return write_cursor(self.walk, self.changed_at.isoformat(), self.id)

    @classmethod
    def read(cls, text: str, kind: str) -> Self:
        """Raises ValueError for what `write` did not write, or for a list of another kind."""
        walk, changed_at, id_ = read_cursor(text, parts=3)
        instant = datetime.fromisoformat(changed_at)
        if instant.tzinfo is None or walk not in WALKS or kind not in WALKS[walk].finds:
            raise ValueError("not a spot")
        return cls(walk, instant, id_)


@dataclass(frozen=True)
class Both:
    """A department with all below it at both moments; `people` are those of who was ever there, where all of that is little."""

    department_id: str
    name: str
    below_before: str | None
    below: str | None
    people: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        is_known = self.below_before is not None and self.below is not None
        return {"department_id": self.department_id, "is_known": is_known, "below_before": self.below_before, "below": self.below}


@dataclass(frozen=True)
class Span:
    """The two moments; `at` may be `infinity`, for now."""

    tenant_id: str
    compare: datetime
    at: datetime | str
    within: Both | None = None

    @property
    def scope(self) -> dict[str, Any]:
        return {"tenant_id": self.tenant_id, "compare": self.compare, "at": self.at}


@dataclass(frozen=True)
class Step:
    """`is_cut`: nobody has looked further."""

    spot: Spot
    kinds: Sequence[str] = ()
    is_cut: bool = False


@dataclass(frozen=True)
class Page:
    """More is after `last`, None at the end of the list. `is_cut`: time was up before the page was full."""

    ids: Sequence[str]
    last: Spot | None
    is_cut: bool = False


@dataclass(frozen=True)
class Count:
    """`is_whole`: there are no more."""

    number: int = 0
    is_whole: bool = True


def read_page(connection: Connection, span: Span, kind: str, *, after: Spot | None, most: int, is_late: Callable[[], bool]) -> Page:
    """However late it is, it comes at least one statement further."""
    found: list[Spot] = []
    names = [name for name, walk in WALKS.items() if kind in walk.finds]
    for name in names[names.index(after.walk) if after else 0 :]:
        for step in _walk(connection, span, name, after if after and after.walk == name else None, is_late):
            if kind in step.kinds:
                if len(found) == most:
                    return Page([spot.id for spot in found], found[-1])
                found.append(step.spot)
            if step.is_cut:
                return Page([spot.id for spot in found], step.spot, is_cut=True)
    return Page([spot.id for spot in found], None)


def count(connection: Connection, span: Span, is_late: Callable[[], bool]) -> dict[str, Count]:
    """Of each kind how many, as far as time allows."""
    people = {moment: _count_people(connection, span.tenant_id, moment) for moment in (span.compare, span.at)}
    walks = [name for name in WALKS if name != "came" and (people[span.compare] or name not in FROM_BEFORE)]
    counts = {kind: Count() for kind in KINDS}
    for name in walks:
        numbers, is_whole = _count_on(connection, span, name, is_late)
        for kind in WALKS[name].finds:
            counts[kind] = Count(counts[kind].number + numbers[kind], counts[kind].is_whole and is_whole)
    if counts["user.went"].is_whole and span.within is None:
        # Whoever is there now came, but for those who were there before and did not go.
        return counts | {"user.came": Count(people[span.at] - people[span.compare] + counts["user.went"].number)}
    numbers, is_whole = _count_on(connection, span, "came", is_late)
    return counts | {"user.came": Count(numbers["user.came"], is_whole)}


def find_both(connection: Connection, span: Span, department_id: str) -> Both | None:
    """None where there is no such department at either moment."""
    before, after = (
        fetch_one(connection, "pages/find_below", tenant_id=span.tenant_id, department_id=department_id, at=moment, most=FEW_DEPARTMENTS)
        for moment in (span.compare, span.at)
    )
    there = [found for found in (after, before) if found and found["is_there"]]
    if not there:
        return None
    below_before, below = (found["below"] if found and found["is_there"] else NOTHING for found in (before, after))
    people = None
    if below_before is not None and below is not None:
        few = {"tenant_id": span.tenant_id, "below": join_arrays(below_before, below), "most": FEW_MEMBERSHIPS}
        people = fetch_all(connection, "pages/find_people_of", **few)[0]["people"]
    return Both(department_id, there[0]["name"], below_before, below, people)


def join_arrays(*arrays: str) -> str:
    """Arrays of texts as SQL writes them."""
    return "{" + ",".join(array[1:-1] for array in dict.fromkeys(arrays) if array != NOTHING) + "}"


def _walk(connection: Connection, span: Span, name: str, after: Spot | None, is_late: Callable[[], bool]) -> Iterator[Step]:
    walk = WALKS[name]
    people = span.within.people if span.within else None
    values = span.scope | ({"is_of_few": people is not None, "people": people} if walk.entity == "user" else {})
    start = (just_after(span.at) if isinstance(span.at, datetime) else span.at) if walk.is_backward else span.compare
    place_at, place_id = (after.changed_at, after.id) if after else (start, "")
    while True:
        most = VERSIONS_WHEN_LATE if is_late() else VERSIONS_AT_ONCE
        rows = fetch_all(connection, walk.statement, **values, place_at=place_at, place_id=place_id, most=most)
        within = _pick_within(connection, span, walk.entity, rows)
        for row in rows:
            is_within = within is None or row["id"] in within
            kinds = [f"{walk.entity}.{kind}" for kind in row["kinds"]] if is_within else []
            yield Step(Spot(name, row["changed_at"], row["id"]), kinds)
        if not rows or not rows[-1]["is_last"]:
            return
        place_at, place_id = rows[-1]["changed_at"], rows[-1]["id"]
        if is_late():
            yield Step(Spot(name, place_at, place_id), is_cut=True)


def _pick_within(connection: Connection, span: Span, entity: str, rows: list[Row]) -> set[str] | None:
    """Of those that were found, None for all."""
    if span.within is None:
        return None
    ids = [row["id"] for row in rows if row["kinds"]]
    if not ids:
        return set()
    if entity == "department":
        values, statement = {"department_id": span.within.department_id}, "pages/pick_departments_within"
    else:
        values, statement = span.within.values, "pages/pick_people_within"
    return {row["id"] for row in fetch_all(connection, statement, **span.scope, ids=ids, **values)}


def _count_on(connection: Connection, span: Span, name: str, is_late: Callable[[], bool]) -> tuple[Counter[str], bool]:
    numbers: Counter[str] = Counter()
    for step in _walk(connection, span, name, None, is_late):
        if step.is_cut:
            return numbers, False
        numbers.update(step.kinds)
    return numbers, True


def _count_people(connection: Connection, tenant_id: str, moment: datetime | str) -> int:
    return int(fetch_all(connection, "pages/count_people", tenant_id=tenant_id, at=moment)[0]["people"])
