"""Every platform's messenger sends, asks, recalls and repeats through the sandbox's HTTP, and the sandbox's inbox tells what people got."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import pytest

from orgsync.errors import ConfigurationError, PermissionDeniedError, PlatformError, RefusedError, ThrottledError, UnreachableError
from orgsync.platforms import PLATFORM_NAMES
from orgsync.platforms.sending.messages import KINDS, Content, Delivery, Kind, Messenger, Outcome, Person, Receipt, Results
from orgsync.platforms.speaking.transport import Patience, Transport
from sandbox.testing import RunningSandbox
from tests.contract.conftest import PEOPLE, Organization

SEED = 7
URL = "https://work.example.com/a?b=1&c=2"
DUE = datetime(2026, 12, 1, 10, 30, tzinfo=UTC)
HOUR, DAY = 3600, 86_400
UNKNOWN_PERSON = {
    "dingtalk": Person("nobody", "nobody", "nobody"),
    "wecom": Person("Nobody"),
    "feishu": Person("nobody", "on_nobody", "ou_nobody"),
}
UNKNOWN_DEPARTMENT = {"dingtalk": "404", "wecom": "404", "feishu": "od-404"}
# What carries a delivery; each is one call.
INTERFACES = {
    "dingtalk": ("topapi/message/corpconversation/asyncsend_v2", "v1.0/todo/users/{unionId}/tasks"),
    "wecom": ("message/send",),
    "feishu": ("im/v1/messages", "message/v4/batch_send/", "task/v2/tasks"),
}
TELLS_AT_ONCE = {"dingtalk": False, "wecom": True, "feishu": True}
"""Who is refused is in the answer to a send; otherwise it is in the results."""


@dataclass
class Post:
    """One platform's messenger, whom it can write to, and what they got. Its mailbox begins empty."""

    organization: Organization
    texts: int = field(default=0)

    @property
    def name(self) -> str:
        return self.organization.name

    @cached_property
    def messenger(self) -> Messenger:
        assert self.organization.platform.messenger
        return self.organization.platform.messenger(self.organization.connection())

    @cached_property
    def truth(self) -> dict[str, Any]:
        return self.organization.truth()

    @cached_property
    def people(self) -> list[Person]:
        return [Person(user["id"], user["union_id"], user["open_id"]) for user in self.truth["users"]]

    @cached_property
    def top(self) -> str:
        """A department with others below it."""
        parents = [each["parent_id"] for each in self.truth["departments"]]
        tops = [each["id"] for each in self.truth["departments"] if each["parent_id"] == self.root and each["id"] in parents]
        return str(tops[0])

    @cached_property
    def root(self) -> Any:
        return next(each["id"] for each in self.truth["departments"] if each["parent_id"] is None)

    def people_below(self, department_id: str) -> set[str]:
        below = {department_id}
        while more := {str(each["id"]) for each in self.truth["departments"] if str(each["parent_id"]) in below} - below:
            below |= more
        return {each["user_id"] for each in self.truth["memberships"] if str(each["department_id"]) in below}

    def hurry(self, *, attempts: int) -> None:
        """Wait hardly at all."""
        transport: Transport = self.messenger.transport  # type: ignore[attr-defined]
        transport.patience = Patience(attempts=attempts, first_wait_seconds=0.01)
        transport.sleep = lambda seconds: time.sleep(min(seconds, 0.01))

    def fail(self, kind: str, **options: Any) -> None:
        """Whatever carries a delivery."""
        for interface in INTERFACES[self.name]:
            self.organization.fault(kind, interface=interface, method="POST", **options)

    def content(self, kind: Kind, **changes: Any) -> Content:
        """Another one each time: platforms compare what is sent."""
        self.texts += 1
        content = Content(kind, f"部门调整 {self.texts}", "请在周五前确认", URL, DUE if kind == "todo" else None)
        return dataclasses.replace(content, **changes)

    def delivery(self, kind: Kind = "text", *people: Person, departments: tuple[str, ...] = (), **changes: Any) -> Delivery:
        content = self.content(kind, **changes)
        return Delivery(content, f"delivery-of-test-{self.texts}", people=people, department_ids=departments)

    def has_todos(self, delivery: Delivery) -> bool:
        return delivery.content.kind == "todo" and self.messenger.limits.people_per_todo > 0

    def got(self, person: Person) -> list[dict[str, Any]]:
        """Messages and todos that this person sees, the newest first."""
        inbox = self.organization.control("GET", f"inbox?user={person.user_id}")
        messages = [message for message in inbox["messages"] if not message["recalled"]]
        return messages + [todo for todo in inbox["todos"] if todo["state"] != "deleted"]

    def summary(self) -> dict[str, Any]:
        return self.organization.control("GET", "inbox/summary")  # type: ignore[no-any-return]

    def move_clock(self, seconds: float) -> None:
        before = self.organization.control("GET", "clock")["offset_seconds"]
        self.organization.control("PUT", "clock", {"offset_seconds": before + seconds})

    def final_results(self, platform_id: str, *people: Person) -> Results:
        for _ in range(5):
            results = self.messenger.fetch_results(platform_id, people)
            if results.is_final:
                return results
        raise AssertionError(f"results stay open: {results}")

    def refusals(self, receipt: Receipt, *people: Person) -> tuple[set[str], set[str]]:
        """People and departments, whether told with the receipt or with the results; each with a reason."""
        refused, departments = dict(receipt.refused), dict(receipt.refused_departments)
        if receipt.platform_id and not TELLS_AT_ONCE[self.name]:
            results = self.final_results(receipt.platform_id, *people)
            refused |= {user_id: outcome.reason for user_id, outcome in results.outcomes.items() if outcome.state == "failed"}
            departments |= results.refused_departments
        assert all([*refused.values(), *departments.values()])
        return set(refused), set(departments)


