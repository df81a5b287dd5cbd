from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.browser import IN_CLIENT, REDIRECT_URI, Page, brought_back, refused, visit
from tests.sandbox.clock import later
from tests.sandbox.wecom.app import WeComApp

BROWSER = "/wwlogin/sso/login"
CLIENT = "/connect/oauth2/authorize"
SHARED = {"appid": "wwsandbox", "redirect_uri": REDIRECT_URI, "state": "abc123"}
ASKED = {
    BROWSER: SHARED | {"login_type": "CorpApp", "agentid": "1000002", "lang": "zh"},
    CLIENT: SHARED | {"response_type": "code", "scope": "snsapi_base"},
}
PAGES = pytest.mark.parametrize("page", [BROWSER, CLIENT])
IDENTITY = "auth/getuserinfo"


@pytest.fixture
def app(app: WeComApp) -> Iterator[WeComApp]:
    app.settings(trusted_domains=["app.example.com:8080"])
    yield app
    app.control("PUT", "clock", {"offset_seconds": 0})


@pytest.fixture
def user(truth: dict[str, Any]) -> str:
    return str(truth["users"][0]["id"])


def consent(app: WeComApp, user: str, page: str = BROWSER, **changes: str) -> dict[str, str]:
    return brought_back(visit(app.sandbox.url + page, **ASKED[page] | changes, sandbox_user=user))


@PAGES
def test_code_tells_who_it_is_once(app: WeComApp, user: str, page: str) -> None:
    told = consent(app, user, page)
    assert told.keys() == {"code", "state"}
    assert told["state"] == "abc123"
    assert 64 < len(told["code"]) <= 512
    assert app.call(IDENTITY, code=told["code"]) == {"userid": user}
    assert app.code(IDENTITY, code=told["code"]) == 40029


def test_older_interface_answers_in_capitals(app: WeComApp, user: str) -> None:
    told = app.call("user/getuserinfo", code=consent(app, user)["code"])
    assert (told["UserId"], told.keys()) == (user, {"UserId", "DeviceId"})
    assert app.call("user/getuserinfo", code=consent(app, "stranger")["code"]).keys() == {"OpenId", "DeviceId"}
    assert app.call("user/getuserinfo", code=consent(app, "visitor")["code"]).keys() == {"OpenId", "DeviceId", "external_userid"}


def test_browser_page_asks_who_signs_in(app: WeComApp, truth: dict[str, Any]) -> None:
    page = Page(visit(app.sandbox.url + BROWSER, **ASKED[BROWSER]).text)
    assert page.buttons == ["stranger", "visitor", "refuse", *(person["id"] for person in truth["users"][:50])]
    assert page.hidden == [*ASKED[BROWSER].items()] * 2


def test_browser_page_asks_inside_the_client_too(app: WeComApp, user: str) -> None:
    app.settings(client_user=user)
    assert visit(app.sandbox.url + BROWSER, agent=IN_CLIENT["wxwork"], **ASKED[BROWSER]).status_code == 200


def test_page_of_the_client_asks_nobody_there(app: WeComApp, user: str) -> None:
    app.settings(client_user=user)
    told = brought_back(visit(app.sandbox.url + CLIENT, agent=IN_CLIENT["wxwork"], **ASKED[CLIENT]))
    assert app.call(IDENTITY, code=told["code"]) == {"userid": user}


def test_page_of_the_client_opens_nowhere_else(app: WeComApp, user: str) -> None:
    app.settings(client_user=user)
    assert refused(visit(app.sandbox.url + CLIENT, **ASKED[CLIENT])) == "client"
    app.settings(client_user="")
    assert visit(app.sandbox.url + CLIENT, agent=IN_CLIENT["wxwork"], **ASKED[CLIENT]).status_code == 200


def test_private_information_is_asked_for_and_has_a_ticket(app: WeComApp, user: str) -> None:
    app.settings(client_user=user)
    private = ASKED[CLIENT] | {"scope": "snsapi_privateinfo", "agentid": "1000002"}
    assert visit(app.sandbox.url + CLIENT, agent=IN_CLIENT["wxwork"], **private).status_code == 200
    told = app.call(IDENTITY, code=consent(app, user, CLIENT, **private)["code"])
    assert (told["userid"], told.keys()) == (user, {"userid", "user_ticket"})
    assert 0 < len(told["user_ticket"]) <= 512


def test_ticket_is_for_who_is_in_range_and_named_the_app(app: WeComApp, user: str) -> None:
    assert app.call(IDENTITY, code=consent(app, user, CLIENT, scope="snsapi_privateinfo")["code"]) == {"userid": user}
    app.settings(visible_departments=[])
    told = app.call(IDENTITY, code=consent(app, user, CLIENT, scope="snsapi_privateinfo", agentid="1000002")["code"])
    assert told == {"userid": user}


def test_stranger_and_visitor_have_no_userid(app: WeComApp, truth: dict[str, Any]) -> None:
    stranger, visitor = (app.call(IDENTITY, code=consent(app, who)["code"]) for who in ("stranger", "visitor"))
    assert stranger.keys() == {"openid"}
    assert visitor.keys() == {"openid", "external_userid"}
    assert not {stranger["openid"], visitor["openid"]} & {person["open_id"] for person in truth["users"]}
    assert app.call(IDENTITY, code=consent(app, "stranger")["code"]) == stranger


@PAGES
def test_refusal_comes_back_without_a_code(app: WeComApp, page: str) -> None:
    assert consent(app, "refuse", page) == {"state": "abc123"}


def test_who_left_since_is_no_member(app: WeComApp) -> None:
    codes = {person["id"]: consent(app, person["id"])["code"] for person in app.truth()["users"]}
    left = app.control("POST", "evolve", {"left": 1})["left"][0]
    assert app.call(IDENTITY, code=codes[left]).keys() == {"openid"}
    assert app.call(IDENTITY, code=consent(app, left)["code"]).keys() == {"openid"}


