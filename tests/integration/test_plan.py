"""A sync changes what its plan says and no more; beyond its budget it waits for somebody to decide."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.errors import ConfigurationError, GateError, IncompleteSnapshotError, PermissionDeniedError
from orgsync.platforms.platform import Scope
from orgsync.sync.budget import WORDS
from orgsync.sync.deciding import decide_plan
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.lookups import find_plan, list_quarantine
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.replaying import replay
from orgsync.sync.validating import validate_snapshot
from orgsync.tenants.stanza import Allowance, Budget
from tests.integration.world import World, set_platform, world_on

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WORST = {"left": 30}


UNLIMITED = Budget(0, **dict.fromkeys(WORDS, Allowance(10_000, 100)))


def with_tenant(world: World, **changes: Any) -> World:
    """The same world, its tenant with other settings."""
    before = world.make_run

    def make_run() -> Any:
        run = before()
        return replace(run, tenant=replace(run.tenant, **changes))

    return replace(world, make_run=make_run)


def plan(world: World, now: datetime | None = None) -> dict[str, Any]:
    run = world.run_at(now) if now else world.make_run()
    return plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))


def people(world: World) -> set[str]:
    return {row[0] for row in world.query("select user_id from org.users")}


def changes_of(world: World, plan_id: int) -> set[tuple[Any, ...]]:
    columns = "kind, entity, user_id, department_id, column_name, value_from, value_to, name, names_from, names_to"
    return set(world.query(f"select {columns} from ops.plan_change where plan_id = %s", plan_id))


def changes_at(world: World, plan_id: int) -> set[tuple[Any, ...]]:
    columns = "kind, entity, user_id, department_id, column_name, value_from, value_to, name, names_from, names_to"
    return set(
        world.query(f"select {columns} from org.change where changed_at = (select taken_at from ops.plan where plan_id = %s)", plan_id)
    )


@pytest.mark.by_turns
def test_plan_holds_every_change_and_changes_nothing(any_world: World) -> None:
    any_world.sync()
    evolved = any_world.control("POST", "evolve", {"joined": 2, "left": 3, "moved": 2, "renamed": 1, "departments_renamed": 1})
    before = any_world.history()
    planned = plan(any_world)
    assert any_world.history() == before
    told = {
        kind: {change[2] for change in changes_of(any_world, planned["plan_id"]) if change[:2] == (kind, "user")}
        for kind in ("joined", "left")
    }
    assert told == {"joined": set(evolved["joined"]), "left": set(evolved["left"])}
    assert planned["changes"]["user"]["left"] == 3
    assert planned["over_budget"] == []


@pytest.mark.by_turns
def test_what_is_applied_is_the_plan(any_world: World) -> None:
    any_world.sync()
    any_world.control("POST", "evolve", {"rate": 0.1})
    planned = plan(any_world)
    stored = changes_of(any_world, planned["plan_id"])
    assert stored
    assert changes_at(any_world, planned["plan_id"]) == set()
    merge_plan(any_world.make_run(), planned["plan_id"])
    assert changes_at(any_world, planned["plan_id"]) == stored


def test_plan_of_nothing_is_empty(world: World) -> None:
    world.sync()
    planned = plan(world)
    assert planned["changes"] == {"user": {}, "department": {}}
    assert changes_of(world, planned["plan_id"]) == set()
    assert merge_plan(world.make_run(), planned["plan_id"])["outcome"] == "unchanged"


@pytest.mark.by_turns
def test_too_many_leavers_stop_before_anything_changes(any_world: World) -> None:
    any_world.sync()
    any_world.control("POST", "evolve", WORST)
    before = any_world.history()
    with pytest.raises(GateError, match=r"30 of 60 \(50 %\) people would leave.*orgsync sync acme --approve"):
        any_world.sync()
    assert any_world.history() == before
    assert any_world.query("select outcome from ops.sync_run order by started_at desc limit 1") == [("stopped",)]
    found = find_plan(any_world.settings, "acme")
    assert [exceeded["budget"] for exceeded in found["over_budget"]] == ["leavers"]


def test_approved_plan_is_applied_as_it_is_although_the_platform_moved_on(world: World) -> None:
    world.sync()
    left = set(world.control("POST", "evolve", WORST)["left"])
    planned = plan(world)
    stored = changes_of(world, planned["plan_id"])
    world.control("POST", "evolve", {"left": 5})
    decide_plan(world.make_run(), planned["plan_id"], is_approved=True, decided_by="wang")
    before = people(world)
    merge_plan(world.make_run(), planned["plan_id"])
    assert before - people(world) == left
    assert changes_at(world, planned["plan_id"]) == stored
    assert world.query("select decided_by, is_approved, state from ops.plan where plan_id = %s", planned["plan_id"]) == [
        ("wang", True, "applied")
    ]


def test_approval_is_for_once(world: World) -> None:
    """The next plan over budget asks again."""
    world.sync()
    world.control("POST", "evolve", WORST)
    first = plan(world)
    decide_plan(world.make_run(), first["plan_id"], is_approved=True, decided_by="wang")
    merge_plan(world.make_run(), first["plan_id"])
    world.control("POST", "evolve", {"left": 15})
    with pytest.raises(GateError, match=r"15 of 30"):
        world.sync()


def test_rejected_plan_and_its_snapshot_are_never_loaded(world: World) -> None:
    world.sync()
    world.control("POST", "evolve", WORST)
    run = world.make_run()
    planned = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))
    before = world.history()
    decide_plan(run, planned["plan_id"], is_approved=False, decided_by="li")
    with pytest.raises(GateError, match="rejected"):
        merge_plan(world.make_run(), planned["plan_id"])
    with pytest.raises(GateError, match="can no longer be decided"):
        decide_plan(run, planned["plan_id"], is_approved=True, decided_by="wang")
    replay(world.make_run(), after=NOW - timedelta(days=3650), until=datetime.now(UTC))
    assert world.history() == before
    assert world.query("select error from ops.sync_run where run_id = %s", run.run_id) == [
        (f"plan {planned['plan_id']} was rejected by li; nothing was changed",)
    ]


def test_rejected_snapshot_cannot_be_staged_again(world: World) -> None:
    """Nor by clearing tasks of its run."""
    world.sync()
    world.control("POST", "evolve", WORST)
    run = world.make_run()
    snapshot_id = extract_snapshot(run, mode="full")
    planned = plan_sync(run, validate_snapshot(run, snapshot_id))
    decide_plan(run, planned["plan_id"], is_approved=False, decided_by="li")
    with pytest.raises(GateError, match="is never loaded: it was rejected by li"):
        validate_snapshot(run, snapshot_id)


def test_replay_over_budget_leaves_a_plan_that_can_be_approved(world: World) -> None:
    world.sync(now=NOW)
    world.control("POST", "evolve", WORST)
    extract_snapshot(world.run_at(NOW + timedelta(hours=1)), mode="full")
    with pytest.raises(GateError, match="--approve"):
        replay(world.make_run(), after=NOW, until=NOW + timedelta(days=1))
    plan_id = find_plan(world.settings, "acme")["plan_id"]
    decide_plan(world.make_run(), plan_id, is_approved=True, decided_by="wang")
    merge_plan(world.make_run(), plan_id)
    assert len(people(world)) == 30


def test_replays_at_once_wait_for_each_other(world: World) -> None:
    days = five_days(world)
    before = world.history()
    with ThreadPoolExecutor(3) as pool:
        under_way = [pool.submit(replay, world.make_run(), after=days[0] - timedelta(1), until=days[-1]) for _ in range(3)]
        assert [len(each.result()) for each in under_way] == [5, 5, 5]
    assert world.history() == before


def test_stale_snapshot_whose_answers_are_gone_does_not_stop_todays_sync(world: World) -> None:
    world.sync()
    world.query("update ops.snapshot set is_stale = true")
    (world.landed()[-1] / "manifest.json").unlink()
    assert world.sync()["outcome"] == "unchanged"


def test_plan_gives_way_to_a_newer_run(world: World) -> None:
    world.sync()
    older = plan(world)
    world.sync()
    with pytest.raises(GateError, match="a newer run took over"):
        merge_plan(world.make_run(), older["plan_id"])


def test_plan_is_made_anew_when_history_has_changed_under_it(world: World) -> None:
    """Approved for what it was, it does not slip through as something else."""
    world.sync(now=NOW)
    world.control("POST", "evolve", WORST)
    landed = extract_snapshot(world.run_at(NOW + timedelta(hours=1)), mode="full")
    world.control("POST", "organization", {"people": 60, "seed": 7})
    run = world.run_at(NOW + timedelta(hours=2))
    worse = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))
    assert worse["over_budget"] == []
    world.query("update ops.plan set based_on_plan_id = null where plan_id = %s", worse["plan_id"])
    merge_plan(run, worse["plan_id"])
    assert world.query("select count(*) from ops.plan where plan_id = %s and based_on_plan_id is not null", worse["plan_id"]) == [(1,)]
    assert landed


def test_somebody_elses_plan_cannot_be_approved_by_mistake(world: World) -> None:
    world.sync()
    planned = plan(world)
    run = world.make_run()
    with pytest.raises(ConfigurationError, match="is of tenant acme, not of other"):
        decide_plan(replace(run, tenant=replace(run.tenant, id="other")), planned["plan_id"], is_approved=True, decided_by="wang")


@pytest.mark.parametrize(
    ("budget", "evolution", "words"),
    [
        (Budget(removed_departments=Allowance(0, 0)), {"departments_removed": 1}, "departments would be removed"),
        (Budget(moves=Allowance(1, 0)), {"moved": 5}, "people would move"),
        (Budget(lost_memberships=Allowance(1, 0)), {"moved": 5}, "memberships of people who stay would end"),
        (Budget(leavers=Allowance(0, 1)), {"left": 1}, "people would leave"),
    ],
    ids=["departments", "moves", "memberships", "leavers"],
)
def test_each_budget_is_kept(world: World, budget: Budget, evolution: dict[str, int], words: str) -> None:
    careful = with_tenant(world, budget=budget)
    careful.sync()
    careful.control("POST", "evolve", evolution)
    with pytest.raises(GateError, match=words):
        careful.sync()


def test_first_sync_has_no_budget_but_for_its_quarantine(world: World) -> None:
    strict = with_tenant(world, budget=Budget(0, *[Allowance(0, 0)] * len(WORDS)))
    assert strict.sync()["outcome"] == "succeeded"


def test_too_much_quarantine_stops(world: World) -> None:
    strict = with_tenant(world, budget=Budget(quarantined=Allowance(0, 0)))
    world.control("POST", "faults", {"interface": "people", "kind": "nul_in_name", "calls": [2]})
    with pytest.raises(GateError, match="are in quarantine"):
        strict.sync()


def test_quarantine_is_listed_with_its_age_and_empties_by_itself(world: World) -> None:
    world.sync()
    world.control("POST", "faults", {"interface": "people", "kind": "nul_in_name", "match": {"dept_id": 1}})
    world.sync()
    world.sync()
    [row] = [row for row in list_quarantine(world.settings, "acme") if row["entity"] == "user"]
    assert (row["rules"], row["runs"]) == ("nul_character", 2)
    assert "NUL" in row["reasons"]
    world.control("DELETE", "faults")
    world.sync()
    assert list_quarantine(world.settings, "acme") == []


def wecom_by_ids(world: World, monkeypatch: pytest.MonkeyPatch, **extra: Any) -> World:
    on_wecom = world_on(world, monkeypatch, "wecom")
    secret = on_wecom.control("GET", "settings")["contact_secret"]
    set_platform(monkeypatch, world.sandbox, "wecom", extra={"contact_secret": secret, "read_by": "ids", **extra})
    return on_wecom


def test_details_that_come_later_ask_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeCom by ids: a first read has no budget for everybody's details; who is not read yet has broken no rule."""
    by_ids = wecom_by_ids(world, monkeypatch, details_per_read=25)
    for known in (25, 50, 60):
        by_ids.sync()
        assert len(people(by_ids)) == known
    assert people(by_ids) == {user["id"] for user in by_ids.truth()["users"]}
    rules = {row[0] for row in by_ids.query("select distinct rule from ops.quarantine where entity = 'user'")}
    assert rules == {"not_read"}
    assert list_quarantine(by_ids.settings, "acme") == []


