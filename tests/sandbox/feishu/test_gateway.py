from __future__ import annotations

import time

import pytest

from sandbox.feishu.settings import FeishuSettings
from tests.sandbox.feishu.app import CHILDREN, MEMBERS, FeishuApp

ROOT_CHILDREN = "contact/v3/departments/0/children"
SCOPES = {
    ROOT_CHILDREN: "contact:contact.base:readonly",
    "contact/v3/departments/batch": "contact:contact.base:readonly",
    "contact/v3/users/batch": "contact:contact.base:readonly",
    "contact/v3/custom_attrs": "contact:contact.base:readonly",
    "tenant/v2/tenant/query": "tenant:tenant:readonly",
    "application/v6/applications/cli_sandbox/contacts_range_configuration": "admin:app.info:readonly",
}


def spoil(app: FeishuApp, *troubles: str) -> None:
    """Make the named checks fail."""
    changes = {
        "ip": {"allowed_ips": ["203.0.113.9"]},
        "quota": {"quota_used_up": True},
        "scope": {"permissions": []},
        "rate": {"calls_per_minute": 1},
    }
    _ = app.token
    app.settings(**{name: value for trouble in troubles for name, value in changes[trouble].items()})


def test_unknown_path_and_wrong_method_are_plain_text(app: FeishuApp) -> None:
    for answer in (app.raw("contact/v3/nothing", token="-"), app.raw("contact/v3/scopes", method="POST", token="-")):
        assert (answer.status_code, answer.text) == (404, "404 page not found")
        assert answer.headers["content-type"] == "text/plain"
        assert answer.headers["X-Tt-Logid"]


def test_checks_come_in_their_order(app: FeishuApp) -> None:
    path, bad = ROOT_CHILDREN, {"page_size": "many"}
    assert app.refusal(path, **bad) == (400, 99992402)
    spoil(app, "ip", "quota", "scope")
    assert app.refusal(path, **bad, token="t-fake") == (400, 99991663)
    assert app.refusal(path, **bad) == (400, 99991401)
    app.settings(allowed_ips=[])
    assert app.refusal(path, **bad) == (400, 99991403)
    app.settings(quota_used_up=False)
    assert app.refusal(path, **bad) == (400, 99991672)


def test_rate_comes_before_arguments_and_after_scope(app: FeishuApp) -> None:
    spoil(app, "rate")
    app.raw(MEMBERS)
    assert app.refusal(MEMBERS) == (429, 99991400)
    spoil(app, "scope")
    assert app.refusal(MEMBERS) == (400, 99991672)


def test_blocked_address_still_gets_a_token(app: FeishuApp) -> None:
    spoil(app, "ip", "quota")
    assert app.ask_token().json()["code"] == 0


@pytest.mark.parametrize("path", SCOPES)
def test_missing_scope_is_named_with_where_to_apply(app: FeishuApp, path: str) -> None:
    app.settings(permissions=[])
    body = app.raw(path).json()
    assert body["code"] == 99991672
    assert {"type": "action_scope_required", "subject": SCOPES[path]} in body["error"]["permission_violations"]
    assert body["error"]["helps"][0]["url"].startswith(f"https://open.feishu.cn/app/cli_sandbox/auth?q={SCOPES[path]}")
    assert SCOPES[path] in body["msg"]


def test_any_of_several_scopes_opens_a_list_but_not_a_batch(app: FeishuApp) -> None:
    app.settings(permissions=["contact:department.organize:readonly"])
    assert app.data(ROOT_CHILDREN)["items"]
    assert app.refusal("contact/v3/departments/batch", department_ids="0") == (400, 99991672)


def test_field_scope_alone_opens_no_call(app: FeishuApp) -> None:
    app.settings(permissions=[], field_permissions=["contact:department.organize:readonly"])
    assert app.refusal(ROOT_CHILDREN) == (400, 99991672)


def test_limit_of_a_second_comes_with_headers(app: FeishuApp) -> None:
    _ = app.token
    app.settings(calls_per_second=3)
    time.sleep(1 - time.time() % 1)  # a window begins
    answers = [app.raw(ROOT_CHILDREN) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["code"] == 99991400
    assert answers[-1].headers["x-ogw-ratelimit-limit"] == "3"
    assert answers[-1].headers["x-ogw-ratelimit-reset"] == "1"
    assert app.raw("contact/v3/scopes").status_code == 200, "each interface has its own window"
    calls = app.control("GET", "calls")
    assert calls["refusals"] == {"99991400": 1}
    assert calls["by_interface"][CHILDREN] == 4


def test_limit_of_a_minute_says_how_long_to_wait(app: FeishuApp) -> None:
    _ = app.token
    app.settings(calls_per_minute=2)
    if time.time() % 60 > 58:
        time.sleep(2)
    answers = [app.raw("contact/v3/custom_attrs") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["x-ogw-ratelimit-limit"] == "2"
    assert 1 <= int(answers[-1].headers["x-ogw-ratelimit-reset"]) <= 60


def test_defaults_are_the_documented_limits() -> None:
    defaults = FeishuSettings()
    assert (defaults.calls_per_second, defaults.calls_per_minute) == (50, 1000)


def test_bad_arguments_are_named(app: FeishuApp) -> None:
    body = app.raw(MEMBERS, department_id="0", user_id_type="nick").json()
    assert body["code"] == 99992402
    assert body["error"]["field_violations"][0]["field"] == "user_id_type"
    missing = app.raw(MEMBERS).json()
    assert missing["error"]["field_violations"] == [{"field": "department_id", "description": "department_id is required"}]
    assert app.refusal(ROOT_CHILDREN, fetch_child="perhaps") == (400, 99992402)


def test_body_that_is_no_object_is_refused(app: FeishuApp) -> None:
    answer = app.raw("contact/v3/users/batch_get_id", method="POST", json=[1])
    assert answer.json()["code"] == 9499
