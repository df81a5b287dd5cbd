from __future__ import annotations

import pytest

from orgsync.errors import (
    CredentialError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
    ThrottledError,
)
from orgsync.platforms.wecom.codes import GONE_CODES, MEANINGS, STALE_TOKEN_CODES, Identity, code_of, error_for

IDENTITIES: list[Identity] = ["app", "contact"]
ADDRESS_NOT_TRUSTED = (
    "not allow to access from your ip, hint: [1700000000123456789012345], from ip: 198.51.100.4, "
    "more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
)


def error_of(code: int | str, words: str = "x", identity: Identity = "app") -> PlatformError:
    return error_for({"errcode": int(code), "errmsg": words}, interface="user/list", identity=identity)


@pytest.mark.parametrize(
    ("envelope", "code"), [({"errcode": 0}, "0"), ({"errcode": "0"}, "0"), ({"access_token": "t"}, "0"), ({"errcode": -1}, "-1")]
)
def test_success_is_errcode_0_or_none(envelope: dict[str, object], code: str) -> None:
    assert code_of(envelope) == code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("-1", PlatformBusyError),
        ("6000", PlatformBusyError),
        ("45009", ThrottledError),
        ("45033", ThrottledError),
        ("40014", CredentialError),
        ("42001", CredentialError),
        ("40001", CredentialError),
        ("40013", CredentialError),
        ("40091", CredentialError),
        ("60011", PermissionDeniedError),
        ("50002", PermissionDeniedError),
        ("60021", PermissionDeniedError),
        ("48002", PermissionDeniedError),
        ("48009", PermissionDeniedError),
        ("60020", PermissionDeniedError),
        ("50003", PermissionDeniedError),
        ("60003", RefusedError),
        ("60111", RefusedError),
        ("45029", RefusedError),
        ("987654", RefusedError),
    ],
)
def test_code_has_its_error(code: str, kind: type[PlatformError]) -> None:
    error = error_of(code)
    assert type(error) is kind
    assert (error.refusal.platform, error.refusal.interface, error.refusal.code) == ("wecom", "user/list", code)


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("code", [*MEANINGS, "987654"])
def test_every_code_says_what_to_do(code: str, identity: Identity) -> None:
    assert error_of(code, identity=identity).refusal.fix


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("code", ["40001", "40013", "40091"])
def test_bad_pair_names_the_fields_of_the_connection(code: str, identity: Identity) -> None:
    assert "login and password of the connection" in str(error_of(code, identity=identity))
    assert ("contact_secret" in str(error_of(code, identity=identity))) == (identity == "contact")


def test_address_that_is_not_trusted_is_quoted_with_the_list_it_belongs_to() -> None:
    assert "Add 198.51.100.4 to the app's 企业可信IP" in str(error_of(60020, ADDRESS_NOT_TRUSTED))
    assert "Add 198.51.100.4 to the trusted IP list of 管理工具 → 通讯录同步" in str(error_of(60020, ADDRESS_NOT_TRUSTED, "contact"))
    assert "Add 2001:db8::4 to" in str(error_of(60020, "no, from ip: 2001:db8::4, more info at x"))
    assert "Add the address orgsync calls from to" in str(error_of(60020, "no"))


def test_hint_is_the_request_id() -> None:
    assert error_of(60020, ADDRESS_NOT_TRUSTED).refusal.request_id == "1700000000123456789012345"
    assert error_of(60020, "no").refusal.request_id is None


@pytest.mark.parametrize(("identity", "fix"), [("contact", "Set contact_secret of"), ("app", "Set password of")])
def test_wrong_kind_of_secret_says_which_field_to_change(identity: Identity, fix: str) -> None:
    assert fix in str(error_of(48002, "api forbidden", identity))


def test_details_with_the_secret_of_contact_sync_ask_for_an_apps() -> None:
    assert "Set password of the connection to the Secret of a self-built app" in str(error_of(48009))


def test_exhausted_window_waits_a_minute_and_concurrency_a_moment() -> None:
    assert error_of(45009).wait_seconds == 60
    assert (error_of(45033).wait_seconds or 0) < 10


def test_words_of_a_known_code_are_not_repeated() -> None:
    assert "zhangsan" not in str(error_of(60111, "userid not found: zhangsan"))


def test_words_of_an_unknown_code_are_redacted_and_it_can_be_looked_up() -> None:
    text = str(error_of(987654, "成员 13912345678 access_token=abc 不可用, hint: [1], from ip: 198.51.100.4"))
    assert "13912345678" not in text
    assert "abc" not in text
    assert "不可用" in text
    assert "https://open.work.weixin.qq.com/devtool/query?e=987654" in text


def test_stale_token_codes_are_credential_errors() -> None:
    assert {MEANINGS[code].error for code in STALE_TOKEN_CODES} == {CredentialError}


def test_codes_of_what_is_gone() -> None:
    assert {"60003", "60111", "40003", "46004"} <= GONE_CODES
    assert {MEANINGS[code].error for code in GONE_CODES} == {RefusedError}
