"""The outbox's tables: what is queued, claimed and written down. Decisions are made elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from psycopg2.extensions import connection as Connection

from orgsync.outbox.backoff import MOST_ATTEMPTS
from orgsync.outbox.chunks import Audience, Way
from orgsync.outbox.personal import Near, PersonLimit, Portion
from orgsync.outbox.quota import MINUTE, Gauge, Hold, Spent, Usage, day_start, month_start, read_gauges, usage_since
from orgsync.outbox.states import Standing, Verdict
from orgsync.platforms.sending.messages import Limits, Outcome, Person
from orgsync.warehouse.statements import Row, encode_list, execute, fetch_all

Work = Literal["send", "update", "complete", "delete", "recall", "results"]

# A call to this many people is small enough to ask about each of them.
MOST_UNNAMED = 1000


@dataclass(frozen=True)
class Claim:
    """A call that is to be made, and what is written down of it before. `row` is notify.delivery's, with the content of its message.

    `calls` is what it may cost of the platform's quota; `lease` is after how long it counts as lost; `people` are those it names, or of
    whom it asks.
    """

    row: Row
    work: Work
    calls: int
    could_repeat: bool
    lease: timedelta
    people: tuple[Person, ...] = ()

    @property
    def delivery_id(self) -> int:
        return int(self.row["delivery_id"])


@dataclass(frozen=True)
class Call:
    """A claimed call; `attempt_id` is the attempt that was written down for it, `made` how many calls of the platform it took at last."""

    claim: Claim
    attempt_id: int
    made: int | None = None

    @property
    def row(self) -> Row:
        return self.claim.row

    @property
    def work(self) -> Work:
        return self.claim.work

    @property
    def people(self) -> tuple[Person, ...]:
        return self.claim.people

    @property
    def delivery_id(self) -> int:
        return self.claim.delivery_id


@dataclass(frozen=True)
class Mark:
    """Where a call stands after an attempt. None keeps what is there; a call that nobody waits for any more has no `results_after`."""

    state: str
    reason: str | None = None
    platform_id: str | None = None
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    results_after: datetime | None = None
    results_asked: int = 0
    recall_after: datetime | None = None
    keeps_recall: bool = True


@dataclass(frozen=True)
class Ending:
    """How an attempt ended."""

    outcome: str
    platform_id: str | None = None
    code: str | None = None
    reason: str | None = None


def save_channel(
    connection: Connection,
    *,
    tenant_id: str,
    platform: str,
    conn_id: str,
    is_whole: bool,
    limits: Row | None = None,
    problem: str | None = None,
) -> None:
    """Keep what is known of a tenant; `problem` is why nothing can be sent to it now. Without `limits`, those known before stay."""
    named = {"tenant_id": tenant_id, "platform": platform, "conn_id": conn_id, "is_whole": is_whole}
    if execute(connection, "outbox/save_channel", **named, limits=limits, problem=problem):
        execute(connection, "outbox/explain_waiting", tenant_id=tenant_id)


def note_problem(connection: Connection, tenant_id: str, problem: str) -> None:
    """Keep why nothing can be sent to a tenant now, of which nothing else is known now; what was known stays, and what waits says so."""
    if execute(connection, "outbox/note_problem", tenant_id=tenant_id, problem=problem):
        execute(connection, "outbox/explain_waiting", tenant_id=tenant_id)


def retire_channels(connection: Connection, tenant_ids: Sequence[str]) -> list[str]:
    """Let nothing more be queued for tenants that are not these, and say so where something waits; returns which are new among them."""
    retired = [row["tenant_id"] for row in fetch_all(connection, "outbox/retire_channels", tenant_ids=list(tenant_ids))]
    for tenant_id in retired:
        execute(connection, "outbox/explain_waiting", tenant_id=tenant_id)
    return retired


def list_channels(connection: Connection, tenant_id: str | None) -> list[Row]:
    return fetch_all(connection, "outbox/list_channels", tenant_id=tenant_id)


def find_due(connection: Connection, *, now: datetime) -> list[str]:
    return [row["tenant_id"] for row in fetch_all(connection, "outbox/find_due", now=now)]


def find_next_call(connection: Connection, tenant_id: str) -> datetime | None:
    at: datetime | None = fetch_all(connection, "outbox/find_next_call", tenant_id=tenant_id)[0]["next_at"]
    return at


def tidy_up(connection: Connection, tenant_id: str, *, now: datetime) -> None:
    """End what expired or was taken back before it was sent, and find what a worker left when it died."""
    execute(connection, "outbox/reclaim_lapsed", tenant_id=tenant_id, most_attempts=MOST_ATTEMPTS, now=now)
    for statement in ("take_back_unsent", "expire_messages", "expire_deliveries"):
        execute(connection, f"outbox/{statement}", tenant_id=tenant_id, now=now)


def wake(connection: Connection, tenant_id: str, *, now: datetime) -> None:
    """Let what waits for another try go at once: somebody asks for it."""
    for statement in ("wake_deliveries", "wake_messages"):
        execute(connection, f"outbox/{statement}", tenant_id=tenant_id, now=now)


def prefer_indexes(connection: Connection) -> None:
    execute(connection, "outbox/prefer_indexes")


def claim_messages(connection: Connection, tenant_id: str, *, most: int, now: datetime) -> list[Row]:
    return fetch_all(connection, "outbox/claim_messages", tenant_id=tenant_id, most_messages=most, now=now)


def resolve_recipients(
    connection: Connection, tenant_id: str, message_ids: Sequence[int], *, asked: Mapping[str, Sequence[str]], now: datetime
) -> int:
    """Write down who these messages are for; returns how many people they have to reach. `asked` are user ids by saved audience."""
    audiences = {query: list(user_ids) for query, user_ids in asked.items()}
    execute(connection, "outbox/resolve_recipients", tenant_id=tenant_id, message_ids=list(message_ids), asked=audiences, now=now)
    return int(fetch_all(connection, "outbox/count_people", message_ids=list(message_ids))[0]["people"])


def measure_departments(
    connection: Connection, tenant_id: str, message_ids: Sequence[int], *, people: int, departments_per_call: int, is_everybody: bool
) -> Audience:
    row = fetch_all(
        connection,
        "outbox/measure_departments",
        tenant_id=tenant_id,
        message_ids=list(message_ids),
        departments_per_call=departments_per_call,
    )[0]
    return Audience(people=people, is_everybody=is_everybody, **row)


def write_calls(connection: Connection, way: Way, messages: Sequence[Row], **parameters: object) -> None:
    statements = {
        "everybody": "outbox/write_call_to_everybody",
        "departments": "outbox/write_calls_to_departments",
        "people": "outbox/write_calls_to_people",
    }
    message_ids = [message["message_id"] for message in messages]
    priority = max(message["priority"] for message in messages)
    execute(connection, statements[way], message_id=message_ids[0], message_ids=message_ids, priority=priority, **parameters)


def write_calls_to_change(connection: Connection, message: Row, *, now: datetime) -> int:
    """A call for each that made the todo; returns how many."""
    named = {name: message[name] for name in ("message_id", "of_message_id", "action", "priority")}
    return execute(connection, "outbox/write_calls_to_change", **named, now=now)


def find_todo(connection: Connection, message_id: int) -> Row:
    return fetch_all(connection, "outbox/find_todo", message_id=message_id)[0]


def mark_claimed(connection: Connection, messages: Sequence[Row], *, now: datetime) -> None:
    execute(connection, "outbox/mark_claimed", message_ids=[message["message_id"] for message in messages], now=now)


def fail_messages(connection: Connection, messages: Sequence[Row], reason: str, *, now: datetime) -> None:
    message_ids = [message["message_id"] for message in messages]
    execute(connection, "outbox/fail_message", message_ids=message_ids, reason=reason, now=now)


def postpone_messages(connection: Connection, messages: Sequence[Row], reason: str, *, until: datetime) -> None:
    message_ids = [message["message_id"] for message in messages]
    execute(connection, "outbox/postpone_messages", message_ids=message_ids, reason=reason, until=until)


def lock_pace(connection: Connection, tenant_id: str) -> None:
    """Be the only one who counts and claims calls of a tenant, to the end of the transaction: so workers keep one pace together."""
    execute(connection, "outbox/lock_pace", tenant_id=tenant_id)


def read_usage(connection: Connection, tenant_id: str, limits: Limits, *, now: datetime) -> Usage:
    windows = {"minute_start": now - MINUTE, "day_start": day_start(now), "month_start": month_start(now)}
    row = fetch_all(connection, "outbox/read_usage", tenant_id=tenant_id, since=usage_since(limits, now=now), now=now, **windows)[0]
    lately = zip(*(row.pop(name) or () for name in ("lately_at", "lately_calls", "lately_people")), strict=True)
    return Usage(tuple(Spent(*spent) for spent in lately), **row)


def find_gauges(connection: Connection, channel: Row, *, now: datetime) -> list[Gauge]:
    """The quotas of a row of notify.channel, as far as its limits are known."""
    known = {"people_per_call": 0} | {name: value for name, value in channel["limits"].items() if name in Limits.__dataclass_fields__}
    limits = Limits(**known)
    return read_gauges(read_usage(connection, channel["tenant_id"], limits, now=now), limits, now=now)


def find_people_at_limit(
    connection: Connection, tenant_id: str, delivery_ids: Sequence[int], limits: Sequence[PersonLimit], *, now: datetime
) -> dict[int, list[Near]]:
    """By call, who of its people has had, or with these calls would have, more messages than one of the limits allows."""
    named = {"mosts": [limit.most for limit in limits], "spans": [limit.span for limit in limits]}
    rows = fetch_all(connection, "outbox/find_people_at_limit", tenant_id=tenant_id, delivery_ids=list(delivery_ids), **named, now=now)
    near: defaultdict[int, list[Near]] = defaultdict(list)
    for row in rows:
        near[row.pop("delivery_id")].append(Near(**row))
    return near


def split_off(connection: Connection, delivery: Row, portion: Portion, reason: str, *, now: datetime) -> None:
    """Some people of a call are to be in one of their own, which waits."""
    named = {"user_ids": list(portion.user_ids), "until": portion.until, "reason": reason}
    execute(connection, "outbox/split_off", delivery_id=delivery["delivery_id"], **named, now=now)


def hold(connection: Connection, tenant_id: str, held: Hold, *, priority: int) -> None:
    """Let what is no more urgent than this wait, where it can be seen why."""
    waiting = {"tenant_id": tenant_id, "priority": priority, "until": held.until, "reason": held.reason}
    execute(connection, "outbox/hold_deliveries", **waiting, delivery_id=None)
    execute(connection, "outbox/hold_messages", **waiting)


def hold_one(connection: Connection, tenant_id: str, delivery: Row, held: Hold) -> None:
    named = {"delivery_id": delivery["delivery_id"], "priority": delivery["priority"]}
    execute(connection, "outbox/hold_deliveries", tenant_id=tenant_id, until=held.until, reason=held.reason, **named)


def find_work(connection: Connection, tenant_id: str, *, most: int, now: datetime) -> list[Row]:
    """Calls to be made, messages to be taken back, results to be asked for, in this order; each with its `work`."""
    work: dict[int, str] = {}
    for statement in ("find_recalls", "find_sends", "find_results"):
        if len(work) < most:
            found = fetch_all(connection, f"outbox/{statement}", tenant_id=tenant_id, most_calls=most - len(work), now=now)
            work |= {row["delivery_id"]: row["work"] for row in found}
    rows = {row["delivery_id"]: row for row in fetch_all(connection, "outbox/read_calls", delivery_ids=list(work))} if work else {}
    return [{**rows[delivery_id], "work": of} for delivery_id, of in work.items()]


def read_people(connection: Connection, tenant_id: str, deliveries: Sequence[Row]) -> dict[int, tuple[Person, ...]]:
    """Whom a call names; of whom results are asked, all of them if they are not too many."""
    work = {delivery["delivery_id"]: delivery["work"] for delivery in deliveries}
    rows = fetch_all(connection, "outbox/read_people", tenant_id=tenant_id, delivery_ids=list(work), most_unnamed=MOST_UNNAMED)
    people: defaultdict[int, list[Person]] = defaultdict(list)
    for row in rows:
        if row["is_named"] or work[row["delivery_id"]] == "results":
            people[row["delivery_id"]].append(Person(row["user_id"], row["union_id"], row["open_id"]))
    return {delivery_id: tuple(named) for delivery_id, named in people.items()}


def start_attempts(connection: Connection, claims: Sequence[Claim], *, claimed_by: str, now: datetime) -> list[Call]:
    """Write down what is about to be done; only then, and after a commit, it may be done."""
    written = [
        {
            "delivery_id": claim.delivery_id,
            "work": claim.work,
            "calls": claim.calls,
            "could_repeat": claim.could_repeat,
            "lease_until": (now + claim.lease).isoformat(),
        }
        for claim in claims
    ]
    started = fetch_all(connection, "outbox/start_attempts", claims=encode_list(written), claimed_by=claimed_by, now=now)
    attempts = {row["delivery_id"]: row["attempt_id"] for row in started}
    return [Call(claim, attempts[claim.delivery_id]) for claim in claims]


def renew_leases(connection: Connection, calls: Iterable[Call], *, now: datetime) -> set[int]:
    """The attempts that still have their call, and have it for a while again."""
    spans = {call.attempt_id: call.claim.lease for call in calls}
    rows = fetch_all(connection, "outbox/renew_leases", attempt_ids=list(spans), spans=list(spans.values()), now=now)
    return {row["attempt_id"] for row in rows}


def is_still_claimed(connection: Connection, call: Call) -> bool:
    """Whether the call is still this attempt's: it was not taken for lost, nor has another ended it."""
    return bool(fetch_all(connection, "outbox/find_claim", attempt_id=call.attempt_id))


