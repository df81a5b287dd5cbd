"""Who may ask what of the pages, and what an answer tells whom."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import jwt
import pytest
import requests
from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from orgsync.pages.app import POLICY, build_app
from orgsync.pages.rendering import list_static
from orgsync.pages.runs import REPORT_POLICY
from stack.page_server import TOKEN_SECRET
from tests.pages.addresses import ADDRESSES
from tests.pages.company import Company
from tests.pages.site import Site, list_people_in_log

EVERY_USER = ("eva", "olaf", "uma", "vic", "noa")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Decision:
    """Who is let through to a route; the status of the others, and what is asked where the address alone does not do."""

    allowed: tuple[str, ...]
    others: int = 404
    path: Callable[[Company], str] | None = None
    data: dict[str, str] | None = None


def _report(company: Company) -> str:
    [(snapshot_id,)] = company.query("select max(snapshot_id) from ops.snapshot where tenant_id = 'acme'")
    return f"acme/report?snapshot={quote(snapshot_id)}"


def _message(company: Company, name: str, act: str) -> str:
    return f"acme/messages/{company.messages[name]}/{act}"


EDITORS = ("eva", "olaf", "uma")
READ = Decision((*EDITORS, "vic"))
DECISIONS = {
    ("GET", "/static/{name}"): Decision(EVERY_USER, path=lambda _: "static/pages.css"),
    ("GET", "/"): Decision(EVERY_USER),
    ("GET", "/{tenant_id}/tree"): READ,
    ("GET", "/{tenant_id}/search"): replace(READ, path=lambda _: "acme/search"),
    ("POST", "/{tenant_id}/search"): replace(READ, path=lambda _: "acme/search", data={"q": "a"}),
    ("GET", "/{tenant_id}/person"): READ,
    ("POST", "/{tenant_id}/person/reveal"): Decision(("eva", "uma"), 403, lambda _: "acme/person/reveal", {"id": "manager1001"}),
    ("POST", "/{tenant_id}/person/forget"): Decision(("eva", "uma"), 403, lambda _: "acme/person/forget", {"id": "manager1001"}),
    ("GET", "/{tenant_id}/department"): READ,
    ("GET", "/{tenant_id}/changes"): READ,
    ("GET", "/{tenant_id}/changes.csv"): replace(READ, path=lambda _: "acme/changes.csv"),
    ("GET", "/{tenant_id}/differences"): READ,
    ("GET", "/{tenant_id}/plans"): READ,
    ("GET", "/{tenant_id}/plans/{plan_id}"): READ,
    ("GET", "/{tenant_id}/messages"): READ,
    ("GET", "/{tenant_id}/messages/{message_id}"): READ,
    ("GET", "/{tenant_id}/quotas"): READ,
    ("POST", "/{tenant_id}/messages/{message_id}/recall"): Decision(EDITORS, 403, lambda company: _message(company, "recalled", "recall")),
    ("POST", "/{tenant_id}/messages/{message_id}/retry"): Decision(EDITORS, 403, lambda company: _message(company, "failed", "retry")),
    ("POST", "/{tenant_id}/messages/{message_id}/reveal"): Decision(
        ("eva", "uma"), 403, lambda company: _message(company, "sent", "reveal")
    ),
    ("GET", "/{tenant_id}/quarantine"): READ,
    ("GET", "/{tenant_id}/runs"): READ,
    ("GET", "/{tenant_id}/run"): READ,
    ("GET", "/{tenant_id}/report"): replace(READ, path=_report),
}
OF_NOBODY = {("GET", "/static/{name}")}
WITHOUT_SCRIPT = {("POST", "/{tenant_id}/search")}
"""What changes nothing, and is posted to stand in no log: a form of ours may ask it without our header."""
PATHS = {address.route: address.find for address in ADDRESSES.values()}


def list_routes(app: FastAPI) -> set[tuple[str, str]]:
    return {(method, route.path) for route in app.routes for method in route.methods}  # type: ignore[attr-defined]


def ask(site: Site, key: tuple[str, str], **options: Any) -> requests.Response:
    decision = DECISIONS[key]
    path = (decision.path or PATHS[key[1]])(site.company)
    if key[0] == "GET":
        return site.get(path, **options)
    return site.post(path, **{"data": decision.data} | options)


def test_each_route_is_decided_about(company: Company) -> None:
    assert list_routes(build_app(company.settings)) == set(DECISIONS)


@pytest.mark.parametrize("user", EVERY_USER)
@pytest.mark.parametrize("key", DECISIONS, ids=" ".join)
def test_route_answers_whom_it_is_for(key: tuple[str, str], user: str, site: Site) -> None:
    answer = ask(site, key, user=user, allow_redirects=False)
    decision = DECISIONS[key]
    if user in decision.allowed:
        assert answer.status_code < 400
    else:
        assert answer.status_code == (404 if user == "noa" else decision.others)
    assert_guarded(answer, key)


@pytest.fixture(scope="session")
def tokens(site: Site) -> dict[str, str]:
    """Of eva, who may all, but none that holds."""
    claims = jwt.decode(site.tokens["eva"], options={"verify_signature": False})
    head = {"kid": jwt.get_unverified_header(site.tokens["eva"])["kid"]}
    past = claims | {"iat": int(time.time()) - 7200, "nbf": int(time.time()) - 7200, "exp": int(time.time()) - 3600}
    good = jwt.encode(claims, TOKEN_SECRET, algorithm="HS512", headers=head)
    assert site.ask("GET", "", None, headers={"Authorization": f"Bearer {good}"}).ok, "what is changed below has to hold unchanged"
    return {
        "expired": jwt.encode(past, TOKEN_SECRET, algorithm="HS512", headers=head),
        "of another key": jwt.encode(claims, "of-another-server-and-long-enough-as-well" * 2, algorithm="HS512", headers=head),
        "of no key": jwt.encode(claims, None, algorithm="none", headers=head),
        "for something else": jwt.encode(claims | {"aud": "elsewhere"}, TOKEN_SECRET, algorithm="HS512", headers=head),
        "torn": site.tokens["eva"][:-4],
        "no token": "x",
        "empty": "",
    }


@pytest.mark.parametrize("key", sorted(set(DECISIONS) - OF_NOBODY), ids=" ".join)
def test_nobody_is_answered_without_a_sign_in_that_holds(key: tuple[str, str], site: Site, tokens: dict[str, str]) -> None:
    wrong = tokens if key == ("GET", "/") else {"expired": tokens["expired"]}  # all of them once: who asks is found in one place
    answers = {"nobody": ask(site, key, user=None)}
    for name, token in wrong.items():
        answers[f"cookie {name}"] = ask(site, key, user=None, headers={"Cookie": f"_token={token}"})
        answers[f"header {name}"] = ask(site, key, user=None, headers={"Authorization": f"Bearer {token}"})
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert {answer.text for answer in answers.values()} == {answers["nobody"].text}
    assert "Your session has ended" in answers["nobody"].text
    for answer in answers.values():
        assert_guarded(answer, key)


@pytest.mark.parametrize("user", ["vic", "noa"])
@pytest.mark.parametrize("key", sorted(key for key in DECISIONS if key[0] == "GET"), ids=" ".join)
def test_token_in_a_header_counts_as_the_cookie_does(key: tuple[str, str], user: str, site: Site) -> None:
    by_cookie = ask(site, key, user=user)
    by_header = ask(site, key, user=None, headers={"Authorization": f"Bearer {site.tokens[user]}"})
    assert by_header.status_code == by_cookie.status_code


@pytest.mark.parametrize("path", sorted({path for _, path in DECISIONS}))
def test_other_methods_are_refused(path: str, site: Site) -> None:
    of_path = [key for key in DECISIONS if key[1] == path]
    address = (DECISIONS[of_path[0]].path or PATHS[path])(site.company)
    for method in set(METHODS) - {method for method, _ in of_path}:
        answer = site.ask(method, address, "eva", headers={"X-Orgsync": "1", "Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 405, method
        assert_guarded(answer, ("", path))


STRANGE = {
    "without our header": {"X-Orgsync": ""},
    "with another value of it": {"X-Orgsync": "0"},
    "from another site": {"Sec-Fetch-Site": "cross-site"},
    "from a neighbour": {"Sec-Fetch-Site": "same-site"},
    "from an address that somebody typed": {"Sec-Fetch-Site": "none"},
}


@pytest.mark.parametrize("headers", STRANGE.values(), ids=STRANGE)
def test_nothing_is_sent_from_elsewhere(headers: dict[str, str], site: Site) -> None:
    """By whoever may all: a page of another site would ask in their name."""
    for key in DECISIONS:
        if key[0] != "GET" and not (key in WITHOUT_SCRIPT and "X-Orgsync" in headers):
            assert ask(site, key, user="eva", headers=headers).status_code == 403, key


def test_tenant_that_one_may_not_see_answers_as_one_that_there_is_not(site: Site) -> None:
    for _, route in DECISIONS:
        if "{tenant_id}" not in route or route not in PATHS:
            continue
        path = PATHS[route](site.company)
        hidden = site.get(path, user="noa")
        missing = site.get(path.replace("acme/", "cedar/", 1).replace("birch/", "cedar/", 1), user="noa")
        unknown = site.get(path.replace("acme/", "cedar/", 1).replace("birch/", "cedar/", 1), user="eva")
        assert (hidden.status_code, hidden.text) == (missing.status_code, missing.text) == (unknown.status_code, unknown.text)


def test_rights_of_one_tenant_are_none_of_another(of_acme_alone: TestClient, company: Company) -> None:
    home = of_acme_alone.get("/")
    assert home.status_code == 200
    assert ">acme<" in home.text
    assert "birch" not in home.text
    for method, route in DECISIONS:
        if "{tenant_id}" not in route:
            continue
        decision = DECISIONS[method, route]
        path = (decision.path or PATHS[route])(company).split("/", 1)[1]
        of_birch = of_acme_alone.request(method, f"/birch/{path}", data=decision.data)
        of_nobody = of_acme_alone.request(method, f"/cedar/{path}", data=decision.data)
        assert (of_birch.status_code, of_birch.text) == (404, of_nobody.text), route
        assert "birch" not in of_acme_alone.get(f"/acme/{path}").text


def test_fault_is_told_in_words_and_logged_without_what_it_was_about(of_acme_alone: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    person = "郝娜泽"

    def fail() -> None:
        raise ValueError(person)

    app = of_acme_alone.app
    assert isinstance(app, FastAPI)
    app.add_api_route("/fail", fail)
    answer = of_acme_alone.get("/fail")
    assert answer.status_code == 500
    assert "The server could not answer" in answer.text
    assert_guarded(answer, ("GET", "/fail"))
    assert "failed with ValueError" in caplog.text
    assert "in fail" in caplog.text
    assert person not in caplog.text


def test_style_and_script_are_kept_for_a_year_and_told_apart_by_their_content(site: Site) -> None:
    page = site.get("acme/tree").text
    for name in list_static():
        answer = site.get(f"static/{name}", user=None)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
    for address in ("static/pages.js?v=", "static/pages.css?v="):
        assert address in page
    for name in ("../templates/tree.html.jinja", "..%2ftemplates%2ftree.html.jinja", "%2e%2e/%2e%2e/access.yaml", "pages.map", "%00"):
        answer = requests.get(f"{site.url}/organization/static/{name}", timeout=60)
        assert answer.status_code in (400, 401, 404), name
        assert "{%" not in answer.text


def test_answers_are_compressed(site: Site) -> None:
    for path in ("acme/tree", "static/pages.css", "static/pages.js"):
        answer = site.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.content) > 1000
        assert "Content-Encoding" not in site.get(path, headers={"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("text", ["%00", "%ED%A0%80%FF", "%F0%9F%9A%80%E2%80%AE", "x" * 5000, """'"><script>""", "..%2f..", "%0d%0aX:%20y"])
