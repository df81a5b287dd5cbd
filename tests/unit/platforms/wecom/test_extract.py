from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.errors import (
    BrokenPagingError,
    ConfigurationError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
)
from orgsync.platforms.platform import Answer, Mode, Reading, Scope, Wanted, no_answers
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.platforms.wecom.extract import extract
from orgsync.platforms.wecom.ids import Knowledge, Person, choose_asked
from tests.unit.platforms.wecom.fake import FakeWeCom, Landing, client_of, department, envelope, refusal, user

# 1 ── 2 ── 4,  1 ── 3
TREE = [department(1, 0), department(2, 1), department(3, 1), department(4, 2)]
PEOPLE = [user("Root", 1), user("a", 2), user("b", 2, 4), user("c", 4), user("d", 3)]
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def platform_of(**more: Any) -> FakeWeCom:
    return FakeWeCom(departments=list(TREE), users=list(PEOPLE), **more)


def read(
    platform: FakeWeCom,
    *,
    mode: Mode = "full",
    scope: Scope | None = None,
    earlier: Any = no_answers,
    taken_at: datetime = NOW,
    **options: Any,
) -> tuple[Reading, Landing]:
    landing = Landing()
    wanted = Wanted(mode=mode, scope=scope or Scope(), earlier=earlier, taken_at=taken_at)
    return extract(client_of(platform, **options), wanted, landing.record), landing


def only(interface: str, response: Response, **query: str) -> Any:
    """Answers one interface, or one call of it, with the same response always."""

    def answer(request: Request) -> Response | None:
        is_meant = request.interface == interface and all(request.query.get(name) == value for name, value in query.items())
        return response if is_meant else None

    return answer


# --- by lists


def test_whole_company_costs_one_list_of_departments_and_one_of_people() -> None:
    platform = platform_of()
    reading, landing = read(platform)
    assert platform.calls() == Counter({"department/list": 1, "user/list": 1})
    assert dict(landing.parts["users"][0].params) == {"department_id": "1", "fetch_child": 1}
    assert (reading.method, reading.tops, reading.problems, reading.platform_counts) == ("lists", ("1",), (), {})


def test_agent_says_whom_the_app_may_see() -> None:
    platform = platform_of()
    reading, _ = read(platform, agent_id="1000002")
    assert platform.calls() == Counter({"agent/get": 1, "department/list": 1, "user/list": 1})
    assert reading.visible_departments == ("1",)


def test_several_tops_are_read_each_with_all_below() -> None:
    platform = platform_of(visible={2, 3, 4})
    reading, landing = read(platform)
    assert landing.asked("users", "user/list", "department_id") == ["2", "3"]
    assert reading.tops == ("2", "3")


def test_people_in_no_list_are_read_one_by_one() -> None:
    """Chosen singly or by a tag, from departments that the app does not see; who is in a list anyway is not asked for again."""
    platform = platform_of(visible={3}, allowed_people=["a", "D"], tags={7: ["b", "d"]})
    reading, landing = read(platform, agent_id="1")
    assert landing.asked("users", "user/get", "userid") == ["a", "b"]
    assert (reading.problems, reading.visible_users) == ((), ("a", "D", "b", "d"))
    assert [answer.interface for answer in landing.parts["organization"]] == ["agent/get", "tag/get"]


def test_single_people_alone_are_a_range() -> None:
    reading, landing = read(platform_of(visible=set(), allowed_people=["a"]), agent_id="1")
    assert (reading.tops, len(landing.parts["users"])) == ((), 1)


def test_someone_of_the_range_who_is_gone_is_not_missed() -> None:
    reading, landing = read(platform_of(visible={3}, allowed_people=["ghost"]), agent_id="1")
    assert (reading.problems, landing.asked("users", "user/get", "userid")) == ((), [])


def test_someone_of_the_range_who_is_refused_fails_the_read() -> None:
    platform = platform_of(visible={3}, allowed_people=["a"], answer_instead=only("user/get", refusal(60011)))
    with pytest.raises(PermissionDeniedError, match="可见范围"):
        read(platform, agent_id="1")


