"""The pages in a real browser, as somebody sees and uses them, alone and inside Airflow's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from orgsync.connections.site import address_page
from orgsync.pages.app import build_app
from tests.pages.addresses import ADDRESSES, find_day, list_departments
from tests.pages.browser import CHINESE, ENGLISH, LANGUAGE, Look, Window, open_window
from tests.pages.company import ACME, Company
from tests.pages.site import Site

NO_PAGES = {"/static/{name}", "/{tenant_id}/report", "/{tenant_id}/changes.csv"}
FRAME_WARNING = "console: An iframe which has both allow-scripts and allow-same-origin for its sandbox attribute can escape its sandboxing."
"""What Chromium says about the frame that Airflow makes."""

COUNT_PEOPLE = """
    with recursive
    there as (select department_id, parent_id from org.department_history where tenant_id = 'acme' and {at}),
    below as (
        select department_id as top, department_id from there
        union
        select below.top, there.department_id from below join there on there.parent_id = below.department_id
    )
    select below.top, count(distinct membership.user_id)
    from below
    join (select user_id, department_id from org.membership_history where tenant_id = 'acme' and {at}) as membership using (department_id)
    group by below.top
""".format(at="valid_from <= %(at)s and (valid_to is null or valid_to > %(at)s)")
"""Of each department and all below it, from the memberships themselves."""
LIST_DEPARTMENTS = """
    select department_id, parent_id, name from org.department_history
    where tenant_id = 'acme' and valid_from <= %(at)s and (valid_to is null or valid_to > %(at)s)
