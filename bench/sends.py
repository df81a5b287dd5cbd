"""Calls, seconds and memory of messages to large audiences, each sent by a process of its own at the platform's pace.

The sandbox keeps the platform's limits. What cannot be done better than they allow is worked out here, apart from what orgsync knows of
them: the fewest calls, and the fewest seconds from the first to the last of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.world import ORGSYNC, TENANT, World, without_limits

AUDIENCES = ("everybody", "query", "users", "department", "singles")
MOST_HOURS = 3.0
TABLES = ("message", "recipient", "delivery", "delivery_message", "attempt")


@dataclass(frozen=True)
class Caps:
    """What a platform's pages allow: receivers of a call, and calls or receivers in a second or a minute; 0 is no limit."""

    people: int
    departments: int
    per_second: int
    per_minute: int = 0
    people_per_minute: int = 0
    has_send_to_all: bool = True


CAPS = {
    "dingtalk": Caps(people=100, departments=20, per_second=20, people_per_minute=1500),
    "wecom": Caps(people=1000, departments=100, per_second=40),
    "feishu": Caps(people=200, departments=200, per_second=50, per_minute=1000, has_send_to_all=False),
}
SANDBOX_LIMITS: dict[str, dict[str, int]] = {
    "dingtalk": {"receivers_per_minute": 1500, "billable_calls_per_month": 5000},
    "wecom": {},
    "feishu": {},
}


@dataclass(frozen=True)
class Letter:
    """What is queued: so many different messages to one audience each."""

    name: str
    audiences: list[dict[str, Any]]
    people: int
    departments: int = 0
    """So many departments, the root not among them, reach the audience and nobody else; 0: none do."""
    loose: int = 0
    """So many people are in none of those departments."""
    is_everybody: bool = False


@dataclass(frozen=True)
class Measured:
    letter: Letter
    told: dict[str, Any]
    process_seconds: float
    calls: int
    recipients: int
    inbox: dict[str, int]
    rows: int
    """What was written: rows that are new."""
    first_call_at: datetime
    last_call_at: datetime
    refusals: dict[str, int]


def measure_sends(world: World, audiences: list[str], *, named: int, messages: int) -> None:
    _fill(world)
    idle = _push(world)
    print(f"A pass with nothing to send: {idle['seconds']:.2f} s, peak {idle['peak_mib']:.0f} MiB\n")
    for number, audience in enumerate(audiences):
        letter = _write_letter(world, audience, named=named, messages=messages)
        _rest(world)
        measured = _measure(world, letter)
        _print_row(world.platform, measured, is_first=number == 0)


