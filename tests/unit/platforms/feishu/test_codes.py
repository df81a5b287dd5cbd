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
from orgsync.platforms.feishu.codes import GONE_CODES, MEANINGS, STALE_TOKEN_CODES, error_for
from tests.unit.platforms.feishu.fake import CHILDREN, MEMBERS, TOKEN

BASE, ORGANIZE = "contact:contact.base:readonly", "contact:department.organize:readonly"
LINK = f"https://open.feishu.cn/app/cli_a1/auth?q={BASE},{ORGANIZE}&op_from=openapi&token_type=tenant"
HELP = "https://open.feishu.cn/document/how-to-fix-the-99991672-error"
SCOPE_MISSING = {
    "code": 99991672,
    "msg": f"Access denied. One of the following scopes is required: [{BASE}, {ORGANIZE}].点击链接申请并开通任一权限即可：{LINK}",
    "error": {
        "log_id": "2026A",
        "permission_violations": [{"type": "action_scope_required", "subject": each} for each in (BASE, ORGANIZE)],
        "helps": [{"url": HELP, "description": "help"}],
    },
}


def text_of(envelope: dict[str, Any]) -> str:
    return str(error_for(envelope, interface=CHILDREN))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (99991400, ThrottledError),
        (40003, PlatformBusyError),
        (99991663, CredentialError),
        (99991664, CredentialError),
        (99991665, CredentialError),
        (99991671, CredentialError),
        (10014, CredentialError),
        (10015, CredentialError),
        (99991543, CredentialError),
        (99991672, PermissionDeniedError),
        (99991401, PermissionDeniedError),
        (40004, PermissionDeniedError),
        (40014, PermissionDeniedError),
        (41050, PermissionDeniedError),
        (99991403, RefusedError),
        (40015, RefusedError),
        (99992360, RefusedError),
        (99992402, RefusedError),
        (987654, RefusedError),
    ],
)
def test_code_has_its_error(code: int, kind: type[PlatformError]) -> None:
    error = error_for({"code": code, "msg": "x", "error": {"log_id": "2026A"}}, interface=MEMBERS)
    assert type(error) is kind
    refusal = error.refusal
    assert (refusal.platform, refusal.interface, refusal.code, refusal.request_id) == ("feishu", MEMBERS, str(code), "2026A")


@pytest.mark.parametrize("code", MEANINGS)
def test_every_code_says_what_to_do(code: str) -> None:
    assert error_for({"code": int(code), "msg": ""}, interface=MEMBERS).refusal.fix


@pytest.mark.parametrize(
    ("details", "header", "request_id"),
    [({"log_id": "a"}, "h", "a"), ({"logid": "b"}, "h", "b"), ({}, "h", "h"), (None, "h", "h"), (None, None, None)],
)
def test_request_id_is_found_where_feishu_puts_it(details: Any, header: str | None, request_id: str | None) -> None:
    assert error_for({"code": 40003, "error": details}, interface=MEMBERS, request_id=header).refusal.request_id == request_id


def test_bad_pair_names_the_fields_and_the_brands() -> None:
    text = str(error_for({"code": 10003, "msg": "invalid param", "data": {}}, interface=TOKEN))
    assert "login and password of the connection" in text
    assert "https://open.larksuite.com" in text


def test_same_code_elsewhere_is_a_bad_argument() -> None:
    assert type(error_for({"code": 10003, "msg": "invalid param"}, interface=MEMBERS)) is RefusedError


def test_missing_scope_is_named_with_the_link_to_apply_and_the_release() -> None:
    text = text_of(SCOPE_MISSING)
    assert f"Grant {BASE} or {ORGANIZE} under 权限管理, or apply at {LINK}; then publish a new version" in text
    assert HELP not in text


OTHER_SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "only in the text": ({"msg": SCOPE_MISSING["msg"]}, f"Grant {BASE} or {ORGANIZE} under 权限管理, or apply at {LINK};"),
    "as the general page prints it": (
        {"msg": "no", "error": {"permission_violations": [{"scope": BASE, "url": LINK}]}},
        f"Grant {BASE} under 权限管理, or apply at {LINK};",
    ),
    "only a help": ({"msg": "no", "error": {"helps": [{"url": HELP}]}}, f"Grant the scope under 权限管理, or apply at {HELP};"),
    "nothing": ({}, "Grant the scope under 权限管理; then publish a new version"),
}


@pytest.mark.parametrize(("envelope", "expected"), OTHER_SHAPES.values(), ids=OTHER_SHAPES.keys())
def test_missing_scope_in_its_other_shapes(envelope: dict[str, Any], expected: str) -> None:
    assert expected in text_of({"code": 99991672, **envelope})


def test_missing_scope_for_user_ids_names_both_ways_out() -> None:
    violations = [{"type": "action_scope_required", "subject": "contact:user.employee_id:readonly"}]
    text = text_of({"code": 99991672, "msg": "no", "error": {"permission_violations": violations}})
    assert "Grant contact:user.employee_id:readonly" in text
    assert "set `user_key: open_id` for the tenant" in text


def test_address_not_listed_is_named() -> None:
    text = text_of({"code": 99991401, "msg": "ip 198.51.100.4 is denied by app setting"})
    assert "Add 198.51.100.4 to the app's list (安全设置 → IP 白名单)" in text


def test_throttle_waits_as_long_as_feishu_says() -> None:
    envelope = {"code": 99991400, "msg": "request trigger frequency limit"}
    assert error_for(envelope, interface=MEMBERS, wait_seconds=37.0).wait_seconds == 37.0
    assert error_for(envelope, interface=MEMBERS).wait_seconds == 1.0


def test_words_of_an_unknown_code_are_redacted() -> None:
    text = text_of({"code": 987654, "msg": "用户 13912345678 access_token=abc 不可用"})
    assert "13912345678" not in text
    assert "abc" not in text
    assert "不可用" in text


def test_stale_token_codes_are_credential_errors() -> None:
    assert {MEANINGS[code].error for code in STALE_TOKEN_CODES} == {CredentialError}


def test_gone_codes_are_refusals() -> None:
    assert {"40015", "99992351", "99992381"} <= GONE_CODES
    assert {MEANINGS[code].error for code in GONE_CODES} == {RefusedError}
