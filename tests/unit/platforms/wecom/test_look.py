from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orgsync.errors import PermissionDeniedError, PlatformBusyError
from orgsync.frames import TidySet
from orgsync.platforms.platform import Answer, Reading, Scope, Targets, Wanted
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.platforms.wecom.look import look
from orgsync.platforms.wecom.tidy import tidy
from tests.unit.platforms.wecom.fake import FakeWeCom, Landing, client_of, envelope, refusal, user
from tests.unit.platforms.wecom.test_extract import NOW, platform_of, read

LATER = NOW + timedelta(minutes=5)
BY_IDS: dict[str, Any] = {"contact": True, "read_by": "ids"}


def look_at(
    platform: FakeWeCom, *users: str, departments: tuple[str, ...] = (), scope: Scope | None = None, **options: Any
) -> tuple[Targets, TidySet, Reading, Landing]:
    landing = Landing()
    wanted = Wanted("targeted", scope or Scope(), taken_at=LATER)
    reading = look(client_of(platform, **options), wanted, Targets(users=users, departments=departments), landing.record)
    assert reading.asked is not None
    assert reading.problems == ()
    return reading.asked, tidy(landing.answers, mode="targeted", mapping={}), reading, landing


def refuse(interface: str, code: int, **query: str) -> Callable[[Request], Response | None]:
    def answer(request: Request) -> Response | None:
        return refusal(code) if request.interface == interface and query.items() <= dict(request.query).items() else None

    return answer


def test_person_comes_with_departments_by_two_calls() -> None:
    platform = platform_of()
    asked, found, reading, _ = look_at(platform, "b")
    assert asked == Targets(users=("b",), departments=("2", "4"))
    assert platform.calls() == {"department/list": 1, "user/get": 1}
    assert list(found.departments["department_id"]) == ["2", "4"]
    assert set(found.memberships["department_id"]) == {"2", "4"}
    assert reading.method == "lists"


def test_id_is_written_as_wecom_writes_it() -> None:
    for options in ({}, BY_IDS):
        asked, found, _, _ = look_at(platform_of(), "ROOT", **options)
        assert asked.users == ("Root",)
        assert list(found.users["user_id"]) == ["Root"]


@pytest.mark.parametrize("code", [60111, 60121, 40003, 46004])
def test_who_is_not_there_is_gone_where_the_app_sees_the_company(code: int) -> None:
    asked, found, _, _ = look_at(platform_of(answer_instead=refuse("user/get", code, userid="b")), "a", "b")
    assert asked.users == ("a", "b")
    assert list(found.users["user_id"]) == ["a"]


@pytest.mark.parametrize("code", [60011, 50002, 60021])
def test_of_who_is_hidden_nothing_is_said(code: int) -> None:
    asked, _, _, _ = look_at(platform_of(answer_instead=refuse("user/get", code, userid="b")), "a", "b")
    assert asked.users == ("a",)


def test_range_narrowed_meanwhile_is_read_again() -> None:
    platform = platform_of()

    def answer(request: Request) -> Response | None:
        if request.interface == "user/get":
            platform.visible = {2}
        return None

    platform.answer_instead = answer
    with pytest.raises(PlatformBusyError, match="the whole company no more"):
        look_at(platform, "d")


def test_app_of_a_part_cannot_tell_who_has_left_from_who_is_elsewhere() -> None:
    asked, _, _, _ = look_at(platform_of(visible={2, 4}), "a", "d", "nobody")
    assert asked.users == ("a",)


def test_department_not_listed_is_asked_for() -> None:
    platform = platform_of()
    asked, _, _, _ = look_at(platform, departments=("9", "3", "x"))
    assert asked == Targets(departments=("3", "9"))
    assert platform.asked("department/get", "id") == ["9"]


def test_hidden_department_is_not_spoken_of() -> None:
    platform = platform_of(visible={2, 4})
    assert look_at(platform, departments=("1", "3"))[0] == Targets()


def test_department_made_a_moment_ago_is_read_again() -> None:
    def answer(request: Request) -> Response | None:
        return envelope(department={"id": 9, "name": "n", "parentid": 1}) if request.interface == "department/get" else None

    with pytest.raises(PlatformBusyError, match="department 9 was not in the list"):
        look_at(platform_of(answer_instead=answer), departments=("9",))


@pytest.mark.parametrize("options", [{}, BY_IDS, {"contact": True, "app": False}])
def test_person_in_a_department_made_a_moment_ago_is_read_again(options: dict[str, Any]) -> None:
    platform = platform_of()
    platform.users.append(user("New", 9, 2))
    platform.visible = None

    def answer(request: Request) -> Response | None:
        return envelope(**user("New", 9, 2)) if request.interface == "user/get" else None

    platform.answer_instead = answer
    with pytest.raises(PlatformBusyError, match="departments that it did not list: 9"):
        look_at(platform, "New", **options)


