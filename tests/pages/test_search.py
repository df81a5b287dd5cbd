"""Searching people and departments, held against everybody whom the warehouse knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from orgsync.pages import rights
from orgsync.pages import search as search_page
from orgsync.pages.app import build_app
from orgsync.pages.search import LONGEST, PEOPLE_SHOWN
from orgsync.warehouse.spelling import fold, spell_label, spell_name
from tests.pages.addresses import find_day
from tests.pages.browser import CHINESE, open_window
from tests.pages.company import Company
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site, list_people_in_log
from tests.unit.pages.test_rights import Manager

HELD = "valid_from <= %(at)s and (valid_to is null or valid_to > %(at)s)"


@dataclass
class Somebody:
    user_id: str
    names: list[str]
    title: str | None
    job_number: str | None
    is_there: bool
    path: list[str]
    """The names of all departments on the ways to theirs."""

    def fits(self, word: str) -> bool:
        numbers = [fold(each) for each in (self.user_id, self.job_number) if each]
        names = [key for name in self.names for key in spell_name(name)]
        labels = [key for label in (self.title, *self.path) if label for key in spell_label(label)]
        begins = any(key.startswith(word) for key in numbers + names)
        return begins or any(key.startswith(word) if len(word) == 1 and word.isascii() else word in key for key in labels)


def list_everybody(company: Company, tenant: str, at: datetime | str = "infinity") -> list[Somebody]:
    """Who was there by an instant, from the history as it is."""
    asked = {"tenant": tenant, "at": at}
    departments = {
        row[0]: row[1:]
        for row in company.query(
            "select distinct on (department_id) department_id, parent_id, name from org.department_history "
            "where tenant_id = %(tenant)s and valid_from <= %(at)s order by department_id, valid_from desc",
            asked,
        )
    }
    people = company.query(
        "select user_id, array_agg(name order by valid_from), (array_agg(title order by valid_from desc))[1], "
        "(array_agg(job_number order by valid_from desc))[1], max(coalesce(valid_to, 'infinity'))::text, "
        f"bool_or({HELD}) from org.user_history where tenant_id = %(tenant)s and valid_from <= %(at)s group by user_id",
        asked,
    )
    memberships = company.query(
        "select user_id, department_id, valid_from::text, coalesce(valid_to, 'infinity')::text from org.membership_history "
        "where tenant_id = %(tenant)s and valid_from <= %(at)s",
        asked,
    )
    instant = "infinity" if at == "infinity" else company.query("select %(at)s::timestamptz::text", asked)[0][0]

    def climb(department_id: str | None) -> list[str]:
        names = []
        while department_id in departments:
            department_id, name = departments[department_id]
            names.append(name)
        return names

    def find_path(user_id: str, ends: str, is_there: bool) -> list[str]:
        held = [
            row[1]
            for row in memberships
            if row[0] == user_id and (row[3] > instant or row[3] == "infinity" if is_there else row[3] == ends)
        ]
        return [name for department_id in held for name in climb(department_id)]

    return [
        Somebody(user_id, names, title, number, is_there, find_path(user_id, ends, is_there))
        for user_id, names, title, number, ends, is_there in people
    ]


def search(site: Site, words: str, *, tenant: str = "acme", user: str = "vic", at: str = "") -> Element:
    answer = site.post(f"{tenant}/search", user, data={"q": words, "at": at})
    assert answer.status_code == 200
    assert len(answer.content) < 100_000
    return read_markup(answer.text)


def found(page: Element, kind: str = "person") -> list[str]:
    """The ids of those found, in their order."""
    section = {"person": "people", "department": "departments"}[kind]
    [*sections] = page.find_all("section", aria_labelledby=section)
    links = [cell for each in sections for cell in each.find_all("th", scope="row") for cell in cell.find_all("a")]
    return [parse_qs(urlsplit(link.attributes["href"]).query)["id"][0] for link in links]


def pick(company: Company, **wanted: Any) -> Somebody:
    """Somebody of acme with a name of three Chinese characters, a title and a job number."""
    return next(
        each
        for each in list_everybody(company, "acme")
        if len(each.names[-1]) == 3 and each.names[-1][0] > "\u4e00" and each.title and each.job_number and each.is_there
    )


def test_page_asks_for_words_and_finds_nothing_by_itself(site: Site) -> None:
    page = read_markup(site.get("acme/search?q=wang").text)
    [form] = page.find_all("form", data_search=True)
    assert form.attributes["method"] == "post"
    assert "?" not in form.attributes["action"]
    assert found(page) == []
    assert page.find_all("input", name="q")[0].attributes["value"] == ""


@pytest.mark.parametrize("user", ["eva", "olaf", "uma", "vic"])
def test_search_is_for_everybody_who_may_see_the_organization(user: str, site: Site) -> None:
    somebody = pick(site.company)
    assert found(search(site, somebody.user_id, user=user)) == [somebody.user_id]
    assert site.post("acme/search", "noa", data={"q": somebody.user_id}).status_code == 404


@pytest.mark.parametrize("tenant", ["acme", "birch"])
def test_everybody_is_found_whom_each_word_fits_and_nobody_else(tenant: str, site: Site) -> None:
    everybody = list_everybody(site.company, tenant)
    asked = {
        text
        for each in everybody[::9]
        for text in (
            each.names[-1],
            each.names[-1][-2:],
            max((key for key in spell_name(each.names[-1]) if key.isascii()), key=len, default=each.user_id),
            each.job_number or "",
            each.title or "",
            " ".join([each.names[-1][0], *each.path[:1]]),
            f"{each.names[-1][0]} {each.title or ''}",
        )
        if text.strip() and " " not in text[:1]
    }
    for text in sorted(asked):
        words = fold(text).split()
        expected = {each.user_id: each.is_there for each in everybody if all(each.fits(word) for word in words)}
        got = found(search(site, text, tenant=tenant))
        if len(expected) <= PEOPLE_SHOWN:
            assert set(got) == set(expected), text
        else:
            assert set(got) < set(expected)
            assert len(got) == PEOPLE_SHOWN
        there = [expected[user_id] for user_id in got]
        assert there == sorted(there, reverse=True), "who is there comes first"


def test_spelling_makes_no_difference(site: Site) -> None:
    somebody = pick(site.company)
    name = somebody.names[-1]
    pinyin = max((key for key in spell_name(name) if key.isascii()), key=len)
    initials = min((key for key in spell_name(name) if key.isascii() and len(key) == 3), key=len)
    wide = "".join(chr(ord(each) + 0xFEE0) for each in pinyin)
    for words in (
        name,
        f"  {name}\u3000",
        name[1:],
        pinyin,
        pinyin.upper(),
        wide,
        initials.upper(),
        somebody.job_number,
        somebody.job_number.lower(),
    ):
        assert somebody.user_id in found(search(site, words)), words
    assert found(search(site, somebody.job_number))[0] == somebody.user_id
    syllables = " ".join(max((key for key in spell_label(each) if key.isascii()), key=len) for each in name)
    assert somebody.user_id in found(search(site, syllables))


def test_exact_name_comes_first(site: Site) -> None:
    for somebody in list_everybody(site.company, "acme")[::15]:
        if somebody.is_there:
            first = found(search(site, somebody.names[-1]))[0]
            same = [each.user_id for each in list_everybody(site.company, "acme") if each.names[-1] == somebody.names[-1]]
            assert first in same


def test_who_left_is_found_and_marked(site: Site) -> None:
    gone = [each for each in list_everybody(site.company, "acme") if not each.is_there]
    assert gone
    for somebody in gone:
        page = search(site, somebody.user_id)
        assert found(page) == [somebody.user_id]
        [row] = page.find_all("tr", class_="went")
        assert "left" in row.text


def test_former_name_finds_and_is_told(site: Site) -> None:
    renamed = [each for each in list_everybody(site.company, "acme") if each.is_there and len(set(each.names)) > 1]
    assert renamed
    somebody = renamed[0]
    former = next(name for name in reversed(somebody.names) if name != somebody.names[-1])
    page = search(site, former)
    assert somebody.user_id in found(page)
    assert f"formerly {former}" in page.text
    assert "formerly" not in search(site, somebody.names[-1]).text


def test_day_is_asked_of_its_end(site: Site) -> None:
    company = site.company
    first = find_day(company, 0)
    now, then = list_everybody(company, "acme"), list_everybody(company, "acme", company.days[0])
    came_later = next(each for each in now if each.user_id not in {other.user_id for other in then})
    left_later = next(each for each in now if not each.is_there and each.user_id in {other.user_id for other in then})
    assert found(search(site, came_later.user_id, at=first)) == []
    page = search(site, left_later.user_id, at=first)
    assert found(page) == [left_later.user_id]
    assert page.find_all("tr", class_="went") == []
    assert f"at={first}" in page.find_all("th", scope="row")[0].find_all("a")[0].attributes["href"]
    assert found(search(site, left_later.user_id, at="2001-01-01")) == []


def test_departments_are_found_with_their_way_and_their_people(site: Site) -> None:
    rows = site.company.query(
        "select department_id, name, path_names, (select count(distinct user_id) from org.memberships as membership "
        "join org.department_tree as below using (tenant_id, department_id) "
        "where membership.tenant_id = 'acme' and tree.department_id = any (below.path_ids)) "
        "from org.department_tree as tree where tenant_id = 'acme'"
    )
    for department_id, name, path, people in rows:
        page = search(site, name)
        got = found(page, "department")
        assert got[0] == department_id
        [section] = page.find_all("section", aria_labelledby="departments")
        cells = section.rows[0]
        assert cells[1] == " / ".join(" ".join(each.split()) for each in path)
        assert cells[2] == f"{people:,}"
        assert found(search(site, department_id), "department") == [department_id]
        assert found(search(site, " / ".join(path)), "department")[0] == department_id


def test_departments_are_found_by_each_word_and_by_former_names(site: Site) -> None:
    by_id = dict(site.company.query("select department_id, name from org.departments where tenant_id = 'acme'"))
    former = site.company.query(
        "select distinct department_id, name from org.department_history where tenant_id = 'acme' and valid_to is not null"
    )
    renamed = [(department_id, name) for department_id, name in former if by_id.get(department_id) not in (None, name)]
    assert renamed
    for department_id, name in renamed:
        page = search(site, name)
        assert department_id in found(page, "department")
        assert f"formerly {name}" in page.text


def test_other_organization_is_not_looked_into(site: Site) -> None:
    ours = {each.user_id for each in list_everybody(site.company, "acme")}
    for other in list_everybody(site.company, "birch")[:5]:
        assert found(search(site, other.user_id)) == []
        assert set(found(search(site, other.names[-1]))) <= ours


@pytest.mark.parametrize(
    "words",
    [
        "<b>x</b>",
        "'; drop table org.user_version; --",
        "%",
        "_",
        "\\",
        "%%",
        "\u202e王",
        "🙂",
        "a" * LONGEST,
        "1' or '1'='1",
        "%(at)s",
        "ｘ" * 50,
    ],
)
def test_hostile_words_find_nobody_and_break_nothing(words: str, site: Site) -> None:
    page = search(site, words)
    assert page.find_all("input", name="q")[0].attributes["value"] == words
    assert len(found(page)) < 3
    assert page.find_all("b") == []


@pytest.mark.parametrize(
    ("data", "status"), [({"q": "a" * (LONGEST + 1)}, 422), ({"q": "a\x00b"}, 400), ({"q": "wang", "at": "yesterday"}, 400)]
)
def test_nonsense_is_answered_in_words(data: dict[str, str], status: int, site: Site) -> None:
    answer = site.post("acme/search", data=data)
    assert answer.status_code == status
    assert "<h1>" in answer.text


@pytest.mark.parametrize("raw", [b"q=%ED%A0%80", b"q=%FF%FE", b"q=", b"", b"q=wang&q=li"])
def test_forms_that_no_browser_sends_break_nothing(raw: bytes, site: Site) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert site.post("acme/search", data=raw, headers=headers).status_code < 500


def test_many_words_are_cut_and_that_is_said(site: Site) -> None:
    assert "Only the first 5 words" in search(site, "a b c d e f").text
    assert "Only the first" not in search(site, "a b c d e").text


@pytest.fixture
def looks_at_few(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The pages of acme, where a handful is as many as a million is elsewhere."""
    for name, value in company.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(rights, "get_auth_manager", lambda: Manager({("GET", "org_sync_acme")}))
    for name, value in {"MOST_CANDIDATES": 6, "ENOUGH": 4, "ENOUGH_OF_SEVERAL": 8, "MOST_DEPARTMENTS": 2}.items():
        monkeypatch.setattr(search_page, name, value)
    app = build_app(company.settings)
    app.dependency_overrides[rights.find_user] = lambda: SimpleAuthManagerUser(username="vic", role=None)
    with TestClient(app, headers={"X-Orgsync": "1"}) as client:
        yield client


