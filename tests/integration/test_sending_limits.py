"""What a platform would drop at its limits without a word is not lost: all of it arrives, later, and nothing is told that is not so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import RLock

import pytest

from orgsync.outbox import sending
from orgsync.outbox.delivery import Worker
from orgsync.outbox.personal import HELD
from orgsync.platforms.sending.messages import Messenger
from orgsync.tenants import Tenant
from tests.integration.office import Clock, Office, open_office
from tests.integration.test_sending import hurry
from tests.integration.world import World, set_platform, world_on

PLATFORM_COUNTS = {
    "slides": {"limits_slide": True},
    "begins at another second": {"limits_slide": False, "limits_offset_seconds": 37.5},
}


@pytest.fixture(params=PLATFORM_COUNTS)
def counting(request: pytest.FixtureRequest, world: World) -> None:
    for platform in ("dingtalk", "wecom", "feishu"):
        world.sandbox.control("PUT", f"{platform}/settings", PLATFORM_COUNTS[request.param])


@pytest.fixture
def wecom_office(world: World, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_office(world_on(world, monkeypatch, "wecom"))


class SharedClock(Clock):
    """For several workers: whoever pauses first moves the time for all."""

    lock = RLock()

    def move(self, **time: float) -> None:
        with self.lock:
            super().move(**time)


def work_together(office: Office, *, workers: int, hours: float = 1) -> None:
    """A worker's calls under way are not lost when another lets time leap."""
    office.clock = SharedClock(office.world, office.clock.ahead)

    def work(number: int) -> None:
        worker = Worker(clock=office.clock, pause=office.clock.pause, lease=timedelta(hours=3), name=f"worker {number}")
        sending.push(office.world.settings, office.tenant, run_for=timedelta(hours=hours), worker=worker)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))


def dropped(office: Office) -> int:
    return int(office.world.control("GET", "inbox/summary")["dropped"])


def queue_texts(office: Office, person: str, *, texts: int) -> list[int]:
    return [office.enqueue(body=f"第 {number} 条。", audience={"users": [person]}) for number in range(texts)]


def check_all_arrived(office: Office, person: str, messages: list[int]) -> None:
    assert dropped(office) == 0
    assert {office.state(message) for message in messages} <= {"sent", "delivered"}
    got = office.got(person)
    assert all(any(f"第 {number} 条。" in each for each in got) for number in range(len(messages)))
    assert len(got) == len(messages)


@pytest.mark.usefixtures("counting")
@pytest.mark.parametrize("workers", [1, 2])
def test_fifty_five_messages_to_one_person(wecom_office: Office, workers: int) -> None:
    office, person = wecom_office, wecom_office.people()[0]
    messages = queue_texts(office, person, texts=55)
    office.clock.move(seconds=7.3)
    work_together(office, workers=workers)
    check_all_arrived(office, person, messages)


