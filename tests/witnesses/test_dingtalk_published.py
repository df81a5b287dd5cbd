"""DingTalk's answers as they were published: what the client raises, and which rows they become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

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
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.dingtalk.interfaces import (
    AUTH_SCOPES,
    COUNT_USERS,
    GET_DEPARTMENT,
    GET_TOKEN,
    GET_USER,
    LIST_PARENTS_OF_USER,
    LIST_SUB_DEPARTMENTS,
    LIST_USERS,
)
from orgsync.platforms.dingtalk.tidy import tidy
from orgsync.platforms.platform import Answer
from tests.witnesses.published import Landing, Published, Script, published, rows

Call = Callable[[DingTalkClient], Any]

CALLS: dict[str, Call] = {
    GET_TOKEN: lambda client: client.read_scopes(),
    AUTH_SCOPES: lambda client: client.read_scopes(),
    LIST_SUB_DEPARTMENTS: lambda client: client.list_sub_departments("1"),
    GET_DEPARTMENT: lambda client: client.get_department("1"),
    LIST_USERS: lambda client: list(client.list_users("1")),
    GET_USER: lambda client: client.get_user("zhangsan"),
    COUNT_USERS: lambda client: client.count_users(),
    LIST_PARENTS_OF_USER: lambda client: client.list_parents_of_user("zhangsan"),
}


def example(name: str) -> Published:
    return published("dingtalk", name)


def client_for(interface: str, *names: str) -> DingTalkClient:
    script = Script({GET_TOKEN: [example("token_good")], interface: [example(name) for name in names]})
    return DingTalkClient("dingexample", "secret", transport=script.transport("dingtalk"))


def content(interface: str, name: str) -> Any:
    return CALLS[interface](client_for(interface, name)).content


APPLY = (
    r"Grant qyapi_get_department_list under .* apply at https://open-dev\.dingtalk\.com/appscope/apply"
    r"\?content=dingexample000000000%23qyapi_get_department_list; then publish"
)
REFUSALS: list[tuple[str, str, type[PlatformError], str, str]] = [
    ("token_bad_pair", GET_TOKEN, CredentialError, "40096", "Copy Client ID .* and Client Secret"),
    ("token_bad_corp_pair", GET_TOKEN, CredentialError, "40089", "Copy Client ID"),
    ("token_missing_parameter", GET_TOKEN, RefusedError, "40035", "fault of orgsync"),
    ("stale_token_wrapped", LIST_USERS, CredentialError, "40014", "request id 16k0000000001"),
    ("stale_token_without_sub_code", LIST_USERS, CredentialError, "40014", "the access token is not valid"),
    ("token_blank", LIST_USERS, RefusedError, "40000", "parameter is missing or wrong"),
    ("unknown_interface", LIST_SUB_DEPARTMENTS, RefusedError, "22", "Check the host of the connection"),
    ("path_of_the_other_host", GET_TOKEN, RefusedError, "404", "Check the host of the connection"),
    ("permission_missing_in_words_only", LIST_SUB_DEPARTMENTS, PermissionDeniedError, "60011", APPLY),
    ("permission_missing_short", GET_USER, PermissionDeniedError, "60011", "Grant qyapi_get_member under 权限管理; then publish"),
    ("permission_missing_unwrapped", AUTH_SCOPES, PermissionDeniedError, "60011", "Grant the permission point .*/add-api-permission; then"),
    (
        "permission_missing_without_point",
        LIST_USERS,
        PermissionDeniedError,
        "60011",
        "Grant the permission point under 权限管理; then publish",
    ),
    ("address_not_listed_unwrapped", AUTH_SCOPES, PermissionDeniedError, "60020", r"Add 203\.0\.113\.8 to the app's list"),
    ("address_not_listed", LIST_USERS, PermissionDeniedError, "60020", r"Add 203\.0\.113\.9 to the app's list"),
    ("department_out_of_range", LIST_USERS, PermissionDeniedError, "50004", "Widen the app's data range"),
    ("department_unknown", LIST_SUB_DEPARTMENTS, RefusedError, "60003", "no such department"),
    ("errcode_as_text", LIST_SUB_DEPARTMENTS, RefusedError, "60003", "no such department"),
    ("user_unknown", GET_USER, RefusedError, "60121", "They have left"),
    ("parameter_invalid", LIST_USERS, RefusedError, "400002", "request id 4f9000000001"),
    ("quota_used_up", COUNT_USERS, RefusedError, "90020", "next month"),
    ("busy", LIST_USERS, PlatformBusyError, "-1", "it is busy"),
]


@pytest.mark.parametrize(("name", "interface", "error", "code", "words"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_refusal_is_understood(name: str, interface: str, error: type[PlatformError], code: str, words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        CALLS[interface](client_for(interface, name))
    assert type(raised.value) is error
    assert (raised.value.refusal.code, raised.value.refusal.interface) == (code, interface)


@pytest.mark.parametrize(
    ("name", "code", "seconds"),
    [
        ("throttled_old_wording", "90002", 1.0),
        ("throttled_by_all_tenants", "90002", 1.0),
        ("throttled_app", "90018", 1.0),
        ("address_blocked", "punish: deny", 300.0),
    ],
)
def test_throttling_says_how_long_to_wait(name: str, code: str, seconds: float) -> None:
    with pytest.raises(ThrottledError) as raised:
        list(client_for(LIST_USERS, name).list_users("1"))
    assert (raised.value.refusal.code, raised.value.wait_seconds) == (code, seconds)


def test_page_of_a_blocked_address_is_no_answer() -> None:
    with pytest.raises(UnexpectedAnswerError, match="blocks this address"):
        list(client_for(LIST_USERS, "address_blocked_page").list_users("1"))


@pytest.mark.parametrize("name", ["stale_token_wrapped", "stale_token_without_sub_code"])
def test_stale_token_is_renewed_once(name: str) -> None:
    script = Script({GET_TOKEN: [example("token_good")], COUNT_USERS: [example(name), example("count")]})
    client = DingTalkClient("dingexample", "secret", transport=script.transport("dingtalk"))
    assert client.count_users().content["result"]["count"] == 5
    assert [request.interface for request in script.requests] == [GET_TOKEN, COUNT_USERS, GET_TOKEN, COUNT_USERS]


def test_range_of_the_whole_company() -> None:
    assert content(AUTH_SCOPES, "scopes")["auth_org_scopes"] == {"authed_dept": [1], "authed_user": []}


def test_range_with_another_success_text() -> None:
    """`errmsg` is "created" there: only the code says whether it went well."""
    assert content(AUTH_SCOPES, "scopes_of_a_part")["auth_org_scopes"]["authed_user"] == ["user1", "user"]


def test_chains_of_a_user() -> None:
    chains = content(LIST_PARENTS_OF_USER, "parents_of_user")["result"]["parent_list"]
    assert [chain["parent_dept_id_list"] for chain in chains] == [[3995, 1], [1]]


def test_token_without_its_lifetime_lasts_two_hours() -> None:
    token = example("token_good")
    del token.body["expires_in"]
    script = Script({GET_TOKEN: [token], COUNT_USERS: [example("count")]})
    client = DingTalkClient("dingexample", "secret", transport=script.transport("dingtalk"))
    client.count_users()
    assert client._tokens.token().lifetime_seconds == 7200


def test_list_that_is_one_object_is_no_empty_page() -> None:
    """The documented example prints the list of people as one object; no real answer was seen like that."""
    with pytest.raises(UnexpectedAnswerError, match="no list"):
        list(client_for(LIST_USERS, "users_page_as_texts").list_users("1"))


def test_second_page_is_asked_with_the_cursor_of_the_first() -> None:
    script = Script({GET_TOKEN: [example("token_good")], LIST_USERS: [example("users_page"), example("users_without_permissions")]})
    client = DingTalkClient("dingexample", "secret", transport=script.transport("dingtalk"))
    found = [user["userid"] for page in client.list_users("1") for user in page.content["result"]["list"]]
    assert found == ["zhangsan", "lisi"]
    assert [request.body["cursor"] for request in script.requests[1:] if request.body] == [0, 10]


def test_has_more_as_text_is_the_last_page_when_it_says_false() -> None:
    assert len(list(client_for(LIST_USERS, "users_last_page_of_texts").list_users("1"))) == 1


def tidied(
    *, departments: list[Answer] | None = None, users: list[Answer] | None = None, walked: tuple[int, ...] = (), mapping: Any = None
) -> TidySet:
    entered = [example("listsub_empty").landed(LIST_SUB_DEPARTMENTS, dept_id=department) for department in walked]
    return tidy(Landing({"departments": [*(departments or []), *entered], "users": users or []}), mode="full", mapping=mapping or {})


def user_row(name: str, *, interface: str = GET_USER, walked: tuple[int, ...] = (1,)) -> tuple[dict[str, Any], TidySet]:
    params = {"dept_id": 1, "cursor": 0} if interface == LIST_USERS else {"userid": "whoever"}
    tidy_set = tidied(users=[example(name).landed(interface, **params)], walked=walked)
    (row,) = rows(tidy_set.users, "user_id").values()
    return row, tidy_set


def places(tidy_set: TidySet) -> dict[str, tuple[Any, Any]]:
    return {row["department_id"]: (row["is_leader"], row["sort_order"]) for row in rows(tidy_set.memberships, "department_id").values()}


def test_documented_children() -> None:
    found = rows(
        tidied(departments=[example("listsub_documented").landed(LIST_SUB_DEPARTMENTS, dept_id=50)], walked=(100,)).departments,
        "department_id",
    )
    assert found.keys() == {"50", "100"}
    assert (found["100"]["name"], found["100"]["parent_id"], found["100"]["source_identifier"]) == ("HR", "50", "HR")
    assert found["100"]["attributes"] == {
        "create_dept_group": True,
        "auto_add_user": True,
        "tags": "campus",
        "from_union_org": False,
        "ext": {},
    }


def test_captured_children_without_the_family_school_tree() -> None:
    """Its id is -1 in the issue; it is listed but never entered, so it has no row. `ext` is JSON inside a text."""
    found = rows(
        tidied(departments=[example("listsub_captured").landed(LIST_SUB_DEPARTMENTS, dept_id=1)], walked=(560935057,)).departments,
        "department_id",
    )
    assert found.keys() == {"1", "560935057"}
    assert found["560935057"]["attributes"]["ext"] == {"faceCount": "1"}


def test_hidden_department() -> None:
    details = [example("department_hidden").landed(GET_DEPARTMENT, dept_id=560935057)]
    row = rows(tidied(departments=details, walked=(560935057,)).departments, "department_id")["560935057"]
    assert (row["name"], row["is_hidden"], row["sort_order"]) == ("golang", True, 1)
    assert row["leader_user_ids"] == ["16403300000000000"]
    assert row["attributes"]["user_permits"] == ["manager164", "18491900000000000"]
    assert row["attributes"]["outer_permit_depts"] == [554656655]
    assert "brief" not in row["attributes"]


def test_documented_department() -> None:
    """The page's example says nothing about being hidden: unknown, not visible to all."""
    details = [example("department_documented").landed(GET_DEPARTMENT, dept_id=100)]
    row = rows(tidied(departments=details, walked=(100,)).departments, "department_id")["100"]
    assert (row["sort_order"], row["leader_user_ids"], row["is_hidden"]) == (10, ["5", "6", "7", "8"], None)
    assert row["attributes"]["extention"] == {}


