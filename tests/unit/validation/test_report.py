"""The page of a snapshot: valid, escaped, capped, and without anybody's data."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from orgsync.frames import TidySet
from orgsync.manifest import Manifest
from orgsync.validation.quarantine import judge
from orgsync.validation.report import MOST_ROWS_SHOWN, describe_verdict, render_report
from tests.unit.validation.company import SOUND_DEPARTMENTS, SOUND_MEMBERSHIPS, SOUND_USERS, company, department, membership, user

TAKEN_AT = datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC)
MANIFEST = Manifest(
    snapshot_id="acme/20261101T020304.000000Z",
    tenant_id="acme",
    platform="dingtalk",
    mode="full",
    taken_at=TAKEN_AT,
    finished_at=TAKEN_AT,
    is_complete=True,
    problems=(),
    calls={},
    visible_range={},
    platform_counts={},
    files={},
)
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Refuses tags that do not close each other; keeps which tags and which texts there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def render(tidy: TidySet) -> Page:
    return Page(render_report(MANIFEST, describe_verdict(judge(tidy))))


def test_page_says_which_snapshot_it_is_about() -> None:
    text = render(company()).text
    for part in ("Validation of acme", MANIFEST.snapshot_id, "dingtalk", "full read", "2026-11-01 02:03:04 UTC"):
        assert part in text


def test_page_without_findings_says_so() -> None:
    page = render(company())
    assert "None: every row is good." in page.text
    assert "✗" not in page.text
    assert "says nothing about" not in page.text
    assert "details" not in page.tags


def test_page_of_an_empty_company_is_whole() -> None:
    assert "the tables are empty" in render(company([], [], [])).text


def test_page_names_keys_rules_and_reasons() -> None:
    text = render(
        company(
            [*SOUND_DEPARTMENTS, department("4", "99")],
            [*SOUND_USERS, user("cyd", mobile="?"), user(None)],
            [*SOUND_MEMBERSHIPS, membership("cyd", "1")],
        )
    ).text
    for part in ("orphan", "its parent department is not in the snapshot", "cyd", "mobile is no phone number", "without an id", "✗"):
        assert part in text
    assert "4findings" in text.replace(" ", "")


def test_page_holds_nobodys_data() -> None:
    mine = {
        "name": "name-of-mine",
        "name_en": "english-of-mine",
        "nickname": "nick-of-mine",
        "mobile": "mobile-of-mine",
        "email": "mail-of-mine",
        "work_email": "work-of-mine",
        "telephone": "telephone-of-mine\x00",
        "title": "title-of-mine\x00",
        "avatar_url": "avatar-of-mine",
        "status": "status-of-mine",
        "gender": "gender-of-mine",
        "attributes": {"remark": "remark-of-mine\x00"},
    }
    html = render_report(MANIFEST, describe_verdict(judge(company(users=[*SOUND_USERS, user("cyd", **mine)]))))
    assert "cyd" in html
    assert "of-mine" not in html
    for known in ("13800000000", "ann@example.com", "bob@example.com", "员工", "部门 "):
        assert known not in html


def test_page_escapes_what_the_platform_says() -> None:
    attack = "<script>alert('x')</script>"
    tidy = company([*SOUND_DEPARTMENTS, department(attack, "99")], [*SOUND_USERS, user(f'"{attack}&', status="?")])
    unobserved = {"user": frozenset({"<b>mobile</b>"})}
    html = render_report(MANIFEST, describe_verdict(judge(TidySet(tidy.departments, tidy.users, tidy.memberships, unobserved, unobserved))))
    assert attack not in html
    assert "<b>mobile</b>" not in html
    page = Page(html)
    assert "script" not in page.tags
    assert attack in page.text


def test_rule_that_many_rows_broke_is_capped_and_hides_no_other() -> None:
    tidy = company(
        users=[*SOUND_USERS, *(user(f"u{number}", status="?") for number in range(MOST_ROWS_SHOWN + 1_000)), user("zoe", email="?")]
    )
    page = render(tidy)
    assert page.text.count("u1") < MOST_ROWS_SHOWN
    assert f"The first {MOST_ROWS_SHOWN} of 1,200; all are in ops.quarantine." in page.text
    assert "zoe" in page.text
    assert page.tags.count("tr") < MOST_ROWS_SHOWN + 50


def test_page_tells_withheld_columns_from_those_not_read() -> None:
    sound = company()
    unobserved = {"user": frozenset({"mobile", "gender"}), "department": frozenset({"sort_order"})}
    text = render(TidySet(sound.departments, sound.users, sound.memberships, unobserved, {"user": frozenset({"mobile"})})).text
    assert "privacy rule): user.mobile" in text
    assert "Not part of this read: department.sort_order user.gender" in text


def test_page_loads_nothing_from_anywhere() -> None:
    html = render_report(MANIFEST, describe_verdict(judge(company())))
    assert "http" not in html
    assert "src=" not in html
    assert "url(" not in html
