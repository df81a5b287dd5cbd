"""Runs, snapshots and validation reports on pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from orgsync.landing.reports import place_report
from orgsync.pages.runs import RUNS_ON_A_PAGE
from tests.pages.browser import open_window
from tests.pages.company import Company
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site

SHOWN = "select to_char(%(at)s::timestamptz at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
"""As the pages of acme show an instant."""


def look(site: Site, path: str, user: str = "vic", **options: Any) -> Element:
    answer = site.get(path, user, **options)
    assert answer.ok, answer.text
    return read_markup(answer.text)


def pairs(page: Element) -> dict[str, str]:
    """What the lists of the page say, by their terms."""
    found: dict[str, str] = {}
    for each in page.find_all("dl"):
        found |= dict(zip((term.text for term in each.find_all("dt")), (said.text for said in each.find_all("dd")), strict=True))
    return found


@pytest.fixture
def newest(company: Company) -> dict[str, Any]:
    """Acme's newest run, as the warehouse has it."""
    names = ("run_id", "snapshot_id", "plan_id", "step_seconds", "calls", "counts")
    [row] = company.query(f"select {', '.join(names)} from ops.sync_run where tenant_id = 'acme' order by started_at desc limit 1")
    return dict(zip(names, row, strict=True))


@pytest.fixture
def odd_run(company: Company) -> Iterator[str]:
    """A run of acme that failed in its read, and was throttled."""
    company.query(
        """
        insert into ops.sync_run (tenant_id, run_id, platform, run_type, mode, outcome, error, warnings, step_seconds, started_at, calls)
        values ('acme', 'scheduled__<b>odd</b>+1', 'dingtalk', 'scheduled', 'frequent', 'failed', 'DingTalk says <no> & more',
            '{"look at the clock"}', '{"extract": 12.34}', now() + interval '1 hour',
            '{"user/list": {"expected": 9, "read": 7, "failed": 2, "retried": 3, "throttled": 4}, "gettoken": {"read": 1}}')
        """
    )
    yield "scheduled__<b>odd</b>+1"
    company.query("delete from ops.sync_run where run_id like 'scheduled__<b>%'")


def test_runs_are_listed_newest_first(site: Site) -> None:
    rows = look(site, "birch/runs").rows
    known = site.company.query("select plan_id, outcome from ops.sync_run where tenant_id = 'birch' order by started_at desc")
    assert [row[5].split(" People:")[0] for row in rows] == [f"Plan {plan_id}" for plan_id, _ in known]
    assert rows[0][1].startswith("runs, or waits for a decision")
    assert all(row[1].startswith("succeeded") for row in rows[1:])
    assert all(row[2] == "full all staff manual" for row in rows)


def test_run_that_failed_says_why_and_how_often_it_was_throttled(site: Site, odd_run: str) -> None:
    page = look(site, "acme/runs")
    row = page.rows[0]
    assert row[1] == "failed DingTalk says <no> & more Warnings: 1 look at the clock"
    assert row[2:] == ["frequent scheduled", "12.3 s", "11 4 throttled", ""]
    [link] = page.find_all("tbody")[0].find_all("tr")[0].find_all("a")
    run = look(site, link.attributes["href"].removeprefix("/organization/"))
    assert run.find_all("p", class_="error")[0].text == "DingTalk says <no> & more"
    assert ["user/list", "9", "7", "3", "4", "2"] in run.rows
    assert ["gettoken", "0", "1", "0", "0", "0"] in run.rows
    assert pairs(run)["Id"] == f"{odd_run} scheduled"
    assert "Snapshot" not in [each.text for each in run.find_all("h2")]


def test_runs_are_turned_without_losing_or_repeating_any(site: Site) -> None:
    company = site.company
    company.query(
        """
        insert into ops.sync_run (tenant_id, run_id, platform, run_type, started_at)
        select 'acme', 'many__' || number, 'dingtalk', 'scheduled', now() - interval '1 day' * (number / 3)
        from generate_series(1, 70) as number
        """
    )
    try:
        known = company.query("select run_id from ops.sync_run where tenant_id = 'acme' order by started_at desc, run_id desc")
        found, path = [], "acme/runs"
        while path:
            page = look(site, path)
            links = [row.find_all("a")[0].attributes["href"] for row in page.find_all("tbody")[0].find_all("tr")]
            assert len(links) <= RUNS_ON_A_PAGE
            found += links
            turns = [each.attributes["href"] for each in page.find_all("a", rel="next")]
            path = turns[0].removeprefix("/organization/") if turns else ""
    finally:
        company.query("delete from ops.sync_run where run_id like 'many__%'")
    assert found == [f"/organization/acme/run?id={quote(run_id, safe='')}" for (run_id,) in known]


