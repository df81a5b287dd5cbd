"""A window of a real browser, for tests that look at pages as a person does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from orgsync.connections.site import PAGES
from stack.chromium import find_chromium, open_chromium
from tests.pages.site import Site

MISSING = "no Chromium on this machine: run bin/setup-browser, or set ORGSYNC_CHROMIUM to the program"
WIDE, NARROW = (1280, 800), (390, 844)
TOKEN, LANGUAGE = "_token", "orgsync_language"
PATHS = {TOKEN: "/", LANGUAGE: PAGES}


@dataclass(frozen=True)
class Look:
    """How somebody looks at the pages."""

    language: str = "en"
    theme: str = "light"
    size: tuple[int, int] = WIDE

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.size[0]}"


ENGLISH = Look()
CHINESE = Look("zh-CN", "dark", NARROW)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Where there is none a test is skipped, but not where all is to be tested."""
    program = find_chromium()
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with open_chromium(program) as browser:
        yield browser


@dataclass
class Window:
    """A page of the browser, and all it complained about."""

    page: Page
    site: Site
    look: Look
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Page:
        """A page of the organization; raises where the server refuses it."""
        answer = self.page.goto(f"{self.site.url}/organization/{path.lstrip('/')}")
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def list_faults(self) -> list[str]:
        """What axe-core finds, however little it is.

        The script goes in by the debugger, which the page's policy does not bind; the policy stays in force for the page.
        """
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(AXE_SCRIPT)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']}).then((found) => found.violations)")
        return [f"{fault['id']} ({fault['impact']}): {fault['help']}: {[node['target'] for node in fault['nodes']]}" for fault in found]

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@contextmanager
def open_window(
    browser: Browser, site: Site, *, user: str | None = "vic", look: Look = ENGLISH, cookie: str | None = None, **options: Any
) -> Iterator[Window]:
    """A browser of somebody who has signed in (or holds another `cookie`), with what Airflow keeps of their language and colours."""
    width, height = look.size
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", reduced_motion="reduce", **options)
    # The language too, as a page that was here before has kept it: else each would load twice.
    _keep(context, site, {TOKEN: site.tokens[user] if user else cookie, LANGUAGE: look.language})
    kept = {"i18nextLng": look.language, "theme": look.theme}
    # Once: what a test changes later stays so.
    context.add_init_script(
        f"if (origin !== 'null' && !localStorage.kept) Object.assign(localStorage, {json.dumps(kept | {'kept': 'yes'})})"
    )
    window = Window(context.new_page(), site, look)
    _listen(window)
    try:
        yield window
    finally:
        context.close()


def _keep(context: BrowserContext, site: Site, cookies: Mapping[str, str | None]) -> None:
    for name, value in cookies.items():
        if value is not None:
            context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": PATHS[name], "sameSite": "Lax"}])


def _listen(window: Window) -> None:
    """A violation of the policy is an error in the console."""
    complaints = window.complaints

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"console: {message.text}")

    def see(request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(window.site.url).netloc and not request.url.startswith(("data:", "blob:")):
            complaints.append(f"asks another host: {request.url}")

    def fail(request: Request) -> None:
        # A page that another one replaces leaves off what it was loading.
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"failed: {request.url}: {request.failure}")

    page: Any = window.page
    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("request", see)
    page.on("requestfailed", fail)
    page.on("response", lambda answer: answer.status < 400 or complaints.append(f"{answer.status}: {answer.url}"))