@pytest.fixture
def post(organization: Organization) -> Iterator[Post]:
    """The company is made anew, and with it an empty mailbox and a right clock; what is sent in a minute or a day is not limited."""
    unlimited = ("messages_per_member_per_minute", "messages_per_user_per_second", "send_to_all_per_day")
    organization.set(**{name: 0 for name in unlimited if name in organization.control("GET", "settings")})
    organization.control("POST", "organization", {"people": PEOPLE, "seed": SEED})
    post = Post(organization)
    post.hurry(attempts=2)
    yield post
    organization.control("PUT", "clock", {"offset_seconds": 0})


def assert_says(got: dict[str, Any], content: Content) -> None:
    shown = "\n".join([got["title"], got["text"], got["url"]])
    assert content.title in shown
    assert content.body in shown
    assert content.url in shown


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_reaches_the_people_named_and_nobody_else(post: Post, kind: Kind, count: int) -> None:
    people = post.people[:count]
    delivery = post.delivery(kind, *people)
    assert post.messenger.find_problems(delivery.content) == []
    receipt = post.messenger.send(delivery)
    assert (bool(receipt.platform_id), receipt.refused, receipt.refused_departments) == (True, {}, {})
    for person in people:
        (got,) = post.got(person)
        assert_says(got, delivery.content)
    assert post.got(post.people[count]) == []
    summary = post.summary()
    assert summary["recipients"] + sum(summary["todos"][state] for state in ("open", "done", "deleted")) == (
        1 if post.has_todos(delivery) else count
    )


@pytest.mark.parametrize("value", ["line_break", "cut_character", "cut_escape", "not_a_number"])
def test_answer_with_a_broken_text_is_an_answer(post: Post, value: str) -> None:
    """Were it none, who got the message would get it again."""
    person = post.people[0]
    post.fail("broken_value", key="msg" if post.name == "feishu" else "errmsg", value=value)
    receipt = post.messenger.send(post.delivery("text", person))
    assert (bool(receipt.platform_id), receipt.refused) == (True, {})
    assert len(post.got(person)) == 1
    post.messenger.fetch_results(receipt.platform_id, [person])


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_without_a_link_reaches_people_where_it_may_be_without(post: Post, kind: Kind) -> None:
    delivery = post.delivery(kind, post.people[0], url="")
    if post.messenger.limits.longest[kind].needs_url:
        assert post.messenger.find_problems(delivery.content)
        return
    assert post.messenger.find_problems(delivery.content) == []
    post.messenger.send(delivery)
    assert_says(post.got(post.people[0])[0], delivery.content)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_reaches_a_department_with_those_below_it(post: Post, kind: Kind) -> None:
    delivery = post.delivery(kind, departments=(post.top,))
    if post.has_todos(delivery):
        with pytest.raises(ConfigurationError, match="a todo goes to people"):
            post.messenger.send(delivery)
        return
    assert post.messenger.send(delivery).platform_id
    expected = post.people_below(post.top)
    direct = {each["user_id"] for each in post.truth["memberships"] if str(each["department_id"]) == post.top}
    assert direct < expected
    assert post.summary()["recipients"] == len(expected)
    for person in [each for each in post.people if each.user_id in expected - direct][:3]:
        assert_says(post.got(person)[0], delivery.content)
    assert not any(post.got(person) for person in [each for each in post.people if each.user_id not in expected][:10])


