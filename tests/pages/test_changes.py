"""What changed, on a page and as a file, against org.change itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import make_dsn

from orgsync.pages.changes import COLUMNS, ENTRIES_ON_A_PAGE
from orgsync.pages.cursors import write_cursor
from orgsync.pages.stream import Asked, Piece, Place, find_within, read_piece
from orgsync.pages.wording import say, say_or_keep
from orgsync.sheets import COMPUTED
from orgsync.warehouse.statements import fetch_all
from tests.pages.company import LOGIN, PASSWORD, Company
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site
from tests.pages.storm import HOSTILE, MASS_JOIN, MASS_UPDATE, TENANT, Storm, open_storm

ZONE = ZoneInfo("Asia/Shanghai")
KINDS = ["joined", "left", "returned", "created", "removed", "moved", "renamed", "updated"]
IDS = ("department_ids", "parent_id", "main_department_id", "manager_user_id", "leader_user_ids")
WORDS = {"is_admin": "flag", "is_hidden": "flag", "gender": "gender", "status": "status"}
ORDER = "changed_at desc, entity desc, coalesce(user_id, department_id) desc, kind, column_name"

Row = dict[str, Any]
Key = tuple[datetime, str, str]


@pytest.fixture(scope="module")
def storm(company: Company) -> Iterator[Storm]:
    with open_storm(company) as storm:
        yield storm


@pytest.fixture(scope="module")
def connection(company: Company, storm: Storm) -> Iterator[Connection]:
    """As the pages have it."""
    connection = psycopg2.connect(make_dsn(company.dsn, user=LOGIN, password=PASSWORD))
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def changes(connection: Connection) -> list[Row]:
    return list_changes(connection, TENANT)


def list_changes(connection: Connection, tenant_id: str) -> list[Row]:
    """All of org.change as a reader sees it, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(COLUMNS)} from org.change where tenant_id = %s order by {ORDER}", [tenant_id])
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def key_of(change: Row) -> Key:
    return change["changed_at"], change["entity"], change["user_id"] or change["department_id"]


def keys_of(changes: list[Row]) -> list[Key]:
    return [key for key, _ in groupby(changes, key_of)]


def keys_of_piece(piece: Piece) -> list[Key]:
    return [(entry.place.changed_at, entry.place.entity, entry.place.id) for entry in piece.entries]


def look(site: Site, path: str, **options: Any) -> Element:
    answer = site.get(path, **options)
    assert answer.ok, answer.text
    return read_markup(answer.text)


def turn_pages(site: Site, path: str) -> Iterator[Element]:
    """Page after page, as somebody who follows the links."""
    while True:
        page = look(site, path)
        yield page
        further = page.find_all("a", rel="next")
        if not further:
            return
        [link] = further
        path = link.attributes["href"].removeprefix("/organization/")


def write_query(**query: str) -> str:
    return urlencode({name: value for name, value in query.items() if value})


def read_file(site: Site, tenant_id: str = TENANT, **query: str) -> list[Row]:
    answer = site.get(f"{tenant_id}/changes.csv?{write_query(**query)}")
    assert answer.ok, answer.text
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == list(COLUMNS)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]


def as_cells(change: Row) -> Row:
    cells = {column: "" if value is None else str(value) for column, value in change.items()}
    return cells | {"changed_at": change["changed_at"].astimezone(ZONE).isoformat()}


def is_same(cell: str, value: str) -> bool:
    """A spreadsheet gets some texts with an apostrophe in front."""
    return cell == value or (cell == f"'{value}" and (value.startswith(COMPUTED) or value.isdecimal()))


def assert_same(rows: list[Row], changes: list[Row]) -> None:
    assert len(rows) == len(changes)
    for row, cells in zip(rows, map(as_cells, changes), strict=True):
        assert [column for column in COLUMNS if not is_same(row[column], cells[column])] == [], cells