def test_word_that_fits_too_many_finds_some_and_asks_for_another(looks_at_few: TestClient, company: Company) -> None:
    everybody = {each.user_id: each for each in list_everybody(company, "acme")}
    [(top,)] = company.query("select name from org.departments where tenant_id = 'acme' and parent_id is null")
    for words in (top, "a", "a0000", fold(top)[0]):
        page = read_markup(looks_at_few.post("/acme/search", data={"q": words}).text)
        got = found(page)
        assert 0 < len(got) <= 4
        assert all(everybody[user_id].fits(fold(words)) for user_id in got)
        assert f"the first {len(got)}; there may be more, so add a word" in page.text


def test_words_that_each_fit_too_many_find_whose_name_they_are_together(looks_at_few: TestClient, company: Company) -> None:
    [(top,)] = company.query("select name from org.departments where tenant_id = 'acme' and parent_id is null")
    somebody = pick(company)
    syllables = [max((key for key in spell_name(each) if key.isascii()), key=len) for each in somebody.names[-1]]
    for words in (" ".join(syllables), f"{top} {top[:2]} {somebody.names[-1]}", f"A000 {' '.join(syllables[:2])}"):
        page = read_markup(looks_at_few.post("/acme/search", data={"q": words}).text)
        assert somebody.user_id in found(page), words
    page = read_markup(looks_at_few.post("/acme/search", data={"q": f"{top} a0000 nobody"}).text)
    assert found(page) == []