def test_person_who_is_named_and_in_the_department_gets_it_once(post: Post) -> None:
    inside = next(person for person in post.people if person.user_id in post.people_below(post.top))
    outside = next(person for person in post.people if person.user_id not in post.people_below(post.top))
    post.messenger.send(post.delivery("card", inside, outside, departments=(post.top,)))
    assert (len(post.got(inside)), len(post.got(outside))) == (1, 1)
    assert post.summary()["recipients"] == len(post.people_below(post.top)) + 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "todo"])
def test_everybody_gets_what_is_for_everybody_or_there_is_no_such_call(post: Post, kind: Kind) -> None:
    delivery = dataclasses.replace(post.delivery(kind), to_all=True)
    if not post.messenger.limits.has_send_to_all:
        with pytest.raises(ConfigurationError, match="is to everybody; name departments or people instead"):
            post.messenger.send(delivery)
        assert post.summary()["messages"] == 0
        return
    receipt = post.messenger.send(delivery)
    assert post.summary()["recipients"] == PEOPLE
    assert all(post.got(person)[0]["to_all"] for person in (post.people[0], post.people[-1]))
    assert post.messenger.recall(receipt.platform_id).state == "recalled"
    assert post.got(post.people[-1]) == []


def test_root_department_is_everybody_or_told_to_be_none(post: Post) -> None:
    delivery = post.delivery("text", departments=(str(post.root),))
    if post.name == "feishu":
        with pytest.raises(ConfigurationError, match="root department 0; Feishu takes none"):
            post.messenger.send(delivery)
        return
    post.messenger.send(delivery)
    assert post.summary()["recipients"] == PEOPLE


Shape = Callable[[Post, Kind], Delivery]
SHAPES: dict[str, Shape] = {
    "one": lambda post, kind: post.delivery(kind, post.people[0]),
    "several": lambda post, kind: post.delivery(kind, *post.people[:3]),
    "department": lambda post, kind: post.delivery(kind, post.people[0], departments=(post.top,)),
}
SHAPED = [(kind, shape) for kind in KINDS for shape in SHAPES]


def shaped(post: Post, kind: Kind, shape: str) -> Delivery:
    delivery = SHAPES[shape](post, kind)
    return dataclasses.replace(delivery, department_ids=()) if post.has_todos(delivery) else delivery


@pytest.mark.parametrize(("kind", "shape"), SHAPED)
def test_repeated_delivery_reaches_nobody_twice_where_it_may_be_repeated(post: Post, kind: Kind, shape: str) -> None:
    delivery = shaped(post, kind, shape)
    first, again = post.messenger.send(delivery), post.messenger.send(delivery)
    if seconds := post.messenger.idempotent_seconds(delivery):
        assert first == again
        post.move_clock(seconds - HOUR if seconds > HOUR else seconds - 30)
        assert post.messenger.send(delivery) == first
        assert len(post.got(post.people[0])) == 1
        return
    assert first.platform_id != again.platform_id
    # DingTalk drops for a day what somebody has had; Feishu's batches know no bounds.
    assert len(post.got(post.people[0])) == {"dingtalk": 1, "feishu": 2}[post.name]


@pytest.mark.parametrize(("kind", "shape"), SHAPED)
def test_other_key_or_text_is_another_message(post: Post, kind: Kind, shape: str) -> None:
    first, other = shaped(post, kind, shape), shaped(post, kind, shape)
    assert post.messenger.send(first).platform_id != post.messenger.send(other).platform_id
    assert len(post.got(post.people[0])) == 2


def test_same_text_under_another_key(post: Post) -> None:
    """WeCom and DingTalk look at the text; Feishu looks at the key."""
    delivery = post.delivery("text", post.people[0])
    first = post.messenger.send(delivery)
    other = post.messenger.send(dataclasses.replace(delivery, key="another-key-of-test"))
    assert (first.platform_id == other.platform_id, len(post.got(post.people[0]))) == {
        "dingtalk": (False, 1),
        "wecom": (True, 1),
        "feishu": (False, 2),
    }[post.name]


@pytest.mark.parametrize("kind", KINDS)
def test_repetition_after_its_time_is_sent_again(post: Post, kind: Kind) -> None:
    """So the time that the messenger tells is no shorter than need be, but for what lasts for good."""
    delivery = post.delivery(kind, post.people[0])
    seconds = post.messenger.idempotent_seconds(delivery)
    post.messenger.send(delivery)
    post.move_clock(max(seconds, DAY) + 1)
    post.messenger.send(delivery)
    lasts = post.name == "dingtalk" and kind == "todo"
    assert len(post.got(post.people[0])) == (1 if lasts else 2)


