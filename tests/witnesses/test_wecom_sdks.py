"""WeCom SDKs walk the sandbox's company: wechatpy with the app's secret, wecomkit with either one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from wechatpy.crypto.base import WeChatCipher
from wechatpy.crypto.pkcs7 import PKCS7Encoder
from wechatpy.exceptions import APILimitedException, WeChatClientException
from wechatpy.work import WeChatClient
from wecomkit import AsyncWeComClient, WeComAPIError, WeComConfig
from wecomkit.exceptions import WeComRateLimitError

from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Redirect, Truth

ROOT = 1
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
FIELDS = json.loads((Path(__file__).parents[1] / "fixtures/wecom/published/fields.json").read_text(encoding="utf-8"))["body"]

Ask = Callable[[Callable[[AsyncWeComClient], Awaitable[Any]]], Any]


@pytest.fixture
def sdk(sandbox: RunningSandbox, redirect: Redirect) -> WeChatClient:
    """wechatpy: the host is written into its code."""
    connection = sandbox.connection("wecom")
    return WeChatClient(connection["login"], connection["password"])


def asker(sandbox: RunningSandbox, secret: str) -> Ask:
    config = WeComConfig(sandbox.connection("wecom")["login"], secret, base_url=sandbox.url)

    async def ask(question: Callable[[AsyncWeComClient], Awaitable[Any]]) -> Any:
        async with AsyncWeComClient(config) as client:
            return await question(client)

    return lambda question: asyncio.run(ask(question))


@pytest.fixture
def as_app(sandbox: RunningSandbox) -> Ask:
    return asker(sandbox, sandbox.connection("wecom")["password"])


@pytest.fixture
def as_contact_sync(sandbox: RunningSandbox) -> Ask:
    return asker(sandbox, sandbox.control("GET", "wecom/settings")["contact_secret"])


@pytest.fixture
def agent_id(sandbox: RunningSandbox) -> int:
    return int(sandbox.control("GET", "wecom/settings")["agent_id"])


def company(truth: Truth) -> tuple[dict[int, dict[str, Any]], dict[str, dict[str, Any]]]:
    known = truth("wecom")
    return {each["id"]: each for each in known["departments"]}, {each["id"]: each for each in known["users"]}


def memberships(truth: Truth) -> set[tuple[str, int]]:
    return {(each["user_id"], each["department_id"]) for each in truth("wecom")["memberships"]}


def test_range_of_the_app(sdk: WeChatClient, as_app: Ask, sandbox: RunningSandbox, agent_id: int) -> None:
    app = sdk.agent.get(agent_id)
    assert (app["agentid"], app["allow_partys"], app["allow_userinfos"]) == (agent_id, {"partyid": [ROOT]}, {"user": []})
    user = next(each["id"] for each in sandbox.control("GET", "wecom/organization")["users"])
    sandbox.control("PUT", "wecom/settings", {"visible_departments": [], "visible_users": [user], "visible_tags": [2]})
    app = as_app(lambda client: client.agent.get(agent_id))
    assert (app["allow_userinfos"], app["allow_tags"]) == ({"user": [{"userid": user}]}, {"tagid": [2]})


def test_tree_in_one_call_and_department_by_department(sdk: WeChatClient, as_app: Ask, truth: Truth) -> None:
    departments, _ = company(truth)
    listed = {each["id"]: each for each in sdk.department.list()}
    assert listed.keys() == departments.keys()
    assert {key: (each["name"], each["parentid"], sorted(each["department_leader"])) for key, each in listed.items()} == {
        key: (each["name"], each["parent_id"] or 0, sorted(each["leaders"])) for key, each in departments.items()
    }
    skeleton = {each["id"]: each for each in sdk.department.simple_list()}
    assert skeleton == {key: {"id": key, "parentid": each["parentid"], "order": each["order"]} for key, each in listed.items()}
    some = next(key for key in departments if key != ROOT)
    assert sdk.department.get(some) == as_app(lambda client: client.departments.get(some))["department"] == listed[some]


def test_subtree_starts_with_the_department_asked_for(sdk: WeChatClient, truth: Truth) -> None:
    departments, _ = company(truth)
    top = next(each["parent_id"] for each in departments.values() if each["parent_id"] not in (None, ROOT))
    below = {top}
    while more := {key for key, each in departments.items() if each["parent_id"] in below} - below:
        below |= more
    assert {each["id"] for each in sdk.department.list(top)} == below
    assert {each["id"] for each in sdk.department.simple_list(top)} == below


def test_everyone_is_found_department_by_department(sdk: WeChatClient, truth: Truth) -> None:
    departments, people = company(truth)
    found = {key: sdk.user.list(key) for key in departments}
    assert {(user["userid"], key) for key, rows in found.items() for user in rows} == memberships(truth)
    for user in (user for rows in found.values() for user in rows):
        known = people[user["userid"]]
        assert (user["name"], user["position"], user["mobile"]) == (known["name"], known["title"], known["mobile"] or "")
        assert user["status"] == (1 if known["active"] else 4)
        assert sorted(user["department"]) == sorted(known["department_ids"])
        assert len(user["department"]) == len(user["order"]) == len(user["is_leader_in_dept"])
        assert user["direct_leader"] == ([known["manager_id"]] if known["manager_id"] else [])


def test_members_with_children_are_everyone_once(sdk: WeChatClient, as_app: Ask, truth: Truth) -> None:
    _, people = company(truth)
    ids = [user["userid"] for user in sdk.department.get_users(ROOT, fetch_child=1)]
    assert len(ids) == len(set(ids)) == len(people)
    rows = as_app(lambda client: client.users.simple_list_by_department(ROOT, fetch_child=True))["userlist"]
    assert {row["userid"]: row["name"] for row in rows} == {key: each["name"] for key, each in people.items()}


def test_person_is_the_same_alone_and_in_a_list(sdk: WeChatClient, as_app: Ask, truth: Truth) -> None:
    listed = sdk.user.list(ROOT)[0]
    alone = sdk.user.get(listed["userid"])
    assert {name: alone[name] for name in listed if name != "english_name"} == {
        name: value for name, value in listed.items() if name != "english_name"
    }
    assert as_app(lambda client: client.users.get(listed["userid"].upper()))["userid"] == listed["userid"]


def test_ids_come_page_by_page_to_the_contact_secret_only(as_contact_sync: Ask, as_app: Ask, truth: Truth) -> None:
    rows: list[tuple[str, int]] = []
    cursor, calls = None, 0
    while calls == 0 or cursor:
        page = as_contact_sync(lambda client, cursor=cursor: client.users.list_id(cursor=cursor, limit=400))
        rows += [(each["userid"], each["department"]) for each in page["dept_user"]]
        cursor, calls = page["next_cursor"], calls + 1
    assert calls == -(-len(memberships(truth)) // 400)
    assert len(rows) == len(set(rows))
    assert set(rows) == memberships(truth)
    with pytest.raises(WeComAPIError) as raised:
        as_app(lambda client: client.users.list_id())
    assert raised.value.errcode == 48002


def test_contact_secret_reads_ids_and_no_details(as_contact_sync: Ask, truth: Truth) -> None:
    departments, _ = company(truth)
    rows = as_contact_sync(lambda client: client.departments.simple_list())["department_id"]
    assert {row["id"] for row in rows} == departments.keys()
    with pytest.raises(WeComAPIError, match="api forbidden for contact assistant, hint: ") as raised:
        as_contact_sync(lambda client: client.departments.list())
    assert raised.value.errcode == 48009


def test_tags(sdk: WeChatClient, as_app: Ask, truth: Truth) -> None:
    _, people = company(truth)
    for tag in sdk.tag.list():
        found = sdk.tag.get_users(tag["tagid"])
        assert found["tagname"] == tag["tagname"]
        assert {each["userid"]: each["name"] for each in found["userlist"]} == {
            each["userid"]: people[each["userid"]]["name"] for each in found["userlist"]
        }
        assert as_app(lambda client, tag=tag: client.tags.get(tag["tagid"]))["partylist"] == found["partylist"]


def export(sdk: WeChatClient, job: str) -> list[dict[str, Any]]:
    """Decrypted with wechatpy's own cipher and padding."""
    result = sdk.export.get_result(job)
    for _ in range(10):
        if result["status"] == 2:
            break
        assert (result["status"], result["data_list"]) in [(0, []), (1, [])]
        result = sdk.export.get_result(job)
    contents = []
    for file in result["data_list"]:
        cipher = requests.get(file["url"], timeout=10).content
        assert (len(cipher), hashlib.md5(cipher).hexdigest()) == (file["size"], file["md5"])
        plain = WeChatCipher(base64.b64decode(f"{AES_KEY}=")).decrypt(cipher)
        contents.append(json.loads(PKCS7Encoder.decode(plain)))
    return contents


