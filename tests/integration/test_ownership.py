"""A tenant's history is of one company: another one's is read, kept out and told, until somebody says that it is meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orgsync.companies.ownership import Takeover
from orgsync.errors import GateError
from orgsync.outbox.delivery import Worker
from orgsync.outbox.sending import push
from orgsync.sync.deciding import decide_plan
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.replaying import replay, settle_stale
from orgsync.sync.validating import validate_snapshot
from tests.integration.office import open_office
from tests.integration.world import RECIPE, Command, World, set_platform, world_on

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BETA = "app-of-beta"


def read_another_company(world: World, monkeypatch: pytest.MonkeyPatch, *, company: str = "beta", app: str = BETA) -> None:
    """The connection's key pair is another company's, which has given its people the same user ids."""
    world.control("POST", "organization", {**RECIPE, "seed": 9, "company": company})
    use_another_app(world, monkeypatch, app)


def use_another_app(world: World, monkeypatch: pytest.MonkeyPatch, app: str) -> None:
    world.control("PUT", "settings", {"client_id": app, "client_secret": f"secret-of-{app}"})
    set_platform(monkeypatch, world.sandbox, world.platform)


def states(world: World) -> list[str]:
    return [state for (state,) in world.query("select state from ops.snapshot order by taken_at")]


def names(world: World) -> set[str]:
    return {name for (name,) in world.query("select name from org.users")}


def meaning(world: World, company: str) -> World:
    """The world whose runs mean this company to take over."""
    return replace(world, make_run=lambda: replace(world.make_run(), takeover=Takeover(company, word_of="wang")))


def approve_newest(world: World) -> None:
    """Everybody is another person, so a plan that takes over waits for somebody."""
    [(plan_id,)] = world.query("select max(plan_id) from ops.plan where state = 'planned'")
    decide_plan(world.make_run(), plan_id, is_approved=True, decided_by="wang")
    merge_plan(world.make_run(), plan_id)


def test_another_companys_people_stop_before_anything_is_staged(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    any_world.sync()
    before = any_world.history()
    [(first,)] = any_world.query("select company ->> 'app_key' from ops.snapshot")
    read_another_company(any_world, monkeypatch)
    with pytest.raises(GateError, match=rf"is of .*{first}.*'acme_{any_world.platform}' read .*{BETA}.*--new-company {BETA}"):
        any_world.sync()
    assert any_world.history() == before
    assert states(any_world) == ["loaded", "foreign"]
    assert any_world.query("select count(*) from ops.plan") == [(1,)]
    assert any_world.query("select outcome from ops.sync_run order by started_at desc limit 1") == [("stopped",)]


def test_it_stops_each_time_and_goes_on_once_the_connection_is_mended(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    any_world.sync()
    first = any_world.control("GET", "settings")
    read_another_company(any_world, monkeypatch)
    for _ in range(2):
        with pytest.raises(GateError, match="kept out of history"):
            any_world.sync()
    any_world.control("POST", "organization", RECIPE)
    any_world.control("PUT", "settings", {name: first[name] for name in ("client_id", "client_secret")})
    set_platform(monkeypatch, any_world.sandbox, any_world.platform)
    assert any_world.sync()["outcome"] == "unchanged"


def test_another_app_of_the_same_company_is_the_same_company(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeCom's own id names the company, whichever app reads it."""
    any_world.sync()
    if any_world.platform == "wecom":
        any_world.control("PUT", "settings", {"client_secret": "secret-of-another-app"})
        set_platform(monkeypatch, any_world.sandbox, "wecom")
    else:
        use_another_app(any_world, monkeypatch, "another-app")
    any_world.control("POST", "evolve", {"joined": 2, "left": 2})
    assert any_world.sync()["outcome"] == "succeeded"
    assert states(any_world) == ["loaded", "loaded"]


def test_nothing_loads_a_foreign_snapshot_unasked(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    any_world.sync()
    before = any_world.history()
    read_another_company(any_world, monkeypatch)
    landed = extract_snapshot(any_world.make_run(), mode="full")
    with pytest.raises(GateError, match="kept out of history"):
        replay(any_world.make_run(), after=LONG_AGO, until=datetime.now(UTC))  # landed, and looked at by nobody yet
    assert len(replay(any_world.make_run(), after=LONG_AGO, until=datetime.now(UTC))) == 1
    with pytest.raises(GateError, match="kept out of history"):
        validate_snapshot(any_world.make_run(), landed)
    assert any_world.history() == before


def test_meant_change_is_for_the_company_that_is_named_and_recorded(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    any_world.sync()
    everybody = names(any_world)
    read_another_company(any_world, monkeypatch)
    with pytest.raises(GateError, match="not 'app-of-gamma', which is meant to take over"):
        meaning(any_world, "app-of-gamma").sync()
    run = meaning(any_world, BETA).make_run()
    planned = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))
    assert planned["over_budget"]
    decide_plan(run, planned["plan_id"], is_approved=True, decided_by="wang")
    merge_plan(run, planned["plan_id"])
    assert names(any_world) == {user["name"] for user in any_world.truth()["users"]} != everybody
    accepted = any_world.query("select company_accepted_by, company ->> 'app_key' from ops.snapshot where company_accepted_at is not null")
    assert accepted == [("wang", BETA)]
    assert any_world.sync()["outcome"] == "unchanged"  # from here on it is the tenant's own
    assert any_world.query("select count(*) from ops.snapshot where company_accepted_at is not null") == [(1,)]


