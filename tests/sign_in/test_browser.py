"""Signing in as a person does it: in a browser, by a button, on the platform's page, and back; within a client without a question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.sign_in.office import PLATFORMS, Office
from tests.sign_in.test_sign_in import EVERYBODY, someone

TITLES = {"acme": "DingTalk", "birch": "WeCom", "cedar": "Feishu"}
AGENTS = {"acme": "Mozilla/5.0 DingTalk/7.6", "birch": "Mozilla/5.0 wxwork/4.1", "cedar": "Mozilla/5.0 Lark/7.2"}

DD = "Object.defineProperty(window, 'dd', {{get: () => ({{requestAuthCode: (asked) => {does}}}), set: () => {{}}}});"
"""In the place of DingTalk's client, which no test has."""


@pytest.fixture(autouse=True)
def everybody_may_look(office: Office) -> None:
    if (office.folder / "access.yaml").read_text() != EVERYBODY:
        office.rule(EVERYBODY)


@contextmanager
def window(chromium: Browser, office: Office, **options: object) -> Iterator[Page]:
    context = chromium.new_context(base_url=office.url, **options)  # type: ignore[arg-type]
    try:
        yield context.new_page()
    finally:
        context.close()


@pytest.mark.parametrize("tenant_id", PLATFORMS)
def test_from_the_page_asked_for_over_the_platform_s_and_back(chromium: Browser, office: Office, tenant_id: str) -> None:
    user = someone(office, tenant_id)
    with window(chromium, office, locale="en-GB") as page:
        page.goto(f"/plugin/organization/organization/{tenant_id}/tree")
        page.get_by_role("link", name=f"Sign in with {TITLES[tenant_id]}").click()
        page.locator(f'button[name="sandbox_user"][value="{user}"]').click()
        page.wait_for_url(f"{office.url}/plugin/organization/organization/{tenant_id}/tree")
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("link", name="Departments")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("tenant_id", PLATFORMS)
def test_a_stranger_reads_why_not(chromium: Browser, office: Office, tenant_id: str) -> None:
    with window(chromium, office, locale="zh-CN") as page:
        page.goto("/auth/organization/login")
        page.locator(f'a[href*="tenant={tenant_id}"]').click()
        page.locator('button[name="sandbox_user"][value="stranger"]').click()
        expect(page.get_by_text("您不是该组织的成员。")).to_be_visible()
        page.get_by_role("link", name="重新登录").click()
        expect(page.get_by_role("heading", name="登录")).to_be_visible()


@pytest.mark.parametrize("tenant_id", PLATFORMS)
def test_within_a_client_the_page_goes_on_by_itself(chromium: Browser, office: Office, tenant_id: str) -> None:
    user, platform = someone(office, tenant_id), PLATFORMS[tenant_id]
    office.sandbox.control("PUT", f"{platform}/settings", {"client_user": user})
    with window(chromium, office, user_agent=AGENTS[tenant_id], viewport={"width": 390, "height": 844}) as page:
        if tenant_id == "acme":
            # What DingTalk's client puts behind its library; the library itself is ours to serve and runs here too.
            code = office.sandbox.control("POST", "dingtalk/codes", {"kind": "in_client"})["code"]
            page.add_init_script(DD.format(does=f"asked.corpId === 'dingsandbox' ? asked.onSuccess({{code: '{code}'}}) : asked.onFail()"))
        page.goto(f"/auth/organization/login?next=/organization/{tenant_id}/tree")
        # WeCom's address ends with a fragment, which a browser takes along over all redirects.
        page.wait_for_url(lambda url: url.partition("#")[0] == f"{office.url}/organization/{tenant_id}/tree")


def test_where_the_client_does_not_answer_there_is_the_code_to_scan(chromium: Browser, office: Office) -> None:
    with window(chromium, office, user_agent=AGENTS["acme"], locale="en-GB") as page:
        page.add_init_script(
            "Object.defineProperty(window, 'dd', {get: () => ({requestAuthCode: (asked) => asked.onFail()}), set: () => {}});"
        )
        page.goto("/auth/organization/login")
        expect(page.get_by_text("The client did not answer.")).to_be_visible()
        page.get_by_role("link", name="Sign in again").click()
        expect(page.get_by_role("link", name="Sign in with DingTalk")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_asks_nobody_else(chromium: Browser, office: Office, scheme: str) -> None:
    with window(chromium, office, color_scheme=scheme, viewport={"width": 390, "height": 844}) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto("/auth/organization/login")
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
