from __future__ import annotations

import json
import traceback
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orgsync.errors import BrokenPagingError, CredentialError, PlatformBusyError, RefusedError, ThrottledError, UnexpectedAnswerError
from orgsync.platforms.speaking.http_sender import HttpSender
from orgsync.platforms.speaking.transport import Response
from tests.unit.platforms.clock import FakeClock
from tests.unit.platforms.feishu.fake import (
    CHILDREN,
    DEPARTMENTS,
    JSON,
    MEMBERS,
    ROOT,
    TOKEN,
    FakeFeishu,
    client_of,
    department,
    envelope,
    refusal,
    user,
)

KEY = "user_id"


def organization() -> FakeFeishu:
    return FakeFeishu(departments=[department("a")], users=[user(f"u{number}", "0") for number in range(5)])


def always(response: Response, interface: str = "") -> FakeFeishu:
    fake = organization()
    fake.answer_instead = lambda request: response if interface in (request.interface, "") and request.interface != TOKEN else None
    return fake


def flat(body: dict[str, Any], status: int = 200) -> Response:
    return Response(status, JSON, json.dumps(body).encode(), request_id="header-1")


def test_pages_are_asked_for_as_the_contract_says() -> None:
    platform = organization()
    pages = list(client_of(platform).list_users("0", user_key=KEY))
    assert [len(page.content["data"]["items"]) for page in pages] == [2, 2, 1]
    kinds = {"department_id_type": "open_department_id", "user_id_type": "user_id"}
    assert platform.requests[1].query == {**kinds, "department_id": "0", "page_size": "50"}
    assert platform.requests[2].query == {**kinds, "department_id": "0", "page_size": "50", "page_token": "p+/=2"}
    assert platform.requests[1].path == "open-apis/contact/v3/users/find_by_department"
    assert pages[1].answer.params == {**kinds, "department_id": "0", "cursor": "p+/=2"}


def test_department_in_the_path_is_not_in_the_interface() -> None:
    platform = organization()
    list(client_of(platform).list_children("od-a/b", whole_subtree=True, user_key=KEY))
    assert platform.requests[-1].path == "open-apis/contact/v3/departments/od-a%2Fb/children"
    assert platform.requests[-1].interface == CHILDREN
    assert platform.requests[-1].query["fetch_child"] == "true"


def test_page_token_is_encoded_exactly_once_and_lists_are_repeated() -> None:
    platform = organization()
    client = client_of(platform)
    list(client.list_users("0", user_key=KEY))
    client.get_departments(["od-a", "od-b"], user_key=KEY)
    sender = HttpSender("https://open.example", platform="feishu", conn_id="c", parallel=1)
    page, batch = (str(sender._prepare(platform.requests[number]).url) for number in (2, 4))
    assert "page_token=p%2B%2F%3D2" in page
    assert parse_qs(urlsplit(page).query)["page_token"] == ["p+/=2"]
    assert parse_qs(urlsplit(batch).query)["department_ids"] == ["od-a", "od-b"]


def test_token_is_in_the_header_and_nowhere_else() -> None:
    platform = organization()
    reply = client_of(platform).get_root(user_key=KEY)
    assert reply
    assert platform.requests[-1].headers == {"Authorization": "Bearer t-1"}
    assert "t-1" not in repr(reply.answer.params) + repr(platform.requests[-1]) + repr(dict(platform.requests[-1].query))


def test_token_request_holds_the_pair_in_its_body() -> None:
    platform = organization()
    client_of(platform).get_root(user_key=KEY)
    first = platform.requests[0]
    assert (first.method, first.path) == ("POST", "open-apis/auth/v3/tenant_access_token/internal")
    assert first.body == {"app_id": "cli_of_app", "app_secret": "secret-of-app"}
    assert not first.query


def test_root_is_none_where_the_range_is_not_all_staff() -> None:
    client = client_of(FakeFeishu(range_departments=["od-a"]))
    assert client.get_root(user_key=KEY) is None
    assert client.transport.ledger.counts()[ROOT].failed == 0


def test_repeated_page_token_is_refused() -> None:
    page = envelope(items=[], has_more=True, page_token="again")
    with pytest.raises(BrokenPagingError, match="find_by_department"):
        list(client_of(always(page, MEMBERS)).list_users("0", user_key=KEY))


BROKEN_PAGES: dict[str, Any] = {
    "null": None,
    "list": [],
    "no has_more": {"items": []},
    "null for list": {"items": None, "has_more": False},
    "object for list": {"items": {}, "has_more": False},
    "no page_token": {"items": [], "has_more": True},
    "empty page_token": {"items": [], "has_more": True, "page_token": ""},
    "more without items": {"has_more": True, "page_token": "next"},
}


@pytest.mark.parametrize("data", BROKEN_PAGES.values(), ids=BROKEN_PAGES.keys())
def test_page_that_is_not_whole_is_no_empty_page(data: object) -> None:
    page = flat({"code": 0, "msg": "success", "data": data})
    with pytest.raises(UnexpectedAnswerError, match="header-1"):
        list(client_of(always(page, MEMBERS), attempts=1).list_users("0", user_key=KEY))


def test_empty_list_may_be_left_out() -> None:
    assert len(list(client_of(always(envelope(has_more=False), MEMBERS)).list_users("0", user_key=KEY))) == 1


