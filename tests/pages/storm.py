"""An organization in which everything happens: at random, with names and ids that nobody expects, written as versions, by no platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from random import Random
from typing import Any

import psycopg2
from psycopg2.extras import Json, execute_values

from tests.pages.company import Company

TENANT = "storm"
START = datetime(2024, 2, 27, 15, 30, tzinfo=UTC)
"""Each sync is seven hours after the one before; some of them end another day in Shanghai than in London."""
STEPS = 16
FIRST, LATE = 320, 120
"""So many people are there at the first sync, so many more come at once at another."""
MASS_JOIN, MASS_UPDATE = 4, 9
HOSTILE = [
    '=HYPERLINK("http://x.invalid","y")',
    "+86 138",
    "-5",
    "@SUM(A1)",
    "＝1+1",
    "\t=1",
    "first\r=1+1\n@x",
    "<b>bold</b><script>alert(1)</script>",
    '"quoted", with a comma',
    "O'Brien & Söhne",
    "{{ 7 * 7 }} %(kind)s %s {x}",
    "\u202egnp.exe",
    "👩‍👩‍👧 家",
    "王" * 70,
    "00012",
]
IDS = ["a b", "a,b", "ü/ö?#&=%41", "<i>", "'; drop", '"', "用户", "{x}", "Z", "z", "_", "\\"]
USER_TEXTS = ("title", "job_number", "work_place", "employee_type", "nickname", "avatar_url")
PERSONAL = ("mobile", "email", "work_email", "telephone")
USER_COLUMNS = (
    *("union_id", "open_id", "name", "name_en", "nickname", *PERSONAL, "gender", "avatar_url", "title", "job_number", "work_place"),
    *("employee_type", "hired_on", "status", "is_admin", "manager_user_id", "main_department_id", "attributes"),
)
MEMBERSHIP_COLUMNS = ("is_main", "is_leader", "sort_order", "title", "attributes")
DEPARTMENT_COLUMNS = ("parent_id", "name", "name_en", "sort_order", "is_hidden", "source_identifier", "leader_user_ids", "attributes")

Rows = dict[Any, dict[str, Any]]


@dataclass
class State:
    """What one sync read."""

    departments: Rows = field(default_factory=dict)
    users: Rows = field(default_factory=dict)
    memberships: Rows = field(default_factory=dict)

    def copy(self) -> State:
        return State(*({key: dict(row) for key, row in rows.items()} for rows in (self.departments, self.users, self.memberships)))

    def departments_of(self, user_id: str) -> list[str]:
        return sorted(department for user, department in self.memberships if user == user_id)

    def below(self, department_id: str) -> set[str]:
        """It with all below it; nothing where it is not there."""
        found = {department_id} & set(self.departments)
        while more := {key for key, row in self.departments.items() if row["parent_id"] in found} - found:
            found |= more
        return found


@dataclass
class Storm:
    instants: list[datetime]
    states: list[State]

    def at(self, instant: datetime | None) -> State:
        """As it was then, or now."""
        known = [state for at, state in zip(self.instants, self.states, strict=True) if instant is None or at <= instant]
        return known[-1] if known else State()


def make_states(random: Random) -> list[State]:
    state, states, gone = State(), [], State()
    for step in range(STEPS):
        state = state.copy()
        if step == 0:
            _found(state, random)
        elif step == MASS_JOIN:
            for number in range(FIRST, FIRST + LATE):
                _hire(state, random, f"u{number:04}")
        else:
            for _ in range(24):
                _happen(state, gone, random, step)
        if step == MASS_UPDATE:
            for row in state.users.values():
                row["employee_type"] = "all of them"
        states.append(state)
    return states


def _found(state: State, random: Random) -> None:
    for number, id_ in enumerate(["1", "2", "3", "d;4", "d 5", "<d6>", "7", "8", "9", "10", "11", "12"]):
        parent = None if number == 0 else random.choice(list(state.departments))
        state.departments[id_] = dict.fromkeys(DEPARTMENT_COLUMNS) | {
            "name": f"Department {id_}",
            "parent_id": parent,
            "sort_order": number,
        }
    for number in range(FIRST):
        _hire(state, random, IDS[number] if number < len(IDS) else f"u{number:04}")


def _hire(state: State, random: Random, id_: str) -> None:
    name = HOSTILE[len(state.users)] if len(state.users) < len(HOSTILE) else f"Person {id_}"
    state.users[id_] = dict.fromkeys(USER_COLUMNS) | {"name": name, "status": "active", "mobile": f"138{len(state.users):08}"}
    for department in random.sample(list(state.departments), random.choice([0, 1, 1, 1, 2])):
        state.memberships[id_, department] = dict.fromkeys(MEMBERSHIP_COLUMNS)


def _happen(state: State, gone: State, random: Random, step: int) -> None:
    user, department = random.choice(list(state.users)), random.choice(list(state.departments))
    person, own = state.users[user], state.departments_of(user)
    match random.randrange(17):
        case 0 | 1:
            gone.users[user] = state.users.pop(user)
            for each in own:
                del state.memberships[user, each]
        case 2 | 3:
            if gone.users:
                back = random.choice(list(gone.users))
                state.users[back] = gone.users.pop(back)
                state.memberships[back, department] = dict.fromkeys(MEMBERSHIP_COLUMNS)
        case 4:
            person["name"] = random.choice([*HOSTILE, f"Person {step}", f"Person {user}"])
        case 5 | 6:
            person[random.choice(USER_TEXTS)] = random.choice([None, f"Text {step}", "Text", *HOSTILE])
        case 7:
            person[random.choice(PERSONAL)] = random.choice([None, f"+86 {step}"])
        case 8:
            person["attributes"] = {"step": step}
        case 9:
            person["manager_user_id"] = random.choice([None, random.choice(list(state.users))])
            person["is_admin"] = not person["is_admin"]
        case 10:
            person["main_department_id"] = random.choice(own) if own else None
            person["gender"], person["hired_on"] = random.choice(["male", "female", None]), random.choice(["2020-02-29", None])
        case 11:
            for each in own:
                del state.memberships[user, each]
            state.memberships[user, department] = dict.fromkeys(MEMBERSHIP_COLUMNS)
        case 12:
            state.memberships[user, department] = dict.fromkeys(MEMBERSHIP_COLUMNS) | {"title": f"In it since {step}"}
        case 13:
            for each in own[1:] or own[: step % 2]:
                del state.memberships[user, each]
        case 14:
            state.departments[department] |= random.choice(
                [
                    {"name": random.choice([*HOSTILE, f"Department {step}"])},
                    {"leader_user_ids": random.sample(list(state.users), 2)},
                    {"is_hidden": step % 2 == 0},
                ]
            )
        case 15:
            if (
                department != "1"
                and department not in state.below(above := random.choice(list(state.departments))) | {above}
                and above not in state.below(department)
            ):
                state.departments[department]["parent_id"] = above
        case 16:
            if gone.departments:
                back, row = gone.departments.popitem()
                state.departments[back] = row | {"parent_id": "1"}
            elif state.below(department) == {department} and department != "1":
                gone.departments[department] = state.departments.pop(department)
                for key in [key for key in state.memberships if key[1] == department]:
                    del state.memberships[key]


def list_versions(instants: list[datetime], states: list[Rows]) -> Iterator[tuple[Any, dict[str, Any], datetime, datetime | None, int]]:
    """Of each key its contents, from when, until when, and by which sync."""
    for key in {key for rows in states for key in rows}:
        began, content = 0, None
        for number, rows in enumerate([*states, {}]):
            row = rows.get(key)
            is_end = number == len(states)
            if row == content and not is_end:
                continue
            if content is not None:
                yield key, content, instants[began], None if is_end else instants[number], began
            began, content = number, row


@contextmanager
def open_storm(company: Company, seed: int = 11) -> Iterator[Storm]:
    """In the company's warehouse, until the block ends."""
    states = make_states(Random(seed))
    storm = Storm([START + number * timedelta(hours=7) for number in range(STEPS)], states)
    connection = psycopg2.connect(company.dsn)
    try:
        with connection, connection.cursor() as cursor:
            _write(cursor, storm)
        yield storm
    finally:
        with connection, connection.cursor() as cursor:
            for table in ("org.headcount_change", "org.membership_version", "org.user_version", "org.department_version"):
                cursor.execute(f"delete from {table} where tenant_id = %s", [TENANT])
            cursor.execute("update ops.snapshot set plan_id = null where tenant_id = %s", [TENANT])
            cursor.execute("delete from ops.plan where tenant_id = %s", [TENANT])
            cursor.execute("delete from ops.snapshot where tenant_id = %s", [TENANT])
        connection.close()