def test_run_tells_steps_calls_and_its_snapshot(site: Site, newest: dict[str, Any]) -> None:
    page = look(site, f"acme/run?id={quote(newest['run_id'])}")
    said = pairs(page)
    seconds = newest["step_seconds"]
    assert [row[0] for row in page.find_all("table")[0].rows] == ["read", "compare with the last read", "validate", "plan", "merge"]
    assert ["plan", f"{seconds['plan']:.1f} s", ""] in page.rows
    for interface, count in newest["calls"].items():
        assert [interface, *(str(count[name]) for name in ("expected", "read", "retried", "throttled", "failed"))] in page.rows
    assert said["People"] == str(newest["counts"]["users"])
    assert said["Rows of history written"] == str(newest["counts"]["history_rows"])
    assert said["What changes"].startswith(f"Plan {newest['plan_id']} applied People:")
    assert said["Id"] == newest["snapshot_id"]  # the second list's
    assert said["State"] == "part of history"
    assert said["Complete"] == "yes"
    assert said["Visible range"].startswith("the whole organization")
    assert page.link(f"Plan {newest['plan_id']}") == f"/organization/acme/plans/{newest['plan_id']}"


def test_run_of_a_command_that_approved_shows_the_snapshot_of_its_plan(site: Site, newest: dict[str, Any]) -> None:
    company = site.company
    company.query(
        "insert into ops.sync_run (tenant_id, run_id, platform, run_type, plan_id) values ('acme', 'cli__x', 'dingtalk', 'cli', %(plan)s)",
        {"plan": newest["plan_id"]},
    )
    try:
        assert pairs(look(site, "acme/run?id=cli__x"))["Id"] == newest["snapshot_id"]
    finally:
        company.query("delete from ops.sync_run where run_id = 'cli__x'")


def test_withheld_fields_say_since_when(site: Site, newest: dict[str, Any]) -> None:
    """Without a break until this run: what was shown in between does not count, nor what later ones did."""
    company = site.company
    days = [row[0] for row in company.query("select taken_at from ops.snapshot where tenant_id = 'acme' and state = 'loaded' order by 1")]
    withheld = [["user.email"], [], ["user.email"], ["user.email", "user.mobile"], ["user.email", "user.mobile"]]
    for taken_at, fields in zip(days, withheld, strict=True):
        company.query(
            "update ops.snapshot set withheld_fields = %(fields)s where tenant_id = 'acme' and taken_at = %(at)s",
            {"fields": fields, "at": taken_at},
        )
    company.query("update ops.plan set withheld_fields = '{user.email,user.mobile}' where plan_id = %(plan)s", {"plan": newest["plan_id"]})
    try:
        said = pairs(look(site, f"acme/run?id={quote(newest['run_id'])}"))["Withheld by the platform"]
    finally:
        company.query("update ops.snapshot set withheld_fields = '{}' where tenant_id = 'acme'")
        company.query("update ops.plan set withheld_fields = '{}' where tenant_id = 'acme'")
    shown = [f"{company.query(SHOWN, {'at': days[number]})[0][0]}" for number in (2, 3)]
    assert said == f"user.email since {shown[0]} user.mobile since {shown[1]} The last known values stay."


def test_long_visible_range_is_shown_in_part(site: Site, newest: dict[str, Any]) -> None:
    company = site.company
    [(before,)] = company.query("select visible_range::text from ops.snapshot where snapshot_id = %(id)s", {"id": newest["snapshot_id"]})
    company.query(
        """
        update ops.snapshot set
            sees_whole = false, is_complete = false, problems = '{"one list was short"}', visible_range = jsonb_build_object(
            'tops', '[]'::jsonb, 'users', (select jsonb_agg('u' || number) from generate_series(1, 5000) as number)
        )
        where snapshot_id = %(id)s
        """,
        {"id": newest["snapshot_id"]},
    )
    try:
        answer = site.get(f"acme/run?id={quote(newest['run_id'])}")
    finally:
        company.query(
            """
            update ops.snapshot set sees_whole = true, is_complete = true, problems = '{}', visible_range = %(range)s
            where snapshot_id = %(id)s
            """,
            {"id": newest["snapshot_id"], "range": before},
        )
    said = pairs(read_markup(answer.text))
    assert said["Visible range"].startswith("a part of the organization")
    assert "5,000 people of their own: u1 u2" in said["Visible range"]
    assert "u11" not in said["Visible range"]
    assert said["Complete"] == "no: nobody is taken to have left by it one list was short"
    assert len(answer.content) < 100_000