def test_ids_alone_are_people_without_names(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    by_ids = world_on(world, monkeypatch, "wecom")
    secret = by_ids.control("GET", "settings")["contact_secret"]
    set_platform(monkeypatch, world.sandbox, "wecom", password="", extra={"contact_secret": secret})
    by_ids.sync()
    assert people(by_ids) == {user["id"] for user in by_ids.truth()["users"]}
    assert by_ids.query("select count(name), count(*) > 0 from org.departments") == [(0, True)]
    assert by_ids.query("select method from ops.sync_run") == [("ids only",)]


def test_damaged_newest_snapshot_does_not_stop_a_read_that_builds_on_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    by_ids = wecom_by_ids(world, monkeypatch)
    by_ids.sync()
    (by_ids.landed()[-1] / "users.jsonl.gz").write_bytes(b"damaged")
    assert by_ids.sync()["outcome"] == "unchanged"


@pytest.mark.parametrize("state", ["landed", "rejected"])
def test_details_are_carried_over_only_from_what_history_is_made_of(world: World, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """A frequent read asks for nobody's details again: without that, whatever a rejected read was told would come in by it."""
    by_ids = wecom_by_ids(world, monkeypatch)
    by_ids.sync()
    by_ids.control("POST", "evolve", {"renamed": 5})
    extract_snapshot(by_ids.make_run(), mode="full")
    by_ids.query("update ops.snapshot set state = %s where state = 'landed'", state)
    before = by_ids.history()
    assert by_ids.sync(mode="frequent")["outcome"] == "unchanged"
    assert by_ids.history() == before


# What a snapshot could not see.


def narrow(world: World) -> tuple[set[str], set[str]]:
    """Shrink the visible range to one top department; returns who can be seen then, and who cannot."""
    truth = world.truth()
    departments = {str(each["id"]): each for each in truth["departments"] if each["kind"] == "company"}
    root = next(key for key, each in departments.items() if each["parent_id"] is None)
    top = next(key for key, each in departments.items() if str(each["parent_id"]) == root)
    inside = {top}
    while more := {key for key, each in departments.items() if str(each["parent_id"]) in inside} - inside:
        inside |= more
    seen = {user["id"] for user in truth["users"] if inside & {str(one) for one in user["department_ids"]}}
    world.control("PUT", "settings", {"visible_departments": [departments[top]["id"]]})
    return seen, {user["id"] for user in truth["users"]} - seen


def test_range_that_shrinks_makes_nobody_leave(any_world: World) -> None:
    any_world.sync()
    everybody = people(any_world)
    seen, hidden = narrow(any_world)
    assert seen
    assert hidden
    any_world.sync()
    assert people(any_world) == everybody
    assert any_world.query("select count(*) from org.change where kind in ('left', 'removed')") == [(0,)]
    [unseen] = any_world.query("select unseen_counts -> 'user' from ops.plan order by plan_id desc limit 1")
    assert unseen == (len(hidden),)


def test_who_leaves_within_a_narrow_range_has_left(any_world: World) -> None:
    any_world.sync()
    seen, hidden = narrow(any_world)
    any_world.sync()
    gone = set(any_world.control("POST", "evolve", {"left": 20})["left"])
    any_world.sync()
    left = {row[0] for row in any_world.query("select user_id from org.change where kind = 'left' and entity = 'user'")}
    assert left <= gone & seen
    assert hidden <= people(any_world) | {user for user in hidden if user in seen}


def test_range_that_widens_again_tells_who_left_meanwhile(any_world: World) -> None:
    before = any_world.control("GET", "settings")["visible_departments"]
    any_world.sync()
    narrow(any_world)
    any_world.sync()
    gone = set(any_world.control("POST", "evolve", {"left": 5})["left"])
    any_world.control("PUT", "settings", {"visible_departments": before})
    any_world.sync()
    assert people(any_world) == {user["id"] for user in any_world.truth()["users"]}
    assert {row[0] for row in any_world.query("select user_id from org.change where kind = 'left' and entity = 'user'")} == gone


def refuse_one_department(world: World) -> None:
    """One department's members are refused, for good."""
    truth = world.truth()
    department = next(each["id"] for each in truth["departments"] if each["kind"] == "company" and each["parent_id"] is not None)
    name = {"dingtalk": "dept_id", "feishu": "department_id", "wecom": "department_id"}[world.platform]
    if world.platform == "wecom":  # a whole company is one list: there is no part of it to be refused
        world.control("PUT", "settings", {"most_rows": 1})
    world.control("POST", "faults", {"interface": "people", "kind": "forbidden_department", "match": {name: department}})


def test_forbidden_department_fails_the_read(any_world: World) -> None:
    any_world.sync()
    before = any_world.history()
    refuse_one_department(any_world)
    with pytest.raises(PermissionDeniedError):
        any_world.sync()
    assert any_world.history() == before


def test_where_the_tenant_says_so_a_part_that_is_missing_ends_nothing(any_world: World) -> None:
    patient = with_tenant(any_world, on_incomplete="add_only")
    patient.sync()
    evolved = patient.control("POST", "evolve", {"joined": 8, "left": 8})
    refuse_one_department(patient)
    patient.sync()
    joined = {
        row[0]
        for row in patient.query(
            "select user_id from org.change where kind = 'joined' and changed_at > (select min(taken_at) from ops.snapshot)"
        )
    }
    assert joined
    assert joined <= set(evolved["joined"])
    assert patient.query("select count(*) from org.change where kind in ('left', 'removed')") == [(0,)]
    [(is_complete, problems)] = patient.query("select is_complete, problems from ops.snapshot order by taken_at desc limit 1")
    assert not is_complete
    assert any("is missing" in problem for problem in problems)
    patient.control("DELETE", "faults")
    patient.sync()
    assert people(patient) == {user["id"] for user in patient.truth()["users"]}


def test_fewer_people_than_the_platform_counts_make_a_snapshot_incomplete(world: World) -> None:
    world.sync()
    before = world.history()
    world.control("POST", "faults", {"interface": "people", "kind": "lost_rows", "rows": 3, "calls": [2]})
    with pytest.raises(IncompleteSnapshotError, match="the platform counts 60 people"):
        world.sync()
    assert world.history() == before
    [(is_complete, problems)] = world.query("select is_complete, problems from ops.snapshot order by taken_at desc limit 1")
    assert not is_complete
    assert "its pages held" in problems[0]
    world.control("DELETE", "faults")
    replay(world.make_run(), after=NOW - timedelta(days=3650), until=datetime.now(UTC))
    assert world.history() == before


def test_lost_rows_end_nobody_where_the_tenant_says_so(world: World) -> None:
    patient = with_tenant(world, on_incomplete="add_only")
    patient.sync()
    everybody = people(patient)
    patient.control("POST", "faults", {"interface": "people", "kind": "lost_rows", "rows": 3, "calls": [2]})
    patient.sync()
    assert people(patient) == everybody


# Loading the past again.


def five_days(world: World) -> list[datetime]:
    """Five stored days, the organization evolving in between."""
    days = [NOW + timedelta(days=day) for day in range(5)]
    for day in days:
        world.sync(now=day)
        world.control("POST", "evolve", {"rate": 0.05})
    return days


@pytest.mark.by_turns
def test_replay_of_what_is_loaded_changes_nothing_and_asks_nobody(any_world: World) -> None:
    days = five_days(any_world)
    before = any_world.history()
    any_world.control("DELETE", "calls")
    done = replay(any_world.make_run(), after=days[0] - timedelta(1), until=days[-1])
    assert [each["taken_at"] for each in done] == days
    assert any_world.history() == before
    assert any_world.control("GET", "calls")["total"] == 0


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [4, 4, 1, 0, 1, 3, 2, 2]], ids=str)
def test_replay_in_any_order_gives_the_history_of_the_live_loads(world: World, order: list[int]) -> None:
    days = five_days(world)
    live = world.history()
    world.query("truncate org.user_version, org.department_version, org.membership_version")
    world.query("update ops.snapshot set state = 'landed', plan_id = null")
    lenient = with_tenant(world, budget=UNLIMITED)
    for day in order:
        replay(lenient.make_run(), after=days[day] - timedelta(hours=1), until=days[day])
    assert world.history() == live


