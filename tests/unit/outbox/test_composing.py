"""What is asked for becomes one message, or an error that names what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orgsync.errors import ConfigurationError
from orgsync.outbox.composing import compose, compose_content
from orgsync.outbox.queueing import Audience, Message
from orgsync.platforms import load_platform
from orgsync.platforms.sending.messages import Content
from orgsync.settings import Settings
from orgsync.tenants import Tenant

SHANGHAI = ZoneInfo("Asia/Shanghai")
TENANT = Tenant(id="acme", platform="wecom", conn_id="acme_wecom")
TEMPLATE = """\
kind: todo
title: "Approve {{ what }}"
url: "https://example.com/{{ what }}"
due_at: "{{ due }}"
variables: {what: what, due: until when}
platforms:
  wecom: {body: "on WeCom"}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "approve.yaml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "said.yaml").write_text('kind: markdown\nbody: "**{{ who }}**"\nvariables: {who: who}\n', encoding="utf-8")
    return Settings(tenants_file=tmp_path / "none", landing_zone="file:///none", report_folder=tmp_path, templates_folder=tmp_path)


def test_all_that_is_asked_for_is_in_the_message(settings: Settings) -> None:
    message = compose(
        settings,
        TENANT,
        kind="todo",
        title="Report",
        body="of the week",
        url="https://example.com/",
        due_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
        users=["anna"],
        departments=["1", "2"],
        query="managers",
        priority=9,
        not_before="2026-02-01T08:00:00+00:00",
        expires_at="2026-03-02T08:00",
        dedupe_key="report",
        source="a test",
    )
    assert message == Message(
        content=Content("todo", "Report", "of the week", "https://example.com/", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        audience=Audience(users=("anna",), departments=("1", "2"), query="managers"),
        priority=9,
        not_before=datetime(2026, 2, 1, 8, tzinfo=UTC),
        expires_at=datetime(2026, 3, 2, 8, tzinfo=SHANGHAI),
        dedupe_key="report",
        source="a test",
    )


def test_what_a_form_leaves_empty_is_not_there(settings: Settings) -> None:
    """A form gives null, an empty text or an empty list for a field that nobody filled."""
    empty: dict[str, Any] = {"kind": None, "body": "", "url": None, "due_at": None, "template": "", "variables": {}, "query": ""}
    empty |= {"users": [], "departments": None, "not_before": "", "expires_at": None, "dedupe_key": ""}
    assert compose(settings, TENANT, title="Hello", everyone=True, **empty) == Message(Content("text", "Hello"), Audience(everyone=True))


def test_template_is_rendered_for_the_platform_and_the_zone_of_the_tenant(settings: Settings) -> None:
    content = compose_content(settings, TENANT, template="approve", variables={"what": "a/b", "due": "2026-03-01"})
    due = datetime(2026, 3, 1, 23, 59, tzinfo=SHANGHAI)
    assert content == Content("todo", "Approve a/b", "on WeCom", "https://example.com/a%2Fb", due)


def test_what_a_template_inserts_is_escaped_for_the_platform(settings: Settings) -> None:
    content = compose_content(settings, TENANT, template="said", variables={"who": "*x* <@all>"})
    assert content.body == f"**{load_platform('wecom').escape_markdown('*x* <@all>')}**"
    assert "<@all>" not in content.body


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("not_before", "2026-03-01", datetime(2026, 3, 1, tzinfo=SHANGHAI)),
        ("expires_at", "2026-03-01", datetime(2026, 3, 1, 23, 59, tzinfo=SHANGHAI)),
        ("expires_at", "2026-03-01 18:30", datetime(2026, 3, 1, 18, 30, tzinfo=SHANGHAI)),
        ("not_before", "2026-03-01T18:30Z", datetime(2026, 3, 1, 18, 30, tzinfo=UTC)),
    ],
)
def test_instants_are_read_in_the_zone_of_the_tenant(settings: Settings, field: str, text: str, expected: datetime) -> None:
    message = compose(settings, TENANT, title="Hello", everyone=True, **{field: text})
    assert getattr(message, field) == expected


def test_blank_lines_among_ids_are_left_out(settings: Settings) -> None:
    assert compose(settings, TENANT, title="Hello", users=[" anna ", "", " "]).audience == Audience(users=("anna",))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"template": "approve", "title": "Hello", "kind": "todo"}, "template 'approve' and kind, title exclude each other"),
        ({"template": "approve", "variables": {"what": "x"}}, "needs the variable 'due'"),
        ({"template": "nothing"}, "there are: approve, said"),
        ({"template": "said", "variables": ["who"]}, "variables of template 'said' are names with values"),
        ({"title": "x", "variables": {"what": "x"}}, "variables are a template's"),
        ({"title": "x", "kind": "letter"}, "kind 'letter' is not one of text, markdown"),
        ({"title": "x", "kind": "card", "due_at": "2026-03-01"}, "due_at is a todo's"),
        ({"title": "x", "kind": "todo", "due_at": "tomorrow"}, "due_at 'tomorrow' is no date"),
        ({"title": "x", "not_before": "soon"}, "not_before 'soon' is no date"),
        ({"title": "x", "users": ["anna"]}, "everyone and users exclude each other"),
        ({"title": "x", "everyone": "false"}, "everyone is true or false, and not 'false'"),
        ({"title": "x", "everyone": False}, "nobody is named"),
        ({"title": "x", "everyone": False, "users": [" "]}, "nobody is named"),
        ({"title": "x", "everyone": False, "users": "anna"}, "users is a list"),
        ({"title": "x", "everyone": False, "departments": [1]}, "departments is a list"),
        ({"title": "x", "priority": 10}, "priority 10 is not a number from 0 to 9"),
        ({"title": "x", "priority": "high"}, "priority 'high' is not a number"),
        ({"title": "x", "priority": True}, "priority True is not a number"),
    ],
)
def test_what_is_wrong_is_named(settings: Settings, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compose(settings, TENANT, **({"everyone": True} | wrong))
    assert told in str(caught.value)
