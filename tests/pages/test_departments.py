"""The page of a department, held against the warehouse."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.addresses import find_day, find_day_before
from tests.pages.browser import CHINESE, open_window
from tests.pages.company import Company
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site
from tests.pages.test_people import HELD, HOSTILE, facts, ids, section

COUNT_PEOPLE = f"""
    with recursive
    there as (select department_id, parent_id from org.department_history where {HELD}),
    below as (
        select department_id from there where department_id = %(id)s
        union
        select there.department_id from below join there on there.parent_id = below.department_id
    )
    select count(distinct user_id) filter (where department_id = %(id)s), count(distinct user_id)
    from org.membership_history where department_id in (select department_id from below) and {HELD}
"""
"""Of a department itself and with all below, from the memberships themselves."""


def show(site: Site, department_id: str, *, tenant: str = "acme", user: str = "vic", **query: Any) -> Element:
    answer = site.get(f"{tenant}/department", user, params={"id": department_id, **query})
    assert answer.status_code == 200
    assert len(answer.content) < 100_000
    return read_markup(answer.text)


def list_departments(
    company: Company, tenant: str = "acme", at: datetime | str = "infinity"
) -> dict[str, tuple[str | None, str, list[str]]]:
    rows = company.query(
        f"select department_id, parent_id, name, coalesce(leader_user_ids, '{{}}') from org.department_history where {HELD}",
        {"tenant": tenant, "at": at},
    )
    return {row[0]: row[1:] for row in rows}


def count(company: Company, department_id: str, tenant: str = "acme", at: datetime | str = "infinity") -> tuple[int, int]:
    [(own, total)] = company.query(COUNT_PEOPLE, {"tenant": tenant, "id": department_id, "at": at})
    return own, total


@pytest.mark.parametrize("tenant", ["acme", "birch"])
@pytest.mark.parametrize("day", [None, 1])
def test_page_says_where_it_hangs_who_leads_it_and_how_many_there_are(tenant: str, day: int | None, site: Site) -> None:
    company = site.company
    at: datetime | str = "infinity" if day is None else company.days[day]
    asked = {} if day is None else {"at": company.days[day].isoformat()}
    departments = list_departments(company, tenant, at)
    for department_id, (parent_id, name, leaders) in departments.items():
        page = show(site, department_id, tenant=tenant, **asked)
        assert page.find_all("h1")[0].text == " ".join(name.split())
        way = []
        while parent_id in departments:
            way.insert(0, parent_id)
            parent_id = departments[parent_id][0]
        assert [each for nav in page.find_all("nav", class_="path") for each in ids(nav, "department")] == way
        [card] = page.find_all("section", class_="card")
        assert ids(card) == leaders
        said = facts(card)
        own, total = count(company, department_id, tenant, at)
        assert (said["People of its own"], said["With all below"]) == (f"{own:,}", f"{total:,}")
        children = {each for each, (parent, _, _) in departments.items() if parent == department_id}
        below = section(page, "children")
        assert set(ids(below, "department")) == children
        assert [int(row[1]) for row in below.rows] == [count(company, each, tenant, at)[1] for each in ids(below, "department")]


def test_plot_and_its_table_tell_every_count_there_was(site: Site) -> None:
    company = site.company
    for department_id in list_departments(company):
        page = show(site, department_id)
        part = section(page, "over-time")
        rows = list(reversed(part.rows))
        counts = {instant: count(company, department_id, at=instant) for instant in company.days}
        expected: list[tuple[int, int]] = []
        for own, total in counts.values():
            if (own, total) != (expected[-1] if expected else (0, 0)):
                expected.append((own, total))
        assert [(int(row[2]), int(row[1])) for row in rows] == expected
        if not expected:
            assert "Nobody was in it yet" in part.text
            continue
        [picture] = part.find_all("svg", role="img")
        [title] = picture.find_all("title", id=picture.attributes["aria-labelledby"])
        totals = [total for _, total in expected]
        assert f"first {totals[0]}, last {totals[-1]}, at least {min(totals)}, at most {max(totals)}." in title.text
        [line] = picture.find_all("path")
        assert len(re.findall("V", line.attributes["d"])) == len(expected) - 1


def test_counts_end_with_the_day(site: Site) -> None:
    company = site.company
    first = section(show(site, "1", at=find_day(company, 0)), "over-time").rows
    assert len(first) == 1
    assert len(section(show(site, "1"), "over-time").rows) > 1


def test_department_that_is_not_there_yet_or_any_more_is_shown_as_it_was(site: Site) -> None:
    company = site.company
    ever = {row[0] for row in company.query("select department_id from org.department_history where tenant_id = 'acme'")}
    gone = ever - set(list_departments(company))
    for department_id in gone:
        page = show(site, department_id)
        assert "gone since" in page.find_all("h1")[0].text
        assert facts(page.find_all("section", class_="card")[0])["With all below"] == "0"
    page = show(site, "1", at=find_day_before(company, 0))
    assert "not there yet; created" in page.find_all("h1")[0].text
    assert section(page, "timeline").rows == []


def test_history_tells_each_change_the_latest_first(site: Site) -> None:
    company = site.company
    for tenant in ("acme", "birch"):
        rows = company.query(
            "select department_id, array_agg(kind order by changed_at desc, kind, column_name) from org.change "
            "where tenant_id = %(tenant)s and entity = 'department' group by 1",
            {"tenant": tenant},
        )
        for department_id, kinds in rows:
            told = section(show(site, department_id, tenant=tenant), "timeline").rows
            assert [row[1].split()[0] for row in told] == kinds


def test_move_is_told_by_both_ways(site: Site) -> None:
    company = site.company
    moves = [
        (tenant, *row)
        for tenant in ("acme", "birch")
        for row in company.query(
            "select department_id, changed_at, value_from, value_to from org.change "
            "where tenant_id = %(tenant)s and entity = 'department' and kind = 'moved'",
            {"tenant": tenant},
        )
    ]
    assert moves
    for tenant, department_id, changed_at, value_from, value_to in moves:
        earlier = max(instant for instant in company.days if instant < changed_at)
        before, after = list_departments(company, tenant, earlier), list_departments(company, tenant, changed_at)
        told = [row[1] for row in section(show(site, department_id, tenant=tenant), "timeline").rows]
        assert f"moved {path(before, value_from)} → {path(after, value_to)}" in told


def path(departments: dict[str, tuple[str | None, str, list[str]]], department_id: str | None) -> str:
    names: list[str] = []
    while department_id in departments:
        department_id, name, _ = departments[department_id]
        names.insert(0, " ".join(name.split()))
    return " / ".join(names) or "none"


def test_members_are_a_link_away(site: Site) -> None:
    company = site.company
    department_id = next(each for each in list_departments(company) if count(company, each)[0])
    link = show(site, department_id).link("Its members, in the tree")
    members = read_markup(site.get(link.removeprefix("/organization/")).text).find_all("section", id="members")
    assert set(ids(members[0])) >= {
        row[0]
        for row in company.query(
            "select user_id from org.memberships where tenant_id = 'acme' and department_id = %(id)s limit 50", {"id": department_id}
        )
    }


@pytest.mark.parametrize("department_id", HOSTILE)
def test_id_of_none_is_answered_in_words(department_id: str, site: Site) -> None:
    answer = site.get("acme/department", params={"id": department_id})
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?id=", 422),
        (f"?id={'a' * 301}", 422),
        ("?id=a%00b", 400),
        ("?id=%ED%A0%80", 404),
        ("?id=1&turn=-1", 422),
        ("?id=1&at=soon", 400),
    ],
)
def test_nonsense_is_answered_in_words(query: str, status: int, site: Site) -> None:
    answer = site.get(f"acme/department{query}")
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_department_of_another_organization_is_none(site: Site) -> None:
    other = next(each for each in list_departments(site.company, "birch") if each not in list_departments(site.company))
    assert site.get("acme/department", params={"id": other}).status_code == 404
    assert site.get("acme/department", "noa", params={"id": "1"}).status_code == 404


def test_plot_is_told_in_words_and_as_a_table_on_a_phone_too(browser: Browser, site: Site) -> None:
    with open_window(browser, site, look=CHINESE) as window:
        page = window.open("acme/department?id=1")
        picture = page.get_by_role("img", name=re.compile("含下级部门的人数"))
        expect(picture).to_be_visible()
        page.get_by_text("以表格显示").click()
        expect(page.locator("details table")).to_be_visible()
        assert window.overflow == 0
        assert window.list_faults() == []
        assert window.complaints == []
