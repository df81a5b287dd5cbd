"""What somebody may, by where they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.access.file import ROLES, PeopleRule
from orgsync.access.grading import Standing, applies, grade, holds

WANG = Standing(
    "acme",
    "wang",
    "王芳",
    status="active",
    title="经理",
    departments=frozenset({"1", "10", "101"}),
    led_departments=frozenset({"1", "10"}),
)


def rule(**said: Any) -> PeopleRule:
    return PeopleRule(**{"tenant": "acme", **said})


@pytest.mark.parametrize(
    ("said", "is_meant"),
    [
        ({}, True),
        ({"tenant": "birch"}, False),
        ({"departments": ("101",)}, True),
        ({"departments": ("10", "9")}, True),
        ({"departments": ("9",)}, False),
        ({"titles": ("经理", "总监")}, True),
        ({"titles": ("总监",)}, False),
        ({"users": ("li", "wang")}, True),
        ({"users": ("li",)}, False),
        ({"leaders": True}, True),
        ({"leaders": True, "departments": ("10",)}, True),
        ({"leaders": True, "departments": ("101",)}, False),  # is in it, and does not lead it
        ({"departments": ("101",), "titles": ("总监",)}, False),
    ],
)
def test_all_conditions_of_a_rule_have_to_fit(said: dict[str, Any], is_meant: bool) -> None:
    assert applies(rule(**said), WANG) is is_meant


def test_nobody_may_what_no_rule_gives() -> None:
    assert grade([rule(tenant="birch"), rule(users=("li",))], WANG) is None
    assert grade([], WANG) is None


@pytest.mark.parametrize("status", ["disabled", "resigned"])
def test_whom_the_platform_switched_off_may_nothing(status: str) -> None:
    assert grade([rule(role="admin")], replace(WANG, status=status)) is None


def test_a_rule_is_about_its_own_tenant_unless_it_names_others() -> None:
    rights = grade([rule(approves=True), rule(sees=("birch",), sends=True)], WANG)
    assert rights is not None
    assert rights.sees == {"acme", "birch"}
    assert rights.approves == {"acme"}
    assert rights.sends == {"birch"}
    assert rights.personal == frozenset()


def test_every_tenant_is_held_by_a_star() -> None:
    rights = grade([rule(sees=("*",))], WANG)
    assert rights is not None
    assert holds(rights.sees, "anybody")
    assert not holds(rights.approves, "acme")


def test_other_dags_are_for_whom_a_rule_names_them_and_who_operates() -> None:
    named, plain, operator = (grade([each], WANG) for each in (rule(dags=("report_*",)), rule(role="user"), rule(role="op")))
    assert named is not None
    assert plain is not None
    assert operator is not None
    assert named.covers_dag("report_daily")
    assert not named.covers_dag("org_notify")
    assert not plain.covers_dag("report_daily")
    assert operator.covers_dag("org_notify")


RULES = st.builds(
    rule,
    departments=st.lists(st.sampled_from(["1", "10", "101", "9"]), max_size=2).map(tuple),
    leaders=st.booleans(),
    role=st.sampled_from(ROLES),
    sees=st.lists(st.sampled_from(["acme", "birch", "*"]), max_size=2).map(tuple),
    approves=st.booleans(),
    sends=st.booleans(),
    personal_data=st.booleans(),
)


@given(st.lists(RULES, max_size=5), RULES)
def test_one_rule_more_takes_nothing_away(rules: list[PeopleRule], another: PeopleRule) -> None:
    before, after = grade(rules, WANG), grade([*rules, another], WANG)
    if before is None:
        return
    assert after is not None
    assert ROLES.index(after.role) >= ROLES.index(before.role)
    assert after.sees >= before.sees
    assert after.approves >= before.approves
    assert after.personal >= before.personal


@given(st.lists(RULES, max_size=5))
def test_the_order_of_rules_is_nothing(rules: list[PeopleRule]) -> None:
    assert str(grade(rules, WANG)) == str(grade(rules[::-1], WANG))


@given(st.lists(RULES, max_size=5))
def test_who_may_act_for_a_tenant_may_see_it(rules: list[PeopleRule]) -> None:
    rights = grade(rules, WANG)
    if rights is not None:
        assert rights.approves | rights.sends | rights.personal <= rights.sees
