from __future__ import annotations

import pytest
import requests

from tests.sandbox.app import App

RIGHT = {"appKey": "sandbox-dingtalk", "appSecret": "sandbox-dingtalk-secret"}
UNIFIED = {"client_id": "sandbox-dingtalk", "client_secret": "sandbox-dingtalk-secret", "grant_type": "client_credentials"}


def test_token_is_the_same_until_it_expires_and_of_both_generations(app: App) -> None:
    first = app.get("gettoken", appkey="sandbox-dingtalk", appsecret="sandbox-dingtalk-secret")
    modern = requests.post(f"{app.url}/v1.0/oauth2/accessToken", json=RIGHT, timeout=10).json()
    unified = requests.post(f"{app.url}/v1.0/oauth2/dingsandbox/token", json=UNIFIED, timeout=10).json()

    assert first == {"errcode": 0, "access_token": app.token, "errmsg": "ok", "expires_in": 7200}
    assert modern == {"accessToken": app.token, "expireIn": 7200}
    assert unified == {"access_token": app.token, "expires_in": 7200}
    assert app.control("GET", "calls")["tokens_issued"] == 4


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"appkey": "sandbox-dingtalk", "appsecret": "wrong"}, 40096),
        ({"appkey": "nobody", "appsecret": "sandbox-dingtalk-secret"}, 40096),
        ({}, 40035),
        ({"appkey": "sandbox-dingtalk"}, 40035),
        ({"corpid": "ding", "corpsecret": "x"}, 40089),
    ],
)
def test_old_token_call_refuses_without_wrapper(app: App, query: dict, code: int) -> None:
    answer = app.get("gettoken", **query)
    assert answer["errcode"] == code
    assert "sub_code" not in answer


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("accessToken", RIGHT | {"appSecret": "wrong"}, 400, "invalidClientIdOrSecret"),
        ("accessToken", {"appSecret": "x"}, 400, "MissingappKey"),
        ("dingsandbox/token", UNIFIED | {"client_secret": "wrong"}, 400, "invalid.client"),
        ("nocorp/token", UNIFIED, 500, "unknownError"),
        ("nowhere", {}, 404, "InvalidAction.NotFound"),
    ],
)
def test_new_token_calls_refuse_with_a_status(app: App, path: str, body: dict, status: int, code: str) -> None:
    answer = requests.post(f"{app.url}/v1.0/oauth2/{path}", json=body, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["requestid"]


def test_new_token_call_takes_no_form(app: App) -> None:
    answer = requests.post(f"{app.url}/v1.0/oauth2/accessToken", data=RIGHT, timeout=10)
    assert answer.status_code == 400


def test_wrong_token_is_a_wrapped_refusal_with_a_code_in_text(app: App) -> None:
    answer = requests.post(f"{app.url}/topapi/v2/department/listsub?access_token=wrong", json={}, timeout=10)
    body = answer.json()
    assert (answer.status_code, body["errcode"], body["sub_code"], body["sub_msg"]) == (200, 88, "40014", "不合法的access_token")
    assert body["errmsg"] == "ding talk error[subcode=40014,submsg=不合法的access_token]"
    assert body["request_id"]


def test_missing_token_is_refused_also_when_it_is_in_a_header(app: App) -> None:
    headers = {"x-acs-dingtalk-access-token": app.token}
    body = requests.post(f"{app.url}/topapi/v2/department/listsub", json={}, headers=headers, timeout=10).json()
    assert (body["errcode"], body["sub_code"]) == (88, "40000")


def test_token_in_a_form_body_is_read(app: App) -> None:
    form = {"access_token": app.token, "dept_id": "1"}
    assert requests.post(f"{app.url}/topapi/v2/department/get", data=form, timeout=10).json()["result"]["dept_id"] == 1


def test_legacy_path_refuses_a_token_without_wrapper(app: App) -> None:
    assert app.get("auth/scopes", access_token="wrong")["errcode"] == 40014
    assert app.get("auth/scopes")["errcode"] == 41001


def test_expired_token_is_replaced_by_another(app: App) -> None:
    old = app.token
    assert app.control("POST", "tokens/expire") == {"expired": 1}
    assert app.call("v2/department/listsub")["sub_code"] == "40014"
    del app.token
    assert app.token != old
    assert app.code("v2/department/listsub") == 0


def test_token_lives_as_long_as_the_setting_says(app: App) -> None:
    app.settings(token_seconds=1)
    app.control("POST", "tokens/expire")
    assert app.get("gettoken", appkey="sandbox-dingtalk", appsecret="sandbox-dingtalk-secret")["expires_in"] == 1


def test_scopes_tell_visible_range_and_fields(app: App) -> None:
    app.settings(visible_departments=[2400015838], visible_users=["u1"], field_permissions=["fieldEmail"])
    scopes = app.get("auth/scopes", access_token=app.token)
    assert scopes["auth_org_scopes"] == {"authed_user": ["u1"], "authed_dept": [2400015838]}
    assert "email" in scopes["auth_user_field"]
    assert "mobile" not in scopes["auth_user_field"]


def test_own_credentials_can_be_chosen(app: App) -> None:
    app.settings(client_id="mine", client_secret="hidden")
    assert app.get("gettoken", appkey="mine", appsecret="hidden")["errcode"] == 0
    assert app.get("gettoken", appkey="sandbox-dingtalk", appsecret="sandbox-dingtalk-secret")["errcode"] == 40096


def test_company_may_have_more_apps(app: App) -> None:
    app.settings(other_apps=2)
    pairs = [{"appkey": f"sandbox-dingtalk{more}", "appsecret": "sandbox-dingtalk-secret"} for more in ("", "_1", "_2", "_3")]
    answers = [app.get("gettoken", **pair)["errcode"] for pair in pairs]
    assert answers == [0, 0, 0, 40096]
    assert app.get("gettoken", appkey="sandbox-dingtalk_1", appsecret="wrong")["errcode"] == 40096
