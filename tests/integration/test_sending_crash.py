"""kill -9 of whoever delivers: everybody gets every message, nobody twice but where the platform takes no key, and then it is told."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg2.extras import RealDictCursor

from orgsync.errors import WarehouseUnavailableError
from orgsync.outbox import sending
from orgsync.outbox.delivery import Worker
from orgsync.platforms import PLATFORM_NAMES
from orgsync.warehouse.clock import read_clock
from sandbox.testing import RunningSandbox, start_sandbox
from stack.postgres import PostgresServer
from tests.integration.forks import LOCKS, Doomed, Held, Job, wait_until
from tests.integration.rewind import NearWorld, found
from tests.integration.world import set_platform, set_warehouse

ORGANIZATION = {"people": 20, "seed": 7, "departments": 4}
LIMITS = {"people_per_call": 4, "calls_per_second": 0}
"""Some people are several calls, a department and everybody one of another kind; and no round is cut short by the pace."""
UNLIMITED = (
    "calls_per_second", "calls_per_minute", "receivers_per_minute", "messages_per_user_per_day", "messages_per_user_per_second",
    "messages_per_member_per_minute", "messages_per_member_per_hour",
)  # fmt: skip
LATE = {"result_hours": 48, "recall_hours": 48, "recall_seconds": 48 * 3600}
"""A message of one round may still be taken back by the last worker of the next."""
SENDS = {"dingtalk": "topapi/message/corpconversation/asyncsend_v2", "wecom": "message/send", "feishu": "message/v4/batch_send/"}
CARRIERS = {
    "dingtalk": [SENDS["dingtalk"], "v1.0/todo/users/{unionId}/tasks"],
    "wecom": [SENDS["wecom"]],
    "feishu": [SENDS["feishu"], "im/v1/messages", "task/v2/tasks"],
}
HAS_TODOS = ("dingtalk", "feishu")
NOON = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
"""A day of its own for each round: what DingTalk drops, and how often it takes a message to everybody, goes by the day."""
LEASE = timedelta(minutes=1)
"""Three workers come one after the other before the five minutes are over for which Feishu knows a todo again."""
LONGEST_LEASE_SECONDS = 200
PARALLEL = 2
NUMBERS = count()
log = logging.getLogger(__name__)

TAG = re.compile(r"round\d+x\w+?x")
OPEN = """
    select 'message', message_id, state from notify.message where state in ('pending', 'claimed') or not is_settled
    union all
    select 'call', delivery_id, state from notify.delivery where state in ('waiting', 'calling', 'unknown') or lease_until is not null
    union all
    select 'recipient', message_id, state from notify.recipient where state in ('pending', 'unknown')
    union all
    select 'attempt', attempt_id, outcome from notify.attempt where outcome = 'calling' or finished_at is null
"""
CALLS = """
    select
        delivery.delivery_id,
        delivery.message_id,
        delivery.attempts,
        channel.platform || case
            when message.kind = 'todo' then ' todo'
            when delivery.to_all then ' everybody'
            when delivery.people = 1 and delivery.department_ids = '{}' then ' single'
            else ' batch'
        end as way,
        coalesce(array_agg(attempt.outcome order by attempt.attempt_id) filter (where attempt.action = delivery.action), '{}') as outcomes,
        count(*) filter (where attempt.could_repeat) as repeats
    from notify.delivery as delivery
    join notify.message as message on message.message_id = delivery.message_id
    join notify.channel as channel on channel.tenant_id = delivery.tenant_id
    left join notify.attempt as attempt on attempt.delivery_id = delivery.delivery_id
    group by delivery.delivery_id, message.message_id, channel.tenant_id
"""
BUSIEST_SECOND = """
    select max(calls) from (
        select sum(calls) over (order by started_at range between interval '0.999999 seconds' preceding and current row) as calls
        from notify.attempt
        where delivery_id in (select delivery_id from notify.delivery_message where message_id = any (%s))
    ) as counted
