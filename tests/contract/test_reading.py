"""What every platform's reading promises, checked against the sandbox's own truth."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from orgsync.errors import ConfigurationError, OrgsyncError
from orgsync.frames import FRAMES
from orgsync.platforms.platform import CallCount, Mode, Scope
from orgsync.platforms.speaking.decoding import REPLACEMENT
from orgsync.validation.quarantine import judge
from tests.contract.conftest import Organization

MODES: list[Mode] = ["full", "frequent"]
# Without these, Feishu shows neither who somebody is nor where they belong.
ESSENTIAL = (
    "contact:user.base:readonly",
    "contact:user.employee_id:readonly",
    "contact:user.department:readonly",
    "contact:department.base:readonly",
    "contact:department.organize:readonly",
)


def ids(frame: pd.DataFrame, column: str) -> set[str]:
    return set(frame[column])


def company_departments(truth: Mapping[str, Any]) -> dict[str, Any]:
    return {str(department["id"]): department for department in truth["departments"] if department["kind"] == "company"}


def below(truth: Mapping[str, Any], top: str) -> set[str]:
    """A department with its whole subtree."""
    found = {top}
    while more := {number for number, known in company_departments(truth).items() if str(known["parent_id"]) in found} - found:
        found |= more
    return found


# Each way a text can be broken, and each number that is none; the field is one that tells a number of a person.
BROKEN_TEXTS = ("control", "escape_sequence", "line_break", "raw_nul", "cut_character", "latin1", "bad_escape", "cut_escape", "half_emoji")
BROKEN_NUMBERS = ("not_a_number", "infinity", "huge_number", "long_number")
NUMBERS = {"dingtalk": "dept_order", "wecom": "order", "feishu": "join_time"}


def above(truth: Mapping[str, Any], key: str) -> list[str]:
    """The departments over one, nearest first."""
    parent = company_departments(truth)[key]["parent_id"]
    return [] if parent is None else [str(parent), *above(truth, str(parent))]


@pytest.mark.parametrize("mode", MODES)
def test_everybody_and_every_department_is_read(organization: Organization, mode: Mode) -> None:
    reading = organization.read(mode=mode)
    tidy, truth = organization.tidy(mode=mode), organization.truth()
    assert reading.problems == ()
    assert ids(tidy.departments, "department_id") == set(company_departments(truth))
    assert ids(tidy.users, "user_id") == {str(user["id"]) for user in truth["users"]}
    read = set(zip(tidy.memberships["user_id"], tidy.memberships["department_id"], strict=True))
    assert read == {(str(each["user_id"]), str(each["department_id"])) for each in truth["memberships"]}
    assert not tidy.users["user_id"].duplicated().any()


def test_tree_is_the_truths(organization: Organization) -> None:
    organization.read()
    departments, known = organization.tidy().departments, company_departments(organization.truth())
    assert dict(zip(departments["department_id"], departments["name"], strict=True)) == {key: each["name"] for key, each in known.items()}
    parents = departments.set_index("department_id")["parent_id"]
    assert {key: None if pd.isna(parents[key]) else parents[key] for key in known} == {
        key: None if each["parent_id"] is None else str(each["parent_id"]) for key, each in known.items()
    }


def test_people_are_the_truths(organization: Organization) -> None:
    organization.read()
    users = organization.tidy().users.set_index("user_id")
    for each in organization.truth()["users"]:
        row = users.loc[str(each["id"])]
        assert row["name"] == each["name"]
        assert row["title"] == each["title"] or (pd.isna(row["title"]) and not each["title"])
        assert row["status"] == ("active" if each["active"] else "inactive")


@pytest.mark.parametrize("mode", MODES)
def test_frames_have_the_declared_columns(organization: Organization, mode: Mode) -> None:
    organization.read(mode=mode)
    tidy = organization.tidy(mode=mode)
    for frame in FRAMES:
        built = tidy.frame(frame.name)
        assert {name: str(dtype) for name, dtype in built.dtypes.items()} == dict(frame.columns)
        assert tidy.unobserved[frame.name] <= set(frame.content)
        assert isinstance(built.index, pd.RangeIndex)


def test_frames_do_not_depend_on_the_order_of_answers(organization: Organization) -> None:
    organization.read()
    expected = organization.tidy()
    for part in organization.landed.values():
        random.Random(7).shuffle(part)
    shuffled = organization.tidy()
    for frame in FRAMES:
        pd.testing.assert_frame_equal(expected.frame(frame.name), shuffled.frame(frame.name))


def test_counts_are_cross_checked(organization: Organization) -> None:
    """Ours with the platform's own, and our ledger with the server's."""
    reading = organization.read(organization.client(all_secrets=True))
    assert reading.platform_counts["users"] == len(organization.tidy().users)
    counted = organization.control("GET", "calls")
    assert sum(calls.read for calls in reading.calls.values()) == counted["total"]
    assert all(calls == CallCount(expected=calls.read, read=calls.read) for calls in reading.calls.values())


def test_every_answer_lands_once_and_without_a_token(organization: Organization) -> None:
    reading = organization.read()
    landed = [answer for part in organization.landed.values() for answer in part]
    tokens = organization.control("GET", "calls")["tokens_issued"]
    assert len(landed) == sum(calls.read for calls in reading.calls.values()) - tokens
    assert not [answer for answer in landed if "token" in str(answer.params)]


def test_second_read_counts_its_own_calls(organization: Organization) -> None:
    client = organization.client()
    first, second = organization.read(client), organization.read(client)
    assert second.problems == ()
    assert sum(calls.read for calls in second.calls.values()) == sum(calls.read for calls in first.calls.values()) - 1


def test_frequent_read_is_cheaper_and_says_what_it_left_out(organization: Organization) -> None:
    full = organization.read()
    frequent = organization.read(mode="frequent")
    tidy = organization.tidy(mode="frequent")
    assert sum(calls.read for calls in frequent.calls.values()) <= sum(calls.read for calls in full.calls.values())
    left_out = [column for column in tidy.unobserved["department"] if tidy.departments[column].notna().any()]
    assert left_out == []
    assert not {"name", "parent_id"} & tidy.unobserved["department"]


def test_withheld_is_not_empty(organization: Organization) -> None:
    """A permission that is missing leaves fields out without a word; that is not the same as nobody having them."""
    granted = organization.control("GET", "settings")["field_permissions"]
    organization.set(field_permissions=[permission for permission in granted if permission in ESSENTIAL])
    organization.read()
    tidy = organization.tidy()
    assert {"mobile", "email"} <= tidy.withheld["user"]
    assert tidy.users["name"].notna().all()
    assert tidy.withheld["user"] <= tidy.unobserved["user"]
    assert len(tidy.users) == len(organization.truth()["users"])


def test_nothing_is_withheld_with_all_permissions(organization: Organization) -> None:
    organization.read()
    assert not organization.tidy().withheld


def test_subtree_in_scope(organization: Organization) -> None:
    truth = organization.truth()
    top = next(key for key, each in company_departments(truth).items() if each["parent_id"] is not None and len(below(truth, key)) > 1)
    reading = organization.read(scope=Scope(include=(top,)))
    tidy = organization.tidy()
    assert ids(tidy.departments, "department_id") == below(truth, top)
    assert tidy.departments.set_index("department_id").loc[top, "parent_id"] is not top
    assert tidy.departments["parent_id"].isna().sum() == 1
    assert (reading.tops, reading.platform_counts) == ((top,), {})


def test_subtree_out_of_scope(organization: Organization) -> None:
    truth = organization.truth()
    top = next(key for key, each in company_departments(truth).items() if each["parent_id"] is not None)
    organization.read(scope=Scope(exclude=(top,)))
    assert ids(organization.tidy().departments, "department_id") == set(company_departments(truth)) - below(truth, top)


def way_to(truth: dict[str, Any], department_id: str) -> list[str]:
    """The names from the root down to the department."""
    departments = company_departments(truth)
    way: list[str] = []
    above: str | None = department_id
    while above is not None:
        way.insert(0, departments[above]["name"])
        above = None if departments[above]["parent_id"] is None else str(departments[above]["parent_id"])
    return way


def test_subtree_in_scope_by_its_path(organization: Organization) -> None:
    truth = organization.truth()
    top = next(key for key, each in company_departments(truth).items() if each["parent_id"] is not None and len(below(truth, key)) > 1)
    located = organization.locate(Scope(include_paths=(" / ".join(way_to(truth, top)),)))
    assert located == Scope(include=(top,))
    organization.read(scope=located)
    assert ids(organization.tidy().departments, "department_id") == below(truth, top)


def test_departments_out_of_scope_by_a_pattern(organization: Organization) -> None:
    truth = organization.truth()
    ending = next(each["name"][-2:] for each in company_departments(truth).values() if each["parent_id"] is not None)
    meant = {key for key, each in company_departments(truth).items() if each["name"].endswith(ending) and each["parent_id"] is not None}
    located = organization.locate(Scope(exclude_paths=(f"** / *{ending}",)))
    assert meant.issuperset(located.exclude)
    organization.read(scope=located)
    left_out = set().union(*(below(truth, key) for key in meant))
    assert ids(organization.tidy().departments, "department_id") == set(company_departments(truth)) - left_out


def test_path_that_leads_nowhere_names_what_is_there(organization: Organization) -> None:
    truth = organization.truth()
    top = next(key for key, each in company_departments(truth).items() if each["parent_id"] is not None)
    company, *_, name = way_to(truth, top)
    with pytest.raises(ConfigurationError, match=f"below '{company}' the app sees .*'{name}'"):
        organization.locate(Scope(exclude_paths=(f"{company} / {name}x",)))


@pytest.mark.parametrize("organization", ["wecom"], indirect=True)
def test_what_the_app_does_not_see_may_be_what_is_excluded(organization: Organization) -> None:
    """With the secret of 通讯录同步 people of departments without a name would be read by ids."""
    truth = organization.truth()
    first = next(key for key, each in company_departments(truth).items() if each["parent_id"] is not None)
    organization.set(visible_departments=[int(first)])
    scope = Scope(exclude_paths=("** / *外包",))
    assert organization.locate(scope) == Scope()
    with pytest.raises(ConfigurationError, match="comes without its name"):
        organization.locate(scope, organization.client(all_secrets=True))


def test_visible_range_below_the_root(organization: Organization) -> None:
    truth = organization.truth()
    tops = [key for key, each in company_departments(truth).items() if each["parent_id"] is not None][:2]
    visible = below(truth, tops[0]) | below(truth, tops[1])
    user = next(user for user in truth["users"] if not visible & {str(department) for department in user["department_ids"]})
    shown = {str(each["id"]): each["id"] for each in truth["departments"]}
    organization.set(visible_departments=[shown[top] for top in tops], visible_users=[user["id"]])
    organization.read()
    tidy = organization.tidy()
    assert ids(tidy.departments, "department_id") == visible
    assert str(user["id"]) in ids(tidy.users, "user_id")
    assert str(user["id"]) not in ids(tidy.memberships, "user_id")


# Each platform's ways of reading: fields of the connection. WeCom's second secret shows departments that the app does not see.
WAYS: dict[str, list[dict[str, Any]]] = {"wecom": [{"read_by": way} for way in ("lists", "ids", "export")]}


@pytest.mark.parametrize("mode", MODES)
def test_visible_tops_have_no_parent_and_everybody_else_has_one(organization: Organization, mode: Mode) -> None:
    """Of a forest, by every way of reading: a parent that is named is a row."""
    truth = organization.truth()
    company = company_departments(truth)
    beside_root = [key for key, each in company.items() if each["parent_id"] is not None]
    deepest = max(beside_root, key=lambda key: len(above(truth, key)))
    tops = {beside_root[0], deepest} - below(truth, beside_root[0]) | {beside_root[0]}
    organization.set(visible_departments=[company[top]["id"] for top in sorted(tops)])
    for way in WAYS.get(organization.name, [{}]):
        organization.read(organization.client(all_secrets=way.get("read_by") == "ids", extra=way), mode=mode)
        departments = judge(organization.tidy(mode=mode)).tidy.departments.set_index("department_id")["parent_id"]
        seen = set().union(*(below(truth, top) for top in tops))
        assert set(departments.index) == seen, way
        assert {key: None if pd.isna(parent) else parent for key, parent in departments.items()} == {
            key: None if key in tops else str(company[key]["parent_id"]) for key in seen
        }, way


@pytest.mark.parametrize("way", [{}, *WAYS["wecom"][1:]], ids=lambda way: way.get("read_by", "first"))
def test_one_persons_text_does_not_cost_the_others(organization: Organization, way: dict[str, Any]) -> None:
    """Whatever stands in one value, everybody else is read exactly, and nobody is missing."""
    if way and organization.name not in WAYS:
        pytest.skip("the platform has one way of reading")
    interface = {"ids": "user/get", "export": "export/user"}.get(way.get("read_by", ""), "people")
    truth = {str(user["id"]): user["name"] for user in organization.truth()["users"]}
    client = organization.client(all_secrets=way.get("read_by") == "ids", extra=way)
    broken: list[tuple[str, str]] = [(form, "name") for form in BROKEN_TEXTS] + [
        (form, NUMBERS[organization.name]) for form in BROKEN_NUMBERS
    ]
    for form, key in broken if way.get("read_by") != "ids" else broken[4::5]:
        organization.fault("broken_value", interface=interface, key=key, value=form, calls=[1])
        organization.read(client)
        names = organization.tidy().users.set_index("user_id")["name"].to_dict()
        organization.control("DELETE", "faults")
        assert names.keys() == truth.keys(), form
        different = [user_id for user_id, name in names.items() if name != truth[user_id]]
        assert len(different) == (key == "name"), form
        for user_id in different:
            assert names[user_id].replace(REPLACEMENT, "")[0] == truth[user_id][0], form


@pytest.mark.parametrize("kind", ["orphan", "cycle", "duplicate_id", "string_for_integer", "nul_in_name"])
def test_damaged_records_neither_hang_nor_vanish(organization: Organization, kind: str) -> None:
    """They are somebody else's to judge; here the walk ends and the rows are there, or the read fails."""
    organization.fault(kind, every=3)
    client = organization.client()
    try:
        organization.read(client)
    except OrgsyncError:
        return
    tidy, truth = organization.tidy(), organization.truth()
    assert ids(tidy.users, "user_id") >= {str(user["id"]) for user in truth["users"]}
    assert ids(tidy.departments, "department_id") >= set(company_departments(truth))
