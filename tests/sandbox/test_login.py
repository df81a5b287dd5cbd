from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.testing import ControlCallError
from tests.sandbox.app import App
from tests.sandbox.browser import IN_CLIENT, REDIRECT_URI, Page, brought_back, refused, visit
from tests.sandbox.clock import later

NASTY = "<script>alert(1)</script>\"'&"
PAGE = "/oauth2/auth"
ASKED = {
    "client_id": "sandbox-dingtalk",
    "response_type": "code",
    "scope": "openid corpid",
    "prompt": "consent",
    "redirect_uri": REDIRECT_URI,
    "state": "a b&c",
}


@pytest.fixture
def app(app: App) -> Iterator[App]:
    app.settings(redirect_uris=[REDIRECT_URI])
    yield app
    app.control("PUT", "clock", {"offset_seconds": 0})


@pytest.fixture
def people(app: App) -> list[dict[str, Any]]:
    return app.truth()["users"]


def consent(app: App, user: str, **changes: str) -> dict[str, str]:
    return brought_back(visit(app.url + PAGE, **ASKED | changes, sandbox_user=user))


def exchange(app: App, **changes: Any) -> requests.Response:
    body = {"clientId": app.sandbox.client_id, "clientSecret": app.sandbox.client_secret, "grantType": "authorization_code"}
    return requests.post(f"{app.url}/v1.0/oauth2/userAccessToken", json=body | changes, timeout=10)


def me(app: App, token: str | None) -> requests.Response:
    headers = {} if token is None else {"x-acs-dingtalk-access-token": token}
    return requests.get(f"{app.url}/v1.0/contact/users/me", headers=headers, timeout=10)


def signed_in(app: App, user: str, **changes: str) -> tuple[dict[str, Any], dict[str, Any]]:
    token = exchange(app, code=consent(app, user, **changes)["authCode"]).json()
    return token, me(app, token["accessToken"]).json()


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_page_asks_who_signs_in_and_takes_everything_along(app: App, people: list[dict[str, Any]]) -> None:
    page = Page(visit(app.url + PAGE, **ASKED).text)
    assert page.buttons == ["stranger", "visitor", "refuse", *(person["id"] for person in people[:50])]
    assert page.hidden == [*ASKED.items()] * 2
    assert "script" not in page.tags


def test_page_finds_by_id_and_name_and_who_left_by_the_whole_id(app: App, people: list[dict[str, Any]]) -> None:
    person = people[200]
    assert person["id"] in Page(visit(app.url + PAGE, **ASKED, sandbox_q=person["id"]).text).buttons
    assert person["id"] in Page(visit(app.url + PAGE, **ASKED, sandbox_q=person["name"]).text).buttons
    left = app.control("POST", "evolve", {"left": 1})["left"][0]
    found = visit(app.url + PAGE, **ASKED, sandbox_q=left).text
    assert left in Page(found).buttons
    assert "has left" in found
    assert "Nobody is called that." in visit(app.url + PAGE, **ASKED, sandbox_q="no such person").text


def test_page_escapes_what_it_is_given(app: App) -> None:
    answer = visit(
        app.url + PAGE, **ASKED | {"state": NASTY, "redirect_uri": f"http://a.example/{NASTY}"}, sandbox_q=NASTY, **{NASTY: NASTY}
    )
    page = Page(answer.text)
    assert "script" not in page.tags
    assert (NASTY, NASTY) in page.hidden
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>" not in visit(app.url + PAGE, **ASKED, sandbox_user=NASTY).text


def test_page_takes_only_visits(app: App) -> None:
    assert requests.post(app.url + PAGE, params=ASKED, timeout=10).status_code == 405


def test_consent_comes_back_with_the_code_under_both_names(app: App, people: list[dict[str, Any]]) -> None:
    told = consent(app, people[0]["id"])
    assert told.keys() == {"authCode", "code", "state"}
    assert told["authCode"] == told["code"]
    assert told["state"] == "a b&c"
    without_state = {name: value for name, value in ASKED.items() if name != "state"}
    assert "state" not in brought_back(visit(app.url + PAGE, **without_state, sandbox_user=people[0]["id"]))


