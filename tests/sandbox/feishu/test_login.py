from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox.browser import IN_CLIENT, REDIRECT_URI, Page, brought_back, refused, visit
from tests.sandbox.clock import later
from tests.sandbox.feishu.app import FeishuApp

PAGE, OLD_PAGE = "/open-apis/authen/v1/authorize", "/open-apis/authen/v1/index"
ASKED = {"client_id": "cli_sandbox", "response_type": "code", "redirect_uri": REDIRECT_URI, "state": "a b&c"}
V3, V2 = "/oauth/v3/token", "/open-apis/authen/v2/oauth/token"
OLD, OIDC = "authen/v1/access_token", "authen/v1/oidc/access_token"
TOKEN_PATHS = pytest.mark.parametrize("path", [V3, V2])
VERIFIER = "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def app(app: FeishuApp) -> Iterator[FeishuApp]:
    app.settings(redirect_uris=[REDIRECT_URI])
    yield app
    app.control("PUT", "clock", {"offset_seconds": 0})


@pytest.fixture
def people(app: FeishuApp) -> list[dict[str, Any]]:
    return app.truth()["users"]


@pytest.fixture
def user(people: list[dict[str, Any]]) -> str:
    return next(
        str(person["id"]) for person in people if person["active"] and person["email"] and person["mobile"] and person["job_number"]
    )


def consent(app: FeishuApp, user: str, **changes: str) -> dict[str, str]:
    return brought_back(visit(app.sandbox.url + PAGE, **ASKED | changes, sandbox_user=user))


def exchange(app: FeishuApp, path: str = V3, *, form: bool = False, **changes: Any) -> requests.Response:
    client = {"client_id": "cli_sandbox", "client_secret": app.connection["password"]}
    body = {"grant_type": "authorization_code", **client, **changes}
    return requests.post(app.sandbox.url + path, timeout=10, **({"data": body} if form else {"json": body}))


def profile(app: FeishuApp, token: str) -> requests.Response:
    return app.raw("authen/v1/user_info", token=token)


def signed_in(app: FeishuApp, user: str) -> dict[str, Any]:
    return profile(app, exchange(app, code=consent(app, user)["code"]).json()["access_token"]).json()["data"]


def oauth_refusal(answer: requests.Response) -> tuple[int, int, str]:
    body = answer.json()
    assert body.keys() == {"code", "error", "error_description"}
    assert answer.headers["X-Tt-Logid"]
    return answer.status_code, body["code"], body["error"]


def old_exchange(app: FeishuApp, path: str, **body: str) -> requests.Response:
    return app.raw(path, method="POST", json={"grant_type": "authorization_code"} | body)


def test_page_asks_who_signs_in(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    page = Page(visit(app.sandbox.url + PAGE, **ASKED).text)
    assert page.buttons == ["stranger", "visitor", "refuse", *(person["id"] for person in people[:50])]
    assert page.hidden == [*ASKED.items()] * 2


def test_consent_and_refusal_come_back(app: FeishuApp, user: str) -> None:
    told = consent(app, user)
    assert told.keys() == {"code", "state"}
    assert (len(told["code"]), told["state"]) == (64, "a b&c")
    assert consent(app, "refuse") == {"error": "access_denied", "state": "a b&c"}


@pytest.mark.parametrize("page", [PAGE, OLD_PAGE])
def test_app_is_also_named_as_it_was_before(app: FeishuApp, user: str, page: str) -> None:
    asked = {"app_id": "cli_sandbox", "redirect_uri": REDIRECT_URI, "response_type": "code"}
    assert brought_back(visit(app.sandbox.url + page, **asked, sandbox_user=user)).keys() == {"code"}


@pytest.mark.parametrize("page", [PAGE, OLD_PAGE])
def test_client_asks_nobody(app: FeishuApp, user: str, page: str) -> None:
    app.settings(client_user=user)
    asked = ASKED | {"app_id": "cli_sandbox"}
    told = brought_back(visit(app.sandbox.url + page, agent=IN_CLIENT["Feishu"], **asked))
    token = exchange(app, code=told["code"]).json()["access_token"]
    assert profile(app, token).json()["data"]["user_id"] == user
    assert visit(app.sandbox.url + page, **asked).status_code == 200


def test_client_asks_where_the_app_wants_it_and_where_nobody_is_signed_in(app: FeishuApp, user: str) -> None:
    assert visit(app.sandbox.url + PAGE, agent=IN_CLIENT["Feishu"], **ASKED).status_code == 200
    app.settings(client_user=user)
    assert visit(app.sandbox.url + PAGE, agent=IN_CLIENT["Feishu"], **ASKED, prompt="consent").status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "cli_another"}, "20048"),
        ({"client_id": ""}, "20048"),
        ({"response_type": "token"}, "20001"),
        ({"redirect_uri": REDIRECT_URI + "/"}, "20029"),
        ({"redirect_uri": ""}, "20029"),
        ({"scope": "contact:contact.base:readonly drive:drive"}, "20027"),
        ({"scope": "offline_access " * 51}, "20027"),
        ({"code_challenge": "x", "code_challenge_method": "S512"}, "20001"),
    ],
    ids=["app", "no app", "response type", "address", "no address", "scope", "scopes", "challenge"],
)
def test_page_refuses_a_wrong_parameter(app: FeishuApp, changes: dict[str, str], code: str) -> None:
    assert refused(visit(app.sandbox.url + PAGE, **ASKED | changes)) == code
    assert refused(visit(app.sandbox.url + PAGE, **ASKED | changes, sandbox_user="stranger")) == code