def test_report_is_served_as_it_was_written_without_script(site: Site, newest: dict[str, Any], browser: Browser) -> None:
    page = look(site, f"acme/run?id={quote(newest['run_id'])}")
    link = page.link("What validation found")
    answer = site.get(link.removeprefix("/organization/"))
    assert answer.text == place_report(site.company.settings.report_folder, newest["snapshot_id"]).read_text(encoding="utf-8")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    with open_window(browser, site) as window:
        shown = window.open(link.removeprefix("/organization/"))
        expect(shown.locator("h1")).to_have_text("Validation of acme")
        assert shown.locator(".cards").evaluate("each => getComputedStyle(each).display") == "flex"
        assert window.complaints == []


def test_report_holds_no_persons_data(site: Site, newest: dict[str, Any]) -> None:
    text = site.get(f"acme/report?snapshot={newest['snapshot_id']}").text
    names = [row[0] for row in site.company.query("select name from org.users where tenant_id = 'acme' and length(name) > 1")]
    assert len(names) > 100
    assert not [name for name in names if name in text]


def test_report_that_is_not_there_is_said_in_words(site: Site, newest: dict[str, Any]) -> None:
    path = place_report(site.company.settings.report_folder, newest["snapshot_id"])
    path.rename(path.with_suffix(".away"))
    try:
        answer = site.get(f"acme/report?snapshot={newest['snapshot_id']}")
        page = look(site, f"acme/run?id={quote(newest['run_id'])}")
    finally:
        path.with_suffix(".away").rename(path)
    assert answer.status_code == 404
    assert "There is no page about the read of" in read_markup(answer.text).text
    assert "What validation found" not in page.text


def test_report_outside_of_the_folder_is_never_served(site: Site) -> None:
    """Even where the warehouse knows a snapshot of such a name."""
    company = site.company
    secret = company.settings.report_folder.parent / "secret.html"
    secret.write_text("secret", encoding="utf-8")
    for name in ("../secret", "acme/../../secret", str(secret.with_suffix(""))):
        company.query(
            """
            insert into ops.snapshot (snapshot_id, tenant_id, platform, mode, taken_at, uri, state)
            values (%(id)s, 'acme', 'dingtalk', 'full', '1999-01-01', '', 'landed')
            """,
            {"id": name},
        )
        try:
            answer = site.get("acme/report", params={"snapshot": name})
        finally:
            company.query("delete from ops.snapshot where snapshot_id = %(id)s", {"id": name})
        assert answer.status_code == 404
        assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("birch/report?snapshot={snapshot}", 404),  # of acme
        ("acme/report?snapshot=../../../etc/passwd", 404),
        ("acme/report?snapshot=acme%2F%00", 400),
        ("acme/report", 422),
        ("acme/run", 422),
        ("acme/run?id=nothing", 404),
        ("birch/run?id={acme}", 404),
        ("acme/run?id=%00", 400),
        ("acme/run?id=%ED%A0%80", 404),
        ("acme/runs?before=%00", 400),
        ("acme/runs?before=nothing", 200),
        ("nowhere/runs", 404),
    ],
)
def test_addresses_that_lead_nowhere_say_so(site: Site, odd_run: str, newest: dict[str, Any], path: str, status: int) -> None:
    assert site.get(path.format(snapshot=newest["snapshot_id"], acme=quote(odd_run, safe=""))).status_code == status


@pytest.mark.parametrize("page", ["runs", "run?id={run_id}", "report?snapshot={snapshot_id}"])
def test_runs_are_for_whoever_may_see_the_tenant(site: Site, newest: dict[str, Any], page: str) -> None:
    path = "acme/" + page.format(run_id=quote(newest["run_id"]), snapshot_id=newest["snapshot_id"])
    assert site.get(path, "vic").status_code == 200
    assert site.get(path, "noa").status_code == 404
    assert site.get(path, None).status_code == 401
