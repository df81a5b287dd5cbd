"""A list too large or too slow is read in parts, and the next read begins with them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from orgsync.errors import (
    OversizedAnswerError,
    PlatformBusyError,
    PlatformError,
    Refusal,
    RefusedError,
    SlowAnswerError,
    UnreachableError,
)
from orgsync.platforms.platform import Mode, Reading, Scope, Wanted, no_answers
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.platforms.wecom.capacity import recall_capacity
from orgsync.platforms.wecom.extract import extract
from tests.unit.platforms.wecom.fake import FakeWeCom, Landing, client_of, department, refusal, user

# 1 ── 2 ── 4 ── 6,  2 ── 5,  1 ── 3 ── 7
TREE = [department(1, 0), department(2, 1), department(3, 1), department(4, 2), department(5, 2), department(6, 4), department(7, 3)]
PEOPLE = [user(f"u{number}_{count}", number) for number in range(1, 8) for count in range(2)]
REFUSAL = Refusal("wecom", "user/list", "nothing", reason="no answer within the request timeout")
SUBTREES = "lists, in part subtree by subtree"


def company(**more: Any) -> FakeWeCom:
    return FakeWeCom(departments=list(TREE), users=list(PEOPLE), **more)


def slow_beyond(platform: FakeWeCom, most: int, *, error: type[PlatformError] = SlowAnswerError) -> None:
    """A list of more people than that takes too long. One of a department alone never does."""

    def answer(request: Request) -> Response | None:
        if request.interface != "user/list" or request.query["fetch_child"] == "0":
            return None
        below = platform._below(int(str(request.query["department_id"])))
        if sum(bool(below & set(person["department"])) for person in platform.users) > most:
            raise error(REFUSAL)
        return None

    platform.answer_instead = answer


def read(
    platform: FakeWeCom, *, mode: Mode = "full", scope: Scope | None = None, earlier: Any = no_answers, **options: Any
) -> tuple[Reading, Landing]:
    landing = Landing()
    platform.requests.clear()
    wanted = Wanted(mode=mode, scope=scope or Scope(), earlier=earlier, is_tolerant=bool(options.pop("is_tolerant", False)))
    return extract(client_of(platform, **options), wanted, landing.record), landing


def asked(platform: FakeWeCom) -> list[str]:
    """`2+` is department 2 with all below it."""
    lists = [request.query for request in platform.requests if request.interface == "user/list"]
    return sorted(f"{query['department_id']}{'+' if query['fetch_child'] == '1' else ''}" for query in lists)


def landed(landing: Landing) -> list[str]:
    return sorted(f"{answer.params['department_id']}{'+' * answer.params['fetch_child']}" for answer in landing.parts["users"])


@pytest.mark.parametrize("error", [SlowAnswerError, OversizedAnswerError])
def test_list_that_is_too_much_is_read_subtree_by_subtree(error: type[PlatformError]) -> None:
    platform = company()
    slow_beyond(platform, 8, error=error)
    reading, landing = read(platform)
    assert asked(platform) == ["1", "1+", "2+", "3+"]
    assert landed(landing) == ["1", "2+", "3+"]
    assert (reading.problems, reading.method) == ((), SUBTREES)
    count = reading.calls["user/list"]
    assert (count.expected, count.read, count.failed, count.retried) == (3, 3, 0, 1)


def test_list_that_is_refused_as_too_large_is_read_subtree_by_subtree() -> None:
    platform = company(largest_list=6)
    reading, landing = read(platform)
    assert asked(platform) == ["1", "1+", "2", "2+", "3+", "4+", "5"]
    assert landed(landing) == ["1", "2", "3+", "4+", "5"]
    assert (reading.problems, reading.method) == ((), SUBTREES)


def test_hiccup_costs_no_more_than_that_the_list_is_read_in_parts() -> None:
    platform = company()
    failing = ["1"]

    def answer(request: Request) -> Response | None:
        if request.query.get("fetch_child") == "1" and failing:
            failing.pop()
            raise SlowAnswerError(REFUSAL)
        return None

    platform.answer_instead = answer
    assert asked_of(read(platform)) == ["1", "2+", "3+"]


def asked_of(result: tuple[Reading, Landing]) -> list[str]:
    return landed(result[1])


def test_slow_list_of_a_single_department_is_asked_for_again() -> None:
    platform = company()
    failing = ["3", "3"]

    def answer(request: Request) -> Response | None:
        slow_all = request.query.get("fetch_child") == "1"
        if slow_all or (failing and request.query.get("department_id") == "3" and failing.pop()):
            raise SlowAnswerError(REFUSAL)
        return None

    platform.answer_instead = answer
    reading, landing = read(platform)
    assert landed(landing) == ["1", "2", "3", "4", "5", "6", "7"]
    assert (reading.problems, reading.calls["user/list"].failed) == ((), 0)


@pytest.mark.parametrize(("error", "tries"), [(SlowAnswerError, 3), (OversizedAnswerError, 1)])
def test_single_department_that_is_too_much_says_what_to_do(error: type[PlatformError], tries: int) -> None:
    platform = company()

    def answer(request: Request) -> Response | None:
        if request.interface == "user/list" and (request.query["fetch_child"] == "1" or request.query["department_id"] == "6"):
            raise error(REFUSAL)
        return None

    platform.answer_instead = answer
    with pytest.raises(error, match=r"request_timeout_seconds.*read_by to export"):
        read(platform)
    assert asked(platform).count("6") == tries


def test_single_department_that_is_refused_as_too_large_says_what_to_do() -> None:
    with pytest.raises(RefusedError, match="export"):
        read(company(largest_list=1))


def test_no_connection_is_not_a_list_that_is_too_slow() -> None:
    platform = company()

    def answer(request: Request) -> Response | None:
        if request.interface == "user/list":
            raise UnreachableError(REFUSAL)
        return None

    platform.answer_instead = answer
    with pytest.raises(UnreachableError):
        read(platform)
    assert asked(platform) == ["1+", "1+", "1+"]


def test_part_that_vanishes_under_the_read_is_worth_another_try() -> None:
    platform = company()
    slow_beyond(platform, 8)
    slow = platform.answer_instead
    platform.answer_instead = lambda request: refusal(60003) if request.query.get("department_id") == "3" else slow(request)
    with pytest.raises(PlatformBusyError, match="removed while the organization was read"):
        read(platform)


def test_tolerant_read_names_the_part_that_is_missing() -> None:
    platform = company()
    slow_beyond(platform, 8)
    slow = platform.answer_instead
    platform.answer_instead = lambda request: refusal(60011) if request.query.get("department_id") == "3" else slow(request)
    reading, landing = read(platform, is_tolerant=True)
    assert landed(landing) == ["1", "2+"]
    assert any("department_id 3" in problem for problem in reading.problems)


# --- between the parts


def test_someone_who_moves_between_two_parts_while_they_are_read_has_not_left() -> None:
    platform = company()
    slow_beyond(platform, 8)
    _, landing = read(platform)
    slow = platform.answer_instead

    def move(request: Request) -> Response | None:
        """To department 3, once that was read, from 2, which comes then."""
        if request.query.get("department_id") == "2":
            assert platform.asked("user/list", "department_id") == ["3", "2"]
            platform.users[2] = user("u2_0", 3)
        return slow(request)

    platform.answer_instead = move
    platform.departments.sort(key=lambda each: each["id"] in (2, 4, 5, 6))
    reading, landing = read(platform, parallel=1, mode="frequent", earlier=landing.answers)
    assert asked(platform) == ["1", "2+", "3+"]
    assert platform.asked("user/get", "userid") == ["u2_0"]
    assert landing.asked("users", "user/get", "userid") == ["u2_0"]
    assert reading.problems == ()


def test_who_left_is_asked_for_once() -> None:
    platform = company()
    slow_beyond(platform, 8)
    _, landing = read(platform)
    gone = platform.users.pop()["userid"]
    asked_for = []
    for _ in range(2):
        reading, landing = read(platform, mode="frequent", earlier=landing.answers)
        asked_for.append(platform.asked("user/get", "userid"))
        assert (reading.problems, landing.asked("users", "user/get", "userid")) == ((), [])
    assert asked_for == [[gone], []]


def test_many_who_are_missing_are_for_the_budget_to_judge() -> None:
    platform = company()
    slow_beyond(platform, 8)
    _, landing = read(platform)
    for gone, budget, calls in ((2, 5000, 2), (0, 1, 0), (1, 5000, 0)):
        del platform.users[:gone]
        read(platform, mode="frequent", earlier=landing.answers, details_per_read=budget)
        assert len(platform.asked("user/get", "userid")) == calls


def test_read_in_one_list_asks_for_nobody() -> None:
    platform = company()
    _, landing = read(platform)
    platform.users.pop()
    read(platform, mode="frequent", earlier=landing.answers)
    assert platform.asked("user/get", "userid") == []


# --- remembered


def test_next_read_begins_with_what_was_answered() -> None:
    platform = company()
    slow_beyond(platform, 8)
    _, first = read(platform)
    modes: list[Mode] = ["frequent", "frequent", "full"]
    landing = first
    for mode in modes:
        reading, landing = read(platform, mode=mode, earlier=landing.answers)
        assert asked(platform) == ["1", "2+", "3+"]
        assert (reading.method, reading.problems) == (SUBTREES, ())


def test_larger_list_is_tried_by_every_so_many_full_reads_and_its_failure_leaves_no_trace() -> None:
    platform = company()
    slow_beyond(platform, 8)
    _, landing = read(platform)
    tried = []
    for _ in range(16):
        _, landing = read(platform, earlier=landing.answers)
        assert landed(landing) == ["1", "2+", "3+"]
        tried.append("1+" in asked(platform))
    assert [number for number, is_tried in enumerate(tried, start=1) if is_tried] == [2, 5, 10]


def test_company_that_was_slow_for_a_while_is_read_whole_again() -> None:
    platform = company()
    slow_beyond(platform, 0)
    _, landing = read(platform)
    assert landed(landing) == ["1", "2", "3", "4", "5", "6", "7"]
    platform.answer_instead = lambda request: None
    covers = []
    for _ in range(6):
        _, landing = read(platform, earlier=landing.answers)
        covers.append(len(landing.parts["users"]))
    assert covers == [7, 6, 3, 1, 1, 1]
    assert landing.parts["organization"] == []


def test_parts_fit_todays_tree() -> None:
    """What is new in a part that is read whole is in it, what is new below a divided department is a part of its own."""
    platform = company()
    slow_beyond(platform, 8)
    _, landing = read(platform)
    platform.departments += [department(8, 1), department(9, 8), department(10, 5)]
    platform.departments = [each for each in platform.departments if each["id"] not in (3, 7)]
    platform.users = [person for person in platform.users if not {3, 7} & set(person["department"])] + [user("n", 9)]
    platform.users = [person for person in platform.users if person["department"] != [6]]
    reading, landing = read(platform, mode="frequent", earlier=landing.answers)
    assert asked(platform) == ["1", "2+", "8+"]
    assert reading.problems == ()


def test_scope_of_today_counts() -> None:
    platform = company()
    slow_beyond(platform, 8)
    _, landing = read(platform)
    _, landing = read(platform, mode="frequent", scope=Scope(exclude=("6",)), earlier=landing.answers)
    assert asked(platform) == ["1", "2", "3+", "4", "5"]
    read(platform, mode="frequent", scope=Scope(include=("2",)), earlier=landing.answers)
    assert asked(platform) == ["2+"]


def test_two_tops_are_divided_each_for_itself() -> None:
    platform = company(visible={2, 3, 4, 5, 6, 7})
    slow_beyond(platform, 6)
    _, landing = read(platform)
    assert landed(landing) == ["2", "3+", "4+", "5"]
    reading, _ = read(platform, mode="frequent", earlier=landing.answers)
    assert asked(platform) == ["2", "3+", "4+", "5"]
    assert reading.tops == ("2", "3")


@pytest.mark.parametrize("read_by", ["ids", "export"])
def test_snapshot_read_by_another_way_tells_nothing(read_by: str) -> None:
    platform = company()
    _, landing = read(platform, contact=True, read_by=read_by)
    read(platform, earlier=landing.answers)
    assert asked(platform) == ["1+"]


def test_note_that_cannot_be_read_is_none() -> None:
    platform = company()
    slow_beyond(platform, 8)
    _, landing = read(platform)
    note = landing.parts["organization"][-1]
    assert recall_capacity([note]).most_people == 8
    object.__setattr__(note, "body", b"[]")
    assert recall_capacity([note]).most_people is None


def test_read_that_needs_no_parts_notes_nothing() -> None:
    _, landing = read(company())
    assert landing.parts["organization"] == []


def test_many_slow_lists_end_in_single_departments() -> None:
    """Half a minute each: trying more of them would take longer than the departments one by one."""
    departments = [department(1, 0), *(department(number, 1) for number in range(2, 152))]
    departments += [department(number + 1000, number) for number in range(2, 152)]
    people = [user(f"u{each['id']}", each["id"]) for each in departments]
    platform = FakeWeCom(departments=departments, users=people)
    slow_beyond(platform, 0)
    reading, landing = read(platform)
    whole = [each for each in asked(platform) if each.endswith("+")]
    assert len(whole) <= 100 + 4
    assert Counter(landed(landing)) == Counter(str(each["id"]) for each in departments)
    assert (reading.problems, reading.method) == ((), "lists, in part department by department")
    read(platform, mode="frequent", earlier=landing.answers)
    assert not any(each.endswith("+") for each in asked(platform))
