from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.wecom.numbering import user_id
from tests.sandbox.wecom.app import WeComApp

PRIVATE = {"avatar", "thumb_avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address"}
ALWAYS = {"userid", "name", "department", "order", "is_leader_in_dept", "direct_leader", "position", "telephone"}
ALWAYS |= {"alias", "status", "enable", "extattr", "main_department"}
SOMETIMES = {"external_position", "external_profile"}


def test_department_list_is_the_tree(app: WeComApp, truth: dict) -> None:
    rows = {row["id"]: row for row in app.call("department/list")["department"]}
    assert rows.keys() == {one["id"] for one in truth["departments"]}
    for one in truth["departments"]:
        row = rows[one["id"]]
        assert (row["name"], row["parentid"], row.get("name_en")) == (one["name"], one["parent_id"] or 0, one["name_en"])
        assert row["department_leader"] == one["leaders"]
    assert (rows[1]["parentid"], max(rows) < 2**31) == (0, True)


def test_larger_department_orders_come_first_as_they_were_sorted(app: WeComApp, truth: dict) -> None:
    orders = {row["id"]: row["order"] for row in app.call("department/simplelist")["department_id"]}
    assert all(0 <= order < 2**32 for order in orders.values())
    placed = sorted(orders, key=lambda one: -orders[one])
    wanted = sorted(truth["departments"], key=lambda one: (one["order"] is None, one["order"] or 0, one["serial"]))
    by_id = {one["id"]: one for one in truth["departments"]}
    assert [by_id[one]["order"] for one in placed] == [one["order"] for one in wanted]


def test_department_and_all_below_it(app: WeComApp, truth: dict) -> None:
    parent = next(one["parent_id"] for one in truth["departments"] if one["parent_id"] not in (None, 1))
    rows = app.call("department/list", id=parent)["department"]
    ids = {row["id"] for row in rows}
    assert rows[0]["id"] == parent
    assert len(rows) > 1
    assert all(row["parentid"] in ids for row in rows[1:])
    assert {row["id"] for row in app.call("department/simplelist", id=parent)["department_id"]} == ids
    assert app.call("department/get", id=parent)["department"] == rows[0]


@pytest.mark.parametrize("path", ["department/list", "department/simplelist", "department/get"])
def test_bad_department_is_refused(app: WeComApp, path: str) -> None:
    assert app.code(path, id=999_999) == 60003
    assert app.code(path, id="x") == 40058
    assert app.code("department/get") == 40063


def test_fields_of_the_list(app: WeComApp, truth: dict) -> None:
    rows = {row["userid"]: row for row in app.everyone()}
    held: dict[str, list[dict[str, Any]]] = {}
    for row in truth["memberships"]:
        held.setdefault(row["user_id"], []).append(row)
    assert rows.keys() == held.keys()
    for user in truth["users"]:
        row, places = rows[user["id"]], held[user["id"]]
        wanted = ALWAYS | PRIVATE | {"english_name"}
        assert wanted <= row.keys() <= wanted | SOMETIMES
        assert (row["name"], row["position"], row["main_department"]) == (user["name"], user["title"], user["main_department_id"])
        assert row["department"] == [place["department_id"] for place in places]
        assert row["order"] == [place["order"] for place in places]
        assert row["is_leader_in_dept"] == [int(place["is_leader"]) for place in places]
        assert row["direct_leader"] == ([user["manager_id"]] if user["manager_id"] else [])
        assert (row["mobile"], row["email"], row["biz_mail"]) == (user["mobile"] or "", user["email"] or "", user["work_email"] or "")
        assert row["gender"] == {"male": "1", "female": "2", None: "0"}[user["gender"]]
        assert row["status"] == (1 if user["active"] else 4)
        assert all(2**31 <= order < 2**32 for order in row["order"])


def test_person_alone_has_the_same_fields_but_the_english_name(app: WeComApp) -> None:
    row = app.everyone()[0]
    del row["english_name"]
    assert app.call("user/get", userid=row["userid"]) == row
    assert app.call("user/get", userid=row["userid"].swapcase()) == row


def test_department_has_only_its_own_members_unless_children_are_asked_for(app: WeComApp, truth: dict) -> None:
    own = {row["user_id"] for row in truth["memberships"] if row["department_id"] == 1}
    rows = app.call("user/list", department_id=1, status=0)["userlist"]
    assert {row["userid"] for row in rows} == own
    assert app.call("user/list", department_id=1, fetch_child=0)["userlist"] == rows
    simple = app.call("user/simplelist", department_id=1, fetch_child=1)["userlist"]
    assert len(simple) == len(truth["users"])
    assert all(row.keys() == {"userid", "name", "department"} for row in simple)