def test_refusal_comes_back_without_a_code(app: App) -> None:
    assert consent(app, "refuse") == {"error": "access_denied", "state": "a b&c"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "another"}, "900103"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": "openid,corpid"}, "scope"),
        ({"scope": ""}, "scope"),
        ({"prompt": ""}, "prompt"),
        ({"redirect_uri": ""}, "redirect_uri"),
    ],
    ids=str,
)
def test_page_refuses_a_wrong_parameter(app: App, changes: dict[str, str], code: str) -> None:
    assert refused(visit(app.url + PAGE, **ASKED | changes, sandbox_user="stranger")) == code
    assert app.control("GET", "calls")["refusals"] == {code: 1}


@pytest.mark.parametrize("settings", [{"app_enabled": False}, {"permissions": ["qyapi_base"]}], ids=str)
def test_app_that_may_not_ask_does_not_exist(app: App, settings: dict[str, Any]) -> None:
    app.settings(**settings)
    assert refused(visit(app.url + PAGE, **ASKED)) == "900103"


@pytest.mark.parametrize("user", ["stranger", "refuse"])
def test_address_that_is_not_registered_is_refused_only_after_consent(app: App, user: str) -> None:
    elsewhere = ASKED | {"redirect_uri": REDIRECT_URI.replace("#top", "")}
    assert visit(app.url + PAGE, **elsewhere).status_code == 200
    assert refused(visit(app.url + PAGE, **elsewhere, sandbox_user=user)) == "redirect_uri"


def test_nobody_cannot_sign_in(app: App) -> None:
    assert refused(visit(app.url + PAGE, **ASKED, sandbox_user="nobody")) == "sandbox"


def test_page_asks_inside_the_client_too(app: App, people: list[dict[str, Any]]) -> None:
    app.settings(client_user=people[0]["id"])
    assert visit(app.url + PAGE, agent=IN_CLIENT["DingTalk"], **ASKED).status_code == 200


def test_member_is_found_by_union_id_and_belongs_to_the_company(app: App, people: list[dict[str, Any]]) -> None:
    person = next(person for person in people if person["email"] and person["mobile"])
    token, profile = signed_in(app, person["id"])
    assert token.keys() == {"accessToken", "refreshToken", "expireIn", "corpId"}
    assert (token["expireIn"], token["corpId"]) == (7200, "dingsandbox")
    assert profile == {
        "nick": person["name"],
        "avatarUrl": profile["avatarUrl"],
        "mobile": person["mobile"],
        "openId": person["open_id"],
        "unionId": person["union_id"],
        "email": person["email"],
        "stateCode": "86",
        "visitor": False,
    }
    assert app.result("user/getbyunionid", unionid=profile["unionId"]) == {"contact_type": 0, "userid": person["id"]}


def test_company_is_told_only_to_who_asked_for_it(app: App, people: list[dict[str, Any]]) -> None:
    token, _ = signed_in(app, people[0]["id"], scope="openid")
    assert "corpId" not in token


def test_mobile_needs_its_permission(app: App, people: list[dict[str, Any]]) -> None:
    person = next(person for person in people if person["mobile"])
    app.settings(permissions=["qyapi_base", "Contact.User.Read"])
    _, profile = signed_in(app, person["id"])
    assert not {"mobile", "stateCode"} & profile.keys()


def test_stranger_looks_like_a_member_and_is_none(app: App, people: list[dict[str, Any]]) -> None:
    token, profile = signed_in(app, "stranger")
    assert token["corpId"] not in ("", "dingsandbox")
    assert (profile["nick"], profile["visitor"]) == (people[0]["name"], False)
    assert profile["unionId"] not in {person["union_id"] for person in people}
    assert profile["openId"] not in {person["open_id"] for person in people}
    assert profile["mobile"] not in {person["mobile"] for person in people}
    assert app.code("user/getbyunionid", unionid=profile["unionId"]) == 60121


