"""What is wrong, on the first page: of each organization for those who may see it, what concerns all for those who may see all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from tests.pages.browser import CHINESE, ENGLISH, Look, open_window
from tests.pages.company import Company
from tests.pages.markup import read_markup
from tests.pages.site import Site

INSERT = """
    insert into ops.problem (
        tenant_id, kind, subject, outcome, reason, reason_zh, fix, fix_zh, link, since, first_seen_at, last_seen_at, over_at
    )
    values (
        %(tenant)s, %(kind)s, '', %(outcome)s, %(reason)s, '说明：' || %(reason)s, 'mend it', '请处理', '', now(), now(), now(), %(over)s
    )
"""
HOSTILE = '<script>alert(1)</script> "&'


@pytest.fixture
def problems(company: Company) -> Iterator[None]:
    """Beside what the company has: birch's plan that waits."""
    found = [
        ("acme", "failed", "broken", f"the last run failed: {HOSTILE}", None),
        ("acme", "quarantine", "degraded", "grown", None),
        ("acme", "stale", "broken", "long over", "2026-11-01"),
        ("", "channel", "broken", "telling mail:it@example.com failed", None),
    ]
    for tenant, kind, outcome, reason, over in found:
        company.query(INSERT, {"tenant": tenant, "kind": kind, "outcome": outcome, "reason": reason, "over": over})
    yield
    company.query("delete from ops.problem where reason_zh like '说明：%%'")


def test_open_problems_are_shown_with_what_to_do(site: Site, company: Company, problems: None) -> None:
    page = read_markup(site.get("").text)
    text = page.text
    assert f"the last run failed: {HOSTILE}" in text
    assert "grown" in text
    assert "mend it" in text
    assert "long over" not in text
    assert f"plan {company.waiting} exceeds the budget and waits for approval" in text
    assert page.link("quarantine").endswith("/acme/quarantine")
    assert "<script>alert" not in site.get("").text
    assert [tile.attributes["class"] for tile in page.find_all("li", **{"class": True}) if "tile" in tile.attributes["class"]] == [
        "tile failed",
        "tile waits",
    ]


def test_what_concerns_all_is_for_those_who_may_see_all(site: Site, of_acme_alone: TestClient, problems: None) -> None:
    assert "it@example.com" in site.get("").text
    assert "it@example.com" not in site.get("", "noa").text
    alone = of_acme_alone.get("/").text
    assert "it@example.com" not in alone
    assert "grown" in alone
    assert "exceeds the budget" not in alone


@pytest.mark.parametrize("look", [ENGLISH, CHINESE], ids=["English, wide", "Chinese, on a phone"])
def test_problems_are_read_by_a_browser_without_a_fault(browser: Browser, site: Site, look: Look, problems: None) -> None:
    with open_window(browser, site, look=look) as window:
        window.open("/")
        assert (window.list_faults(), window.complaints, window.overflow) == ([], [], 0)