@pytest.mark.parametrize("organization", ["dingtalk"], indirect=True)
def test_same_content_on_the_same_day_is_told_as_delivered(post: Post) -> None:
    """DingTalk takes it and drops it for who has it: for them nothing is lost."""
    delivery = post.delivery("text", post.people[0])
    post.messenger.send(delivery)
    again = post.messenger.send(dataclasses.replace(delivery, people=tuple(post.people[:2])))
    outcomes = post.final_results(again.platform_id, *post.people[:2]).outcomes
    assert {outcome.state for outcome in outcomes.values()} == {"delivered"}
    assert "143106" in outcomes[post.people[0].user_id].reason
    assert [len(post.got(person)) for person in post.people[:2]] == [1, 1]


def test_invalid_receivers_are_refused_and_hold_nobody_up(post: Post) -> None:
    good, bad = post.people[:2], UNKNOWN_PERSON[post.name]
    delivery = post.delivery("card", *good, bad, departments=(UNKNOWN_DEPARTMENT[post.name],))
    receipt = post.messenger.send(delivery)
    assert post.refusals(receipt, *good, bad) == ({bad.user_id}, {UNKNOWN_DEPARTMENT[post.name]})
    assert [len(post.got(person)) for person in good] == [1, 1]


def test_person_who_left_is_refused(post: Post) -> None:
    left = post.people[5]
    while left.user_id not in post.organization.truth()["former"]:
        gone = post.organization.control("POST", "evolve", {"left": 20})["left"]
        left = next((person for person in post.people if person.user_id in gone), left)
    good = next(person for person in post.people if person.user_id not in post.organization.truth()["former"])
    receipt = post.messenger.send(post.delivery("text", good, left))
    assert post.refusals(receipt, good, left) == ({left.user_id}, set())
    assert (len(post.got(good)), post.got(left)) == (1, [])


@pytest.mark.parametrize("shape", ["person", "people", "department"])
def test_all_invalid_is_an_answer_and_no_error(post: Post, shape: str) -> None:
    bad = UNKNOWN_PERSON[post.name]
    other = dataclasses.replace(bad, user_id=f"{bad.user_id}2", open_id=f"{bad.open_id}2")
    people = {"person": (bad,), "people": (bad, other), "department": ()}[shape]
    departments = (UNKNOWN_DEPARTMENT[post.name],) if shape == "department" else ()
    receipt = post.messenger.send(post.delivery("text", *people, departments=departments))
    # DingTalk is asked for results of people only: of departments alone it tells no more than that it is done.
    told = () if post.name == "dingtalk" else departments
    assert post.refusals(receipt, *people) == ({person.user_id for person in people}, set(told))
    assert post.summary()["recipients"] == 0


def test_todo_reaches_the_others_where_somebody_cannot_have_it(post: Post) -> None:
    good, bad = post.people[0], UNKNOWN_PERSON[post.name]
    if post.name == "dingtalk":
        # It tells of nobody in particular: a person without a union id never gets as far as that.
        bad = dataclasses.replace(bad, union_id=None)
    receipt = post.messenger.send(post.delivery("todo", good, bad))
    assert set(receipt.refused) == {bad.user_id}
    assert all(receipt.refused.values())
    assert len(post.got(good)) == 1


@pytest.mark.parametrize("organization", ["dingtalk"], indirect=True)
def test_dingtalk_todo_with_an_unknown_union_id_is_refused_for_all(post: Post) -> None:
    with pytest.raises(RefusedError) as raised:
        post.messenger.send(post.delivery("todo", post.people[0], UNKNOWN_PERSON["dingtalk"]))
    assert raised.value.leaves_doubt is False
    assert post.got(post.people[0]) == []


def stranger(post: Post, number: int) -> Person:
    bad = UNKNOWN_PERSON[post.name]
    return Person(f"{bad.user_id}{number}", f"{bad.union_id}{number}", f"{bad.open_id}{number}")


def test_largest_call_is_taken_and_a_larger_one_is_stopped_before(post: Post) -> None:
    limits = post.messenger.limits
    people = (post.people + [stranger(post, number) for number in range(limits.people_per_call)])[: limits.people_per_call]
    known = [str(each["id"]) for each in post.truth["departments"] if each["parent_id"] == post.root and each["kind"] == "company"][:1]
    departments = (known + [f"{UNKNOWN_DEPARTMENT[post.name]}{number}" for number in range(limits.departments_per_call)])[
        : limits.departments_per_call
    ]
    delivery = post.delivery("text", *people, departments=tuple(departments))
    assert post.messenger.send(delivery).platform_id
    assert len(post.got(post.people[0])) == 1
    for larger in (
        dataclasses.replace(delivery, people=(*people, stranger(post, 5000))),
        dataclasses.replace(delivery, department_ids=(*departments, "5000")),
    ):
        with pytest.raises(ConfigurationError, match="a call takes"):
            post.messenger.send(larger)