def test_job_number_and_day_of_entry_are_extra_attributes(app: WeComApp, truth: dict) -> None:
    user = next(user for user in truth["users"] if user["job_number"] and user["hired_at_ms"])
    attributes = {one["name"]: one for one in app.call("user/get", userid=user["id"])["extattr"]["attrs"]}
    assert attributes["工号"] == {"type": 0, "name": "工号", "value": user["job_number"], "text": {"value": user["job_number"]}}
    assert len(attributes["入职日期"]["text"]["value"]) == 10


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("user/get", {}, 41009),
        ("user/get", {"userid": "nobody"}, 60111),
        ("user/get", {"userid": "no body"}, 40003),
        ("user/list", {}, 40063),
        ("user/list", {"department_id": 999_999}, 60003),
        ("user/list", {"department_id": "x"}, 40058),
        ("user/simplelist", {"department_id": 1, "fetch_child": "yes"}, 40058),
        ("tag/get", {}, 40068),
        ("tag/get", {"tagid": 77}, 40068),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(app: WeComApp, path: str, query: dict, code: int) -> None:
    assert app.code(path, **query) == code


def test_id_by_mobile_and_by_email(app: WeComApp, truth: dict) -> None:
    user = next(user for user in truth["users"] if user["mobile"] and user["email"] and user["work_email"])
    mail = "user/get_userid_by_email"
    assert app.call("user/getuserid", body={"mobile": user["mobile"]}) == {"userid": user["id"]}
    assert app.call(mail, body={"email": user["work_email"]}) == {"userid": user["id"]}
    assert app.call(mail, body={"email": user["email"], "email_type": 2}) == {"userid": user["id"]}
    assert app.code(mail, body={"email": user["email"]}) == 46004
    assert app.code(mail, body={"email": user["email"], "email_type": 3}) == 40058
    assert app.code("user/getuserid", body={"mobile": "19900000000"}) == 46004
    assert app.code("user/getuserid", body={"mobile": "1"}) == 60103
    assert app.code("user/getuserid", body={}) == 40063


def pages(app: WeComApp, limit: int) -> list[dict[str, Any]]:
    answers = [app.call("user/list_id", token=app.contact_token, body={"limit": limit})]
    while answers[-1].get("next_cursor"):
        cursor = answers[-1]["next_cursor"]
        answers.append(app.call("user/list_id", token=app.contact_token, body={"limit": limit, "cursor": cursor}))
    return answers


@pytest.mark.parametrize("last_cursor", ["empty", "absent"])
def test_id_pages_hold_each_place_once(app: WeComApp, truth: dict, last_cursor: str) -> None:
    app.settings(last_cursor=last_cursor)
    answers = pages(app, 50)
    rows = [(row["userid"], row["department"]) for answer in answers for row in answer["dept_user"]]
    assert sorted(rows) == sorted((row["user_id"], row["department_id"]) for row in truth["memberships"])
    assert answers[-1].get("next_cursor") == ("" if last_cursor == "empty" else None)
    assert all(len(answer["dept_user"]) == 50 for answer in answers[:-1])


@pytest.mark.parametrize("body", [{"limit": 0}, {"limit": 10_001}, {"cursor": "page2"}, {"cursor": 50}], ids=str)
def test_bad_id_page_is_refused(app: WeComApp, body: dict) -> None:
    assert app.code("user/list_id", token=app.contact_token, body=body) == 40058


def test_body_that_is_not_understood_succeeds_with_a_warning(app: WeComApp) -> None:
    url = f"{app.sandbox.url}/cgi-bin/user/list_id"
    for body in (b'{"limit": 3', b'{"limit": "3"}'):
        answer = requests.post(url, data=body, params={"access_token": app.contact_token}, timeout=10).json()
        assert (answer["errcode"], answer["errmsg"]) == (0, "ok. Warning: wrong json format. ")
        assert len(answer["dept_user"]) > 3


def test_escaped_characters_are_refused(app: WeComApp) -> None:
    assert app.code("user/get_userid_by_email", body={"email": "王@example.com"}, escaped=True) == 40033


def test_tags(app: WeComApp, truth: dict) -> None:
    tags = {tag["tagname"]: tag["tagid"] for tag in app.call("tag/list")["taglist"]}
    newcomers = app.call("tag/get", tagid=tags["新员工"])
    assert newcomers.keys() == {"tagname", "userlist", "partylist"}
    assert {row["userid"] for row in newcomers["userlist"]} == {user["id"] for user in truth["users"][-5:]}
    assert app.call("tag/get", tagid=tags["重点项目"])["partylist"]
    assert app.call("tag/get", tagid=tags["空标签"])["userlist"] == []


def test_evolution_shows_at_once(app: WeComApp) -> None:
    app.everyone()
    happened = app.control("POST", "evolve", {"joined": 2, "left": 1, "renamed": 1, "departments_created": 1})
    rows = {row["userid"]: row for row in app.everyone()}
    names = {user["id"]: user["name"] for user in app.truth()["users"]}
    assert {user: row["name"] for user, row in rows.items()} == names
    assert app.code("user/get", userid=happened["left"][0]) == 60111
    assert app.code("department/get", id=happened["departments_created"][0]) == 0
    assert happened["joined"][0] in {row["userid"] for row in pages(app, 10_000)[0]["dept_user"]}


def test_user_ids_are_unique_without_regard_to_case() -> None:
    ids = [user_id(serial) for serial in range(1, 20_000)]
    assert len({one.lower() for one in ids}) == len(ids)
    assert max(map(len, ids)) <= 64
