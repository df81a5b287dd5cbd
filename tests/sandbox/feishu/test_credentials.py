from __future__ import annotations

import time

import pytest
import requests

from tests.sandbox.feishu.app import FeishuApp


def test_token_answer_is_flat(app: FeishuApp) -> None:
    answer = app.ask_token()
    body = answer.json()
    assert body.keys() == {"code", "msg", "tenant_access_token", "expire"}
    assert (body["code"], body["msg"], body["tenant_access_token"][:2]) == (0, "ok", "t-")
    assert 7190 < body["expire"] <= 7200
    assert answer.headers["X-Tt-Logid"]


def test_app_token_answer_has_the_same_token_twice(app: FeishuApp) -> None:
    body = app.ask_token("app").json()
    assert body["app_access_token"] == body["tenant_access_token"] == app.token


def test_connection_is_that_of_an_app(app: FeishuApp) -> None:
    assert app.connection == {
        "conn_type": "feishu",
        "host": app.sandbox.url,
        "login": "cli_sandbox",
        "password": "sandbox-feishu-secret",
    }


def test_unknown_app_and_wrong_secret_are_http_200(app: FeishuApp) -> None:
    unknown, wrong = app.ask_token(app_id="cli_other"), app.ask_token(app_secret="guess")
    assert (unknown.status_code, unknown.json()) == (200, {"code": 10003, "msg": "invalid param", "data": {}})
    assert (wrong.status_code, wrong.json()) == (200, {"code": 10014, "msg": "app secret invalid"})


def test_body_that_is_no_json_names_no_app(app: FeishuApp) -> None:
    url = f"{app.sandbox.url}/open-apis/auth/v3/tenant_access_token/internal"
    assert requests.post(url, data="{", timeout=10).json()["code"] == 10003


def test_trailing_slash_is_tolerated(app: FeishuApp) -> None:
    url = f"{app.sandbox.url}/open-apis/auth/v3/tenant_access_token/internal/"
    pair = {"app_id": app.connection["login"], "app_secret": app.connection["password"]}
    assert requests.post(url, json=pair, timeout=10).json()["code"] == 0


def test_token_stays_the_same_while_half_an_hour_is_left(app: FeishuApp) -> None:
    app.settings(token_seconds=1805)
    first = app.ask_token().json()
    time.sleep(1.1)
    second = app.ask_token().json()
    assert second["tenant_access_token"] == first["tenant_access_token"]
    assert second["expire"] < first["expire"]


def test_new_token_in_the_last_half_hour_and_both_are_good(app: FeishuApp) -> None:
    app.settings(token_seconds=1799)
    tokens = [app.ask_token().json()["tenant_access_token"] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert [app.raw("contact/v3/scopes", token=token).status_code for token in tokens] == [200, 200, 200]
    assert app.control("GET", "calls")["tokens_issued"] == 3
    assert app.control("POST", "tokens/expire") == {"expired": 3}
    assert [app.raw("contact/v3/scopes", token=token).json()["code"] for token in tokens] == [99991663] * 3


def test_token_ends_with_its_time(app: FeishuApp) -> None:
    app.settings(token_seconds=1)
    assert app.raw("contact/v3/scopes").status_code == 200
    time.sleep(1.1)
    assert app.refusal("contact/v3/scopes") == (400, 99991663)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, 99991661),
        ("t-whatever", 99991661),
        ("Bearer ", 99991661),
        ("Bearer t-whatever", 99991663),
        ("Bearer a-whatever", 99991663),
        ("Bearer eyJhbGciOi", 99991668),
        ("Bearer u-whatever", 99991668),
        ("Bearer whatever", 99991671),
    ],
)
def test_bad_token_is_told_by_its_looks(app: FeishuApp, header: str | None, code: int) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = requests.get(f"{app.sandbox.url}/open-apis/contact/v3/scopes", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["error"]["log_id"] == answer.headers["X-Tt-Logid"]