def test_other_refusals_fail_the_read() -> None:
    with pytest.raises(PermissionDeniedError):
        look_at(platform_of(answer_instead=refuse("user/get", 48002, userid="b")), "a", "b")


def test_person_chosen_alone_is_told_of_only_where_whole_reads_have_them() -> None:
    """Whole reads by lists learn of them from the app's AgentId."""
    platform = platform_of(visible={2, 4}, allowed_people=["d"])
    asked, found, _, _ = look_at(platform, "d", agent_id="1000002")
    assert asked == Targets(users=("d",))
    assert (list(found.users["user_id"]), len(found.memberships)) == (["d"], 0)
    assert look_at(platform, "d")[0] == Targets()
    assert look_at(platform, "d", agent_id="1000002", scope=Scope(include=("2",)))[0] == Targets()


def test_by_ids_everybody_is_told_of_and_details_as_far_as_they_are_seen() -> None:
    platform = platform_of(visible={2, 4})
    asked, found, reading, _ = look_at(platform, "a", "d", "nobody", departments=("3", "9"), contact=True)
    assert asked == Targets(users=("a", "d", "nobody"), departments=("2", "3", "9"))
    assert reading.method == "ids and single details"
    assert list(found.users["user_id"]) == ["a", "d"]
    assert (found.not_read["user"], found.not_read["department"]) == ({"d"}, {"3"})
    assert platform.asked("user/get", "userid") == ["a", "d"]


def test_without_people_no_ids_are_listed() -> None:
    platform = platform_of()
    assert look_at(platform, departments=("2",), **BY_IDS)[0] == Targets(departments=("2",))
    assert platform.calls() == {"department/list": 1, "department/simplelist": 1}


def test_by_ids_alone_nothing_but_places_is_told() -> None:
    asked, found, _, _ = look_at(platform_of(), "b", app=False, contact=True)
    assert asked == Targets(users=("b",), departments=("2", "4"))
    assert "name" in found.unobserved["user"]
    assert set(found.memberships["department_id"]) == {"2", "4"}


# --- what later reads carry on


def details_of(landing: Landing, user_id: str) -> list[Answer]:
    return [answer for answer in landing.parts["users"] if answer.interface == "user/get" and answer.params["userid"] == user_id]


def test_whole_read_carries_on_what_a_targeted_one_found_and_nothing_older() -> None:
    platform = platform_of()
    _, whole = read(platform, **BY_IDS)
    platform.users[1] = user("a", 2, name="renamed")
    _, _, _, targeted = look_at(platform, "a", **BY_IDS)
    platform.requests.clear()
    earlier = lambda part: [*targeted.answers(part), *whole.answers(part)]  # noqa: E731
    _, again = read(platform, mode="frequent", earlier=earlier, taken_at=NOW + timedelta(hours=1), **BY_IDS)
    assert platform.calls()["user/get"] == 0
    assert [answer.read_at for answer in details_of(again, "a")] == [LATER.isoformat()]
    assert [answer.read_at for answer in details_of(again, "b")] == [NOW.isoformat()]
    names = tidy(again.answers, mode="frequent", mapping={}).users.set_index("user_id")["name"]
    assert names["a"] == "renamed"


def test_refusal_found_by_a_targeted_read_is_carried_on_too() -> None:
    platform = platform_of()
    _, whole = read(platform, **BY_IDS)
    platform.visible = {1, 3}
    _, _, _, targeted = look_at(platform, "a", **BY_IDS)
    earlier = lambda part: [*targeted.answers(part), *whole.answers(part)]  # noqa: E731
    _, again = read(platform, mode="frequent", earlier=earlier, taken_at=NOW + timedelta(hours=1), **BY_IDS)
    [kept] = details_of(again, "a")
    assert kept.params["refused"] == "60111"
    assert tidy(again.answers, mode="frequent", mapping={}).not_read["user"] == {"a"}


def test_who_was_read_by_a_targeted_read_is_not_the_one_read_longest_ago() -> None:
    platform = platform_of()
    _, whole = read(platform, **BY_IDS)
    _, _, _, targeted = look_at(platform, "Root", **BY_IDS)
    platform.requests.clear()
    earlier = lambda part: [*targeted.answers(part), *whole.answers(part)]  # noqa: E731
    read(platform, earlier=earlier, details_per_read=4, taken_at=NOW + timedelta(hours=1), **BY_IDS)
    assert sorted(platform.asked("user/get", "userid")) == ["a", "b", "c", "d"]


def test_lists_still_know_who_was_there_and_how_large_lists_may_be() -> None:
    """Between them and the last whole read are targeted ones."""
    platform = platform_of(largest_list=3)
    _, whole = read(platform)
    _, _, _, targeted = look_at(platform, "a")
    platform.requests.clear()
    earlier = lambda part: [*targeted.answers(part), *whole.answers(part)]  # noqa: E731
    read(platform, mode="frequent", earlier=earlier)
    assert platform.asked("user/list", "department_id").count("1") == 1
    assert dict(platform.requests[-1].query).get("fetch_child") is not None
