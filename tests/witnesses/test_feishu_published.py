"""Feishu's answers as they were published: what the client raises, and which rows they become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orgsync.errors import (
    CredentialError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
    ThrottledError,
    UnexpectedAnswerError,
)
from orgsync.frames import TidySet
from orgsync.platforms.feishu.client import FeishuClient
from orgsync.platforms.feishu.interfaces import (
    BATCH_DEPARTMENTS,
    BATCH_USERS,
    GET_DEPARTMENT,
    GET_TOKEN,
    LIST_CHILDREN,
    LIST_RANGE,
    LIST_USERS,
)
from orgsync.platforms.feishu.tidy import tidy
from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.http_sender import HttpSender
from tests.witnesses.published import Landing, Published, Script, published, rows

Call = Callable[[FeishuClient], Any]

KEY = "open_id"
FIRST, SECOND = "od-0000000000000000000000000000001", "od-0000000000000000000000000000002"
BOSS = "ou_0000000000000000000000000000001"

CALLS: dict[str, Call] = {
    GET_TOKEN: lambda client: next(client.list_range(user_key=KEY)),
    LIST_RANGE: lambda client: list(client.list_range(user_key=KEY)),
    GET_DEPARTMENT: lambda client: client.get_root(user_key=KEY),
    LIST_CHILDREN: lambda client: list(client.list_children("0", whole_subtree=True, user_key=KEY)),
    BATCH_DEPARTMENTS: lambda client: client.get_departments(["od-1"], user_key=KEY),
    LIST_USERS: lambda client: list(client.list_users("0", user_key=KEY)),
    BATCH_USERS: lambda client: client.get_users(["ou_1"], user_key=KEY),
}


def example(name: str) -> Published:
    return published("feishu", name)


def client_for(interface: str, *names: str) -> FeishuClient:
    return client_of(Script({GET_TOKEN: [example("token_good")], interface: [example(name) for name in names]}))


def client_of(script: Script) -> FeishuClient:
    return FeishuClient("cli_1", "secret", transport=script.transport("feishu"))


REFUSALS: list[tuple[str, str, type[PlatformError], str, str]] = [
    ("token_unknown_app", GET_TOKEN, CredentialError, "10003", "a Lark app needs the host https://open.larksuite.com"),
    ("token_wrong_secret", GET_TOKEN, CredentialError, "10014", "Copy App ID and App Secret"),
    ("token_wrong_secret_400", GET_TOKEN, CredentialError, "10014", "Copy App ID and App Secret"),
    ("token_wrong_secret_by_the_table", GET_TOKEN, CredentialError, "10015", "Copy App ID and App Secret"),
    ("header_missing", LIST_USERS, RefusedError, "99991661", "request id 20260911180000A0B1C2D3E4F500000001"),
    ("token_stale", LIST_USERS, CredentialError, "99991663", "request id 20260911180000A0B1C2D3E4F500000002"),
    ("token_stale_401", LIST_USERS, CredentialError, "99991663", "the access token is not valid"),
    ("token_stale_200", LIST_USERS, CredentialError, "99991663", "the access token is not valid"),
    ("token_malformed", LIST_CHILDREN, CredentialError, "99991671", "the access token is not valid"),
    (
        "scope_missing",
        LIST_CHILDREN,
        PermissionDeniedError,
        "99991672",
        "request id 2026LOG: the app lacks a scope. Grant contact:contact.base:readonly or contact:department.organize:readonly under",
    ),
    (
        "scope_missing_in_words_only",
        LIST_USERS,
        PermissionDeniedError,
        "99991672",
        "Grant contact:contact.base:readonly or contact:contact:access_as_app or contact:contact:readonly or contact:contact:readonly_",
    ),
    ("scope_missing_403", LIST_USERS, PermissionDeniedError, "99991672", "Grant the scope under 权限管理; then publish"),
    (
        "scope_missing_documented",
        LIST_USERS,
        PermissionDeniedError,
        "99991672",
        (
            r"request id xxx: .* apply at https://open\.feishu\.cn/app/cli_example/auth\?q=contact:user\.employee_id:readonly&op_from=openapi"
            r".* set `user_key: open_id`"
        ),
    ),
    ("address_not_listed", LIST_USERS, PermissionDeniedError, "99991401", r"Add 203\.0\.113\.9 to the app's list"),
    ("quota_used_up", LIST_USERS, RefusedError, "99991403", "the month's quota"),
    ("department_out_of_range", LIST_USERS, PermissionDeniedError, "40004", "Widen the app's contacts range"),
    ("department_too_large", LIST_CHILDREN, RefusedError, "43010", "too large"),
    ("department_unknown", LIST_USERS, RefusedError, "40015", "no such department"),
    ("internal_error", LIST_USERS, PlatformBusyError, "40003", "it failed on its side"),
    ("tenant_invalid", LIST_USERS, CredentialError, "42008", "the token belongs to another company"),
    ("page_token_invalid", LIST_USERS, RefusedError, "40012", "the page token is not valid"),
    ("field_violation", LIST_CHILDREN, RefusedError, "99992402", "request id 20260101000000A0B1C2D3E4F500000005"),
    ("open_id_of_another_app", BATCH_USERS, RefusedError, "99992361", "an open_id of another app"),
]


@pytest.mark.parametrize(("name", "interface", "error", "code", "words"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_refusal_is_understood(name: str, interface: str, error: type[PlatformError], code: str, words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        CALLS[interface](client_for(interface, name))
    assert type(raised.value) is error
    assert (raised.value.refusal.code, raised.value.refusal.interface) == (code, interface)


@pytest.mark.parametrize(("name", "code"), [("frequency", "HTTP 429"), ("frequency_old", "99991400")])
def test_throttling_waits_as_long_as_the_header_says(name: str, code: str) -> None:
    """429 today, 400 from older interfaces; both say in a header how long."""
    with pytest.raises(ThrottledError) as raised:
        CALLS[LIST_USERS](client_for(LIST_USERS, name))
    assert (raised.value.refusal.code, raised.value.wait_seconds) == (code, 52.0)


def test_wrong_path_is_plain_text() -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"HTTP 404 text/plain.*Check the host of connection 'org'"):
        CALLS[LIST_RANGE](client_for(LIST_RANGE, "path_unknown"))


def test_server_error_is_tried_again_later() -> None:
    with pytest.raises(PlatformBusyError, match="HTTP 500"):
        CALLS[LIST_USERS](client_for(LIST_USERS, "server_error"))


@pytest.mark.parametrize("name", ["token_stale", "token_stale_401", "token_stale_200", "token_malformed"])
def test_stale_token_is_renewed_once(name: str) -> None:
    script = Script({GET_TOKEN: [example("token_good")], BATCH_DEPARTMENTS: [example(name), example("departments_batch")]})
    client_of(script).get_departments(["od-1"], user_key=KEY)
    assert [request.interface for request in script.requests] == [GET_TOKEN, BATCH_DEPARTMENTS, GET_TOKEN, BATCH_DEPARTMENTS]


def test_root_out_of_range_is_no_error() -> None:
    assert CALLS[GET_DEPARTMENT](client_for(GET_DEPARTMENT, "department_out_of_range")) is None


def test_token_that_is_an_apps_too() -> None:
    script = Script({GET_TOKEN: [example("token_of_app_and_tenant")], LIST_RANGE: [example("range_last")]})
    list(client_of(script).list_range(user_key=KEY))
    assert script.requests[-1].headers["Authorization"] == "Bearer t-g100000000000000000000001"


@pytest.mark.parametrize(
    ("interface", "first", "last"),
    [
        (LIST_CHILDREN, "children_first_page", "children_last_page"),
        (LIST_USERS, "users_first_page", "users_none"),
        (LIST_RANGE, "range_of_all_lists", "range_last"),
    ],
)
def test_page_token_comes_back_as_it_was_given(interface: str, first: str, last: str) -> None:
    """One sample holds `/`, `+` and `=`, others are percent-encoded already: on the wire each is encoded once more, exactly once."""
    script = Script({GET_TOKEN: [example("token_good")], interface: [example(first), example(last)]})
    assert len(CALLS[interface](client_of(script))) == 2
    given, sent = example(first).body["data"]["page_token"], script.requests[-1]
    url = HttpSender("https://open.feishu.example", platform="feishu", conn_id="org", parallel=1)._prepare(sent).url
    assert parse_qs(urlsplit(str(url)).query)["page_token"] == [given]


def test_more_is_promised_without_a_token() -> None:
    with pytest.raises(UnexpectedAnswerError, match="it has more, but no page_token"):
        CALLS[LIST_CHILDREN](client_for(LIST_CHILDREN, "children_promised_more"))


def test_empty_lists_with_and_without_items() -> None:
    for interface, name in [(LIST_CHILDREN, "children_none"), (LIST_USERS, "users_none")]:
        assert len(CALLS[interface](client_for(interface, name))) == 1


def children(name: str) -> Answer:
    return example(name).landed(LIST_CHILDREN, department_id="0", user_id_type=KEY)


def members(name: str, department: str = "0", **params: Any) -> Answer:
    return example(name).landed(LIST_USERS, department_id=department, **({"user_id_type": KEY} | params))


def tidied(*, departments: list[Answer], users: list[Answer], walked: tuple[str, ...] = (), mapping: Any = None) -> TidySet:
    entered = [members("users_none", department) for department in walked]
    return tidy(Landing({"departments": departments, "users": [*users, *entered]}), mode="full", mapping=mapping or {})


def department_row(name: str, *, walked: tuple[str, ...] = ("0", FIRST)) -> tuple[dict[str, Any], TidySet]:
    tidy_set = tidied(departments=[children(name)], users=[], walked=walked)
    return next(row for row in rows(tidy_set.departments, "department_id").values()), tidy_set


def test_documented_department() -> None:
    row, tidy_set = department_row("children_first_page")
    assert (row["department_id"], row["name"], row["name_en"], row["source_identifier"]) == (FIRST, "DemoName", "Demo Name", "D096")
    assert (row["sort_order"], row["leader_user_ids"]) == (100, [BOSS])
    assert row["attributes"]["chat_id"] == "oc_0000000000000000000000001"
    assert "member_count" not in row["attributes"]
    assert not tidy_set.withheld


def test_company_and_department_alone_and_in_a_batch() -> None:
    """`get` answers with one object, whose place is the root's; the batch with a list."""
    root = example("department").landed(GET_DEPARTMENT, department_id="0", user_id_type=KEY)
    found = rows(tidied(departments=[root], users=[], walked=("0",)).departments, "department_id")
    assert {key: (row["parent_id"], row["name"]) for key, row in found.items()} == {"0": (None, "DemoName")}
    batch = example("departments_batch").landed(BATCH_DEPARTMENTS, department_ids=[FIRST], user_id_type=KEY)
    found = rows(tidied(departments=[batch], users=[], walked=(FIRST,)).departments, "department_id")
    assert {key: (row["parent_id"], row["sort_order"]) for key, row in found.items()} == {FIRST: (None, 100)}
    assert found[FIRST]["attributes"]["group_chat_employee_types"] == [1]


