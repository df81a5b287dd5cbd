"""What is not the same at two moments: who came, went and moved, what is called otherwise; whatever happened in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from psycopg2.extensions import connection as Connection

from orgsync.pages.comparison import KINDS, Count, Span, Spot, count, find_both, read_page
from orgsync.pages.mentions import WORDS, Mention
from orgsync.pages.stream import be_late_after
from orgsync.pages.visit import TenantVisit, Visit
from orgsync.warehouse.statements import Row, fetch_all

router = APIRouter()

ROWS_ON_A_PAGE = 50
COUNT_SECONDS, PAGE_SECONDS = 0.04, 0.03
"""After so long no more is looked at for the counts, and for a page."""
OTHERS = (
    "status",
    "job_number",
    "work_place",
    "employee_type",
    "hired_on",
    "is_admin",
    "manager_user_id",
    "main_department_id",
    "name_en",
    "nickname",
    "gender",
    "avatar_url",
    "union_id",
    "open_id",
)
"""Columns of a person that make them `updated`: all that are neither personal nor of a kind of their own."""

Kind = Literal[
    "",
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
]


@router.get("/{tenant_id}/differences")
def show_differences(
    visit: TenantVisit,
    kind: Kind = "",
    department: Annotated[str, Query(max_length=300)] = "",
    after: Annotated[str, Query(max_length=2000)] = "",
) -> HTMLResponse:
    shown: dict[str, Any] = {"kind": kind, "kinds": KINDS, "department": department.strip(), "words": WORDS, "within": None, "counts": {}}
    if visit.compare is None or visit.compare.instant is None:
        return _answer(visit, state="nothing_to_compare", **shown)
    span = Span(visit.tenant_id, visit.compare.instant, visit.at.sql)
    with visit.reader() as connection:
        if shown["department"]:
            shown["within"] = within = find_both(connection, span, shown["department"])
            if within is None:
                return _answer(visit, status=404, state="unknown", **shown)
            span = replace(span, within=within)
        shown["counts"] = counts = count(connection, span, be_late_after(COUNT_SECONDS))
        shown["kind"] = chosen = kind or choose_kind(counts)
        spot = read_spot(after, chosen)
        page = read_page(connection, span, chosen, after=spot, most=ROWS_ON_A_PAGE, is_late=be_late_after(PAGE_SECONDS))
        lines = list_lines(connection, span, chosen, page.ids)
    here = {"kind": chosen, "department": shown["department"]}
    further = visit.link("differences", **here, after=page.last.write()) if page.last else None
    return _answer(
        visit,
        state="lines" if lines else "cut" if page.is_cut else "none",
        lines=lines,
        further=further if page.is_cut else None,
        stream=link_stream(visit, shown["department"]),
        turns={"first": visit.link("differences", **here) if spot else None, "before": None, "after": None if page.is_cut else further},
        **shown,
    )


def link_stream(visit: Visit, department: str) -> str | None:
    """All that changed in between, where the earlier moment is a day: its end is the next one's beginning."""
    if visit.compare is None or visit.compare.text != visit.compare.day:
        return None
    since = date.fromisoformat(visit.compare.day) + timedelta(days=1)
    return visit.link("changes", since=since.isoformat(), until=visit.at.day, department=department)


def _answer(visit: Visit, *, status: int = 200, **values: Any) -> HTMLResponse:
    answer = visit.render("differences.html.jinja", page="differences", **values)
    answer.status_code = status
    return answer


@dataclass(frozen=True)
class Difference:
    """From what to what; `column` is named where it does not follow from the kind."""

    before: Sequence[Mention]
    after: Sequence[Mention]
    column: str = ""


@dataclass(frozen=True)
class Line:
    id: str
    name: str
    title: str
    differences: Sequence[Difference]