def finish_attempt(connection: Connection, call: Call, ending: Ending, *, now: datetime) -> None:
    execute(connection, "outbox/finish_attempt", attempt_id=call.attempt_id, calls=call.made, **vars(ending), now=now)


def record(connection: Connection, call: Call, ending: Ending, mark: Mark, *, now: datetime) -> None:
    finish_attempt(connection, call, ending, now=now)
    execute(connection, "outbox/mark_delivery", delivery_id=call.delivery_id, **vars(mark))


def mark_recipients(
    connection: Connection,
    call: Call,
    state: str,
    *,
    from_states: Sequence[str],
    now: datetime,
    reason: str | None = None,
    refused: Mapping[str, str] | None = None,
) -> None:
    execute(
        connection,
        "outbox/mark_recipients",
        delivery_id=call.delivery_id,
        state=state,
        reason=reason,
        refused=dict(refused or {}),
        from_states=list(from_states),
        now=now,
    )


def fail_departments(connection: Connection, tenant_id: str, call: Call, refused: Mapping[str, str], *, now: datetime) -> None:
    if refused:
        execute(connection, "outbox/fail_departments", tenant_id=tenant_id, delivery_id=call.delivery_id, refused=dict(refused), now=now)


def mark_outcomes(connection: Connection, call: Call, outcomes: Mapping[str, Outcome], *, now: datetime) -> None:
    if outcomes:
        told = {user_id: vars(outcome) for user_id, outcome in outcomes.items()}
        execute(connection, "outbox/mark_outcomes", delivery_id=call.delivery_id, outcomes=told, now=now)