def test_order_may_be_empty_and_leaders_none() -> None:
    row, _ = department_row("children_last_page", walked=("0", FIRST, SECOND))
    assert (row["department_id"], row["parent_id"], row["sort_order"], row["leader_user_ids"]) == (SECOND, FIRST, None, [])


def test_main_leader_comes_before_deputies() -> None:
    row, _ = department_row("children_deputies")
    assert row["leader_user_ids"] == [BOSS, "ou_deputy000000000000000000000001"]


def test_fields_without_their_scope_are_withheld() -> None:
    row, tidy_set = department_row("children_base_scope_only")
    assert (row["name"], row["source_identifier"]) == ("DemoName", "D096")
    assert {"parent_id", "sort_order", "leader_user_ids"} <= tidy_set.withheld["department"]
    assert "name" not in tidy_set.withheld["department"]
    assert "is_leader" in tidy_set.withheld["membership"]


def test_deleted_department_is_none() -> None:
    tidy_set = tidied(departments=[children("children_deleted")], users=[], walked=("0", FIRST))
    assert FIRST not in rows(tidy_set.departments, "department_id")


def user_row(name: str) -> tuple[dict[str, Any], TidySet]:
    tidy_set = tidied(departments=[], users=[members(name, FIRST)])
    (row,) = rows(tidy_set.users, "user_id").values()
    return row, tidy_set


