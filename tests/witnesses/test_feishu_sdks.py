"""Feishu's own SDK, lark-oapi, walks the sandbox's company; its models say which fields and types there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, get_args

import pytest
from requests.structures import CaseInsensitiveDict

from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Truth
from tests.witnesses.lazy import import_when_used

if TYPE_CHECKING:
    from tests.witnesses import lark
else:
    lark = import_when_used("tests.witnesses.lark")

ROOT = "0"

Build = Callable[..., "lark.Client"]


@pytest.fixture
def build(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The SDK keeps tokens for the whole process; here each test begins without one."""
    monkeypatch.setattr(lark.TokenManager, "cache", lark.LocalCache())
    connection = sandbox.connection("feishu")

    def client(secret: str = connection["password"]) -> lark.Client:
        builder = lark.Client.builder().domain(sandbox.url).timeout(10)
        return builder.app_id(connection["login"]).app_secret(secret).build()

    return client


@pytest.fixture
def sdk(build: Build) -> lark.Client:
    return build()


def good(response: Any) -> Any:
    assert response.success(), (response.code, response.msg)
    return response.data


def walk(ask: Callable[[str | None], Any]) -> Iterator[Any]:
    token = None
    while True:
        page = good(ask(token))
        yield page
        if not page.has_more:
            assert not page.page_token
            return
        token = page.page_token


def children(sdk: lark.Client, department_id: str, *, recursive: bool = False, size: int = 50) -> list[lark.Department]:
    def ask(token: str | None) -> Any:
        request = lark.ChildrenDepartmentRequest.builder().department_id(department_id).fetch_child(recursive).page_size(size)
        return sdk.contact.v3.department.children((request.page_token(token) if token else request).build())

    return [each for page in walk(ask) for each in page.items or []]


def members(sdk: lark.Client, department_id: str, size: int = 50) -> list[lark.User]:
    def ask(token: str | None) -> Any:
        request = lark.FindByDepartmentUserRequest.builder().department_id(department_id).user_id_type("user_id").page_size(size)
        return sdk.contact.v3.user.find_by_department((request.page_token(token) if token else request).build())

    return [each for page in walk(ask) for each in page.items or []]


def company(truth: Truth) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    known = truth("feishu")
    return {str(each["id"]): each for each in known["departments"]}, {each["id"]: each for each in known["users"]}


def test_tree_in_one_walk_and_level_by_level(sdk: lark.Client, truth: Truth) -> None:
    departments, _ = company(truth)
    found = {each.open_department_id: each for each in children(sdk, ROOT, recursive=True)}
    assert found.keys() == departments.keys() - {ROOT}
    assert {key: (each.name, each.parent_department_id) for key, each in found.items()} == {
        key: (each["name"], each["parent_id"]) for key, each in departments.items() if key != ROOT
    }
    levels = [ROOT]
    for department in levels:
        levels += [each.open_department_id for each in children(sdk, department, size=3)]
    assert sorted(levels) == sorted(departments)


def test_department_alone_and_in_a_batch(sdk: lark.Client, truth: Truth) -> None:
    departments, _ = company(truth)
    ids = [key for key in departments if key != ROOT]
    request = lark.BatchDepartmentRequest.builder().department_ids([*ids, "od-nobody"]).build()
    batch = {each.open_department_id: each for each in good(sdk.contact.v3.department.batch(request)).items}
    assert batch.keys() == set(ids)
    alone = good(sdk.contact.v3.department.get(lark.GetDepartmentRequest.builder().department_id(ids[0]).build())).department
    assert (alone.name, alone.order, alone.department_id) == tuple(
        getattr(batch[ids[0]], name) for name in ("name", "order", "department_id")
    )
    root = good(sdk.contact.v3.department.get(lark.GetDepartmentRequest.builder().department_id(ROOT).build())).department
    assert root.open_department_id == ROOT
    assert root.member_count == len(truth("feishu")["users"])