def test_word_for_one_company_opens_no_door_for_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor for the first one's return."""
    world.sync()
    first = world.control("GET", "settings")["client_id"]
    read_another_company(world, monkeypatch)
    with pytest.raises(GateError, match="exceeds the budget"):
        meaning(world, BETA).sync()
    approve_newest(world)
    read_another_company(world, monkeypatch, company="", app=first)
    with pytest.raises(GateError, match=rf"--new-company {first}"):
        world.sync()


def test_replay_brings_in_what_was_kept_out_of_the_company_that_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    world.sync(now=now - timedelta(hours=9))
    read_another_company(world, monkeypatch)
    for hours in (3, 2):
        with pytest.raises(GateError, match="kept out of history"):
            world.sync(now=now - timedelta(hours=hours))
    patient = meaning(world, BETA)
    with pytest.raises(GateError, match="exceeds the budget"):
        replay(patient.make_run(), after=LONG_AGO, until=now)
    approve_newest(world)
    assert len(replay(patient.make_run(), after=now - timedelta(hours=4), until=now)) == 2
    assert states(world) == ["loaded", "loaded", "loaded"]
    assert names(world) == {user["name"] for user in world.truth()["users"]}


def test_past_of_the_first_company_can_be_loaded_again_after_a_meant_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    world.sync(now=now - timedelta(hours=9))
    first = names(world)
    forgotten = extract_snapshot(world.run_at(now - timedelta(hours=8)), mode="full")
    read_another_company(world, monkeypatch)
    with pytest.raises(GateError, match="exceeds the budget"):
        meaning(world, BETA).sync(now=now - timedelta(hours=1))
    approve_newest(world)
    before = world.history()
    assert len(replay(world.make_run(), after=LONG_AGO, until=now)) == 3
    assert world.query("select state from ops.snapshot where snapshot_id = %s", forgotten) == [("loaded",)]
    assert world.history() == before
    then = world.query("select name from org.users_at(%s)", now - timedelta(hours=2))
    assert {name for (name,) in then} == first


def test_nothing_of_the_first_company_is_carried_over_into_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeCom by ids lands again what it knows of the people of a user id: in another company these are others."""
    on_wecom = world_on(world, monkeypatch, "wecom")
    by_ids = {"contact_secret": on_wecom.control("GET", "settings")["contact_secret"], "read_by": "ids"}
    set_platform(monkeypatch, world.sandbox, "wecom", extra=by_ids)
    on_wecom.sync()
    on_wecom.control("POST", "organization", {**RECIPE, "seed": 9, "company": "beta"})
    on_wecom.control("PUT", "settings", {"client_id": BETA})
    set_platform(monkeypatch, world.sandbox, "wecom", extra=by_ids)
    with pytest.raises(GateError, match="exceeds the budget"):
        meaning(on_wecom, BETA).sync(mode="frequent")
    approve_newest(on_wecom)
    assert names(on_wecom) == {user["name"] for user in on_wecom.truth()["users"]}


def test_history_of_before_companies_were_kept_is_adopted(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    any_world.sync()
    any_world.query("update ops.snapshot set company = null")
    use_another_app(any_world, monkeypatch, "another-app")
    any_world.sync()
    assert any_world.query("select company ->> 'app_key' from ops.snapshot order by taken_at desc limit 1") == [("another-app",)]


@pytest.mark.parametrize("platform", ["dingtalk", "feishu"])
def test_history_of_before_is_not_adopted_by_other_people(platform: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where union ids are told."""
    on_platform = world_on(world, monkeypatch, platform)
    on_platform.sync()
    on_platform.query("update ops.snapshot set company = null")
    read_another_company(on_platform, monkeypatch)
    with pytest.raises(GateError, match="0 have the union id that they had"):
        on_platform.sync()


def test_snapshot_of_another_platform_is_refused_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stanza's platform was changed; what was read before is of the one before."""
    world.sync()
    moved = world_on(world, monkeypatch, "feishu")
    with pytest.raises(GateError, match=r"was read from dingtalk, and tenant acme is on feishu now"):
        replay(moved.make_run(), after=LONG_AGO, until=datetime.now(UTC))
    with pytest.raises(GateError, match="another platform is another company"):
        moved.sync()
    world.query("update ops.snapshot set is_stale = true where platform = 'dingtalk'")
    settle_stale(moved.make_run())  # says so, and stops nobody


def test_nothing_is_sent_through_another_companys_connection(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(any_world)
    message = office.enqueue()
    read_another_company(any_world, monkeypatch)
    for _ in range(2):
        with pytest.raises(GateError, match=rf"sends for .*{BETA}.*run `orgsync sync acme`"):
            office.push()
    assert office.calls() == []
    assert (office.state(message), BETA in office.message(message)["reason"]) == ("pending", True)


def test_messages_go_on_once_a_sync_has_shown_that_the_company_is_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(world)
    message = office.enqueue()
    use_another_app(world, monkeypatch, "another-app")
    with pytest.raises(GateError, match="Nothing is sent"):
        office.push()
    world.sync()
    push(
        world.settings,
        office.tenant,
        run_for=timedelta(minutes=10),
        worker=Worker(clock=office.clock, pause=office.clock.pause, is_asked=True),
    )
    assert office.state(message) == "sent"


def test_command_takes_the_word_and_only_for_a_read(command: Command, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    read_another_company(world, monkeypatch)
    stopped = command("sync", "acme")
    assert (stopped.returncode, f"--new-company {BETA}" in stopped.stderr) == (3, True)
    over_budget = command("sync", "acme", "--new-company", BETA)
    assert (over_budget.returncode, "exceeds the budget" in over_budget.stderr) == (3, True)
    assert "With another company from here on" in command("plan", "acme").stdout
    approve_newest(world)
    assert command("sync", "acme", "--approve", "1", "--new-company", BETA).returncode == 2
    assert command("sync", "acme").returncode == 0
