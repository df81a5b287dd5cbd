"""WeCom's answers as they were published: what the client raises, and which rows they become."""

from __future__ import annotations

from collections.abc import Callable
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
from orgsync.platforms.platform import Answer
from orgsync.platforms.wecom.client import WeComClient
from orgsync.platforms.wecom.interfaces import (
    EXPORT_FILE,
    EXPORT_USERS,
    GET_AGENT,
    GET_EXPORT,
    GET_TAG,
    GET_TOKEN,
    GET_USER,
    LIST_DEPARTMENT_IDS,
    LIST_DEPARTMENTS,
    LIST_USER_IDS,
    LIST_USERS,
)
from orgsync.platforms.wecom.tidy import tidy
from tests.witnesses.published import Landing, Published, Script, published, rows

Call = Callable[[WeComClient], Any]

CALLS: dict[str, Call] = {
    GET_TOKEN: lambda client: client.list_departments(),
    GET_AGENT: lambda client: client.read_agent(),
    GET_TAG: lambda client: client.get_tag("150"),
    LIST_DEPARTMENTS: lambda client: client.list_departments(),
    LIST_DEPARTMENT_IDS: lambda client: client.list_department_ids("contact"),
    LIST_USERS: lambda client: client.list_users("1", with_descendants=False),
    LIST_USER_IDS: lambda client: list(client.list_user_ids()),
    GET_USER: lambda client: client.get_user("zhangsan"),
    EXPORT_USERS: lambda client: client.start_export(EXPORT_USERS, key="k" * 43),
    GET_EXPORT: lambda client: client.get_export("job"),
}


def example(name: str) -> Published:
    return published("wecom", name)


def client_for(interface: str, *names: str) -> WeComClient:
    return client_of(Script({GET_TOKEN: [example("token_good")], interface: [example(name) for name in names]}))


def client_of(script: Script) -> WeComClient:
    return WeComClient("ww1", app_secret="app", contact_secret="contact", agent_id="9", transport=script.transport("wecom"))


def content(interface: str, name: str) -> Any:
    return CALLS[interface](client_for(interface, name)).content


HINT = "request id 1700000000123456789012345"
REFUSALS: list[tuple[str, str, type[PlatformError], str, str]] = [
    ("token_wrong_secret", GET_TOKEN, CredentialError, "40001", "Copy 企业ID .* into login and password of the connection"),
    ("token_wrong_corp", GET_TOKEN, CredentialError, "40013", "an AgentId in its place is a common mistake"),
    ("token_missing", LIST_USERS, RefusedError, "41001", "the access token is missing"),
    ("token_expired", LIST_USERS, CredentialError, "42001", "the access token has expired"),
    ("token_invalid", LIST_DEPARTMENTS, CredentialError, "40014", HINT),
    ("address_not_trusted", LIST_USERS, PermissionDeniedError, "60020", r"Add 203\.0\.113\.9 to the app's 企业可信IP"),
    ("address_not_trusted", LIST_USER_IDS, PermissionDeniedError, "60020", r"Add 203\.0\.113\.9 to the trusted IP list of 管理工具"),
    ("address_not_trusted_v6", LIST_USERS, PermissionDeniedError, "60020", "Add 2001:db8:1:8000::1 to"),
    ("address_not_trusted_without_tail", GET_AGENT, PermissionDeniedError, "60020", "Add the address orgsync calls from"),
    (
        "contact_secret_reads_details",
        LIST_DEPARTMENTS,
        PermissionDeniedError,
        "48009",
        "Set password of the connection to the Secret",
    ),
    ("contact_secret_with_empty_list", LIST_USERS, PermissionDeniedError, "48009", "new since 2022-08-15"),
    ("app_secret_lists_ids", LIST_USER_IDS, PermissionDeniedError, "48002", "Set contact_secret of the connection"),
    ("too_large", LIST_USERS, RefusedError, "45029", "Set read_by of the connection to export"),
    ("busy", LIST_USERS, PlatformBusyError, "-1", HINT),
    ("person_unknown", GET_USER, RefusedError, "60111", "They have left, or are outside"),
    ("errcode_as_text", GET_USER, RefusedError, "60111", "no such user"),
    ("department_unknown", LIST_USERS, RefusedError, "60003", "no such department"),
    ("department_out_of_range", LIST_USERS, PermissionDeniedError, "60011", "Widen the app's 可见范围"),
    ("agent_of_another_app", GET_AGENT, PermissionDeniedError, "301002", "Set agent_id of the connection"),
    ("warning_with_error", LIST_USER_IDS, RefusedError, "40066", "request id 1612356659_148_0+1: not a code .*invalid party list"),
    ("code_unknown", GET_USER, RefusedError, "40096", r"invalid external userid\)\. Look it up at .*\?e=40096"),
    ("warning", LIST_USER_IDS, RefusedError, "0 with a warning", "only in part"),
]