def test_every_change_is_on_a_page_once_in_words(site: Site, changes: list[Row]) -> None:
    rows = [row for page in turn_pages(site, f"{TENANT}/changes") for row in page.rows]
    expected = [tell_entry(key, list(group), "en") for key, group in groupby(changes, key_of)]
    assert len(expected) > 12 * ENTRIES_ON_A_PAGE
    assert [[shown(cell) for cell in row] for row in rows] == expected


def tell_entry(key: Key, rows: list[Row], language: str) -> list[str]:
    instant, entity, id_ = key
    noun = say(language, "changes.person" if entity == "user" else "changes.a_department")
    what = " ".join(tell_change(row, language) for row in rows)
    return [f"{instant.astimezone(ZONE):%Y-%m-%d %H:%M}", shown(f"{rows[0]['name'] or id_} {noun}"), shown(what)]


def tell_change(row: Row, language: str) -> str:
    column, words = row["column_name"], say_or_keep(language, row["entity"], row["kind"])
    if column is None:
        return words
    label = say_or_keep(language, "column", column) + say(language, "mentions.colon") if row["kind"] == "updated" else ""
    if "***" in (row["value_from"], row["value_to"]):
        return f"{words} {label} {say(language, 'mentions.hidden')}"
    before, after = (tell_value(column, row[f"value_{side}"], row[f"names_{side}"], language) for side in ("from", "to"))
    return f"{words} {label} {before} → {after}"


def tell_value(column: str, value: str | None, names: str | None, language: str) -> str:
    if value is None:
        return say(language, "mentions.none")
    if column in IDS:
        return names or value
    return say_or_keep(language, WORDS[column], value) if column in WORDS else value


def shown(text: str) -> str:
    """As a browser shows it, whatever stands between the names of a list or behind a colon."""
    return " ".join(text.replace("、", " ").replace(",", " ").replace("：", ": ").split())


def test_the_same_is_said_in_chinese(site: Site, changes: list[Row]) -> None:
    page = look(site, f"{TENANT}/changes", headers={"Accept-Language": "zh-CN"})
    expected = [tell_entry(key, list(group), "zh") for key, group in groupby(changes, key_of)]
    assert 0 < len(page.rows) <= ENTRIES_ON_A_PAGE
    assert [[shown(cell) for cell in row] for row in page.rows] == expected[: len(page.rows)]
    assert page.find_all("html", lang="zh-CN")
    assert [each.text for each in page.find_all("h1")] == ["变更"]


def test_rows_lead_to_people_and_departments(site: Site, changes: list[Row]) -> None:
    page = look(site, f"{TENANT}/changes")
    links = [head.find_all("a")[0].attributes["href"] for body in page.find_all("tbody") for head in body.find_all("th")]
    pages = {"user": "person", "department": "department"}
    expected = [f"/organization/{TENANT}/{pages[entity]}?{urlencode({'id': id_})}" for _, entity, id_ in keys_of(changes)]
    assert links
    assert links == expected[: len(links)]
    moved = next(row for row in changes if row["kind"] == "moved" and row["entity"] == "user" and "," in (row["value_to"] or ""))
    found = look(site, f"{TENANT}/changes?kind=moved&entity=user&until={moved['changed_at'].astimezone(ZONE):%Y-%m-%d}")
    links = [each.attributes["href"] for each in found.find_all("a")]
    for department in moved["value_to"].split(","):
        assert any(link.startswith(f"/organization/{TENANT}/department?{urlencode({'id': department})}") for link in links)


def test_file_is_all_of_org_change(site: Site, changes: list[Row]) -> None:
    assert_same(read_file(site), changes)