def split(connection: Connection, call: Call, *, now: datetime) -> None:
    execute(connection, "outbox/split_delivery", delivery_id=call.delivery_id, now=now)


def read_standings(connection: Connection, tenant_id: str, *, most: int) -> dict[int, Standing]:
    """Of messages that may be in another state by now; they are this worker's until the transaction ends."""
    message_ids = [row["message_id"] for row in fetch_all(connection, "outbox/lock_unsettled", tenant_id=tenant_id, most_messages=most)]
    rows = fetch_all(connection, "outbox/read_standings", message_ids=message_ids) if message_ids else []
    return {row.pop("message_id"): Standing(**row) for row in rows}


def save_verdicts(connection: Connection, verdicts: Mapping[int, Verdict], *, now: datetime) -> None:
    rows = [{"message_id": message_id, **vars(verdict)} for message_id, verdict in verdicts.items()]
    execute(connection, "outbox/save_verdicts", verdicts=encode_list(rows), now=now)


def find_unannounced(connection: Connection, tenant_id: str, *, since: datetime) -> list[Row]:
    """The plans that live syncs applied since then and whose changes were not told; what a replay or a backfill loads is none of them."""
    return fetch_all(connection, "outbox/find_unannounced", tenant_id=tenant_id, since=since)


def list_changes(connection: Connection, tenant_id: str, *, taken_at: datetime, kinds: Sequence[str]) -> list[Row]:
    return fetch_all(connection, "outbox/list_changes", tenant_id=tenant_id, taken_at=taken_at, kinds=list(kinds))