@pytest.mark.parametrize(
    ("name", "interface", "error", "code", "words"), REFUSALS, ids=[f"{name}-{interface}" for name, interface, *_ in REFUSALS]
)
def test_refusal_is_understood(name: str, interface: str, error: type[PlatformError], code: str, words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        CALLS[interface](client_for(interface, name))
    assert type(raised.value) is error
    assert (raised.value.refusal.code, raised.value.refusal.interface) == (code, interface)


@pytest.mark.parametrize(("name", "code", "at_least"), [("frequency", "45009", 60.0), ("concurrency", "45033", 1.0)])
def test_throttling_says_how_long_to_wait(name: str, code: str, at_least: float) -> None:
    with pytest.raises(ThrottledError) as raised:
        CALLS[LIST_USERS](client_for(LIST_USERS, name))
    assert raised.value.refusal.code == code
    assert raised.value.wait_seconds is not None
    assert raised.value.wait_seconds >= at_least


def test_page_instead_of_json_is_no_answer() -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"HTTP 404 text/html.*Check the host of connection 'org'"):
        CALLS[LIST_DEPARTMENTS](client_for(LIST_DEPARTMENTS, "page_of_a_proxy"))


@pytest.mark.parametrize("name", ["token_expired", "token_invalid"])
def test_stale_token_is_renewed_once(name: str) -> None:
    script = Script({GET_TOKEN: [example("token_good")], LIST_DEPARTMENTS: [example(name), example("departments")]})
    assert len(client_of(script).list_departments().content["department"]) == 3
    assert [request.interface for request in script.requests] == [GET_TOKEN, LIST_DEPARTMENTS, GET_TOKEN, LIST_DEPARTMENTS]


def test_answer_without_errcode_is_a_success() -> None:
    script = Script({GET_TOKEN: [example("token_without_errcode")], LIST_DEPARTMENTS: [example("departments")]})
    client_of(script).list_departments()
    assert script.requests[-1].query["access_token"] == "1234567890"


def test_range_of_an_app() -> None:
    app = content(GET_AGENT, "agent")
    assert app["allow_partys"]["partyid"] == [42762742]
    assert [user["userid"] for user in app["allow_userinfos"]["user"]] == ["0009001", "1723"]


def test_range_without_tags() -> None:
    assert "allow_tags" not in content(GET_AGENT, "agent_of_everyone")


def test_members_of_a_tag() -> None:
    tag = content(GET_TAG, "tag")
    assert ([user["userid"] for user in tag["userlist"]], tag["partylist"]) == (["0124001", "0114002"], [9576, 9567, 9566])
    assert content(GET_TAG, "tag_without_name")["partylist"] == [2]


def test_single_department_is_no_list_of_departments() -> None:
    """department/get answers under the same name with one object."""
    with pytest.raises(UnexpectedAnswerError, match="no list department"):
        CALLS[LIST_DEPARTMENTS](client_for(LIST_DEPARTMENTS, "department_single"))


def test_ids_end_with_an_empty_or_an_absent_cursor() -> None:
    pages = client_for(LIST_USER_IDS, "user_ids", "user_ids_last_without_cursor").list_user_ids()
    found = [(row["userid"], row["department"]) for page in pages for row in page.content["dept_user"]]
    assert found == [("zhangsan", 1), ("zhangsan", 2), ("lisi", 2), ("wangwu", 2)]