def test_changed_mapping_is_applied_to_the_past(world: World) -> None:
    days = five_days(world)
    mapped = with_tenant(world, mapping={"user": {"employee_type": "extension.爱好"}})
    replay(mapped.make_run(), after=days[0] - timedelta(1), until=days[-1])
    assert world.query("select count(*) > 0 from org.users_at(%s) where employee_type = '旅游'", days[0]) == [(True,)]


def test_history_before_a_narrow_snapshot_that_changes_has_it_judged_anew(world: World) -> None:
    """The same tables whether the middle snapshot was loaded in its time or afterwards."""
    world.sync(now=NOW)
    world.control("POST", "evolve", {"rate": 0.1})
    middle = extract_snapshot(world.run_at(NOW + timedelta(days=1)), mode="full")
    narrow(world)
    world.sync(now=NOW + timedelta(days=2))
    world.control("POST", "evolve", {"rate": 0.1})
    world.sync(now=NOW + timedelta(days=3))
    replay(world.make_run(), after=NOW, until=NOW + timedelta(days=1))
    late = world.history()
    assert world.query("select state, is_stale from ops.snapshot where snapshot_id = %s", middle) == [("loaded", False)]
    world.query("truncate org.user_version, org.department_version, org.membership_version")
    world.query("update ops.snapshot set state = 'landed', plan_id = null, is_stale = false")
    lenient = with_tenant(world, budget=UNLIMITED)
    replay(lenient.make_run(), after=NOW - timedelta(1), until=NOW + timedelta(days=3))
    assert world.history() == late