@pytest.mark.parametrize("organization", ["dingtalk", "feishu"], indirect=True)
def test_todo_for_as_many_as_it_takes(post: Post) -> None:
    most = post.messenger.limits.people_per_todo
    assert post.messenger.send(post.delivery("todo", *post.people[:most])).refused == {}
    assert len(post.got(post.people[most - 1])) == 1
    with pytest.raises(ConfigurationError, match=f"a call takes {most}"):
        post.messenger.send(post.delivery("todo", *post.people[: most + 1]))


@pytest.mark.parametrize("length", [1, 9, 51, 101, 300])
@pytest.mark.parametrize("kind", ["text", "todo"])
def test_key_may_have_any_length(post: Post, kind: Kind, length: int) -> None:
    """And two that begin alike are two."""
    first, other = (dataclasses.replace(post.delivery(kind, post.people[0]), key="k" * (length - 1) + end) for end in "ab")
    receipt = post.messenger.send(first)
    assert post.messenger.send(other).platform_id != receipt.platform_id
    if post.messenger.idempotent_seconds(first):
        assert post.messenger.send(first) == receipt
    assert len(post.got(post.people[0])) == 2


@pytest.mark.parametrize("organization", ["feishu"], indirect=True)
@pytest.mark.parametrize("kind", ["text", "todo"])
@pytest.mark.parametrize("count", [1, 2])
def test_feishu_person_is_known_by_user_id_by_open_id_or_by_both(post: Post, kind: Kind, count: int) -> None:
    """Where people are keyed by open_id, their `user_id` is one."""
    spellings: list[Callable[[Person], Person]] = [
        lambda person: person,
        lambda person: Person(person.user_id),
        lambda person: Person(str(person.open_id)),
    ]
    for spell in spellings:
        post.messenger.send(post.delivery(kind, *map(spell, post.people[:count])))
    assert [len(post.got(person)) for person in post.people[:count]] == [3] * count


@pytest.mark.parametrize("organization", ["feishu"], indirect=True)
def test_feishu_person_outside_the_availability(post: Post) -> None:
    """Told of a single message; in a batch such a person counts as valid and is never served, so its results stay open."""
    inside, outside = post.people[:2]
    post.organization.set(available_departments=[], available_users=[inside.user_id])
    refused = post.messenger.send(post.delivery("text", outside))
    assert (refused.platform_id, "可用范围" in refused.refused[outside.user_id]) == ("", True)
    batch = post.messenger.send(post.delivery("text", inside, outside))
    assert batch.refused == {}
    for _ in range(3):
        results = post.messenger.fetch_results(batch.platform_id, [inside, outside])
    assert (results.is_final, {outcome.state for outcome in results.outcomes.values()}) == (False, {"sent"})
    assert [len(post.got(person)) for person in (inside, outside)] == [1, 0]


@pytest.mark.parametrize("count", [1, 2])
def test_results_tell_who_got_it_and_who_read_it(post: Post, count: int) -> None:
    people = post.people[:count]
    platform_id = post.messenger.send(post.delivery("text", *people)).platform_id
    results = post.final_results(platform_id, *people)
    if not post.messenger.limits.has_results:
        assert results == Results({}, is_final=True)
        return
    assert results.outcomes == {person.user_id: Outcome("delivered") for person in people}
    for person in people:
        post.organization.control("POST", "inbox/read", {"user": person.user_id, "platform_id": platform_id})
    assert post.final_results(platform_id, *people).outcomes == {person.user_id: Outcome("read") for person in people}


@pytest.mark.parametrize("organization", ["feishu"], indirect=True)
def test_who_may_send_need_not_see_who_read_it(post: Post) -> None:
    """Feishu opens the two with scopes of their own."""
    post.organization.set(permissions=["im:message:send_as_bot"])
    platform_id = post.messenger.send(post.delivery("text", post.people[0])).platform_id
    post.organization.control("POST", "inbox/read", {"user": post.people[0].user_id, "platform_id": platform_id})
    assert post.final_results(platform_id, post.people[0]).outcomes == {post.people[0].user_id: Outcome("delivered")}
    assert post.messenger.recall(platform_id).state == "recalled"


@pytest.mark.parametrize("organization", ["dingtalk", "feishu"], indirect=True)
def test_results_of_what_is_under_way_are_not_final(post: Post) -> None:
    post.organization.set(**({"send_seconds": 1000} if post.name == "dingtalk" else {"progress_polls": 1}))
    platform_id = post.messenger.send(post.delivery("text", *post.people[:2])).platform_id
    assert post.messenger.fetch_results(platform_id, post.people[:2]) == Results({}, is_final=False)
    post.move_clock(2000)
    assert post.messenger.fetch_results(platform_id, post.people[:2]).is_final


