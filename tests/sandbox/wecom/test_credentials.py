from __future__ import annotations

import re

import pytest

from tests.sandbox.wecom.app import CONTACT_SECRET, CORP_ID, SECRET, WeComApp

RIGHT = {"corpid": CORP_ID, "corpsecret": SECRET}
CALLS = {
    "agent/get": {"agentid": 1000002},
    "department/simplelist": {},
    "department/list": {},
    "department/get": {"id": 1},
    "user/get": {"userid": "Li.Fang-1@corp.example.com"},
    "user/list": {"department_id": 1},
    "user/simplelist": {"department_id": 1},
    "user/list_id": {"body": {"limit": 3}},
    "user/getuserid": {"body": {"mobile": "13000000001"}},
    "tag/list": {},
    "tag/get": {"tagid": 2},
    "export/department": {"body": {"encoding_aeskey": "a" * 43}},
    "export/user": {"body": {"encoding_aeskey": "a" * 43}},
    "export/simple_user": {"body": {"encoding_aeskey": "a" * 43}},
}
DETAILS = sorted(CALLS.keys() - {"agent/get", "user/list_id", "department/simplelist"})


def test_each_secret_has_its_own_token_until_it_expires(app: WeComApp) -> None:
    app.control("POST", "tokens/expire")
    app.control("DELETE", "calls")
    answer = app.call("gettoken", token=None, **RIGHT)
    assert answer == {"access_token": app.token, "expires_in": 7200}
    assert app.token != app.contact_token
    assert app.control("GET", "calls")["tokens_issued"] == 3
    assert app.control("POST", "tokens/expire") == {"expired": 2}
    assert app.control("POST", "tokens/expire") == {"expired": 0}
    assert app.new_token(SECRET) != app.token


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"corpid": None}, 41002),
        ({"corpsecret": ""}, 41004),
        ({"corpid": "1000002"}, 40013),
        ({"corpsecret": "of-another-corp"}, 40001),
        ({"corpsecret": "not a secret"}, 40091),
    ],
    ids=str,
)
def test_wrong_credentials_are_refused(app: WeComApp, changes: dict, code: int) -> None:
    assert app.code("gettoken", token=None, **(RIGHT | changes)) == code


def test_refusal_has_the_full_shape(app: WeComApp) -> None:
    answer = app.raw("gettoken", token=None, **(RIGHT | {"corpsecret": "wrong"}))
    assert answer.status_code == 200
    body = answer.json()
    assert re.fullmatch(
        r"invalid credential, hint: \[\d+\], from ip: 127\.0\.0\.1, "
        r"more info at https://open\.work\.weixin\.qq\.com/devtool/query\?e=40001",
        body["errmsg"],
    )
    assert (answer.headers["Error-Code"], answer.headers["Error-Msg"]) == ("40001", body["errmsg"])


def test_token_is_refused_by_what_is_wrong_with_it(app: WeComApp) -> None:
    assert app.code("department/list", token=None) == 41001
    assert app.code("department/list", token="invented") == 40014
    assert app.code("department/list") == 0
    app.control("POST", "tokens/expire")
    assert app.code("department/list") == 42001


def test_token_dies_with_its_secret(app: WeComApp) -> None:
    assert app.code("department/list") == 0
    app.settings(client_secret="another")
    assert app.code("department/list") == 40014
    assert app.code("gettoken", token=None, **RIGHT) == 40001


def test_token_lives_as_long_as_the_setting_says(app: WeComApp) -> None:
    app.control("POST", "tokens/expire")
    app.settings(token_seconds=30)
    assert app.call("gettoken", token=None, **RIGHT)["expires_in"] == 30


@pytest.mark.parametrize("path", CALLS)
def test_what_the_app_may_do(app: WeComApp, path: str) -> None:
    assert app.code(path, **CALLS[path]) == (48002 if path == "user/list_id" else 0)


@pytest.mark.parametrize("path", CALLS)
def test_what_the_contact_secret_may_do(app: WeComApp, path: str) -> None:
    allowed = {"department/simplelist": 0, "user/list_id": 0, "agent/get": 48002}
    assert app.code(path, token=app.contact_token, **CALLS[path]) == allowed.get(path, 48009)


@pytest.mark.parametrize("path", DETAILS)
def test_contact_secret_from_an_old_address_reads_details(app: WeComApp, path: str) -> None:
    app.settings(contact_secret_reads_details=True, visible_departments=[])
    assert app.code(path, token=app.contact_token, **CALLS[path]) == 0


def test_app_without_the_right_to_contacts_reads_only_itself(app: WeComApp) -> None:
    app.settings(permissions=[])
    refused = {path for path, options in CALLS.items() if app.code(path, **options) == 48002}
    assert refused == CALLS.keys() - {"agent/get"}
    assert app.code("user/list_id", token=app.contact_token, **CALLS["user/list_id"]) == 0


def test_foreign_address_is_refused_before_anything_else_but_gets_a_token(app: WeComApp) -> None:
    app.settings(allowed_ips=["203.0.113.9"])
    assert app.new_token(CONTACT_SECRET)
    answer = app.raw("user/get", userid="nobody").json()
    assert (answer["errcode"], "from ip: 127.0.0.1" in answer["errmsg"]) == (60020, True)
    assert app.code("user/list_id") == 60020


def test_app_describes_its_visible_range(app: WeComApp) -> None:
    app.settings(visible_departments=[8, 11], visible_users=["x"], visible_tags=[2])
    answer = app.call("agent/get", agentid=1000002)
    assert (answer["agentid"], answer["close"], answer["name"]) == (1000002, 0, "组织同步")
    assert answer["allow_partys"] == {"partyid": [8, 11]}
    assert answer["allow_userinfos"] == {"user": [{"userid": "x"}]}
    assert answer["allow_tags"] == {"tagid": [2]}
    assert app.code("agent/get") == 41011
    assert app.code("agent/get", agentid="x") == 40056
    assert app.code("agent/get", agentid=1) == 301002


def test_connection_is_the_apps(app: WeComApp) -> None:
    assert app.control("GET", "connection") == {
        "conn_type": "wecom",
        "login": CORP_ID,
        "password": SECRET,
        "extra": {"agent_id": 1000002},
        "host": app.sandbox.url,
    }


@pytest.mark.parametrize(
    ("path", "method", "code"),
    [
        ("user/list_id", "GET", 40058),
        ("user/getuserid", "GET", 40003),
        ("export/user", "GET", 40058),
        ("user/list", "POST", 40058),
    ],
)
def test_wrong_method_is_a_code_and_not_a_status(app: WeComApp, path: str, method: str, code: int) -> None:
    token = app.contact_token if path == "user/list_id" else app.token
    answer = app.raw(path, method=method, token=token, department_id=1)
    assert (answer.status_code, answer.json()["errcode"]) == (200, code)


def test_unknown_path_is_a_404(app: WeComApp) -> None:
    assert app.raw("user/all").status_code == 404
