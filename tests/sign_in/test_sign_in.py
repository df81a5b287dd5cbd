"""People of three organizations sign in to Airflow, and may what follows from where they work."""

from __future__ import annotations

import base64
import json
import time

import pytest
import requests

from tests.sign_in.office import KEPT_SECONDS, PLATFORMS, Browser, Office, query_of

EVERYBODY = "people:\n" + "".join(f"  - {{tenant: {name}}}\n" for name in PLATFORMS)


@pytest.fixture(autouse=True)
def everybody_may_look(office: Office) -> None:
    if (office.folder / "access.yaml").read_text() != EVERYBODY:
        office.rule(EVERYBODY)


def someone(office: Office, tenant_id: str, place: int = 3) -> str:
    """Who is there, and signs in: Feishu lets in nobody who has not joined yet."""
    active = "select user_id from org.users where tenant_id = %s and status = 'active' order by user_id offset %s limit 1"
    return str(office.query(active, tenant_id, place)[0][0])


@pytest.mark.parametrize("tenant_id", PLATFORMS)
def test_a_member_ends_on_the_page_asked_for(office: Office, tenant_id: str) -> None:
    target = f"/organization/{tenant_id}/tree"
    browser = office.sign_in(tenant_id, someone(office, tenant_id), target=target)
    assert browser.answer is not None
    assert (browser.answer.status_code, browser.answer.headers["location"]) == (303, target)
    assert browser.get(target).status_code == 200


@pytest.mark.parametrize("tenant_id", PLATFORMS)
@pytest.mark.parametrize("outsider", ["stranger", "visitor"])
def test_who_is_not_of_the_company_is_told_so(office: Office, tenant_id: str, outsider: str) -> None:
    browser = office.sign_in(tenant_id, outsider)
    assert browser.answer is not None
    assert browser.answer.status_code == 403
    assert "not a member of this organization" in browser.answer.text
    assert not browser.token


def test_who_declines_is_told_so_in_their_language(office: Office) -> None:
    browser = Browser(office)
    browser.session.headers["Accept-Language"] = "zh-CN"
    answer = browser.come_back(browser.begin("acme"), "refuse")
    assert "取消了登录" in answer.text


def test_a_code_is_good_once(office: Office) -> None:
    first, second = Browser(office), Browser(office)
    address = first.begin("acme")
    page = first.session.get(f"{address}&sandbox_user={someone(office, 'acme')}", allow_redirects=False, timeout=30)
    back = page.headers["location"]
    assert first.session.get(back, allow_redirects=False, timeout=30).status_code == 303
    # In the same browser the state is spent, in another it was never there.
    assert "not begun in this browser" in first.session.get(back, allow_redirects=False, timeout=30).text
    assert "not begun in this browser" in second.session.get(back, allow_redirects=False, timeout=30).text
    # A new state does not make the old code good.
    [state] = query_of(second.begin("acme"))["state"]
    used = query_of(back)["code"][0]
    answer = second.get("/auth/organization/callback", code=used, state=state)
    assert "used before" in answer.text
    assert not second.token


def test_a_state_that_is_not_this_browser_s_is_refused(office: Office) -> None:
    browser = Browser(office)
    browser.begin("acme")
    forged = base64.urlsafe_b64encode(json.dumps({"state": "x", "tenant": "acme", "next": ""}).encode()).decode()
    for state in ("x", "", "0" * 48):
        assert browser.get("/auth/organization/callback", code="y", state=state).status_code == 403
    browser.session.cookies.set("orgsync_sign_in", forged, path="/auth")
    assert "not begun" in browser.get("/auth/organization/callback", code="y", state="x").text


