from __future__ import annotations

from collections import Counter

import pytest

from orgsync.errors import ConfigurationError, PermissionDeniedError, PlatformBusyError, PlatformError, RefusedError
from orgsync.platforms.dingtalk.extract import extract
from orgsync.platforms.platform import Answer, Mode, Reading, Scope, Wanted
from orgsync.platforms.speaking.transport import Request, Response
from tests.unit.platforms.dingtalk.fake import FakeDingTalk, Landing, client_of, department, envelope, refusal, user

TREE = [department(2, 1), department(3, 1), department(4, 2), department(-7, 1), department(9, 1, from_union_org=True), department(10, 9)]
PEOPLE = [user("root", 1), user("a", 2), user("b", 2, 4), user("c", 4), user("d", 4), user("linked", 10), user("pupil", -7)]


def platform_of(**more: object) -> FakeDingTalk:
    return FakeDingTalk(departments=list(TREE), users=list(PEOPLE), **more)  # type: ignore[arg-type]


def read(platform: FakeDingTalk, *, mode: Mode = "full", scope: Scope | None = None) -> tuple[Reading, Landing]:
    landing = Landing()
    return extract(client_of(platform), Wanted(mode=mode, scope=scope or Scope()), landing.record), landing


def asked(landing: Landing, part: str, interface: str) -> Counter[str]:
    return Counter(str(answer.params["dept_id"]) for answer in landing.parts[part] if answer.interface.endswith(interface))


def test_full_read_asks_three_times_per_department_and_once_more_per_page() -> None:
    platform = platform_of()
    reading, landing = read(platform)
    assert asked(landing, "departments", "listsub") == Counter("1234")
    assert asked(landing, "departments", "department/get") == Counter("1234")
    assert asked(landing, "users", "user/list") == Counter({"1": 1, "2": 1, "3": 1, "4": 2})
    assert platform.calls() == Counter({"auth/scopes": 1, "user/count": 1, "department/listsub": 4, "department/get": 4, "user/list": 5})
    assert (reading.tops, reading.problems) == (("1",), ())


def test_frequent_read_asks_only_for_the_details_of_tops() -> None:
    reading, landing = read(platform_of(), mode="frequent")
    assert asked(landing, "departments", "department/get") == Counter("1")
    assert asked(landing, "departments", "listsub") == Counter("1234")
    assert reading.problems == ()


def test_linked_organizations_are_read_if_wanted() -> None:
    reading, landing = read(platform_of(), scope=Scope(linked_organizations=True))
    assert set(asked(landing, "departments", "listsub")) == {"1", "2", "3", "4", "9", "10"}
    assert reading.platform_counts == {"users": 7}


def test_someone_who_leaves_while_we_read_is_not_missed() -> None:
    """Counted before and after the read: only fewer people than the smaller count were lost."""
    counts = iter([7, 6])
    platform = platform_of()

    def count(request: Request) -> Response | None:
        return envelope(result={"count": next(counts)}) if request.interface == "topapi/user/count" else None

    platform.answer_instead = count
    reading, _ = read(platform, scope=Scope(linked_organizations=True))
    assert reading.platform_counts == {"users": 6}


def test_count_of_the_whole_is_not_held_against_a_part() -> None:
    assert read(platform_of())[0].platform_counts == {}
    assert read(platform_of(), scope=Scope(include=("2",)))[0].platform_counts == {}


def test_include_and_exclude_are_subtrees() -> None:
    reading, landing = read(platform_of(), scope=Scope(include=("2", "3"), exclude=("4",)))
    assert set(asked(landing, "users", "user/list")) == {"2", "3"}
    assert reading.tops == ("2", "3")


def test_single_users_outside_the_visible_departments_are_read() -> None:
    reading, landing = read(platform_of(visible_departments=[4], visible_users=["a", "c"]))
    assert [answer.params for answer in landing.parts["users"] if answer.interface.endswith("user/get")] == [{"userid": "a"}]
    assert (reading.visible_departments, reading.visible_users) == (("4",), ("a", "c"))


def test_single_user_in_an_excluded_subtree_is_left_out() -> None:
    platform = platform_of(visible_departments=[3], visible_users=["a", "c"])
    _, landing = read(platform, scope=Scope(exclude=("4",)))
    assert [answer.params for answer in landing.parts["users"] if answer.interface.endswith("user/get")] == [{"userid": "a"}]


def test_single_users_alone_are_a_range() -> None:
    reading, landing = read(platform_of(visible_departments=[], visible_users=["a"]))
    assert (reading.tops, len(landing.parts["users"])) == ((), 1)


def test_empty_range_is_an_error_that_says_where_to_widen_it() -> None:
    with pytest.raises(PermissionDeniedError, match="授权范围"):
        read(platform_of(visible_departments=[], visible_users=[]))


def test_scope_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="include and exclude"):
        read(platform_of(), scope=Scope(include=("2",), exclude=("2",)))


def test_department_under_two_parents_and_a_cycle_are_entered_once() -> None:
    platform = FakeDingTalk(departments=[department(2, 1), department(3, 1), department(3, 2), department(2, 3), department(1, 3)])
    reading, landing = read(platform)
    assert asked(landing, "departments", "listsub") == Counter("123")
    assert reading.problems == ()


@pytest.mark.parametrize("interface", ["listsub", "department/get", "user/list", "auth/scopes", "user/count"])
@pytest.mark.parametrize(("code", "kind"), [("60011", PermissionDeniedError), ("-1", PlatformBusyError)])
def test_any_call_that_fails_for_good_fails_the_read(interface: str, code: str, kind: type[PlatformError]) -> None:
    platform = platform_of()
    hits: list[Request] = []

    def answer(request: Request) -> Response | None:
        if interface not in request.interface or str((request.body or {}).get("dept_id", "4")) != "4":
            return None
        hits.append(request)
        return refusal(code)

    platform.answer_instead = answer
    with pytest.raises(kind):
        read(platform)
    assert hits


def test_department_that_vanishes_under_the_read_is_worth_another_try() -> None:
    platform = platform_of()
    platform.answer_instead = lambda request: refusal("60003") if (request.body or {}).get("dept_id") == 4 else None
    with pytest.raises(PlatformBusyError, match="removed while the organization was read"):
        read(platform)


def test_single_user_who_leaves_under_the_read_is_too() -> None:
    platform = platform_of(visible_departments=[3], visible_users=["a"])
    platform.answer_instead = lambda request: refusal("60121") if request.interface.endswith("user/get") else None
    with pytest.raises(PlatformBusyError, match="removed while the organization was read"):
        read(platform)


def test_unknown_department_in_the_scope_is_not() -> None:
    with pytest.raises(RefusedError, match="scope"):
        read(platform_of(), scope=Scope(include=("555",)))


def test_error_while_landing_fails_the_read() -> None:
    def full_disk(part: str, answer: Answer) -> None:
        if part == "users":
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        extract(client_of(platform_of()), Wanted(mode="full"), full_disk)


def test_client_can_read_again_after_a_failure() -> None:
    platform = platform_of()
    client = client_of(platform)
    platform.answer_instead = lambda request: refusal("60011") if "listsub" in request.interface else None
    with pytest.raises(PermissionDeniedError):
        extract(client, Wanted(mode="full"), Landing().record)
    platform.answer_instead = lambda request: None
    assert extract(client, Wanted(mode="full"), Landing().record).problems == ()