def test_department_that_alone_is_too_large_is_an_error() -> None:
    with pytest.raises(RefusedError, match="export"):
        read(platform_of(largest_list=1))


def test_platform_that_forgot_fetch_child_loses_nobody() -> None:
    """Today's page no longer has the parameter: were it ignored, all but the root's own members would seem to have left."""
    platform = platform_of(knows_fetch_child=False)
    reading, landing = read(platform)
    assert landing.asked("users", "user/list", "department_id") == ["1", "2", "3", "4"]
    assert (reading.problems, reading.method) == ((), "lists, in part department by department")


def test_department_lost_from_the_list_is_missed_by_its_people() -> None:
    """It would be removed, and its people would move."""
    platform = platform_of(answer_instead=only("department/list", envelope(department=TREE[:3])))
    with pytest.raises(PlatformBusyError, match=r"people are in departments that it did not list: 4.*reads anew"):
        read(platform)


def test_people_of_a_part_may_be_in_departments_out_of_sight() -> None:
    platform = platform_of(visible={3}, answer_instead=only("user/list", envelope(userlist=[user("e", 3, 9)])))
    assert read(platform)[0].problems == ()


def test_empty_list_of_a_whole_company_is_read_again_department_by_department() -> None:
    """The root's own members would leave, if only what is below it were read again."""
    platform = platform_of(answer_instead=only("user/list", envelope(userlist=[]), fetch_child="1"))
    reading, landing = read(platform)
    assert landing.asked("users", "user/list", "department_id") == ["1", "1", "2", "3", "4"]
    assert (reading.problems, reading.method) == ((), "lists, in part department by department")


def test_include_and_exclude_are_subtrees() -> None:
    reading, landing = read(platform_of(), scope=Scope(include=("2", "3"), exclude=("4",)))
    assert landing.asked("users", "user/list", "department_id") == ["2", "3"]
    assert {answer.params["fetch_child"] for answer in landing.parts["users"]} == {0}
    assert reading.tops == ("2", "3")
    assert landing.parts["departments"][0].params == {"include": ["2", "3"], "exclude": ["4"]}


def test_people_outside_all_departments_are_not_wanted_with_some_included() -> None:
    _, landing = read(platform_of(visible={3}, allowed_people=["a"]), agent_id="1", scope=Scope(include=("3",)))
    assert landing.asked("users", "user/get", "userid") == []


def test_unknown_department_in_the_scope_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'555'"):
        read(platform_of(), scope=Scope(include=("555",)))


def test_scope_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="include and exclude"):
        read(platform_of(), scope=Scope(exclude=("1",)))


def test_empty_range_is_an_error_that_says_where_to_widen_it() -> None:
    with pytest.raises(PermissionDeniedError, match="可见范围"):
        read(platform_of(visible=set()))


def test_department_that_vanishes_under_the_read_is_worth_another_try() -> None:
    platform = platform_of(answer_instead=only("user/list", refusal(60003)))
    with pytest.raises(PlatformBusyError, match="removed while the organization was read"):
        read(platform)


@pytest.mark.parametrize("interface", ["agent/get", "department/list", "user/list"])
@pytest.mark.parametrize(("code", "kind"), [("60020", PermissionDeniedError), ("-1", PlatformBusyError)])
def test_any_call_that_fails_for_good_fails_the_read(interface: str, code: str, kind: type[PlatformError]) -> None:
    with pytest.raises(kind):
        read(platform_of(answer_instead=only(interface, refusal(code))), agent_id="1")


# --- the company's own head count


def test_contact_secret_gives_the_companys_head_count() -> None:
    """Six rows on two pages, five people."""
    platform = platform_of()
    reading, landing = read(platform, contact=True)
    assert (reading.method, reading.platform_counts, reading.problems) == ("lists", {"users": 5}, ())
    assert platform.calls() == Counter({"department/list": 1, "department/simplelist": 1, "user/list": 1, "user/list_id": 2})
    assert [answer.interface for answer in landing.parts["departments"]] == ["department/list"]


