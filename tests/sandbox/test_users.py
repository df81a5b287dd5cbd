from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.app import App

ALWAYS = {"userid", "unionid", "name", "hide_mobile", "job_number", "title", "dept_id_list", "active", "admin", "boss", "exclusive_account"}
SOMETIMES = {"avatar", "telephone", "hired_date", "mobile", "state_code", "email", "org_email", "work_place", "remark", "extension"}
LIST_ONLY = {"dept_order", "leader"}
DETAIL_ONLY = {
    "dept_order_list",
    "leader_in_dept",
    "dept_position_list",
    "role_list",
    "senior",
    "real_authed",
    "union_emp_ext",
    "create_time",
}


@pytest.fixture
def crowd(app: App) -> dict[str, Any]:
    """A company with one department, which therefore has several pages."""
    app.control("POST", "organization", {"people": 260, "seed": 5, "departments": 1})
    return next(one for one in app.truth()["departments"] if one["parent_id"] == 1 and one["id"] > 0)


def test_pages_cover_every_member_once_and_the_last_has_no_cursor(app: App, crowd: dict) -> None:
    first = app.page(crowd["id"], contain_access_limit=True)
    assert (first["has_more"], first["next_cursor"], len(first["list"])) == (True, 100, 100)
    rows = app.members(crowd["id"], contain_access_limit=True)
    expected = [row["user_id"] for row in app.truth()["memberships"] if row["department_id"] == crowd["id"]]
    assert sorted(row["userid"] for row in rows) == sorted(expected)
    last = app.page(crowd["id"], cursor=200, contain_access_limit=True)
    assert last["has_more"] is False
    assert "next_cursor" not in last


def test_cursor_beyond_the_end_is_an_empty_last_page(app: App, crowd: dict) -> None:
    assert app.page(crowd["id"], cursor=5000) == {"has_more": False, "list": []}


def test_larger_orders_come_first(app: App, crowd: dict) -> None:
    orders = [row["dept_order"] for row in app.members(crowd["id"])]
    assert orders == sorted(orders, reverse=True)


def test_order_field_sorts_by_entry(app: App, crowd: dict) -> None:
    rising = [row["userid"] for row in app.members(crowd["id"], order_field="entry_asc")]
    falling = [row["userid"] for row in app.members(crowd["id"], order_field="entry_desc")]
    assert rising == falling[::-1]
    assert app.code("v2/user/list", dept_id=crowd["id"], cursor=0, size=10, order_field="name") == 40035


def test_people_with_restricted_access_are_dropped_unless_asked_for(app: App) -> None:
    app.control("POST", "organization", {"people": 900, "seed": 5, "departments": 1})
    department = next(one["id"] for one in app.truth()["departments"] if one["parent_id"] == 1 and one["id"] > 0)
    restricted = {user["id"] for user in app.truth()["users"] if user["restricted"] and department in user["department_ids"]}
    shown = {row["userid"] for row in app.members(department)}
    everyone = {row["userid"] for row in app.members(department, contain_access_limit=True)}
    assert restricted
    assert everyone - shown == restricted


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"size": 101}, 40069),
        ({"size": 0}, 40069),
        ({"size": -1}, 40069),
        ({"size": "many"}, 40069),
        ({"size": None}, 40035),
        ({"cursor": None}, 40035),
        ({"cursor": -1}, 40068),
        ({"cursor": "abc"}, 40068),
        ({"cursor": False}, 40068),
        ({"dept_id": None}, 40035),
        ({"dept_id": 99}, 60003),
        ({"dept_id": -7}, 40009),
        ({"contain_access_limit": "perhaps"}, 40035),
    ],
    ids=str,
)
@pytest.mark.parametrize("call", ["v2/user/list", "user/listsimple"])
def test_bad_page_is_refused(app: App, call: str, changes: dict, code: int) -> None:
    assert app.code(call, **({"dept_id": 1, "cursor": 0, "size": 100} | changes)) == code


def test_fields_of_the_list(app: App) -> None:
    truth = app.truth()
    users = {user["id"]: user for user in truth["users"]}
    memberships = {(row["user_id"], row["department_id"]): row for row in truth["memberships"]}
    for department_id in {row["department_id"] for row in truth["memberships"]}:
        for row in app.members(department_id):
            user, held = users[row["userid"]], memberships[row["userid"], department_id]
            assert ALWAYS | LIST_ONLY <= row.keys() <= ALWAYS | LIST_ONLY | SOMETIMES
            assert (row["name"], row["unionid"], row["title"]) == (user["name"], user["union_id"], user["title"])
            assert (row["dept_order"], row["leader"]) == (held["order"], held["is_leader"])
            assert row["dept_id_list"] == user["department_ids"]
            assert row.get("mobile") == user["mobile"]
            assert row.get("email") == user["email"]
            assert row.get("org_email") == user["work_email"]
            assert row.get("hired_date") == user["hired_at_ms"]
            assert (row["active"], row["admin"]) == (user["active"], user["admin_level"] > 0)