def mark_announced(connection: Connection, plan: Row, *, messages: int, problems: Sequence[str]) -> None:
    named = {"plan_id": plan["plan_id"], "tenant_id": plan["tenant_id"]}
    execute(connection, "outbox/mark_announced", **named, messages=messages, problems=list(problems))


def find_audience_problem(connection: Connection, tenant_id: str, audience: Row) -> str | None:
    problem: str | None = fetch_all(connection, "outbox/find_audience_problem", tenant_id=tenant_id, audience=audience)[0]["problem"]
    return problem


def enqueue(connection: Connection, **message: object) -> int:
    return int(fetch_all(connection, "outbox/enqueue", **message)[0]["message_id"])


def change_todo(connection: Connection, **change: object) -> int:
    return int(fetch_all(connection, "outbox/change_todo", **change)[0]["message_id"])


def recall(connection: Connection, message_id: int) -> str:
    return str(fetch_all(connection, "outbox/recall", message_id=message_id)[0]["answer"])


def retry(connection: Connection, message_id: int) -> str:
    return str(fetch_all(connection, "outbox/retry", message_id=message_id)[0]["answer"])


def list_messages(connection: Connection, *, tenant_id: str | None, state: str | None, message_id: int | None, most: int) -> list[Row]:
    return fetch_all(connection, "outbox/list_messages", tenant_id=tenant_id, state=state, message_id=message_id, most_messages=most)


def list_attempts(connection: Connection, message_id: int) -> list[Row]:
    return fetch_all(connection, "outbox/list_attempts", message_id=message_id)


def list_recipients(connection: Connection, message_id: int, *, most: int) -> list[Row]:
    return fetch_all(connection, "outbox/list_recipients", message_id=message_id, most_recipients=most)