def test_member_who_never_came_is_one_all_the_same(app: WeComApp, truth: dict[str, Any]) -> None:
    person = next(person for person in truth["users"] if not person["active"])
    assert app.call(IDENTITY, code=consent(app, person["id"])["code"]) == {"userid": person["id"]}


@pytest.mark.parametrize(
    "address",
    [
        "http://app.example.com/back",
        "http://example.com:8080/back",
        "http://x.app.example.com:8080/back",
        "http://app.example.com:8080@evil.example/back",
        "http://app.example.com.evil.example:8080/back",
        "http://evil.example/?app.example.com:8080",
        "javascript://app.example.com:8080/%0aalert(1)",
        "//app.example.com:8080/back",
        "http://app.example.com:port/back",
        "http://[app.example.com:8080/back",
    ],
)
@PAGES
def test_address_outside_the_trusted_domain_is_refused(app: WeComApp, page: str, address: str) -> None:
    asked = ASKED[page] | {"redirect_uri": address}
    assert refused(visit(app.sandbox.url + page, agent=IN_CLIENT["wxwork"], **asked)) == "50001"
    assert refused(visit(app.sandbox.url + page, **asked, sandbox_user="stranger")) == "50001"


@pytest.mark.parametrize(
    ("trusted", "address"),
    [
        ("app.example.com", "https://app.example.com/any/path?x=1"),
        ("app.example.com", "https://app.example.com:443/"),
        ("App.Example.com:8443", "https://APP.example.com:8443/"),
        ("app.example.com", "http://app.example.com:80/a b\r\nSet-Cookie: x=1"),
    ],
)
def test_trusted_domain_has_any_path(app: WeComApp, trusted: str, address: str) -> None:
    app.settings(trusted_domains=[trusted])
    answer = visit(app.sandbox.url + BROWSER, **ASKED[BROWSER] | {"redirect_uri": address}, sandbox_user="stranger")
    assert answer.status_code == 302
    assert answer.headers["Location"].split(":")[0] == address.split(":")[0]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("page", "changes", "code"),
    [
        (BROWSER, {"appid": "another"}, "40013"),
        (BROWSER, {"agentid": "1000003"}, "40056"),
        (BROWSER, {"agentid": ""}, "40056"),
        (BROWSER, {"login_type": "ServiceApp"}, "40058"),
        (BROWSER, {"redirect_uri": ""}, "40063"),
        (CLIENT, {"appid": ""}, "40013"),
        (CLIENT, {"agentid": "1000003"}, "40056"),
        (CLIENT, {"response_type": "token"}, "40058"),
        (CLIENT, {"scope": "snsapi_userinfo"}, "40058"),
        (CLIENT, {"state": "a-b"}, "40058"),
        (CLIENT, {"state": "a" * 129}, "40058"),
    ],
)
def test_page_refuses_a_wrong_parameter(app: WeComApp, page: str, changes: dict[str, str], code: str) -> None:
    assert refused(visit(app.sandbox.url + page, **ASKED[page] | changes, sandbox_user="stranger")) == code


@PAGES
def test_pages_of_a_disabled_app(app: WeComApp, page: str) -> None:
    app.settings(app_enabled=False)
    assert refused(visit(app.sandbox.url + page, **ASKED[page], sandbox_user="stranger")) == "50003"


@pytest.mark.parametrize(("seconds", "code"), [(290, 0), (310, 40029)])
def test_code_is_good_for_five_minutes(app: WeComApp, user: str, seconds: float, code: int) -> None:
    value = consent(app, user)["code"]
    later(app.control, seconds)
    assert app.code(IDENTITY, code=value) == code


@pytest.mark.parametrize("interface", [IDENTITY, "user/getuserinfo"])
def test_bad_code_is_refused(app: WeComApp, user: str, interface: str) -> None:
    foreign = app.control("POST", "codes", {"user": user, "client_id": "another"})["code"]
    assert [app.code(interface, code=value) for value in ("invented", "x" * 513, foreign)] == [40029] * 3
    assert app.code(interface) == 40063


def test_code_is_good_only_while_its_domain_is_trusted(app: WeComApp, user: str) -> None:
    code = consent(app, user)["code"]
    app.settings(trusted_domains=["other.example.com"])
    assert app.code(IDENTITY, code=code) == 50001
    app.settings(trusted_domains=["app.example.com:8080"])
    assert app.call(IDENTITY, code=code) == {"userid": user}


def test_code_from_inside_the_client(app: WeComApp, user: str) -> None:
    given = app.control("POST", "codes", {"user": user, "redirect_uri": "http://app.example.com:8080/x"})
    assert app.call(IDENTITY, code=given["code"]) == {"userid": user}
    assert given["expires_at"] == pytest.approx(app.control("GET", "clock")["now"] + 300, abs=10)


def test_identity_is_told_to_the_app_alone_and_from_trusted_addresses(app: WeComApp, user: str) -> None:
    code = consent(app, user)["code"]
    assert app.code(IDENTITY, code=code, token=app.contact_token) == 48002
    assert app.code(IDENTITY, code=code, token=None) == 41001
    app.settings(allowed_ips=["203.0.113.9"])
    assert app.code(IDENTITY, code=code) == 60020
    app.settings(allowed_ips=[])
    assert app.call(IDENTITY, code=code) == {"userid": user}


def test_codes_are_not_counted_against_the_limit(app: WeComApp, user: str) -> None:
    app.settings(calls_per_minute=2)
    assert [app.code(IDENTITY, code=consent(app, user)["code"]) for _ in range(4)] == [0] * 4