def test_fields_of_the_detail(app: App) -> None:
    truth = app.truth()
    for user in truth["users"]:
        detail = app.result("v2/user/get", userid=user["id"])
        held = [row for row in truth["memberships"] if row["user_id"] == user["id"]]
        assert ALWAYS | DETAIL_ONLY <= detail.keys() <= ALWAYS | DETAIL_ONLY | SOMETIMES | {"manager_userid"}
        assert detail.get("manager_userid") == user["manager_id"]
        assert detail["dept_order_list"] == [{"dept_id": row["department_id"], "order": row["order"]} for row in held]
        assert [one["dept_id"] for one in detail["dept_position_list"] if one["is_main"]] == [user["main_department_id"]]
        leaders = {one["dept_id"]: one["leader"] for one in detail["leader_in_dept"]}
        assert leaders == {row["department_id"]: row["is_leader"] for row in held}


def test_extension_is_json_in_a_text(app: App) -> None:
    users = [app.result("v2/user/get", userid=user["id"]) for user in app.truth()["users"][:20]]
    assert [json.loads(user["extension"]) for user in users if "extension" in user] == [{"爱好": "旅游", "年龄": "24"}] * 4


def test_fields_without_permission_are_absent(app: App) -> None:
    app.settings(field_permissions=[])
    rows = [row for department_id in (1, *_busy_departments(app)) for row in app.members(department_id)]
    hidden = {"mobile", "state_code", "email", "org_email", "work_place", "remark", "extension"}
    assert rows
    assert not any(hidden & row.keys() for row in rows)


def test_one_field_permission_does_not_open_the_other(app: App) -> None:
    app.settings(field_permissions=["fieldMobile"])
    rows = [row for department_id in _busy_departments(app) for row in app.members(department_id)]
    assert any("mobile" in row for row in rows)
    assert not any("email" in row for row in rows)


def test_some_tenants_answer_blank_instead_of_absent(app: App) -> None:
    app.settings(blank_fields=True)
    user = next(user for user in app.truth()["users"] if user["email"] is None)
    assert app.result("v2/user/get", userid=user["id"])["email"] == ""


def test_simple_list_has_id_and_name(app: App) -> None:
    rows = app.result("user/listsimple", dept_id=1, cursor=0, size=100)["list"]
    assert all(row.keys() == {"userid", "name"} for row in rows)
    assert rows


def test_ids_by_mobile_and_union_id(app: App) -> None:
    user = next(user for user in app.truth()["users"] if user["mobile"])
    assert app.result("v2/user/getbymobile", mobile=user["mobile"]) == {"userid": user["id"]}
    assert app.result("user/getbyunionid", unionid=user["union_id"]) == {"contact_type": 0, "userid": user["id"]}
    for call, body in (
        ("v2/user/getbymobile", {"mobile": "19900000000"}),
        ("user/getbyunionid", {"unionid": "x"}),
        ("v2/user/get", {"userid": "x"}),
        ("v2/department/listparentbyuser", {"userid": "x"}),
    ):
        assert app.code(call, **body) == 60121


@pytest.mark.parametrize("call", ["v2/user/get", "v2/department/listparentbyuser"])
def test_user_id_must_be_a_text(app: App, call: str) -> None:
    assert app.code(call) == 40035
    assert app.code(call, userid=["a"]) == 40035


def test_counts(app: App) -> None:
    summary = app.control("GET", "organization?summary=1")
    assert app.result("user/count", only_active=False) == {"count": summary["people"]}
    assert app.result("user/count", only_active=True) == {"count": summary["active"]}
    assert app.code("user/count") == 40035


def test_admins_and_roles(app: App) -> None:
    truth = app.truth()
    admins = {row["userid"]: row["sys_level"] for row in app.result("user/listadmin")}
    assert admins == {user["id"]: user["admin_level"] for user in truth["users"] if user["admin_level"]}
    groups = app.result("role/list", size=200, offset=0)["list"]
    leader_role = next(role["id"] for group in groups for role in group["roles"] if role["name"] == "主管")
    holders, offset, more = set(), 0, True
    while more:
        page = app.result("role/simplelist", role_id=leader_role, size=5, offset=offset)
        holders |= {row["userid"] for row in page["list"]}
        offset, more = offset + 5, page["hasMore"]
    assert holders == {row["user_id"] for row in truth["memberships"] if row["is_leader"]}
    assert app.code("role/list", size=201) == 40069


def test_outside_the_visible_range_people_fail_but_ids_leak(app: App) -> None:
    truth = app.truth()
    inside = _busy_departments(app)[0]
    outsider = next(user for user in truth["users"] if user["department_ids"] == [1])
    insider = next(user for user in truth["users"] if inside in user["department_ids"])
    app.settings(visible_departments=[inside])
    assert app.code("v2/user/get", userid=insider["id"]) == 0
    assert app.code("v2/user/get", userid=outsider["id"]) == 50002
    assert app.code("user/getbyunionid", unionid=outsider["union_id"]) == 50002
    assert outsider["id"] in app.result("user/listid", dept_id=1)["userid_list"]
    app.settings(visible_users=[outsider["id"]])
    assert app.code("v2/user/get", userid=outsider["id"]) == 0


def _busy_departments(app: App) -> list[int]:
    truth = app.truth()
    busy = {row["department_id"] for row in truth["memberships"]} - {1}
    return [one["id"] for one in truth["departments"] if one["id"] in busy and not _has_children(truth, one["id"])]


def _has_children(truth: dict[str, Any], department_id: int) -> bool:
    return any(one["parent_id"] == department_id for one in truth["departments"])