@dataclass(frozen=True)
class Meanings:
    """What ids meant at one of the moments: departments by their ways from the top, people by name."""

    departments: Mapping[str, Row]
    people: Mapping[str, str]

    def place(self, department_id: str) -> list[Mention]:
        return [Mention(" / ".join(find_way(self.departments, department_id)), "department", department_id)]

    def say(self, column: str, value: Any) -> list[Mention]:
        if value is None:
            return []
        if column == "main_department_id":
            return self.place(value)
        if column == "manager_user_id":
            return [Mention(self.people.get(value) or value, "person", value)]
        return [Mention(str(value).lower() if isinstance(value, bool) else str(value))]


def read_spot(text: str, kind: str) -> Spot | None:
    try:
        return Spot.read(text, kind) if text else None
    except ValueError:
        raise RequestValidationError([]) from None


def choose_kind(counts: Mapping[str, Count]) -> str:
    """The first in which there is something, as far as one knows."""
    return next((kind for kind in KINDS if counts[kind].number), next((kind for kind in KINDS if not counts[kind].is_whole), KINDS[0]))


def find_way(departments: Mapping[str, Row], department_id: str) -> list[str]:
    """Names from the top down to it; one that is not known is called by its id."""
    way: list[str] = []
    seen: set[str] = set()
    at: str | None = department_id
    while at is not None and at not in seen:
        seen.add(at)
        found = departments.get(at)
        if found is None or not found["is_there"]:  # a parent that is not there makes its child a top
            return way or [found["name"] if found else department_id]
        way.insert(0, found["name"])
        at = found["parent_id"]
    return way


def tell(kind: str, id_: str, before: Row, after: Row, then: Meanings, now: Meanings) -> Line:
    """`before` and `after` are empty where somebody was not there."""
    known = after or before
    return Line(id_, known["name"], known.get("title") or "", list(_list_differences(kind, id_, before, after, then, now)))


def _list_differences(kind: str, id_: str, before: Row, after: Row, then: Meanings, now: Meanings) -> Iterator[Difference]:
    match kind:
        case "user.came" | "user.went" | "user.moved":
            yield Difference(
                [mention for each in before.get("department_ids", ()) for mention in then.place(each)],
                [mention for each in after.get("department_ids", ()) for mention in now.place(each)],
            )
        case "department.came" | "department.went" | "department.moved":
            yield Difference(then.place(id_) if before else [], now.place(id_) if after else [])
        case "user.renamed" | "department.renamed":
            yield Difference(then.say("name", before["name"]), now.say("name", after["name"]))
        case "user.titled":
            yield Difference(then.say("title", before["title"]), now.say("title", after["title"]))
        case _:
            for column in OTHERS:
                if before[column] != after[column]:
                    yield Difference(then.say(column, before[column]), now.say(column, after[column]), column)


def list_lines(connection: Connection, span: Span, kind: str, ids: Sequence[str]) -> list[Line]:
    """In the order of the ids."""
    if not ids:
        return []
    noun = "people" if kind.startswith("user.") else "departments"
    rows = fetch_all(connection, f"pages/compare_{noun}", **span.scope, ids=list(ids))
    before = {row["id"]: row for row in rows if not row["is_after"]}
    after = {row["id"]: row for row in rows if row["is_after"]}
    then, now = _find_meanings(connection, span, span.compare, before), _find_meanings(connection, span, span.at, after)
    return [tell(kind, id_, before.get(id_, {}), after.get(id_, {}), then, now) for id_ in ids]


def _find_meanings(connection: Connection, span: Span, moment: Any, rows: Mapping[str, Row]) -> Meanings:
    asked = {"tenant_id": span.tenant_id, "at": moment}
    is_of_people = any("department_ids" in row for row in rows.values())
    mentioned = (
        {each for row in rows.values() for each in (*row["department_ids"], row["main_department_id"])} if is_of_people else set(rows)
    )
    managers = {row["manager_user_id"] for row in rows.values()} if is_of_people else set()
    departments = fetch_all(connection, "pages/list_ways", **asked, department_ids=sorted(mentioned - {None}))
    people = fetch_all(connection, "pages/name_people", **asked, user_ids=sorted(managers - {None}))
    return Meanings({row["department_id"]: row for row in departments}, {row["user_id"]: row["name"] for row in people})