"""
MANY = 1000
WORKERS = 4
PACE = 25
Point = tuple[str, int]
Row = dict[str, Any]


@dataclass
class Company:
    """One platform's company, whose messages are delivered round after round by workers that are killed."""

    world: NearWorld
    folder: Path
    round: int = 0
    tags: dict[int, str] = field(default_factory=dict)
    killed_at: Counter[str] = field(default_factory=Counter)
    killed_again: int = 0
    earlier: dict[str, int] = field(default_factory=dict)
    raced: int = 0

    @property
    def platform(self) -> str:
        return self.world.platform

    @cached_property
    def users(self) -> list[str]:
        return sorted(user["id"] for user in self.world.truth()["users"])

    @cached_property
    def department(self) -> str:
        """The topmost with the most people."""
        [(department_id,)] = self.world.query("""
            select department_id from org.department_version as top
            where parent_id in (select department_id from org.department_version where parent_id is null)
            order by (select count(*) from org.membership_version as member where member.department_id = top.department_id) desc limit 1
        """)
        return str(department_id)

    def enqueue(self, kind: str, what: str, **audience: Any) -> int:
        """Its text is like no other's, so that it shows who gets it twice."""
        tag = f"round{self.round}x{what}x"
        statement = "select notify.enqueue('acme', %s, %s, %s, %s, %s)"
        [(message_id,)] = self.world.query(statement, kind, tag, "请在周五前确认", "https://work.example.com/1", json.dumps(audience))
        self.tags[message_id] = tag
        return int(message_id)

    def begin_round(self) -> None:
        """Messages by every kind of call, and what is done to those of the round before."""
        if self.earlier:
            self.recall(self.earlier["recalled"])
        if self.earlier and self.platform in HAS_TODOS:
            self.change_todo(self.earlier["changed"], "update")
            self.change_todo(self.earlier["changed"], "complete")
            self.change_todo(self.earlier["deleted"], "delete")
        self.round += 1
        self.enqueue("text", "people", users=self.users[:6])
        self.enqueue("card", "one", users=self.users[6:7])
        self.enqueue("announcement", "department", departments=[self.department])
        self.enqueue("text", "everybody", everyone=True)
        self.enqueue("todo", "todo", users=self.users[:2])
        self.enqueue("markdown", "twins", users=self.users[8:11])
        self.enqueue("markdown", "twins", users=self.users[10:13])
        self.raced = self.enqueue("text", "raced", users=self.users[12:14])
        self.earlier = {}

    def end_round(self) -> None:
        """What the next round does something to."""
        self.earlier = {
            "recalled": self.enqueue("markdown", "recalled", users=self.users[3:5]),
            "changed": self.enqueue("todo", "changed", users=self.users[2:4]),
            "deleted": self.enqueue("todo", "deleted", users=self.users[4:5]),
            "asked": self.enqueue("markdown", "asked", users=self.users[15:17]),
            "asked of one": self.enqueue("markdown", "askedofone", users=self.users[17:18]),
        }

    def share(self, *, messages: int, people: int) -> list[int]:
        """More calls than a worker takes at once, and slow ones."""
        self.round += 1
        self.world.control("PUT", "settings", {"latency_ms": 30})
        self.world.control("DELETE", "calls")
        return [self.enqueue("text", f"shared{number}", users=self.users[number % 4 :][:people]) for number in range(messages)]

    def state(self, message_id: int) -> str:
        [(state,)] = self.world.query("select state from notify.message where message_id = %s", message_id)
        return str(state)

    def push(self, monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
        """A worker in this process, at the time of that job."""
        for name, value in job["environ"].items():
            monkeypatch.setenv(name, value)
        ahead = timedelta(seconds=job["ahead_seconds"])
        worker = Worker(clock=lambda connection: read_clock(connection) + ahead)
        sending.push(self.world.settings, self.world.make_run().tenant, run_for=timedelta(minutes=5), worker=worker)

    def recall(self, message_id: int) -> None:
        self.world.query("select notify.recall(%s)", message_id)

    def change_todo(self, message_id: int, action: str) -> None:
        self.world.query("select notify.change_todo(%s, %s, title => %s)", message_id, action, f"{self.tags[message_id]} new")

    def job(self, after: timedelta = timedelta(), **more: Any) -> Job:
        """A worker of this day. The platform's clock goes with it."""
        ahead = NOON + timedelta(days=self.round) + after - datetime.now(UTC)
        self.world.control("PUT", "clock", {"offset_seconds": ahead.total_seconds()})
        return job_of(self.world, self.folder, ahead_seconds=ahead.total_seconds(), **more)


def job_of(world: NearWorld, folder: Path, **more: Any) -> Job:
    with pytest.MonkeyPatch.context() as patch:
        set_platform(patch, world.sandbox, world.platform, extra={"edition": "professional"} if world.platform == "dingtalk" else {})
        set_warehouse(patch, world.dsn)
        environ = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
    told = folder / f"told_{next(NUMBERS)}.txt"
    return {
        "environ": environ,
        "platform": world.platform,
        "told": str(told),
        "limits": LIMITS,
        "leaps": True,
        "tries": 6,
        "parallel": PARALLEL,
        "lease_seconds": LEASE.total_seconds(),
        **more,
    }


def told(job: Job) -> list[str]:
    return Path(job["told"]).read_text().splitlines()


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(**ORGANIZATION, **dict.fromkeys(UNLIMITED, 0), **LATE) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def companies(
    own_sandbox: RunningSandbox, postgres: PostgresServer, migrated_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> list[Company]:
    return [open_company(own_sandbox, postgres, platform, tmp_path_factory.mktemp(platform)) for platform in PLATFORM_NAMES]


def open_company(sandbox: RunningSandbox, postgres: PostgresServer, platform: str, folder: Path) -> Company:
    world = found(sandbox, postgres, platform, folder)
    with pytest.MonkeyPatch.context() as patch:
        set_platform(patch, sandbox, platform)
        set_warehouse(patch, world.dsn)
        world.sync()
    return Company(NearWorld(sandbox, world.dsn, world.settings, world.make_run, platform), folder)


@pytest.fixture(scope="module")
def doomed(companies: list[Company], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doomed]:
    doomed = Doomed(tmp_path_factory.mktemp("doomed_sender"), "tests.integration.doomed_sender")
    doomed.warm_up(companies[0].job())
    play(doomed, [company.job() for company in companies])  # from now on they are known
    yield doomed
    doomed.end()


# --- killed


@pytest.mark.timeout(1800)
def test_killed_at_any_step_everybody_gets_every_message(doomed: Doomed, companies: list[Company], request: pytest.FixtureRequest) -> None:
    """At a third of the steps on each platform, at another third on each, or with --exhaustive at each step."""
    is_exhaustive = request.config.getoption("exhaustive")
    points = find_points(doomed, companies, every=is_exhaustive)
    for number in range(max(map(len, points.values()))):
        kill(doomed, companies, [some[number % len(some)] for some in points.values()], number)
    play(doomed, [company.job(timedelta(days=1)) for company in companies])
    for company in companies:
        company.earlier = {}
    accounts = [Books(company).balance() for company in companies]
    for company, account in zip(companies, accounts, strict=True):
        log.info("%s: %d workers killed, %s", company.platform, company.killed_at.total() + company.killed_again, account)
        assert account.wrong == []
        assert set(company.killed_at) == {name for name, _ in points[company.platform]}
    assert sum(account.sends for account in accounts) >= (MANY if is_exhaustive else MANY // 3)


def find_points(doomed: Doomed, companies: list[Company], *, every: bool) -> dict[str, list[Point]]:
    """The steps of a worker whom nobody disturbs, each with the how manieth of its name it is: all, or the first of every third name."""
    finish(doomed, companies)
    for company in companies:
        company.begin_round()
    whole = play(doomed, [company.job() for company in companies])
    points = {}
    for place, (company, job) in enumerate(zip(companies, whole, strict=True)):
        seen: Counter[str] = Counter()
        found = [(name, seen[name]) for name in told(job) if not seen.update([name])]
        points[company.platform] = found if every else [point for point in found if point[1] == 1][place::3]
    finish(doomed, companies)
    return points


def kill(doomed: Doomed, companies: list[Company], points: Sequence[Point], number: int) -> None:
    """A round: one worker is killed at its point, the next at another, the third finishes. Now and then a message is recalled meanwhile."""
    for company in companies:
        company.begin_round()
    codes = doomed.run(*[company.job(die_at=point) for company, point in zip(companies, points, strict=True)])
    for company, point, code in zip(companies, points, codes, strict=True):
        assert code in (-signal.SIGKILL, 0)
        if code:
            company.killed_at[point[0]] += 1
        if number % 3 == 0:
            company.recall(company.raced)
    codes = doomed.run(*[company.job(1.5 * LEASE, die_at=1 + number * 7 % 150) for company in companies])
    for company, code in zip(companies, codes, strict=True):
        assert code in (-signal.SIGKILL, 0)
        company.killed_again += code != 0
    finish(doomed, companies)


def finish(doomed: Doomed, companies: list[Company]) -> None:
    for company in companies:
        company.end_round()
    play(doomed, [company.job(3 * LEASE) for company in companies])


def play(doomed: Doomed, jobs: list[Job]) -> list[Job]:
    assert doomed.run(*jobs) == [0] * len(jobs), [told(job)[-1:] for job in jobs]
    return jobs


def test_lost_call_is_found_while_its_key_lasts(doomed: Doomed, companies: list[Company]) -> None:
    """Feishu knows a todo again for five minutes, and the worker of each minute has to find it in time."""
    company = companies[PLATFORM_NAMES.index("feishu")]
    company.round += 1
    message_id = company.enqueue("todo", "todo", users=company.users[:2])
    usual = {"lease_seconds": LONGEST_LEASE_SECONDS}
    assert doomed.run(company.job(die_at=["answer of task/v2/tasks", 1], **usual)) == [-signal.SIGKILL]
    for minute in range(1, 6):
        play(doomed, [company.job(timedelta(minutes=minute), **usual)])
    books = Books(company)
    assert [len(books.copies[company.tags[message_id], user_id]) for user_id in company.users[:2]] == [1, 1]
    assert books.balance().wrong == []


# --- several at once


def test_workers_share_the_work_and_the_pace(doomed: Doomed, companies: list[Company]) -> None:
    """All of them together make each call once, and no more in any second than one alone may."""
    shared = {company.platform: company.share(messages=20, people=16) for company in companies}
    at_once = {"leaps": False, "limits": LIMITS | {"calls_per_second": PACE}}
    jobs = [company.job(**at_once) for company in companies]
    play(doomed, [job | {"told": f"{job['told']}_{number}"} for job in jobs for number in range(WORKERS)])
    for company in companies:
        company.world.control("PUT", "settings", {"latency_ms": 0})
        calls = company.world.control("GET", "calls")
        assert calls["by_interface"][SENDS[company.platform]] == 20 * 16 / LIMITS["people_per_call"]
        # A call may come a little later than it was counted, so that two seconds' calls may fall into one.
        assert calls["peak_by_interface"][SENDS[company.platform]] <= 2 * PACE
        assert company.world.query(BUSIEST_SECOND, shared[company.platform]) <= [(PACE,)]
        assert Books(company).balance().wrong == []


def test_one_counts_after_the_other(doomed: Doomed, companies: list[Company], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who claims calls while another does would not see what that one has used up."""
    company = companies[0]
    company.round += 1
    company.enqueue("text", "counted", users=company.users[:2])
    job = company.job(hold_at=["outbox/start_attempts", 1])
    with ThreadPoolExecutor(1) as pool, Held(doomed, job) as first:
        second = pool.submit(company.push, monkeypatch, job)
        wait_until(lambda: company.world.query(f"{LOCKS} and not granted") != [(0,)] or second.done(), "the second worker does not wait")
        assert not second.done()
        assert first.let_go() == 0, told(job)
        second.result()
    assert Books(company).balance().wrong == []


def test_nobody_waits_for_the_call_of_another(doomed: Doomed, companies: list[Company], monkeypatch: pytest.MonkeyPatch) -> None:
    for company in companies:
        company.round += 1
        held = company.enqueue("text", "held", users=company.users[:2])
        job = company.job(hold_at=[f"call {SENDS[company.platform].rstrip('/')}", 1])
        with Held(doomed, job) as first:
            second = company.enqueue("text", "second", users=company.users[:2])
            company.push(monkeypatch, job)
            assert [company.state(message_id) for message_id in (held, second)] == ["claimed", "sent"]
            assert first.let_go() == 0, told(job)
        assert company.state(held) == "sent"
        assert Books(company).balance().wrong == []


def test_frozen_worker_that_wakes_too_late_calls_nobody(doomed: Doomed, companies: list[Company], monkeypatch: pytest.MonkeyPatch) -> None:
    """It had claimed the call, and was about to look whether it has it still."""
    for company in companies:
        company.round += 1
        company.world.control("DELETE", "calls")
        message = company.enqueue("text", "frozen", users=company.users[:2])
        # With one thread it claims nothing meanwhile: frozen in the middle of that, it keeps others waiting until the server ends it.
        job = company.job(hold_at=["outbox/renew_leases", 1], lease_seconds=1, leaps=False, parallel=1)
        with Held(doomed, job) as worker, worker.frozen():
            time.sleep(1.2)
            company.push(monkeypatch, job)
            assert company.state(message) == "sent"
        assert company.world.control("GET", "calls")["by_interface"][SENDS[company.platform]] == 1
        assert company.state(message) == "sent"
        assert Books(company).balance().wrong == []


# --- what is lost on the way


def test_lost_answers_are_doubted_and_made_sure(doomed: Doomed, companies: list[Company]) -> None:
    for company in companies:
        company.begin_round()
        lost = {"kind": "lost_answer", "method": "POST", "calls": [1, 2, 4]}
        company.world.control("POST", "faults", [lost | {"interface": interface} for interface in CARRIERS[company.platform]])
    play(doomed, [company.job(tries=1) for company in companies])
    for company in companies:
        struck = [fault["struck"] for fault in company.world.control("GET", "faults")["faults"]]
        company.world.control("DELETE", "faults")
        assert sum(struck) > 0
        assert Books(company).balance().wrong == []


@pytest.mark.parametrize("step", ["write_calls_to_people", "start_attempts", "finish_attempt", "save_verdicts"])
def test_warehouse_that_goes_away_loses_nothing(step: str, doomed: Doomed, companies: list[Company]) -> None:
    for company in companies:
        company.begin_round()
        with Held(doomed, company.job(hold_at=[f"outbox/{step}", 1])) as worker:
            company.world.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'orgsync'")
            assert worker.let_go() == 1
        assert told(worker.job)[-1].startswith(WarehouseUnavailableError.__name__)
    play(doomed, [company.job(2 * LEASE) for company in companies])
    for company in companies:
        assert Books(company).balance().wrong == []


# --- the books


@dataclass(frozen=True)
class Account:
    """What came of all rounds. `twice` counts who got a message once more than they should, by the kind of its call."""

    sends: int
    unknown: int
    twice: Counter[str]
    wrong: list[str]


@dataclass
class Books:
    """Everything that both sides have written down, and what in it contradicts the promise."""

    company: Company

    @cached_property
    def copies(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        return read_inboxes(self.company)

    @cached_property
    def calls(self) -> dict[int, Row]:
        return {call["delivery_id"]: call for call in self._rows(CALLS)}

    @cached_property
    def recipients(self) -> list[Row]:
        return self._rows("select * from notify.recipient")

    @cached_property
    def messages(self) -> dict[int, Row]:
        return {message["message_id"]: message for message in self._rows("select * from notify.message")}

    def balance(self) -> Account:
        twice: Counter[str] = Counter()
        wrong = [f"left open: {row}" for row in self.company.world.query(OPEN)]
        wrong += [problem for check in (self._lost, self._audiences, self._attempts, self._strangers, self._changes) for problem in check()]
        for (message_id, user_id), call in self._sent().items():
            more = len(self._copies_of(message_id, user_id)) - 1
            if more > 0:
                twice[call["way"]] += more
            if more > 0 and (call["way"] != "feishu batch" or more > call["repeats"]):
                wrong.append(f"{self.company.tags[message_id]}: {user_id} has it {more + 1} times, by {call}")
        unknown = sum(outcomes.count("unknown") for outcomes in (call["outcomes"] for call in self.calls.values()))
        return Account(len(self.calls), unknown, twice, wrong)

    def _lost(self) -> Iterator[str]:
        """Who did not get a message that nobody took back, or is not known to have got it."""
        for each in self.recipients:
            message_id, tag = each["message_id"], self.company.tags[each["message_id"]]
            if message_id not in self._taken_back and not self._copies_of(message_id, each["user_id"]):
                yield f"{tag}: {each['user_id']} did not get it"
            if message_id not in self._taken_back and each["state"] not in ("sent", "delivered", "read"):
                yield f"{tag}: {each['user_id']} is {each['state']}"
        for message_id, message in self.messages.items():
            if message_id not in self._taken_back and message["state"] not in ("sent", "delivered"):
                yield f"message {message_id} is {message['state']}: {message['reason']}"

    def _audiences(self) -> Iterator[str]:
        everybody, department = set(self.company.users), people_below(self.company)
        for message_id, tag in self.company.tags.items():
            meant = {"xeverybodyx": everybody, "xdepartmentx": department}.get(tag[tag.index("x") :])
            if meant and meant != {each["user_id"] for each in self.recipients if each["message_id"] == message_id}:
                yield f"{tag}: not the people it is for"

    def _attempts(self) -> Iterator[str]:
        """Each try is written down; the last of them knows how it ended, all before it do not."""
        for call in self.calls.values():
            *before, last = call["outcomes"] or [""]
            is_open_end = call["message_id"] in self._taken_back
            # Who was frozen knows that it did not call.
            allowed = {"again"} if "xfrozenx" in self.company.tags.get(call["message_id"], "") else {"unknown"}
            if len(call["outcomes"]) != call["attempts"] or set(before) - allowed:
                yield f"attempts do not tell each try: {call}"
            if last not in ("sent", "done") and not is_open_end:
                yield f"the last attempt does not tell its end: {call}"

    def _strangers(self) -> Iterator[str]:
        """What the platform has sent and no attempt knows the id of is accounted for by attempts whose end is not known."""
        known = {row["platform_id"] for row in self._rows("select platform_id from notify.attempt")}
        sent = {each["platform_id"] for each in self.company.world.control("GET", "outbox")["sent"]}
        unknown = sum((call["outcomes"] or []).count("unknown") for call in self.calls.values())
        if len(sent - known) > unknown:
            yield f"{len(sent - known)} calls of which no attempt tells"

    def _changes(self) -> Iterator[str]:
        """What was recalled is not to be seen any more; a todo is as it was last made."""
        for message_id in self._taken_back:
            copies = [
                copy
                for each in self.recipients
                if each["message_id"] == message_id
                for copy in self._copies_of(message_id, each["user_id"])
            ]
            is_doubtful = any("unknown" in call["outcomes"] for call in self.calls.values() if call["message_id"] == message_id)
            if self.messages[message_id]["state"] == "recalled" and not all(copy["recalled"] for copy in copies):
                yield f"{self.company.tags[message_id]} is recalled, and can be seen"
            if self.messages[message_id]["state"] == "recall_failed" and not is_doubtful:
                yield f"{self.company.tags[message_id]} could have been recalled"
        changed = {message["of_message_id"]: message["action"] for message in self.messages.values() if message["of_message_id"]}
        for message_id, user_id in self._sent():
            for todo in self._copies_of(message_id, user_id) if message_id in changed else ():
                is_right = (
                    todo["state"] == "deleted" if changed[message_id] == "delete" else todo["done"] and todo["title"].endswith(" new")
                )
                if not is_right:
                    yield f"{self.company.tags[message_id]} is not changed: {todo}"

    @cached_property
    def _taken_back(self) -> set[int]:
        return {message_id for message_id, message in self.messages.items() if message["recall_wanted_at"]}

    def _sent(self) -> dict[tuple[int, str], Row]:
        return {(each["message_id"], each["user_id"]): self.calls[each["delivery_id"]] for each in self.recipients if each["delivery_id"]}

    def _copies_of(self, message_id: int, user_id: str) -> list[dict[str, Any]]:
        return self.copies[self.company.tags[message_id], user_id]

    def _rows(self, statement: str) -> list[Row]:
        connection = self.company.world.connection
        with connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(statement)
            return [dict(row) for row in cursor.fetchall()]


def people_below(company: Company) -> set[str]:
    truth = company.world.truth()
    below = {company.department}
    while more := {str(each["id"]) for each in truth["departments"] if str(each["parent_id"]) in below} - below:
        below |= more
    return {each["user_id"] for each in truth["memberships"] if str(each["department_id"]) in below}


def read_inboxes(company: Company) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Each copy that each person got of each text."""
    seen = defaultdict(list)
    for user_id in company.users:
        inbox = company.world.control("GET", f"inbox?user={user_id}")
        for got in [*inbox["messages"], *inbox["todos"]]:
            found = TAG.search(f"{got['title']} {got['text']}")
            assert found, got
            seen[found[0], user_id].append(got)
    return seen
