from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from orgsync.errors import PermissionDeniedError, PlatformBusyError
from orgsync.frames import TidySet
from orgsync.platforms.dingtalk.look import look
from orgsync.platforms.dingtalk.tidy import tidy
from orgsync.platforms.platform import Reading, Scope, Targets, Wanted
from orgsync.platforms.speaking.transport import Request, Response
from tests.unit.platforms.dingtalk.fake import FakeDingTalk, Landing, client_of, department, envelope, refusal, user

# 1 ─┬─ 2 ── 4 ── 5        9, and 10 below it, are of a linked organization; only 9 says so.
#    ├─ 3
#    └─ 9 ── 10
TREE = [department(2, 1), department(3, 1), department(4, 2), department(5, 4), department(9, 1, from_union_org=True), department(10, 9)]
PEOPLE = [user("root", 1), user("a", 5), user("b", 2, 4), user("linked", 10), user("both", 3, 10), user("pupil", -7)]


def platform_of(**more: object) -> FakeDingTalk:
    return FakeDingTalk(departments=list(TREE), users=list(PEOPLE), **more)  # type: ignore[arg-type]


def look_at(
    platform: FakeDingTalk, *users: str, departments: tuple[str, ...] = (), scope: Scope | None = None
) -> tuple[Targets, TidySet, Reading]:
    landing = Landing()
    reading = look(
        client_of(platform),
        Wanted("targeted", scope or Scope(), is_tolerant=True),
        Targets(users=users, departments=departments),
        landing.record,
    )
    assert reading.asked is not None
    assert reading.problems == ()
    return reading.asked, tidy(landing.answers, mode="targeted", mapping={}), reading


def only(interface: str, response: Response, **body: object) -> Callable[[Request], Response | None]:
    """Answers one call of an interface with the same response always."""

    def answer(request: Request) -> Response | None:
        is_meant = request.interface.endswith(interface) and body.items() <= dict(request.body or {}).items()
        return response if is_meant else None

    return answer


def test_person_comes_with_departments_and_those_above() -> None:
    platform = platform_of()
    asked, found, _ = look_at(platform, "a")
    assert asked == Targets(users=("a",), departments=("2", "4", "5"))
    assert platform.calls() == {"auth/scopes": 1, "user/get": 1, "department/get": 3}
    assert dict(zip(found.departments["department_id"], found.departments["parent_id"], strict=True)) == {"2": "1", "4": "2", "5": "4"}


def test_whoever_is_directly_below_the_company_comes_with_it() -> None:
    asked, found, _ = look_at(platform_of(), "root")
    assert asked == Targets(users=("root",), departments=("1",))
    assert found.departments["parent_id"].isna().all()


@pytest.mark.parametrize("code", ["60121", "60111"])
def test_who_is_not_there_is_gone(code: str) -> None:
    asked, found, reading = look_at(platform_of(answer_instead=only("user/get", refusal(code), userid="a")), "a", "b")
    assert asked.users == ("a", "b")
    assert list(found.users["user_id"]) == ["b"]
    calls = reading.calls["topapi/v2/user/get"]
    assert (calls.expected, calls.read, calls.failed, calls.retried) == (1, 1, 0, 1)


@pytest.mark.parametrize("code", ["50002", "33012", "40003", "40031"])
def test_of_whom_the_answer_says_nothing_nothing_is_said(code: str) -> None:
    asked, _, _ = look_at(platform_of(answer_instead=only("user/get", refusal(code), userid="a")), "a", "b")
    assert asked.users == ("b",)


def test_department_that_is_not_there_is_gone() -> None:
    asked, found, _ = look_at(platform_of(), departments=("77",))
    assert asked == Targets(departments=("77",))
    assert found.departments.empty


@pytest.mark.parametrize("code", ["50004", "40009"])
def test_of_a_hidden_department_nothing_is_said(code: str) -> None:
    asked, _, _ = look_at(platform_of(answer_instead=only("department/get", refusal(code), dept_id=3)), departments=("3",))
    assert asked == Targets()


def test_missing_permission_fails_the_read() -> None:
    with pytest.raises(PermissionDeniedError):
        look_at(platform_of(answer_instead=only("user/get", refusal("60011"), userid="a")), "a", "b")


def test_below_a_linked_organization_nothing_is_said_unless_it_is_wanted() -> None:
    asked, found, _ = look_at(platform_of(), "linked", "both", departments=("9", "10"))
    assert asked == Targets(users=("both",), departments=("3",))
    assert list(found.memberships["department_id"]) == ["3"]
    asked, _, _ = look_at(platform_of(), "linked", departments=("9",), scope=Scope(linked_organizations=True))
    assert asked == Targets(users=("linked",), departments=("10", "9"))


def test_family_school_departments_are_not_asked_for() -> None:
    platform = platform_of()
    asked, _, _ = look_at(platform, "pupil", departments=("-7", "x", ""))
    assert asked == Targets()
    assert platform.calls()["department/get"] == 0


def test_department_gone_while_somebody_is_in_it_is_read_again() -> None:
    with pytest.raises(PlatformBusyError, match="people are in departments that are gone: 5"):
        look_at(platform_of(answer_instead=only("department/get", refusal("60003"), dept_id=5)), "a")


def test_department_gone_while_another_is_below_it_is_read_again() -> None:
    with pytest.raises(PlatformBusyError, match="departments are below departments that are gone: 2"):
        look_at(platform_of(answer_instead=only("department/get", refusal("60003"), dept_id=2)), departments=("4",))


def test_tops_of_the_range_have_no_parent() -> None:
    platform = platform_of(visible_departments=[2, 5], answer_instead=only("department/get", refusal("50004"), dept_id=1))
    _, found, _ = look_at(platform, departments=("2", "5"))
    parents = found.departments.set_index("department_id")["parent_id"]
    assert parents.isna().to_dict() == {"2": True, "4": False, "5": False}


def test_places_that_cannot_be_read_say_nothing_of_the_person() -> None:
    broken = envelope(result=user("a", 5) | {"dept_id_list": "everywhere"})
    asked, _, _ = look_at(platform_of(answer_instead=only("user/get", broken, userid="a")), "a", "b")
    assert asked.users == ("b",)


def test_answer_about_another_person_says_nothing() -> None:
    asked, found, _ = look_at(platform_of(answer_instead=only("user/get", envelope(result=user("x", 5)), userid="a")), "a")
    assert asked == Targets()
    assert found.users.empty


def test_what_only_a_persons_own_record_says_is_left_to_nobody() -> None:
    """Whole reads have people from lists, which tell less."""
    detailed = user("a", 5, role_list=[{"id": 1}], senior=True, manager_userid="b", dept_position_list=[{"dept_id": 5, "is_main": True}])
    detailed |= {"boss": False, "dept_order_list": [{"dept_id": 5, "order": 2**60}], "leader_in_dept": [{"dept_id": 5, "leader": True}]}
    _, found, _ = look_at(platform_of(answer_instead=only("user/get", envelope(result=detailed), userid="a")), "a")
    [person], [place] = found.users.to_dict("records"), found.memberships.to_dict("records")
    assert json.loads(person["attributes"]) == {"boss": False, "hide_mobile": False}
    assert (place["is_leader"], place["sort_order"]) == (True, -(2**60))
    assert {"manager_user_id", "main_department_id"} <= found.unobserved["user"]
    assert {"is_main", "title"} <= found.unobserved["membership"]
    assert "attributes" in found.unobserved["department"]
    assert found.users["manager_user_id"].isna().all()
