from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orgsync.errors import PermissionDeniedError, PlatformBusyError
from orgsync.frames import TidySet
from orgsync.platforms.feishu.look import look
from orgsync.platforms.feishu.tidy import tidy
from orgsync.platforms.platform import Reading, Scope, Targets, Wanted
from orgsync.platforms.speaking.transport import Request, Response
from tests.unit.platforms.feishu.fake import DEPARTMENTS, ROOT, USERS, FakeFeishu, Landing, client_of, department, envelope, refusal, user
from tests.unit.platforms.feishu.test_extract import PEOPLE, TREE

ONE_USER = "contact/v3/users/:user_id"
PARENTS = "contact/v3/departments/parent"
#  0 ─┬─ a ─┬─ c ── e
#     │     └─ d
#     └─ b


class Lookable(FakeFeishu):
    """It answers about one person, one department and what is above one, too."""

    def _answer(self, request: Request) -> Response:
        name = request.path.rsplit("/", 1)[-1]
        if request.interface == ONE_USER:
            key = str(request.query["user_id_type"])
            found = [person for person in self.users if person[key] == name]
            return envelope(user=self._shown(found[0])) if found else refusal(41012, "user id invalid error")
        if request.interface == ROOT and name != "0":
            found = [each for each in self.departments if each["open_department_id"] == name]
            return envelope(department=self._shown(found[0])) if found else refusal(40015, "dept not exist error")
        if request.interface == PARENTS:
            return self._page(self._above(str(request.query["department_id"])), request.query)
        return super()._answer(request)

    def _above(self, department_id: str) -> list[dict[str, Any]]:
        """As far as the range goes."""
        known = {each["open_department_id"]: each for each in self.departments}
        above, at = [], known[department_id]["parent_department_id"]
        while at in known:
            above.append(known[at])
            at = known[at]["parent_department_id"]
        border = self.range_departments
        seen = [each["open_department_id"] for each in above]
        end = len(above) if border is None else max((seen.index(each) + 1 for each in border if each in seen), default=0)
        return above[:end]


def platform_of(**more: Any) -> Lookable:
    return Lookable(departments=list(TREE), users=list(PEOPLE), **more)


def look_at(
    platform: FakeFeishu, *users: str, departments: tuple[str, ...] = (), scope: Scope | None = None, user_key: str = "user_id"
) -> tuple[Targets, TidySet, Reading, Landing]:
    landing = Landing()
    wanted = Wanted("targeted", scope or Scope(), user_key=user_key)
    reading = look(client_of(platform), wanted, Targets(users=users, departments=departments), landing.record)
    assert reading.asked is not None
    assert reading.problems == ()
    return reading.asked, tidy(landing.answers, mode="targeted", mapping={}), reading, landing


def only(interface: str, response: Response, ending: str = "") -> Callable[[Request], Response | None]:
    return lambda request: response if request.interface == interface and request.path.endswith(ending) else None


def test_people_come_with_their_departments_in_two_batches() -> None:
    platform = platform_of()
    asked, found, _, _ = look_at(platform, "ann", "bob", "eve")
    assert asked == Targets(users=("ann", "bob", "eve"), departments=("od-a", "od-b", "od-e"))
    assert platform.calls() == {ROOT: 1, USERS: 1, DEPARTMENTS: 1}
    assert set(zip(found.departments["department_id"], found.departments["parent_id"], strict=True)) == {
        ("od-a", "0"),
        ("od-b", "0"),
        ("od-e", "od-c"),
    }


def test_one_person_and_one_department_are_asked_for_alone() -> None:
    platform = platform_of()
    asked, found, _, _ = look_at(platform, "ann")
    assert asked == Targets(users=("ann",), departments=("od-a",))
    assert platform.calls() == {ROOT: 2, ONE_USER: 1}
    assert list(found.users["name"]) == ["Name ann"]


