"""Sends messages as companies do, and looks whether the sandbox's inbox and orgsync's own report agree about them.

An announcement to everybody through the form of `org_notify_send`, a todo to one department by SQL; then the todo is completed and the
announcement taken back.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from stack.airflow import call
from stack.checks import Check, query
from stack.errors import StackError
from stack.launcher import Launcher, tenant_of
from stack.runs import POLL_SECONDS, RUN_TIMEOUT_SECONDS, follow_run, trigger, wait_for_dag
from stack.state import Stack

DELIVER, FORM, OUTBOX = "org_notify", "org_notify_send", "org_notify.outbox"
ANNOUNCEMENT, TODO = "国庆节放假安排", "请填写节日值班表"
URL = "https://intranet.example.com/holiday"
# WeCom has no todos for self-built apps, only cards, which cannot be completed.
COMPLETED = {"dingtalk": "delivered", "feishu": "delivered", "wecom": "failed"}

UNDER_WAY = """
    with asked as (select %s as tenant_id)
    select exists (select from notify.message join asked using (tenant_id) where state = 'pending' or not is_settled)
        or exists (
            select from notify.delivery join asked using (tenant_id)
            where state in ('waiting', 'calling', 'unknown') or recall_after is not null
        )
"""


@dataclass(frozen=True)
class Sent:
    """What was sent on one platform: the ids of the messages, and the department of the todo."""

    platform: str
    announcement: int
    todo: int
    department: str

    @property
    def tenant(self) -> str:
        return tenant_of(self.platform)


def send_messages(launcher: Launcher, stack: Stack) -> list[Sent]:
    """On each platform an announcement to everybody and a todo to the largest department; both are delivered when this returns."""
    api = launcher.api(stack)
    for dag_id in (FORM, DELIVER):
        wait_for_dag(api, dag_id)
    sent = []
    for platform in launcher.platforms(stack):
        conf = {
            "tenant": tenant_of(platform),
            "kind": "announcement",
            "title": ANNOUNCEMENT,
            "body": "10 月 1 日至 7 日放假，8 日正常上班。",
            "url": URL,
            "everyone": True,
            "priority": 7,
        }
        tenant = tenant_of(platform)
        launcher.console.note(f"{tenant}: an announcement to everybody by the form of {FORM}, a todo to a department by SQL")
        run_id = trigger(api, launcher.console, [FORM], conf)[FORM]
        follow_run(api, launcher.console, FORM, run_id)
        department = find_department(launcher, stack, tenant)
        announcement = newest_message(launcher, stack, tenant)
        sent.append(Sent(platform, announcement, enqueue_todo(launcher, stack, tenant, department), department))
    launcher.console.note(f"{DELIVER} sends them")
    deliver(launcher, stack)
    return sent


def take_back(launcher: Launcher, stack: Stack, sent: list[Sent]) -> dict[str, int]:
    """Complete each todo by command, and recall each announcement by SQL; returns the messages that complete the todos."""
    completed = {}
    for one in sent:
        launcher.console.note(f"{one.tenant}: the todo is completed by command, the announcement taken back by SQL")
        done = launcher.run_command(stack, "todo", str(one.todo), "--complete", "--json")
        if done.returncode:
            raise StackError(f"`orgsync todo {one.todo} --complete` ended with exit code {done.returncode}:\n{done.stderr}")
        completed[one.platform] = newest_message(launcher, stack, one.tenant)
        query(launcher, stack, str(one.announcement), "select notify.recall(%s::bigint)")
    launcher.console.note(f"{DELIVER} does so on the platforms")
    deliver(launcher, stack)
    return completed


def deliver(launcher: Launcher, stack: Stack) -> None:
    """Whoever watches the outbox wakes the DAG. Where no schedule is followed, that starts no run: one is triggered once it was woken."""
    api = launcher.api(stack)
    seen = api.last_waking(OUTBOX)
    api.unpause(DELIVER)
    if not launcher.schedules:
        # Nothing is sent meanwhile. Where runs follow by themselves, one that was woken for another tenant may have sent all before.
        wait_until(lambda: api.last_waking(OUTBOX) != seen, "nobody has noticed what is due in the outbox; see the log of triggerer")
        run_id = trigger(api, launcher.console, [DELIVER], {})[DELIVER]
        follow_run(api, launcher.console, DELIVER, run_id)
    tenants = [tenant_of(platform) for platform in launcher.platforms(stack)]
    wait_until(lambda: not any(is_under_way(launcher, stack, tenant) for tenant in tenants), f"{DELIVER} has not sent all; see its runs")


def wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise StackError(f"after {RUN_TIMEOUT_SECONDS} seconds {otherwise}")
        time.sleep(POLL_SECONDS)


def is_under_way(launcher: Launcher, stack: Stack, tenant: str) -> bool:
    return bool(query(launcher, stack, tenant, UNDER_WAY)[0][0])


def check_messages(launcher: Launcher, stack: Stack) -> list[Check]:
    """What was sent arrived, to all and nobody else; what was taken back is gone; and the reports say so."""
    sent = send_messages(launcher, stack)
    checks = [check for one in sent for check in check_arrival(launcher, stack, one)]
    completed = take_back(launcher, stack, sent)
    checks += [check for one in sent for check in check_end(launcher, stack, one, completed[one.platform])]
    return checks


def check_arrival(launcher: Launcher, stack: Stack, sent: Sent) -> list[Check]:
    people, below = find_people(launcher, stack, sent.tenant), find_people_below(launcher, stack, sent.tenant, sent.department)
    inboxes = read_inboxes(stack, sent.platform, people)
    return [
        Check(f"{sent.platform}: who got the announcement", Counter(people), Counter(who_has(inboxes, ANNOUNCEMENT))),
        Check(f"{sent.platform}: who got the todo", Counter(below), Counter(who_has(inboxes, TODO))),
        Check(f"{sent.platform}: recipients in the warehouse", Counter(people), Counter(recipients(launcher, stack, sent.announcement))),
        Check(f"{sent.platform}: the inbox page shows both", Counter(["announcement", "todo"]), shown(stack, sent.platform, below[0])),
    ]


def check_end(launcher: Launcher, stack: Stack, sent: Sent, completed: int) -> list[Check]:
    people, below = find_people(launcher, stack, sent.tenant), find_people_below(launcher, stack, sent.tenant, sent.department)
    inboxes = read_inboxes(stack, sent.platform, people)
    done = [user_id for user_id, inbox in inboxes.items() if any(todo["done"] for todo in inbox["todos"])]
    recalled = [user_id for user_id, inbox in inboxes.items() if any(message["recalled"] for message in inbox["messages"])]
    expected = {sent.announcement: "recalled", sent.todo: "sent", completed: COMPLETED[sent.platform]}
    return [
        Check(f"{sent.platform}: who has the announcement still", Counter(), Counter(who_has(inboxes, ANNOUNCEMENT))),
        Check(f"{sent.platform}: from whom it was recalled", Counter(people), Counter(recalled)),
        Check(f"{sent.platform}: whose todo is done", Counter(below if sent.platform != "wecom" else []), Counter(done)),
        Check(f"{sent.platform}: states in the report", say(expected), say(report(launcher, stack, sent.tenant))),
        Check(
            f"{sent.platform}: calls the sandbox took and we wrote down", taken(stack, sent.platform), made(launcher, stack, sent.tenant)
        ),
    ]


def find_people(launcher: Launcher, stack: Stack, tenant: str) -> list[str]:
    return [row[0] for row in query(launcher, stack, tenant, "select user_id from org.users where tenant_id = %s order by 1")]


def find_department(launcher: Launcher, stack: Stack, tenant: str) -> str:
    """The one with most people of its own."""
    statement = "select department_id from org.memberships where tenant_id = %s group by 1 order by count(*) desc, 1 limit 1"
    return str(query(launcher, stack, tenant, statement)[0][0])


def find_people_below(launcher: Launcher, stack: Stack, tenant: str, department: str) -> list[str]:
    statement = """
        select distinct membership.user_id
        from org.department_tree as tree
        join org.memberships as membership
          on membership.tenant_id = tree.tenant_id
         and membership.department_id = tree.department_id
        where tree.tenant_id = %s
          and %s = any (tree.path_ids)
        order by 1
    """
    return [row[0] for row in query(launcher, stack, tenant, statement, department)]


def enqueue_todo(launcher: Launcher, stack: Stack, tenant: str, department: str) -> int:
    """As an application does it."""
    statement = """
        select notify.enqueue(
            tenant => %s,
            kind => 'todo',
            title => %s,
            body => '周五下班前完成。',
            url => %s,
            audience => jsonb_build_object('departments', jsonb_build_array(%s)),
            due_at => now() + interval '3 days',
            source => 'stack'
        )
    """
    return int(query(launcher, stack, tenant, statement, TODO, URL, department)[0][0])


def newest_message(launcher: Launcher, stack: Stack, tenant: str) -> int:
    return int(query(launcher, stack, tenant, "select max(message_id) from notify.message where tenant_id = %s")[0][0])


def recipients(launcher: Launcher, stack: Stack, message_id: int) -> list[str]:
    statement = "select user_id from notify.recipient where message_id = %s::bigint and state in ('sent', 'delivered', 'read')"
    return [row[0] for row in query(launcher, stack, str(message_id), statement)]


def read_inboxes(stack: Stack, platform: str, people: list[str]) -> dict[str, Any]:
    url = f"{stack.url('sandbox')}/_sandbox/{platform}/inbox?user="
    return {user_id: call("GET", url + quote(user_id)) for user_id in people}


def who_has(inboxes: dict[str, Any], title: str) -> list[str]:
    """Once for each time they have it."""
    return [
        user_id
        for user_id, inbox in inboxes.items()
        for each in [*inbox["messages"], *inbox["todos"]]
        if title in f"{each['title']} {each['text']}" and not each.get("recalled") and each.get("state") != "deleted"
    ]


def shown(stack: Stack, platform: str, user_id: str) -> Counter[str]:
    import requests

    page = requests.get(f"{stack.url('sandbox')}/inbox", params={"platform": platform, "user": user_id}, timeout=30).text
    return Counter(name for name, title in (("announcement", ANNOUNCEMENT), ("todo", TODO)) if title in page)


def report(launcher: Launcher, stack: Stack, tenant: str) -> dict[int, str]:
    """What `orgsync outbox` says of each message."""
    done = launcher.run_command(stack, "outbox", tenant, "--json")
    if done.returncode:
        raise StackError(f"`orgsync outbox {tenant}` ended with exit code {done.returncode}:\n{done.stderr}")
    return {message["message_id"]: message["state"] for message in json.loads(done.stdout)}


def taken(stack: Stack, platform: str) -> Counter[str]:
    """Messages and todos that the sandbox was sent."""
    summary = call("GET", f"{stack.url('sandbox')}/_sandbox/{platform}/inbox/summary")
    return Counter({"call": summary["messages"] + sum(summary["todos"][state] for state in ("open", "done", "deleted"))})


def made(launcher: Launcher, stack: Stack, tenant: str) -> Counter[str]:
    statement = "select count(*) from notify.attempt where tenant_id = %s and action = 'send' and outcome = 'sent'"
    return Counter({"call": query(launcher, stack, tenant, statement)[0][0]})


def say(states: dict[int, str]) -> Counter[str]:
    return Counter(f"message {message_id}: {state}" for message_id, state in states.items())
