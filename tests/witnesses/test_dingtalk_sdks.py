"""DingTalk SDKs walk the sandbox's company: paths, parameters, token and envelopes as other people read DingTalk's pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuthClient
from alibabacloud_dingtalk.oauth2_1_0.models import GetAccessTokenRequest, GetTokenRequest
from alibabacloud_tea_openapi.models import Config
from dingtalk import AppKeyClient
from dingtalk.core.exceptions import DingTalkClientException
from dingtalk_utils.client.corp import CorpClient
from dingtalk_utils.contacts.api import ContactsApi
from dingtalk_utils.department.api import DepartmentApi
from Tea.exceptions import TeaException

from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Redirect, Truth

ROOT = 1
FIELDS = json.loads((Path(__file__).parents[1] / "fixtures/dingtalk/published/fields.json").read_text(encoding="utf-8"))["body"]


@pytest.fixture
def sdk(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> AppKeyClient:
    """dingtalk-sdk: it puts the token in the query, sends objects as JSON, and raises what an envelope refuses."""
    monkeypatch.setattr(AppKeyClient, "API_BASE_URL", f"{sandbox.url}/")
    return AppKeyClient("dingsandbox", sandbox.client_id, sandbox.client_secret)


@pytest.fixture
def oauth(sandbox: RunningSandbox) -> OAuthClient:
    """alibabacloud-dingtalk: the new API only."""
    return OAuthClient(Config(protocol="http", region_id="central", endpoint=sandbox.url.removeprefix("http://")))


@pytest.fixture
def token(sandbox: RunningSandbox, redirect: Redirect) -> str:
    answer = CorpClient(sandbox.client_id, sandbox.client_secret).get_corp_token()
    assert (answer["errcode"], answer["errmsg"], answer["expires_in"]) == (0, "ok", 7200)
    return str(answer["access_token"])


def pages(sdk: AppKeyClient, department_id: int, size: int = 100) -> Iterator[dict[str, Any]]:
    cursor = 0
    while True:
        asked = {"dept_id": department_id, "cursor": cursor, "size": size, "contain_access_limit": True}
        page = sdk.post("/topapi/v2/user/list", asked)["result"]
        yield page
        if not page["has_more"]:
            return
        cursor = page["next_cursor"]


def children(api: DepartmentApi, department_id: int) -> list[dict[str, Any]]:
    answer = api.get_dept_listSub(department_id)
    assert answer["errcode"] == 0, answer
    return list(answer["result"])


def walk(api: DepartmentApi, department_id: int) -> Iterator[dict[str, Any]]:
    for child in children(api, department_id):
        yield child
        if child["dept_id"] > 0:  # family-school trees are refused
            yield from walk(api, child["dept_id"])


def test_company_is_found_department_by_department(token: str, truth: Truth) -> None:
    known = {each["id"]: each for each in truth("dingtalk")["departments"] if each["kind"] == "company"}
    found = {each["dept_id"]: each for each in walk(DepartmentApi(token), ROOT) if each["dept_id"] > 0}
    assert found.keys() == known.keys() - {ROOT}
    assert {key: (each["name"], each["parent_id"]) for key, each in found.items()} == {
        key: (each["name"], each["parent_id"]) for key, each in known.items() if key != ROOT
    }


def test_departments_details(token: str, truth: Truth) -> None:
    api = DepartmentApi(token)
    for each in truth("dingtalk")["departments"]:
        if each["kind"] != "company":
            continue
        detail = api.get_dept_detail(each["id"])["result"]
        assert (detail["name"], detail["order"]) == (each["name"], each["order"] if each["order"] is not None else each["id"])
        assert (sorted(detail["dept_manager_userid_list"]), detail["hide_dept"]) == (sorted(each["leaders"]), each["hidden"])
        assert detail.get("parent_id") == each["parent_id"]
        assert api.get_dept_child(each["id"])["result"]["dept_id_list"] == [child["dept_id"] for child in children(api, each["id"])]


def test_everyone_is_found_page_by_page(sdk: AppKeyClient, truth: Truth) -> None:
    company = truth("dingtalk")
    departments = [each["id"] for each in company["departments"] if each["kind"] == "company"]
    found = [
        (user["userid"], department, user["dept_order"], user["leader"])
        for department in departments
        for page in pages(sdk, department)
        for user in page["list"]
    ]
    known = {(each["user_id"], each["department_id"], each["order"], each["is_leader"]) for each in company["memberships"]}
    assert len(found) == len(known)
    assert set(found) == known
    assert sdk.post("/topapi/user/count", {"only_active": False})["result"]["count"] == len(company["users"])
    assert sdk.post("/topapi/user/count", {"only_active": True})["result"]["count"] == sum(each["active"] for each in company["users"])


def test_pages_end_without_a_cursor(sdk: AppKeyClient, truth: Truth) -> None:
    largest = max(
        truth("dingtalk")["departments"], key=lambda each: sum(m["department_id"] == each["id"] for m in truth("dingtalk")["memberships"])
    )
    *others, last = pages(sdk, largest["id"], size=70)
    assert len(others) >= 2
    assert all(page["next_cursor"] for page in others)
    assert last["has_more"] is False
    assert "next_cursor" not in last


def test_ids_and_short_rows_of_a_department(token: str, truth: Truth) -> None:
    api = ContactsApi(token)
    members = {each["user_id"] for each in truth("dingtalk")["memberships"] if each["department_id"] == ROOT}
    assert set(api.get_user_list(ROOT)["result"]["userid_list"]) == members
    names = {each["id"]: each["name"] for each in truth("dingtalk")["users"]}
    page = api.get_user_listSimple(ROOT, size=100, cursor=0, contain_access_limit=True)["result"]
    assert {each["userid"]: each["name"] for each in page["list"]} == {user: names[user] for user in members}


def test_people_one_by_one(token: str, truth: Truth) -> None:
    api = ContactsApi(token)
    for each in truth("dingtalk")["users"][::60]:
        detail = api.get_user(each["id"])["result"]
        assert (detail["name"], detail["unionid"], detail["title"]) == (each["name"], each["union_id"], each["title"])
        assert (detail["active"], detail.get("manager_userid")) == (each["active"], each["manager_id"])
        assert sorted(detail["dept_id_list"]) == sorted(each["department_ids"])
        assert {entry["dept_id"] for entry in detail["leader_in_dept"]} == set(each["department_ids"])
        assert api.getByUnionid(each["union_id"])["result"]["userid"] == each["id"]
        if each["mobile"]:
            assert api.get_user_byMobile(each["mobile"])["result"]["userid"] == each["id"]


def test_chains_of_departments_end_at_the_root(sdk: AppKeyClient, truth: Truth) -> None:
    parents = {each["id"]: each["parent_id"] for each in truth("dingtalk")["departments"]}
    person = next(each for each in truth("dingtalk")["users"] if len(each["department_ids"]) > 1)
    chains = sdk.post("/topapi/v2/department/listparentbyuser", {"userid": person["id"]})["result"]["parent_list"]
    lists = [chain["parent_dept_id_list"] for chain in chains]
    assert sorted(chain[0] for chain in lists) == sorted(person["department_ids"])
    for chain in lists:
        assert chain[-1] == ROOT
        assert [parents[each] for each in chain] == [*chain[1:], None]


def test_range_as_the_oldest_path_tells_it(sdk: AppKeyClient, sandbox: RunningSandbox) -> None:
    everyone = sdk.user.auth_scopes()["auth_org_scopes"]
    assert everyone == {"authed_dept": [ROOT], "authed_user": []}
    sandbox.control("PUT", "dingtalk/settings", {"visible_departments": [], "visible_users": ["manager1001"]})
    assert sdk.user.auth_scopes()["auth_org_scopes"] == {"authed_dept": [], "authed_user": ["manager1001"]}


def test_sdk_renews_a_token_that_the_oldest_path_refuses(sdk: AppKeyClient, sandbox: RunningSandbox) -> None:
    """auth/scopes answers the bare 40014, which this SDK knows as a stale token."""
    before = sdk.access_token
    sandbox.control("POST", "dingtalk/tokens/expire")
    assert sdk.user.auth_scopes()["errcode"] == 0
    assert sdk.access_token != before


def test_gateway_wraps_what_the_oldest_path_does_not(sdk: AppKeyClient, sandbox: RunningSandbox) -> None:
    assert sdk.access_token
    sandbox.control("POST", "dingtalk/tokens/expire")
    with pytest.raises(DingTalkClientException, match=r"subcode=40014") as raised:
        sdk.post("/topapi/v2/department/listsub", {"dept_id": ROOT})
    assert raised.value.errcode == 88


def test_wrong_secret_in_either_generation(sandbox: RunningSandbox, oauth: OAuthClient, redirect: Redirect) -> None:
    with pytest.raises(DingTalkClientException) as raised:
        AppKeyClient("dingsandbox", sandbox.client_id, "wrong").get_access_token()
    assert raised.value.errcode == 40096
    with pytest.raises(TeaException) as refused:
        oauth.get_access_token(GetAccessTokenRequest(app_key=sandbox.client_id, app_secret="wrong"))
    assert (refused.value.code, refused.value.statusCode) == ("invalidClientIdOrSecret", 400)


def test_token_of_the_new_generation_is_the_same_token(oauth: OAuthClient, sandbox: RunningSandbox, token: str) -> None:
    body = oauth.get_access_token(GetAccessTokenRequest(app_key=sandbox.client_id, app_secret=sandbox.client_secret)).body
    assert (body.access_token, body.expire_in) == (token, 7200)
    asked = GetTokenRequest(client_id=sandbox.client_id, client_secret=sandbox.client_secret, grant_type="client_credentials")
    unified = oauth.get_token("dingsandbox", asked).body
    assert (unified.access_token, unified.expires_in) == (token, 7200)


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [("throttle", 88, "subcode=90018"), ("busy", -1, "系统繁忙"), ("forbidden_department", 50004, "授权范围")],
    ids=["throttle", "busy", "forbidden_department"],
)
def test_trouble_reaches_the_sdk_as_an_envelope(sdk: AppKeyClient, sandbox: RunningSandbox, kind: str, code: int, words: str) -> None:
    sandbox.control("POST", "dingtalk/faults", {"kind": kind, "interface": "topapi/v2/department/listsub"})
    with pytest.raises(DingTalkClientException, match=words) as raised:
        sdk.post("/topapi/v2/department/listsub", {"dept_id": ROOT})
    assert raised.value.errcode == code


def test_sandbox_answers_with_no_field_that_nobody_has_published(token: str, sdk: AppKeyClient, truth: Truth) -> None:
    company = truth("dingtalk")
    api, people = DepartmentApi(token), ContactsApi(token)
    departments = [each["id"] for each in company["departments"] if each["kind"] == "company"]
    listed = {name for each in departments for child in children(api, each) for name in child}
    details = {name for each in departments for name in api.get_dept_detail(each)["result"]}
    rows = {name for each in departments for page in pages(sdk, each) for user in page["list"] for name in user}
    persons = {name for each in company["users"][::20] for name in people.get_user(each["id"])["result"]}
    seen = {"listsub": listed, "department/get": details, "user/list": rows, "user/get": persons}
    assert {interface: names - set(FIELDS[interface]) for interface, names in seen.items()} == {interface: set() for interface in seen}