def test_documented_person() -> None:
    row, tidy_set = user_row("users_first_page")
    assert (row["name"], row["name_en"], row["nickname"]) == ("张三", "San Zhang", "Alex Zhang")
    assert (row["email"], row["work_email"], row["mobile"]) == ("zhangsan@example.com", "demo@corp.example.com", "13900000009")
    assert (row["gender"], row["status"], row["is_admin"], row["employee_type"]) == ("male", "active", False, "1")
    assert (row["work_place"], row["job_number"], row["title"]) == ("杭州", "1", "xxxxx")
    assert row["avatar_url"] == "https://foo.example.com/origin"
    assert (row["hired_on"], row["manager_user_id"], row["main_department_id"]) == (date(2038, 1, 19), BOSS, FIRST)
    assert row["attributes"]["custom_attrs"] == {"DemoId": "http://www.fs.cn"}
    assert not {"department_path", "avatar_key", "geo"} & row["attributes"].keys()
    (place,) = tidy_set.memberships.astype(object).to_dict("records")
    assert (place["department_id"], place["is_main"], place["sort_order"]) == (FIRST, True, -100)
    assert not tidy_set.withheld.get("user")


def test_person_of_a_batch_has_a_place_only_where_people_were_listed() -> None:
    batch = example("users_batch").landed(BATCH_USERS, user_ids=["x"], user_id_type=KEY)
    tidy_set = tidied(departments=[], users=[batch], walked=("0",))
    assert list(rows(tidy_set.users, "user_id")) == ["ou_0000000000000000000000000000002"]
    assert tidy_set.memberships.empty
    tidy_set = tidied(departments=[], users=[batch], walked=(FIRST,))
    assert tidy_set.memberships["department_id"].tolist() == [FIRST]