def test_file_is_one_that_spreadsheets_open_and_compute_nothing_of(site: Site, changes: list[Row]) -> None:
    answer = site.get(f"{TENANT}/changes.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="changes-{TENANT}.csv"'
    rows = read_file(site)
    assert [cell for row in rows for cell in row.values() if cell.startswith(COMPUTED)] == []
    assert {row["name"].removeprefix("'") for row in rows} > set(HOSTILE)
    lines = answer.content.decode("utf-8-sig").split("\n")
    assert [line for line in lines if line.startswith(COMPUTED)] == [line for line in lines if line.startswith("@x")]  # within quotes


def test_page_links_the_file_with_its_filters(site: Site) -> None:
    page = look(site, f"{TENANT}/changes?kind=left&entity=user&at=2024-03-01&until=2024-02-29")
    link = page.link(say("en", "changes.file"))
    assert link == f"/organization/{TENANT}/changes.csv?at=2024-03-01&entity=user&kind=left&until=2024-02-29"


@pytest.mark.parametrize("entity", ["", "user", "department"])
@pytest.mark.parametrize("kind", ["", *KINDS])
def test_filters_by_entity_and_kind(site: Site, changes: list[Row], entity: str, kind: str) -> None:
    expected = [row for row in changes if entity in ("", row["entity"]) and kind in ("", row["kind"])]
    assert_same(read_file(site, entity=entity, kind=kind), expected)
    page = look(site, f"{TENANT}/changes?{write_query(entity=entity, kind=kind)}")
    is_cut = say("en", "changes.further") in page.text  # where the machine is slow
    assert is_cut or len(page.rows) == min(len(keys_of(expected)), ENTRIES_ON_A_PAGE)
    assert is_cut or bool(expected) is not (say("en", "changes.none") in page.text)


@pytest.mark.parametrize("kind", ["", "left", "moved", "updated"])
def test_filters_by_department_with_all_below_it(site: Site, changes: list[Row], storm: Storm, kind: str) -> None:
    everywhere = [row for row in changes if kind in ("", row["kind"])]
    sizes = set()
    for department in sorted({key for state in storm.states for key in state.departments}):
        expected = [row for row in everywhere if is_within(storm, row, department, None)]
        assert_same(read_file(site, kind=kind, department=department), expected)
        sizes.add(len(expected))
    assert len(sizes) > 4


def is_within(storm: Storm, change: Row, department: str, until: datetime | None) -> bool:
    known = [state for at, state in zip(storm.instants, storm.states, strict=True) if until is None or at <= until]
    below = next(state.below(department) for state in reversed(known) if department in state.departments)
    if change["entity"] == "department":
        return change["department_id"] in below
    around = (storm.at(change["changed_at"] - timedelta(microseconds=1)), storm.at(change["changed_at"]))
    return any(not below.isdisjoint(state.departments_of(change["user_id"])) for state in around)


def test_filters_by_days_of_the_tenants_zone(site: Site, changes: list[Row], storm: Storm) -> None:
    days = [instant.astimezone(ZONE).date() for instant in storm.instants]
    for since, until in [(days[3], None), (None, days[5]), (days[2], days[4]), (days[4], days[4]), (days[5], days[2]), (days[0], days[-1])]:
        expected = [
            row
            for row in changes
            if (since is None or row["changed_at"].astimezone(ZONE).date() >= since)
            and (until is None or row["changed_at"].astimezone(ZONE).date() <= until)
        ]
        assert_same(read_file(site, since=str(since or ""), until=str(until or "")), expected)


def test_without_days_the_stream_ends_where_one_looks(site: Site, changes: list[Row], storm: Storm) -> None:
    instant = storm.instants[6]
    expected = [row for row in changes if row["changed_at"] <= instant]
    assert_same(read_file(site, at=instant.isoformat()), expected)
    department = "1"
    within = [row for row in expected if is_within(storm, row, department, instant)]
    assert within != [row for row in expected if is_within(storm, row, department, None)]
    assert_same(read_file(site, at=instant.isoformat(), department=department), within)


def test_departments_are_judged_the_same_way_whether_few_or_many(connection: Connection, changes: list[Row], storm: Storm) -> None:
    for department in storm.states[-1].departments:
        within = find_within(connection, TENANT, department, None)
        assert within
        assert within.below
        assert within.people
        expected = [row for row in changes if is_within(storm, row, department, None)]
        for known in (within, replace(within, people=None), replace(within, people=None, below=None)):
            piece = read_piece(connection, Asked(TENANT, within=known), after=None, most=100_000)
            assert keys_of_piece(piece) == keys_of(expected)


@pytest.mark.parametrize("most", [7, 150])
@pytest.mark.parametrize("kind", [None, "moved", "updated", "joined", "returned"])
def test_however_little_time_there_is_each_change_comes_once(
    connection: Connection, changes: list[Row], kind: str | None, most: int
) -> None:
    expected = keys_of([row for row in changes if kind in (None, row["kind"])])
    found: list[Key] = []
    place, pieces, cuts = None, 0, 0
    while pieces == 0 or place:
        piece = read_piece(connection, Asked(TENANT, kind=kind), after=place, most=most, is_late=lambda: True)
        found += keys_of_piece(piece)
        assert len(piece.entries) <= most
        place, pieces, cuts = piece.last, pieces + 1, cuts + piece.is_cut
    assert found == expected
    assert pieces > len(expected) / most
    assert cuts or most == 7


def test_page_says_how_far_back_it_looked(site: Site, connection: Connection, storm: Storm) -> None:
    """Nobody returned after the first sync of all: a piece that is cut there leads further back."""
    piece = read_piece(connection, Asked(TENANT, kind="returned"), after=None, most=1000, is_late=lambda: True)
    assert piece.is_cut
    assert piece.last
    rest = read_piece(connection, Asked(TENANT, kind="returned"), after=piece.last, most=1000)
    page = look(site, f"{TENANT}/changes?kind=returned&after={piece.last.write()}")
    assert len(page.rows) == len(rest.entries) or say("en", "changes.further") in page.text
    assert page.link(f"⇤ {say('en', 'turns.first')}") == f"/organization/{TENANT}/changes?kind=returned"


def test_many_at_once_are_passed_over_only_on_the_word_of_a_plan_that_holds(company: Company, storm: Storm) -> None:
    connection = psycopg2.connect(company.dsn)
    try:
        with connection.cursor() as cursor:
            for number, summary in (
                (0, '{"user": {"joined": 320}}'),
                (MASS_JOIN, '{"user": {"joined": 120}}'),
                (MASS_UPDATE, '{"user": {"updated": 400}}'),
            ):
                plan(cursor, storm, number, summary, applied_at=number)
            assert [says_nothing(connection, storm, number, "moved") for number in (0, MASS_JOIN, MASS_UPDATE, 1)] == [
                True,
                True,
                True,
                False,
            ]
            assert not says_nothing(connection, storm, 0, "joined")
            plan(cursor, storm, MASS_JOIN - 1, "{}", applied_at=100)  # a snapshot that was loaded later than those after it
            assert [says_nothing(connection, storm, number, "moved") for number in (0, MASS_JOIN, MASS_UPDATE)] == [True, False, False]
            plan(cursor, storm, 0, "{}", applied_at=101)  # and one that was loaded again
            assert not says_nothing(connection, storm, 0, "moved")
    finally:
        connection.rollback()
        connection.close()


def plan(cursor: Any, storm: Storm, number: int, summary: str, *, applied_at: int) -> None:
    cursor.execute(
        """
        with plan as (
            insert into ops.plan (tenant_id, snapshot_id, taken_at, state, next_at, summary, applied_at)
            values (
                %(tenant)s, %(snapshot)s, %(taken_at)s, 'applied', 'infinity', %(summary)s,
                '2024-04-01'::timestamptz + %(hour)s * interval '1 hour'
            )
            returning plan_id
        )
        update ops.snapshot set plan_id = plan.plan_id from plan where snapshot.snapshot_id = %(snapshot)s
        """,
        {"tenant": TENANT, "snapshot": f"{TENANT}/{number}", "taken_at": storm.instants[number], "summary": summary, "hour": applied_at},
    )


def says_nothing(connection: Connection, storm: Storm, number: int, kind: str) -> bool:
    values = {"tenant_id": TENANT, "changed_at": storm.instants[number], "entity": "user", "kinds": [kind]}
    return bool(fetch_all(connection, "pages/tells_nothing_of", **values)[0]["is_so"])


@pytest.mark.parametrize("tenant_id", ["acme", "birch"])
def test_real_syncs_are_told_as_they_are(site: Site, connection: Connection, tenant_id: str) -> None:
    expected = list_changes(connection, tenant_id)
    rows = read_file(site, tenant_id)
    assert [(row["change_id"], row["name"].removeprefix("'")) for row in rows] == [(row["change_id"], row["name"]) for row in expected]
    assert {row["kind"] for row in rows} >= {"joined", "created", "left", "moved"}


def test_personal_values_are_on_no_page_and_in_no_file(site: Site, storm: Storm, company: Company) -> None:
    known = {row["mobile"] for state in storm.states for row in state.users.values() if row["mobile"]}
    for user in ("vic", "eva"):
        said = "".join(str(page.text) for page in turn_pages(site, f"{TENANT}/changes?kind=updated"))
        said += site.get(f"{TENANT}/changes.csv", user).text
        assert [value for value in known if value in said] == []
        assert say("en", "mentions.hidden") in said


@pytest.mark.parametrize("path", ["changes", "changes.csv"])
def test_department_that_never_was_is_said_to_be_unknown(site: Site, storm: Storm, path: str) -> None:
    answer = site.get(f"{TENANT}/{path}?department=%3Cnone%3E")
    assert answer.status_code == 404
    assert "<none>" not in answer.text
    early = storm.instants[0] - timedelta(days=1)
    assert site.get(f"{TENANT}/{path}?department=1&at={quote(early.isoformat())}").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("kind=nonsense", 422),
        ("entity=nonsense", 422),
        ("since=yesterday", 400),
        ("until=2024-02-30", 400),
        ("since=0001-01-01", 200),
        ("until=9999-12-30", 200),
        ("until=9999-12-31", 400),
        ("at=9999-12-31T23:59:59.999999Z", 200),
        ("department=%00", 400),
        ("department=%ED%A0%80", 404),
        (f"department={'d' * 301}", 422),
        ("after=nonsense", 422),
        ("after=%00", 422),
        (f"after={write_cursor('2024-01-01', 'user', 'x')}", 422),
        (f"after={write_cursor('2024-01-01T00:00:00+00:00', 'nobody', 'x')}", 422),
        (f"after={write_cursor('2024-01-01T00:00:00+00:00', 'user')}", 422),
        (f"after={write_cursor('2024-02-28T00:00:00+00:00', 'user', chr(0))}", 400),
        (f"after={Place(datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), 'user', 'x').write()}", 200),
        (f"after={Place(datetime(1, 1, 1, tzinfo=UTC), 'department', 'x').write()}", 200),
        ("after=WyIyMDI0LTAyLTI4VDAwOjAwOjAwKzAwOjAwIiwidXNlciIsIlx1ZDgwMCJd", 400),
    ],
)
def test_nonsense_is_refused_in_words(site: Site, storm: Storm, query: str, status: int) -> None:
    answer = site.get(f"{TENANT}/changes?{query}")
    assert answer.status_code == status
    assert len(read_markup(answer.text).find_all("h1")) == 1


def test_organization_without_changes_says_so(site: Site, storm: Storm) -> None:
    early = storm.instants[0] - timedelta(days=1)
    page = look(site, f"{TENANT}/changes?at={quote(early.isoformat())}")
    assert say("en", "changes.none") in page.text
    assert len(read_file(site, at=early.isoformat())) == 0