def test_who_is_directly_below_the_company_comes_with_it() -> None:
    asked, found, _, _ = look_at(platform_of(), "boss")
    assert asked == Targets(users=("boss",), departments=("0",))
    assert list(found.departments["department_id"]) == ["0"]
    assert found.departments["parent_id"].isna().all()


def test_whom_a_batch_leaves_out_is_asked_for_alone() -> None:
    platform = platform_of()
    asked, found, reading, _ = look_at(platform, "ann", "bob", "nobody", departments=("od-c", "od-gone"))
    assert asked == Targets(users=("ann", "bob", "nobody"), departments=("od-a", "od-b", "od-c", "od-gone"))
    assert list(found.users["user_id"]) == ["ann", "bob"]
    assert platform.calls()[ONE_USER] == 1
    assert (reading.calls[ONE_USER].failed, reading.calls[ONE_USER].retried) == (0, 1)


def test_batch_refused_for_one_id_is_made_in_halves() -> None:
    def answer(request: Request) -> Response | None:
        is_spoiled = request.interface == USERS and "nobody" in request.query["user_ids"]
        return refusal(41012) if is_spoiled else None

    platform = platform_of(answer_instead=answer)
    asked, found, _, _ = look_at(platform, "ann", "bob", "cem", "dan", "nobody")
    assert asked.users == ("ann", "bob", "cem", "dan", "nobody")
    assert len(found.users) == 4


def test_app_that_may_not_ask_in_batches_asks_for_each() -> None:
    def answer(request: Request) -> Response | None:
        return refusal(99991672, "[contact:contact.base:readonly]") if request.interface in (USERS, DEPARTMENTS) else None

    platform = platform_of(answer_instead=answer)
    asked, _, _, _ = look_at(platform, "ann", "bob", departments=("od-c",))
    assert asked == Targets(users=("ann", "bob"), departments=("od-a", "od-b", "od-c"))
    assert (platform.calls()[USERS], platform.calls()[ONE_USER]) == (1, 2)


def test_app_that_may_not_ask_at_all_is_refused() -> None:
    def answer(request: Request) -> Response | None:
        return refusal(99991672, "[contact:contact.base:readonly]") if request.interface in (USERS, ONE_USER) else None

    with pytest.raises(PermissionDeniedError):
        look_at(platform_of(answer_instead=answer), "ann", "bob")


LEAVER = user("old", status={"is_resigned": True})


def test_leaver_is_gone_and_does_not_land() -> None:
    platform = platform_of()
    platform.users.append(LEAVER)
    asked, found, _, landing = look_at(platform, "ann", "bob", "old")
    assert asked.users == ("ann", "bob", "old")
    assert list(found.users["user_id"]) == ["ann", "bob"]
    assert all(b"Name old" not in answer.body for answer in landing.parts["users"])


def test_who_left_on_their_own_is_still_listed_in_their_department() -> None:
    platform = platform_of()
    platform.users[1] = user("ann", "od-a", status={"is_exited": True})
    _, found, _, _ = look_at(platform, "ann")
    assert list(found.users["status"]) == ["resigned"]


def test_without_the_permission_to_see_departments_nothing_is_said_of_people() -> None:
    asked, _, _, _ = look_at(platform_of(hidden=frozenset({"department_ids", "orders"})), "ann", "bob")
    assert asked == Targets()


def test_people_without_user_id_name_the_permission() -> None:
    with pytest.raises(PermissionDeniedError, match="people come without user_id"):
        look_at(platform_of(hidden=frozenset({"user_id"})), "ann", "bob")


def test_open_id_of_another_app_says_nothing() -> None:
    platform = platform_of(answer_instead=only(ONE_USER, refusal(99992361)))
    assert look_at(platform, "ou_x", user_key="open_id")[0] == Targets()


def test_deleted_department_is_gone() -> None:
    platform = platform_of()
    platform.departments[4] = department("e", "od-c", status={"is_deleted": True})
    asked, found, _, _ = look_at(platform, departments=("od-d", "od-e"))
    assert asked == Targets(departments=("od-d", "od-e"))
    assert list(found.departments["department_id"]) == ["od-d"]