@pytest.mark.parametrize("items", [[{"name": "no id"}], [None], [{"open_department_id": ""}], [{"open_department_id": 7}]])
@pytest.mark.parametrize("interface", [CHILDREN, DEPARTMENTS])
def test_department_that_cannot_be_entered_is_refused(interface: str, items: object) -> None:
    client = client_of(always(envelope(items=items, has_more=False), interface), attempts=1)
    with pytest.raises(UnexpectedAnswerError, match="open_department_id"):
        list(client.list_children("0", whole_subtree=True, user_key=KEY)) if interface == CHILDREN else client.get_departments(
            ["od-a"], user_key=KEY
        )


@pytest.mark.parametrize("lists", [{"department_ids": None}, {"user_ids": {}}, {"group_ids": "x"}])
def test_range_that_is_not_whole_is_refused(lists: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswerError):
        list(client_of(always(envelope(**lists, has_more=False)), attempts=1).list_range(user_key=KEY))


@pytest.mark.parametrize("code", [99991663, 99991664, 99991665, 99991671])
def test_stale_token_is_renewed_and_the_call_repeated(code: int) -> None:
    platform = organization()
    refusals = [refusal(code)]
    platform.answer_instead = lambda request: refusals.pop() if refusals and request.interface == ROOT else None
    client = client_of(platform)
    assert client.get_root(user_key=KEY)
    assert [request.interface for request in platform.requests] == [TOKEN, ROOT, TOKEN, ROOT]
    assert client.transport.ledger.counts()[ROOT].failed == 0


def test_token_refused_twice_is_a_credential_error() -> None:
    platform = always(refusal(99991663))
    with pytest.raises(CredentialError, match="99991663"):
        client_of(platform).get_root(user_key=KEY)
    assert len(platform.requests) == 4


def test_token_is_kept_until_five_minutes_before_its_end_and_the_same_one_is_good_news() -> None:
    """Asked again early, Feishu gives the same token; only one that has less than half an hour left is replaced."""
    clock, platform = FakeClock(), organization()
    client = client_of(platform, clock=clock)
    for now in (0, 6000, 6901, 13000):
        clock.now = 1000.0 + now
        client.get_root(user_key=KEY)
    assert [request.interface for request in platform.requests].count(TOKEN) == 2


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", [10003, 10014, 10015, 99991543])
def test_bad_pair_is_not_tried_again(code: int, status: int) -> None:
    answer = flat({"code": code, "msg": "app secret invalid"}, status)
    platform = FakeFeishu(answer_instead=lambda request: answer)
    with pytest.raises(CredentialError, match=r"login and password of the connection.*larksuite"):
        client_of(platform).get_root(user_key=KEY)
    assert len(platform.requests) == 1


def test_token_answer_without_a_token_is_unexpected() -> None:
    with pytest.raises(UnexpectedAnswerError, match="tenant_access_token"):
        client_of(FakeFeishu(answer_instead=lambda request: flat({"code": 0})), attempts=1).get_root(user_key=KEY)


@pytest.mark.parametrize("status", [400, 429])
def test_too_many_calls_wait_as_long_as_feishu_says(status: int) -> None:
    clock = FakeClock()
    throttled = refusal(99991400, "request trigger frequency limit", status=status, wait_seconds=42.0)
    client = client_of(always(throttled), clock=clock, attempts=2)
    with pytest.raises(ThrottledError):
        client.get_root(user_key=KEY)
    assert clock.now - 1000 >= 42
    assert client.transport.ledger.counts()[ROOT].throttled == 2


def test_internal_error_is_tried_a_few_times() -> None:
    platform = always(refusal(40003, "internal error"))
    with pytest.raises(PlatformBusyError, match="log-9"):
        client_of(platform, attempts=3).get_root(user_key=KEY)
    assert platform.calls()[ROOT] == 3


@pytest.mark.parametrize("status", [200, 400, 403])
def test_code_decides_whatever_the_status(status: int) -> None:
    with pytest.raises(RefusedError, match=r"99991403.*1st of the next month"):
        client_of(always(refusal(99991403, status=status))).get_root(user_key=KEY)
    assert client_of(always(flat({"code": 0, "data": {"department": {}}}, status))).get_root(user_key=KEY)


def test_wrong_path_is_a_page_of_text() -> None:
    page = Response(404, "text/plain", b"404 page not found", request_id="header-1")
    with pytest.raises(UnexpectedAnswerError, match=r"HTTP 404 text/plain, request id header-1.*host of connection 'lark'"):
        client_of(always(page), attempts=1).get_root(user_key=KEY)


def test_large_numbers_are_exact() -> None:
    page = envelope(items=[{"open_id": "ou_1", "orders": [{"user_order": 9007199254740993}]}], has_more=False)
    (reply,) = client_of(always(page, MEMBERS)).list_users("0", user_key="open_id")
    assert reply.content["data"]["items"][0]["orders"][0]["user_order"] == 9007199254740993


def test_secrets_show_nowhere() -> None:
    client = client_of(always(refusal(99991672, permission_violations=[{"subject": "contact:contact.base:readonly"}])))
    with pytest.raises(Exception, match="99991672") as raised:
        client.get_root(user_key=KEY)
    shown = (
        repr(client) + repr(raised.value) + "".join(traceback.format_exception(raised.value)) + json.dumps(vars(raised.value), default=str)
    )
    assert "secret-of-app" not in shown
    assert "t-1" not in shown