def test_dry_run_judges_nothing_anew(world: World) -> None:
    """History before a narrow snapshot has changed; that waits for a run that may change something."""
    world.sync(now=NOW)
    world.control("POST", "evolve", {"rate": 0.1})
    extract_snapshot(world.run_at(NOW + timedelta(days=1)), mode="full")
    narrow(world)
    world.sync(now=NOW + timedelta(days=2))
    world.query("update ops.snapshot set is_stale = true where not sees_whole")
    loaded = world.query("select snapshot_id, plan_id, loaded_at, is_stale from ops.snapshot where state = 'loaded' order by 1")
    world.sync(dry_run=True)
    assert world.query("select snapshot_id, plan_id, loaded_at, is_stale from ops.snapshot where state = 'loaded' order by 1") == loaded
    world.sync()
    assert world.query("select count(*) from ops.snapshot where is_stale") == [(0,)]


def test_replay_of_a_time_without_snapshots_is_empty(world: World) -> None:
    world.sync(now=NOW)
    assert replay(world.make_run(), after=NOW, until=NOW + timedelta(days=9)) == []


def test_incomplete_snapshot_is_told_and_not_loaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from orgsync.platforms.speaking import ledger

    world.sync()
    before = world.history()
    monkeypatch.setattr(
        ledger, "_problem", lambda interface, count: f"{interface}: made to doubt" if interface.endswith("user/list") else ""
    )
    with pytest.raises(IncompleteSnapshotError, match="made to doubt"):
        world.sync()
    assert world.history() == before
    assert world.query("select is_complete, state from ops.snapshot order by taken_at desc limit 1") == [(False, "landed")]


def test_department_excluded_by_its_path_is_not_read_and_a_renamed_one_stops_the_sync(world: World) -> None:
    departments = {str(each["id"]): each for each in world.truth()["departments"] if each["kind"] == "company"}
    company = next(each for each in departments.values() if each["parent_id"] is None)
    out = next(each for each in departments.values() if str(each["parent_id"]) == str(company["id"]))
    limited = with_tenant(world, scope=Scope(exclude_paths=(f"{company['name']} / {out['name']}",)))
    limited.sync()
    assert world.query("select count(*) from org.departments where department_id = %s", str(out["id"])) == [(0,)]
    before = world.history()
    renamed = with_tenant(world, scope=Scope(exclude_paths=(f"{company['name']} / {out['name']}旧名",)))
    with pytest.raises(ConfigurationError, match=f"leads to no department: below '{company['name']}' the app sees '{out['name']}'"):
        renamed.sync()
    assert world.history() == before