def test_main_department_of_two() -> None:
    """Found in one department, said to be in two; the text of an absent manager is empty."""
    tidy_set = tidied(
        departments=[], users=[members("users_in_two_departments", "od-root", user_id_type="user_id")], walked=("od-root", "od-eng")
    )
    found = rows(tidy_set.users, "user_id")
    assert {key: (row["main_department_id"], row["manager_user_id"]) for key, row in found.items()} == {
        "ceo": ("od-root", None),
        "manager": ("od-eng", "ceo"),
    }
    places = {(row["user_id"], row["department_id"], row["is_main"]) for row in tidy_set.memberships.astype(object).to_dict("records")}
    assert places == {("ceo", "od-root", True), ("manager", "od-root", False), ("manager", "od-eng", True)}
    # `enterprise_email` is there, so the scope that also opens the status is granted; nobody has a mobile number.
    assert tidy_set.withheld["user"] == {"mobile", "gender"}


def test_person_without_any_field_scope() -> None:
    row, tidy_set = user_row("users_without_field_scopes")
    assert (row["user_id"], row["name"], row["status"]) == ("ou_0000000000000000000000000000004", None, None)
    assert {"name", "mobile", "email", "status", "job_number", "manager_user_id"} <= tidy_set.withheld["user"]
    assert "union_id" not in tidy_set.withheld["user"]
    assert tidy_set.memberships["department_id"].tolist() == [FIRST]


def test_every_status() -> None:
    """Also: a day of entry of 0 is none, and `0` is a department like any other."""
    found = rows(tidied(departments=[], users=[members("users_of_every_status", user_id_type="user_id")]).users, "user_id")
    assert {key: row["status"] for key, row in found.items()} == {
        "active": "active",
        "invited": "inactive",
        "frozen": "disabled",
        "exited": "resigned",
        "resigned": "resigned",
        "silent": "inactive",
    }
    assert {row["hired_on"] for row in found.values()} == {None}
