from __future__ import annotations

import pytest

from tests.sandbox.app import App

BASE = {"dept_id", "name", "parent_id", "create_dept_group", "auto_add_user"}
OPTIONAL = {"ext", "source_identifier", "from_union_org"}


def test_listsub_gives_direct_children_with_base_fields_only(app: App) -> None:
    truth = app.truth()
    rows = app.result("v2/department/listsub", dept_id=1)
    assert {row["dept_id"]: row["name"] for row in rows} == {
        one["id"]: one["name"] for one in truth["departments"] if one["parent_id"] == 1
    }
    for row in rows:
        assert BASE <= row.keys() <= BASE | OPTIONAL
        assert row["parent_id"] == 1
    assert app.result("v2/department/listsub") == rows, "the root is meant when nothing is said"


def test_walk_from_the_root_finds_every_company_department(app: App) -> None:
    found, waiting = {1}, [1]
    while waiting:
        children = [row["dept_id"] for row in app.result("v2/department/listsub", dept_id=waiting.pop())]
        found.update(children)
        waiting += [child for child in children if child > 0]
    truth = app.truth()
    assert found - {-7} == {one["id"] for one in truth["departments"] if one["kind"] != "school"}


def test_ids_and_orders_exceed_the_usual_integers(app: App) -> None:
    truth = app.truth()
    assert all(one["id"] > 2**31 for one in truth["departments"] if one["id"] > 1)
    assert all(2**53 < row["order"] < 2**63 for row in truth["memberships"])


def test_root_has_no_parent_in_its_detail(app: App) -> None:
    root = app.result("v2/department/get", dept_id=1)
    assert "parent_id" not in root
    assert root["member_count"] == 300


def test_detail_agrees_with_the_truth(app: App) -> None:
    truth = app.truth()
    for department in truth["departments"]:
        if department["kind"] != "company":
            continue
        detail = app.result("v2/department/get", dept_id=department["id"])
        order = department["id"] if department["order"] is None else department["order"]
        assert (detail["name"], detail["order"], detail["hide_dept"]) == (department["name"], order, department["hidden"])
        assert detail["dept_manager_userid_list"] == department["leaders"]
        assert detail.get("source_identifier") == department["source_identifier"]
        assert ("dept_permits" in detail, "user_permits" in detail) == (department["hidden"],) * 2
        assert ("outer_permit_depts" in detail) == detail["outer_dept"]


def test_counts_take_each_person_once(app: App) -> None:
    truth = app.truth()
    parents = {one["id"]: one["parent_id"] for one in truth["departments"]}

    def above(department_id: int | None) -> set[int]:
        return set() if department_id is None else {department_id} | above(parents[department_id])

    for department_id in [one["id"] for one in truth["departments"] if one["kind"] == "company"]:
        detail = app.result("v2/department/get", dept_id=department_id)
        below = {row["user_id"] for row in truth["memberships"] if department_id in above(row["department_id"])}
        assert detail["member_count"] == len(below)
        assert detail["owning_member_count"] == sum(row["department_id"] == department_id for row in truth["memberships"])


def test_english_names_where_there_are_any(app: App) -> None:
    names = {one["id"]: one["name_en"] or one["name"] for one in app.truth()["departments"]}
    rows = app.result("v2/department/listsub", dept_id=1, language="en_US")
    assert {row["dept_id"]: row["name"] for row in rows}.items() <= names.items()
    assert app.result("v2/department/get", dept_id=1, language="en_US")["name"] == "Spruce Technology"


def test_parents_lead_from_the_department_to_the_root(app: App) -> None:
    truth = app.truth()
    parents = {one["id"]: one["parent_id"] for one in truth["departments"]}
    deep = next(one["id"] for one in truth["departments"] if one["id"] > 1 and one["parent_id"] != 1)
    assert app.result("v2/department/listparentbydept", dept_id=deep)["parent_id_list"][:2] == [deep, parents[deep]]
    assert app.result("v2/department/listparentbydept", dept_id=deep)["parent_id_list"][-1] == 1


def test_person_has_one_chain_of_parents_for_each_department(app: App) -> None:
    person = next(user for user in app.truth()["users"] if len(user["department_ids"]) > 1)
    chains = app.result("v2/department/listparentbyuser", userid=person["id"])["parent_list"]
    assert [chain["parent_dept_id_list"][0] for chain in chains] == person["department_ids"]
    assert {chain["parent_dept_id_list"][-1] for chain in chains} == {1}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"dept_id": 123456}, 60003),
        ({"dept_id": -7}, 40009),
        ({"dept_id": 0}, 40009),
        ({"dept_id": "abc"}, 40009),
        ({"dept_id": True}, 40009),
        ({"dept_id": 1.5}, 40009),
        ({"dept_id": [1]}, 40009),
        ({"dept_id": 2**64}, 40009),
        ({}, 40035),
    ],
)
@pytest.mark.parametrize("call", ["v2/department/get", "v2/department/listsubid", "v2/department/listparentbydept"])
def test_bad_department_is_refused(app: App, call: str, body: dict, code: int) -> None:
    assert app.code(call, **body) == code


def test_school_and_linked_departments_are_listed_and_flagged(app: App) -> None:
    truth = app.truth()
    rows = {row["dept_id"]: row for row in app.result("v2/department/listsub", dept_id=1)}
    assert truth["school_departments"] == [-7, -8, -9]
    assert -7 in rows
    assert -7 in app.result("v2/department/listsubid", dept_id=1)["dept_id_list"]
    assert [rows[linked]["from_union_org"] for linked in truth["linked_departments"]] == [True]
    assert app.code("v2/department/listsub", dept_id=-7) == 40009


def test_outside_the_visible_range_details_fail_but_ids_leak(app: App) -> None:
    truth = app.truth()
    inside = next(one["id"] for one in truth["departments"] if one["parent_id"] not in (None, 1) and one["kind"] == "company")
    app.settings(visible_departments=[inside])
    assert app.code("v2/department/get", dept_id=inside) == 0
    assert app.code("v2/department/listsub", dept_id=inside) == 0
    for call in ("v2/department/get", "v2/department/listsub"):
        assert app.code(call, dept_id=1) == 50004
    assert app.code("v2/department/listsub") == 50004
    assert app.code("v2/user/list", dept_id=1, cursor=0, size=10) == 50004
    assert app.result("v2/department/listsubid", dept_id=1)["dept_id_list"]
    assert app.result("v2/department/listparentbydept", dept_id=inside)["parent_id_list"][-1] == 1