def test_visitor_is_known_to_the_company_as_external(app: App) -> None:
    token, profile = signed_in(app, "visitor")
    assert (token["corpId"], profile["visitor"]) == ("dingsandbox", True)
    found = app.result("user/getbyunionid", unionid=profile["unionId"])
    assert found["contact_type"] == 1
    assert app.code("v2/user/get", userid=found["userid"]) == 60121


def test_who_left_after_consenting_keeps_the_account_and_loses_the_company(app: App) -> None:
    before = {person["id"] for person in app.truth()["users"]}
    codes = {user: consent(app, user)["authCode"] for user in before}
    left = app.control("POST", "evolve", {"left": 1})["left"][0]
    token = exchange(app, code=codes[left]).json()
    assert token["corpId"] == "dingsandbox"
    assert app.code("user/getbyunionid", unionid=me(app, token["accessToken"]).json()["unionId"]) == 60121
    assert signed_in(app, left)[0]["corpId"] != "dingsandbox"


def test_code_is_good_once(app: App) -> None:
    code = consent(app, "stranger")["code"]
    assert exchange(app, code=code).status_code == 200
    answer = exchange(app, code=code)
    assert refusal(answer) == (400, "invalidParameter.authCode.notFound")
    assert answer.json()["requestid"]


@pytest.mark.parametrize(("seconds", "status"), [(290, 200), (310, 400)])
def test_code_is_good_for_five_minutes(app: App, seconds: float, status: int) -> None:
    code = consent(app, "stranger")["code"]
    later(app.control, seconds)
    assert exchange(app, code=code).status_code == status


def test_code_seconds_can_be_set(app: App) -> None:
    app.settings(code_seconds=0)
    assert exchange(app, code=consent(app, "stranger")["code"]).status_code == 400


@pytest.mark.parametrize(
    "wish", [{"client_id": "another", "kind": "browser"}, {"kind": "in_client"}], ids=["of another app", "of the client"]
)
def test_foreign_code_is_refused_and_not_used_up(app: App, people: list[dict[str, Any]], wish: dict[str, str]) -> None:
    code = app.control("POST", "codes", {"user": people[0]["id"], **wish})["code"]
    assert refusal(exchange(app, code=code)) == (400, "invalidParameter.authCode.notFound")
    if wish["kind"] == "in_client":
        assert app.result("v2/user/getuserinfo", code=code)["userid"] == people[0]["id"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": "invented"}, "invalidParameter.authCode.notFound"),
        ({}, "Missingcode"),
        ({"code": "x", "clientSecret": "wrong"}, "invalidClientIdOrSecret"),
        ({"code": "x", "clientId": "another"}, "invalidClientIdOrSecret"),
        ({"code": "x", "clientId": ""}, "MissingclientId"),
        ({"code": "x", "grantType": "password"}, "invalidParameter.grantType"),
        ({"grantType": "refresh_token"}, "MissingrefreshToken"),
        ({"grantType": "refresh_token", "refreshToken": "invented"}, "invalidParameter.refreshToken.notFound"),
    ],
    ids=str,
)
def test_exchange_refuses(app: App, changes: dict[str, str], code: str) -> None:
    assert refusal(exchange(app, **changes)) == (400, code)


def test_token_of_a_person_is_renewed_once(app: App, people: list[dict[str, Any]]) -> None:
    token, profile = signed_in(app, people[0]["id"])
    later(app.control, 7201)
    assert refusal(me(app, token["accessToken"])) == (400, "accesstoken.expired")
    renewed = exchange(app, grantType="refresh_token", refreshToken=token["refreshToken"])
    assert renewed.json()["corpId"] == "dingsandbox"
    assert me(app, renewed.json()["accessToken"]).json() == profile
    assert exchange(app, grantType="refresh_token", refreshToken=token["refreshToken"]).status_code == 400
    later(app.control, 30 * 86_400 + 1)
    assert exchange(app, grantType="refresh_token", refreshToken=renewed.json()["refreshToken"]).status_code == 400


def test_profile_wants_a_persons_token(app: App) -> None:
    assert refusal(me(app, None)) == (400, "AuthenticationFailed.MissingParameter")
    assert refusal(me(app, "invented")) == (400, "InvalidAuthentication")
    assert refusal(me(app, app.token)) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")


