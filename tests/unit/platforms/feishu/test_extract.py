from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from orgsync.errors import (
    ConfigurationError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
    UnexpectedAnswerError,
)
from orgsync.platforms.feishu.extract import extract
from orgsync.platforms.platform import Answer, CallCount, Mode, Reading, Scope, Wanted
from orgsync.platforms.speaking.transport import Request, Response
from tests.unit.platforms.feishu.fake import (
    CHILDREN,
    DEPARTMENTS,
    MEMBERS,
    ROOT,
    SCOPES,
    USERS,
    FakeFeishu,
    Landing,
    client_of,
    department,
    department_of,
    envelope,
    refusal,
    user,
)

#  0 ─┬─ a ─┬─ c ── e
#     │     └─ d
#     └─ b
TREE = [department("a"), department("b"), department("c", "od-a"), department("d", "od-a"), department("e", "od-c")]
PEOPLE = [
    user("boss", "0"),
    user("ann", "od-a"),
    user("bob", "od-a", "od-b"),
    user("cem", "od-a"),
    user("eve", "od-e"),
    user("dan", "od-d"),
]
ALL = ["0", "od-a", "od-b", "od-c", "od-d", "od-e"]


def platform_of(**more: Any) -> FakeFeishu:
    return FakeFeishu(departments=list(TREE), users=list(PEOPLE), **more)


def read(platform: FakeFeishu, *, mode: Mode = "full", scope: Scope | None = None, user_key: str = "user_id") -> tuple[Reading, Landing]:
    landing = Landing()
    wanted = Wanted(mode, scope or Scope(), user_key=user_key)
    return extract(client_of(platform), wanted, landing.record), landing


def members_read(landing: Landing) -> list[str]:
    return sorted({str(answer.params["department_id"]) for answer in landing.parts["users"] if answer.interface == MEMBERS})


@pytest.mark.parametrize("mode", ["full", "frequent"])
def test_whole_company_is_two_lists_and_the_head_count_twice(mode: Mode) -> None:
    """Five departments in pages of two, and for each department and the root a page per two members."""
    platform = platform_of()
    reading, landing = read(platform, mode=mode)
    assert platform.calls() == Counter({ROOT: 2, CHILDREN: 3, MEMBERS: 7})
    assert members_read(landing) == ALL
    assert (reading.tops, reading.visible_departments, reading.visible_users) == (("0",), ("0",), ())
    assert (reading.platform_counts, reading.problems) == ({"users": 6}, ())
    assert all(calls == CallCount(expected=calls.read, read=calls.read) for calls in reading.calls.values())
    assert {part: len(answers) for part, answers in landing.parts.items()} == {"departments": 4, "users": 7, "organization": 1}


def test_every_call_says_which_ids_it_means() -> None:
    platform = platform_of(range_departments=["od-a"], range_users=["dan"])
    read(platform, user_key="open_id")
    kinds = {(request.query["department_id_type"], request.query["user_id_type"]) for request in platform.requests[1:]}
    assert kinds == {("open_department_id", "open_id")}


def test_user_id_is_the_key_unless_the_tenant_says_otherwise() -> None:
    platform = platform_of()
    read(platform, user_key="")
    assert set(platform.asked(MEMBERS, "user_id_type")) == {"user_id"}


def test_someone_who_leaves_while_we_read_is_not_missed() -> None:
    counts = iter([7, 6])
    platform = platform_of()

    def count(request: Request) -> Response | None:
        return envelope(department={"name": "Company", "member_count": next(counts)}) if request.interface == ROOT else None

    platform.answer_instead = count
    assert read(platform)[0].platform_counts == {"users": 6}


def test_head_count_that_is_not_told_is_no_count() -> None:
    platform = platform_of(hidden=frozenset({"member_count"}))
    reading, _ = read(platform)
    assert (reading.platform_counts, reading.problems) == ({}, ())
    assert platform.calls()[ROOT] == 1


