"""A person who is forgotten is nowhere: in no table, in no file; no replay and no rebuild brings them back, and others lose nothing by it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from orgsync.errors import ConfigurationError
from orgsync.landing.zone import read_manifest
from orgsync.outbox.announcing import announce_changes
from orgsync.removal import forgetting
from orgsync.removal.forgetting import forget_person, plan_forgetting
from orgsync.sync.rebuilding import rebuild
from orgsync.sync.replaying import replay
from orgsync.tenants.stanza import Allowance, Budget
from stack.postgres import PostgresServer
from tests.integration.office import Office
from tests.integration.test_plan import wecom_by_ids, with_tenant
from tests.integration.test_rebuild import Servant, differences, everything
from tests.integration.world import World

NOW = datetime(2026, 11, 20, 3, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVOLUTION = {"joined": 1, "moved": 3, "renamed": 3, "promoted": 2}
TABLES = """
    select quote_ident(schemaname) || '.' || quote_ident(tablename)
    from pg_tables
    where schemaname in ('org', 'ops', 'notify', 'stage')
"""


def fill(world: World, *, times: int = 3) -> str:
    """Several snapshots of a company that changes; somebody who manages or leads others leaves before the last. Returns whom."""
    for number in range(times):
        world.sync(now=NOW + number * HOUR)
        world.control("POST", "evolve", EVOLUTION)
    gone = let_boss_leave(world)
    world.sync(now=NOW + times * HOUR)
    return gone


def let_boss_leave(world: World) -> str:
    """The sandbox chooses who leaves: until it is somebody whom others' rows name."""
    bosses = {
        row[0]
        for row in world.query(
            "select manager_user_id from org.user_version union select unnest(leader_user_ids) from org.department_version"
        )
    }
    for _ in range(60):
        [left] = world.control("POST", "evolve", {"left": 1})["left"]
        if left in bosses and world.query("select count(*) from org.user_version where user_id = %s", left)[0][0]:
            return str(left)
    raise AssertionError("no boss leaves")


def values_of(world: World, user_id: str) -> set[str]:
    """All that history ever knew the person by."""
    rows = world.query(
        """
        select v.value
        from org.user_version as version
        cross join lateral (values (user_id), (union_id), (open_id), (name), (mobile), (email), (work_email), (telephone), (avatar_url), (job_number))
            as v (value)
        where user_id = %s and v.value is not null
          and not exists (
            select from org.user_version as other
            where other.user_id <> version.user_id
              and v.value in (other.name, other.mobile, other.email, other.work_email, other.telephone, other.avatar_url, other.job_number)
        )
        """,
        user_id,
    )
    return {value for (value,) in rows}


def find_in_tables(world: World, values: Iterable[str]) -> list[str]:
    return [
        f"{table}: {row}"
        for (table,) in world.query(TABLES)
        for (row,) in world.query(f"select r::text from {table} as r")
        for value in values
        if holds(row, value)
    ]


def find_in_files(world: World, values: Iterable[str]) -> list[str]:
    found = []
    for folder in (world.zone(), world.settings.report_folder):
        for path in (each for each in folder.rglob("*") if each.is_file()):
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            text = content.decode("utf-8", "replace")
            text += json.dumps(text).encode().decode("unicode_escape", "replace") if "\\u" in text else ""
            found += [f"{path.name}: {value}" for value in values if holds(text, value)]
    return found


def holds(text: str, value: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z_]){re.escape(value)}(?![0-9A-Za-z_])", text) is not None


def snapshots_of(world: World) -> int:
    return len(world.landed())


def without(told: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != key}


def test_forgotten_person_is_nowhere_and_stays_away(any_world: World, postgres: PostgresServer) -> None:
    world = with_tenant(any_world, budget=Budget(leavers=Allowance(1000, 100)))
    gone = fill(world)
    values = values_of(world, gone)
    assert len(values) > 3
    assert find_in_tables(world, values)
    assert find_in_files(world, values)
    people = world.query("select count(distinct user_id) from org.user_version")[0][0]

    planned = plan_forgetting(world.make_run(), gone)
    assert (planned.outcome, planned.counts["landing zone"], planned.is_present) == ("planned", 3, False)
    done = forget_person(world.make_run(), gone, asked_by="wang")

    assert (done.outcome, done.warnings) == ("forgotten", [])
    assert done.counts["org.user_version"] == planned.counts["org.user_version"]
    assert find_in_tables(world, values) == []
    assert find_in_files(world, values) == []
    assert world.query("select count(distinct user_id) from org.user_version") == [(people - 1,)]
    assert world.query("select count(*) from ops.erasure_value") == [(0,)]
    assert world.query("select state, subject, asked_by from ops.erasure") == [("done", "person", "wang")]
    told = everything(world)

    replay(world.make_run(), after=NOW - HOUR, until=None)
    assert differences(everything(world), told) == []
    headcounts = world.query("select * from org.headcount_change order by 1, 2, 3")
    keys = world.query("select * from org.search_key order by 1, 2, 3, 4")
    Servant(postgres, world).lose()
    assert rebuild(world.make_run())["failed"] == []
    assert differences(everything(world), told) == []
    assert world.query("select * from org.headcount_change order by 1, 2, 3") == headcounts
    assert world.query("select * from org.search_key order by 1, 2, 3, 4") == keys
    assert find_in_tables(world, values) == []
    world.control("POST", "evolve", EVOLUTION)
    assert world.sync(now=NOW + 9 * HOUR)["outcome"] == "succeeded"
    assert find_in_tables(world, values) == []