def test_nonsense_in_an_address_is_no_bug(text: str, site: Site) -> None:
    for route in build_app(site.company.settings).routes:
        if not isinstance(route, APIRoute) or "GET" not in route.methods or "{tenant_id}" not in route.path:
            continue
        path = (DECISIONS["GET", route.path].path or PATHS[route.path])(site.company).split("?")[0]
        for name in sorted({parameter.alias for parameter in get_flat_dependant(route.dependant).query_params}):
            answer = site.get(f"{path}?{name}={text}")
            assert answer.status_code in (200, 303, 400, 404, 422), f"{path}?{name}="
            assert "<script>" not in answer.text
            assert "X" not in answer.headers
    for tenant in (text, f"acme{text}"):
        assert site.get(f"{tenant}/tree").status_code in (400, 404, 414), tenant


def test_nothing_about_people_is_in_the_log(site: Site) -> None:
    """Of whatever this folder asked so far; whoever made the site looks once more when all is done."""
    [(name, mobile)] = site.company.query(
        "select name, mobile from org.user_version where tenant_id = 'acme' and mobile is not null order by user_id limit 1"
    )
    for key in DECISIONS:
        ask(site, key, user="eva")
    log = site.log.read_text(encoding="utf-8")
    assert "/organization/acme/tree" in log, "the server has to say what it was asked"
    assert name not in log
    assert quote(name) not in log
    assert mobile not in log
    assert list_people_in_log(site) == []


def assert_guarded(answer: Any, key: tuple[str, str]) -> None:
    """Whatever is answered, the browser is told to trust nothing else, and to keep nothing."""
    is_report = answer.status_code == 200 and key[1] == "/{tenant_id}/report"
    assert answer.headers["Content-Security-Policy"] == (REPORT_POLICY if is_report else POLICY)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    if key not in OF_NOBODY:
        assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