"""


def test_each_page_is_looked_at(company: Company) -> None:
    routes = {route.path for route in build_app(company.settings).routes if "GET" in route.methods}  # type: ignore[attr-defined]
    assert routes - NO_PAGES == {address.route for address in ADDRESSES.values()}


@pytest.fixture(scope="module", params=[ENGLISH, CHINESE], ids=str)
def window_to_all(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Window]:
    """One for all pages, with axe-core in each: to open one takes longer than to look at a page."""
    with open_window(browser, site, user="eva", look=request.param) as window:
        window.page.add_init_script(AXE_SCRIPT)
        yield window


@pytest.mark.parametrize("name", ADDRESSES)
def test_page_is_whole_and_open_to_everybody(name: str, window_to_all: Window, site: Site) -> None:
    window, page, look = window_to_all, window_to_all.page, window_to_all.look
    page.goto("about:blank")  # what differs by its fragment alone would not be loaded anew
    window.complaints.clear()
    window.open(ADDRESSES[name].find(site.company))
    expect(page.locator("html")).to_have_attribute("lang", look.language)
    assert page.locator("html").get_attribute("data-theme") == look.theme
    assert page.locator("h1").count() == 1
    assert page.title()
    expect(page.locator(".top [aria-current]")).to_be_in_viewport()
    assert window.overflow == 0
    assert window.list_faults() == []
    assert window.complaints == []


def test_language_and_colours_follow_airflow_as_they_change(browser: Browser, site: Site) -> None:
    with open_window(browser, site) as window:
        page = window.open("acme/tree")
        beside = page.context.new_page()  # what another document keeps, the page hears of
        beside.goto(f"{site.url}/organization/static/people.svg")
        for language, said in (("zh-CN", "部门"), ("en", "Departments"), ("zh-TW", "部门"), ("fr", "Departments")):
            keep(beside, "i18nextLng", language)
            expect(page.locator("h1")).to_have_text(said)
        light = ground(page)
        keep(beside, "theme", "dark")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert ground(page) != light
        keep(beside, "theme", "system")
        expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
        assert ground(page) == light
        page.emulate_media(color_scheme="dark")
        assert ground(page) != light
        assert window.complaints == []


def test_page_that_cannot_keep_the_language_is_loaded_once_more_and_not_for_ever(browser: Browser, site: Site) -> None:
    with open_window(browser, site, look=CHINESE) as window:
        page, loads = window.page, []
        page.context.clear_cookies(name=LANGUAGE)
        page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)
        page.add_init_script("Object.defineProperty(Document.prototype, 'cookie', { set() {}, get: () => '' })")
        window.open("acme/tree")
        page.wait_for_timeout(500)
        assert len(loads) == 2
        expect(page.locator("html")).to_have_attribute("lang", "en")


def test_keyboard_opens_a_department_and_stays_on_it(browser: Browser, site: Site) -> None:
    with open_window(browser, site) as window:
        page = window.open("acme/tree")
        page.keyboard.press("Tab")
        assert focused(page) == "To the content"
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        reach(page, "button.fold[aria-expanded=false]")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        department = page.evaluate("document.activeElement.value")
        page.keyboard.press("Enter")
        expect(page.locator(f"button.fold[value='{department}']")).to_have_attribute("aria-expanded", "true")
        assert page.evaluate("[document.activeElement.name, document.activeElement.value]") == ["toggle", department]
        page.keyboard.press("Tab")
        chosen = focused(page)
        page.keyboard.press("Enter")
        expect(page.locator("#members h2")).to_have_text(chosen)
        assert focused(page) == chosen
        assert window.complaints == []


def test_phone_shows_the_members_of_the_department_that_was_touched(browser: Browser, site: Site) -> None:
    opened = "&".join(f"open={each}" for each in list_departments(site.company))
    with open_window(browser, site, look=CHINESE) as window:
        page = window.open(f"acme/tree?{opened}")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        page.locator("button.name").first.click()
        expect(page.locator("#members h2")).to_be_in_viewport()


def test_departments_open_and_days_are_chosen_without_script(browser: Browser, site: Site) -> None:
    day = find_day(site.company, 1)
    with open_window(browser, site, java_script_enabled=False) as window:
        page = window.open("acme/tree")
        fold = page.locator("button.fold[aria-expanded=false]").first
        department = fold.get_attribute("value")
        fold.click()
        expect(page.locator(f"button.fold[value='{department}']")).to_have_attribute("aria-expanded", "true")
        page.locator("button.name").first.click()
        expect(page.locator("#members h2")).to_have_text(page.locator("button.name").first.inner_text())
        page.get_by_label("As of").fill(day)
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text(f"As of the end of {day}")).to_be_visible()
        expect(page.locator("#members h2")).to_be_visible()


def test_day_is_chosen_and_the_counts_are_of_its_end(browser: Browser, site: Site) -> None:
    company = site.company
    day = find_day(company, 2)
    with open_window(browser, site) as window:
        page = window.open("acme/tree?" + "&".join(f"open={each}" for each in list_departments(company)))
        page.get_by_label("As of").fill(day)
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text(f"As of the end of {day}")).to_be_visible()
        counted = dict(company.query(COUNT_PEOPLE, {"at": end_of(day)}))
        names = {row[0]: row[2] for row in company.query(LIST_DEPARTMENTS, {"at": end_of(day)})}
        assert read_tree(page) == {name: (names[name], counted.get(name, 0)) for name in names}
        page.get_by_role("link", name="Back to now").click()
        expect(page.get_by_text("As of now")).to_be_visible()
        assert window.complaints == []


def test_comparison_colours_what_came_went_moved_and_was_renamed(browser: Browser, site: Site) -> None:
    company = site.company
    earlier, later = find_day(company, 0), find_day(company, 3)
    before = {row[0]: row[1:] for row in company.query(LIST_DEPARTMENTS, {"at": end_of(earlier)})}
    after = {row[0]: row[1:] for row in company.query(LIST_DEPARTMENTS, {"at": end_of(later)})}
    moved = {name for name in before.keys() & after.keys() if before[name][0] != after[name][0]}
    expected = {
        "came": after.keys() - before.keys(),
        "went": before.keys() - after.keys(),
        "moved": moved,
        "moved_out": moved,
        "renamed": {name for name in before.keys() & after.keys() if before[name][1] != after[name][1]} - moved,
    }
    assert expected["came"] or expected["moved"], "the company of the tests has to change"
    with open_window(browser, site) as window:
        opened = "&".join(f"open={each}" for each in list_departments(company))
        page = window.open(f"acme/tree?{opened}&at={later}")
        page.get_by_label("compared with").fill(earlier)
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text(f"From the end of {earlier} to {later}")).to_be_visible()
        plain = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for fate, names in expected.items():
            nodes = page.locator(f"li.{fate} > .node")
            assert {node.locator("button.name").get_attribute("value") for node in nodes.all()} == names, fate
            for node in nodes.all():
                assert node.evaluate("node => getComputedStyle(node).backgroundColor") not in (plain, "rgba(0, 0, 0, 0)")
        counts = [dict(company.query(COUNT_PEOPLE, {"at": end_of(day)})) for day in (earlier, later)]
        for name in after:
            difference = counts[1].get(name, 0) - counts[0].get(name, 0)
            said = page.locator(f"li:not(.moved_out) > .node:has(button.name[value='{name}']) b").all_inner_texts()
            assert said == ([f"{difference:+d}"] if difference else []), name


def test_airflow_has_the_pages_in_its_navigation_and_shows_them(browser: Browser, site: Site) -> None:
    with open_window(browser, site) as window:
        window.page.goto(site.url)
        window.page.get_by_role("link", name="Organization").click()
        frame = window.page.frame_locator("iframe")
        expect(frame.locator("h1")).to_have_text("Health")
        expect(frame.get_by_role("link", name="acme")).to_be_visible()
        frame.get_by_role("link", name="acme").click()
        expect(frame.locator("h1")).to_have_text("Departments")
        expect(window.page).to_have_url(address_page("acme", "tree", environ=environ_of(site)))
        assert complaints_of_the_frame(window) == []


def test_address_leads_to_a_page_of_a_day_inside_airflow_in_its_language_and_colours(browser: Browser, site: Site) -> None:
    day = find_day(site.company, 1)
    with open_window(browser, site, look=Look("zh-CN", "dark")) as window:
        window.page.goto(f"{address_page('acme', 'tree', environ=environ_of(site))}?at={day}")
        frame = window.page.frame_locator("iframe")
        expect(frame.get_by_text(f"截至 {day} 结束时")).to_be_visible()
        expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
        assert complaints_of_the_frame(window) == []


def test_frame_follows_the_colours_that_are_chosen_in_airflow(browser: Browser, site: Site) -> None:
    with open_window(browser, site) as window:
        page = window.page
        page.goto(address_page("acme", "tree", environ=environ_of(site)))
        frame = page.frame_locator("iframe")
        expect(frame.locator("html")).to_have_attribute("data-theme", "light")
        page.get_by_role("button", name="User").click()
        page.get_by_text("Appearance").hover()
        page.get_by_text("Dark").click()
        expect(frame.locator("html")).to_have_attribute("data-theme", "dark")


def test_session_that_ended_is_told_in_the_frame(browser: Browser, site: Site) -> None:
    with open_window(browser, site) as window:
        window.page.goto(address_page("acme", "tree", environ=environ_of(site)))
        frame = window.page.frame_locator("iframe")
        expect(frame.locator("h1")).to_have_text("Departments")
        window.page.context.add_cookies([{"name": "_token", "value": "of.another.time", "url": site.url, "httpOnly": True}])
        frame.locator("button.name").first.click()
        expect(frame.locator("h1")).to_have_text("Signed out")
        expect(frame.get_by_text("Reload Airflow and sign in")).to_be_visible()


def test_what_cannot_be_sent_is_said_in_its_place(browser: Browser, site: Site) -> None:
    with open_window(browser, site, user="eva") as window:
        page = window.open(f"acme/messages/{site.company.messages['sent']}")
        page.route("**/reveal", lambda route: route.abort())
        shown = page.locator("form[data-send]", has_text="Show").get_attribute("data-send")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(f"#{shown}")).to_contain_text("The server could not be reached")
        expect(page.locator(f"#{shown}")).to_be_focused()
        page.unroute("**/reveal")
        page.context.add_cookies([{"name": "_token", "value": "of.another.time", "url": site.url, "httpOnly": True}])
        page.get_by_role("button", name="Show").click()
        expect(page.locator(f"#{shown}")).to_contain_text("Your session has ended")


@pytest.mark.parametrize("look", [ENGLISH, CHINESE], ids=str)
@pytest.mark.parametrize(("path", "status"), [("nowhere/tree", 404), ("acme/tree?at=yesterday", 400), ("acme/tree?turn=-1", 422)])
def test_refusal_is_a_page_too(path: str, status: int, look: Look, browser: Browser, site: Site) -> None:
    with open_window(browser, site, look=look) as window:
        answer = window.page.goto(f"{site.url}/organization/{path}")
        assert answer
        assert answer.status == status
        expect(window.page.locator("html")).to_have_attribute("lang", look.language)
        assert window.page.locator("h1").count() == 1
        assert window.overflow == 0
        assert window.list_faults() == []


def end_of(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), ZoneInfo(ACME.timezone)) - timedelta(microseconds=1)


def read_tree(page: Page) -> dict[str, tuple[str, int]]:
    """Name and head count of each department that is shown, by its id."""
    nodes = {}
    for node in page.locator(".node").all():
        name = node.locator("button.name")
        total = int(node.locator(".count").inner_text().split()[0].replace(",", ""))
        nodes[str(name.get_attribute("value"))] = (name.inner_text(), total)
    return nodes


def reach(page: Page, selector: str) -> None:
    """By Tab alone."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def keep(page: Page, name: str, value: str) -> None:
    page.evaluate("([name, value]) => localStorage.setItem(name, value)", [name, value])


def environ_of(site: Site) -> dict[str, str]:
    return {"AIRFLOW__API__BASE_URL": site.url}


def complaints_of_the_frame(window: Window) -> list[str]:
    return [said for said in window.complaints if said != FRAME_WARNING]