def test_department_gone_while_somebody_is_in_it_is_read_again() -> None:
    platform = platform_of()
    platform.users[1] = user("ann", "od-gone")
    with pytest.raises(PlatformBusyError, match="people are in departments that are gone: od-gone"):
        look_at(platform, "ann")


def test_who_is_outside_the_range_of_all_staff_is_gone() -> None:
    asked, _, _, _ = look_at(platform_of(answer_instead=only(ONE_USER, refusal(41050))), "ann")
    assert asked == Targets(users=("ann",))


def test_range_narrowed_meanwhile_is_read_again() -> None:
    platform = platform_of(answer_instead=only(ONE_USER, refusal(41050)))
    narrow = platform.answer_instead

    def answer(request: Request) -> Response | None:
        if request.interface == ONE_USER:
            platform.range_departments = ["od-b"]
        return narrow(request)

    platform.answer_instead = answer
    with pytest.raises(PlatformBusyError, match="all staff no more"):
        look_at(platform, "ann")


def test_who_is_outside_a_smaller_range_is_not_spoken_of() -> None:
    platform = platform_of(range_departments=["od-a"], answer_instead=only(ONE_USER, refusal(41050)))
    assert look_at(platform, "ann")[0] == Targets()


def test_tops_of_the_range_have_no_parent() -> None:
    platform = platform_of(range_departments=["od-a", "od-e"])
    _, found, _, _ = look_at(platform, departments=("od-a", "od-c", "od-e"))
    parents = found.departments.set_index("department_id")["parent_id"]
    assert parents.isna().to_dict() == {"od-a": True, "od-c": False, "od-e": False}
    assert platform.asked(PARENTS, "department_id").count("od-c") == 0


def test_person_seen_alone_is_told_of_as_a_whole_read_does() -> None:
    platform = platform_of(range_departments=["od-a"], range_users=["bob"])
    platform.users[2] = user("bob", "od-x")
    platform.answer_instead = only(ROOT, refusal(40004, status=403), "/od-x")
    asked, found, _, _ = look_at(platform, "bob")
    assert asked == Targets(users=("bob",))
    assert (len(found.users), len(found.memberships)) == (1, 0)
    assert look_at(platform, "bob", scope=Scope(include=("od-a",)))[0] == Targets()
    platform.range_users = []
    assert look_at(platform, "bob")[0] == Targets()


def test_scope_is_kept_to_and_nobody_else_lands() -> None:
    platform = platform_of()
    asked, found, _, landing = look_at(platform, "ann", "bob", "eve", departments=("od-b", "od-d"), scope=Scope(include=("od-c", "od-b")))
    assert asked == Targets(users=("bob", "eve"), departments=("od-b", "od-e"))
    assert set(found.memberships["department_id"]) == {"od-b", "od-e"}
    assert all(b"Name ann" not in answer.body for answer in landing.parts["users"])
    asked, _, _, _ = look_at(platform, "ann", "bob", "eve", departments=("od-c",), scope=Scope(exclude=("od-a",)))
    assert asked == Targets(users=("bob",), departments=("od-b",))


def test_person_who_moves_while_they_are_asked_for_again_is_read_again() -> None:
    platform = platform_of()
    batches = 0

    def answer(request: Request) -> Response | None:
        nonlocal batches
        batches += request.interface == USERS
        if batches == 2:
            platform.users[4] = user("eve", "od-a")
        return None

    platform.answer_instead = answer
    with pytest.raises(PlatformBusyError, match="not where they were"):
        look_at(platform, "ann", "bob", "eve", scope=Scope(include=("od-c", "od-b")))


def test_ids_that_would_lead_elsewhere_are_not_asked_for() -> None:
    platform = platform_of()
    assert look_at(platform, "..", ".", "", departments=("../x", "custom-a", ""))[0] == Targets()
    assert platform.calls() == {ROOT: 1}