def test_too_large_a_tree_is_walked_level_by_level() -> None:
    """Refused for the root and for a; what is below c comes in one list again."""
    platform = platform_of(too_large=frozenset({"0", "od-a"}))
    reading, landing = read(platform)
    assert members_read(landing) == ALL
    asked = [(department_of(request), request.query["fetch_child"]) for request in platform.requests if request.interface == CHILDREN]
    assert sorted(asked) == [
        ("0", "false"), ("0", "true"), ("od-a", "false"), ("od-a", "true"), ("od-b", "true"), ("od-c", "true"), ("od-d", "true"),
    ]  # fmt: skip
    assert reading.problems == ()
    assert reading.calls[CHILDREN].failed == 0


def test_members_are_asked_for_before_the_list_of_departments_has_ended() -> None:
    """Its pages come one after the other, and the members of thousands of departments are limited by the minute."""
    platform = FakeFeishu(departments=[department(f"d{number}") for number in range(120)], users=[user("boss", "0")])
    read(platform)
    asked = [request.interface for request in platform.requests]
    assert asked.index(MEMBERS) < max(place for place, interface in enumerate(asked) if interface == CHILDREN)


def test_departments_on_a_cycle_are_entered_once() -> None:
    ring = [department("a"), department("b", "od-a"), department("a", "od-b"), {**department("0", "od-b"), "open_department_id": "0"}]
    platform = FakeFeishu(departments=ring, users=[user("u", "0")], too_large=frozenset({"0", "od-a", "od-b"}))
    reading, landing = read(platform)
    assert members_read(landing) == ["0", "od-a", "od-b"]
    assert reading.problems == ()


def test_deleted_department_is_not_entered() -> None:
    gone = department("x", status={"is_deleted": True})
    _, landing = read(FakeFeishu(departments=[*TREE, gone], users=list(PEOPLE)))
    assert members_read(landing) == ALL


def test_partial_range_starts_from_each_node_of_it() -> None:
    platform = platform_of(range_departments=["od-c", "od-b"])
    reading, landing = read(platform)
    assert members_read(landing) == ["od-b", "od-c", "od-e"]
    assert platform.calls()[DEPARTMENTS] == 1
    assert platform.asked(DEPARTMENTS, "department_ids") == [["od-c", "od-b"]]
    assert (reading.tops, reading.visible_departments) == (("od-c", "od-b"), ("od-c", "od-b"))
    assert (reading.platform_counts, reading.problems) == ({}, ())
    assert reading.calls[ROOT] == CallCount(retried=1)


def test_range_of_many_nodes_is_asked_for_in_batches_and_all_its_pages_are_read() -> None:
    many = [department(f"n{number}") for number in range(101)]
    names = [each["open_department_id"] for each in many]
    platform = FakeFeishu(departments=many, users=[user("u", "od-n1")], range_departments=names)
    pages = [envelope(department_ids=names[:60], has_more=True, page_token="x"), envelope(department_ids=names[60:], has_more=False)]
    platform.answer_instead = lambda request: pages.pop(0) if request.interface == SCOPES else None
    reading, _ = read(platform)
    assert [len(ids) for ids in platform.asked(DEPARTMENTS, "department_ids")] == [50, 50, 1]
    assert platform.asked(SCOPES, "page_token") == [None, "x"]
    assert len(reading.tops) == 101
    assert reading.problems == ()


def test_single_users_outside_the_visible_departments_are_read() -> None:
    platform = platform_of(range_departments=["od-b"], range_users=["bob", "eve", "dan"])
    reading, _ = read(platform, user_key="open_id")
    assert platform.asked(USERS, "user_ids") == [["ou_dan", "ou_eve"]]
    assert reading.visible_users == ("ou_bob", "ou_eve", "ou_dan")


def test_single_users_alone_are_a_range() -> None:
    reading, landing = read(platform_of(range_departments=[], range_users=["ann"]))
    assert (reading.tops, len(landing.parts["users"])) == ((), 1)


def test_single_user_in_an_excluded_department_is_left_out() -> None:
    platform = platform_of(range_departments=["od-a"], range_users=["eve", "bob"])
    _, landing = read(platform, scope=Scope(exclude=("od-c", "od-d")))
    assert members_read(landing) == ["od-a"]
    assert [answer.params["user_ids"] for answer in landing.parts["users"] if answer.interface == USERS] == []
    platform = platform_of(range_departments=["od-b"], range_users=["ann", "dan"])
    reading, landing = read(platform, scope=Scope(exclude=("od-d",)))
    assert [answer.params["user_ids"] for answer in landing.parts["users"] if answer.interface == USERS] == [["ann"]]
    assert reading.problems == ()


