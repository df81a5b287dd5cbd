"""What a user of the pages does with a message (sees what it says, takes it back, has it tried again), and what their login may do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from orgsync.outbox import sending
from stack.postgres import PostgresServer
from tests.integration.forks import wait_until
from tests.integration.office import URL, Office, open_office
from tests.integration.test_delivery import Disturbed, push
from tests.integration.test_sending import SENDS, attempts, hurry, spend
from tests.integration.world import World, world_on

PASSWORD = "of-a-test"
ROUNDS = 12

Act = Callable[..., Any]
"""From an action (show, recall, retry), an office and a message to the answer."""


@pytest.fixture(scope="module")
def login(postgres: PostgresServer) -> Iterator[str]:
    """A member of orgsync_pages and of nothing else."""
    admin = psycopg2.connect(postgres.dsn())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"create role pages_that_act login password '{PASSWORD}' in role orgsync_pages")
        yield "pages_that_act"
        cursor.execute("drop role pages_that_act")
    admin.close()


@pytest.fixture
def act(login: str) -> Act:
    def act_as(action: str, office: Office, message: int, *, tenant: str = "acme") -> Any:
        rows = as_pages(login, office, f"select * from ops.{action}_message(%s, %s, 'uma')", message, tenant)
        return rows[0][0] if action != "show" else rows

    return act_as


def as_pages(login: str, office: Office, statement: str, *values: object) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(make_dsn(office.world.dsn, user=login, password=PASSWORD))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()
    finally:
        connection.close()


def audit(office: Office) -> list[tuple[str, str, str]]:
    assert office.world.query("select distinct actor, tenant_id from ops.audit") in ([("uma", "acme")], [])
    return [tuple(row) for row in office.world.query("select action, subject, detail from ops.audit order by audit_id")]


def break_sends(office: Office, kind: str = "busy", **options: Any) -> None:
    office.world.control("POST", "faults", {"interface": SENDS[office.world.platform], "kind": kind} | options)


def mend(office: Office) -> None:
    office.world.control("DELETE", "faults")


def give_up(office: Office) -> None:
    for _ in range(ROUNDS):
        office.follow(hours=1)


def asked_again(office: Office, message: int) -> bool:
    return "somebody asked for another try" in office.message(message)["reason"]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


class TestShowing:
    def test_what_it_says_is_shown_and_written_down(self, dingtalk_office: Office, act: Act) -> None:
        person = dingtalk_office.people()[0]
        message = dingtalk_office.enqueue(title="标题", body="正文 <b>", audience={"users": [person]})
        assert act("show", dingtalk_office, message) == [("标题", "正文 <b>", URL, {"users": [person]})]
        assert audit(dingtalk_office) == [("message.shown", str(message), "")]

    def test_of_another_tenant_nothing_is_shown(self, dingtalk_office: Office, act: Act) -> None:
        message = dingtalk_office.enqueue()
        assert act("show", dingtalk_office, message, tenant="birch") == []
        assert audit(dingtalk_office) == []


class TestRecalling:
    def test_what_was_sent_is_taken_back(self, office: Office, act: Act) -> None:
        message = office.enqueue(body="撤回我")
        office.push()
        assert act("recall", office, message) == "asked"
        office.push()
        assert office.state(message) == "recalled"
        assert office.readers_of("撤回我") == set()
        assert act("recall", office, message) == "recalled"
        assert audit(office) == [("message.recalled", str(message), "asked"), ("message.recalled", str(message), "recalled")]

    def test_what_was_not_sent_is_not_going_to_be(self, dingtalk_office: Office, act: Act) -> None:
        message = dingtalk_office.enqueue()
        assert act("recall", dingtalk_office, message) == "not sent yet"
        dingtalk_office.push()
        assert (dingtalk_office.state(message), dingtalk_office.calls()) == ("recalled", [])

    @pytest.mark.parametrize("action", ["recall", "retry"])
    def test_message_of_another_tenant_is_none(self, dingtalk_office: Office, act: Act, action: str) -> None:
        message = dingtalk_office.enqueue()
        with pytest.raises(psycopg2.Error, match=f"there is no message {message}") as refused:
            act(action, dingtalk_office, message, tenant="birch")
        assert refused.value.pgcode == "NT001"
        assert (dingtalk_office.state(message), audit(dingtalk_office)) == ("pending", [])

    def test_change_of_a_todo_is_not_taken_back(self, dingtalk_office: Office, act: Act) -> None:
        todo = dingtalk_office.enqueue("todo", audience={"users": dingtalk_office.people()[:1]})
        change = dingtalk_office.ask("select notify.change_todo(%(id)s, 'complete')", {"id": todo})
        with pytest.raises(psycopg2.Error, match=f"message {change} changes todo {todo}; take that one back"):
            act("recall", dingtalk_office, change)
        assert audit(dingtalk_office) == []


class TestRetrying:
    def test_what_waits_after_a_failure_goes_now(self, office: Office, act: Act) -> None:
        break_sends(office)
        message = office.enqueue(body="等着重试")
        for _ in range(3):
            office.follow(minutes=5)
        mend(office)
        office.push()
        assert office.calls() == []
        assert act("retry", office, message) == "again"
        assert asked_again(office, message)
        assert act("retry", office, message) == "under way"
        office.push()
        assert office.readers_of("等着重试") == set(office.people())
        assert act("retry", office, message) == "nothing failed"
        assert [detail for _, _, detail in audit(office)] == ["again", "under way", "nothing failed"]

    def test_what_was_given_up_gets_another_round(self, office: Office, act: Act) -> None:
        break_sends(office)
        message = office.enqueue(body="再来一轮")
        give_up(office)
        assert office.state(message) == "dead"
        assert act("retry", office, message) == "again"
        assert (office.state(message), asked_again(office, message)) == ("claimed", True)
        assert set(office.recipients(message).values()) == {"pending"}
        give_up(office)
        assert (office.state(message), set(office.recipients(message).values())) == ("dead", {"failed"})
        assert attempts(office) == ["send again"] * 2 * ROUNDS
        mend(office)
        assert act("retry", office, message) == "again"
        office.push()
        assert office.state(message) == "sent"
        assert office.readers_of("再来一轮") == set(office.people())
        assert office.world.control("GET", "inbox/summary")["duplicates"] == 0

    @pytest.mark.parametrize("platform", ["wecom", "feishu"])
    def test_other_round_that_ends_in_doubt_is_made_sure_with_its_key(
        self, world: World, act: Act, monkeypatch: pytest.MonkeyPatch, platform: str
    ) -> None:
        """Nothing of the first went out, so how long the key keeps is counted anew."""
        office = open_office(world_on(world, monkeypatch, platform))
        office.world.control("POST", "faults", {"interface": "messages", "kind": "busy"})
        message = office.enqueue(body="存疑的一轮", audience={"users": office.people()[:1]})
        give_up(office)
        mend(office)
        assert office.state(message) == "dead"
        assert act("retry", office, message) == "again"
        office.world.control("POST", "faults", {"interface": "messages", "kind": "lost_answer", "calls": [1]})
        office.push()
        assert set(office.recipients(message).values()) == {"unknown"}
        office.follow(minutes=1)
        assert office.state(message) in ("sent", "delivered")
        assert office.world.query("select count(*) from notify.attempt where could_repeat") == [(0,)]
        assert office.world.control("GET", "inbox/summary")["duplicates"] == 0

    def test_what_may_have_gone_out_is_not_sent_a_second_time(self, office: Office, act: Act) -> None:
        break_sends(office, "lost_answer", calls=[1])
        break_sends(office, "busy", **{"from": 2})
        message = office.enqueue(body="也许已到")
        give_up(office)
        mend(office)
        assert (office.state(message), set(office.recipients(message).values())) == ("dead", {"unknown"})
        assert act("retry", office, message) == "in doubt"
        office.push()
        assert office.state(message) == "dead"
        assert len(office.calls()) == 1

    def test_of_several_calls_those_in_doubt_stay(self, office: Office, act: Act) -> None:
        messenger = sending.open_messenger(office.tenant)
        messenger.limits = replace(messenger.limits, people_per_call=2)
        break_sends(office, "lost_answer", calls=[1])
        break_sends(office, "busy", **{"from": 2})
        message = office.enqueue(body="两次调用", audience={"users": office.people()[:4]})
        for _ in range(ROUNDS):
            office.clock.move(hours=1)
            push(office, Disturbed(messenger), parallel=1)
        mend(office)
        assert (office.state(message), Counter(office.recipients(message).values())) == ("dead", {"failed": 2, "unknown": 2})
        assert act("retry", office, message) == "partly"
        assert Counter(office.recipients(message).values()) == {"pending": 2, "unknown": 2}
        office.push()
        assert len(office.calls()) == 2
        assert Counter(office.recipients(message).values()) == {"sent": 2, "unknown": 2}
        assert office.state(message) == "partly"
        assert act("retry", office, message) == "in doubt"

    def test_what_was_refused_stays_refused(self, office: Office, act: Act) -> None:
        code = {"dingtalk": 40035, "wecom": 40035, "feishu": 11246}[office.world.platform]
        break_sends(office, "error_code", code=code)
        message = office.enqueue(body="不收")
        office.push()
        mend(office)
        assert office.state(message) == "failed"
        assert act("retry", office, message) == "refused"
        office.push()
        assert (office.state(message), office.calls()) == ("failed", [])

    def test_what_has_nobody_to_go_to_or_cannot_be_said_is_refused(self, dingtalk_office: Office, act: Act) -> None:
        office = dingtalk_office
        message = office.enqueue("card", title="标题", body="x" * 1960)
        office.push()
        assert act("retry", office, message) == "refused"

    def test_what_waits_for_its_time_does_so(self, dingtalk_office: Office, act: Act) -> None:
        [(later,)] = dingtalk_office.world.query("select now() + interval '40 days'")
        message = dingtalk_office.enqueue(not_before=later)
        assert act("retry", dingtalk_office, message) == "not yet"
        assert dingtalk_office.world.query("select next_attempt_at from notify.message") == [(later,)]

    def test_what_is_due_is_under_way(self, dingtalk_office: Office, act: Act) -> None:
        assert act("retry", dingtalk_office, dingtalk_office.enqueue()) == "under way"

    def test_what_was_put_off_before_it_was_planned_goes_now(self, dingtalk_office: Office, act: Act) -> None:
        office = dingtalk_office
        message = office.enqueue(body="推迟过")
        office.world.query("update notify.message set next_attempt_at = now() + interval '3 days', reason = 'put off'")
        assert act("retry", office, message) == "again"
        assert "next run of the DAG org_notify" in office.message(message)["reason"]
        office.push()
        assert office.state(message) == "sent"

    def test_quota_holds_it_again(self, dingtalk_office: Office, act: Act) -> None:
        office = dingtalk_office
        spend(office, calls=5000)
        message = office.enqueue(body="额度已满")
        office.push()
        assert "5000 calls are used up" in office.message(message)["reason"]
        assert act("retry", office, message) == "again"
        office.push()
        assert "5000 calls are used up" in office.message(message)["reason"]
        assert office.calls() == []

    def test_what_has_expired_is_not_sent(self, dingtalk_office: Office, act: Act) -> None:
        office = dingtalk_office
        break_sends(office)
        message = office.enqueue(body="过期")
        give_up(office)
        mend(office)
        office.world.query("update notify.message set not_before = now() - interval '2 hours', expires_at = now() - interval '1 hour'")
        assert act("retry", office, message) == "expired"
        office.push()
        assert (office.state(message), office.calls()) == ("dead", [])

    def test_what_is_taken_back_is_not_sent(self, dingtalk_office: Office, act: Act) -> None:
        office = dingtalk_office
        message = office.enqueue(body="撤回")
        break_sends(office)
        office.push()
        assert act("recall", office, message) == "asked"
        assert act("retry", office, message) == "taken back"
        mend(office)
        office.push()
        assert act("retry", office, message) == "taken back"
        assert (office.state(message), office.calls()) == ("recalled", [])

    def test_equal_messages_that_share_a_call_go_together_and_are_written_down(self, office: Office, act: Act) -> None:
        break_sends(office)
        one, other = (office.enqueue(body="共用一次调用", audience={"users": [person]}) for person in office.people()[:2])
        give_up(office)
        mend(office)
        assert [office.state(message) for message in (one, other)] == ["dead", "dead"]
        assert act("retry", office, one) == "again"
        assert [office.state(message) for message in (one, other)] == ["claimed", "claimed"]
        assert all(asked_again(office, message) for message in (one, other))
        assert audit(office) == [
            ("message.retried", str(one), "again"),
            ("message.retried", str(other), f"with message {one}, which shares its calls"),
        ]
        office.push()
        assert [office.state(message) for message in (one, other)] == ["sent", "sent"]
        assert office.readers_of("共用一次调用") == set(office.people()[:2])

    def test_call_that_a_message_taken_back_shares_reaches_nobody(self, dingtalk_office: Office, act: Act) -> None:
        """Whom that one was for would get it too."""
        office = dingtalk_office
        break_sends(office)
        one, other = (office.enqueue(body="撤了一条", audience={"users": [person]}) for person in office.people()[:2])
        office.push()
        act("recall", office, other)
        give_up(office)
        mend(office)
        assert office.state(one) == "dead"
        assert act("retry", office, one) == "taken back"
        office.push()
        assert office.calls() == []

    def test_todo_that_could_not_be_changed_is_changed_unless_it_was_changed_since(self, dingtalk_office: Office, act: Act) -> None:
        office = dingtalk_office
        people = office.people()[:1]
        todo = office.enqueue("todo", title="填表", audience={"users": people})
        office.push()
        office.world.control("POST", "faults", {"interface": "v1.0/todo/users/{unionId}/tasks/{taskId}", "kind": "busy"})
        first = office.ask("select notify.change_todo(%(id)s, 'update', title => '填新表')", {"id": todo})
        give_up(office)
        mend(office)
        assert office.state(first) == "dead"
        assert act("retry", office, first) == "again"
        office.push()
        assert office.state(first) == "delivered"
        assert "填新表" in office.got(people[0])[0]
        office.world.control("POST", "faults", {"interface": "v1.0/todo/users/{unionId}/tasks/{taskId}", "kind": "busy"})
        second = office.ask("select notify.change_todo(%(id)s, 'update', title => '旧改动')", {"id": todo})
        give_up(office)
        mend(office)
        third = office.ask("select notify.change_todo(%(id)s, 'update', title => '新改动')", {"id": todo})
        office.push()
        assert (office.state(second), office.state(third)) == ("dead", "delivered")
        assert act("retry", office, second) == "overtaken"
        office.push()
        assert "新改动" in office.got(people[0])[0]

    def test_two_at_once_revive_it_once(self, dingtalk_office: Office, act: Act) -> None:
        office = dingtalk_office
        break_sends(office)
        message = office.enqueue(body="同时重试")
        give_up(office)
        mend(office)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: act("retry", office, message), range(4)))
        assert sorted(answers) == ["again", "under way", "under way", "under way"]
        office.push()
        assert len(office.calls()) == 1


@pytest.mark.parametrize("verb", ["recall", "retry"])
def test_whoever_writes_down_an_answer_is_waited_for_and_waits_for_nobody(dingtalk_office: Office, verb: str) -> None:
    """It holds the call, then the message. Who held the message and waited for the call would end it, and the answer would be lost."""
    office = dingtalk_office
    break_sends(office)
    message = office.enqueue(body="同时")
    office.push()
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    worker = psycopg2.connect(office.world.dsn)
    with ThreadPoolExecutor(1) as pool, closing(worker), worker.cursor() as cursor:
        cursor.execute("update notify.delivery set reason = 'answered'")
        asked = pool.submit(office.ask, f"select notify.{verb}(%(id)s)", {"id": message})
        wait_until(lambda: office.world.query(waiting) == [(1,)], "nobody waits for the call")
        cursor.execute("update notify.message set is_settled = false")
        worker.commit()
        assert asked.result() == {"recall": "asked", "retry": "again"}[verb]


READABLE = ("message_id", "tenant_id", "kind", "state", "reason", "source", "enqueued_by", "created_at")
REFUSED = [
    "select title from notify.message",
    "select body, url from notify.message",
    "select audience from notify.message",
    "select content_digest from notify.message",
    "select * from ops.audit",
    "insert into ops.audit (actor, action, tenant_id, subject) values ('a', 'b', 'c', 'd')",
    "update notify.message set state = 'pending'",
    "update notify.delivery set state = 'waiting'",
    "delete from notify.recipient",
    "select notify.recall(1)",
    "select notify.retry(1)",
    "select notify.lock_calls(1)",
    "select notify.take_back(null)",
    "select notify.try_again(null)",
    "select notify.enqueue('acme', 'text', body => 'b', audience => '{\"everyone\": true}')",
    "select notify.change_todo(1, 'complete')",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_pages_may_nothing_else_with_messages(dingtalk_office: Office, login: str, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_pages(login, dingtalk_office, statement)


def test_pages_read_where_messages_stand(dingtalk_office: Office, login: str) -> None:
    message = dingtalk_office.enqueue()
    [row] = as_pages(login, dingtalk_office, f"select {', '.join(READABLE)} from notify.message")
    assert row[:2] == (message, "acme")


class TestRetryingInSql:
    def test_who_queued_it_may_and_somebody_else_may_not(self, dingtalk_office: Office, postgres: PostgresServer) -> None:
        office = dingtalk_office
        admin = psycopg2.connect(office.world.dsn)
        admin.autocommit = True
        names = ("sender_of_one", "sender_of_another")
        with admin.cursor() as cursor:
            for name in names:
                cursor.execute(f"create role {name} login password '{PASSWORD}' in role orgsync_sender")
        try:
            queue = "select notify.enqueue('acme', 'text', body => 'b', audience => '{\"everyone\": true}')"
            [(message,)] = as_pages(names[0], office, queue)
            assert as_pages(names[0], office, "select notify.retry(%s)", message) == [("under way",)]
            with pytest.raises(psycopg2.Error, match=r"this message cannot be tried again: .*sender_of_another may") as refused:
                as_pages(names[1], office, "select notify.retry(%s)", message)
            assert refused.value.pgcode == "NT001"
        finally:
            with admin.cursor() as cursor:
                for name in names:
                    cursor.execute(f"drop role {name}")
            admin.close()

    def test_message_that_is_not_there(self, dingtalk_office: Office) -> None:
        with pytest.raises(psycopg2.Error, match="there is no message 404 to try again"):
            dingtalk_office.ask("select notify.retry(404)", {})
        with pytest.raises(psycopg2.Error, match="there is no message 404 to take back"):
            dingtalk_office.ask("select notify.recall(404)", {})


def test_command_and_dags_try_again_by_the_same_verb(dingtalk_office: Office) -> None:
    office = dingtalk_office
    break_sends(office)
    message = office.enqueue(body="命令")
    give_up(office)
    mend(office)
    assert sending.retry(office.world.settings, message) == "again"
    office.push()
    assert office.state(message) == "sent"