def test_export_of_people_in_blocks(sdk: WeChatClient, sandbox: RunningSandbox, truth: Truth) -> None:
    sandbox.control("PUT", "wecom/settings", {"smallest_export_block": 100})
    blocks = export(sdk, sdk.export.export_user(AES_KEY, block_size=400))
    assert [len(block["userlist"]) for block in blocks] == [400, 400, 100]
    listed = {user["userid"]: user for user in sdk.department.get_users(ROOT, fetch_child=1, simple=False)}
    assert {user["userid"]: user for block in blocks for user in block["userlist"]} == listed
    (short,) = export(sdk, sdk.export.export_simple_user(AES_KEY))
    assert {(user["userid"], department) for user in short["userlist"] for department in user["department"]} == memberships(truth)


def test_export_of_departments(sdk: WeChatClient) -> None:
    (block,) = export(sdk, sdk.export.export_department(AES_KEY))
    assert block["department"] == sdk.department.list()


def test_expired_token_is_renewed_by_the_sdk(sdk: WeChatClient, sandbox: RunningSandbox) -> None:
    before = sdk.access_token
    sandbox.control("POST", "wecom/tokens/expire")
    assert sdk.department.list()
    assert sdk.access_token != before


def test_wrong_secret_and_wrong_corp(sandbox: RunningSandbox, redirect: Redirect) -> None:
    connection = sandbox.connection("wecom")
    for corp, secret, code in [(connection["login"], "wrong-secret", 40001), ("ww-other", connection["password"], 40013)]:
        with pytest.raises(WeChatClientException) as raised:
            WeChatClient(corp, secret).department.list()
        assert raised.value.errcode == code