def test_root_has_no_parent() -> None:
    details = [example("department_root").landed(GET_DEPARTMENT, dept_id=1)]
    row = rows(tidied(departments=details, walked=(1,)).departments, "department_id")["1"]
    assert (row["name"], row["parent_id"], row["sort_order"], row["leader_user_ids"]) == ("公司", None, 0, [])


def test_documented_page_with_native_types() -> None:
    row, tidy_set = user_row("users_page", interface=LIST_USERS)
    assert (row["name"], row["title"], row["job_number"], row["status"], row["is_admin"]) == ("张三", "技术总监", "4", "active", True)
    assert (row["email"], row["work_email"], row["work_place"]) == ("zhangsan@example.com", "zhang.san@example.com", "未来park")
    assert row["hired_on"] == date(2020, 8, 16)
    assert row["attributes"]["extension"] == {"爱好": "旅游", "年龄": "24"}
    assert places(tidy_set) == {"1": (True, -1)}


def test_page_of_texts_has_the_same_meaning() -> None:
    row, tidy_set = user_row("users_last_page_of_texts", interface=LIST_USERS)
    assert (row["status"], row["is_admin"], row["hired_on"]) == ("active", True, date(2020, 8, 16))
    assert places(tidy_set) == {"1": (True, -176318668975061512)}


