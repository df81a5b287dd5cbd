from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.wecom.app import WeComApp

PRIVATE = {"avatar", "thumb_avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address"}


@pytest.fixture
def tops(app: WeComApp, truth: dict) -> list[int]:
    """Two departments that the app sees, with all below them, and no root."""
    children = [one["id"] for one in truth["departments"] if one["parent_id"] == 1]
    chosen = [children[0], children[2]]
    app.settings(visible_departments=chosen)
    return chosen


def below(truth: dict[str, Any], tops: list[int]) -> set[int]:
    seen = set(tops)
    for one in truth["departments"]:  # parents come before their children
        seen |= {one["id"]} if one["parent_id"] in seen else set()
    return seen


def test_range_has_several_tops_and_no_root(app: WeComApp, truth: dict, tops: list[int]) -> None:
    rows = app.call("department/list")["department"]
    ids = {row["id"] for row in rows}
    assert ids == below(truth, tops)
    assert [row["id"] for row in rows if row["parentid"] not in ids] == tops
    assert {row["id"] for row in app.call("department/simplelist")["department_id"]} == ids


def test_departments_out_of_range_are_refused(app: WeComApp, tops: list[int]) -> None:
    assert app.code("department/list", id=1) == 60011
    assert app.code("department/get", id=1) == 60011
    assert app.code("user/list", department_id=1, fetch_child=1) == 60011
    assert app.code("department/get", id=tops[1]) == 0


def test_contact_secret_sees_everything(app: WeComApp, truth: dict, tops: list[int]) -> None:
    rows = app.call("department/simplelist", token=app.contact_token)["department_id"]
    assert len(rows) == len(truth["departments"])
    ids = app.call("user/list_id", token=app.contact_token, body={})["dept_user"]
    assert len(ids) == len(truth["memberships"])


def test_departments_and_leaders_of_a_person_are_those_in_range(app: WeComApp, truth: dict, tops: list[int]) -> None:
    seen = below(truth, tops)
    users = {user["id"]: user for user in truth["users"]}
    visible = {user for user, one in users.items() if seen & set(one["department_ids"])}
    rows = {row["userid"]: row for top in tops for row in app.call("user/list", department_id=top, fetch_child=1)["userlist"]}
    assert rows.keys() == visible
    for user_id, row in rows.items():
        user = users[user_id]
        assert row["department"] == [one for one in user["department_ids"] if one in seen]
        assert len(row["order"]) == len(row["is_leader_in_dept"]) == len(row["department"])
        assert row.get("main_department") == (user["main_department_id"] if user["main_department_id"] in seen else None)
        assert row["direct_leader"] == ([user["manager_id"]] if user["manager_id"] in visible else [])
    assert any(len(row["department"]) < len(users[user]["department_ids"]) for user, row in rows.items())


def test_single_person_is_seen_without_department(app: WeComApp, truth: dict) -> None:
    user = next(user for user in truth["users"] if user["mobile"])
    app.settings(visible_departments=[], visible_users=[user["id"]])
    row = app.call("user/get", userid=user["id"])
    assert (row["department"], row["order"], "main_department" in row) == ([], [], False)
    assert app.call("department/list")["department"] == []
    assert app.call("user/getuserid", body={"mobile": user["mobile"]}) == {"userid": user["id"]}


def test_person_out_of_range_is_as_good_as_unknown(app: WeComApp, truth: dict, tops: list[int]) -> None:
    user = next(user for user in truth["users"] if user["department_ids"] == [1] and user["mobile"])
    assert app.code("user/get", userid=user["id"]) == 60111
    assert app.code("user/getuserid", body={"mobile": user["mobile"]}) == 46004


def test_tag_in_range_shows_its_people_and_departments(app: WeComApp, truth: dict) -> None:
    whole = {tag: app.call("tag/get", tagid=tag) for tag in (2, 5)}
    app.settings(visible_departments=[], visible_tags=[2])
    assert app.call("tag/get", tagid=2) == whole[2]
    assert app.call("user/get", userid=whole[2]["userlist"][0]["userid"])["department"] == []
    assert app.call("tag/get", tagid=5)["partylist"] == []
    app.settings(visible_tags=[5])
    assert {row["id"] for row in app.call("department/list")["department"]} == below(truth, whole[5]["partylist"])
    assert app.call("tag/get", tagid=5) == whole[5]


@pytest.mark.parametrize(("style", "value"), [("absent", "missing"), ("empty", ""), ("null", None)])
def test_withheld_fields_are_absent_empty_or_null(app: WeComApp, style: str, value: object) -> None:
    app.settings(field_permissions=[], withheld_style=style)
    rows = app.everyone()
    assert rows
    for row in [*rows, app.call("user/get", userid=rows[0]["userid"])]:
        assert row["gender"] == "0"
        assert {row.get(name, "missing") for name in PRIVATE - {"gender"}} == {value}


def test_contact_secret_from_an_old_address_reads_withheld_fields(app: WeComApp, truth: dict) -> None:
    app.settings(field_permissions=[], contact_secret_reads_details=True)
    user = next(user for user in truth["users"] if user["mobile"])
    assert app.call("user/get", token=app.contact_token, userid=user["id"])["mobile"] == user["mobile"]
    assert "mobile" not in app.call("user/get", userid=user["id"])


def test_one_field_permission_opens_one_field(app: WeComApp) -> None:
    app.settings(field_permissions=["mobile"])
    assert all(PRIVATE & row.keys() == {"mobile", "gender"} for row in app.everyone())
    app.settings(field_permissions=["avatar", "gender"])
    rows = app.everyone()
    assert all(PRIVATE & row.keys() == {"avatar", "thumb_avatar", "gender"} for row in rows)
    assert {row["gender"] for row in rows} == {"0", "1", "2"}
