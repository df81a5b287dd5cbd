"""Events make changes arrive between reads: what they name is asked of the platform, and what they leave out is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from orgsync.errors import PlatformError
from orgsync.sync.following import follow_events
from orgsync.sync.housekeeping import clean_tenant
from orgsync.sync.pipeline import load_extracted
from orgsync.sync.replaying import replay
from orgsync.sync.retracting import retract
from orgsync.tenants.events import Events
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.statements import encode_list, execute
from tests.integration.test_retraction import told
from tests.integration.truth import assert_equals_truth
from tests.integration.world import TENANTS, Command, World

KINDS = {
    "joined": "user.added",
    "returned": "user.added",
    "left": "user.removed",
    "moved": "user.changed",
    "renamed": "user.changed",
    "promoted": "user.changed",
    "manager_changed": "user.changed",
    "departments_created": "department.added",
    "departments_removed": "department.removed",
    "departments_moved": "department.changed",
    "departments_renamed": "department.changed",
    "leaders_changed": "department.changed",
}
keys = count()


def announce(world: World, kind: str, *, users: list[str] | None = None, departments: list[str] | None = None) -> None:
    """As the receiver stores what a platform pushes."""
    event = {
        "tenant_id": "acme",
        "event_key": f"event-{next(keys)}",
        "platform": world.platform,
        "type": "made up",
        "kind": kind,
        "user_ids": users or [],
        "open_ids": [],
        "department_ids": departments or [],
        "happened_at": None,
        "via": "http",
    }
    with open_warehouse(world.make_run().address) as connection:
        execute(connection, "events/save_event", rows=encode_list([event]))


def announce_all(world: World, changed: dict[str, Any], *, but: str = "") -> None:
    for what, kind in KINDS.items():
        for key in changed[what] if what != but else ():
            announce(world, kind, **{"users" if kind.startswith("user") else "departments": [str(key)]})


def listening(world: World) -> World:
    run = world.make_run
    return replace(world, make_run=lambda: replace(run(), tenant=replace(run().tenant, events=Events(receive="http"))))


def follow(world: World) -> dict[str, Any] | None:
    """As a run does that was woken."""
    run = world.make_run()
    snapshot_id = follow_events(run)
    return load_extracted(run, snapshot_id) if snapshot_id else None


def waiting(world: World) -> int:
    [(found,)] = world.query("select count(*) from ops.event where handled_at is null")
    return int(found)


def try_again_now(world: World) -> None:
    world.query("update ops.event set tried_at = tried_at - interval '1 day'")


def test_what_events_name_is_as_the_platform_has_it_and_the_next_full_read_finds_nothing_new(any_world: World) -> None:
    world = listening(any_world)
    world.sync()
    changed = world.control("POST", "evolve", {"rate": 0.3})
    announce_all(world, changed)
    world.control("DELETE", "calls")

    followed = follow(world)

    assert followed is not None
    assert followed["outcome"] == "succeeded"
    assert_equals_truth(world)
    assert waiting(world) == 0
    assert world.query("select mode, count(*) from ops.snapshot group by 1 order by 1") == [("full", 1), ("targeted", 1)]

    world.sync()
    [(changes, silent, empty)] = world.query("select changes, silent, empty from ops.event_audit")
    assert changes > 0
    assert (silent, empty) == (0, 0)


@pytest.mark.by_turns
def test_a_single_hire_costs_a_handful_of_calls(any_world: World) -> None:
    world = listening(any_world)
    world.sync()
    changed = world.control("POST", "evolve", {"joined": 1})
    announce_all(world, changed)
    world.control("DELETE", "calls")
    follow(world)
    calls = world.control("GET", "calls")
    assert_equals_truth(world)
    assert calls["total"] <= 6, calls


def test_what_no_event_named_is_counted_by_the_next_full_read(world: World) -> None:
    world = listening(world)
    world.sync()
    changed = world.control("POST", "evolve", {"joined": 2, "promoted": 3})
    announce_all(world, changed, but="promoted")
    announce(world, "user.changed", users=[changed["joined"][0]])  # twice
    announce(world, "user.changed", users=["nobody"])
    follow(world)
    world.sync()
    [(changes, silent, kinds, events, empty)] = world.query("select changes, silent, silent_kinds, events, empty from ops.event_audit")
    assert (changes, silent, kinds, events, empty) == (5, 3, {"user.updated": 3}, 4, 1)
    assert_equals_truth(world)


@pytest.mark.by_turns
def test_a_forged_event_changes_nothing_that_the_platform_does_not_confirm(any_world: World) -> None:
    world = listening(any_world)
    world.sync()
    before = told(world)
    [*people] = world.query("select user_id from org.users order by user_id limit 3")
    [(department,)] = world.query("select department_id from org.departments where parent_id is not null order by department_id limit 1")
    announce(world, "user.removed", users=[people[0][0], people[1][0]])
    announce(world, "department.removed", departments=[department])
    announce(world, "user.added", users=["evil' or 1=1", "../..", "x" * 300])
    followed = follow(world)
    assert followed is not None
    assert followed["outcome"] == "unchanged"
    assert told(world) == before
    assert waiting(world) == 0


@pytest.mark.by_turns
def test_whom_a_department_held_that_is_gone_is_asked_for_too(any_world: World) -> None:
    world = listening(any_world)
    world.sync()
    changed = world.control("POST", "evolve", {"departments_removed": 1})
    assert changed["departments_removed"]
    announce(world, "department.removed", departments=[str(each) for each in changed["departments_removed"]])
    follow(world)
    assert (
        world.query(
            "select 1 from org.memberships as m where not exists (select from org.departments as d where d.department_id = m.department_id)"
        )
        == []
    )
    assert_equals_truth(world)


def test_before_everybody_was_read_once_and_where_the_range_changed_everybody_is_read(world: World) -> None:
    world = listening(world)
    announce(world, "user.added", users=["whoever"])
    assert follow(world) is not None
    announce(world, "range.changed")
    assert follow(world) is not None
    assert world.query("select distinct mode from ops.snapshot order by 1") in ([("full",)], [("frequent",), ("full",)])
    assert waiting(world) == 0


def test_an_event_about_nothing_of_a_directory_is_put_aside_without_a_read(world: World) -> None:
    world = listening(world)
    world.sync()
    announce(world, "other")
    assert follow(world) is None
    assert world.query("select outcome, handled_by from ops.event") == [("nothing to read", None)]


def test_events_wait_while_the_platform_cannot_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.integration.world import no_waiting

    no_waiting(monkeypatch)
    world = listening(world)
    world.sync()
    changed = world.control("POST", "evolve", {"joined": 1})
    announce_all(world, changed)
    world.control("POST", "faults", {"interface": "topapi/v2/user/get", "kind": "http_503", "times": 99})
    before = told(world)
    with pytest.raises(PlatformError):
        follow(world)
    assert told(world) == before
    assert waiting(world) == 1
    assert len(world.landed()) == 1, "nothing of a read that failed stays"
    world.control("DELETE", "faults")
    follow(world)
    assert waiting(world) == 0
    assert_equals_truth(world)


def test_a_plan_of_everybody_that_waits_for_a_person_goes_on_waiting_and_is_right_when_approved(world: World) -> None:
    from orgsync.errors import GateError
    from orgsync.sync.deciding import decide_plan
    from orgsync.sync.merging import merge_plan

    world = listening(world)
    world.sync()
    leavers = world.control("POST", "evolve", {"left": 15})["left"]
    with pytest.raises(GateError, match="exceeds the budget"):
        world.sync()
    [(plan_id,)] = world.query("select plan_id from ops.plan where state = 'planned'")
    changed = world.control("POST", "evolve", {"joined": 1, "promoted": 2})
    announce_all(world, changed)
    assert follow(world) is not None
    assert world.query("select state from ops.plan where plan_id = %s", plan_id) == [("planned",)]

    run = world.make_run()
    decide_plan(run, plan_id, is_approved=True, decided_by="li")
    merge_plan(run, plan_id)

    left = {user for (user,) in world.query("select user_id from org.change where kind = 'left'")}
    assert left == set(leavers)
    assert_equals_truth(world)


def test_more_leavers_than_may_be_wait_for_a_person_however_they_are_announced(world: World) -> None:
    from orgsync.errors import GateError

    world = listening(world)
    world.sync()
    announce_all(world, world.control("POST", "evolve", {"left": 15}))
    before, announced = told(world), waiting(world)
    with pytest.raises(GateError, match="exceeds the budget"):
        follow(world)
    assert told(world) == before
    assert waiting(world) == announced >= 15
    assert follow(world) is None, "they are not read again and again"
    try_again_now(world)
    with pytest.raises(GateError):
        follow(world)


@pytest.mark.by_turns
def test_taken_out_loaded_again_and_rebuilt_it_is_as_with_any_other_snapshot(any_world: World) -> None:
    world = listening(any_world)
    world.sync()
    without = told(world)
    announce_all(world, world.control("POST", "evolve", {"rate": 0.1}))
    follow(world)
    with_it = told(world)
    [(snapshot_id, taken_at)] = world.query("select snapshot_id, taken_at from ops.snapshot where mode = 'targeted'")
    [(first,)] = world.query("select min(taken_at) from ops.snapshot")

    from datetime import timedelta

    replay(world.make_run(), after=first - timedelta(days=1), until=taken_at)
    assert told(world) == with_it
    retract(world.make_run(), [snapshot_id], decided_by="li")
    assert told(world) == without
    world.sync()
    assert_equals_truth(world)


def test_housekeeping_lets_a_look_stand_for_no_day(world: World) -> None:
    from datetime import timedelta

    world = listening(world)
    world.sync()
    announce_all(world, world.control("POST", "evolve", {"joined": 1}))
    follow(world)
    [(taken_at,)] = world.query("select max(taken_at) from ops.snapshot")
    run = world.make_run()
    clean_tenant(run.settings, run.tenant, dry_run=False, clock=lambda _: taken_at + timedelta(days=30))
    kept = {path.name for path in world.landed()}
    assert len(kept) == 1
    assert world.query("select mode from ops.snapshot where removed_at is null") == [("full",)]
    assert_equals_truth(world)


def test_the_command_reads_what_events_name_and_tells_how_they_go(world: World, command: Command) -> None:
    world.sync()
    assert command("sync", "acme", "--events").stdout.strip() == "no event of acme waits"
    assert command("events").stdout.strip() == "no event was received"
    world.settings.tenants_file.write_text(TENANTS.replace("conn_id", "events: {receive: http}, conn_id"), encoding="utf-8")
    changed = world.control("POST", "evolve", {"joined": 2, "promoted": 1})
    announce_all(world, changed, but="promoted")
    found = command("sync", "acme", "--events")
    assert found.returncode == 0, found.stderr
    assert "people 2 joined" in found.stdout
    listening(world).sync()
    [row] = json.loads(command("events", "--json").stdout)
    assert (row["received"], row["waiting"], row["changes"], row["silent"]) == (2, 0, 3, 1)
    shown = " ".join(command("events", "acme").stdout.split())
    assert "1 of 3 changes were named by no event (user updated 1); 0 of 2 events were followed by no change" in shown
