"""Files go, history stays; the newest complete snapshot, and a tenant that is being read, are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orgsync.errors import BusyTenantError, IncompleteSnapshotError
from orgsync.landing.reports import place_report
from orgsync.sync import housekeeping
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.housekeeping import Cleaning, clean_tenant, clean_tenants
from orgsync.sync.validating import validate_snapshot
from orgsync.tenants import Tenant
from orgsync.tenants.stanza import Retention
from tests.integration.world import TENANT, World, another_reader

NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
MONTH_AGO = NOW - timedelta(days=30)


def clean(world: World, tenant: Tenant = TENANT, *, dry_run: bool = False) -> Cleaning:
    return clean_tenant(world.settings, tenant, dry_run=dry_run, clock=lambda _: NOW)


def land(world: World, *instants: datetime) -> list[str]:
    """Read snapshots without loading them; returns their ids."""
    return [extract_snapshot(world.run_at(instant), mode="full") for instant in instants]


def landed_ids(world: World) -> list[str]:
    return [f"{folder.parent.name}/{folder.name}" for folder in world.landed()]


def zone_of(world: World) -> Path:
    return Path(urlsplit(world.settings.landing_zone).path)


@pytest.fixture
def reader(world: World) -> Iterator[None]:
    """Another process that is reading the tenant."""
    with another_reader(world):
        yield


def test_history_stays_when_the_files_go(world: World) -> None:
    for hours in (0, 3, 6):
        world.sync(now=MONTH_AGO + timedelta(hours=hours))
        world.control("POST", "evolve", {"rate": 0.2})
    world.sync(now=NOW - timedelta(minutes=10))
    before, then = world.history(), world.query("select * from org.users_at(%s) order by user_id", MONTH_AGO + timedelta(hours=1))
    first, second, third, newest = landed_ids(world)

    cleaning = clean(world)

    assert (cleaning.outcome, cleaning.kept, cleaning.removed) == ("cleaned", 2, 2)
    assert cleaning.removed_bytes > 0
    assert landed_ids(world) == [third, newest]
    assert world.history() == before
    assert world.query("select * from org.users_at(%s) order by user_id", MONTH_AGO + timedelta(hours=1)) == then
    gone = world.query("select snapshot_id from ops.snapshot where removed_at is not null order by taken_at")
    assert gone == [(first,), (second,)]
    assert [place_report(world.settings.report_folder, name).exists() for name in (first, second, third, newest)] == [
        False,
        False,
        True,
        True,
    ]
    assert clean(world) == Cleaning("acme", "cleaned", kept=2)
    world.control("POST", "evolve", {"rate": 0.2})
    assert world.sync(now=NOW)["outcome"] == "succeeded"


def test_removed_snapshot_cannot_be_loaded_again_and_says_why(world: World) -> None:
    first, _ = land(world, MONTH_AGO, MONTH_AGO + timedelta(hours=1))
    clean(world)
    with pytest.raises(IncompleteSnapshotError, match="removed as the tenant's retention says"):
        validate_snapshot(world.make_run(), first)


@pytest.mark.parametrize("warehouse_is", ["there", "lost"])
def test_what_is_kept_of_a_day_is_what_history_is_made_of(world: World, warehouse_is: str) -> None:
    """Whatever landed after it: rejected, found incomplete, or never loaded. Of a lost warehouse the landing zone says it."""
    world.sync(now=MONTH_AGO)
    loaded, *others = landed_ids(world), *land(world, *(MONTH_AGO + timedelta(hours=hours) for hours in (1, 2, 3)))
    world.query("update ops.snapshot set state = 'rejected' where snapshot_id = %s", others[0])
    world.query("update ops.snapshot set is_complete = false, problems = '{too few}' where snapshot_id = %s", others[1])
    world.sync(now=NOW - timedelta(days=20))
    too_young = land(world, NOW - timedelta(days=1))
    if warehouse_is == "lost":
        world.query("truncate ops.snapshot, org.department_version, org.user_version, org.membership_version cascade")
    assert clean(world, dry_run=True).removed == 3
    assert clean(world).removed == 3
    assert landed_ids(world) == [*loaded, landed_ids(world)[1], *too_young]
    assert clean(world, replace(TENANT, retention=Retention(0, 0, 0))).removed == 2
    assert len(landed_ids(world)) == 1
    assert landed_ids(world) != too_young


def test_newest_complete_one_stays_whatever_the_retention(world: World) -> None:
    *_, newest = land(world, *(NOW - timedelta(days=days) for days in (2000, 1999, 1998)))
    assert clean(world, replace(TENANT, retention=Retention(0, 0, 0))).removed == 2
    assert landed_ids(world) == [newest]


def test_dry_run_counts_the_same_and_removes_nothing(world: World) -> None:
    land(world, MONTH_AGO, MONTH_AGO + timedelta(hours=1), NOW)
    world.query("update ops.sync_run set outcome = 'running', started_at = %s", MONTH_AGO)
    killed = zone_of(world) / "acme" / "20261101T000000.000000Z"
    killed.mkdir()
    rows, folders = world.query("select * from ops.sync_run order by run_id"), world.landed()

    planned = clean(world, dry_run=True)

    assert (planned.outcome, planned.kept, planned.removed, planned.closed_runs) == ("planned", 2, 1, 3)
    assert world.landed() == folders
    assert world.query("select * from ops.sync_run order by run_id") == rows
    assert world.query("select count(*) from ops.snapshot where removed_at is not null") == [(0,)]
    assert clean(world) == replace(planned, outcome="cleaned")
    assert not killed.exists()


def test_tenant_that_is_being_read_is_skipped(world: World, reader: None) -> None:
    world.query("insert into ops.sync_run (tenant_id, run_id, platform, run_type, started_at) values ('acme', 'a', 'x', 'x', '2020-01-01')")
    killed = zone_of(world) / "acme" / "20200101T000000.000000Z"
    killed.mkdir(parents=True)
    with pytest.raises(BusyTenantError):
        clean(world)
    [skipped] = clean_tenants(world.settings, [TENANT], dry_run=False, clock=lambda _: NOW)
    assert skipped.outcome == "skipped"
    assert "another run is reading tenant acme" in str(skipped.error)
    assert killed.exists()
    assert world.query("select outcome from ops.sync_run") == [("running",)]
    assert clean(world, dry_run=True).outcome == "planned"


def test_cleaning_gives_the_tenant_free(world: World) -> None:
    clean(world)
    assert world.sync(now=NOW)["outcome"] == "succeeded"


def test_cleaning_that_is_cut_off_is_finished_by_the_next(world: World) -> None:
    first, second, *_ = land(world, *(MONTH_AGO + timedelta(hours=hours) for hours in range(3)))

    def stop(uri: str) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):  # noqa: PT012 - undone at once, or the connection is gone too
        patch.setattr(housekeeping, "remove_snapshot", stop)
        clean(world)
    (zone_of(world) / first / "manifest.json").unlink()  # as far as a removal may have come
    assert clean(world).removed == 1
    assert first not in landed_ids(world)
    assert world.query("select snapshot_id from ops.snapshot where removed_at is not null order by 1") == [(first,), (second,)]


def test_tenant_that_cannot_be_cleaned_keeps_no_other_waiting(world: World) -> None:
    land(world, MONTH_AGO, MONTH_AGO + timedelta(hours=1))
    (zone_of(world) / "broken").write_text("not a folder")
    failed, cleaned = clean_tenants(world.settings, [replace(TENANT, id="broken"), TENANT], dry_run=False, clock=lambda _: NOW)
    assert failed.outcome == "failed"
    assert "could not be listed or removed" in str(failed.error)
    assert (cleaned.outcome, cleaned.removed) == ("cleaned", 1)


def test_tenant_that_never_was_read_has_nothing_to_clean(world: World) -> None:
    assert clean(world) == Cleaning("acme", "cleaned")


def test_runs_without_an_end_are_closed_after_a_day(world: World) -> None:
    for tenant_id, run_id, outcome, hours in [
        ("acme", "lost", "running", 25),
        ("acme", "under_way", "running", 23),
        ("acme", "done", "succeeded", 25),
        ("beta", "of_another", "running", 25),
    ]:
        columns = "tenant_id, run_id, platform, run_type, outcome, started_at"
        values = (tenant_id, run_id, "dingtalk", "cli", outcome, NOW - timedelta(hours=hours))
        world.query(f"insert into ops.sync_run ({columns}) values (%s, %s, %s, %s, %s, %s)", *values)
    assert clean(world).closed_runs == 1
    assert world.query("select run_id, outcome, error from ops.sync_run where finished_at is not null") == [
        ("lost", "failed", "its process ended without a word")
    ]
    assert world.query("select count(*) from ops.sync_run where outcome = 'running'") == [(2,)]
    assert clean(world).closed_runs == 0


def test_events_go_once_they_are_old_and_so_do_counts_of_refusals(world: World) -> None:
    for tenant_id, key, days in [("acme", "old", 91), ("acme", "handled", 400), ("acme", "recent", 89), ("beta", "of_another", 400)]:
        values = (tenant_id, key, f"{days} days")
        world.query(
            "insert into ops.event (tenant_id, event_key, platform, type, kind, via, received_at) "
            "values (%s, %s, 'dingtalk', 't', 'other', 'http', now() - %s::interval)",
            *values,
        )
        world.query(
            "insert into ops.event_refusal values (%s, 'forged', current_date - %s::interval, 1) on conflict do nothing", *values[::2]
        )
    kept = "select event_key from ops.event order by 1"
    assert clean_tenant(world.settings, TENANT, dry_run=True).removed_events == 2
    assert len(world.query(kept)) == 4
    assert clean_tenant(world.settings, TENANT, dry_run=False).removed_events == 2
    assert world.query(kept) == [("of_another",), ("recent",)]
    assert world.query("select tenant_id, current_date - refused_on from ops.event_refusal order by 1") == [("acme", 89), ("beta", 400)]


def test_run_whose_plan_waits_for_a_decision_is_not_lost(world: World) -> None:
    run = world.run_at(NOW)
    plan_id = validate_snapshot(run, extract_snapshot(run, mode="full"))
    world.query("update ops.sync_run set started_at = %s", NOW - timedelta(days=3))
    world.query("update ops.plan set state = 'planned', over_budget = '[{}]' where plan_id = %s", plan_id)
    assert clean(world).closed_runs == 0
    world.query("update ops.plan set is_approved = true where plan_id = %s", plan_id)
    assert clean(world).closed_runs == 1