def test_single_user_missing_from_the_answer_is_worth_another_try() -> None:
    platform = platform_of(range_departments=["od-b"], range_users=["dan"])
    platform.answer_instead = lambda request: envelope() if request.interface == USERS else None
    with pytest.raises(PlatformBusyError, match=r"1 of the people.*take those who have left off"):
        read(platform)


def test_node_of_the_range_missing_from_the_answer_is_too() -> None:
    platform = platform_of(range_departments=["od-b", "od-gone"])
    with pytest.raises(PlatformBusyError, match=r"od-gone.*removed while the organization was read"):
        read(platform)


def test_empty_range_is_an_error_that_says_where_to_widen_it() -> None:
    with pytest.raises(PermissionDeniedError, match=r"权限管理.*publish a new version"):
        read(platform_of(range_departments=[]))


def test_whole_company_without_anybody_is_an_empty_range() -> None:
    """Seen of an app whose range was never set: no error, and every list is empty."""
    with pytest.raises(PermissionDeniedError, match="the app sees nobody"):
        read(FakeFeishu())


def test_user_groups_of_the_range_are_spoken_of(caplog: pytest.LogCaptureFixture) -> None:
    read(platform_of(range_departments=["od-b"], range_groups=["g1"]))
    assert "1 user groups" in caplog.text


def test_include_is_a_subtree_and_not_held_against_the_whole_count() -> None:
    platform = platform_of()
    reading, landing = read(platform, scope=Scope(include=("od-c", "od-b")))
    assert members_read(landing) == ["od-b", "od-c", "od-e"]
    assert (reading.tops, reading.platform_counts) == (("od-c", "od-b"), {})
    assert platform.calls()[ROOT] == 1


def test_exclude_is_a_subtree_whatever_the_order_of_the_list() -> None:
    platform = FakeFeishu(departments=list(reversed(TREE)), users=list(PEOPLE))
    reading, landing = read(platform, scope=Scope(exclude=("od-a",)))
    assert members_read(landing) == ["0", "od-b"]
    assert reading.platform_counts == {}


def test_exclude_below_an_include_and_level_by_level() -> None:
    platform = platform_of(too_large=frozenset({"od-a"}))
    _, landing = read(platform, scope=Scope(include=("od-a",), exclude=("od-c",)))
    assert members_read(landing) == ["od-a", "od-d"]
    assert "od-c" not in {department_of(request) for request in platform.requests if request.interface == CHILDREN}


def test_included_department_below_an_excluded_one_is_read() -> None:
    _, landing = read(platform_of(), scope=Scope(include=("od-a", "od-e"), exclude=("od-c",)))
    assert members_read(landing) == ["od-a", "od-d", "od-e"]


def test_exclude_holds_for_nodes_of_the_range_below_it_too() -> None:
    """Even for one that is not visible itself: its children name it."""
    reading, landing = read(platform_of(range_departments=["od-a", "od-e"]), scope=Scope(exclude=("od-c",)))
    assert (members_read(landing), reading.tops) == (["od-a", "od-d"], ("od-a",))
    with pytest.raises(ConfigurationError, match="include and exclude"):
        read(platform_of(range_departments=["od-e"]), scope=Scope(exclude=("od-c",)))


def test_exclude_needs_parents() -> None:
    organized = frozenset({"parent_department_id", "order", "member_count"})
    platform = platform_of(hidden=organized)
    with pytest.raises(PermissionDeniedError, match=r"contact:department\.organize:readonly"):
        read(platform, scope=Scope(exclude=("od-a",)))
    assert members_read(read(platform_of(hidden=organized))[1]) == ALL


def test_departments_that_lost_only_their_parents_are_no_good_answer() -> None:
    """They would move to the top; a missing scope hides their order and their head count too."""
    with pytest.raises(UnexpectedAnswerError, match="no parent_department_id"):
        read(platform_of(hidden=frozenset({"parent_department_id"})))


def test_including_the_root_needs_all_staff() -> None:
    assert read(platform_of(), scope=Scope(include=("0",)))[0].tops == ("0",)
    with pytest.raises(PermissionDeniedError, match="not all staff"):
        read(platform_of(range_departments=["od-a"]), scope=Scope(include=("0",)))