def test_results_of_departments_come_to_an_end(post: Post) -> None:
    platform_id = post.messenger.send(post.delivery("text", departments=(post.top,))).platform_id
    results = post.final_results(platform_id)
    assert (results.outcomes, results.refused_departments) == ({}, {})


def test_results_of_more_people_than_are_told_one_by_one(post: Post) -> None:
    """A department's message asked about with its people, as whoever unfolds a department would."""
    people = [person for person in post.people if person.user_id in post.people_below(post.top)]
    platform_id = post.messenger.send(post.delivery("text", departments=(post.top,))).platform_id
    assert post.final_results(platform_id, *people[:150]).is_final


def test_results_of_one_person_and_a_large_department_come_to_an_end(post: Post) -> None:
    """DingTalk has no result for so many, and nobody told it that the person is one of them."""
    if post.name == "dingtalk":
        post.organization.set(most_results=2)
    person = post.people[0]
    platform_id = post.messenger.send(post.delivery("text", person, departments=(post.top,))).platform_id
    results = post.final_results(platform_id, person)
    assert {outcome.state for outcome in results.outcomes.values()} <= {"sent"}


@pytest.mark.parametrize(("kind", "shape"), SHAPED)
def test_recalled_message_is_gone_from_every_inbox(post: Post, kind: Kind, shape: str) -> None:
    delivery = shaped(post, kind, shape)
    platform_id = post.messenger.send(delivery).platform_id
    assert len(post.got(post.people[0])) == 1
    take_back = post.messenger.delete_todo if kind == "todo" else post.messenger.recall
    assert take_back(platform_id).state == "recalled"
    assert post.got(post.people[0]) == []
    assert take_back(platform_id).state == "recalled"


@pytest.mark.parametrize("shape", SHAPES)
def test_recall_after_its_time_is_told_and_takes_nothing_away(post: Post, shape: str) -> None:
    platform_id = post.messenger.send(shaped(post, "card", shape)).platform_id
    post.move_clock(post.messenger.limits.recall_hours * HOUR + 60)
    recall = post.messenger.recall(platform_id)
    # DingTalk has one code for a message that is too old and for none at all; on Feishu the company says how long it may be.
    assert recall.state == ("failed" if post.name == "dingtalk" else "too_late")
    assert ("administrator sets how long" if post.name == "feishu" else "24 hours") in recall.reason
    assert len(post.got(post.people[0])) == 1


def test_recall_just_before_its_time_is_over(post: Post) -> None:
    platform_id = post.messenger.send(post.delivery("card", post.people[0])).platform_id
    post.move_clock(post.messenger.limits.recall_hours * HOUR - 60)
    assert post.messenger.recall(platform_id).state == "recalled"


def test_recall_of_what_never_was_is_an_answer(post: Post) -> None:
    unknown = {"dingtalk": "404", "wecom": "nothing", "feishu": "om_nothing"}[post.name]
    recall = post.messenger.recall(unknown)
    assert recall.state == ("recalled" if post.name == "feishu" else "failed")
    assert recall.reason


def test_todo_lives_from_open_to_done_to_deleted(post: Post) -> None:
    people = post.people[:2]
    delivery = post.delivery("todo", *people)
    platform_id = post.messenger.send(delivery).platform_id
    if not post.has_todos(delivery):
        for change in (
            lambda: post.messenger.update_todo(platform_id, delivery.content),
            lambda: post.messenger.complete_todo(platform_id),
        ):
            with pytest.raises(RefusedError, match="no todos for self-built apps"):
                change()
        assert post.messenger.delete_todo(platform_id).state == "recalled"
        assert post.got(people[0]) == []
        return
    (todo,) = post.got(people[1])
    assert (todo["state"], todo["due_at"], len(todo["executors"])) == ("open", DUE.timestamp(), 2)
    changed = post.content("todo", title="部门调整（二）", body="已改期", due_at=DUE + timedelta(days=2))
    post.messenger.update_todo(platform_id, changed)
    (todo,) = post.got(people[1])
    assert (todo["title"], todo["text"], todo["due_at"]) == (changed.title, changed.body, DUE.timestamp() + 2 * DAY)
    for _ in range(2):
        post.messenger.complete_todo(platform_id)
        assert [(todo["state"], todo["done"]) for person in people for todo in post.got(person)] == [("done", True)] * 2
    assert post.messenger.fetch_results(platform_id, people) == Results({}, is_final=True)
    for _ in range(2):
        assert post.messenger.delete_todo(platform_id).state == "recalled"
        assert post.got(people[0]) == []
    with pytest.raises(RefusedError):
        post.messenger.update_todo(platform_id, changed)


