"""Plans on a page, and the answer to the question about one that waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from orgsync.pages.plans import LINES_ON_A_PAGE
from tests.pages.browser import CHINESE, ENGLISH, Look, open_window
from tests.pages.company import BIRCH, Company
from tests.pages.markup import Element, read_markup
from tests.pages.question import put_question
from tests.pages.site import Site

COUNT_LINES = "select count(*) from ops.plan_change where plan_id = %(plan)s and entity = %(entity)s and kind = %(kind)s"


@pytest.fixture
def run_id(company: Company) -> str:
    [(found,)] = company.query("select run_id from ops.sync_run where plan_id = %(plan)s", {"plan": company.waiting})
    return str(found)


@pytest.fixture
def approvers(company: Company) -> Iterator[Any]:
    """Names approvers of birch in the tenants file, until the test ends."""
    path = company.settings.tenants_file
    before = path.read_text(encoding="utf-8")

    def name(*names: str) -> None:
        stanzas = json.loads(before)["tenants"]
        found = [stanza | ({"approvers": list(names)} if stanza["id"] == BIRCH.id else {}) for stanza in stanzas]
        path.write_text(json.dumps({"tenants": found}), encoding="utf-8")

    yield name
    path.write_text(before, encoding="utf-8")


def look(site: Site, path: str, user: str = "vic", **options: Any) -> Element:
    answer = site.get(path, user, **options)
    assert answer.ok, answer.text
    return read_markup(answer.text)


def shown(*texts: str) -> str:
    """As a browser shows texts beside each other."""
    return " ".join(" ".join(texts).split())


def list_changes(company: Company, plan_id: int, entity: str, kind: str) -> list[tuple[Any, ...]]:
    return company.query(
        """
        select coalesce(user_id, department_id), name, department_path, value_from, value_to from ops.plan_change
        where plan_id = %(plan)s and entity = %(entity)s and kind = %(kind)s
        order by user_id, department_id, coalesce(column_name, '')
        """,
        {"plan": plan_id, "entity": entity, "kind": kind},
    )


def test_plans_are_listed_newest_first_with_counts_and_budgets(site: Site) -> None:
    rows = look(site, "birch/plans").rows
    known = site.company.query("select plan_id, summary from ops.plan where tenant_id = 'birch' order by plan_id desc")
    assert [row[0] for row in rows] == [f"Plan {plan_id}" for plan_id, _ in known]
    for row, (_, summary) in zip(rows, known, strict=True):
        for kinds in summary.values():
            for kind, count in kinds.items():
                assert f"{kind} {count}" in row[3]
    assert rows[0][2] == "waits for a decision"
    assert "people would leave; without asking 10 may, or 5 %" in rows[0][4]
    assert all(row[2] == "applied" for row in rows[1:])
    assert all(row[4] == "" for row in rows[1:])


def test_plans_are_turned_page_by_page(site: Site) -> None:
    ids = [row[0] for row in site.company.query("select plan_id from ops.plan where tenant_id = 'acme' order by 1 desc")]
    page = look(site, f"acme/plans?before={ids[1]}")
    assert [row[0] for row in page.rows] == [f"Plan {each}" for each in ids[2:]]
    assert page.link("⇤ To the first page") == "/organization/acme/plans"


def test_plan_that_waits_names_those_who_would_leave_first(site: Site) -> None:
    page = look(site, f"birch/plans/{site.company.waiting}")
    leavers = list_changes(site.company, site.company.waiting, "user", "left")
    assert len(leavers) > 30
    assert page.rows == [[shown(name, user_id), shown(path)] for user_id, name, path, _, _ in leavers]
    links = [each.attributes["href"] for each in page.find_all("tbody")[0].find_all("a")]
    assert links == [f"/organization/birch/person?id={user_id}" for user_id, _, _, _, _ in leavers]
    [current] = page.find_all("a", aria_current="true")
    assert current.text == f"People who leave {len(leavers)}"
    assert page.find_all("h1")[0].text == f"Plan {site.company.waiting} waits for a decision"


@pytest.mark.parametrize("entity", ["user", "department"])
def test_every_line_of_a_plan_is_there(site: Site, entity: str) -> None:
    company = site.company
    [(plan_id,)] = company.query("select max(plan_id) from ops.plan where tenant_id = 'acme'")
    [(summary,)] = company.query("select summary from ops.plan where plan_id = %(plan)s", {"plan": plan_id})
    assert summary[entity]
    for kind in summary[entity]:
        changes = list_changes(company, plan_id, entity, kind)
        rows = look(site, f"acme/plans/{plan_id}?entity={entity}&kind={kind}").rows
        assert [row[0] for row in rows] == [shown(name, key) for key, name, _, _, _ in changes]
        assert [row[1] for row in rows] == [shown(path or "") for _, _, path, _, _ in changes]


def test_lines_are_turned_without_losing_or_repeating_any(site: Site) -> None:
    [(plan_id,)] = site.company.query("select min(plan_id) from ops.plan where tenant_id = 'acme'")
    joined = list_changes(site.company, plan_id, "user", "joined")
    assert len(joined) > 2 * LINES_ON_A_PAGE
    found, path = [], f"acme/plans/{plan_id}?entity=user&kind=joined"
    while path:
        page = look(site, path)
        found += [row[0] for row in page.rows]
        turns = [each.attributes["href"] for each in page.find_all("a", rel="next")]
        path = turns[0].removeprefix("/organization/") if turns else ""
    assert found == [shown(name, user_id) for user_id, name, _, _, _ in joined]


def test_people_of_several_changed_columns_are_turned_by_column(site: Site) -> None:
    """The next page begins within one person where the page before ended there."""
    company = site.company
    [(plan_id, user_id)] = company.query(
        """
        select plan_id, min(user_id) from ops.plan_change
        where kind = 'updated' and entity = 'user' group by 1 order by count(*) desc limit 1
        """
    )
    columns = company.query(
        "select column_name from ops.plan_change where plan_id = %(p)s and user_id = %(u)s and kind = 'updated' order by 1",
        {"p": plan_id, "u": user_id},
    )
    [(tenant_id,)] = company.query("select tenant_id from ops.plan where plan_id = %(p)s", {"p": plan_id})
    rows = look(site, f"{tenant_id}/plans/{plan_id}?entity=user&kind=updated&after={user_id}&after_column=").rows
    assert len([row for row in rows if row[0].endswith(f" {user_id}")]) == len(columns)
    after_all = f"{tenant_id}/plans/{plan_id}?entity=user&kind=updated&after={user_id}&after_column={columns[-1][0]}"
    assert not [row for row in look(site, after_all).rows if row[0].endswith(f" {user_id}")]


def test_moved_person_is_shown_with_the_names_of_departments(site: Site) -> None:
    company = site.company
    [(plan_id, tenant_id, names_from, names_to)] = company.query(
        """
        select plan_id, tenant_id, names_from, names_to from ops.plan_change join ops.plan using (plan_id)
        where kind = 'moved' and entity = 'user' and names_from is not null and names_to is not null order by 1 desc, user_id limit 1
        """
    )
    row = look(site, f"{tenant_id}/plans/{plan_id}?entity=user&kind=moved").rows[0]
    assert row[2:] == [shown(names_from), shown(names_to)]


def test_personal_values_are_masked_for_everybody(site: Site) -> None:
    company = site.company
    company.query(
        """
        insert into ops.plan_change (plan_id, kind, entity, user_id, column_name, value_from, value_to, name)
        values (%(plan)s, 'updated', 'user', '!masked', 'mobile', '13800000001', '13800000002', '<b>"A&B"</b>')
        """,
        {"plan": company.waiting},
    )
    try:
        text = site.get(f"birch/plans/{company.waiting}?entity=user&kind=updated", "eva").text
    finally:
        company.query("delete from ops.plan_change where user_id = '!masked'")
    assert "1380000000" not in text
    [row] = [row for row in read_markup(text).rows if "!masked" in row[0]]
    assert row == ['<b>"A&B"</b> !masked', "", "Mobile", "***", "***"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("birch/plans/1", 404),  # of acme
        ("birch/plans/99999", 404),
        ("birch/plans/0", 422),
        ("birch/plans/9999999999999999999999", 422),
        ("birch/plans/x", 422),
        ("birch/plans?before=x", 422),
        ("birch/plans/{waiting}?entity=membership", 422),
        ("birch/plans/{waiting}?after=%00", 400),
        ("birch/plans/{waiting}?after=%ED%A0%80", 200),
        ("birch/plans/{waiting}?kind=nonsense", 200),
        ("nowhere/plans", 404),
    ],
)
def test_addresses_that_lead_nowhere_say_so(site: Site, path: str, status: int) -> None:
    assert site.get(path.format(waiting=site.company.waiting)).status_code == status


def test_viewer_reads_and_nobody_else_is_told_that_there_is_a_plan(site: Site) -> None:
    path = f"birch/plans/{site.company.waiting}"
    assert site.get(path, "vic").status_code == 200
    assert site.get(path, "noa").status_code == 404
    assert site.get(path, None).status_code == 401
    assert site.get("birch/plans", "noa").status_code == 404


@pytest.mark.parametrize(("user", "buttons"), [("vic", 0), ("uma", 2), ("olaf", 2), ("eva", 2)])
def test_buttons_are_for_whoever_may_answer(site: Site, user: str, buttons: int) -> None:
    page = look(site, f"birch/plans/{site.company.waiting}", user)
    assert len(page.find_all("button", data_opens=True)) == buttons
    assert ("Whoever may edit the runs of the DAG org_sync_birch may decide" in page.text) == (user == "vic")


def test_where_approvers_are_named_others_are_told_who(site: Site, approvers: Any) -> None:
    approvers("olaf", "wang.fang")
    path = f"birch/plans/{site.company.waiting}"
    assert len(look(site, path, "olaf").find_all("button", data_opens=True)) == 2
    for user in ("uma", "eva", "vic"):
        page = look(site, path, user)
        assert not page.find_all("button", data_opens=True)
        assert "These users of Airflow may decide about it: olaf, wang.fang." in page.text


@pytest.mark.parametrize("changed", ["run_type = 'cli'", "outcome = 'stopped'"])
def test_plan_for_which_no_task_waits_shows_the_command(site: Site, run_id: str, changed: str) -> None:
    company = site.company
    [before] = company.query("select run_type, outcome from ops.sync_run where tenant_id = 'birch' and run_id = %(run)s", {"run": run_id})
    company.query(f"update ops.sync_run set {changed} where tenant_id = 'birch' and run_id = %(run)s", {"run": run_id})
    try:
        page = look(site, f"birch/plans/{company.waiting}", "uma")
    finally:
        values = {"run": run_id, "type": before[0], "outcome": before[1]}
        company.query(
            "update ops.sync_run set run_type = %(type)s, outcome = %(outcome)s where run_id = %(run)s and tenant_id = 'birch'", values
        )
    assert not page.find_all("button", data_opens=True)
    assert f"orgsync sync birch --approve {company.waiting}" in [each.text for each in page.find_all("code")]


def test_plan_that_is_applied_asks_nothing(site: Site) -> None:
    [(plan_id,)] = site.company.query("select max(plan_id) from ops.plan where tenant_id = 'acme'")
    page = look(site, f"acme/plans/{plan_id}", "eva")
    assert not page.find_all("button")
    assert not page.find_all("dialog")


def test_retraction_tells_counts_of_what_was_taken_back(site: Site) -> None:
    company = site.company
    [(plan_id,)] = company.query(
        """
        insert into ops.plan (tenant_id, snapshot_id, taken_at, state, is_retraction, summary)
        select tenant_id, snapshot_id, taken_at, 'applied', true, '{"user": {"left": 7}}' from ops.plan where tenant_id = 'acme' limit 1
        returning plan_id
        """
    )
    try:
        page = look(site, f"acme/plans/{plan_id}")
        row = look(site, "acme/plans").rows[0]
    finally:
        company.query("delete from ops.plan where plan_id = %(plan)s", {"plan": plan_id})
    assert "took its snapshot out of history" in page.text
    assert "People who leave 7" in page.text
    assert not page.rows
    assert row[2] == "applied takes a snapshot out"


# From here on the question is asked of Airflow's own API, whose task is put into its database by hand.


def find_answer(site: Site, run_id: str, user: str = "eva") -> dict[str, Any]:
    path = f"/api/v2/dags/org_sync_birch/dagRuns/{quote(run_id, safe='')}/taskInstances/approve/-1/hitlDetails"
    answer = requests.get(f"{site.url}{path}", cookies={"_token": site.tokens[user]}, timeout=60)
    assert answer.ok, answer.text
    return dict(answer.json())


def answer_plan(page: Page, name: str, *, confirmed: bool = True) -> None:
    page.locator(f"[data-opens={name}]").click()
    dialog = page.locator(f"dialog#{name}")
    expect(dialog).to_be_visible()
    dialog.locator(f"button[value={name}]" if confirmed else "button[value='']").click()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "option", "said", "shown"),
    [
        ("approve", "Approve once", "Approved. The run goes on in a moment", ENGLISH),
        ("reject", "Reject", "已驳回。运行即将结束", CHINESE),
    ],
)
def test_plan_is_decided_in_the_browser(site: Site, browser: Browser, run_id: str, name: str, option: str, said: str, shown: Look) -> None:
    put_question(site, run_id)
    with open_window(browser, site, user="uma", look=shown) as window:
        page = window.open(f"birch/plans/{site.company.waiting}")
        page.locator(f"[data-opens={name}]").click()
        dialog = page.get_by_role("dialog")
        [(leavers,)] = site.company.query(COUNT_LINES, {"plan": site.company.waiting, "entity": "user", "kind": "left"})
        expect(dialog.locator("dd").first).to_have_text(str(leavers))
        assert window.list_faults() == []
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        answer_plan(page, name, confirmed=False)
        assert not find_answer(site, run_id)["response_received"]
        answer_plan(page, name)
        expect(page.get_by_role("status")).to_contain_text(said)
        expect(page.get_by_role("status")).to_be_focused()
        expect(page.locator("[data-opens]")).to_have_count(0)
        assert window.list_faults() == []
        assert window.complaints == []
    found = find_answer(site, run_id)
    assert found["chosen_options"] == [option]
    assert found["responded_by_user"] == {"id": "uma", "name": "uma"}


def test_question_that_was_answered_meanwhile_says_by_whom(site: Site, browser: Browser, run_id: str) -> None:
    put_question(site, run_id)
    with open_window(browser, site, user="uma") as one, open_window(browser, site, user="olaf") as other:
        path = f"birch/plans/{site.company.waiting}"
        first, second = one.open(path), other.open(path)
        answer_plan(first, "reject")
        expect(first.get_by_role("status")).to_contain_text("Rejected.")
        answer_plan(second, "approve")
        expect(second.get_by_role("status")).to_contain_text("answered already")
        expect(second.get_by_role("status")).to_contain_text("uma: Reject")
        assert second.get_by_role("link", name="Show the plan as it is now").get_attribute("href") == f"/organization/{path}"
    assert find_answer(site, run_id)["chosen_options"] == ["Reject"]


def test_task_that_looks_whether_its_question_stands_is_asked_again(site: Site, browser: Browser, run_id: str) -> None:
    """Airflow then holds an answer of nobody for some seconds."""
    put_question(site, run_id, is_timed_out=True)
    with open_window(browser, site, user="uma") as window:
        page = window.open(f"birch/plans/{site.company.waiting}")
        answer_plan(page, "approve")
        expect(page.get_by_role("status")).to_contain_text("answer again in some seconds")
        put_question(site, run_id)
        answer_plan(page, "approve")
        expect(page.get_by_role("status")).to_contain_text("Approved.")


def test_whoever_the_task_does_not_ask_is_told_that_airflow_refused(site: Site, browser: Browser, run_id: str) -> None:
    """The tenants file has changed since it was asked: what counts is what Airflow holds."""
    put_question(site, run_id, approvers=["olaf"])
    with open_window(browser, site, user="uma") as window:
        page = window.open(f"birch/plans/{site.company.waiting}")
        answer_plan(page, "approve")
        expect(page.get_by_role("status")).to_contain_text("Airflow did not take your answer")
    assert not find_answer(site, run_id)["response_received"]


def test_where_no_task_asks_any_more_it_says_so(site: Site, browser: Browser) -> None:
    put_question(site, "manual__another_run")
    with open_window(browser, site, user="uma") as window:
        page = window.open(f"birch/plans/{site.company.waiting}")
        answer_plan(page, "approve")
        expect(page.get_by_role("status")).to_contain_text(f"orgsync sync birch --approve {site.company.waiting} applies it")


def test_session_that_ended_decides_nothing(site: Site, browser: Browser, run_id: str) -> None:
    put_question(site, run_id)
    with open_window(browser, site, user="uma") as window:
        page = window.open(f"birch/plans/{site.company.waiting}")
        page.context.clear_cookies()
        answer_plan(page, "approve")
        expect(page.get_by_role("status")).to_contain_text("Your session has ended")
    assert not find_answer(site, run_id)["response_received"]


def test_airflow_out_of_reach_is_said(site: Site, browser: Browser, run_id: str) -> None:
    put_question(site, run_id)
    with open_window(browser, site, user="uma") as window:
        page = window.open(f"birch/plans/{site.company.waiting}")
        page.route("**/hitlDetails", lambda route: route.abort())
        answer_plan(page, "approve")
        expect(page.get_by_role("status")).to_contain_text("Airflow could not be reached")
        page.unroute("**/hitlDetails")
        answer_plan(page, "approve")
        expect(page.get_by_role("status")).to_contain_text("Approved.")


def test_viewer_cannot_answer_past_the_page(site: Site, run_id: str) -> None:
    put_question(site, run_id)
    path = f"/api/v2/dags/org_sync_birch/dagRuns/{quote(run_id, safe='')}/taskInstances/approve/-1/hitlDetails"
    body = {"chosen_options": ["Approve once"], "params_input": {}}
    answer = requests.patch(f"{site.url}{path}", json=body, cookies={"_token": site.tokens["vic"]}, timeout=60)
    assert answer.status_code == 403
    assert not find_answer(site, run_id)["response_received"]