def test_unknown_department_in_the_scope_is_not_worth_another_try() -> None:
    with pytest.raises(RefusedError, match=r"od-nowhere.*scope"):
        read(platform_of(), scope=Scope(include=("od-nowhere",)))


@pytest.mark.parametrize("scope", [Scope(include=("custom-a",)), Scope(exclude=("custom-a",))])
def test_id_of_another_kind_in_the_scope_is_refused_before_any_call(scope: Scope) -> None:
    platform = platform_of()
    with pytest.raises(ConfigurationError, match="'custom-a'"):
        read(platform, scope=scope)
    assert not platform.requests


def test_scope_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="include and exclude"):
        read(platform_of(), scope=Scope(include=("od-a",), exclude=("od-a",)))


BOTH_WAYS_OUT = r"Grant contact:user.employee_id:readonly.*set `user_key: open_id` for the tenant"


def test_people_without_user_id_stop_the_read() -> None:
    with pytest.raises(PermissionDeniedError, match=BOTH_WAYS_OUT):
        read(platform_of(hidden=frozenset({"user_id"})))


def test_single_users_without_user_id_too() -> None:
    platform = platform_of(range_departments=[], range_users=["ann"])
    people = [{key: value for key, value in PEOPLE[1].items() if key != "user_id"}]
    platform.answer_instead = lambda request: envelope(items=people) if request.interface == USERS else None
    with pytest.raises(PermissionDeniedError, match=BOTH_WAYS_OUT):
        read(platform)


def test_refused_kind_of_id_too() -> None:
    platform = platform_of()
    scopes = [{"type": "action_scope_required", "subject": "contact:user.employee_id:readonly"}]
    platform.answer_instead = lambda request: (
        refusal(99991672, permission_violations=scopes) if request.query.get("user_id_type") == "user_id" else None
    )
    with pytest.raises(PermissionDeniedError, match=BOTH_WAYS_OUT):
        read(platform)
    assert read(platform, user_key="open_id")[0].problems == ()


def test_one_person_without_user_id_does_not() -> None:
    people = [*PEOPLE[:-1], {key: value for key, value in PEOPLE[-1].items() if key != "user_id"}]
    assert read(FakeFeishu(departments=list(TREE), users=people))[0].problems == ()


@pytest.mark.parametrize("interface", [ROOT, CHILDREN, MEMBERS, SCOPES, DEPARTMENTS, USERS])
@pytest.mark.parametrize(("code", "kind"), [(99991672, PermissionDeniedError), (40003, PlatformBusyError), (41050, PermissionDeniedError)])
def test_any_call_that_fails_for_good_fails_the_read(interface: str, code: int, kind: type[PlatformError]) -> None:
    platform = platform_of() if interface in (ROOT, CHILDREN) else platform_of(range_departments=["od-b"], range_users=["dan"])
    platform.answer_instead = lambda request: refusal(code) if request.interface == interface else None
    with pytest.raises(kind):
        read(platform)
    assert platform.calls()[interface] > 0


@pytest.mark.parametrize("code", [40015, 99992360])
@pytest.mark.parametrize("interface", [MEMBERS, CHILDREN])
def test_department_that_vanishes_under_the_read_is_worth_another_try(interface: str, code: int) -> None:
    platform = platform_of(too_large=frozenset({"0"}))

    def vanish(request: Request) -> Response | None:
        asked = request.query.get("department_id") if request.interface == MEMBERS else department_of(request)
        return refusal(code) if request.interface == interface and asked == "od-b" else None

    platform.answer_instead = vanish
    with pytest.raises(PlatformBusyError, match="removed while the organization was read"):
        read(platform)


def test_error_while_landing_fails_the_read() -> None:
    def full_disk(part: str, answer: Answer) -> None:
        if part == "users":
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        extract(client_of(platform_of()), Wanted("full"), full_disk)


def test_client_can_read_again_after_a_failure() -> None:
    platform = platform_of()
    client = client_of(platform)
    platform.answer_instead = lambda request: refusal(99991672) if request.interface == CHILDREN else None
    with pytest.raises(PermissionDeniedError):
        extract(client, Wanted("full"), Landing().record)
    platform.answer_instead = lambda request: None
    assert extract(client, Wanted("full"), Landing().record).problems == ()
