"""Which changes are told, and what a template may say of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from orgsync.errors import ConfigurationError
from orgsync.outbox.change_rules import TOLD, check_template, check_variables, describe_change

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOVED = {
    "kind": "moved",
    "user_id": "u1",
    "name": "王小明",
    "department": "研发部",
    "title": "工程师",
    "changed_at": datetime(2026, 11, 27, 18, 30, tzinfo=UTC),
    "value_from": "销售部",
    "value_to": "研发部",
}


def variable(*, is_required: bool) -> SimpleNamespace:
    return SimpleNamespace(is_required=is_required)


def test_all_that_a_change_tells_is_told_in_the_tenants_time() -> None:
    assert describe_change(MOVED, SHANGHAI) == {
        "kind": "moved",
        "user_id": "u1",
        "name": "王小明",
        "department": "研发部",
        "position": "工程师",
        "joined_on": date(2026, 11, 28),
        "changed_at": datetime(2026, 11, 28, 2, 30, tzinfo=SHANGHAI),
        "value_from": "销售部",
        "value_to": "研发部",
    }
    assert describe_change(MOVED, SHANGHAI)["changed_at"].tzinfo is SHANGHAI
    assert tuple(describe_change(MOVED, SHANGHAI)) == TOLD


def test_what_is_not_known_of_a_person_is_empty_and_a_person_without_a_name_has_an_id() -> None:
    unknown = MOVED | dict.fromkeys(("name", "department", "title", "value_from", "value_to"))
    told = describe_change(unknown, SHANGHAI)
    assert told["name"] == "u1"
    assert [told[name] for name in ("department", "position", "value_from", "value_to")] == ["", "", "", ""]


def test_a_template_may_need_what_a_change_tells_and_wish_for_more() -> None:
    check_variables("welcome", {"name": variable(is_required=True), "floor": variable(is_required=False)})


def test_a_template_that_needs_more_is_refused_naming_it_and_what_there_is() -> None:
    needed = {name: variable(is_required=True) for name in ("floor", "name", "desk")}
    with pytest.raises(ConfigurationError) as refused:
        check_variables("welcome", needed)
    assert str(refused.value) == f"template 'welcome' needs floor, desk, and a change tells only {', '.join(TOLD)}"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    (tmp_path / "joined.yaml").write_text('kind: text\nbody: "{{ name }}"\nvariables: {name: who}\n', encoding="utf-8")
    (tmp_path / "welcome.yaml").write_text('kind: text\nbody: "{{ floor }}"\nvariables: {floor: where}\n', encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text("kind: poem\n", encoding="utf-8")
    return tmp_path


def test_a_template_is_tried_and_one_that_is_itself_wrong_says_so_when_it_is_used(templates: Path) -> None:
    check_template(templates, "joined")
    check_template(templates, "wrong")
    with pytest.raises(ConfigurationError, match=f"^template 'welcome' needs floor, and a change tells only {', '.join(TOLD)}$"):
        check_template(templates, "welcome")


def test_a_template_that_is_not_there_is_told_with_those_that_are(templates: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_template(templates, "farewell")
    assert str(refused.value) == f"there is no message template 'farewell' in {templates}; there are: joined, welcome, wrong"
    for file in templates.iterdir():
        file.unlink()
    with pytest.raises(ConfigurationError, match=r"; there are: none$"):
        check_template(templates, "joined")