@pytest.mark.usefixtures("counting")
def test_sixty_five_that_have_waited_for_the_platform_to_come_back(wecom_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their time has come for all of them at once."""
    office, person = wecom_office, wecom_office.people()[0]
    messages = queue_texts(office, person, texts=65)
    office.world.control("POST", "faults", {"kind": "busy", "interface": "messages"})
    with monkeypatch.context() as patch:
        hurry(patch)
        for _ in range(4):
            office.push()
            office.clock.move(minutes=5)
    office.world.control("DELETE", "faults")
    assert office.got(person) == []
    office.push(seconds=3600)
    check_all_arrived(office, person, messages)


def test_an_hour_has_a_limit_of_its_own(wecom_office: Office) -> None:
    office, person = wecom_office, wecom_office.people()[0]
    office.world.control("PUT", "settings", {"messages_per_member_per_hour": 1000})
    remember_sends(office, person, sends=990, minutes_ago=30)
    messages = queue_texts(office, person, texts=15)
    office.push()
    assert len(office.got(person)) == 10
    assert {office.message(message)["reason"] for message in messages if office.state(message) == "claimed"} == {HELD}
    office.follow(minutes=29)
    assert len(office.got(person)) == 10
    office.follow(minutes=2)
    check_all_arrived(office, person, messages)


def remember_sends(office: Office, person: str, *, sends: int, minutes_ago: float) -> None:
    """As if the person had been sent so many messages, at that time."""
    at = office.clock() - timedelta(minutes=minutes_ago)
    office.world.query(
        """
        with message as (
            insert into notify.message (
                tenant_id, kind, title, body, url, audience, priority, not_before, source, content_digest, next_attempt_at, state
            )
            select 'acme', 'text', '', 'b', '', '{}', 5, now(), '', '', now(), 'sent' from generate_series(1, %s)
            returning message_id
        ), delivery as (
            insert into notify.delivery (tenant_id, message_id, people, priority, next_attempt_at, state)
            select 'acme', message_id, 1, 5, now(), 'sent' from message
            returning delivery_id, message_id
        ), recipient as (
            insert into notify.recipient (message_id, user_id, state, delivery_id)
            select message_id, %s, 'sent', delivery_id from delivery
        )
        insert into notify.attempt (tenant_id, delivery_id, action, outcome, people, started_at, finished_at)
        select 'acme', delivery_id, 'send', 'sent', 1, %s, %s from delivery
        """,
        sends,
        person,
        at,
        at,
    )


def allow(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    """As if the platform allowed so much."""
    open_messenger = sending.open_messenger

    def open_limited(tenant: Tenant) -> Messenger:
        messenger = open_messenger(tenant)
        messenger.limits = replace(messenger.limits, **limits)
        return messenger

    monkeypatch.setattr(sending, "open_messenger", open_limited)


def test_five_a_second_to_one_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Feishu refuses what is more; nothing has to be refused."""
    office = open_office(world_on(world, monkeypatch, "feishu"))
    person = office.people()[0]
    messages = queue_texts(office, person, texts=22)
    office.world.control("DELETE", "calls")
    office.push(seconds=600)
    check_all_arrived(office, person, messages)
    assert office.world.control("GET", "calls")["refusals"] == {}


@pytest.mark.usefixtures("counting")
@pytest.mark.parametrize("workers", [1, 2])
def test_more_people_than_a_minute_takes(world: World, workers: int) -> None:
    office = open_office(world, people=1650)
    message = office.enqueue(body="每分钟", audience={"users": office.people()})
    office.clock.move(seconds=3.3)
    work_together(office, workers=workers, hours=0.1)
    assert (dropped(office), len(office.calls())) == (0, 17)
    assert office.world.control("GET", "inbox/summary")["recipients"] == 1650
    assert office.state(message) == "sent"


def test_slow_calls_count_from_their_end(world: World) -> None:
    """The platform counts them when they arrive, which is later than they began."""
    world.control("PUT", "settings", {"receivers_per_minute": 1500})
    office = open_office(world, people=1650)
    office.enqueue(body="慢", audience={"users": office.people()})
    office.world.control("POST", "faults", {"kind": "slow", "interface": "messages", "seconds": 1.5, "calls": [1, 2, 3]})
    office.push(seconds=300)
    assert dropped(office) == 0


class TestPersonAtTheirLimit:
    def test_holds_nobody_who_is_named_with_them(self, wecom_office: Office) -> None:
        office, [busy, *others] = wecom_office, wecom_office.people()[:10]
        queue_texts(office, busy, texts=30)
        office.push()
        message = office.enqueue(body="大家", audience={"users": [busy, *others]})
        shared = office.enqueue(body="大家", audience={"users": [busy]})
        office.push()
        assert office.readers_of("大家") == set(others)
        assert office.recipients(message) == {busy: "pending", **dict.fromkeys(others, "sent")}
        assert (office.state(message), office.message(message)["reason"]) == ("claimed", HELD)
        office.follow(minutes=1, seconds=5)
        assert office.readers_of("大家") == {busy, *others}
        assert (office.state(message), office.state(shared), dropped(office)) == ("sent", "sent", 0)
        assert len(office.calls()) == 32

    def test_holds_a_call_to_everybody_for_a_minute(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        office = open_office(world, people=150)
        allow(monkeypatch, messages_per_person_per_minute=2)
        queue_texts(office, office.people()[0], texts=2)
        office.push()
        message = office.enqueue(body="全体", audience={"everyone": True})
        office.push()
        assert (office.state(message), office.message(message)["reason"], len(office.calls())) == ("claimed", HELD, 2)
        office.follow(minutes=1, seconds=5)
        assert office.readers_of("全体") == set(office.people())
        assert (office.state(message), office.calls()[-1]["to_all"], len(office.calls())) == ("sent", True, 3)

    def test_does_not_hold_a_call_to_everybody_for_a_day(self, world: World) -> None:
        """DingTalk leaves them out of it; they get it by a call of their own, when they may."""
        office = open_office(world, people=150)
        busy = office.people()[0]
        remember_sends(office, busy, sends=499, minutes_ago=60)
        office.world.control("PUT", "settings", {"messages_per_user_per_day": 1})
        queue_texts(office, busy, texts=1)
        office.push()
        message = office.enqueue(body="全体", audience={"everyone": True})
        office.push()
        assert office.readers_of("全体") == set(office.people()) - {busy}
        assert office.recipients(message)[busy] == "pending"
        assert (office.state(message), office.message(message)["reason"]) == ("claimed", HELD)
        office.follow(hours=24, seconds=5)
        assert office.readers_of("全体") == set(office.people())
        assert office.state(message) == "sent"

    def test_who_is_taken_back_meanwhile_gets_nothing(self, wecom_office: Office) -> None:
        office, [busy, other] = wecom_office, wecom_office.people()[:2]
        queue_texts(office, busy, texts=30)
        office.push()
        message = office.enqueue(body="算了", audience={"users": [busy, other]})
        office.push()
        office.ask("select notify.recall(%(id)s)", {"id": message})
        office.follow(minutes=1, seconds=5)
        assert office.state(message) == "recalled"
        assert office.readers_of("算了") == set()

    def test_a_call_in_doubt_is_made_again_as_it_was(self, wecom_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        """WeCom knows it by its body."""
        office, [busy, other] = wecom_office, wecom_office.people()[:2]
        queue_texts(office, busy, texts=29)
        office.push()
        office.world.control("POST", "faults", {"kind": "lost_answer", "interface": "messages", "calls": [1]})
        message = office.enqueue(body="存疑", audience={"users": [busy, other]})
        with monkeypatch.context() as patch:
            hurry(patch)
            office.push()
        office.world.control("DELETE", "faults")
        office.follow(seconds=5)
        assert set(office.recipients(message).values()) == {"unknown"}
        office.follow(minutes=1, seconds=5)
        assert (office.state(message), dropped(office), len(office.calls())) == ("sent", 0, 30)
        assert office.world.control("GET", "inbox/summary")["duplicates"] == 0


class TestDroppedWithoutAWord:
    """DingTalk's limits may be lower than its pages say; whom it left out is in the results."""

    def test_too_many_in_a_minute_is_sent_again(self, dingtalk_office: Office) -> None:
        office, people = dingtalk_office, dingtalk_office.people()[:50]
        office.world.control("PUT", "settings", {"receivers_per_minute": 30})
        message = office.enqueue(body="分两次", audience={"users": people})
        office.push()
        office.follow(seconds=11)
        assert dropped(office) == 20
        assert sorted(office.recipients(message).values()) == ["delivered"] * 30 + ["pending"] * 20
        assert office.state(message) == "claimed"
        assert "143103" in office.message(message)["reason"]
        office.follow(minutes=1, seconds=3)
        assert office.readers_of("分两次") == set(people)
        office.follow(seconds=11)
        assert set(office.recipients(message).values()) == {"delivered"}
        assert office.state(message) == "delivered"
        assert office.world.control("GET", "inbox/summary")["duplicates"] == 0

    def test_all_that_they_may_have_today_is_sent_tomorrow(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        office.world.control("PUT", "settings", {"messages_per_user_per_day": 1})
        person = office.people()[0]
        office.enqueue(body="第一条", audience={"users": [person]})
        second = office.enqueue(body="第二条", audience={"users": [person]})
        office.push(parallel=1)
        office.follow(seconds=11)
        assert office.state(second) == "claimed"
        assert "143105" in office.message(second)["reason"]
        office.follow(hours=13)
        assert office.state(second) == "claimed"
        office.follow(hours=2)
        office.follow(seconds=11)
        assert office.state(second) == "delivered"
        assert len(office.got(person)) == 2

    def test_not_for_ever(self, dingtalk_office: Office) -> None:
        office, [person, other] = dingtalk_office, dingtalk_office.people()[:2]
        office.world.control("PUT", "settings", {"receivers_per_minute": 1})
        message = office.enqueue(body="永远满", audience={"users": [person]})
        for number in range(13):
            office.enqueue(body=f"占位 {number}", audience={"users": [other]}, priority=9)
            office.push(parallel=1)
            office.follow(seconds=11)
            office.clock.move(minutes=2)
        assert office.state(message) == "failed"
        assert "143103" in office.message(message)["reason"]
        assert len(office.got(other)) == 13

    def test_expired_meanwhile_is_not_sent(self, dingtalk_office: Office) -> None:
        office, people = dingtalk_office, dingtalk_office.people()[:3]
        office.world.control("PUT", "settings", {"receivers_per_minute": 2})
        message = office.enqueue(
            body="过期", audience={"users": people}, not_before=office.clock(), expires_at=office.clock() + timedelta(seconds=40)
        )
        office.clock.move(seconds=1)
        office.push()
        office.follow(seconds=11)
        office.follow(minutes=2)
        assert office.state(message) == "partly"
        assert "expired" in office.message(message)["reason"]
        assert len(office.readers_of("过期")) == 2


def test_what_is_booked_is_what_was_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends, tries, questions that take one call or three, todos, recalls, calls that never got there."""
    world.control("PUT", "settings", {"billable_calls_per_month": 5000, "send_seconds": 15})
    office = open_office(world)
    people = office.people()
    messages = [office.enqueue(body=f"第 {number} 条", audience={"users": people[number : number + 2]}) for number in range(5)]
    office.enqueue("todo", audience={"users": people[:2]})
    world.control("POST", "faults", {"kind": "busy", "interface": "messages", "calls": [2]})
    world.control(
        "POST", "faults", {"kind": "http_500", "interface": "topapi/message/corpconversation/getsendprogress", "calls": [1, 2, 3]}
    )
    world.control("POST", "faults", {"kind": "throttle", "interface": "topapi/message/corpconversation/getsendresult", "calls": [4]})
    office.push()
    office.ask("select notify.recall(%(id)s)", {"id": messages[0]})
    for _ in range(4):
        office.follow(seconds=11)
    office.follow(minutes=2)
    set_platform(monkeypatch, world.sandbox, host="http://127.0.0.1:9")
    office.enqueue(body="没有连接", audience={"users": people[:1]})
    office.push()
    made = office.world.control("GET", "calls")
    struck = sum(fault["struck"] for fault in world.control("GET", "faults")["faults"] if fault["kind"] in ("busy", "http_500"))
    # What a fault strikes never comes so far that the sandbox bills it.
    [(booked,)] = office.world.query("select sum(calls) from notify.attempt")
    assert struck > 1
    assert booked == made["billable_calls_this_month"] + struck
    [told] = sending.read_quota(office.world.settings, "acme", clock=office.clock)
    assert told["gauges"][0]["used"] == booked
