from __future__ import annotations

import re
import time

import pytest
import requests

from tests.sandbox.app import App

PERMISSIONS = {
    "v2/department/listsub": "qyapi_get_department_list",
    "v2/department/get": "qyapi_get_department_list",
    "v2/user/list": "qyapi_get_department_member",
    "user/listsimple": "qyapi_get_department_member",
    "v2/user/get": "qyapi_get_member",
    "user/listid": "qyapi_get_member",
    "user/count": "qyapi_get_member",
    "v2/user/getbymobile": "qyapi_get_member_by_mobile",
}


def test_unknown_path_is_200_with_code_22(app: App) -> None:
    answer = app.raw("v2/user/notexist")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["errcode"], body["sub_msg"]) == (22, "不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist")
    assert body["errmsg"] == f"Invalid method[submsg={body['sub_msg']}]"
    assert body["request_id"]


def test_path_without_version_is_404_in_the_body(app: App) -> None:
    answer = requests.post(f"{app.url}/oauth2/accessToken", json={}, timeout=10)
    assert (answer.status_code, answer.json()["errcode"]) == (200, 404)


def test_wrong_method_is_refused(app: App) -> None:
    assert app.get("topapi/v2/department/listsub", access_token=app.token)["errcode"] == 43002
    assert requests.post(f"{app.url}/gettoken", timeout=10).json()["errcode"] == 43001
    assert requests.get(f"{app.url}/v1.0/oauth2/accessToken", timeout=10).status_code == 404


@pytest.mark.parametrize("path", PERMISSIONS)
def test_missing_permission_names_it_and_where_to_apply(app: App, path: str) -> None:
    scope = PERMISSIONS[path]
    app.settings(permissions=[one for one in set(PERMISSIONS.values()) if one != scope])
    answer = app.call(path)
    assert (answer["errcode"], answer["sub_code"]) == (88, "60011")
    assert f"[{scope}]" in answer["sub_msg"]
    assert "https://open-dev.dingtalk.com/appscope/apply?content=sandbox-dingtalk%23" + scope in answer["sub_msg"]
    assert answer["errmsg"].endswith(f"{{requiredScopes=[{scope}]}}")


def test_scopes_need_the_base_permission(app: App) -> None:
    app.settings(permissions=[])
    assert app.get("auth/scopes", access_token=app.token)["errcode"] == 60011


def test_foreign_address_is_refused_but_gets_a_token(app: App) -> None:
    app.settings(allowed_ips=["203.0.113.9"])
    answer = app.call("user/count", only_active=False)
    assert (answer["errcode"], answer["sub_code"]) == (88, "60020")
    assert "request ip=127.0.0.1" in answer["sub_msg"]
    assert "appKey(sandbox-dingtalk)" in answer["sub_msg"]


def test_calls_beyond_the_limit_of_one_second_are_throttled(app: App) -> None:
    app.settings(calls_per_second=5)
    _ = app.token
    time.sleep(1 - time.time() % 1)  # a window begins
    answers = [app.call("v2/department/listsubid", dept_id=1) for _ in range(6)]
    other = app.call("user/count", only_active=True)

    assert [answer["errcode"] for answer in answers] == [0] * 5 + [88]
    assert answers[-1]["sub_code"] == "90018"
    assert "apiPath(/topapi/v2/department/listsubid)" in answers[-1]["sub_msg"]
    assert "超过了 5 次" in answers[-1]["sub_msg"]
    assert re.search(r"处罚将在 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 结束", answers[-1]["sub_msg"])
    assert other["errcode"] == 0, "each interface has its own window"
    calls = app.control("GET", "calls")
    assert calls["refusals"] == {"90018": 1}
    assert calls["peak_by_interface"]["topapi/v2/department/listsubid"] == 6


def test_next_window_is_free_again(app: App) -> None:
    app.settings(calls_per_second=1)
    while app.call("user/count", only_active=True)["errcode"] == 0:
        pass
    time.sleep(1)
    assert app.code("user/count", only_active=True) == 0


def test_forms_and_texts_of_digits_are_taken_like_json(app: App) -> None:
    form = {"dept_id": "1", "cursor": "0", "size": "2", "contain_access_limit": "true"}
    by_form = requests.post(f"{app.url}/topapi/v2/user/list", params={"access_token": app.token}, data=form, timeout=10).json()
    assert by_form["result"] == app.page(1, size=2, contain_access_limit=True)


def test_body_that_is_no_json_object_is_refused(app: App) -> None:
    for body in ("{", "[1]", "null"):
        answer = requests.post(f"{app.url}/topapi/v2/department/listsub", params={"access_token": app.token}, data=body, timeout=10)
        assert answer.json()["errcode"] == 400002


def test_every_topapi_answer_has_its_own_request_id(app: App) -> None:
    answers = [app.call("user/count", only_active=True), app.call("user/count"), app.call("user/count", only_active=True)]
    assert len({answer["request_id"] for answer in answers}) == 3