@pytest.mark.parametrize(("settings", "code"), [({"app_enabled": False}, 20069), ({"app_installed": False}, 20009)], ids=str)
def test_app_that_is_off_signs_nobody_in(app: FeishuApp, user: str, settings: dict[str, Any], code: int) -> None:
    value = consent(app, user)["code"]
    app.settings(**settings)
    assert refused(visit(app.sandbox.url + PAGE, **ASKED)) == str(code)
    assert oauth_refusal(exchange(app, code=value)) == (400, code, "invalid_client")


@TOKEN_PATHS
@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
def test_token_comes_flat(app: FeishuApp, user: str, path: str, form: bool) -> None:
    answer = exchange(app, path, form=form, code=consent(app, user)["code"], redirect_uri=REDIRECT_URI)
    token = answer.json()
    assert answer.status_code == 200
    assert 1000 < len(token.pop("access_token")) < 4096
    assert token == {"code": 0, "expires_in": 7200, "token_type": "Bearer", "scope": ""}


def test_secrets_in_the_address_are_not_read(app: FeishuApp, user: str) -> None:
    query = {"grant_type": "authorization_code", "client_id": "cli_sandbox", "client_secret": app.connection["password"]}
    answer = requests.post(app.sandbox.url + V3, params=query | {"code": consent(app, user)["code"]}, timeout=10)
    assert oauth_refusal(answer) == (400, 20001, "invalid_request")


def test_profile_is_wrapped_and_names_the_company(app: FeishuApp, people: list[dict[str, Any]], user: str) -> None:
    person = next(person for person in people if person["id"] == user)
    shown = signed_in(app, user)
    key = app.data("tenant/v2/tenant/query")["tenant"]["tenant_key"]
    assert {name: value for name, value in shown.items() if not name.startswith("avatar_")} == {
        "name": person["name"],
        "en_name": person["name_en"] or "",
        "open_id": person["open_id"],
        "union_id": person["union_id"],
        "email": person["email"],
        "enterprise_email": person["work_email"] or "",
        "user_id": user,
        "mobile": f"+86{person['mobile']}",
        "tenant_key": key,
        "employee_no": person["job_number"],
    }
    assert {name for name in shown if name.startswith("avatar_")} == {"avatar_url", "avatar_thumb", "avatar_middle", "avatar_big"}


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ("contact:user.employee_id:readonly", "user_id"),
        ("contact:user.email:readonly", "email"),
        ("contact:user.phone:readonly", "mobile"),
        ("contact:user.employee:readonly", "enterprise_email"),
        ("contact:user.employee_number:read", "employee_no"),
    ],
)
def test_field_is_shown_with_its_scope_alone(app: FeishuApp, user: str, scope: str, field: str) -> None:
    app.settings(field_permissions=[])
    plain = signed_in(app, user)
    assert field not in plain
    assert {"name", "open_id", "union_id", "tenant_key"} <= plain.keys()
    app.settings(field_permissions=[scope])
    assert field in signed_in(app, user)


