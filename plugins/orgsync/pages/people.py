"""A person: where they are, whom they report to and who to them, what happened to them, what messages they got."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query
from fastapi.responses import HTMLResponse
from psycopg2.extensions import connection as Connection

from orgsync.frames import PERSONAL_COLUMNS
from orgsync.pages.matching import Ways
from orgsync.pages.mentions import WORDS, tell
from orgsync.pages.superiors import Step, climb
from orgsync.pages.visit import OwnScript, TenantVisit, Visit
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

router = APIRouter()

LONGEST_ID = 300
CHANGES_ON_A_PAGE = 50
REPORTS_SHOWN = 20
MOST_REPORTS = 1_000
MESSAGES_SHOWN = 20
ATTRIBUTES_SHOWN = 50

PersonId = Annotated[str, Query(min_length=1, max_length=LONGEST_ID)]


@router.get("/{tenant_id}/person")
def show_person(
    visit: TenantVisit,
    id: PersonId,  # noqa: A002 - as the address says it
    turn: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> HTMLResponse:
    with visit.reader() as connection:
        person = fetch_one(connection, "pages/find_person", **_asked(visit, id))
        if person is None:
            raise HTTPException(404)
        places, ways = _find_places(connection, visit, person)
        steps = climb(id, lambda user_id: fetch_all(connection, "pages/list_leads", **_asked(visit, user_id)))
        reports = fetch_all(connection, "pages/list_reports", **_asked(visit, id), most=MOST_REPORTS)
        changes = fetch_all(
            connection,
            "pages/list_person_changes",
            **_asked(visit, id),
            most=CHANGES_ON_A_PAGE + 1,
            skipped=turn * CHANGES_ON_A_PAGE,
        )
        messages = fetch_all(connection, "pages/list_received", tenant_id=visit.tenant_id, user_id=id, most=MESSAGES_SHOWN)
        names = _name_people(connection, visit, steps)
    return visit.render(
        "person.html.jinja",
        page="person",
        person=person,
        personal=[(column, person[column]) for column in PERSONAL_COLUMNS if person[column] is not None],
        places=places,
        main_id=_find_main(person, places),
        ways=ways,
        steps=steps,
        names=names,
        reports=reports[:REPORTS_SHOWN],
        report_count=len(reports),
        has_more_reports=any(each["is_capped"] for each in reports),
        told=[(change, *tell(change)) for change in changes[:CHANGES_ON_A_PAGE]],
        words=WORDS,
        messages=messages,
        answer="",
        turns={
            "before": visit.link("person", id=id, turn=turn - 1 or None) if turn else None,
            "after": visit.link("person", id=id, turn=turn + 1) if len(changes) > CHANGES_ON_A_PAGE else None,
        },
    )


@router.post("/{tenant_id}/person/reveal", dependencies=[OwnScript])
def reveal(visit: TenantVisit, id: Annotated[str, Form(min_length=1, max_length=LONGEST_ID)]) -> HTMLResponse:  # noqa: A002
    """The personal values of somebody, to who may see them; that they looked is written down."""
    if not visit.may_see_personal:
        raise HTTPException(403)
    with visit.reader() as connection:
        if fetch_one(connection, "pages/find_person", tenant_id=visit.tenant_id, user_id=id, at="infinity") is None:
            raise HTTPException(404)
        shown = fetch_all(connection, "pages/show_person", tenant_id=visit.tenant_id, user_id=id, actor=visit.viewer.name)[0]
    values = [(column, shown[column]) for column in PERSONAL_COLUMNS if shown[column] is not None]
    return visit.render("person_personal.html.jinja", values=values, attributes=list_attributes(shown["attributes"]))


@router.post("/{tenant_id}/person/forget", dependencies=[OwnScript])
def forget(
    visit: TenantVisit,
    id: Annotated[str, Form(min_length=1, max_length=LONGEST_ID)],  # noqa: A002
    typed: Annotated[str, Form(max_length=LONGEST_ID)] = "",
    even_if_present: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """Ask for somebody to be forgotten, who is named twice: by the page, and by whoever asks. It is carried out at night."""
    if not (visit.may_send and visit.may_see_personal):
        raise HTTPException(403)
    with visit.reader() as connection:
        person = fetch_one(connection, "pages/find_person", tenant_id=visit.tenant_id, user_id=id, at="infinity")
        if person is None:
            raise HTTPException(404)
        if typed != id:
            return visit.render("person_forget.html.jinja", person=person, answer="forget.mistyped")
        if person["left_at"] is None and not even_if_present:
            return visit.render("person_forget.html.jinja", person=person, answer="forget.still_there")
        asked = {"tenant_id": visit.tenant_id, "user_id": id, "actor": visit.viewer.name, "is_present_welcome": even_if_present}
        erasure_id = fetch_all(connection, "pages/ask_erasure", **asked)[0]["erasure_id"]
    return visit.render("person_forget.html.jinja", person=person, answer="forget.asked", erasure_id=erasure_id)


def list_attributes(attributes: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """The platform's own odd fields, written out."""
    shown = list((attributes or {}).items())[:ATTRIBUTES_SHOWN]
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in shown]


def _find_places(connection: Connection, visit: Visit, person: Row) -> tuple[list[Row], Ways]:
    """The departments at the moment asked for, or just before the person left."""
    at = person["seen_at"] or visit.at.sql
    asked = {"tenant_id": visit.tenant_id, "at": at}
    places = fetch_all(connection, "pages/list_places", **asked, user_id=person["user_id"])
    wanted = [place["department_id"] for place in places]
    rows = fetch_all(connection, "pages/list_ways", **asked, department_ids=wanted)
    return places, Ways({row["department_id"]: row for row in rows})


def _find_main(person: Row, places: list[Row]) -> str | None:
    """As org.people has it: what the platform tells, else the first."""
    return person["main_department_id"] or (places[0]["department_id"] if places else None)


def _name_people(connection: Connection, visit: Visit, steps: list[Step]) -> dict[str, str]:
    wanted = [user_id for step in steps for user_id in step.user_ids]
    rows = fetch_all(connection, "pages/name_people", tenant_id=visit.tenant_id, at=visit.at.sql, user_ids=wanted) if wanted else []
    return {row["user_id"]: row["name"] or row["user_id"] for row in rows}


def _asked(visit: Visit, user_id: str) -> dict[str, Any]:
    return {"tenant_id": visit.tenant_id, "user_id": user_id, "at": visit.at.sql}
