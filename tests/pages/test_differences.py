"""What is not the same at two moments, against both as the warehouse has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import make_dsn

from orgsync.pages import comparison
from orgsync.pages.comparison import KINDS, Count, Span, Spot, count, find_both, read_page
from orgsync.pages.cursors import write_cursor
from orgsync.pages.differences import ROWS_ON_A_PAGE
from orgsync.pages.wording import say, say_or_keep
from tests.pages.company import LOGIN, PASSWORD, Company
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site
from tests.pages.storm import MASS_JOIN, MASS_UPDATE, STEPS, TENANT, Storm, open_storm

ZONE = ZoneInfo("Asia/Shanghai")
OTHERS = (
    *("status", "job_number", "work_place", "employee_type", "hired_on", "is_admin", "manager_user_id", "main_department_id"),
    *("name_en", "nickname", "gender", "avatar_url", "union_id", "open_id"),
)
WORDS = {"is_admin": "flag", "gender": "gender", "status": "status"}
SPANS = [(0, 1), (0, MASS_JOIN), (1, STEPS - 1), (MASS_UPDATE - 1, MASS_UPDATE), (2, 11), (0, STEPS - 1), (MASS_JOIN - 1, MASS_JOIN + 1)]
"""From the end of one sync to that of another."""

Row = dict[str, Any]


def ignore_time() -> bool:
    return False


@dataclass
class Truth:
    """The organization at one moment, by the functions that everybody may ask."""

    departments: dict[str, Row]
    users: dict[str, Row]
    memberships: dict[str, list[str]]

    def way(self, department_id: str) -> str:
        names: list[str] = []
        at = self.departments.get(department_id)
        while at:
            names.insert(0, at["name"])
            at = self.departments.get(at["parent_id"])
        return " / ".join(names)

    def ways(self, user_id: str) -> str:
        return " ".join(self.way(each) for each in self.memberships.get(user_id, []))

    def below(self, department_id: str) -> set[str]:
        found = {department_id} & set(self.departments)
        while more := {key for key, row in self.departments.items() if row["parent_id"] in found} - found:
            found |= more
        return found


def read_truth(connection: Connection, tenant_id: str, instant: datetime | str) -> Truth:
    def fetch(function: str) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(f"select * from org.{function}_at(%s) where tenant_id = %s", [instant, tenant_id])
            return [dict(zip([column.name for column in cursor.description or ()], row, strict=True)) for row in cursor.fetchall()]

    memberships: dict[str, list[tuple[bool, str]]] = {}
    for row in fetch("memberships"):
        memberships.setdefault(row["user_id"], []).append((not row["is_main"], row["department_id"]))
    return Truth(
        {row["department_id"]: row for row in fetch("departments")},
        {row["user_id"]: row for row in fetch("users")},
        {user: [department for _, department in sorted(rows)] for user, rows in memberships.items()},
    )


def compare(before: Truth, after: Truth) -> dict[str, set[str]]:
    """Of each kind whose difference it is."""
    stayed = set(before.users) & set(after.users)
    kept = set(before.departments) & set(after.departments)

    def differ(rows: set[str], old: dict[str, Row], new: dict[str, Row], *columns: str) -> set[str]:
        return {key for key in rows if any(old[key][column] != new[key][column] for column in columns)}

    return {
        "user.came": set(after.users) - set(before.users),
        "user.went": set(before.users) - set(after.users),
        "user.moved": {key for key in stayed if set(before.memberships.get(key, ())) != set(after.memberships.get(key, ()))},
        "user.renamed": differ(stayed, before.users, after.users, "name"),
        "user.titled": differ(stayed, before.users, after.users, "title"),
        "user.updated": differ(stayed, before.users, after.users, *OTHERS),
        "department.came": set(after.departments) - set(before.departments),
        "department.went": set(before.departments) - set(after.departments),
        "department.moved": differ(kept, before.departments, after.departments, "parent_id"),
        "department.renamed": differ(kept, before.departments, after.departments, "name"),
    }


def only_within(found: dict[str, set[str]], department: str, before: Truth, after: Truth) -> dict[str, set[str]]:
    then, now = before.below(department), after.below(department)

    def is_within(kind: str, key: str) -> bool:
        if kind.startswith("department."):
            return key in then | now
        return not then.isdisjoint(before.memberships.get(key, ())) or not now.isdisjoint(after.memberships.get(key, ()))

    return {kind: {key for key in keys if is_within(kind, key)} for kind, keys in found.items()}


@pytest.fixture(scope="module")
def storm(company: Company) -> Iterator[Storm]:
    with open_storm(company, seed=23) as storm:
        yield storm


@pytest.fixture(scope="module")
def connection(company: Company, storm: Storm) -> Iterator[Connection]:
    """As the pages have it."""
    connection = psycopg2.connect(make_dsn(company.dsn, user=LOGIN, password=PASSWORD))
    yield connection
    connection.close()


def look(site: Site, path: str, **options: Any) -> Element:
    answer = site.get(path, **options)
    assert answer.ok, answer.text
    return read_markup(answer.text)


def turn_pages(site: Site, path: str, **options: Any) -> Iterator[Element]:
    """Page after page, as somebody who follows the links."""
    while True:
        page = look(site, path, **options)
        yield page
        further = page.find_all("a", rel="next")
        if not further:
            return
        [link] = further
        path = link.attributes["href"].removeprefix("/organization/")


def address(storm: Storm, earlier: int, later: int | None = None, **query: str) -> str:
    at = "" if later is None else storm.instants[later].isoformat()
    asked = {"compare": storm.instants[earlier].isoformat(), "at": at} | query
    return f"{TENANT}/differences?{urlencode({name: value for name, value in asked.items() if value})}"


def find_kinds(page: Element) -> list[Element]:
    return [page.find_all("nav", aria_labelledby=f"kinds-{noun}")[0] for noun in ("people", "departments")]


def read_counts(page: Element) -> dict[str, str]:
    """Of each kind what its link says."""
    links = [link for nav in find_kinds(page) for link in nav.find_all("a")]
    return {kind: link.find_all("small")[0].text for kind, link in zip(KINDS, links, strict=True)}


def assert_counts(page: Element, truth: dict[str, set[str]]) -> None:
    """Where the machine is slow some may be counted in part, and say so."""
    for kind, text in read_counts(page).items():
        number = int(text.removesuffix("+").replace(",", ""))
        assert number <= len(truth[kind]) if text.endswith("+") else number == len(truth[kind]), kind


def list_ids(page: Element) -> list[str]:
    heads = [head for body in page.find_all("tbody") for head in body.find_all("th")]
    return [head.find_all("a")[0].attributes["href"].split("id=")[1].split("&")[0] for head in heads]


@pytest.mark.parametrize(("earlier", "later"), SPANS)
def test_each_kind_is_counted_and_listed_once(site: Site, connection: Connection, storm: Storm, earlier: int, later: int) -> None:
    instants = storm.instants[earlier], storm.instants[later]
    truth = compare(*(read_truth(connection, TENANT, instant) for instant in instants))
    for kind in KINDS:
        pages = list(turn_pages(site, address(storm, earlier, later, kind=kind)))
        assert_counts(pages[0], truth)
        found = [id_ for page in pages for id_ in list_ids(page)]
        assert sorted(found) == sorted(quote(key, safe="").replace("%20", "+") for key in truth[kind])
        assert all(len(list_ids(page)) == ROWS_ON_A_PAGE for page in pages[:-1] if say("en", "differences.further") not in page.text)
        assert bool(found) is not (say("en", "differences.none") in pages[-1].text) or len(pages) > 1


def test_the_spans_of_these_tests_hold_every_kind(connection: Connection, storm: Storm) -> None:
    found: dict[str, int] = dict.fromkeys(KINDS, 0)
    for earlier, later in SPANS:
        truth = compare(*(read_truth(connection, TENANT, storm.instants[number]) for number in (earlier, later)))
        found = {kind: found[kind] + len(truth[kind]) for kind in KINDS}
    assert min(found.values()) > 0
    assert sum(count > ROWS_ON_A_PAGE for count in found.values()) >= 3


@pytest.mark.parametrize(("earlier", "later"), [(1, 12), (MASS_JOIN - 1, MASS_UPDATE)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_lines_say_from_what_to_what(site: Site, connection: Connection, storm: Storm, earlier: int, later: int, language: str) -> None:
    before, after = (read_truth(connection, TENANT, storm.instants[number]) for number in (earlier, later))
    truth = compare(before, after)
    for kind in KINDS:
        rows: dict[str, list[str]] = {}
        for page in turn_pages(site, address(storm, earlier, later, kind=kind), headers={"Accept-Language": language}):
            rows |= zip(list_ids(page), page.rows, strict=True)
        expected = {quote(key, safe="").replace("%20", "+"): tell(kind, key, before, after, language) for key in truth[kind]}
        assert {key: [shown(cell) for cell in row] for key, row in rows.items()} == expected


def tell(kind: str, key: str, before: Truth, after: Truth, language: str) -> list[str]:
    is_of_people = kind.startswith("user.")
    old, new = ((side.users if is_of_people else side.departments).get(key, {}) for side in (before, after))
    none = say(language, "mentions.none")

    def value(truth: Truth, column: str, of: Any) -> str:
        if of is None:
            return none
        if column == "main_department_id":
            return truth.way(of)
        if column == "manager_user_id":
            return str(truth.users.get(of, {"name": "?"})["name"])
        text = str(of).lower() if isinstance(of, bool) else str(of)
        return say_or_keep(language, WORDS[column], text) if column in WORDS else text

    match kind:
        case "user.came":
            what = after.ways(key) or none
        case "user.went":
            what = before.ways(key) or none
        case "user.moved":
            what = f"{before.ways(key) or none} → {after.ways(key) or none}"
        case "department.came":
            what = after.way(key)
        case "department.went":
            what = before.way(key)
        case "department.moved":
            what = f"{before.way(key)} → {after.way(key)}"
        case "user.renamed" | "department.renamed":
            what = f"{old['name']} → {new['name']}"
        case "user.titled":
            what = f"{value(before, 'title', old['title'])} → {value(after, 'title', new['title'])}"
        case _:
            what = " ".join(
                f"{say_or_keep(language, 'column', column)}{say(language, 'mentions.colon')}"
                f"{value(before, column, old[column])} → {value(after, column, new[column])}"
                for column in OTHERS
                if old[column] != new[column]
            )
    known = new or old
    return [shown(cell) for cell in ([known["name"], known["title"] or "", what] if is_of_people else [known["name"], what])]


def shown(text: str) -> str:
    """As a browser shows it, whatever stands between the names of a list or behind a colon."""
    return " ".join(text.replace("、", " ").replace(",", " ").replace("：", ": ").split())


def test_who_left_and_returned_in_between_is_no_difference(connection: Connection, storm: Storm) -> None:
    """As is whoever was called otherwise for a while."""
    came_back: set[str] = set()
    for earlier, between, later in [(0, 3, 8), (1, 6, 12), (2, 7, STEPS - 1)]:
        first, middle, last = (read_truth(connection, TENANT, storm.instants[number]) for number in (earlier, between, later))
        away = set(first.users) & set(last.users) - set(middle.users)
        same = {key for key in away if first.users[key] | {"valid_from": 0} == last.users[key] | {"valid_from": 0}}
        span = Span(TENANT, storm.instants[earlier], storm.instants[later])
        found = {kind: read_all(connection, span, kind) for kind in KINDS if kind.startswith("user.")}
        assert not same & (found["user.came"] | found["user.went"] | found["user.renamed"] | found["user.titled"] | found["user.updated"])
        came_back |= same
    assert came_back


def read_all(connection: Connection, span: Span, kind: str) -> set[str]:
    return set(read_page(connection, span, kind, after=None, most=100_000, is_late=ignore_time).ids)


@pytest.mark.parametrize(("earlier", "later"), [(1, 12), (0, MASS_JOIN), (MASS_UPDATE - 1, STEPS - 1)])
def test_department_is_looked_at_as_it_was_on_each_day(connection: Connection, storm: Storm, earlier: int, later: int) -> None:
    before, after = (read_truth(connection, TENANT, storm.instants[number]) for number in (earlier, later))
    span = Span(TENANT, storm.instants[earlier], storm.instants[later])
    for department in sorted(set(before.departments) | set(after.departments)):
        expected = only_within(compare(before, after), department, before, after)
        both = find_both(connection, span, department)
        assert both
        assert both.people
        for within in (both, replace(both, people=None), replace(both, people=None, below=None)):
            inside = replace(span, within=within)
            assert {kind: read_all(connection, inside, kind) for kind in KINDS} == expected
            assert count(connection, inside, ignore_time) == {kind: Count(len(keys)) for kind, keys in expected.items()}


def test_page_of_a_department_names_it_and_leads_back(site: Site, connection: Connection, storm: Storm) -> None:
    before, after = (read_truth(connection, TENANT, storm.instants[number]) for number in (1, 12))
    expected = only_within(compare(before, after), "2", before, after)
    page = look(site, address(storm, 1, 12, kind="user.moved", department="2"))
    assert_counts(page, expected)
    assert f"{say('en', 'differences.within')} {after.departments['2']['name']}" in page.text
    assert "department=" not in page.link(say("en", "differences.everywhere"))


@pytest.mark.parametrize("versions", [1, 7])
def test_however_little_time_there_is_each_comes_once(
    connection: Connection, storm: Storm, monkeypatch: pytest.MonkeyPatch, versions: int
) -> None:
    monkeypatch.setattr(comparison, "VERSIONS_WHEN_LATE", versions)
    earlier, later = 1, STEPS - 1
    span = Span(TENANT, storm.instants[earlier], storm.instants[later])
    truth = compare(*(read_truth(connection, TENANT, storm.instants[number]) for number in (earlier, later)))
    for kind in ("user.moved", "user.went", "user.came", "department.renamed"):
        found: list[str] = []
        spot, pages, cuts = None, 0, 0
        while pages == 0 or spot:
            page = read_page(connection, span, kind, after=spot, most=5, is_late=lambda: True)
            assert len(page.ids) <= 5
            found, spot, pages, cuts = [*found, *page.ids], page.last, pages + 1, cuts + page.is_cut
        assert sorted(found) == sorted(truth[kind])
        assert cuts


def test_counts_that_are_not_whole_say_so_and_are_not_too_large(
    connection: Connection, storm: Storm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "VERSIONS_WHEN_LATE", 20)
    for earlier, later in pairwise([0, 3, MASS_JOIN, MASS_UPDATE, STEPS - 1]):
        span = Span(TENANT, storm.instants[earlier], storm.instants[later])
        truth = compare(*(read_truth(connection, TENANT, storm.instants[number]) for number in (earlier, later)))
        for kind, counted in count(connection, span, lambda: True).items():
            assert counted.number == len(truth[kind]) if counted.is_whole else counted.number <= len(truth[kind])
    assert not count(connection, Span(TENANT, storm.instants[1], "infinity"), lambda: True)["user.updated"].is_whole


@pytest.mark.parametrize("tenant_id", ["acme", "birch"])
def test_real_syncs_are_compared_day_by_day(site: Site, connection: Connection, company: Company, tenant_id: str) -> None:
    days = [instant.astimezone(ZoneInfo("Asia/Shanghai" if tenant_id == "acme" else "Europe/Berlin")).date() for instant in company.days]
    ends = [
        datetime.combine(
            day + timedelta(days=1), datetime.min.time(), ZoneInfo("Asia/Shanghai" if tenant_id == "acme" else "Europe/Berlin")
        )
        for day in days
    ]
    for earlier, later in [(0, 1), (1, 4), (0, 4)]:
        truth = compare(*(read_truth(connection, tenant_id, ends[number] - timedelta(microseconds=1)) for number in (earlier, later)))
        page = look(site, f"{tenant_id}/differences?compare={days[earlier]}&at={days[later]}")
        assert_counts(page, truth)
        assert sum(map(len, truth.values()))


def test_before_the_first_sync_everybody_is_new(site: Site, storm: Storm) -> None:
    early = (storm.instants[0] - timedelta(days=1)).isoformat()
    page = look(site, f"{TENANT}/differences?{urlencode({'compare': early})}")
    people, departments = len(storm.states[-1].users), len(storm.states[-1].departments)
    counts = dict.fromkeys(KINDS, "0") | {"user.came": f"{people:,}", "department.came": f"{departments:,}"}
    assert read_counts(page) == counts


def test_without_an_earlier_day_one_is_asked_for(site: Site, storm: Storm) -> None:
    page = look(site, f"{TENANT}/differences?kind=user.went&department=2")
    assert say("en", "differences.choose") in page.text
    [form] = page.find_all("form", _class="dates")
    assert {each.attributes["name"] for each in form.find_all("input")} == {"kind", "department", "at", "compare"}
    assert page.find_all("table") == []


def test_two_moments_that_are_one_do_not_differ(site: Site, storm: Storm) -> None:
    page = look(site, address(storm, 3, 3))
    assert set(read_counts(page).values()) == {"0"}


def test_the_kind_that_has_something_comes_first(site: Site, connection: Connection, storm: Storm) -> None:
    for earlier, later in SPANS:
        truth = compare(*(read_truth(connection, TENANT, storm.instants[number]) for number in (earlier, later)))
        page = look(site, address(storm, earlier, later))
        [current] = [link for nav in find_kinds(page) for link in nav.find_all("a", aria_current="true")]
        if not any(text.endswith("+") for text in read_counts(page).values()):
            assert f"kind={next(kind for kind in KINDS if truth[kind])}" in current.attributes["href"]


def test_personal_values_are_on_no_page(site: Site, storm: Storm) -> None:
    known = {row["mobile"] for state in storm.states for row in state.users.values() if row["mobile"]}
    said = "".join(page.text for page in turn_pages(site, address(storm, 0, kind="user.updated")))
    assert [value for value in known if value in said] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("kind=nonsense", 422),
        ("department=nowhere", 404),
        ("department=%00", 400),
        ("department=%ED%A0%80", 404),
        (f"department={'d' * 301}", 422),
        ("kind=user.went&after=nonsense", 422),
        (f"kind=user.went&after={write_cursor('differs', '2024-01-01', 'x')}", 422),
        (f"kind=user.went&after={write_cursor('nonsense', '2024-01-01T00:00:00+00:00', 'x')}", 422),
        (f"kind=user.went&after={Spot('quit', datetime(2024, 3, 1, tzinfo=ZONE), 'x').write()}", 422),
        (f"kind=user.went&after={Spot('differs', datetime(2024, 3, 1, tzinfo=ZONE), chr(0)).write()}", 400),
        (f"kind=user.went&after={Spot('differs', datetime(9999, 12, 31, tzinfo=ZONE), 'x').write()}", 200),
        ("at=9999-12-31T23:59:59.999999Z", 200),
        ("at=0001-01-01T00:00:00Z", 200),
    ],
)
def test_nonsense_is_refused_in_words(site: Site, storm: Storm, query: str, status: int) -> None:
    answer = site.get(f"{TENANT}/differences?compare=2024-03-01&{query}")
    assert answer.status_code == status
    assert len(read_markup(answer.text).find_all("h1")) == 1