def test_absent_fields_are_withheld_rather_than_empty() -> None:
    row, tidy_set = user_row("users_without_permissions", interface=LIST_USERS)
    assert (row["mobile"], row["email"], row["avatar_url"], row["title"], row["job_number"]) == (None,) * 5
    assert row["status"] == "inactive"
    assert {"mobile", "email", "work_email", "work_place"} <= tidy_set.withheld["user"]
    assert "title" not in tidy_set.withheld["user"]


def test_exclusive_account() -> None:
    row, _ = user_row("users_page_with_exclusive_account", interface=LIST_USERS)
    assert row["attributes"]["exclusive_account_type"] == "dingtalk"
    assert row["attributes"]["login_id"] == "wangwu@corp"


def test_documented_person_whose_lists_are_texts_and_single_objects() -> None:
    """`dept_id_list` is the text "[2,13,4]" in the page's example, the other lists single objects."""
    row, tidy_set = user_row("user_as_texts", walked=(1, 2, 3, 4, 13))
    assert (row["manager_user_id"], row["status"], row["is_admin"], row["hired_on"]) == ("manager240", "active", True, date(2020, 8, 16))
    assert places(tidy_set) == {"2": (True, -1), "13": (None, None), "4": (None, None)}
    assert row["attributes"]["role_list"] == {"group_name": "职务", "name": "总监", "id": "100"}