def test_custom_ids_go_in_and_come_out_as_asked(sdk: lark.Client) -> None:
    first = children(sdk, ROOT)[0]
    request = (
        lark.ChildrenDepartmentRequest.builder()
        .department_id_type("department_id")
        .department_id(first.department_id)
        .page_size(50)
        .build()
    )
    below = good(sdk.contact.v3.department.children(request)).items or []
    assert {each.open_department_id for each in below} == {each.open_department_id for each in children(sdk, first.open_department_id)}
    assert {each.parent_department_id for each in below} <= {first.department_id}


def test_everyone_is_found_page_by_page(sdk: lark.Client, truth: Truth) -> None:
    departments, people = company(truth)
    found = [(user.user_id, department, user) for department in departments for user in members(sdk, department)]
    known = {(each["user_id"], str(each["department_id"])) for each in truth("feishu")["memberships"]}
    assert len(found) == len(known)
    assert {(user_id, department) for user_id, department, _ in found} == known
    for user_id, _, user in found:
        each = people[user_id]
        assert (user.name, user.job_title, user.email) == (each["name"], each["title"], each["email"] or "")
        assert (user.status.is_activated, user.status.is_unjoin) == (each["active"], not each["active"])
        assert sorted(user.department_ids) == sorted(str(department) for department in each["department_ids"])
        assert user.leader_user_id == (each["manager_id"] or "")
        (main,) = [order.department_id for order in user.orders if order.is_primary_dept]
        assert main == str(each["main_department_id"])


def test_people_in_a_batch_by_each_kind_of_id(sdk: lark.Client, truth: Truth) -> None:
    _, people = company(truth)
    some = list(people.values())[:50]
    for kind, name in [("user_id", "id"), ("open_id", "open_id"), ("union_id", "union_id")]:
        ids = [each[name] for each in members_of(sdk, some, name)]
        request = lark.BatchUserRequest.builder().user_id_type(kind).user_ids(ids).build()
        found = good(sdk.contact.v3.user.batch(request)).items
        assert {each.user_id: each.name for each in found} == {each["id"]: each["name"] for each in some}