def test_department_that_is_one_of_too_many_asks_for_another_word(looks_at_few: TestClient, company: Company) -> None:
    names = [row[0] for row in company.query("select name from org.departments where tenant_id = 'acme'")]
    word = next(each for name in names for each in name if sum(each in other for other in names) > 2)
    page = read_markup(looks_at_few.post("/acme/search", data={"q": word}).text)
    assert len(found(page, "department")) == 2
    assert "the first 2; there may be more" in page.find_all("section", aria_labelledby="departments")[0].text


def test_form_is_answered_without_script_but_not_to_another_site(site: Site) -> None:
    somebody = pick(site.company)
    data = {"q": somebody.user_id}
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}):
        answer = site.ask("POST", "acme/search", "vic", data=data, headers=headers)
        assert found(read_markup(answer.text)) == [somebody.user_id]
    for place in ("cross-site", "same-site"):
        assert site.ask("POST", "acme/search", "vic", data=data, headers={"Sec-Fetch-Site": place}).status_code == 403


def test_words_are_in_no_log(site: Site) -> None:
    somebody = pick(site.company)
    search(site, somebody.names[-1])
    site.post("acme/search", data={"q": somebody.names[-1] * 50})
    assert somebody.names[-1] not in site.log.read_text(encoding="utf-8")
    assert list_people_in_log(site) == []


