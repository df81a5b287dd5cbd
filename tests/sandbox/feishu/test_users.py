from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.sandbox.feishu.app import MEMBERS, FeishuApp

USER = "contact/v3/users/"


def everybody(app: FeishuApp, **query: Any) -> dict[str, dict[str, Any]]:
    """By open_id, each once."""
    departments = ["0", *(row["open_department_id"] for row in app.departments())]
    return {row["open_id"]: row for department in departments for row in app.members(department, **query)}


def first(rows: Iterable[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


def test_everybody_is_the_truth(app: FeishuApp) -> None:
    truth = app.truth()
    shown = everybody(app)
    assert shown.keys() == {user["open_id"] for user in truth["users"]}
    managers = {user["id"]: user["open_id"] for user in truth["users"]}
    for user in truth["users"]:
        row = shown[user["open_id"]]
        assert (row["user_id"], row["union_id"], row["name"], row["en_name"]) == (
            user["id"],
            user["union_id"],
            user["name"],
            user["name_en"] or "",
        )
        assert row["mobile"] == (f"+86{user['mobile']}" if user["mobile"] else "")
        assert (row["email"], row["enterprise_email"]) == (user["email"] or "", user["work_email"] or "")
        assert row["gender"] == {"male": 1, "female": 2, None: 0}[user["gender"]]
        assert (row["job_title"], row["employee_no"], row["city"]) == (user["title"], user["job_number"] or "", user["work_place"] or "")
        assert row.get("join_time") == (None if user["hired_at_ms"] is None else user["hired_at_ms"] // 1000)
        assert row["leader_user_id"] == (managers[user["manager_id"]] if user["manager_id"] else "")
        assert row["department_ids"] == user["department_ids"]
        assert (row["status"]["is_activated"], row["status"]["is_unjoin"]) == (user["active"], not user["active"])
        assert (row["mobile_visible"], row["is_tenant_manager"]) == (not user["hide_mobile"], user["admin_level"] == 1)
        assert "telephone" not in row


def test_ids_look_like_the_platforms(app: FeishuApp) -> None:
    for row in app.members("0"):
        assert (row["open_id"][:3], len(row["open_id"])) == ("ou_", 35)
        assert (row["union_id"][:3], len(row["union_id"])) == ("on_", 35)
        assert row["avatar"].keys() == {"avatar_72", "avatar_240", "avatar_640", "avatar_origin"}


def test_person_of_several_departments_is_found_in_each_with_all(app: FeishuApp) -> None:
    truth = app.truth()
    for user in [user for user in truth["users"] if len(user["department_ids"]) > 1][:5]:
        rows = [first(app.members(department), open_id=user["open_id"]) for department in user["department_ids"]]
        assert all(row == rows[0] for row in rows)
        orders = rows[0]["orders"]
        main = max(orders, key=lambda order: order["department_order"])
        assert [order["is_primary_dept"] for order in orders].count(True) == 1
        assert (main["is_primary_dept"], main["department_id"]) == (True, user["main_department_id"])
        held = {row["department_id"]: row["order"] for row in truth["memberships"] if row["user_id"] == user["id"]}
        assert {order["department_id"]: order["user_order"] for order in orders} == held


def test_members_come_larger_order_first_in_pages_of_ten(app: FeishuApp) -> None:
    department = max(app.departments(), key=lambda row: row["primary_member_count"])["open_department_id"]
    pages = app.pages(MEMBERS, department_id=department)
    assert [len(page["items"]) for page in pages[:-1]] == [10] * (len(pages) - 1)
    places = [first(row["orders"], department_id=department)["user_order"] for page in pages for row in page["items"]]
    assert places == sorted(places, reverse=True)
    assert app.refusal(MEMBERS, department_id=department, page_size=51) == (400, 40011)


def test_id_types_govern_everything_of_a_call(app: FeishuApp) -> None:
    truth = app.truth()
    custom = {row["open_department_id"]: row["department_id"] for row in app.departments()} | {"0": "0"}
    people = {user["id"]: user for user in truth["users"]}
    user = next(user for user in truth["users"] if user["manager_id"] and user["main_department_id"] != "0")
    department = custom[user["main_department_id"]]
    for kind in ("open_id", "union_id", "user_id"):
        query = {"user_id_type": kind, "department_id_type": "department_id"}
        row = first(app.members(department, **query), user_id=user["id"])
        manager = people[user["manager_id"]]
        assert row["leader_user_id"] == manager["id" if kind == "user_id" else kind]
        assert row["department_ids"] == [custom[one] for one in user["department_ids"]]
        assert {order["department_id"] for order in row["orders"]} == set(row["department_ids"])
        one = app.data(USER + user["id" if kind == "user_id" else kind], **query)["user"]
        assert one == row | {"assign_info": []}


def test_id_of_another_type_is_refused(app: FeishuApp) -> None:
    user = app.truth()["users"][0]
    assert app.refusal(USER + user["id"]) == (400, 99992351)
    assert app.refusal(USER + user["open_id"], user_id_type="user_id") == (400, 41012)
    assert app.refusal(USER + user["open_id"], user_id_type="union_id") == (400, 41012)
    custom = app.data("contact/v3/departments/0/children")["items"][0]["department_id"]
    assert app.refusal(MEMBERS, department_id=custom) == (400, 40001)


def test_batch_of_people(app: FeishuApp) -> None:
    ids = [user["open_id"] for user in app.truth()["users"][:3]]
    assert [row["open_id"] for row in app.data(USER + "batch", user_ids=ids)["items"]] == ids
    assert app.refusal(USER + "batch", user_ids=[*ids, "ou_nobody"]) == (400, 99992351)
    assert app.refusal(USER + "batch", user_ids=ids * 17) == (400, 99992402)


def test_leaver_can_be_asked_for_but_is_not_listed(app: FeishuApp) -> None:
    before = {user["id"]: user for user in app.truth()["users"]}
    gone = before[app.control("POST", "evolve", {"left": 1})["left"][0]]
    assert gone["open_id"] not in everybody(app)
    user = app.data(USER + gone["open_id"])["user"]
    assert user["status"]["is_resigned"]
    assert (user["department_ids"], user["orders"]) == ([], [])


def test_ids_by_mobile_and_mail(app: FeishuApp) -> None:
    users = app.truth()["users"]
    by_mail, by_mobile = next(user for user in users if user["email"]), next(user for user in users if user["mobile"])
    question = {"emails": [by_mail["email"].upper(), "nobody@example.com"], "mobiles": [by_mobile["mobile"], f"+86{by_mobile['mobile']}"]}
    answer = app.raw(USER + "batch_get_id", method="POST", json=question, user_id_type="union_id").json()["data"]["user_list"]
    assert [row.get("user_id") for row in answer] == [by_mail["union_id"], None, by_mobile["union_id"], by_mobile["union_id"]]
    assert answer[1] == {"email": "nobody@example.com"}
    assert answer[0]["status"]["is_resigned"] is False


def test_leavers_are_looked_up_only_on_request(app: FeishuApp) -> None:
    before = {user["id"]: user for user in app.truth()["users"]}
    left = app.control("POST", "evolve", {"left": 8})["left"]
    gone = next(before[user_id] for user_id in left if before[user_id]["mobile"])
    question = {"mobiles": [gone["mobile"]]}
    assert app.raw(USER + "batch_get_id", method="POST", json=question).json()["data"]["user_list"] == [{"mobile": gone["mobile"]}]
    row = app.raw(USER + "batch_get_id", method="POST", json=question | {"include_resigned": True}).json()["data"]["user_list"][0]
    assert (row["user_id"], row["status"]["is_resigned"]) == (gone["open_id"], True)


def test_field_scopes_drop_keys(app: FeishuApp) -> None:
    free = {"open_id", "union_id", "mobile_visible", "is_frozen"}
    app.settings(field_permissions=[])
    assert all(row.keys() == free for row in everybody(app).values())
    opened = {
        "contact:user.base:readonly": {"name", "en_name", "nickname", "avatar"},
        "contact:user.employee_id:readonly": {"user_id"},
        "contact:user.email:readonly": {"email"},
        "contact:user.phone:readonly": {"mobile"},
        "contact:user.gender:readonly": {"gender"},
        "contact:user.department:readonly": {"department_ids", "leader_user_id", "orders"},
        "contact:user.employee_number:read": {"employee_no"},
        "contact:user.job_level:readonly": {"job_level_id"},
        "contact:user.dotted_line_leader_info.read": {"dotted_line_leader_user_ids"},
    }
    for scope, keys in opened.items():
        app.settings(field_permissions=[scope])
        assert app.members("0")[0].keys() == free | keys


def test_without_its_scope_nobody_is_called_by_user_id(app: FeishuApp) -> None:
    app.settings(field_permissions=["contact:user.base:readonly"])
    answer = app.raw(MEMBERS, department_id="0", user_id_type="user_id").json()
    assert answer["code"] == 99991672
    assert [one["subject"] for one in answer["error"]["permission_violations"]] == ["contact:user.employee_id:readonly"]
    assert "user_id" not in app.members("0")[0]


def test_blanket_scope_opens_most_fields(app: FeishuApp) -> None:
    app.settings(permissions=["contact:contact:readonly_as_app"], field_permissions=[])
    row = app.members("0")[0]
    assert {"name", "gender", "orders", "status", "employee_no"} <= row.keys()
    assert row.keys().isdisjoint({"user_id", "email", "mobile"})


def test_blank_fields_can_be_left_out(app: FeishuApp) -> None:
    assert any(row["email"] == "" for row in everybody(app).values())
    app.settings(blank_fields=False)
    rows = everybody(app).values()
    assert not any(value in ("", [], {}) for row in rows for value in row.values())
    assert any("email" not in row for row in rows)


def test_custom_fields_are_defined_and_filled_in(app: FeishuApp) -> None:
    defined = {row["id"]: row["type"] for row in app.items("contact/v3/custom_attrs", page_size=2)}
    filled = [one for row in everybody(app).values() for one in row["custom_attrs"]]
    assert {one["type"] for one in filled} == {"TEXT", "HREF", "ENUMERATION", "GENERIC_USER"}
    assert all(defined[one["id"]] == one["type"] for one in filled)


def test_employee_types_are_listed(app: FeishuApp) -> None:
    listed = {int(row["enum_value"]) for row in app.items("contact/v3/employee_type_enums")}
    used = {row["employee_type"] for row in everybody(app).values()}
    assert used <= listed
    assert len(used) > 1


def test_tenant_has_a_name(app: FeishuApp) -> None:
    assert app.data("tenant/v2/tenant/query")["tenant"]["name"] == "云杉科技有限公司"


def test_evolution_is_seen_at_once(app: FeishuApp) -> None:
    everybody(app)
    happened = app.control("POST", "evolve", {"joined": 2, "departments_created": 1})
    assert {user["open_id"] for user in app.truth()["users"]} == everybody(app).keys()
    assert happened["departments_created"][0].startswith("od-")