def _write(cursor: Any, storm: Storm) -> None:
    for number, instant in enumerate(storm.instants):
        cursor.execute(
            """
            insert into ops.snapshot (snapshot_id, tenant_id, platform, mode, taken_at, uri, state)
            values (%s, %s, 'dingtalk', 'full', %s, 'x', 'loaded')
            """,
            [f"{TENANT}/{number}", TENANT, instant],
        )
    tables = {
        "department": (DEPARTMENT_COLUMNS, ["department_id"], [state.departments for state in storm.states]),
        "user": (USER_COLUMNS, ["user_id"], [state.users for state in storm.states]),
        "membership": (MEMBERSHIP_COLUMNS, ["user_id", "department_id"], [state.memberships for state in storm.states]),
    }
    for entity, (columns, keys, states) in tables.items():
        rows = [
            (
                TENANT,
                *([key] if isinstance(key, str) else key),
                *(_adapt(row[column]) for column in columns),
                _digest(row),
                start,
                end,
                f"{TENANT}/{number}",
            )
            for key, row, start, end, number in list_versions(storm.instants, states)
        ]
        names = ["tenant_id", *keys, *columns, "content_hash", "valid_from", "valid_to", "snapshot_id"]
        execute_values(cursor, f"insert into org.{entity}_version ({', '.join(names)}) values %s", rows)
    cursor.execute("select stage.count_heads(%s, instant) from unnest(%s) as instant", [TENANT, storm.instants])


def _adapt(value: Any) -> Any:
    return Json(value) if isinstance(value, dict) else value


def _digest(row: dict[str, Any]) -> str:
    return md5(json.dumps(row, sort_keys=True, default=str).encode(), usedforsecurity=False).hexdigest()