def test_profile_wants_its_permission(app: App) -> None:
    token, _ = signed_in(app, "stranger")
    app.settings(permissions=["qyapi_base"])
    answer = me(app, token["accessToken"])
    assert refusal(answer) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    assert answer.json()["accessdenieddetail"] == {"requiredScopes": ["Contact.User.Read"]}


def test_tokens_of_people_end_on_order(app: App) -> None:
    token, _ = signed_in(app, "stranger")
    app.control("POST", "tokens/expire")
    assert refusal(me(app, token["accessToken"])) == (400, "accesstoken.expired")


def test_code_from_inside_the_client_tells_the_person_at_once(app: App, people: list[dict[str, Any]]) -> None:
    person = people[0]
    code = app.control("POST", "codes", {"user": person["id"]})["code"]
    told = app.result("v2/user/getuserinfo", code=code)
    assert told.pop("associated_unionid") not in {one["union_id"] for one in people}
    assert told == {
        "userid": person["id"],
        "unionid": person["union_id"],
        "name": person["name"],
        "device_id": "device00000001",
        "sys": True,
        "sys_level": 1,
    }
    assert app.code("v2/user/getuserinfo", code=code) == 40078


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ({"user": "stranger"}, 0),
        ({"user": "visitor"}, 0),
        ({"client_id": "another"}, 0),
        ({"kind": "browser", "redirect_uri": REDIRECT_URI}, 0),
        ({}, 301),
    ],
    ids=str,
)
def test_code_that_is_no_members_is_refused_inside_the_client(
    app: App, people: list[dict[str, Any]], wish: dict[str, str], seconds: float
) -> None:
    code = app.control("POST", "codes", {"user": people[0]["id"], **wish})["code"]
    later(app.control, seconds)
    assert app.code("v2/user/getuserinfo", code=code) == 40078


def test_code_of_who_left_since_names_nobody(app: App) -> None:
    codes = {person["id"]: app.control("POST", "codes", {"user": person["id"]})["code"] for person in app.truth()["users"]}
    left = app.control("POST", "evolve", {"left": 1})["left"][0]
    assert app.code("v2/user/getuserinfo", code=codes[left]) == 60121


def test_code_from_inside_the_client_is_asked_about_like_all_else(app: App) -> None:
    assert app.code("v2/user/getuserinfo") == 40035
    app.settings(allowed_ips=["203.0.113.9"])
    assert app.call("v2/user/getuserinfo", code="x")["sub_code"] == "60020"


def test_codes_are_given_to_who_is_signed_in_to_the_client(app: App, people: list[dict[str, Any]]) -> None:
    app.settings(client_user=people[3]["id"])
    assert app.result("v2/user/getuserinfo", code=app.control("POST", "codes", {})["code"])["userid"] == people[3]["id"]


@pytest.mark.parametrize(
    ("wish", "status"),
    [({}, 400), ({"user": "nobody"}, 404), ({"user": "refuse"}, 404), ({"user": "stranger", "kind": "letter"}, 400), ({"who": "x"}, 400)],
    ids=str,
)
def test_code_for_nobody_is_not_given(app: App, wish: dict[str, str], status: int) -> None:
    with pytest.raises(ControlCallError) as raised:
        app.control("POST", "codes", wish)
    assert raised.value.status == status


def test_codes_end_with_the_organization(app: App) -> None:
    code, (token, _) = consent(app, "stranger")["code"], signed_in(app, "stranger")
    app.control("POST", "organization", {"people": 50})
    assert exchange(app, code=code).status_code == 400
    assert refusal(me(app, token["accessToken"])) == (400, "InvalidAuthentication")


def test_counted_calls_show_no_code_and_no_secret(app: App) -> None:
    code = consent(app, "stranger")["code"]
    exchange(app, code=code)
    recent = app.control("GET", "calls?recent=5")["recent"]
    assert [call["interface"] for call in recent] == ["oauth2/auth", "v1.0/oauth2/userAccessToken"]
    assert not [word for word in (code, app.sandbox.client_secret) if word in str(recent)]