@pytest.mark.parametrize(("kind", "shape"), SHAPED)
def test_lost_answer_leaves_doubt_and_a_repetition_is_as_safe_as_told(post: Post, kind: Kind, shape: str) -> None:
    delivery = shaped(post, kind, shape)
    post.fail("lost_answer")
    with pytest.raises(UnreachableError) as raised:
        post.messenger.send(delivery)
    assert raised.value.leaves_doubt is True
    assert len(post.got(post.people[0])) == 1
    post.organization.control("DELETE", "faults")
    if post.messenger.idempotent_seconds(delivery):
        receipt = post.messenger.send(delivery)
        assert len(post.got(post.people[0])) == 1
        take_back = post.messenger.delete_todo if kind == "todo" else post.messenger.recall
        assert take_back(receipt.platform_id).state == "recalled"
        assert post.got(post.people[0]) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_answer_lost_once_is_repeated_by_itself_where_that_is_safe(post: Post, shape: str) -> None:
    delivery = shaped(post, "card", shape)
    post.fail("lost_answer", calls=[1])
    if post.messenger.idempotent_seconds(delivery):
        assert post.messenger.send(delivery).platform_id
    else:
        with pytest.raises(UnreachableError) as raised:
            post.messenger.send(delivery)
        assert raised.value.leaves_doubt is True
    assert len(post.got(post.people[0])) == 1
    assert post.summary()["duplicates"] == 0


def test_doubt_stays_when_another_failure_follows_the_lost_answer(post: Post) -> None:
    """On DingTalk a todo, as its other messages are not tried again after a lost answer."""
    delivery = post.delivery("todo" if post.name == "dingtalk" else "card", post.people[0])
    post.fail("lost_answer", calls=[1])
    post.fail("throttle", **{"from": 2})
    with pytest.raises(ThrottledError) as raised:
        post.messenger.send(delivery)
    assert raised.value.leaves_doubt is True