def test_stranger_has_the_same_user_id_in_another_company(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    first, stranger = people[0], signed_in(app, "stranger")
    key = app.data("tenant/v2/tenant/query")["tenant"]["tenant_key"]
    assert (stranger["user_id"], stranger["name"], stranger["email"]) == (first["id"], first["name"], first["email"] or "")
    assert stranger["tenant_key"] != key
    assert stranger["open_id"] not in {person["open_id"] for person in people}
    assert stranger["union_id"] not in {person["union_id"] for person in people}
    assert app.refusal(f"contact/v3/users/{stranger['open_id']}") == (400, 99992351)


def test_visitor_is_of_no_company_of_ours(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    visitor = signed_in(app, "visitor")
    assert visitor["tenant_key"] not in (
        app.data("tenant/v2/tenant/query")["tenant"]["tenant_key"],
        signed_in(app, "stranger")["tenant_key"],
    )
    assert visitor["open_id"] not in {person["open_id"] for person in people}


@TOKEN_PATHS
@pytest.mark.parametrize(
    ("changes", "code", "error"),
    [
        ({"code": ""}, 20001, "invalid_request"),
        ({"grant_type": ""}, 20001, "invalid_request"),
        ({"client_secret": ""}, 20001, "invalid_request"),
        ({"code": ["x"]}, 20063, "invalid_request"),
        ({"code": "x", "client_id": "cli_another"}, 20048, "invalid_client"),
        ({"code": "x", "client_secret": "wrong"}, 20002, "invalid_client"),
        ({"code": "x", "grant_type": "password"}, 20036, "unsupported_grant_type"),
        ({"code": "invented"}, 20003, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 20001, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "eyJinvented"}, 20026, "invalid_grant"),
    ],
)
def test_token_is_refused_in_oauths_words(app: FeishuApp, path: str, changes: dict[str, Any], code: int, error: str) -> None:
    assert oauth_refusal(exchange(app, path, **changes)) == (400, code, error)


@TOKEN_PATHS
def test_code_is_good_once_for_its_app_and_address(app: FeishuApp, user: str, path: str) -> None:
    foreign = app.control("POST", "codes", {"user": user, "kind": "browser", "client_id": "cli_another"})["code"]
    assert oauth_refusal(exchange(app, path, code=foreign)) == (400, 20024, "invalid_grant")
    code = consent(app, user)["code"]
    assert oauth_refusal(exchange(app, path, code=code, redirect_uri=f"{REDIRECT_URI}x")) == (400, 20071, "invalid_grant")
    assert exchange(app, path, code=code, redirect_uri=REDIRECT_URI).json()["code"] == 0
    assert oauth_refusal(exchange(app, path, code=code)) == (400, 20065, "invalid_grant")


@pytest.mark.parametrize(
    ("kind", "seconds", "code"), [("browser", 290, 0), ("browser", 310, 20004), ("in_client", 170, 0), ("in_client", 190, 20004)]
)
def test_code_is_good_for_minutes(app: FeishuApp, user: str, kind: str, seconds: float, code: int) -> None:
    value = app.control("POST", "codes", {"user": user, "kind": kind})["code"]
    later(app.control, seconds)
    assert exchange(app, code=value).json()["code"] == code


def test_code_from_inside_the_client_belongs_to_the_bare_page(app: FeishuApp, user: str) -> None:
    page = "https://app.example.com/home?from=tile#top"
    code = app.control("POST", "codes", {"user": user, "redirect_uri": page})["code"]
    assert exchange(app, code=code, redirect_uri=page).json()["code"] == 20071
    assert exchange(app, code=code, redirect_uri="https://app.example.com/home").json()["code"] == 0


@TOKEN_PATHS
@pytest.mark.parametrize(
    ("challenge", "verifier", "code"),
    [
        ({"code_challenge": S256, "code_challenge_method": "S256"}, VERIFIER, 0),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, VERIFIER, 0),
        ({"code_challenge": VERIFIER}, VERIFIER, 0),
        ({"code_challenge": S256, "code_challenge_method": "S256"}, "w" * 43, 20049),
        ({"code_challenge": S256, "code_challenge_method": "S256"}, "", 20049),
    ],
)
def test_challenge_is_met(app: FeishuApp, user: str, path: str, challenge: dict[str, str], verifier: str, code: int) -> None:
    assert exchange(app, path, code=consent(app, user, **challenge)["code"], code_verifier=verifier).json()["code"] == code


