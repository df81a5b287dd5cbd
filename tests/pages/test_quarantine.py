"""What is left out, on a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from orgsync.pages import quarantine
from orgsync.pages.quarantine import ROWS_ON_A_PAGE
from tests.pages.browser import CHINESE, ENGLISH, Look, open_window
from tests.pages.company import Company
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site

INSERT = """
    insert into ops.quarantine (plan_id, tenant_id, snapshot_id, entity, user_id, department_id, column_name, rule, reason, created_at)
    select plan_id, tenant_id, snapshot_id, %(entity)s, %(user)s, %(department)s, %(column)s, %(rule)s, %(reason)s, %(at)s
    from ops.snapshot where tenant_id = 'acme' and state = 'loaded' order by taken_at {order} limit 1
"""
HOSTILE = '<script>"&\u202e 😀'


@pytest.fixture
def put(company: Company) -> Iterator[Any]:
    """Leaves rows out of acme's newest load, until the test ends."""

    def insert(entity: str, rule: str, *, is_old: bool = False, at: str = "2026-11-20 01:00+08", **keys: str | None) -> None:
        values = {"user": None, "department": None, "column": None, "reason": "it is so", "at": at} | keys
        company.query(INSERT.format(order="" if is_old else "desc"), values | {"entity": entity, "rule": rule})

    yield insert
    company.query("delete from ops.quarantine where tenant_id = 'acme'")


@pytest.fixture
def person(company: Company) -> tuple[str, str]:
    """Somebody of acme: id and name."""
    [(user_id, name)] = company.query(
        "select user_id, name from org.users where tenant_id = 'acme' and name = trim(name) order by 1 limit 1"
    )
    return str(user_id), str(name)


def look(site: Site, path: str = "acme/quarantine", **options: Any) -> Element:
    answer = site.get(path, **options)
    assert answer.ok, answer.text
    return read_markup(answer.text)


def test_nothing_is_said_to_be_good(site: Site) -> None:
    assert "Nothing is in quarantine: every row of the read of" in look(site).text


def test_each_finding_has_its_key_its_rule_and_what_to_do(site: Site, put: Any, person: tuple[str, str]) -> None:
    user_id, name = person
    [(department_id, department)] = site.company.query(
        "select department_id, name from org.departments where tenant_id = 'acme' and parent_id is null"
    )
    put("user", "malformed_value", user=user_id, reason="mobile is none")
    put("user", "unread_value", user=user_id, column="hired_on", reason="hired_on is no day")
    put("department", "orphan", department="9999", reason="its parent department is not in the snapshot")
    put("membership", "quarantined_user", user=user_id, department=department_id, reason="its person is quarantined")
    page = look(site)
    cards = {section.find_all("code")[0].text: section for section in page.find_all("section")}
    assert list(cards) == ["malformed_value", "orphan", "quarantined_user", "unread_value"]
    assert cards["malformed_value"].rows[0][:3] == [f"{name} {user_id}", "the person", "mobile is none"]
    assert "What to do: Correct the mobile number or the mail address" in cards["malformed_value"].text
    assert cards["orphan"].rows[0][:3] == ["9999", "the department", "its parent department is not in the snapshot"]
    assert cards["quarantined_user"].rows[0][0] == f"{name} {user_id} in {department} {department_id}"
    assert cards["unread_value"].rows[0][:2] == [f"{name} {user_id}", "only: Hired on"]
    assert page.find_all("section")[0].link(name) == f"/organization/acme/person?id={user_id}"
    assert cards["quarantined_user"].link(department) == f"/organization/acme/department?id={department_id}"
    assert not cards["orphan"].find_all("a")


def test_since_is_when_this_rule_was_first_broken_by_this_row(site: Site, put: Any, person: tuple[str, str]) -> None:
    user_id, _ = person
    put("user", "malformed_value", user=user_id, is_old=True, at="2026-11-01 10:00+08")
    put("user", "missing_value", user=user_id, is_old=True, at="2026-10-01 10:00+08")  # another rule
    put("user", "malformed_value", user="other", is_old=True, at="2026-09-01 10:00+08")  # another row
    put("membership", "malformed_value", user=user_id, department="1", is_old=True, at="2026-08-01 10:00+08")
    put("user", "malformed_value", user=user_id, at="2026-11-20 10:00+08")
    put("department", "orphan", department="7", is_old=True, at="2026-11-02 10:00+08")
    put("department", "orphan", department="7", at="2026-11-20 10:00+08")
    put("membership", "missing_user", user="x", department="7", is_old=True, at="2026-11-03 10:00+08")
    put("membership", "missing_user", user="x", department="7", at="2026-11-20 10:00+08")
    put("department", "missing_value", at="2026-11-04 10:00+08")  # without a key
    since = {row[0]: row[3][:16] for row in look(site).rows}
    assert since == {
        f"{person[1]} {user_id}": "2026-11-01 10:00",
        "7": "2026-11-02 10:00",
        "x in 7": "2026-11-03 10:00",
        "without an id": "2026-11-04 10:00",
    }


