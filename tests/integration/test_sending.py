"""From a message queued in SQL to the people who got it, on each platform: who, how often, in how many calls, and what is remembered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from orgsync.errors import ConfigurationError, CredentialError, PermissionDeniedError
from orgsync.outbox import sending
from orgsync.outbox.queueing import Audience, Message
from orgsync.platforms.sending.messages import Content
from tests.integration.office import URL, Office, open_office
from tests.integration.world import World, set_platform, world_on

SENDS = {"dingtalk": "topapi/message/corpconversation/asyncsend_v2", "wecom": "message/send", "feishu": "message/v4/batch_send/"}


def attempts(office: Office) -> list[str]:
    return [
        f"{action} {outcome}" for action, outcome in office.world.query("select action, outcome from notify.attempt order by attempt_id")
    ]


class TestWhoGetsIt:
    def test_everybody(self, office: Office) -> None:
        message = office.enqueue("announcement", body="全员公告")
        office.push()
        assert office.readers_of("全员公告") == set(office.people()) == set(office.recipients(message))
        assert set(office.recipients(message).values()) == {"sent"}

    def test_a_department_with_all_below_it(self, office: Office) -> None:
        top = office.world.query("select department_id from org.department_tree where depth = 2 order by 1")[0][0]
        office.enqueue(audience={"departments": [top]}, body="部门通知")
        office.push()
        assert office.readers_of("部门通知") == office.below(top)

    def test_people_by_name_and_departments_together(self, office: Office) -> None:
        department = office.departments()[-1]
        stranger = next(person for person in office.people() if person not in office.below(department))
        office.enqueue(audience={"departments": [department], "users": [stranger]}, body="混合")
        office.push()
        assert office.readers_of("混合") == office.below(department) | {stranger}

    def test_a_saved_query(self, office: Office) -> None:
        office.world.query(
            "insert into notify.audience_query values ('acme', 'first', "
            "'select user_id from org.users where tenant_id = ''acme'' order by user_id limit 3;')"
        )
        office.enqueue(audience={"query": "first"}, body="查询")
        office.push()
        assert office.readers_of("查询") == set(office.people()[:3])

    @pytest.mark.parametrize(
        "statement",
        ["delete from notify.attempt returning ''x'' as user_id", "select nonsense", "select user_id from org.users where 1 / 0 > 1"],
    )
    def test_a_saved_query_that_is_wrong_fails_its_message_and_no_other(self, dingtalk_office: Office, statement: str) -> None:
        office = dingtalk_office
        office.world.query(f"insert into notify.audience_query values ('acme', 'bad', '{statement}')")
        wrong, right = office.enqueue(audience={"query": "bad"}, body="错"), office.enqueue(body="对")
        office.push()
        assert (office.state(wrong), office.state(right)) == ("failed", "sent")
        assert "its saved audience 'bad' cannot be asked" in office.message(wrong)["reason"]

    def test_who_joined_since_it_was_queued_and_not_who_left(self, office: Office) -> None:
        message = office.enqueue(body="发送时解析")
        before = set(office.people())
        office.world.control("POST", "evolve", {"rate": 0.3})
        office.world.sync()
        assert (now := set(office.people())) != before
        office.push()
        assert set(office.recipients(message)) == now

    def test_who_is_unknown_has_failed_and_holds_nobody(self, office: Office) -> None:
        one = office.people()[0]
        message = office.enqueue(audience={"users": [one, "nobody-of-that-name"]}, body="一人有效")
        office.push()
        assert office.recipients(message) == {one: "sent", "nobody-of-that-name": "failed"}
        assert office.state(message) == "partly"
        assert "not in the organization" in office.message(message)["missed"][0]["reason"]

    def test_who_left_the_platform_a_minute_ago_has_failed_and_holds_nobody(self, office: Office) -> None:
        """The warehouse does not know it yet."""
        everybody = office.people()
        office.world.control("POST", "evolve", {"rate": 0.5})
        gone = set(everybody) - {each["id"] for each in office.world.truth()["users"]}
        assert gone
        message = office.enqueue(body="刚刚离职")
        office.push()
        office.follow(seconds=30)
        assert {user_id for user_id, state in office.recipients(message).items() if state == "failed"} >= gone - {
            user_id for user_id, state in office.recipients(message).items() if state == "sent"
        }
        assert office.readers_of("刚刚离职") >= set(everybody) - gone

    def test_nobody_is_an_answer(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        office.world.query("insert into notify.audience_query values ('acme', 'none', 'select user_id from org.users where false')")
        message = office.enqueue(audience={"query": "none"})
        office.push()
        assert (office.state(message), office.message(message)["reason"]) == ("failed", "nobody of its audience is in the organization now")


class TestFewestCalls:
    @pytest.fixture
    def large(self, any_world: World) -> Office:
        return open_office(any_world, people=450)

    def test_everybody_is_one_call(self, large: Office) -> None:
        message = large.enqueue(body="大公司")
        large.push()
        [call] = large.calls()
        assert call["recipients"] == len(large.people()) == len(large.recipients(message))
        assert call["to_all"] == (large.world.platform == "dingtalk")

    def test_named_people_are_in_calls_as_large_as_they_may_be(self, large: Office) -> None:
        large.enqueue(audience={"users": large.people()}, body="点名")
        large.push()
        most = {"dingtalk": 100, "wecom": 1000, "feishu": 200}[large.world.platform]
        people = len(large.people())
        assert sorted(call["recipients"] for call in large.calls()) == sorted(min(most, people - start) for start in range(0, people, most))
        assert large.readers_of("点名") == set(large.people())

    def test_a_large_department_and_a_stranger_are_one_call(self, large: Office) -> None:
        top = max(
            large.world.query("select department_id from org.department_tree where depth = 2"), key=lambda row: len(large.below(row[0]))
        )[0]
        stranger = next(person for person in large.people() if person not in large.below(top))
        message = large.enqueue(audience={"departments": [top], "users": [stranger]}, body="大部门")
        large.push()
        assert len(large.calls()) == 1
        assert large.readers_of("大部门") == large.below(top) | {stranger} == set(large.recipients(message))

    def test_a_scope_of_the_tenant_is_kept(self, large: Office) -> None:
        """The platform's everybody would be more than the tenant's."""
        from dataclasses import replace

        from orgsync.platforms.platform import Scope

        kept = large.people()[:150]
        large.world.query("delete from org.user_version where user_id <> all (%s)", kept)
        large.tenant = replace(large.tenant, scope=Scope(exclude=("1",)))
        large.enqueue(body="只有一部分")
        large.push()
        assert large.readers_of("只有一部分") == set(kept)
        assert not any(call["to_all"] for call in large.calls())

    def test_equal_messages_share_calls(self, large: Office) -> None:
        people = large.people()[:20]
        messages = [large.enqueue(audience={"users": [person]}, body="同一内容") for person in people]
        large.push()
        assert [call["recipients"] for call in large.calls()] == [20]
        assert {large.state(message) for message in messages} == {"sent"}
        assert [large.recipients(message) for message in messages] == [{person: "sent"} for person in people]

    def test_different_messages_do_not(self, large: Office) -> None:
        for number in range(3):
            large.enqueue(audience={"users": large.people()[:1]}, body=f"第 {number} 条")
        large.push()
        assert len(large.calls()) == 3


class TestWhen:
    def test_not_before_and_not_after(self, office: Office) -> None:
        later = office.enqueue(body="稍后", not_before=office.clock() + timedelta(hours=1))
        never = office.enqueue(body="过期", expires_at=office.clock() + timedelta(minutes=1), not_before=office.clock())
        office.clock.move(minutes=2)
        office.push()
        assert (office.state(later), office.state(never), office.calls()) == ("pending", "expired", [])
        office.follow(hours=1)
        assert office.state(later) == "sent"
        assert office.readers_of("过期") == set()

    def test_the_same_dedupe_key_is_one_message(self, office: Office) -> None:
        first = office.enqueue(body="一次", dedupe_key="order-1")
        assert office.enqueue(body="一次", dedupe_key="order-1") == first
        office.push()
        assert len(office.calls()) == 1

    def test_the_urgent_ones_first(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        person = office.people()[0]
        for priority in (1, 9, 5):
            office.enqueue(audience={"users": [person]}, body=f"优先级 {priority}", priority=priority)
        office.push(parallel=1)
        rows = office.world.query("select priority from notify.attempt join notify.delivery using (delivery_id) order by attempt_id")
        assert [priority for (priority,) in rows] == [9, 5, 1]


REFUSED = {
    "an unknown tenant": ({"tenant": "nowhere"}, "no tenant 'nowhere'.*acme"),
    "an unknown kind": ({"kind": "fax"}, "kind 'fax' is not one of"),
    "an empty audience": ({"audience": "{}"}, "audience is empty"),
    "no audience": ({"audience": None}, "audience is missing"),
    "a misspelt audience": ({"audience": '{"user": ["a"]}'}, "has a key 'user'"),
    "ids that are no texts": ({"audience": '{"users": [1]}'}, "ids are texts in quotes"),
    "an unknown department": ({"audience": '{"departments": ["404", "405"]}'}, "no department 404, 405"),
    "people who are all unknown": ({"audience": '{"users": ["nobody"]}'}, "none of the 1 people"),
    "an unknown query": ({"audience": '{"query": "lost"}'}, "no saved audience 'lost'"),
    "a URL without scheme": ({"url": "www.example.com"}, "does not begin with http:// or https://"),
    "nothing to say": ({"title": " ", "body": ""}, "neither title nor body"),
    "a priority of 10": ({"priority": 10}, "priority 10"),
    "what is over before it begins": ({"expires_at": "2020-01-01"}, "expires at"),
    "too long in bytes": ({"body": "长" * 60_000}, "bytes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_before_it_is_queued(dingtalk_office: Office, case: str) -> None:
    office = dingtalk_office
    changes, words = REFUSED[case]
    named: dict[str, Any] = {
        "tenant": "acme",
        "kind": "text",
        "title": "t",
        "body": "b",
        "url": "",
        "audience": '{"everyone": true}',
    } | changes
    marks = ", ".join(f"{name} => %({name})s" for name in named)
    with pytest.raises(psycopg2.Error, match=words) as error:
        office.ask(f"select notify.enqueue({marks})", named)
    assert error.value.pgcode == "NT001"
    assert office.world.query("select count(*) from notify.message") == [(0,)]


def test_from_python_everything_that_is_wrong_is_told(dingtalk_office: Office) -> None:
    office = dingtalk_office
    with pytest.raises(ConfigurationError, match=r"needs a title.*bytes too long"):
        sending.enqueue(office.world.settings, office.tenant, Message(Content("card", "", "长" * 1000, URL), Audience(everyone=True)))
    with pytest.raises(ConfigurationError, match="no department 404"):
        sending.enqueue(office.world.settings, office.tenant, Message(Content("text", "", "b"), Audience(departments=["404"])))


def test_what_a_platform_refuses_only_as_a_whole_is_told_when_it_is_sent(dingtalk_office: Office) -> None:
    """SQL counts bytes; only the platform's module knows the JSON around them."""
    office = dingtalk_office
    message = office.enqueue("card", title="标题", body="x" * 1960)
    office.push()
    assert office.state(message) == "failed"
    assert "bytes too long" in office.message(message)["reason"]
    assert office.calls() == []


