"""Finds people and departments. The words are posted: an address would be written into logs, and a name is personal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse
from psycopg2.extensions import connection as Connection

from orgsync.pages.matching import (
    MOST_WORDS,
    FoundDepartment,
    FoundPerson,
    Ways,
    join_words,
    match_department,
    match_person,
    part_of,
    split_words,
)
from orgsync.pages.moments import read_moment
from orgsync.pages.visit import TenantVisit, Visit
from orgsync.warehouse.statements import Row, fetch_all

router = APIRouter()

LONGEST = 100
PEOPLE_SHOWN = 50
DEPARTMENTS_SHOWN = 10
PATHS_SHOWN = 3
MOST_CANDIDATES = 1_001
"""So many people and names of a kind are looked at for a word: where there are more, another word is asked for."""
ENOUGH, ENOUGH_OF_SEVERAL = 300, 600
"""So many are looked at further where a word, or each of several, fits too many."""
MOST_DEPARTMENTS = 301


def require_same_site(request: Request) -> None:
    """A form of ours may ask without our script too: it changes nothing, and another site could not read the answer."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403)


@dataclass(frozen=True)
class Found:
    """`is_more`, `has_more_departments`: not all were looked at that a word fits."""

    people: list[FoundPerson]
    departments: list[FoundDepartment]
    ways: Ways
    is_more: bool
    has_more_departments: bool


@router.get("/{tenant_id}/search")
def show_search(visit: TenantVisit) -> HTMLResponse:
    return _render(visit, "", [], None)


@router.post("/{tenant_id}/search", dependencies=[Depends(require_same_site)])
def search(
    visit: TenantVisit,
    q: Annotated[str, Form(max_length=LONGEST)] = "",
    at: Annotated[str, Form(max_length=40)] = "",
) -> HTMLResponse:
    visit = replace(visit, at=read_moment(at, visit.timezone), compare=None)
    words = split_words(q)
    with visit.reader() as connection:
        found = find(connection, visit, words[:MOST_WORDS], q.split()) if words else None
        counted = _count_heads(connection, visit, found)
    return _render(visit, q, words, found, heads=counted)


def _render(visit: Visit, q: str, words: list[str], found: Found | None, **values: object) -> HTMLResponse:
    shown = {"q": q, "words": words, "found": found, "most_words": MOST_WORDS, "longest": LONGEST}
    most = {"people_shown": PEOPLE_SHOWN, "departments_shown": DEPARTMENTS_SHOWN, "paths_shown": PATHS_SHOWN}
    return visit.render("search.html.jinja", page="search", **shown, **most, **values)


def _count_heads(connection: Connection, visit: Visit, found: Found | None) -> dict[str, int]:
    shown = [each.row["department_id"] for each in found.departments[:DEPARTMENTS_SHOWN]] if found else []
    rows = fetch_all(connection, "pages/count_heads", **_asked(visit), department_ids=shown) if shown else []
    return {row["department_id"]: row["total"] for row in rows}


def find(connection: Connection, visit: Visit, words: Sequence[str], typed: Sequence[str]) -> Found:
    """Whom each word fits, by way of the word that fits the fewest; and what departments. An id fits as it was typed too."""
    patterns = [part_of(word) for word in words]
    labels = fetch_all(connection, "pages/find_labels", tenant_id=visit.tenant_id, patterns=patterns, most=MOST_CANDIDATES)
    user_ids, is_more = _list_candidates(connection, visit, words, labels)
    people, ways = _choose_people(connection, visit, words, user_ids)
    named = [row for row in labels if row["kind"] == "department"]
    departments, has_more = _find_departments(connection, visit, words, named, typed)
    return Found(people, departments, ways, is_more, has_more)


def _list_candidates(connection: Connection, visit: Visit, words: Sequence[str], labels: Sequence[Row]) -> tuple[list[str], bool]:
    titles = [row for row in labels if row["kind"] == "title"]
    departments = [row for row in labels if row["kind"] == "department"]
    hits = fetch_all(
        connection,
        "pages/find_candidates",
        **_asked(visit),
        words=words,
        title_places=[row["place"] for row in titles],
        titles=[row["value"] for row in titles],
        department_places=[row["place"] for row in departments],
        departments=[row["value"] for row in departments],
        most=MOST_CANDIDATES,
    )
    is_more = any(hit["is_capped"] for hit in hits)
    if not is_more:
        return _list_ids(hits), False
    if len(words) == 1:
        return _list_ids(hits)[:ENOUGH], True
    # Each word fits too many: whose name one of them is, or several together, is meant more likely than others.
    named = fetch_all(connection, "pages/find_named", **_asked(visit), beginnings=[*join_words(words), *words], most=ENOUGH)
    return _list_ids([*named, *hits])[:ENOUGH_OF_SEVERAL], True


def _list_ids(hits: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(hit["user_id"] for hit in hits))


def _choose_people(connection: Connection, visit: Visit, words: Sequence[str], user_ids: Sequence[str]) -> tuple[list[FoundPerson], Ways]:
    """Departments are looked at only of those whom not each word fits without them, and of those who are shown."""
    rows = fetch_all(connection, "pages/describe_people", **_asked(visit), user_ids=user_ids)
    found = [match_person(row, words) for row in rows]
    pending = [row for row, each in zip(rows, found, strict=True) if each is None]
    ways = _list_ways(connection, visit, (each for row in pending for each in row["department_ids"]))
    found += [match_person(row, words, ways) for row in pending]
    people = sorted((each for each in found if each), key=lambda each: each.rank)
    shown = (department_id for each in people[:PEOPLE_SHOWN] for department_id in each.row["department_ids"])
    return people, _list_ways(connection, visit, shown)


def _find_departments(
    connection: Connection, visit: Visit, words: Sequence[str], named: Sequence[Row], typed: Sequence[str]
) -> tuple[list[FoundDepartment], bool]:
    places, names = [row["place"] for row in named], [row["value"] for row in named]
    meant = fetch_all(
        connection, "pages/find_departments", **_asked(visit), places=places, names=names, ids=[*words, *typed], most=MOST_DEPARTMENTS
    )
    former = {row["department_id"]: row["names"] for row in meant}
    ways = _list_ways(connection, visit, former)
    found = [match_department(ways.rows[each], words, ways, former[each]) for each in former]
    has_more = max(Counter(place for row in meant for place in row["places"]).values(), default=0) >= MOST_DEPARTMENTS
    return sorted((each for each in found if each), key=lambda each: each.rank), has_more


def _list_ways(connection: Connection, visit: Visit, department_ids: Iterable[str]) -> Ways:
    wanted = sorted(set(department_ids))
    return Ways({row["department_id"]: row for row in fetch_all(connection, "pages/list_ways", **_asked(visit), department_ids=wanted)})


def _asked(visit: Visit) -> dict[str, object]:
    return {"tenant_id": visit.tenant_id, "at": visit.at.sql}
