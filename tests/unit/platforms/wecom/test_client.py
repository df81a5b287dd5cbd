from __future__ import annotations

import json
import traceback

import pytest

from orgsync.errors import BrokenPagingError, CredentialError, ThrottledError, UnexpectedAnswerError
from orgsync.platforms.speaking.transport import Response
from tests.unit.platforms.clock import FakeClock
from tests.unit.platforms.wecom.fake import FakeWeCom, client_of, department, envelope, refusal, user


def organization() -> FakeWeCom:
    return FakeWeCom(departments=[department(1, 0), department(2, 1)], users=[user(f"u{number}", 1, 2) for number in range(4)])


def always(response: Response, interface: str = "") -> FakeWeCom:
    fake = organization()
    fake.answer_instead = lambda request: response if interface in request.interface and request.interface != "gettoken" else None
    return fake


def test_each_secret_has_its_own_token() -> None:
    platform = organization()
    client = client_of(platform, contact=True)
    client.list_departments()
    next(client.list_user_ids())
    client.list_departments()
    assert platform.asked("gettoken", "corpsecret") == ["secret-of-app", "secret-of-contact"]
    assert set(platform.asked("department/list", "access_token")) == {"token-of-secret-of-app-1"}
    assert platform.asked("user/list_id", "access_token") == ["token-of-secret-of-contact-1"]


def test_parameters_of_a_get_are_in_its_query() -> None:
    platform = organization()
    reply = client_of(platform).list_users("2", with_descendants=True)
    request = platform.requests[-1]
    assert (request.method, request.path, request.body) == ("GET", "cgi-bin/user/list", None)
    assert dict(request.query) == {"access_token": "token-of-secret-of-app-1", "department_id": "2", "fetch_child": "1"}
    assert reply.answer.params == {"department_id": "2", "fetch_child": 1}
    assert "token" not in repr(reply.answer.params) + repr(request)


def test_ids_are_paged_by_post() -> None:
    platform = organization()
    pages = list(client_of(platform, contact=True).list_user_ids())
    assert [len(page.content["dept_user"]) for page in pages] == [3, 3, 2]
    requests = [request for request in platform.requests if request.interface == "user/list_id"]
    assert [(request.method, request.body) for request in requests[:2]] == [
        ("POST", {"limit": 10000}),
        ("POST", {"limit": 10000, "cursor": "3"}),
    ]
    assert set(requests[0].query) == {"access_token"}


@pytest.mark.parametrize("end", [{}, {"next_cursor": None}, {"next_cursor": ""}], ids=["missing", "null", "empty"])
def test_all_ends_of_a_list_of_ids_are_understood(end: dict[str, object]) -> None:
    platform = always(envelope(dept_user=[], **end), "list_id")
    assert len(list(client_of(platform, contact=True).list_user_ids())) == 1


def test_repeated_cursor_is_refused() -> None:
    platform = always(envelope(dept_user=[], next_cursor="again"), "list_id")
    with pytest.raises(BrokenPagingError, match="user/list_id"):
        list(client_of(platform, contact=True).list_user_ids())


def test_page_that_is_not_whole_is_no_last_page() -> None:
    platform = always(envelope(dept_user=[{"department": 1}]), "list_id")
    with pytest.raises(UnexpectedAnswerError):
        list(client_of(platform, contact=True, attempts=1).list_user_ids())


@pytest.mark.parametrize("code", ["40014", "42001", "40001"])
def test_stale_token_is_renewed_and_the_call_repeated_once(code: str) -> None:
    platform = organization()
    refusals = [refusal(code)]
    platform.answer_instead = lambda request: refusals.pop() if refusals and request.interface == "department/list" else None
    client = client_of(platform)
    client.list_departments()
    assert [request.interface for request in platform.requests] == ["gettoken", "department/list", "gettoken", "department/list"]
    assert client.transport.ledger.counts()["department/list"].failed == 0


def test_token_refused_twice_is_a_credential_error() -> None:
    platform = always(refusal("40014"))
    with pytest.raises(CredentialError, match="40014"):
        client_of(platform).list_departments()
    assert len(platform.requests) == 4


@pytest.mark.parametrize("code", ["40001", "40013", "40091"])
def test_bad_pair_is_not_tried_again(code: str) -> None:
    """Many failures block the address for an hour."""
    platform = FakeWeCom(answer_instead=lambda request: refusal(code))
    with pytest.raises(CredentialError, match="login and password of the connection"):
        client_of(platform).list_departments()
    assert len(platform.requests) == 1


def test_exhausted_window_is_waited_for() -> None:
    clock = FakeClock()
    with pytest.raises(ThrottledError):
        client_of(always(refusal(45009)), clock=clock, attempts=2).list_departments()
    assert clock.now - 1000 >= 60


def test_tolerated_code_is_no_failed_call() -> None:
    client = client_of(always(refusal(60111), "user/get"))
    with pytest.raises(Exception, match="60111"):
        client.get_user("u1", tolerated=frozenset({"60111"}))
    counts = client.transport.ledger.counts()["user/get"]
    assert (counts.failed, counts.retried) == (0, 1)


def test_key_of_an_export_is_sent_and_shown_nowhere() -> None:
    platform = organization()
    reply = client_of(platform).start_export("export/user", key="k" * 43)
    assert platform.requests[-1].body == {"encoding_aeskey": "k" * 43, "block_size": 10000}
    assert "k" * 43 not in repr(reply) + repr(reply.answer) + repr(platform.requests[-1])


def test_secrets_show_nowhere() -> None:
    client = client_of(always(refusal("60011")), contact=True)
    with pytest.raises(Exception, match="60011") as raised:
        client.get_user("zhangsan")
    text = repr(client) + str(raised.value)
    shown = text + "".join(traceback.format_exception(raised.value)) + json.dumps(vars(raised.value), default=str)
    assert not [secret for secret in ("secret-of-app", "secret-of-contact", "token-of") if secret in shown]
    assert "zhangsan" not in text