def test_words_stand_in_the_fragment_and_are_found_again(browser: Browser, site: Site) -> None:
    one, other = [each for each in list_everybody(site.company, "acme") if each.is_there][:2]
    with open_window(browser, site) as window:
        page = window.open("acme/search")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_role("searchbox").fill(f" {one.user_id} ")
        page.keyboard.press("Enter")
        expect(page.locator("#people + table th[scope=row] a")).to_have_text(one.names[-1])
        assert page.url.endswith(f"/acme/search#q={one.user_id}")
        page.get_by_role("searchbox").fill(other.user_id)
        page.get_by_role("button", name="Search").click()
        expect(page.locator("#people + table th[scope=row] a")).to_have_text(other.names[-1])
        page.go_back()
        expect(page.get_by_role("searchbox")).to_have_value(one.user_id)
        expect(page.locator("#people + table th[scope=row] a")).to_have_text(one.names[-1])
        page.reload()
        expect(page.get_by_role("searchbox")).to_have_value(one.user_id)
        expect(page.locator("#people + table th[scope=row] a")).to_have_text(one.names[-1])
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # to the content: a fragment of another kind
        expect(page.locator("#people + table th[scope=row] a")).to_have_text(one.names[-1])
        page.get_by_role("searchbox").fill("")
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_be_empty()
        assert not [url for url in asked if one.user_id in url.split("#")[0]]
        assert window.complaints == []


def test_day_goes_into_the_address_and_the_words_stay(browser: Browser, site: Site) -> None:
    company = site.company
    first = find_day(company, 0)
    then = {each.user_id for each in list_everybody(company, "acme", company.days[0])}
    later = next(each for each in list_everybody(company, "acme") if each.is_there and each.user_id not in then)
    with open_window(browser, site, look=CHINESE) as window:
        page = window.open(f"acme/search#q={later.user_id}")
        expect(page.locator("#people + table th[scope=row] a")).to_have_text(later.names[-1])
        page.locator("input[name=at]").fill(first)
        page.get_by_role("button", name="搜索").click()
        expect(page.locator("#found p")).to_have_text("没有找到相符的结果。")
        assert page.url.endswith(f"/acme/search?at={first}#q={later.user_id}")
        assert window.complaints == []