def test_older_load_is_not_shown(site: Site, put: Any) -> None:
    put("user", "missing_value", user="gone", is_old=True)
    assert "Nothing is in quarantine" in look(site).text


def test_rules_are_counted_and_chosen(site: Site, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        put("user", "missing_value", user=f"u{number}")
    put("department", "cycle", department="5")
    page = look(site)
    assert page.link("A name or an id is missing 3") == "/organization/acme/quarantine?rule=missing_value"
    assert page.link("A department above itself 1") == "/organization/acme/quarantine?rule=cycle"
    chosen = look(site, "acme/quarantine?rule=cycle")
    assert [row[0] for row in chosen.rows] == ["5"]
    assert [each.text for each in chosen.find_all("a", aria_current="true")] == ["A department above itself 1"]
    assert "Nothing breaks this rule any more." in look(site, "acme/quarantine?rule=orphan").text


def test_rows_are_turned_without_losing_or_repeating_any(site: Site, put: Any) -> None:
    """Whatever of their key is missing; a key that came twice is one row."""
    known = []
    for number in range(ROWS_ON_A_PAGE):
        put("user", "duplicate_id", user=f"u{number:03}")
        put("user", "duplicate_id", user=f"u{number:03}", reason="and so")
        known.append(f"u{number:03}")
        put("membership", "quarantined_user", user=f"u{number:03}", department="1")
        known.append(f"u{number:03} in")
    for column in ("title", "mobile", "hired_on"):
        put("user", "unread_value", user="u000", column=column)
    put("department", "missing_value")
    put("user", HOSTILE[:40], user=HOSTILE)
    found, path, pages = [], "acme/quarantine", 0
    while path:
        page = look(site, path)
        found += page.rows
        pages += 1
        assert len(page.rows) <= ROWS_ON_A_PAGE
        turns = [each.attributes["href"] for each in page.find_all("a", rel="next")]
        path = turns[0].removeprefix("/organization/") if turns else ""
    assert pages == 3
    assert len(found) == len(known) + 3 + 1 + 1
    assert len({tuple(row[:3]) for row in found}) == len(found)
    assert [row[2] for row in found if row[0] == "u000" and row[1] == "the person"] == ["and so; it is so"]
    assert [row[0] for row in found if row[0].startswith("<script>")] == [HOSTILE]


def test_many_are_counted_to_a_number_and_not_on(site: Site, put: Any) -> None:
    put("user", "not_read", user="u0")
    site.company.query(
        """
        insert into ops.quarantine (plan_id, tenant_id, snapshot_id, entity, user_id, rule, reason)
        select plan_id, tenant_id, snapshot_id, 'user', 'n' || number, 'not_read', 'not yet'
        from ops.quarantine, generate_series(1, %(many)s) as number where tenant_id = 'acme'
        """,
        {"many": quarantine.MOST_COUNTED},
    )
    assert look(site).link("Seen, and not read yet 10,000+") == "/organization/acme/quarantine?rule=not_read"


def test_it_is_said_in_chinese_too(site: Site, put: Any) -> None:
    put("department", "cycle", department="5")
    page = read_markup(site.get("acme/quarantine", headers={"Accept-Language": "zh-CN"}).text)
    assert page.find_all("h2")[0].text == "部门的上级形成循环 cycle"
    assert "处理办法： 在管理后台把其中一个部门移到别处" in page.text


@pytest.mark.parametrize("shown", [ENGLISH, CHINESE], ids=str)
def test_page_with_findings_is_whole_and_open_to_everybody(site: Site, put: Any, browser: Browser, shown: Look) -> None:
    put("user", "missing_value", user=HOSTILE)
    put("user", "unreadable_key", user="x" * 2000)
    put("membership", "missing_department", user="manager1116" * 10, department="9" * 100, reason="its department is not in the snapshot")
    with open_window(browser, site, look=shown) as window:
        window.open("acme/quarantine")
        assert window.overflow == 0
        assert window.list_faults() == []
        assert window.complaints == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("acme/quarantine?rule=%00", 400),
        ("acme/quarantine?after=a", 422),
        ("acme/quarantine?after=a&after=b&after=&after=%ED%A0%80&after=", 200),
        ("acme/quarantine?rule=" + "x" * 100, 422),
        ("nowhere/quarantine", 404),
    ],
)
def test_addresses_that_lead_nowhere_say_so(site: Site, path: str, status: int) -> None:
    assert site.get(path).status_code == status


def test_it_is_for_whoever_may_see_the_tenant(site: Site) -> None:
    assert site.get("acme/quarantine", "noa").status_code == 404
    assert site.get("acme/quarantine", None).status_code == 401