def test_verifier_without_a_challenge_is_refused_by_the_newer_interface(app: FeishuApp, user: str) -> None:
    code = consent(app, user)["code"]
    assert oauth_refusal(exchange(app, V3, code=code, code_verifier=VERIFIER)) == (400, 20049, "invalid_grant")
    assert exchange(app, V2, code=code, code_verifier=VERIFIER).json()["code"] == 0


@TOKEN_PATHS
@pytest.mark.parametrize(
    ("scope", "code", "granted"),
    [
        ("", 0, "contact:user.base:readonly offline_access"),
        ("offline_access", 0, "offline_access"),
        ("offline_access offline_access", 20067, None),
        ("contact:user.email:readonly", 20068, None),
    ],
)
def test_scope_can_be_narrowed(app: FeishuApp, user: str, path: str, scope: str, code: int, granted: str | None) -> None:
    value = consent(app, user, scope="contact:user.base:readonly offline_access")["code"]
    answer = exchange(app, path, code=value, scope=scope).json()
    assert (answer["code"], answer.get("scope")) == (code, granted)


@TOKEN_PATHS
def test_token_is_renewed_once_and_for_a_year(app: FeishuApp, user: str, path: str) -> None:
    token = exchange(app, path, code=consent(app, user, scope="offline_access")["code"]).json()
    assert token["refresh_token_expires_in"] == 604_800
    later(app.control, 7201)
    assert profile(app, token["access_token"]).json()["code"] == 20005
    renewed = exchange(app, path, grant_type="refresh_token", refresh_token=token["refresh_token"]).json()
    assert profile(app, renewed["access_token"]).json()["data"]["user_id"] == user
    again = exchange(app, path, grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert oauth_refusal(again) == (400, 20073, "invalid_grant")
    later(app.control, 604_801)
    late = exchange(app, path, grant_type="refresh_token", refresh_token=renewed["refresh_token"])
    assert oauth_refusal(late) == (400, 20037, "invalid_grant")


def test_grant_ends_after_a_year_however_often_it_was_renewed(app: FeishuApp, user: str) -> None:
    app.settings(refresh_token_seconds=400 * 86_400)
    token = exchange(app, code=consent(app, user, scope="offline_access")["code"]).json()
    later(app.control, 300 * 86_400)
    token = exchange(app, grant_type="refresh_token", refresh_token=token["refresh_token"]).json()
    later(app.control, 66 * 86_400)
    assert oauth_refusal(exchange(app, grant_type="refresh_token", refresh_token=token["refresh_token"]))[1] == 20037


def test_app_may_not_refresh(app: FeishuApp, user: str) -> None:
    token = exchange(app, code=consent(app, user, scope="offline_access")["code"]).json()
    app.settings(may_refresh=False)
    answer = exchange(app, grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert oauth_refusal(answer) == (400, 20074, "unauthorized_client")


@pytest.mark.parametrize("header", ["eyJinvented", "t-invented", "whatever"])
def test_profile_refuses_a_bad_token_with_status_200(app: FeishuApp, header: str) -> None:
    answer = profile(app, header)
    assert (answer.status_code, answer.json()["code"]) == (200, 20005)
    assert profile(app, app.token).json()["code"] == 20005
    assert requests.get(f"{app.sandbox.url}/open-apis/authen/v1/user_info", timeout=10).json()["code"] == 99991661


def test_token_of_a_person_opens_nothing_else(app: FeishuApp, user: str) -> None:
    token = exchange(app, code=consent(app, user)["code"]).json()["access_token"]
    assert app.raw("contact/v3/scopes", token=token).json()["code"] == 99991668


def test_tokens_of_people_end_on_order(app: FeishuApp, user: str) -> None:
    token = exchange(app, code=consent(app, user)["code"]).json()["access_token"]
    app.fault("expired_token", "authen/v1/user_info", times=1)
    assert profile(app, token).json()["code"] == 20005
    app.control("DELETE", "faults")


def test_who_left_since_is_refused_everywhere(app: FeishuApp) -> None:
    codes = {person["id"]: [consent(app, person["id"])["code"] for _ in range(4)] for person in app.truth()["users"] if person["active"]}
    tokens = {user: exchange(app, code=of_person.pop()).json()["access_token"] for user, of_person in codes.items()}
    left = next(user for user in app.control("POST", "evolve", {"left": 5})["left"] if user in codes)
    assert profile(app, tokens[left]).json()["code"] == 20021
    first, second, third = codes[left]
    assert oauth_refusal(exchange(app, code=first)) == (400, 20066, "invalid_grant")
    assert [old_exchange(app, path, code=code).json()["code"] for path, code in ((OLD, second), (OIDC, third))] == [20021, 20021]
    assert oauth_refusal(exchange(app, code=consent(app, left)["code"]))[1] == 20066


def test_who_never_joined_is_refused(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    unjoined = next(person["id"] for person in people if not person["active"])
    assert oauth_refusal(exchange(app, code=consent(app, unjoined)["code"]))[1] == 20066
    assert old_exchange(app, OIDC, code=consent(app, unjoined)["code"]).json()["code"] == 20023


def test_app_is_for_whom_it_is_available(app: FeishuApp, user: str) -> None:
    code = consent(app, user)["code"]
    app.settings(available_departments=[], available_users=[])
    assert oauth_refusal(exchange(app, code=code)) == (400, 20010, "access_denied")
    app.settings(available_users=[user])
    assert exchange(app, code=code).json()["code"] == 0


def test_older_interface_tells_the_person_with_the_token(app: FeishuApp, user: str) -> None:
    data = old_exchange(app, OLD, code=consent(app, user)["code"]).json()["data"]
    assert data["access_token"].startswith("u-")
    assert (data["user_id"], data["token_type"], data["refresh_expires_in"]) == (user, "Bearer", 2_592_000)
    shown = profile(app, data["access_token"]).json()["data"]
    assert {name: data[name] for name in shown if name != "employee_no"} == {name: shown[name] for name in shown if name != "employee_no"}
    assert oauth_refusal(exchange(app, grant_type="refresh_token", refresh_token=data["refresh_token"]))[1] == 20026


def test_oidc_interface_tells_the_token_alone(app: FeishuApp, user: str) -> None:
    data = old_exchange(app, OIDC, code=consent(app, user, scope="contact:user.base:readonly")["code"]).json()["data"]
    assert data.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "refresh_expires_in", "scope"}
    assert data["scope"] == "contact:user.base:readonly"
    assert profile(app, data["access_token"]).json()["data"]["user_id"] == user


@pytest.mark.parametrize("path", [OLD, OIDC])
def test_older_interfaces_refuse_with_status_200(app: FeishuApp, user: str, path: str) -> None:
    code, foreign = consent(app, user)["code"], app.control("POST", "codes", {"user": user, "client_id": "cli_another"})["code"]
    assert old_exchange(app, path, code=code).json()["code"] == 0
    late = consent(app, user)["code"]
    later(app.control, 310)
    answers = [
        old_exchange(app, path, **body)
        for body in ({"code": code}, {"code": foreign}, {"code": late}, {}, {"code": "x", "grant_type": "y"})
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (200, code) for code in (20003, 20024, 20004, 20001, 20036)
    ]
    assert app.raw(path, method="POST", token="t-invented", json={}).json()["code"] == 99991663


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("busy", {}, (500, 20050, "server_error")),
        ("error_code", {"code": 20072, "status": 503}, (503, 20072, "server_error")),
    ],
)
def test_trouble_is_told_in_oauths_words(app: FeishuApp, kind: str, options: dict[str, int], told: tuple[int, int, str]) -> None:
    app.fault(kind, "oauth/v3/token", **options)
    assert oauth_refusal(exchange(app, code="x")) == told


def test_newest_token_path_is_of_another_host(app: FeishuApp) -> None:
    assert [exchange(app, path).status_code for path in ("/open-apis/oauth/v3/token", "/oauth/v2/token")] == [404, 404]
    assert requests.get(app.sandbox.url + V3, timeout=10).status_code == 404