def test_refusals_reach_the_sdks(sdk: WeChatClient, as_app: Ask, sandbox: RunningSandbox, agent_id: int) -> None:
    with pytest.raises(WeChatClientException) as raised:
        sdk.user.get("nobody-of-this-name")
    assert raised.value.errcode == 60111
    with pytest.raises(WeChatClientException) as raised:
        sdk.agent.get(agent_id + 1)
    assert raised.value.errcode == 301002
    sandbox.control("POST", "wecom/faults", {"kind": "throttle", "interface": "user/list"})
    with pytest.raises(APILimitedException):
        sdk.user.list(ROOT)
    with pytest.raises(WeComRateLimitError):
        as_app(lambda client: client.users.list_by_department(ROOT))
    sandbox.control("PUT", "wecom/settings", {"allowed_ips": ["203.0.113.7"]})
    assert WeChatClient(sdk.corp_id, sdk.secret).access_token
    with pytest.raises(WeChatClientException, match=r"not allow to access from your ip, hint: \[\d+\], from ip: 127\.0\.0\.1") as raised:
        sdk.user.get("nobody-of-this-name")
    assert raised.value.errcode == 60020


def test_sandbox_answers_with_no_field_that_nobody_has_published(sdk: WeChatClient, truth: Truth, agent_id: int) -> None:
    departments, people = company(truth)
    seen = {
        "department/list": {name for each in sdk.department.list() for name in each},
        "department/simplelist": {name for each in sdk.department.simple_list() for name in each},
        "user/list": {name for key in departments for user in sdk.user.list(key) for name in user},
        "user/simplelist": {name for user in sdk.user.list(ROOT, simple=True) for name in user},
        "user/get": {name for key in list(people)[::60] for name in sdk.user.get(key)} - {"errcode", "errmsg"},
        "agent/get": set(sdk.agent.get(agent_id)) - {"errcode", "errmsg"},
        "tag/get": set(sdk.tag.get_users(1)) - {"errcode", "errmsg"},
    }
    assert {interface: names - set(FIELDS[interface]) for interface, names in seen.items()} == {interface: set() for interface in seen}