@pytest.mark.parametrize(
    ("kind", "is_doubtful"),
    [("reset", True), ("truncated_json", True), ("http_502", True), ("html", True), ("throttle", False), ("busy", False)],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_only_an_answer_that_says_so_leaves_no_doubt(post: Post, kind: str, is_doubtful: bool, shape: str) -> None:
    post.fail(kind)
    with pytest.raises(PlatformError) as raised:
        post.messenger.send(shaped(post, "text", shape))
    assert raised.value.leaves_doubt is is_doubtful


def test_token_that_expired_is_renewed_and_the_message_goes_once(post: Post) -> None:
    post.messenger.send(post.delivery("text", post.people[0]))
    post.organization.control("POST", "tokens/expire")
    delivery = post.delivery("text", post.people[0])
    post.messenger.send(delivery)
    assert len(post.got(post.people[0])) == 2
    assert_says(post.got(post.people[0])[0], delivery.content)


NO_SCOPE = ["contact:contact.base:readonly"]
REFUSALS: dict[str, tuple[str, dict[str, Any], Kind, str, type[PlatformError], str]] = {
    "no app of this AgentId": ("dingtalk", {"agent_id": 5}, "text", "one", RefusedError, "agent_id"),
    "too many below a department": ("dingtalk", {"receivers_per_send": 1}, "text", "department", RefusedError, "41029"),
    "no permission for todos": ("dingtalk", {"permissions": ["qyapi_base"]}, "todo", "one", PermissionDeniedError, "Todo.Todo.Write"),
    "AgentId of another app": ("wecom", {"agent_id": 5}, "text", "one", PlatformError, "301002"),
    "receivers of a day": ("wecom", {"account_cap": 1}, "text", "department", ThrottledError, "45009"),
    "app without a bot": ("feishu", {"bot_enabled": False}, "text", "one", PermissionDeniedError, "机器人"),
    "app without a bot, to several": ("feishu", {"bot_enabled": False}, "text", "several", PermissionDeniedError, "机器人"),
    "no scope for messages": ("feishu", {"permissions": NO_SCOPE}, "text", "one", PermissionDeniedError, "im:message"),
    "no scope for several": ("feishu", {"permissions": ["im:message"]}, "text", "several", PermissionDeniedError, "send_multi_users"),
    "no scope for departments": (
        "feishu",
        {"permissions": ["im:message"]},
        "text",
        "department",
        PermissionDeniedError,
        "send_multi_depts",
    ),
    "no scope for tasks": ("feishu", {"permissions": NO_SCOPE}, "todo", "one", PermissionDeniedError, "task:task:write"),
    "receivers of batches in a day": ("feishu", {"batch_receivers_per_day": 1}, "text", "several", PlatformError, "11247"),
}


@pytest.mark.parametrize(
    ("organization", "settings", "kind", "shape", "error", "said"), REFUSALS.values(), ids=REFUSALS.keys(), indirect=["organization"]
)
def test_refused_send_says_what_to_do_and_reaches_nobody(
    post: Post, settings: dict[str, Any], kind: Kind, shape: str, error: type[PlatformError], said: str
) -> None:
    if shape == "department" and post.name == "wecom":
        shape, post.top = "department", str(post.root)  # more than the 200 of one account
    delivery = shaped(post, kind, shape)
    post.organization.set(**settings)
    with pytest.raises(error, match=re.escape(said)) as raised:
        post.messenger.send(delivery)
    assert raised.value.leaves_doubt is False
    assert post.got(post.people[0]) == []


@pytest.mark.parametrize("kind", ["text", "todo"])
@pytest.mark.parametrize("fault", ["lost_answer", "throttle", "html"])
def test_error_of_a_send_tells_neither_people_nor_text(post: Post, caplog: pytest.LogCaptureFixture, kind: Kind, fault: str) -> None:
    delivery = post.delivery(kind, *post.people[:2])
    post.fail(fault)
    with pytest.raises(PlatformError) as raised, caplog.at_level(logging.DEBUG):
        post.messenger.send(delivery)
    error = "".join(traceback.format_exception(raised.value)) + json.dumps(vars(raised.value), default=str)
    content, person = delivery.content, post.people[0]
    secret = post.organization.sandbox.connection(post.name)["password"]
    assert not [each for each in (person.user_id, person.union_id, person.open_id) if each and each in error]
    assert not [each for each in (content.title, content.body, content.url, secret) if each in error + caplog.text]


FIELDS: list[tuple[Kind, str]] = [(kind, name) for kind in KINDS for name in ("title", "body", "url")]
STARTS = {"title": "", "body": "", "url": "https://a/"}


def longest(post: Post, content: Content, name: str, piece: str) -> int:
    """How often `piece` fits into a field before there is a problem; 0 if nothing is too much."""
    fits, fails = 1, 1 << 18
    if not post.messenger.find_problems(with_length(content, name, piece, fails)):
        return 0
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if post.messenger.find_problems(with_length(content, name, piece, middle)):
            fails = middle
        else:
            fits = middle
    return fits


def with_length(content: Content, name: str, piece: str, times: int) -> Content:
    return dataclasses.replace(content, **{name: STARTS[name] + piece * times})


@pytest.mark.parametrize("piece", ["a", "通"])
@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_too_long_is_found_exactly_where_it_is_refused(post: Post, kind: Kind, name: str, piece: str) -> None:
    """In a message to several, which Feishu wraps once more than one to a single person."""
    if "long_text" in post.organization.control("GET", "settings"):
        post.organization.set(long_text="refuse")
    content = post.content(kind)
    most = longest(post, content, name, piece)
    assert most
    people = post.people[:2]
    fitting = Delivery(with_length(content, name, piece, most), "fitting-of-test", people=tuple(people))
    assert post.messenger.send(fitting).platform_id
    assert len(post.got(people[0])) == 1
    too_long = Delivery(with_length(content, name, piece, most + 1), "too-long-of-test", people=tuple(people))
    with pytest.raises(RefusedError) as raised:
        post.messenger.send(too_long)
    assert raised.value.leaves_doubt is False
    assert len(post.got(people[0])) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", ["title", "body", "url"])
def test_what_a_kind_cannot_be_without_is_found_where_it_is_refused(post: Post, kind: Kind, missing: str) -> None:
    """Here a messenger may ask for more than its platform does, and never for less."""
    content = post.content(kind, **{missing: ""})
    if post.messenger.find_problems(content):
        return
    assert post.messenger.send(Delivery(content, "missing-of-test", people=(post.people[0],))).platform_id
    assert len(post.got(post.people[0])) == 1


@pytest.mark.parametrize("url", ["work.example.com/a", "ftp://a.example/b", "dingtalk://page", "HTTPS://A.example/"])
@pytest.mark.parametrize("kind", KINDS)
def test_link_that_is_refused_is_found_before(post: Post, kind: Kind, url: str) -> None:
    content = post.content(kind, url=url)
    if post.messenger.find_problems(content):
        return
    assert post.messenger.send(Delivery(content, "link-of-test", people=(post.people[0],))).platform_id
    assert_says(post.got(post.people[0])[0], content)


def test_every_platform_sends(sandbox: RunningSandbox) -> None:
    assert tuple(INTERFACES) == PLATFORM_NAMES