def test_frequent_read_and_limited_scope_do_without_the_head_count() -> None:
    assert read(platform_of(), contact=True, mode="frequent")[0].platform_counts == {}
    assert read(platform_of(), contact=True, scope=Scope(exclude=("4",)))[0].platform_counts == {}


def test_people_lost_from_a_list_are_missed_by_the_head_count() -> None:
    lost = only("user/list", envelope(userlist=PEOPLE[1:]))
    reading, _ = read(platform_of(answer_instead=lost), contact=True)
    assert reading.platform_counts == {"users": 5}


def test_someone_who_leaves_while_we_read_is_not_missed() -> None:
    platform = platform_of()

    def leave(request: Request) -> Response | None:
        if request.interface == "user/list":
            platform.users = [person for person in platform.users if person["userid"] != "a"]
        return None

    platform.answer_instead = leave
    assert read(platform, contact=True)[0].platform_counts == {"users": 4}


def test_contact_secret_that_is_none_leads_to_what_the_app_sees() -> None:
    refused = {"department/simplelist", "user/list_id"}
    platform = platform_of(answer_instead=lambda request: refusal(48002) if request.interface in refused else None)
    reading, _ = read(platform, contact=True)
    assert (reading.method, reading.platform_counts, reading.problems) == ("lists", {}, ())
    assert read(platform, contact=True, read_by="lists")[0].problems == ()


# --- by ids


def test_app_that_sees_a_part_leads_to_ids() -> None:
    platform = platform_of(visible={2, 4})
    reading, landing = read(platform, contact=True)
    assert reading.method == "ids and single details"
    assert (reading.problems, reading.tops, reading.platform_counts) == ((), ("1",), {"users": 5})
    assert sorted(answer.interface for answer in landing.parts["departments"]) == ["department/list", "department/simplelist"]
    details = [answer for answer in landing.parts["users"] if answer.interface == "user/get"]
    assert {answer.params["userid"] for answer in details if "refused" not in answer.params} == {"a", "b", "c"}
    assert {answer.params["userid"]: answer.params["refused"] for answer in details if "refused" in answer.params} == {
        "Root": "60111",
        "d": "60111",
    }
    assert {answer.params["read_at"] for answer in details} == {NOW.isoformat()}


def test_contact_secret_alone_reads_ids_only() -> None:
    platform = platform_of()
    reading, _ = read(platform, app=False, contact=True)
    assert (reading.method, reading.problems) == ("ids only", ())
    assert platform.calls() == Counter({"department/simplelist": 1, "user/list_id": 2})


def test_ids_can_be_asked_for_although_the_app_sees_all() -> None:
    reading, _ = read(platform_of(), contact=True, read_by="ids")
    assert reading.method == "ids and single details"


def test_known_details_are_landed_again_and_only_new_people_asked() -> None:
    platform = platform_of()
    _, first = read(platform, contact=True, read_by="ids")
    platform.users = [*platform.users[1:], user("New", 3)]
    platform.requests.clear()
    later = NOW + timedelta(minutes=15)
    reading, second = read(platform, contact=True, read_by="ids", mode="frequent", earlier=first.answers, taken_at=later)
    assert platform.asked("user/get", "userid") == ["New"]
    assert reading.problems == ()
    details = {answer.params["userid"]: answer for answer in second.parts["users"] if answer.interface == "user/get"}
    assert {key: answer.params["read_at"] for key, answer in details.items()} == dict.fromkeys("abcd", NOW.isoformat()) | {
        "New": later.isoformat()
    }
    before = {answer.params["userid"]: answer.body for answer in first.parts["users"] if answer.interface == "user/get"}
    assert details["a"].body == before["a"]


def test_full_read_refreshes_who_was_read_longest_ago() -> None:
    platform = platform_of()
    options: dict[str, Any] = {"contact": True, "read_by": "ids", "details_per_read": 2}
    landing, read_by_turn = Landing(), []
    for day in range(4):
        _, landing = read(platform, earlier=landing.answers, taken_at=NOW + timedelta(days=day), **options)
        read_by_turn.append(sorted(platform.asked("user/get", "userid")))
        platform.requests.clear()
    assert read_by_turn == [["a", "b"], ["c", "d"], ["Root", "a"], ["b", "c"]]