def members_of(sdk: lark.Client, people: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The ids as the platform shows them; the truth's own are those behind them."""
    shown = []
    for each in people:
        user = good(sdk.contact.v3.user.get(lark.GetUserRequest.builder().user_id_type("user_id").user_id(each["id"]).build())).user
        shown.append({"id": user.user_id, "open_id": user.open_id, "union_id": user.union_id})
        assert (user.open_id[:3], user.union_id[:3]) == ("ou_", "on_")
    return shown


def test_range_page_by_page(sdk: lark.Client, sandbox: RunningSandbox, truth: Truth) -> None:
    def ask(token: str | None) -> Any:
        request = lark.ListScopeRequest.builder().user_id_type("user_id").page_size(2)
        return sdk.contact.v3.scope.list((request.page_token(token) if token else request).build())

    departments, people = company(truth)
    pages = list(walk(ask))
    assert len(pages) > 1
    tops = {key for key, each in departments.items() if each["parent_id"] == ROOT}
    assert {key for page in pages for key in page.department_ids or []} == tops
    in_root = {each["user_id"] for each in truth("feishu")["memberships"] if str(each["department_id"]) == ROOT}
    assert {key for page in pages for key in page.user_ids or []} == in_root
    some, person = next(iter(tops)), next(iter(people))
    sandbox.control("PUT", "feishu/settings", {"visible_departments": [some], "visible_users": [person]})
    (page,) = walk(ask)
    assert (page.department_ids, page.user_ids) == ([some], [person])


def test_stale_token_is_refused_until_the_sdk_drops_it(build: Build, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """lark-oapi 1.5.5 asks no second time by itself (docs/witnesses.md)."""
    sdk = build()
    assert children(sdk, ROOT)
    sandbox.control("POST", "feishu/tokens/expire")
    refused = sdk.contact.v3.department.children(lark.ChildrenDepartmentRequest.builder().department_id(ROOT).build())
    assert (refused.code, refused.raw.status_code) == (99991663, 400)
    monkeypatch.setattr(lark.TokenManager, "cache", lark.LocalCache())
    assert children(sdk, ROOT)


def test_wrong_secret_is_http_200(build: Build) -> None:
    with pytest.raises(lark.ObtainAccessTokenException) as raised:
        children(build("wrong"), ROOT)
    assert raised.value.code == 10014


@pytest.mark.parametrize(
    ("settings", "code", "status"),
    [
        ({"permissions": [], "field_permissions": []}, 99991672, 400),
        ({"visible_departments": []}, 40004, 403),
        ({"allowed_ips": ["203.0.113.7"]}, 99991401, 400),
        ({"quota_used_up": True}, 99991403, 400),
    ],
    ids=["scope", "range", "address", "quota"],
)
def test_refusals_reach_the_sdk(sdk: lark.Client, sandbox: RunningSandbox, settings: dict[str, Any], code: int, status: int) -> None:
    sandbox.control("PUT", "feishu/settings", settings)
    refused = sdk.contact.v3.department.children(lark.ChildrenDepartmentRequest.builder().department_id(ROOT).build())
    assert (refused.code, refused.raw.status_code) == (code, status)
    assert refused.error["log_id"] == CaseInsensitiveDict(refused.raw.headers)["X-Tt-Logid"]
    if code == 99991672:
        violations = refused.error["permission_violations"]
        assert {each["type"] for each in violations} == {"action_scope_required"}
        assert "contact:contact.base:readonly" in {each["subject"] for each in violations}
        assert refused.error["helps"][0]["url"].startswith("https://open.feishu.cn/app/")


@pytest.mark.parametrize("asked", ["size", "token"])
def test_page_size_and_token_that_are_wrong(sdk: lark.Client, asked: str) -> None:
    request = lark.ChildrenDepartmentRequest.builder().department_id(ROOT)
    request = request.page_size(51) if asked == "size" else request.page_token("not-a-token")
    refused = sdk.contact.v3.department.children(request.build())
    assert (refused.code, refused.raw.status_code) == ({"size": 40011, "token": 40012}[asked], 400)


def raw_items(response: Any, name: str = "items") -> list[dict[str, Any]]:
    assert response.success(), (response.code, response.msg)
    found = json.loads(response.raw.content)["data"][name]
    return found if isinstance(found, list) else [found]


NATIVE = {str: str, int: int, bool: bool}


def mismatches(record: dict[str, Any], model: type) -> dict[str, str]:
    """Fields the model does not know, and values of another type than it says."""
    types = model._types  # type: ignore[attr-defined]
    wrong = {name: "unknown" for name in record if name not in types}
    for name, value in record.items():
        expected = types.get(name)
        if expected in NATIVE and type(value) is not NATIVE[expected]:
            wrong[name] = f"{type(value).__name__} for {expected.__name__}"
        elif get_args(expected) and not isinstance(value, list):
            wrong[name] = f"{type(value).__name__} for a list"
    return wrong


def test_sandbox_answers_with_the_fields_and_types_of_the_sdks_models(sdk: lark.Client) -> None:
    """Two known disagreements: the SDK calls `order` a number and spells the leaders' fields in its own way."""
    departments = raw_items(
        sdk.contact.v3.department.children(
            lark.ChildrenDepartmentRequest.builder().department_id(ROOT).fetch_child(True).page_size(50).build()
        )
    )
    users = raw_items(
        sdk.contact.v3.user.find_by_department(
            lark.FindByDepartmentUserRequest.builder().department_id(departments[0]["open_department_id"]).page_size(50).build()
        )
    )
    users += raw_items(sdk.contact.v3.user.get(lark.GetUserRequest.builder().user_id(users[0]["open_id"]).build()), "user")
    assert {(name, what) for each in departments for name, what in mismatches(each, lark.Department).items()} <= {("order", "str for int")}
    assert {(name, what) for each in users for name, what in mismatches(each, lark.User).items()} == set()
    leaders = [leader for each in departments for leader in each["leaders"]]
    assert {name for leader in leaders for name in leader} == {"leaderType", "leaderID"}
    assert set(lark.DepartmentLeader._types) == {"leader_type", "leader_i_d"}
    nested = [(each["status"], lark.UserStatus) for each in users] + [(each["avatar"], lark.AvatarInfo) for each in users]
    nested += [(order, lark.UserOrder) for each in users for order in each["orders"]]
    assert [mismatches(record, model) for record, model in nested if mismatches(record, model)] == []
