"""What changed, newest first, as org.change tells it; and the same as a file for spreadsheets."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, StreamingResponse
from psycopg2.extensions import connection as Connection

from orgsync.errors import OrgsyncError
from orgsync.pages.mentions import WORDS, tell
from orgsync.pages.moments import begin_day, read_moment
from orgsync.pages.stream import KINDS, Asked, Piece, Place, be_late_after, find_within, read_piece
from orgsync.pages.visit import TenantVisit, Visit
from orgsync.pages.wording import say
from orgsync.sheets import BYTE_ORDER_MARK, write_rows
from orgsync.warehouse.statements import Row

log = logging.getLogger(__name__)

router = APIRouter()

ENTRIES_ON_A_PAGE = 50
ENTRIES_AT_ONCE = 500
"""In a file: after so many the connection is given back."""
PAGE_SECONDS, FILE_SECONDS = 0.07, 2.0
"""After so long nobody looks further back by themselves."""
LONGEST_ID = 300
COLUMNS = (
    "changed_at",
    "entity",
    "kind",
    "user_id",
    "department_id",
    "name",
    "column_name",
    "value_from",
    "value_to",
    "names_from",
    "names_to",
    "snapshot_id",
    "change_id",
)
Kind = Literal["", "joined", "left", "returned", "created", "removed", "moved", "renamed", "updated"]


@dataclass(frozen=True)
class Filters:
    """As the address says them."""

    entity: Literal["", "user", "department"] = ""
    kind: Kind = ""
    department: str = ""
    since: str = ""
    until: str = ""


def read_filters(
    entity: Literal["", "user", "department"] = "",
    kind: Kind = "",
    department: Annotated[str, Query(max_length=LONGEST_ID)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> Filters:
    return Filters(entity, kind, department.strip(), since.strip(), until.strip())


AnyFilters = Annotated[Filters, Depends(read_filters)]


@router.get("/{tenant_id}/changes")
def show_changes(visit: TenantVisit, filters: AnyFilters, after: Annotated[str, Query(max_length=2000)] = "") -> HTMLResponse:
    start, is_late = read_place(after), be_late_after(PAGE_SECONDS)
    with visit.reader() as connection:
        asked = find_asked(visit, connection, filters)
        piece = read_piece(connection, asked, after=start, most=ENTRIES_ON_A_PAGE, is_late=is_late) if asked else Piece((), None)
    query = asdict(filters)
    further = visit.link("changes", **query, after=piece.last.write()) if piece.last else None
    answer = visit.render(
        "changes.html.jinja",
        page="changes",
        filters=filters,
        kinds=list(dict.fromkeys(kind for kinds in KINDS.values() for kind in kinds)),
        asked=asked,
        until=filters.until or visit.at.day,
        piece=piece,
        told=[[(change, *tell(change)) for change in entry.changes] for entry in piece.entries],
        words=WORDS,
        file=visit.link("changes.csv", **query),
        everything=visit.link("changes"),
        further=further if piece.is_cut else None,
        turns={"first": visit.link("changes", **query) if start else None, "before": None, "after": None if piece.is_cut else further},
    )
    answer.status_code = 200 if asked else 404
    return answer


@router.get("/{tenant_id}/changes.csv")
def send_changes(visit: TenantVisit, filters: AnyFilters) -> StreamingResponse:
    with visit.reader() as connection:
        asked = find_asked(visit, connection, filters)
    if asked is None:
        raise HTTPException(404)
    name = re.sub(r"[^\w.-]", "_", f"changes-{visit.tenant_id}.csv", flags=re.ASCII)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(write_file(visit, asked), media_type="text/csv; charset=utf-8", headers=headers)


def read_place(text: str) -> Place | None:
    try:
        return Place.read(text) if text else None
    except ValueError:
        raise RequestValidationError([]) from None


def find_asked(visit: Visit, connection: Connection, filters: Filters) -> Asked | None:
    """Without a day of its own the stream ends where the visit is. None where there was no such department by then."""
    until = (read_moment(filters.until, visit.timezone) if filters.until else visit.at).instant
    within = find_within(connection, visit.tenant_id, filters.department, until) if filters.department else None
    if filters.department and within is None:
        return None
    return Asked(
        visit.tenant_id,
        entity=filters.entity or None,
        kind=filters.kind or None,
        since=begin_day(filters.since, visit.timezone) if filters.since else None,
        until=until,
        within=within,
    )


def write_file(visit: Visit, asked: Asked) -> Iterator[str]:
    """An answer that has begun cannot fail any more, and Airflow's server ends one that breaks off as a whole one: so the file says it."""
    yield BYTE_ORDER_MARK + write_rows([COLUMNS], for_sheet=True)
    try:
        yield from _write_pieces(visit, asked)
    except Exception as error:
        log.warning("a file of changes broke off: %s", error if isinstance(error, OrgsyncError) else type(error).__name__)
        yield write_rows([[say(visit.language, "changes.broke_off")]], for_sheet=True)


def _write_pieces(visit: Visit, asked: Asked) -> Iterator[str]:
    """No connection is held for all of it; each piece begins where the one before ended, and what is newer does not come in."""
    zone = ZoneInfo(visit.timezone)
    last: Place | None = None
    while True:
        with visit.reader() as connection:
            piece = read_piece(connection, asked, after=last, most=ENTRIES_AT_ONCE, is_late=be_late_after(FILE_SECONDS))
        yield write_rows((_list_cells(change, zone) for entry in piece.entries for change in entry.changes), for_sheet=True)
        if piece.last is None:
            return
        last = piece.last


def _list_cells(change: Row, zone: ZoneInfo) -> list[Any]:
    return [change[column].astimezone(zone) if column == "changed_at" else change[column] for column in COLUMNS]
