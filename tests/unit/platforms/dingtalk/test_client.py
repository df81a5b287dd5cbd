from __future__ import annotations

import json
import traceback

import pytest

from orgsync.errors import BrokenPagingError, ConfigurationError, CredentialError, ThrottledError, UnexpectedAnswerError
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.speaking.transport import Request, Response
from tests.unit.platforms.clock import FakeClock
from tests.unit.platforms.dingtalk.fake import FakeDingTalk, client_of, department, envelope, refusal, user


def organization() -> FakeDingTalk:
    return FakeDingTalk(departments=[department(2, 1)], users=[user(f"u{number}", 1) for number in range(5)])


def always(response: Response, interface: str = "") -> FakeDingTalk:
    fake = organization()
    fake.answer_instead = lambda request: response if interface in request.interface and request.interface != "gettoken" else None
    return fake


def test_pages_are_asked_for_as_the_contract_says() -> None:
    platform = organization()
    pages = list(client_of(platform).list_users("1"))
    assert [len(page.content["result"]["list"]) for page in pages] == [2, 2, 1]
    bodies = [request.body for request in platform.requests if request.interface.endswith("user/list")]
    assert bodies[1] == {"dept_id": 1, "size": 100, "contain_access_limit": True, "cursor": 2}
    assert pages[1].answer.params == bodies[1]


def test_token_is_in_the_query_and_nowhere_else() -> None:
    platform = organization()
    reply = client_of(platform).get_department("2")
    assert dict(platform.requests[-1].query) == {"access_token": "token-1"}
    assert "token-1" not in repr(reply.answer.params) + repr(platform.requests[-1])


def test_repeated_cursor_is_refused() -> None:
    page = envelope(result={"list": [], "has_more": True, "next_cursor": 100})
    with pytest.raises(BrokenPagingError, match="user/list"):
        list(client_of(always(page, "user/list")).list_users("1"))


BROKEN_PAGES = {
    "null": None,
    "list": [],
    "no has_more": {"list": []},
    "no list": {"has_more": False},
    "null for list": {"list": None, "has_more": False},
    "object for list": {"list": {}, "has_more": False},
    "no next_cursor": {"list": [], "has_more": True},
}


@pytest.mark.parametrize("result", BROKEN_PAGES.values(), ids=BROKEN_PAGES.keys())
def test_page_that_is_not_whole_is_no_empty_page(result: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        list(client_of(always(envelope(result=result), "user/list"), attempts=1).list_users("1"))


@pytest.mark.parametrize("result", [None, {}, [{"name": "no id"}], [None], [{"dept_id": True}]])
def test_list_with_a_department_that_cannot_be_entered_is_refused(result: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        client_of(always(envelope(result=result), "listsub"), attempts=1).list_sub_departments("1")


def test_text_for_booleans_and_numbers_is_understood() -> None:
    answers = [{"list": [], "has_more": "true", "next_cursor": "100"}, {"list": [], "has_more": "false"}]
    platform = organization()
    platform.answer_instead = lambda request: envelope(result=answers.pop(0)) if "user/list" in request.interface else None
    assert len(list(client_of(platform).list_users("1"))) == 2


@pytest.mark.parametrize("code", ["40014", "42001", "40001", "33001"])
def test_stale_token_is_renewed_and_the_call_repeated(code: str) -> None:
    platform = organization()
    refusals = [refusal(code)]
    platform.answer_instead = lambda request: refusals.pop() if refusals and "department/get" in request.interface else None
    client = client_of(platform)
    assert client.get_department("1").content["result"]["name"] == "Company"
    assert [request.interface.rsplit("/", 1)[-1] for request in platform.requests] == ["gettoken", "get", "gettoken", "get"]
    assert client.transport.ledger.counts()["topapi/v2/department/get"].failed == 0


def test_token_refused_twice_is_a_credential_error() -> None:
    platform = always(refusal("40014"))
    with pytest.raises(CredentialError, match="40014"):
        client_of(platform).get_department("1")
    assert len(platform.requests) == 4


def test_bad_pair_is_not_tried_again() -> None:
    platform = FakeDingTalk(answer_instead=lambda request: Response(200, "application/json", b'{"errcode":40096,"errmsg":"no"}'))
    with pytest.raises(CredentialError, match="login and password of the connection"):
        client_of(platform).read_scopes()
    assert len(platform.requests) == 1


def test_punished_address_waits_and_then_fails() -> None:
    clock = FakeClock()
    punish = Response(200, "application/json", b'{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}')
    with pytest.raises(ThrottledError, match="five minutes"):
        client_of(always(punish), clock=clock, attempts=2).read_scopes()
    assert clock.now - 1000 >= 300


def test_large_ids_and_orders_are_exact() -> None:
    body = b'{"errcode":0,"errmsg":"ok","result":[{"dept_id":9007199254740993,"order":176318668975061513}]}'
    reply = client_of(always(Response(200, "application/json", body), "listsub")).list_sub_departments("9007199254740995")
    assert reply.content["result"][0] == {"dept_id": 9007199254740993, "order": 176318668975061513}
    assert reply.params == {"dept_id": 9007199254740995}


def test_department_id_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'sales'"):
        client_of(organization()).get_department("sales")


def test_secrets_show_nowhere() -> None:
    client: DingTalkClient = client_of(always(refusal("60011", "[qyapi_get_member]")))
    with pytest.raises(Exception, match="60011") as raised:
        client.get_user("u1")
    shown = (
        repr(client) + repr(raised.value) + "".join(traceback.format_exception(raised.value)) + json.dumps(vars(raised.value), default=str)
    )
    assert "secret-of-app" not in shown
    assert "token-1" not in shown


def test_token_request_holds_the_pair_in_its_query() -> None:
    platform = organization()
    client_of(platform).read_scopes()
    first: Request = platform.requests[0]
    assert (first.method, first.path, dict(first.query)) == ("GET", "gettoken", {"appkey": "key-of-app", "appsecret": "secret-of-app"})