class TestTrouble:
    def test_throttled_or_busy_is_sent_later(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        hurry(monkeypatch)
        office.world.control("POST", "faults", {"interface": SENDS[office.world.platform], "kind": "busy", "calls": [1, 2, 3]})
        message = office.enqueue(body="稍后再试")
        office.push()
        assert office.state(message) == "claimed"
        assert office.message(message)["reason"]
        for _ in range(3):
            office.follow(minutes=5)
        assert office.state(message) in ("sent", "delivered")
        assert office.readers_of("稍后再试") == set(office.people())
        assert attempts(office)[0] == "send again"

    def test_what_never_succeeds_is_dead_at_last(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        hurry(monkeypatch)
        office.world.control("POST", "faults", {"interface": SENDS[office.world.platform], "kind": "busy"})
        message = office.enqueue(body="永远失败")
        for _ in range(12):
            office.follow(hours=1)
        assert office.state(message) == "dead"
        assert "given up after 12 attempts" in office.message(message)["reason"]
        assert set(office.recipients(message).values()) == {"failed"}
        assert len(attempts(office)) == 12

    def test_a_wrong_secret_holds_all_and_loses_nothing(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        messages = [office.enqueue(body=f"密钥 {number}") for number in range(3)]
        set_platform(monkeypatch, office.world.sandbox, office.world.platform, password="wrong")
        with pytest.raises(CredentialError):
            office.push(parallel=1)
        set_platform(monkeypatch, office.world.sandbox, office.world.platform)
        assert {office.state(message) for message in messages} == {"claimed"}
        assert all(office.message(message)["reason"] for message in messages)
        office.follow(minutes=11)
        assert {office.state(message) for message in messages} == {"sent"}

    def test_who_has_mended_it_and_pushes_need_not_wait(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        messages = [office.enqueue(body=f"修好了 {number}") for number in range(3)]
        set_platform(monkeypatch, office.world.sandbox, office.world.platform, password="wrong")
        with pytest.raises(CredentialError):
            office.push(parallel=1)
        set_platform(monkeypatch, office.world.sandbox, office.world.platform)
        office.push()
        assert {office.state(message) for message in messages} == {"claimed"}
        office.push(is_asked=True)
        assert {office.state(message) for message in messages} == {"sent"}

    def test_a_missing_permission_waits_for_somebody_and_lets_others_pass(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        permissions = office.world.control("GET", "settings")["permissions"]
        office.world.control("PUT", "settings", {"permissions": [each for each in permissions if not each.startswith("Todo")]})
        todo = office.enqueue("todo", body="缺权限", priority=9, audience={"users": office.people()[:2]})
        text = office.enqueue(body="不受影响")
        with pytest.raises(PermissionDeniedError, match="Todo"):
            office.push()
        assert (office.state(todo), office.state(text)) == ("claimed", "sent")
        assert "Todo" in office.message(todo)["reason"]
        office.world.control("PUT", "settings", {"permissions": permissions})
        office.follow(minutes=11)
        assert office.state(todo) == "sent"

    def test_an_answer_that_was_lost_is_doubted_and_made_sure(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        hurry(monkeypatch)
        office.world.control("POST", "faults", {"interface": SENDS[office.world.platform], "kind": "lost_answer", "calls": [1]})
        message = office.enqueue(body="应答丢失")
        office.push()
        assert set(office.recipients(message).values()) == {"unknown"}
        assert attempts(office) == ["send unknown"]
        office.follow(minutes=1)
        assert attempts(office)[:2] == ["send unknown", "send sent"]
        duplicates = office.world.control("GET", "inbox/summary")["duplicates"]
        # A batch of Feishu has no key: this is where the promise ends, and the attempt says so.
        assert duplicates == (len(office.people()) if office.world.platform == "feishu" else 0)
        repeats = office.world.query("select count(*) from notify.attempt where could_repeat")
        assert repeats == [(1 if office.world.platform != "wecom" else 0,)]

    def test_a_refusal_after_a_lost_answer_undoes_nothing(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody may have it, so nobody is told that it failed."""
        hurry(monkeypatch)
        interface = SENDS[office.world.platform]
        office.world.control("POST", "faults", {"interface": interface, "kind": "lost_answer", "calls": [1]})
        message = office.enqueue(body="可能已收到")
        office.push()
        code = {"dingtalk": 40035, "wecom": 40035, "feishu": 11246}[office.world.platform]
        office.world.control("POST", "faults", {"interface": interface, "kind": "error_code", "code": code})
        office.follow(minutes=1)
        assert office.state(message) == "partly"
        assert set(office.recipients(message).values()) == {"unknown"}
        assert str(code) in office.message(message)["reason"]

    def test_what_is_in_doubt_when_it_expires_is_not_sent_again(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        hurry(monkeypatch)
        interface = SENDS[office.world.platform]
        office.world.control("POST", "faults", {"interface": interface, "kind": "lost_answer", "calls": [1]})
        message = office.enqueue(body="存疑过期", expires_at=office.clock() + timedelta(minutes=1))
        office.push()
        office.follow(minutes=2)
        assert office.state(message) == "expired"
        assert set(office.recipients(message).values()) == {"unknown"}
        assert attempts(office) == ["send unknown"]

    def test_a_recall_that_does_not_get_through_is_given_up_at_last(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        hurry(monkeypatch)
        message = office.enqueue(body="撤不回来")
        office.push()
        office.ask("select notify.recall(%(id)s)", {"id": message})
        office.world.control("POST", "faults", {"kind": "http_500"})
        for _ in range(13):
            office.follow(hours=1)
        assert office.state(message) == "recall_failed"
        assert "given up after 12 attempts" in office.message(message)["reason"]
        assert attempts(office).count("recall again") == 11


class TestResults:
    def test_delivered_and_read(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        message = office.enqueue(body="读了吗", audience={"users": office.people()[:3]})
        office.push()
        [call] = office.calls()
        reader = office.people()[0]
        office.world.control("POST", "inbox/read", {"user": reader, "platform_id": call["platform_id"]})
        office.follow(seconds=11)
        assert office.recipients(message) == {reader: "read", **dict.fromkeys(office.people()[1:3], "delivered")}
        assert office.state(message) == "delivered"

    def test_feishu_tells_that_a_batch_arrived(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        office = open_office(world_on(world, monkeypatch, "feishu"))
        message = office.enqueue(body="批量", audience={"users": office.people()[:3]})
        office.push()
        office.follow(seconds=11)
        office.follow(minutes=2)
        assert office.state(message) == "delivered"

    def test_who_is_dropped_without_a_word_is_found_by_asking(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        office.world.control("PUT", "settings", {"messages_per_user_per_day": 1})
        person = office.people()[0]
        office.enqueue(body="第一条", audience={"users": [person]})
        second = office.enqueue(body="第二条", audience={"users": [person]})
        office.push(parallel=1)
        office.follow(seconds=11)
        assert office.state(second) == "claimed"
        assert "143105" in office.message(second)["reason"]

    def test_wecom_says_no_more_than_that_it_was_sent(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        office = open_office(world_on(world, monkeypatch, "wecom"))
        message = office.enqueue(body="企业微信")
        office.push()
        office.follow(hours=1)
        assert office.state(message) == "sent"
        assert attempts(office) == ["send sent"]


class TestRecall:
    def test_what_was_sent_is_taken_back(self, office: Office) -> None:
        message = office.enqueue("announcement", body="撤回我")
        office.push()
        assert office.ask("select notify.recall(%(id)s)", {"id": message}) == "asked"
        office.push()
        assert office.state(message) == "recalled"
        assert set(office.recipients(message).values()) == {"recalled"}
        assert office.readers_of("撤回我") == set()
        assert office.ask("select notify.recall(%(id)s)", {"id": message}) == "recalled"

    def test_what_was_not_sent_is_not_going_to_be(self, office: Office) -> None:
        message = office.enqueue(body="还没发")
        assert office.ask("select notify.recall(%(id)s)", {"id": message}) == "not sent yet"
        office.push()
        assert (office.state(message), office.calls()) == ("recalled", [])

    def test_what_waits_for_another_try_is_not_going_to_be(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        hurry(monkeypatch)
        office.world.control("POST", "faults", {"interface": SENDS[office.world.platform], "kind": "busy"})
        message = office.enqueue(body="等待重试")
        office.push()
        office.ask("select notify.recall(%(id)s)", {"id": message})
        office.world.control("DELETE", "faults")
        office.follow(minutes=5)
        assert (office.state(message), office.calls()) == ("recalled", [])

    def test_too_late_is_an_answer(self, office: Office) -> None:
        message = office.enqueue(body="太晚了")
        office.push()
        office.clock.move(hours=25)
        office.ask("select notify.recall(%(id)s)", {"id": message})
        office.push()
        assert office.state(message) == "recall_failed"
        assert office.message(message)["reason"]
        assert set(office.recipients(message).values()) == {"recall_failed"}
        assert office.readers_of("太晚了") == set(office.people())

    def test_a_shared_call_is_taken_back_with_the_last_of_its_messages(self, office: Office) -> None:
        one, other = (office.enqueue(body="共享", audience={"users": [person]}) for person in office.people()[:2])
        office.push()
        office.ask("select notify.recall(%(id)s)", {"id": one})
        office.push()
        assert office.state(one) == "recall_failed"
        assert "another message of the same text" in office.message(one)["reason"]
        assert office.state(other) == "sent"
        office.ask("select notify.recall(%(id)s)", {"id": other})
        office.push()
        assert (office.state(one), office.state(other)) == ("recalled", "recalled")
        assert office.readers_of("共享") == set()

    def test_what_nobody_got_is_told(self, office: Office) -> None:
        message = office.enqueue(body="过期", expires_at=office.clock() + timedelta(minutes=1))
        office.follow(minutes=2)
        assert office.ask("select notify.recall(%(id)s)", {"id": message}) == "nothing was sent"


class TestTodos:
    def test_made_changed_completed_and_removed(self, office: Office) -> None:
        people = office.people()[:5]
        todo = office.enqueue("todo", title="填表", body="周五前", audience={"users": people}, due_at=office.clock() + timedelta(days=2))
        office.push()
        assert all(any("填表" in each for each in office.got(person)) for person in people)
        changed = office.ask("select notify.change_todo(%(id)s, 'update', title => '填新表')", {"id": todo})
        completed = office.ask("select notify.change_todo(%(id)s, 'complete')", {"id": todo})
        office.push()
        if office.world.platform == "wecom":
            # Its todos are cards.
            assert {office.state(changed), office.state(completed)} == {"failed"}
            assert "no todos" in office.message(completed)["reason"]
        else:
            assert {office.state(changed), office.state(completed)} == {"delivered"}
            assert office.world.control("GET", "inbox/summary")["todos"]["done"] == 1
            assert all(any("填新表" in each for each in office.got(person)) for person in people)
        office.ask("select notify.recall(%(id)s)", {"id": todo})
        office.push()
        assert office.state(todo) == "recalled"
        assert not any(office.got(person) for person in people)

    def test_a_change_waits_for_the_todo(self, dingtalk_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        office = dingtalk_office
        hurry(monkeypatch)
        office.world.control("POST", "faults", {"kind": "busy", "interface": "v1.0/todo/users/{unionId}/tasks", "calls": [1]})
        todo = office.enqueue("todo", audience={"users": office.people()[:2]})
        done = office.ask("select notify.change_todo(%(id)s, 'complete')", {"id": todo})
        office.push()
        assert (office.state(done), office.message(done)["reason"]) == ("pending", "its todo is not sent yet")
        office.follow(minutes=1)
        office.follow(minutes=1)
        assert (office.state(todo), office.state(done)) == ("sent", "delivered")

    def test_the_one_who_is_not_valid_holds_no_other(self, dingtalk_office: Office) -> None:
        """DingTalk refuses a task as a whole for one executor it does not know."""
        office = dingtalk_office
        people = office.people()[:9]
        office.world.query("update org.user_version set union_id = 'no-such-union-id' where user_id = %s", people[4])
        todo = office.enqueue("todo", body="其余照常", audience={"users": people})
        office.push(seconds=5)
        assert office.recipients(todo) == dict.fromkeys(people, "sent") | {people[4]: "failed"}
        assert office.state(todo) == "partly"
        assert office.readers_of("其余照常") == set(people) - {people[4]}

    @pytest.mark.parametrize(
        ("action", "words"), [("sing", "not one of update, complete, delete"), ("complete", "is no todo")], ids=["action", "message"]
    )
    def test_what_cannot_be_changed_is_told(self, dingtalk_office: Office, action: str, words: str) -> None:
        office = dingtalk_office
        message = office.enqueue("todo" if action == "sing" else "text", audience={"users": office.people()[:1]})
        with pytest.raises(psycopg2.Error, match=words):
            office.ask("select notify.change_todo(%(id)s, %(action)s)", {"id": message, "action": action})


class TestQuota:
    def test_a_used_up_month_waits_visibly_and_for_the_next(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        spend(office, calls=5000)
        message = office.enqueue(body="下个月")
        office.push()
        assert office.state(message) == "pending"
        assert "5000 calls are used up" in office.message(message)["reason"]
        assert office.calls() == []
        [told] = sending.read_quota(office.world.settings, "acme", clock=office.clock)
        assert (told["waiting"], told["gauges"][0]["used"]) == (1, 5000)
        assert told["gauges"][0]["warning"]
        office.follow(days=31)
        assert office.state(message) == "sent"

    def test_the_last_tenth_of_a_month_is_for_what_is_urgent(self, dingtalk_office: Office) -> None:
        office = dingtalk_office
        spend(office, calls=4500)
        ordinary, urgent = office.enqueue(body="普通"), office.enqueue(body="紧急", priority=8)
        office.push()
        assert (office.state(ordinary), office.state(urgent)) == ("claimed", "sent")
        assert "priority 7" in office.message(ordinary)["reason"]

    def test_everybody_three_times_a_day(self, world: World) -> None:
        office = open_office(world, people=150)
        messages = [office.enqueue(body=f"全员 {number}") for number in range(4)]
        office.push(parallel=1)
        assert [office.state(message) for message in messages] == ["sent"] * 3 + ["claimed"]
        assert "3 messages to everybody" in office.message(messages[3])["reason"]
        office.follow(days=1)
        assert office.state(messages[3]) == "sent"

    def test_receivers_in_a_minute(self, world: World) -> None:
        """DingTalk would take all, and drop those above the limit without a word."""
        world.control("PUT", "settings", {"receivers_per_minute": 1500})
        office = open_office(world, people=2000)
        message = office.enqueue(body="每分钟", audience={"users": office.people()})
        office.push(seconds=300)
        assert office.world.control("GET", "inbox/summary")["dropped"] == 0
        assert office.state(message) == "sent"
        assert max(office.clock.paused) > 50

    def test_messages_to_a_person_in_a_minute(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        office = open_office(world_on(world, monkeypatch, "wecom"))
        person = office.people()[0]
        for number in range(35):
            office.enqueue(body=f"第 {number} 条", audience={"users": [person]})
        office.push()
        assert len(office.calls()) == 30
        [(waiting,)] = office.world.query("select count(*) from notify.message where reason like 'its people have had as many%%'")
        assert waiting == 5
        office.push(is_asked=True)
        assert len(office.calls()) == 30
        office.follow(minutes=1, seconds=3)
        assert len(office.calls()) == 35
        assert office.world.control("GET", "inbox/summary")["dropped"] == 0

    def test_recipients_of_a_day(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """WeCom counts 200 for each account that the company may have."""
        office = open_office(world_on(world, monkeypatch, "wecom"))
        set_platform(monkeypatch, world.sandbox, "wecom", extra={"accounts": 1})
        messages = [office.enqueue(body=f"第 {number} 次") for number in range(4)]
        office.push(parallel=1)
        assert [office.state(message) for message in messages] == ["sent"] * 3 + ["claimed"]
        assert "200 recipients are allowed in a day" in office.message(messages[3])["reason"]


class TestWhoMay:
    def test_a_loader_delivers_and_a_sender_queues(self, office: Office, sender_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        connection = psycopg2.connect(sender_dsn)
        with connection, connection.cursor() as cursor:
            cursor.execute("select notify.enqueue('acme', 'text', body => 'von außen', audience => '{\"everyone\": true}')")
            [message] = cursor.fetchone() or (0,)
            cursor.execute("select state, enqueued_by from notify.message")
            assert cursor.fetchall() == [("pending", "login_of_an_application")]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection, connection.cursor() as cursor:
            cursor.execute("select body from notify.message")
        connection.close()
        office.push()
        assert office.state(message) == "sent"


@pytest.fixture
def sender_dsn(world: World) -> Any:
    admin = psycopg2.connect(world.dsn)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("create role login_of_an_application login password 'of-a-test' in role orgsync_sender")
        yield psycopg2.extensions.make_dsn(world.dsn, user="login_of_an_application", password="of-a-test")
        cursor.execute("drop role login_of_an_application")
    admin.close()


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transport tries once: what is tried again is tried by the outbox."""
    from orgsync.platforms.speaking.transport import Patience

    monkeypatch.setattr(Patience, "is_worth_waiting", lambda self, error: False)


def spend(office: Office, *, calls: int) -> None:
    """As if so many calls had been made this month."""
    office.world.query(
        """
        with message as (
            insert into notify.message (
                tenant_id, kind, title, body, url, audience, priority, not_before, source, content_digest, next_attempt_at, state
            )
            values ('acme', 'text', '', 'b', '', '{}', 5, now(), '', '', now(), 'sent')
            returning message_id
        ), delivery as (
            insert into notify.delivery (tenant_id, message_id, people, priority, next_attempt_at, state)
            select 'acme', message_id, 1, 5, now(), 'sent' from message
            returning delivery_id
        )
        insert into notify.attempt (tenant_id, delivery_id, action, outcome, people, calls, started_at, finished_at)
        select 'acme', delivery_id, 'send', 'sent', 1, %s, %s, %s from delivery
        """,
        calls,
        office.clock() - timedelta(minutes=2),
        office.clock() - timedelta(minutes=2),
    )
