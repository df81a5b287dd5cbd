"""Whoever signs in is the person whom the platform's page signed in, and one of ours; or it is said why not."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from orgsync.errors import PlatformError, SpentCodeError, StrangerError
from orgsync.platforms.signing_in import SignIn
from tests.contract.conftest import Organization

REDIRECT = "https://airflow.example.com/auth/organization/callback"
STATE = "0123456789abcdef"


@pytest.fixture
def sign_in(organization: Organization) -> SignIn:
    organization.set(**allow(organization.name))
    opener = organization.platform.sign_in
    assert opener is not None
    return opener(organization.connection(), "")


def allow(platform: str) -> dict[str, object]:
    return {"trusted_domains": ["airflow.example.com"]} if platform == "wecom" else {"redirect_uris": [REDIRECT]}


def visit(sign_in: SignIn, user: str, **options: object) -> dict[str, list[str]]:
    """What the platform's page sends the browser back with, once somebody has signed in there."""
    address = sign_in.address(REDIRECT, STATE, is_in_client=False, language="zh")
    page = address.partition("#")[0]
    answer = requests.get(f"{page}&sandbox_user={user}", allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(REDIRECT)
    return parse_qs(urlsplit(answer.headers["location"]).query)


def code_of(sign_in: SignIn, user: str) -> str:
    back = visit(sign_in, user)
    assert back["state"] == [STATE]
    return (back.get("code") or back["authCode"])[0]


def someone(organization: Organization) -> str:
    return str(organization.truth()["users"][3]["id"])


def test_a_member_is_known_by_the_id_of_the_warehouse(organization: Organization, sign_in: SignIn) -> None:
    user = someone(organization)
    assert sign_in.identify(code_of(sign_in, user), REDIRECT) == user


@pytest.mark.parametrize("outsider", ["stranger", "visitor"])
def test_whoever_is_not_of_the_company_is_a_stranger(organization: Organization, sign_in: SignIn, outsider: str) -> None:
    with pytest.raises(StrangerError):
        sign_in.identify(code_of(sign_in, outsider), REDIRECT)


def test_who_left_since_is_let_in_by_nobody(organization: Organization, sign_in: SignIn) -> None:
    code = code_of(sign_in, left := someone(organization))
    while left not in organization.control("GET", "organization")["former"]:
        organization.control("POST", "evolve", {"left": 50})
    with pytest.raises((StrangerError, PlatformError, SpentCodeError)):
        sign_in.identify(code, REDIRECT)


def test_a_code_is_good_once(organization: Organization, sign_in: SignIn) -> None:
    code = code_of(sign_in, someone(organization))
    sign_in.identify(code, REDIRECT)
    with pytest.raises(SpentCodeError):
        sign_in.identify(code, REDIRECT)


def test_a_code_that_nobody_gave_is_no_good(organization: Organization, sign_in: SignIn) -> None:
    with pytest.raises(SpentCodeError):
        sign_in.identify("made-up-by-somebody", REDIRECT)


def test_a_code_grows_old(organization: Organization, sign_in: SignIn) -> None:
    code = code_of(sign_in, someone(organization))
    organization.control("PUT", "clock", {"offset_seconds": 301})
    with pytest.raises(SpentCodeError):
        sign_in.identify(code, REDIRECT)


def test_who_declines_comes_back_without_a_code(organization: Organization, sign_in: SignIn) -> None:
    back = visit(sign_in, "refuse")
    assert not {"code", "authCode"} & back.keys()
    assert back["state"] == [STATE]


def test_a_secret_that_is_not_the_app_s_is_said(organization: Organization, sign_in: SignIn) -> None:
    code = code_of(sign_in, someone(organization))
    opener = organization.platform.sign_in
    assert opener is not None
    with pytest.raises(PlatformError) as refused:
        opener(organization.connection(password="not-the-secret"), "").identify(code, REDIRECT)
    assert not isinstance(refused.value, StrangerError)


def test_within_the_client_nobody_is_asked(organization: Organization, sign_in: SignIn) -> None:
    user = someone(organization)
    organization.set(client_user=user)
    if sign_in.script_app is not None or organization.name == "dingtalk":
        code = organization.control("POST", "codes", {"kind": "in_client"})["code"]
        assert sign_in.identify_in_client(code) == user
        return
    address = sign_in.address(REDIRECT, STATE, is_in_client=True, language="en").partition("#")[0]
    agent = {"User-Agent": f"Mozilla/5.0 {sign_in.client_marks[0]}/7.0"}
    answer = requests.get(address, headers=agent, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    [code] = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    assert sign_in.identify(code, REDIRECT) == user