def test_captured_person() -> None:
    """The flags come in another order than the departments; the order of people exceeds 2**53."""
    row, tidy_set = user_row("user_captured", walked=(1, 379661095))
    assert (row["manager_user_id"], row["title"], row["avatar_url"]) == ("user01", "服务经理", None)
    assert places(tidy_set) == {"1": (True, -176318669012199520), "379661095": (False, -176318556766960500)}
    assert "unionEmpExt" not in row["attributes"]


def test_person_outside_the_departments_read_has_no_row_there() -> None:
    _, tidy_set = user_row("user_captured", walked=(1,))
    assert places(tidy_set) == {"1": (True, -176318669012199520)}


def test_bare_person_of_2025() -> None:
    """No mobile, mail, title or job number at all, and a create_time that no page lists."""
    row, tidy_set = user_row("user_bare")
    assert (row["name"], row["title"], row["job_number"], row["status"]) == ("John", None, None, "active")
    assert row["attributes"]["boss"] is True
    assert "create_time" not in row["attributes"]
    assert places(tidy_set) == {"1": (False, -176169207419780500)}


def test_person_with_blank_fields() -> None:
    """Empty texts are missing values of a field that was told: nothing is withheld."""
    row, tidy_set = user_row("user_with_blank_fields")
    assert (row["email"], row["telephone"], row["title"]) == (None, None, None)
    assert (row["mobile"], row["work_email"]) == ("13900000003", "zhao.liu@example.com")
    assert not tidy_set.withheld
    assert "union_emp_ext" in row["attributes"]


def test_custom_field_of_the_extension_fills_a_column() -> None:
    users = [example("user_with_blank_fields").landed(GET_USER, userid="whoever")]
    found = tidied(users=users, walked=(1,), mapping={"user": {"nickname": "extension.用户名"}})
    assert [row["nickname"] for row in rows(found.users, "user_id").values()] == ["zhaoliu"]
