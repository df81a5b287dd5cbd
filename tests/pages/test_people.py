"""The page of a person, held against the warehouse."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from orgsync.pages.people import REPORTS_SHOWN, list_attributes
from tests.pages.addresses import find_day, find_day_before
from tests.pages.browser import open_window
from tests.pages.company import Company
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site

HELD = "tenant_id = %(tenant)s and valid_from <= %(at)s and (valid_to is null or valid_to > %(at)s)"
PERSONAL = ("mobile", "email", "work_email", "telephone")
HOSTILE = ["<b>", "' or 1=1 --", "%", "../../etc", "\u202e", "🙂" * 10, "a b", "nobody", "%(user_id)s", "\ufffd"]


def show(site: Site, user_id: str, *, tenant: str = "acme", user: str = "vic", **query: Any) -> Element:
    answer = site.get(f"{tenant}/person", user, params={"id": user_id, **query})
    assert answer.status_code == 200
    assert len(answer.content) < 100_000
    return read_markup(answer.text)


def section(page: Element, label: str) -> Element:
    [found] = page.find_all("section", aria_labelledby=label)
    return found


def facts(element: Element) -> dict[str, str]:
    [listed] = element.find_all("dl")
    return dict(zip([each.text for each in listed.find_all("dt")], [each.text for each in listed.find_all("dd")], strict=True))


def ids(element: Element, page: str = "person") -> list[str]:
    links = [urlsplit(each.attributes["href"]) for each in element.find_all("a", href=True)]
    return [parse_qs(link.query)["id"][0] for link in links if link.path.endswith(f"/{page}")]


def list_people(company: Company, tenant: str = "acme", at: datetime | str = "infinity") -> list[str]:
    return [row[0] for row in company.query(f"select user_id from org.user_history where {HELD} order by 1", {"tenant": tenant, "at": at})]


def find_gone(company: Company, tenant: str = "acme") -> tuple[str, datetime]:
    [row, *_] = company.query(
        "select user_id, max(valid_to) from org.user_history where tenant_id = %(tenant)s group by user_id "
        "having count(*) filter (where valid_to is null) = 0 order by 1",
        {"tenant": tenant},
    )
    return row


class Chart:
    """Who reports to whom: to the manager, else to the leaders of the nearest department that one does not lead."""

    def __init__(self, company: Company, tenant: str, at: datetime | str = "infinity") -> None:
        asked = {"tenant": tenant, "at": at}
        self.people = {row[0]: row[1:] for row in company.query(
            f"select user_id, manager_user_id, main_department_id from org.user_history where {HELD}", asked
        )}  # fmt: skip
        self.departments = {row[0]: row[1:] for row in company.query(
            f"select department_id, parent_id, leader_user_ids from org.department_history where {HELD}", asked
        )}  # fmt: skip
        self.homes: dict[str, list[str]] = {}
        for user_id, department_id in company.query(
            f"select user_id, department_id from org.membership_history where {HELD} "
            "order by user_id, is_main desc nulls last, department_id",
            asked,
        ):
            self.homes.setdefault(user_id, []).append(department_id)

    def find_superiors(self, user_id: str) -> list[str]:
        manager, main_id = self.people[user_id]
        if manager and manager != user_id:
            return [str(manager)]
        department_id = main_id or next(iter(self.homes.get(user_id, [])), None)
        while department_id in self.departments:
            department_id, leaders = self.departments[department_id]
            there = [each for each in leaders or [] if each in self.people]
            if there and user_id not in there:
                return there
        return []

    def list_steps(self, user_id: str) -> list[list[str]]:
        steps: list[list[str]] = []
        seen = {user_id}
        while len(steps) < 5 and user_id in self.people and (above := self.find_superiors(user_id)):
            new = [each for each in above if each not in seen]
            if not new:
                break
            steps.append(above)
            seen.update(above)
            user_id = new[0]
        return steps

    def list_reports(self, user_id: str) -> set[str]:
        return {each for each in self.people if user_id in self.find_superiors(each)}


@pytest.mark.parametrize("tenant", ["acme", "birch"])
def test_card_says_what_the_warehouse_does(tenant: str, site: Site) -> None:
    rows = site.company.query(
        "select person.user_id, name, title, job_number, work_place, hired_on::text, array(select array_to_string(path_names, ' / ') "
        "from org.memberships join org.department_tree using (tenant_id, department_id) "
        "where memberships.tenant_id = person.tenant_id and memberships.user_id = person.user_id) "
        "from org.users as person where tenant_id = %(tenant)s order by 1",
        {"tenant": tenant},
    )
    for user_id, name, title, job_number, work_place, hired_on, paths in rows[::11]:
        page = show(site, user_id, tenant=tenant)
        assert page.find_all("h1")[0].text == " ".join(name.split())
        said = facts(page.find_all("section", class_="card")[0])
        assert said["Id"] == user_id
        for column, value in (("Title", title), ("Job number", job_number), ("Work place", work_place), ("Hired on", hired_on)):
            assert said.get(column) == (" ".join(value.split()) if value else None)
        links = page.find_all("section", class_="card")[0].find_all("a")
        assert sorted(each.text for each in links) == sorted(" ".join(path.split()) for path in paths)


def test_main_department_is_marked_where_there_are_several(site: Site) -> None:
    several = site.company.query(
        "select user_id, main_department_id from org.people where tenant_id = 'acme' and cardinality(department_ids) > 1"
    )
    assert several
    for user_id, main_id in several[:5]:
        marked = [each for each in show(site, user_id).find_all("dd")[0:9] for each in each.find_all("div") if "main" in each.text.split()]
        assert [ids(each, "department") for each in marked] == [[main_id]]


def test_personal_values_are_masked_for_everybody(site: Site) -> None:
    rows = site.company.query(
        f"select user_id, {', '.join(PERSONAL)} from org.user_version where tenant_id = 'acme' and valid_to is null and mobile is not null "
        "and email is not null limit 3"
    )
    assert rows
    for user_id, *values in rows:
        for user in ("vic", "uma", "eva"):
            answer = site.get("acme/person", user, params={"id": user_id})
            assert [value for value in values if value and value in answer.text] == []
            masked = facts(section(read_markup(answer.text), "personal-data"))
            assert set(masked.values()) == {"***"}
            assert len(masked) == len([value for value in values if value])


def test_button_is_for_those_who_may_see_personal_data(site: Site) -> None:
    for tenant, allowed in (("acme", {"eva", "uma"}), ("birch", {"eva"})):
        [user_id, *_] = list_people(site.company, tenant)
        for user in ("eva", "olaf", "uma", "vic"):
            part = section(show(site, user_id, tenant=tenant, user=user), "personal-data")
            assert bool(part.find_all("button")) == (user in allowed)
            assert bool(part.find_all("form", data_send="personal")) == (user in allowed)


def audited(company: Company) -> list[tuple[Any, ...]]:
    return company.query("select actor, action, tenant_id, subject from ops.audit where action = 'person.shown' order by audit_id")


def test_personal_values_are_shown_to_who_may_and_written_down(site: Site) -> None:
    [(user_id, *values)] = site.company.query(
        f"select user_id, {', '.join(PERSONAL)} from org.user_version where tenant_id = 'acme' and valid_to is null "
        "and mobile is not null order by user_id limit 1"
    )
    for user in ("eva", "uma"):
        before = audited(site.company)
        answer = site.post("acme/person/reveal", user, data={"id": user_id})
        assert answer.status_code == 200
        said = facts(read_markup(answer.text))
        assert [value for value in values if value] == list(said.values())[: len([value for value in values if value])]
        assert audited(site.company)[len(before) :] == [(user, "person.shown", "acme", user_id)]


def test_attributes_are_shown_with_them(site: Site) -> None:
    [(user_id, attributes)] = site.company.query(
        "select user_id, attributes from org.user_version where tenant_id = 'acme' and valid_to is null and attributes <> '{}' limit 1"
    )
    said = facts(read_markup(site.post("acme/person/reveal", "eva", data={"id": user_id}).text))
    for name, value in list_attributes(attributes):
        assert said[name] == " ".join(value.split())[:2000]


def test_nothing_is_shown_or_written_down_for_others(site: Site) -> None:
    before = audited(site.company)
    acme, birch = list_people(site.company)[0], list_people(site.company, "birch")[0]
    for user, tenant, user_id, status in (
        ("vic", "acme", acme, 403),
        ("olaf", "acme", acme, 403),
        ("uma", "birch", birch, 403),
        ("noa", "acme", acme, 404),
        ("eva", "acme", birch, 404),
        ("eva", "acme", "nobody", 404),
        ("eva", "acme", "", 422),
        ("eva", "acme", "a" * 301, 422),
    ):
        answer = site.post(f"{tenant}/person/reveal", user, data={"id": user_id})
        assert answer.status_code == status, (user, user_id)
    for headers in ({}, {"X-Orgsync": "1", "Sec-Fetch-Site": "cross-site"}):
        assert site.ask("POST", "acme/person/reveal", "eva", data={"id": acme}, headers=headers).status_code == 403
    assert site.get("acme/person/reveal", "eva", params={"id": acme}).status_code in (404, 405)
    assert audited(site.company) == before


def test_forgetting_is_asked_for_by_typing_the_id(site: Site) -> None:
    """By who may send and may see personal values; who is still there has to be named as such. Asked twice it is one erasure."""
    asked = "select state, is_present_welcome, asked_by from ops.erasure"
    user_id = list_people(site.company)[1]
    page = site.get("acme/person", "eva", params={"id": user_id}).text
    assert "Forget this person" in page
    assert "Forget this person" not in site.get("acme/person", "vic", params={"id": user_id}).text
    for data, words in (({}, "That is not the id"), ({"typed": user_id}, "as of the newest read")):
        answer = site.post("acme/person/forget", "eva", data={"id": user_id} | data)
        assert (answer.status_code, words in answer.text) == (200, True)
    assert site.company.query(asked) == []
    for _ in range(2):
        answer = site.post("acme/person/forget", "eva", data={"id": user_id, "typed": user_id, "even_if_present": "true"})
        assert "The next housekeeping carries it out" in answer.text
    assert site.company.query(asked) == [("wanted", True, "eva")]
    [(actor, tenant, subject)] = site.company.query("select actor, tenant_id, subject from ops.audit where action = 'erasure.asked'")
    assert (actor, tenant, subject.isdecimal()) == ("eva", "acme", True)
    site.company.query("delete from ops.erasure_value")
    site.company.query("delete from ops.erasure")


@pytest.mark.parametrize("user_id", HOSTILE)
def test_id_of_nobody_is_answered_in_words(user_id: str, site: Site) -> None:
    answer = site.get("acme/person", params={"id": user_id})
    assert answer.status_code == 404
    assert "Nothing here" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?id=", 422),
        (f"?id={'a' * 301}", 422),
        ("?id=a%00b", 400),
        ("?id=%ED%A0%80", 404),
        ("?id=x&turn=-1", 422),
        ("?id=x&at=soon", 400),
    ],
)
def test_nonsense_is_answered_in_words(query: str, status: int, site: Site) -> None:
    answer = site.get(f"acme/person{query}")
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_person_of_another_organization_is_nobody(site: Site) -> None:
    ours = set(list_people(site.company))
    other = next(each for each in list_people(site.company, "birch") if each not in ours)
    assert site.get("acme/person", params={"id": other}).status_code == 404
    assert site.get("acme/person", "noa", params={"id": next(iter(ours))}).status_code == 404


def test_who_left_is_shown_as_they_were(site: Site) -> None:
    user_id, left_at = find_gone(site.company)
    page = show(site, user_id)
    assert page.find_all("h1")[0].find_all("span")[0].text.startswith("left ")
    places = site.company.query(
        "select department_id from org.membership_history where tenant_id = 'acme' and user_id = %(id)s and valid_to = %(at)s order by 1",
        {"id": user_id, "at": left_at},
    )
    assert sorted(ids(page.find_all("section", class_="card")[0], "department")) == [row[0] for row in places]
    assert "was not there then" in section(page, "above").text
    before = show(site, user_id, at=find_day(site.company, 0))
    assert before.find_all("h1")[0].find_all("span") == []


def test_who_came_later_is_not_there_yet(site: Site) -> None:
    page = show(site, list_people(site.company)[0], at=find_day_before(site.company, 0))
    assert "not there yet; came" in page.find_all("h1")[0].text
    assert section(page, "timeline").rows == []


def test_card_is_as_of_the_day(site: Site) -> None:
    company = site.company
    moved = company.query(
        "select user_id, min(changed_at) from org.change where tenant_id = 'acme' and kind = 'moved' and entity = 'user' group by 1"
    )
    assert moved
    for user_id, _ in moved[:5]:
        for day, instant in enumerate(company.days):
            held = company.query(
                f"select department_id from org.membership_history where user_id = %(id)s and {HELD} order by 1",
                {"tenant": "acme", "at": instant, "id": user_id},
            )
            if user_id in list_people(company, at=instant):
                page = show(site, user_id, at=find_day(company, day))
                assert sorted(ids(page.find_all("section", class_="card")[0], "department")) == [row[0] for row in held]


@pytest.mark.parametrize("tenant", ["acme", "birch"])
@pytest.mark.parametrize("day", [None, 0])
def test_superiors_and_reports_are_those_of_the_rule(tenant: str, day: int | None, site: Site) -> None:
    company = site.company
    at = "" if day is None else company.days[day].isoformat()
    chart = Chart(company, tenant, at or "infinity")
    leaders = [user_id for user_id in chart.people if chart.list_reports(user_id)]
    assert leaders
    for user_id in [*leaders, *list(chart.people)[::13]]:
        page = show(site, user_id, tenant=tenant, **({"at": at} if at else {}))
        steps = [ids(each) for each in section(page, "above").find_all("li")]
        assert steps == chart.list_steps(user_id)
        reports = chart.list_reports(user_id)
        shown = ids(section(page, "below"))
        if len(reports) <= REPORTS_SHOWN:
            assert set(shown) == reports
        else:
            assert set(shown) < reports
            assert len(shown) == REPORTS_SHOWN
            assert f"of {len(reports):,}" in section(page, "below").text


def test_time_line_tells_each_change_the_latest_first(site: Site) -> None:
    company = site.company
    counted = company.query(
        "select user_id, count(*), array_agg(kind order by changed_at desc, kind, column_name) from org.change "
        "where tenant_id = 'acme' and entity = 'user' group by 1 order by 2 desc, 1 limit 8"
    )
    for user_id, count, kinds in counted:
        rows = section(show(site, user_id), "timeline").rows
        assert len(rows) == count
        assert [row[1].split()[0] for row in rows] == kinds
        assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)


def test_time_line_names_what_was_before_and_after(site: Site) -> None:
    changes = site.company.query(
        "select user_id, kind, value_from, value_to, names_from, names_to from org.change "
        "where tenant_id = 'acme' and entity = 'user' and kind in ('moved', 'renamed') order by changed_at, user_id limit 12"
    )
    assert {row[1] for row in changes} == {"moved", "renamed"}
    for user_id, kind, value_from, value_to, names_from, names_to in changes:
        told = [row[1] for row in section(show(site, user_id), "timeline").rows]
        before, after = (names_from, names_to) if kind == "moved" else (value_from, value_to)
        assert f"{kind} {' '.join((before or 'none').split())} → {' '.join((after or 'none').split())}" in [
            each.replace(" , ", ", ") for each in told
        ]


def test_personal_changes_are_told_without_values(site: Site) -> None:
    found = site.company.query(
        "select user_id from org.change where tenant_id = 'acme' and entity = 'user' and column_name in ('mobile', 'email') limit 1"
    )
    for (user_id,) in found:
        assert "the value is personal" in section(show(site, user_id, user="eva"), "timeline").text


def test_messages_are_told_without_what_they_say(site: Site) -> None:
    company = site.company
    [(user_id, _)] = company.query(
        "select recipient.user_id, count(*) from notify.recipient join notify.message using (message_id) "
        "where tenant_id = 'acme' group by 1 order by 2 desc, 1 limit 1"
    )
    rows = company.query(
        "select message_id::text, recipient.reason from notify.recipient join notify.message using (message_id) "
        "where tenant_id = 'acme' and recipient.user_id = %(id)s order by message.message_id desc limit 20",
        {"id": user_id},
    )
    part = section(show(site, user_id), "messages")
    assert [row[0] for row in part.rows] == [row[0] for row in rows]
    assert all(reason in row[3] for row, (_, reason) in zip(part.rows, rows, strict=True) if reason)
    for title, body in company.query("select title, body from notify.message where tenant_id = 'acme'"):
        assert not title or title not in part.text
        assert not body or body not in part.text


def test_hostile_names_are_shown_as_they_are(site: Site) -> None:
    odd = site.company.query("select user_id, name from org.users where tenant_id = 'acme' and name ~ '[<>&\"'']' limit 3")
    for user_id, name in odd:
        answer = site.get("acme/person", params={"id": user_id})
        assert read_markup(answer.text).find_all("h1")[0].text == " ".join(name.split())


def test_values_take_the_place_of_the_button(browser: Browser, site: Site) -> None:
    [(user_id, mobile)] = site.company.query(
        "select user_id, mobile from org.user_version where tenant_id = 'acme' and valid_to is null and mobile is not null "
        "order by user_id desc limit 1"
    )
    with open_window(browser, site, user="uma") as window:
        page = window.open(f"acme/person?id={quote(user_id)}")
        expect(page.locator("#personal")).to_contain_text("***")
        page.locator("#personal button").click()
        expect(page.locator("#personal")).to_contain_text(mobile)
        assert page.locator("#personal button").count() == 0
        assert window.complaints == []
    assert audited(site.company)[-1] == ("uma", "person.shown", "acme", user_id)


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [(None, []), ({}, []), ({"a": "b", "c": {"d": ["ü", 1]}, "e": None}, [("a", "b"), ("c", '{"d": ["ü", 1]}'), ("e", "null")])],
)
def test_attributes_are_written_out(attributes: dict[str, Any] | None, shown: list[tuple[str, str]]) -> None:
    assert list_attributes(attributes) == shown


def test_attributes_are_not_too_many() -> None:
    assert len(list_attributes(dict.fromkeys(map(str, range(51)), "x"))) == 50
