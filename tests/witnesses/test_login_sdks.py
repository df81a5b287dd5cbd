"""SDKs sign people in at the sandbox: with the paths, parameters and fields that other people read in the platforms' pages."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from alibabacloud_dingtalk.contact_1_0.client import Client as ContactClient
from alibabacloud_dingtalk.contact_1_0.models import GetUserHeaders, GetUserResponseBody
from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuthClient
from alibabacloud_dingtalk.oauth2_1_0.models import GetUserTokenRequest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from Tea.exceptions import TeaException
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient
from wecomkit import AsyncWeComClient, WeComConfig

from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Redirect, Truth
from tests.witnesses.lazy import import_when_used

if TYPE_CHECKING:
    from tests.witnesses import lark
else:
    lark = import_when_used("tests.witnesses.lark")

FIXTURES = Path(__file__).parents[1] / "fixtures"
REDIRECT_URI = "https://app.example.com/back"
IN_WECOM = {"User-Agent": "Mozilla/5.0 wxwork/4.1.20 MicroMessenger/7.0.1"}


@pytest.fixture
def member(truth: Truth) -> Any:
    """Of the platform named: somebody who has all that can be told."""

    def of(platform: str) -> dict[str, Any]:
        return next(each for each in truth(platform)["users"] if each["active"] and each["email"] and each["mobile"] and each["job_number"])

    return of


def give_code(sandbox: RunningSandbox, platform: str, user: str, **wish: str) -> str:
    return str(sandbox.control("POST", f"{platform}/codes", {"user": user, **wish})["code"])


def published(platform: str, interface: str) -> set[str]:
    fields = json.loads((FIXTURES / platform / "published/fields.json").read_text(encoding="utf-8"))["body"]
    return set(fields[interface])


def dingtalk(sandbox: RunningSandbox) -> Config:
    return Config(protocol="http", region_id="central", endpoint=sandbox.url.removeprefix("http://"))


def token_request(sandbox: RunningSandbox, **asked: str) -> GetUserTokenRequest:
    return GetUserTokenRequest(client_id=sandbox.client_id, client_secret=sandbox.client_secret, **asked)


def test_dingtalks_sdk_signs_somebody_in(sandbox: RunningSandbox, member: Any) -> None:
    """alibabacloud-dingtalk: what it does not know of an answer it drops, so the answer is read beside it."""
    person, oauth, contact = member("dingtalk"), OAuthClient(dingtalk(sandbox)), ContactClient(dingtalk(sandbox))
    code = give_code(sandbox, "dingtalk", person["id"], kind="browser", scope="openid corpid")
    token = oauth.get_user_token(token_request(sandbox, code=code, grant_type="authorization_code")).body
    assert (token.corp_id, token.expire_in) == ("dingsandbox", 7200)
    headers = GetUserHeaders(x_acs_dingtalk_access_token=token.access_token)
    me = contact.get_user_with_options("me", headers, RuntimeOptions()).body
    assert (me.nick, me.union_id, me.open_id, me.email) == (person["name"], person["union_id"], person["open_id"], person["email"])
    assert (me.mobile, me.state_code, me.visitor) == (person["mobile"], "86", False)
    plain = requests.get(
        f"{sandbox.url}/v1.0/contact/users/me", headers={"x-acs-dingtalk-access-token": token.access_token}, timeout=10
    ).json()
    assert plain.items() <= GetUserResponseBody().from_map(plain).to_map().items()
    renewed = oauth.get_user_token(token_request(sandbox, refresh_token=token.refresh_token, grant_type="refresh_token")).body
    assert (renewed.corp_id, renewed.access_token != token.access_token) == ("dingsandbox", True)


def test_dingtalks_sdk_is_refused_a_used_code(sandbox: RunningSandbox) -> None:
    oauth, code = OAuthClient(dingtalk(sandbox)), give_code(sandbox, "dingtalk", "stranger", kind="browser")
    asked = token_request(sandbox, code=code, grant_type="authorization_code")
    assert oauth.get_user_token(asked).body.corp_id is None
    with pytest.raises(TeaException) as raised:
        oauth.get_user_token(asked)
    assert (raised.value.code, raised.value.statusCode) == ("invalidParameter.authCode.notFound", 400)


def test_dingtalk_tells_of_a_code_no_field_that_nobody_has_published(sandbox: RunningSandbox, member: Any) -> None:
    """Of a code from inside the client: no SDK for Python asks for it on this path."""
    pair = {"appkey": sandbox.client_id, "appsecret": sandbox.client_secret}
    token = requests.get(f"{sandbox.url}/gettoken", params=pair, timeout=10).json()["access_token"]
    code = give_code(sandbox, "dingtalk", member("dingtalk")["id"])
    answer = requests.post(
        f"{sandbox.url}/topapi/v2/user/getuserinfo", params={"access_token": token}, json={"code": code}, timeout=10
    ).json()
    assert answer["result"].keys() == published("dingtalk", "user/getuserinfo")


@pytest.fixture
def wechatpy(sandbox: RunningSandbox, redirect: Redirect) -> WeChatClient:
    sandbox.control("PUT", "wecom/settings", {"trusted_domains": ["app.example.com"]})
    connection = sandbox.connection("wecom")
    return WeChatClient(connection["login"], connection["password"])


def test_wecoms_address_as_an_sdk_builds_it(wechatpy: WeChatClient, sandbox: RunningSandbox, member: Any) -> None:
    """Inside the client; with the older call for the identity, which is the one this SDK knows."""
    user = member("wecom")["id"]
    sandbox.control("PUT", "wecom/settings", {"client_user": user})
    address = wechatpy.oauth.authorize_url(REDIRECT_URI, "state1")
    assert urlsplit(address).fragment == "wechat_redirect"
    answer = requests.get(address, headers=IN_WECOM, allow_redirects=False, timeout=10)
    told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert told["state"] == ["state1"]
    identity = wechatpy.oauth.get_user_info(told["code"][0])
    assert identity["UserId"] == user
    outsiders = [wechatpy.oauth.get_user_info(give_code(sandbox, "wecom", each)) for each in ("stranger", "visitor")]
    envelope = {"errcode", "errmsg"}
    assert {name for each in (identity, *outsiders) for name in each} - envelope == published("wecom", "user/getuserinfo")
    with pytest.raises(WeChatClientException, match="invalid code") as raised:
        wechatpy.oauth.get_user_info(told["code"][0])
    assert raised.value.errcode == 40029


def test_wecoms_identity_as_another_sdk_asks_for_it(sandbox: RunningSandbox, member: Any) -> None:
    connection, user = sandbox.connection("wecom"), member("wecom")["id"]
    config = WeComConfig(connection["login"], connection["password"], base_url=sandbox.url)

    async def ask(code: str) -> dict[str, Any]:
        async with AsyncWeComClient(config) as client:
            return await client.auth.get_user_info_by_code(code)

    answers = [asyncio.run(ask(give_code(sandbox, "wecom", each))) for each in (user, "stranger", "visitor")]
    assert [each.get("userid") for each in answers] == [user, None, None]
    assert {name for each in answers for name in each} - published("wecom", "auth/getuserinfo") <= {"errcode", "errmsg"}


@pytest.fixture
def feishu(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> lark.Client:
    monkeypatch.setattr(lark.TokenManager, "cache", lark.LocalCache())
    connection = sandbox.connection("feishu")
    return lark.Client.builder().domain(sandbox.url).timeout(10).app_id(connection["login"]).app_secret(connection["password"]).build()


def user_info(feishu: lark.Client, token: str) -> Any:
    option = lark.RequestOption.builder().user_access_token(token).build()
    return feishu.authen.v1.user_info.get(lark.GetUserInfoRequest.builder().build(), option)


def data_of(response: Any) -> dict[str, Any]:
    assert response.success(), (response.code, response.msg)
    found: dict[str, Any] = json.loads(response.raw.content)["data"]
    return found


def test_feishus_sdk_signs_somebody_in_by_the_older_calls(feishu: lark.Client, sandbox: RunningSandbox, member: Any) -> None:
    """Of the OAuth call it has no model; these two it has, and the same profile for all of them."""
    person = member("feishu")
    body = lark.CreateAccessTokenRequestBody.builder().grant_type("authorization_code").code(give_code(sandbox, "feishu", person["id"]))
    old = data_of(feishu.authen.v1.access_token.create(lark.CreateAccessTokenRequest.builder().request_body(body.build()).build()))
    assert old.keys() <= lark.UserAccessTokenInfo._types.keys()
    oidc_body = lark.CreateOidcAccessTokenRequestBody.builder().grant_type("authorization_code")
    request = lark.CreateOidcAccessTokenRequest.builder().request_body(oidc_body.code(give_code(sandbox, "feishu", person["id"])).build())
    oidc = data_of(feishu.authen.v1.oidc_access_token.create(request.build()))
    assert oidc.keys() == lark.TokenInfo._types.keys()
    for token in (old["access_token"], oidc["access_token"]):
        shown = data_of(user_info(feishu, token))
        assert shown.keys() == lark.UserInfo._types.keys()
        assert (shown["user_id"], shown["open_id"], shown["mobile"]) == (person["id"], person["open_id"], f"+86{person['mobile']}")


def test_feishus_sdk_is_refused_with_status_200(feishu: lark.Client, sandbox: RunningSandbox) -> None:
    refused = user_info(feishu, "u-invented")
    assert (refused.code, refused.raw.status_code) == (20005, 200)
    body = lark.CreateOidcAccessTokenRequestBody.builder().grant_type("authorization_code").code("invented").build()
    answer = feishu.authen.v1.oidc_access_token.create(lark.CreateOidcAccessTokenRequest.builder().request_body(body).build())
    assert (answer.code, answer.raw.status_code) == (20003, 200)