def test_rows_of_a_third_party_app_are_not_read_as_nobody() -> None:
    with pytest.raises(UnexpectedAnswerError, match="1 of its rows have no userid"):
        list(client_for(LIST_USER_IDS, "user_ids_of_third_party").list_user_ids())


def test_export_is_started_and_asked_for() -> None:
    assert content(EXPORT_USERS, "export_started")["jobid"] == "jobid_00000000000000000000000000000001"
    assert content(GET_EXPORT, "export_running")["status"] == 1
    assert [file["size"] for file in content(GET_EXPORT, "export_done")["data_list"]] == [1024, 1024]


def test_file_that_is_not_what_the_job_said() -> None:
    file = content(GET_EXPORT, "export_done")["data_list"][0]
    client = client_of(Script({EXPORT_FILE: [Published("", 200, "application/octet-stream", "x" * 1024)]}))
    with pytest.raises(UnexpectedAnswerError, match="MD5"):
        client.download(file)


def tidied(*, departments: str = "departments", users: list[Answer], mapping: Any = None) -> TidySet:
    tree = [example(departments).landed(LIST_DEPARTMENTS)]
    return tidy(Landing({"departments": tree, "users": users}), mode="full", mapping=mapping or {})


def user_row(name: str, *, interface: str = LIST_USERS) -> tuple[dict[str, Any], TidySet]:
    params = {"department_id": "1", "fetch_child": 0} if interface == LIST_USERS else {"userid": "whoever"}
    tidy_set = tidied(users=[example(name).landed(interface, **params)])
    (row,) = rows(tidy_set.users, "user_id").values()
    return row, tidy_set


def places(tidy_set: TidySet) -> dict[str, tuple[Any, Any, Any]]:
    found = rows(tidy_set.memberships, "department_id")
    return {key: (row["is_main"], row["is_leader"], row["sort_order"]) for key, row in found.items()}


def test_documented_departments() -> None:
    found = rows(tidied(users=[]).departments, "department_id")
    assert {key: (row["parent_id"], row["name"], row["name_en"]) for key, row in found.items()} == {
        "1": (None, "企业", "Corp"),
        "2": ("1", "广州研发中心", "RDGZ"),
        "3": ("2", "邮箱产品部", "mail"),
    }
    assert (found["2"]["sort_order"], found["3"]["sort_order"]) == (-10, -40)
    assert found["3"]["leader_user_ids"] == ["lisi", "wangwu"]


def test_departments_of_a_range_without_the_root() -> None:
    """Department 2 hangs below the root, which the app does not see: it is a top. Nothing is said about order and leaders."""
    found = rows(tidied(departments="departments_without_order", users=[]).departments, "department_id")
    assert {key: row["parent_id"] for key, row in found.items()} == {"2": None, "3": "2"}
    assert {row["sort_order"] for row in found.values()} == {None}


@pytest.mark.parametrize(("name", "interface"), [("users", LIST_USERS), ("person", GET_USER)])
def test_documented_person(name: str, interface: str) -> None:
    """The same fields in a list and alone, there beside errcode."""
    row, tidy_set = user_row(name, interface=interface)
    assert (row["user_id"], row["name"], row["nickname"], row["title"]) == ("zhangsan", "张三", "jackzhang", "后台工程师")
    assert (row["email"], row["work_email"], row["mobile"]) == ("zhangsan@example.com", "zhangsan@corp.example.com", "13800000000")
    assert (row["gender"], row["status"], row["manager_user_id"], row["main_department_id"]) == ("male", "active", "lisi", "1")
    assert row["attributes"]["direct_leader"] == ["lisi", "wangwu"]
    assert row["attributes"]["extattr"] == {"文本名称": "文本", "网页名称": {"url": "http://www.test.com", "title": "标题"}}
    assert places(tidy_set) == {"1": (True, True, -1), "2": (False, False, -2)}
    assert not tidy_set.withheld