@pytest.mark.parametrize("target", ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(office: Office, target: str) -> None:
    browser = office.sign_in("acme", someone(office, "acme"), target=target)
    assert browser.answer is not None
    assert browser.answer.headers["location"] == office.url


def test_within_a_client_nobody_is_asked(office: Office) -> None:
    for tenant_id, agent in (("birch", "Mozilla/5.0 wxwork/4.1"), ("cedar", "Mozilla/5.0 Lark/7.2")):
        user = someone(office, tenant_id)
        office.sandbox.control("PUT", f"{PLATFORMS[tenant_id]}/settings", {"client_user": user})
        browser = Browser(office, agent=agent)
        answer = browser.get("/auth/organization/login", next="/organization/")
        for _ in range(4):
            assert answer.status_code in (302, 303), answer.text
            address = answer.headers["location"]
            if address == "/organization/":
                break
            answer = browser.session.get(address, headers={"User-Agent": agent}, allow_redirects=False, timeout=30)
        assert browser.get("/organization/").status_code == 200


def test_dingtalk_s_client_is_asked_by_a_script(office: Office) -> None:
    user = someone(office, "acme")
    browser = Browser(office, agent="Mozilla/5.0 DingTalk/7.6")
    page = browser.get("/auth/organization/login", next="/organization/acme/tree")
    assert page.status_code == 200
    assert 'data-corp-id="dingsandbox"' in page.text
    [state] = [part.split('"')[1] for part in page.text.split() if part.startswith("data-state=")]
    code = office.sandbox.control("POST", "dingtalk/codes", {"user": user, "kind": "in_client"})["code"]
    place, form = f"{office.url}/auth/organization/in-client", {"code": code, "state": state}
    assert browser.session.post(place, data=form, timeout=30).status_code == 403  # not by our script
    answer = browser.session.post(place, data=form, headers={"X-Orgsync": "1"}, timeout=30)
    assert (answer.status_code, answer.headers["location"]) == (200, "/organization/acme/tree")
    assert browser.get("/organization/acme/tree").status_code == 200


def test_people_see_their_own_organization_only(office: Office) -> None:
    browser = office.sign_in("acme", someone(office, "acme"))
    assert browser.get("/organization/acme/tree").status_code == 200
    assert browser.get("/organization/birch/tree").status_code == 404
    assert browser.call("/api/v2/dags/org_sync_acme") in (200, 404)
    assert browser.call("/api/v2/dags/org_sync_birch") == 403
    assert browser.call("/api/v2/dags/org_notify") == 403
    assert browser.call("/api/v2/connections") == 403


def test_rights_follow_the_department(office: Office) -> None:
    truth = office.truth("acme")
    member = next(user for user in truth["users"] if user["department_ids"] and user["department_ids"][0] != 1)
    place = member["department_ids"][0]
    office.rule(f"people:\n  - {{tenant: acme, departments: ['{place}'], role: op, sees: [acme, birch]}}\n")
    outside = next(user["id"] for user in truth["users"] if place not in user["department_ids"])
    browser = office.sign_in("acme", member["id"])
    assert browser.get("/organization/birch/tree").status_code == 200
    assert browser.call("/api/v2/connections") == 200
    other = office.sign_in("acme", outside)
    assert other.answer is not None
    assert "nothing here is open to you" in other.answer.text
    # Taken away, it is gone with the next request, also for the token.
    office.rule(EVERYBODY)
    assert browser.get("/organization/birch/tree").status_code == 404
    assert browser.call("/api/v2/connections") == 403


def test_who_leaves_is_refused_at_the_next_click_and_call(office: Office) -> None:
    users = [someone(office, "cedar", place) for place in range(12)]
    browsers = {user: office.sign_in("cedar", user) for user in users}
    gone: set[str] = set()
    while not gone & browsers.keys():
        office.sandbox.control("POST", "feishu/evolve", {"left": 40})
        gone = set(office.truth("cedar")["former"])
    office.sync("cedar")
    time.sleep(KEPT_SECONDS)
    for user, browser in browsers.items():
        expected = 401 if user in gone else 200
        assert browser.get("/organization/cedar/tree").status_code == expected, user
        assert browser.call("/api/v2/plugins") == expected, user


def test_sign_ins_and_refusals_are_written_down(office: Office) -> None:
    user = someone(office, "birch", 5)
    office.sign_in("birch", user)
    rows = office.query("select action, detail from ops.audit where tenant_id = 'birch' and subject = %s order by audit_id", user)
    assert ("signed.in", "wecom") in rows
    assert ("rights.changed", "viewer; sees: birch") in rows
    office.rule("people: [{tenant: birch, users: [nobody]}]\n")
    refused = office.sign_in("birch", user)
    assert refused.answer is not None
    assert refused.answer.status_code == 403
    actions = [
        row[0] for row in office.query("select action from ops.audit where tenant_id = 'birch' and subject = %s order by audit_id", user)
    ]
    assert actions[-2:] == ["rights.changed", "sign_in.refused"]


def test_airflow_s_own_users_come_in_beside_unless_they_are_shut_out(office: Office) -> None:
    assert office.server is not None
    cookies = {"_token": office.server.tokens["eva"]}

    def ask() -> int:
        return requests.get(f"{office.url}/organization/", cookies=cookies, timeout=30).status_code

    assert ask() == 200
    office.rule("passwords: false\n" + EVERYBODY)
    assert ask() == 401
    assert "Sign in with a password" not in Browser(office).get("/auth/organization/login").text
    office.rule(EVERYBODY)
    assert ask() == 200
    assert "Sign in with a password" in Browser(office).get("/auth/organization/login").text


def test_a_lost_warehouse_lets_in_airflow_s_own_users_alone(office: Office) -> None:
    assert office.server is not None
    browser = office.sign_in("acme", someone(office, "acme"))
    office.query("alter role pages_of_sign_in nologin")
    office.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'pages_of_sign_in'")
    try:
        time.sleep(KEPT_SECONDS)
        assert browser.call("/api/v2/plugins") == 401
        again = office.sign_in("acme", someone(office, "acme"))
        assert again.answer is not None
        assert "cannot be reached now" in again.answer.text
        headers = {"Authorization": f"Bearer {office.server.tokens['eva']}"}
        assert requests.get(f"{office.url}/api/v2/plugins", headers=headers, timeout=30).status_code == 200
    finally:
        office.query("alter role pages_of_sign_in login")
    time.sleep(0.1)
    assert browser.call("/api/v2/plugins") == 200
