"""The addresses are right, and each mistake in a pasted one is named, with what to write instead."""

from __future__ import annotations

import pytest

from orgsync.onboarding.links import App, check_link, list_links
from orgsync.words import say

BASE = "https://airflow.example.com:8443/sub"
DINGTALK = App("dingtalk", "dingkey", BASE)
WECOM = App("wecom", "wwcorp", BASE, agent_id="1000002")
FEISHU = App("feishu", "cli_a", BASE)
CLIENT = "https://open.weixin.qq.com/connect/oauth2/authorize"
GOOD = (
    f"{CLIENT}?appid=wwcorp&redirect_uri=https%3A%2F%2Fairflow.example.com%3A8443%2Fsub%2F&response_type=code"
    "&scope=snsapi_base&state=orgsync&agentid=1000002#wechat_redirect"
)


def values(app: App) -> list[str]:
    return [link.value for link in list_links(app)]


def test_wecom_s_home_page_is_encoded_once_and_ends_as_it_must() -> None:
    assert values(WECOM)[0] == GOOD
    assert values(WECOM)[1:3] == ["airflow.example.com:8443"] * 2


@pytest.mark.parametrize("app", [DINGTALK, WECOM, FEISHU])
def test_what_is_printed_is_right_when_it_is_pasted(app: App) -> None:
    for value in values(app):
        if "://" in value:
            assert [check.outcome for check in check_link(app, value)] == ["ok"], value


@pytest.mark.parametrize("app", [DINGTALK, WECOM, FEISHU])
def test_people_sign_in_on_our_page(app: App) -> None:
    assert values(app)[-1] == f"{BASE}/auth/organization/login"


@pytest.mark.parametrize("app", [DINGTALK, FEISHU])
def test_a_sign_in_comes_back_where_it_is_exchanged(app: App) -> None:
    assert values(app)[-2] == f"{BASE}/auth/organization/callback"


def test_dingtalk_s_pages_are_told_the_company() -> None:
    assert values(DINGTALK)[0] == "https://airflow.example.com:8443/sub/?corpId=$CORPID$"


AUTHORIZE = "https://accounts.feishu.cn/open-apis/authen/v1/authorize"
ENCODED = "https%3A%2F%2Fairflow.example.com%3A8443%2Fsub%2F"


@pytest.mark.parametrize(
    ("app", "url", "said"),
    [
        (WECOM, GOOD.replace(ENCODED, "https://airflow.example.com:8443/sub/"), "is not encoded"),
        (WECOM, GOOD.replace(ENCODED, ENCODED.replace("%", "%25")), "encoded twice"),
        (WECOM, GOOD.replace("airflow.example.com", "other.example.com"), "the trusted domain is airflow.example.com:8443"),
        (WECOM, GOOD.replace("%3A8443", ""), "without the port"),
        (WECOM, GOOD.replace("airflow.example.com%3A8443", "example.com"), "above or below"),
        (WECOM, GOOD.replace("airflow.example.com%3A8443", "a.airflow.example.com"), "above or below"),
        (WECOM, GOOD.replace(f"redirect_uri={ENCODED}&", ""), "redirect_uri is missing"),
        (WECOM, GOOD.removesuffix("#wechat_redirect"), "does not end with #wechat_redirect"),
        (WECOM, GOOD.replace("wwcorp", "wwother"), "appid is wwother, and the connection's is wwcorp"),
        (WECOM, GOOD.replace("appid=wwcorp&", ""), "appid is missing"),
        (WECOM, GOOD.replace("agentid=1000002", "agentid=17"), "agentid is 17"),
        (WECOM, GOOD.replace("state=orgsync", "state=a-b"), "other signs than letters"),
        (WECOM, GOOD.replace("response_type=code&", ""), "response_type is not code"),
        (DINGTALK, f"{BASE}/", "no corpId=$CORPID$"),
        (DINGTALK, f"{BASE}/?corpId=ding123", "holds ding123 and not the words $CORPID$"),
        (FEISHU, f"{AUTHORIZE}?client_id=cli_b&redirect_uri={ENCODED}&response_type=code", "client_id is cli_b"),
        (FEISHU, "https://www.example.org/", "no address of feishu that is known here"),
    ],
)
def test_exactly_the_mistake_is_named(app: App, url: str, said: str) -> None:
    [found] = check_link(app, url)
    assert found.outcome == "broken"
    assert said in found.reason
    assert found.fix
    assert say(found.reason, "zh") != found.reason