def test_person_of_an_old_corp() -> None:
    """Department 345678 is not in the tree that was read, so there is no membership; there is no manager and no main department."""
    row, tidy_set = user_row("users_old_corp")
    assert (row["title"], row["name_en"], row["telephone"], row["manager_user_id"]) == ("CEO", None, None, None)
    assert row["main_department_id"] is None
    assert places(tidy_set) == {}
    assert {"hide_mobile", "isleader", "enable"} & row["attributes"].keys() == set()


def test_isleader_says_nothing_about_a_department() -> None:
    row, tidy_set = user_row("person_with_isleader_only", interface=GET_USER)
    assert places(tidy_set) == {"1": (None, None, -1), "2": (None, None, -2)}
    assert row["attributes"]["external_position"] == "高级产品经理"


def test_custom_fields_of_the_old_form() -> None:
    """`{"name", "value"}` without a type; `positions` and `enable` of a private deployment are passed over."""
    row, tidy_set = user_row("person_of_private_deployment", interface=GET_USER)
    assert row["attributes"]["extattr"] == {"爱好": "旅游", "卡号": "1234567234"}
    assert (row["title"], row["name_en"], row["status"]) == ("后台工程师1", "jackzhang", "active")
    assert places(tidy_set) == {"1": (None, True, -2), "2": (None, False, -10)}


def test_app_made_after_june_2022_is_told_less() -> None:
    row, tidy_set = user_row("person_of_new_app", interface=GET_USER)
    assert {"mobile", "email", "work_email", "avatar_url", "gender"} <= tidy_set.withheld["user"]
    assert not {"name", "nickname", "title", "telephone"} & tidy_set.withheld["user"]
    assert (row["mobile"], row["email"], row["title"], row["manager_user_id"]) == (None, None, "后台工程师", "lisi")
    assert "direct_leader" not in row["attributes"]


def test_blank_is_withheld_where_a_privacy_rule_may_hide_it() -> None:
    """Gender "0" is unset or not permitted; an empty mobile number is not a number that was deleted."""
    row, tidy_set = user_row("users_blank")
    assert (row["gender"], row["mobile"], row["title"], row["telephone"]) == (None, None, None, None)
    assert {"mobile", "email", "gender"} <= tidy_set.withheld["user"]
    assert "avatar_url" not in tidy_set.withheld["user"]
    assert row["attributes"]["external_position"] == "队列负责人"
    assert "extattr" not in row["attributes"]


def test_short_row_is_a_person_without_a_place() -> None:
    row, tidy_set = user_row("users_simple")
    assert (row["name"], row["status"]) == ("李四", None)
    assert places(tidy_set) == {}


def test_company_read_by_ids() -> None:
    """The tree and the rows from one secret, one person's details from the other; who has no details stays with id and place."""
    landing = Landing(
        {
            "departments": [example("department_ids").landed(LIST_DEPARTMENT_IDS), example("departments").landed(LIST_DEPARTMENTS)],
            "users": [
                example("user_ids").landed(LIST_USER_IDS, limit=10_000),
                example("user_ids_last_without_cursor").landed(LIST_USER_IDS, limit=10_000, cursor="aaaaaaaaa"),
                example("person").landed(GET_USER, userid="ZhangSan"),
            ],
        }
    )
    tidy_set = tidy(landing, mode="full", mapping={})
    people = rows(tidy_set.users, "user_id")
    assert {key: row["name"] for key, row in people.items()} == {"zhangsan": "张三", "lisi": None, "wangwu": None}
    found = {(row["user_id"], row["department_id"], row["is_leader"]) for row in tidy_set.memberships.astype(object).to_dict("records")}
    assert {(user, department) for user, department, _ in found} == {("zhangsan", "2"), ("lisi", "2"), ("wangwu", "2")}
    names = rows(tidy_set.departments, "department_id")
    assert {key: row["name"] for key, row in names.items()} == {"2": "广州研发中心", "3": "邮箱产品部"}


def test_custom_field_fills_a_column() -> None:
    users = [example("person_of_private_deployment").landed(GET_USER, userid="zhangsan")]
    found = tidied(users=users, mapping={"user": {"job_number": "extattr.卡号"}})
    assert [row["job_number"] for row in rows(found.users, "user_id").values()] == ["1234567234"]
