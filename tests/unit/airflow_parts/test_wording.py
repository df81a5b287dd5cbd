from __future__ import annotations

import re
from string import Formatter

import pytest

from orgsync.airflow_parts.approval import ask_about
from orgsync.airflow_parts.wording import CHINESE, ENGLISH, LANGUAGES, describe_field, join_languages, say
from orgsync.connections.site import address_page
from orgsync.tenants import Tenant

EXCEEDED = {"budget": "leavers", "count": 20, "total": 60, "percent": 33.3, "allowed_count": 10, "allowed_percent": 5}
EMPTIED = EXCEEDED | {"budget": "emptied_values", "column": "mobile", "per_days": 7}
DEPARTMENTS = [{"department_path": "云杉 / [研发部](http://x)\x1b", "counts": {"left": 12, "moved": 1}, "people": 13}]
PLANNED = {
    "departments": [],
    "plan_id": 42,
    "changes": {"user": {"left": 20}, "department": {}},
    "exceeded": [EXCEEDED, EMPTIED],
    "over_budget": ["…"],
}
HAN = re.compile(r"[\u4e00-\u9fff]")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_is_in_every_language() -> None:
    assert {name for name in CHINESE if not name.endswith(".title") or name == "send.title"} == set(ENGLISH)


@pytest.mark.parametrize("name", sorted(ENGLISH))
def test_languages_put_in_the_same_and_name_the_same(name: str) -> None:
    assert places(CHINESE[name]) == places(ENGLISH[name])
    code = re.compile(r"`[^`]+`|\*\*[\w ]+\*\*")
    assert set(code.findall(CHINESE[name])) - {"**计划 {plan_id}**"} == set(code.findall(ENGLISH[name])) - {"**Plan {plan_id}**"}
    assert HAN.search(CHINESE[name]) or not re.search(r"[a-z]{3}", re.sub(r"\{[^}]*\}", "", CHINESE[name]))
    assert not HAN.search(ENGLISH[name])


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "**Plan 42** exceeds",
                "* 20 of 60 (33.3 %) people would leave; without asking 10 may, or 5 %",
                "users: 20 left",
                "lose their mobile within 7 days",
            ],
        ),
        (
            "zh",
            [
                "**计划 42** 超出",
                "* 将离职的人：20 / 60（33.3%）；无需询问的上限为 10，或 5%",
                "人员：离职 20",
                "7 天内值将变为空的人（mobile）",
            ],
        ),
        ("both", ["**计划 42** 超出", "**Plan 42** exceeds", "人员：离职 20", "users: 20 left"]),
    ],
)
def test_question_about_a_plan_is_asked_in_the_tenants_language(language: str, said: list[str]) -> None:
    question = ask_about(Tenant("acme", "dingtalk", "acme", language=language), PLANNED)
    for words in said:
        assert words in question
    assert bool(HAN.search(question)) == (language != "en")
    assert ("In all it would change" in question) == (language != "zh")


def test_question_counts_by_department_whose_name_is_text() -> None:
    question = ask_about(Tenant("acme", "dingtalk", "acme", language="both"), PLANNED | {"departments": DEPARTMENTS})
    name = r"云杉 / \[研发部\](http://x)\\u001b"
    assert f"\n* 12 left, 1 moved: {name}\n" in question
    assert f"\n* 离职 12, 调动 1: {name}\n" in question.replace("离职 12，", "离职 12, ")


def test_question_leads_to_the_page_that_holds_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/hr/")
    question = ask_about(Tenant("acme", "dingtalk", "acme", language="both"), PLANNED)
    page = address_page("acme", "plans", 42)
    assert page.startswith("https://airflow.example.com/hr/")
    assert question.count(f"]({page})") == 2
    assert question.count("`orgsync plan acme --id 42`") == 2


def test_field_has_a_title_where_its_name_is_no_word_of_the_language() -> None:
    assert describe_field("en", "sync.dry_run") == {"description": "Read and compare, but change nothing"}
    assert describe_field("zh", "sync.dry_run")["title"] == "试运行（dry_run）"
    assert describe_field("both", "sync.dry_run")["description"] == "只读取和比较，什么也不改变 / Read and compare, but change nothing"


def test_answers_of_all_languages_differ() -> None:
    assert len({say(language, f"approval.{answer}") for language in LANGUAGES for answer in ("approve", "reject")}) == 6


@pytest.mark.parametrize(
    ("asked", "spoken"), [([], "en"), (["en", "en"], "en"), (["zh"], "zh"), (["zh", "en"], "both"), (["both"], "both")]
)
def test_page_for_several_tenants_speaks_their_languages(asked: list[str], spoken: str) -> None:
    assert join_languages(asked) == spoken