def fewest_calls(letter: Letter, caps: Caps) -> int:
    """For the letter as a whole; one call where everybody, or departments, may be named in one."""
    each = [_calls(letter.people // len(letter.audiences), caps.people)]
    if letter.is_everybody and caps.has_send_to_all:
        each.append(1)
    # More receivers than a minute's would be dropped.
    if letter.departments and not 0 < caps.people_per_minute < letter.people:
        each.append(max(_calls(letter.departments, caps.departments), _calls(letter.loose, caps.people)))
    return len(letter.audiences) * min(each)


def fewest_seconds(calls: int, people: int, caps: Caps) -> float:
    """From the first call to the last, if none is made before the limits allow it."""
    by_minute = [caps.per_minute] if caps.per_minute else []
    if caps.people_per_minute and calls > 1:
        by_minute.append(caps.people_per_minute // -(-people // calls))
    in_minute = min(by_minute, default=calls)
    minutes, rest = divmod(calls - 1, in_minute)
    return max(minutes * 60 + rest / caps.per_second, (calls - 1) / caps.per_second)


def _fill(world: World) -> None:
    started = time.monotonic()
    with without_limits(world):
        subprocess.run([ORGSYNC, "sync", TENANT, "--full", "--json"], env=world.unpaced, check=True, stdout=subprocess.DEVNULL)
    # As in a warehouse that has been there for a while.
    world.query("analyze org.department_version, org.user_version, org.membership_version")
    world.control("PUT", "settings", SANDBOX_LIMITS[world.platform])
    world.query("insert into notify.audience_query values (%(tenant)s, 'all', %(statement)s)", tenant=TENANT, statement=_EVERYBODY)
    print(f"The warehouse was filled by a sync of {time.monotonic() - started:.0f} s.")


_EVERYBODY = f"select user_id from org.user_version where tenant_id = '{TENANT}' and valid_to is null"  # noqa: S608
_TOP_DEPARTMENTS = """
    with recursive department as (
        select department_id, parent_id
        from org.department_version
        where tenant_id = %(tenant)s and valid_to is null
    ), below as (
        select top.department_id as top_id, top.department_id
        from department as root
        join department as top on top.parent_id = root.department_id
        where root.parent_id is null
        union all
        select below.top_id, child.department_id
        from below
        join department as child on child.parent_id = below.department_id
    )
    select below.top_id, count(distinct membership.user_id)
    from below
    left join org.membership_version as membership
      on membership.tenant_id = %(tenant)s and membership.department_id = below.department_id and membership.valid_to is null
    group by below.top_id
    order by 2 desc
"""
_ENQUEUE = """
    select
        notify.enqueue(
            %(tenant)s,
            'text',
            body => format('%%s, number %%s', %(name)s::text, queued.number),
            audience => queued.audience,
            source => 'bench'
        )
    from jsonb_array_elements(%(audiences)s) with ordinality as queued (audience, number)
"""
_IN_DEPARTMENTS = """
    select count(distinct membership.user_id)
    from org.membership_version as membership
    where membership.tenant_id = %(tenant)s
      and membership.valid_to is null
      and membership.department_id not in (
        select department_id from org.department_version where tenant_id = %(tenant)s and valid_to is null and parent_id is null
      )
"""


def _write_letter(world: World, audience: str, *, named: int, messages: int) -> Letter:
    ids = [user_id for (user_id,) in world.query(f"{_EVERYBODY} order by user_id")]
    top = world.query(_TOP_DEPARTMENTS, tenant=TENANT)
    some = ids[:named] if named else ids
    match audience:
        case "everybody":
            ((placed,),) = world.query(_IN_DEPARTMENTS, tenant=TENANT)
            return Letter("everybody", [{"everyone": True}], len(ids), departments=len(top), loose=len(ids) - placed, is_everybody=True)
        case "query" if named:
            world.query("update notify.audience_query set statement = %(text)s", text=f"{_EVERYBODY} order by user_id limit {named}")
            return Letter("a saved query of people", [{"query": "all"}], len(some))
        case "query":
            return Letter("a saved query of people", [{"query": "all"}], len(some))
        case "users":
            return Letter("a list of people", [{"users": some}], len(some))
        case "department":
            department_id, people = top[0]
            return Letter("one large department", [{"departments": [department_id]}], people, departments=1)
        case "singles":
            whom = [{"users": [ids[number % len(ids)]]} for number in range(messages)]
            return Letter(f"{messages:,} different messages to one person each", whom, messages)
    raise SystemExit(f"no audience {audience!r}")


def _rest(world: World) -> None:
    """Begin with a minute of which nothing is used, and with no results to ask for; those are a later pass's."""
    world.query("update notify.delivery set results_after = null where results_after is not null")
    if CAPS[world.platform].per_minute or CAPS[world.platform].people_per_minute:
        time.sleep(61)


def _measure(world: World, letter: Letter) -> Measured:
    before, inbox = _count_rows(world), world.control("GET", "inbox/summary")
    world.control("DELETE", "calls")
    (since,) = world.query("select coalesce(max(message_id), 0) from notify.message")[0]
    world.query(_ENQUEUE, tenant=TENANT, name=letter.name, audiences=json.dumps(letter.audiences))
    started = time.monotonic()
    told = _push(world)
    process_seconds = time.monotonic() - started
    after, inbox_after = _count_rows(world), world.control("GET", "inbox/summary")
    ((calls, first, last),) = world.query(
        "select count(*), min(started_at), max(finished_at) from notify.attempt where action = 'send' and started_at >= %(began)s",
        began=told["began_at"],
    )
    ((recipients,),) = world.query(
        "select count(*) from notify.recipient where message_id > %(since)s and state in ('sent', 'delivered', 'read')", since=since
    )
    return Measured(
        letter=letter,
        told=told,
        process_seconds=process_seconds,
        calls=calls,
        recipients=recipients,
        inbox={name: inbox_after[name] - inbox[name] for name in ("messages", "recipients", "duplicates", "dropped")},
        rows=sum(after.values()) - sum(before.values()),
        first_call_at=first,
        last_call_at=last,
        refusals=world.control("GET", "calls")["refusals"],
    )


def _push(world: World) -> dict[str, Any]:
    """In a process of its own, whose peak is its own."""
    command = [sys.executable, "-m", "bench.push", TENANT, str(MOST_HOURS)]
    done = subprocess.run(command, env=world.paced, check=True, stdout=subprocess.PIPE)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _count_rows(world: World) -> dict[str, int]:
    return {table: world.query(f"select count(*) from notify.{table}")[0][0] for table in TABLES}  # noqa: S608


def _calls(receivers: int, per_call: int) -> int:
    return -(-receivers // per_call)


def _columns(platform: str, measured: Measured) -> Iterator[tuple[str, str]]:
    letter, caps, told = measured.letter, CAPS[platform], measured.told
    fewest = fewest_calls(letter, caps)
    began = datetime.fromisoformat(told["began_at"])
    yield "people", f"{letter.people:,}"
    yield "calls", f"{measured.calls:,}"
    yield "fewest", f"{fewest:,}"
    yield "planning", f"{(measured.first_call_at - began).total_seconds():.1f}"
    yield "sending", f"{(measured.last_call_at - measured.first_call_at).total_seconds():.1f}"
    yield "floor", f"{fewest_seconds(fewest, letter.people, caps):.1f}"
    yield "pass", f"{told['seconds']:.1f}"
    yield "process wall", f"{measured.process_seconds:.1f}"
    yield "MiB before", f"{told['before_mib']:.0f}"
    yield "peak MiB", f"{told['peak_mib']:.0f}"
    yield "rows", f"{measured.rows:,}"
    yield "recipients", f"{measured.recipients:,}"
    yield "in the inbox", f"{measured.inbox['recipients']:,}"
    yield "dropped", f"{measured.inbox['dropped']:,}"
    yield "twice", f"{measured.inbox['duplicates']:,}"
    yield "refused calls", f"{sum(measured.refusals.values()):,}"


def _print_row(platform: str, measured: Measured, *, is_first: bool) -> None:
    columns = dict(_columns(platform, measured))
    if is_first:
        print(f"| audience | {' | '.join(columns)} |")
        print(f"|---|{'---:|' * len(columns)}")
    print(f"| {measured.letter.name} | {' | '.join(columns.values())} |", flush=True)
