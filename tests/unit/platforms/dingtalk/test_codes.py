from __future__ import annotations

from typing import Any

import pytest

from orgsync.errors import (
    CredentialError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
    ThrottledError,
)
from orgsync.platforms.dingtalk.codes import MEANINGS, STALE_TOKEN_CODES, blocked_ip_error, effective_code, error_for

POINT = "qyapi_get_department_list"
LINK = "https://open-dev.dingtalk.com/appscope/apply?content=dingabc%23qyapi"
SCOPE_MISSING = {
    "errcode": 88,
    "errmsg": f"ding talk error[subcode=60011,submsg=应用尚未开通所需的权限：[{POINT}]]{{requiredScopes=[{POINT}]}}",
    "sub_code": "60011",
    "sub_msg": f"应用尚未开通所需的权限：[{POINT}]，点击链接申请并开通即可：{LINK}",
    "request_id": "16m",
}
ADDRESS_NOT_LISTED = {
    "errcode": 88,
    "errmsg": "x",
    "sub_code": "60020",
    "sub_msg": "访问ip不在白名单之中,request ip=198.51.100.4,appKey(dingabc)",
}


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        ({"errcode": 0, "errmsg": "ok"}, "0"),
        ({"errcode": "0", "errmsg": "ok"}, "0"),
        ({"errcode": 88, "sub_code": "40014", "errmsg": "x"}, "40014"),
        ({"errcode": 88, "errmsg": "ding talk error[subcode=90018,submsg=限流]"}, "90018"),
        ({"errcode": 88, "errmsg": "nothing more"}, "88"),
        ({"errcode": 60003, "errmsg": "部门不存在"}, "60003"),
        ({"errcode": "-1", "errmsg": "busy"}, "-1"),
        ({"errmsg": "subcode=-1"}, "-1"),
    ],
)
def test_effective_code(envelope: dict[str, Any], code: str) -> None:
    assert effective_code(envelope) == code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("-1", PlatformBusyError),
        ("90018", ThrottledError),
        ("90002", ThrottledError),
        ("40014", CredentialError),
        ("42001", CredentialError),
        ("40096", CredentialError),
        ("40089", CredentialError),
        ("60011", PermissionDeniedError),
        ("60020", PermissionDeniedError),
        ("50004", PermissionDeniedError),
        ("60003", RefusedError),
        ("90020", RefusedError),
        ("22", RefusedError),
        ("987654", RefusedError),
    ],
)
def test_code_has_its_error(code: str, kind: type[PlatformError]) -> None:
    error = error_for({"errcode": int(code), "errmsg": "x", "request_id": "r1"}, interface="user/list")
    assert type(error) is kind
    assert (error.refusal.platform, error.refusal.interface, error.refusal.code, error.refusal.request_id) == (
        "dingtalk",
        "user/list",
        code,
        "r1",
    )


@pytest.mark.parametrize("code", MEANINGS)
def test_every_code_says_what_to_do(code: str) -> None:
    assert error_for({"errcode": code, "errmsg": ""}, interface="i").refusal.fix


def test_missing_scope_is_named_with_the_link_to_apply() -> None:
    text = str(error_for(SCOPE_MISSING, interface="department/listsub"))
    assert f"Grant {POINT} under 权限管理" in text
    assert LINK in text


def test_address_not_listed_is_named() -> None:
    assert "Add 198.51.100.4 to the app's list (安全设置 → 服务器出口IP)" in str(error_for(ADDRESS_NOT_LISTED, interface="user/list"))


def test_throttle_asks_for_at_least_a_second() -> None:
    error = error_for({"errcode": 88, "sub_code": "90018", "errmsg": "x"}, interface="user/list")
    assert error.wait_seconds == 1.0


def test_blocked_address_waits_five_minutes() -> None:
    assert blocked_ip_error("user/list").wait_seconds == 300


def test_words_of_an_unknown_code_are_redacted() -> None:
    text = str(error_for({"errcode": 987654, "errmsg": "用户 13912345678 access_token=abc 不可用"}, interface="i"))
    assert "13912345678" not in text
    assert "abc" not in text
    assert "不可用" in text


def test_stale_token_codes_are_credential_errors() -> None:
    assert {MEANINGS[code].error for code in STALE_TOKEN_CODES} == {CredentialError}