def test_budget_of_nothing_asks_for_nobody() -> None:
    platform = platform_of()
    reading, _ = read(platform, contact=True, read_by="ids", details_per_read=0)
    assert (platform.calls()["user/get"], reading.problems) == (0, ())


def test_refused_details_are_remembered_and_not_asked_for_at_every_read() -> None:
    platform = platform_of(visible={2, 4})
    _, first = read(platform, contact=True)
    platform.requests.clear()
    _, second = read(platform, contact=True, mode="frequent", earlier=first.answers)
    assert platform.calls()["user/get"] == 0
    assert sum("refused" in answer.params for answer in second.parts["users"]) == 2


def test_refused_person_is_asked_for_again_once_their_department_is_visible() -> None:
    platform = platform_of(visible={2, 4})
    _, first = read(platform, contact=True)
    platform.visible = {2, 3, 4}
    platform.requests.clear()
    read(platform, contact=True, mode="frequent", earlier=first.answers)
    assert platform.asked("user/get", "userid") == ["d"]


def test_new_people_come_first_and_of_them_whom_the_app_most_likely_sees() -> None:
    people = {key: Person(key, is_visible=key in ("b", "old")) for key in ("a", "b", "old", "refused", "older")}
    known = {"old": Knowledge("2026-02", is_refused=False), "older": Knowledge("2026-01", is_refused=False)}
    known["refused"] = Knowledge("2025-12", is_refused=True)
    assert choose_asked(people, known, budget=9, with_refresh=True) == ["b", "a", "refused", "older", "old"]
    assert choose_asked(people, known, budget=9, with_refresh=False) == ["b", "a"]
    assert choose_asked(people, known, budget=1, with_refresh=True) == ["b"]


@pytest.mark.parametrize("code", ["60020", "50003", "-1"])
def test_refusal_that_is_not_about_the_person_fails_the_read(code: str) -> None:
    with pytest.raises(PlatformError, match=code):
        read(platform_of(answer_instead=only("user/get", refusal(code))), contact=True, read_by="ids")


def test_scope_limits_whose_details_are_asked_for() -> None:
    platform = platform_of()
    reading, _ = read(platform, contact=True, read_by="ids", scope=Scope(include=("2",), exclude=("4",)))
    assert sorted(platform.asked("user/get", "userid")) == ["a", "b"]
    assert (reading.tops, reading.platform_counts) == (("2",), {})


def test_contact_secret_that_is_an_apps_is_an_error_where_there_is_no_other_way() -> None:
    platform = platform_of(answer_instead=only("user/list_id", refusal(48002)))
    with pytest.raises(PermissionDeniedError, match="contact_secret"):
        read(platform, app=False, contact=True)


def test_app_secret_that_is_the_contact_secret_is_an_error() -> None:
    with pytest.raises(PermissionDeniedError, match="self-built app"):
        read(platform_of(answer_instead=only("department/list", refusal(48009))))


def test_repeated_cursor_fails_the_read() -> None:
    platform = platform_of(answer_instead=only("user/list_id", envelope(dept_user=[], next_cursor="x")))
    with pytest.raises(BrokenPagingError):
        read(platform, app=False, contact=True)


# --- landing


def test_error_while_landing_fails_the_read() -> None:
    def full_disk(part: str, answer: Answer) -> None:
        if part == "users":
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        extract(client_of(platform_of()), Wanted(mode="full"), full_disk)


def test_client_can_read_again_after_a_failure() -> None:
    platform = platform_of(answer_instead=only("user/list", refusal(60020)))
    client = client_of(platform)
    with pytest.raises(PermissionDeniedError):
        extract(client, Wanted(mode="full"), Landing().record)
    platform.answer_instead = lambda request: None
    assert extract(client, Wanted(mode="full"), Landing().record).problems == ()
