"""Landing zone and reports on an object store, as a real server answers: whole or nothing, private to no folder, and few requests."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.doctor.places import examine_places
from orgsync.errors import CredentialError, StorageUnavailableError
from orgsync.landing.reports import has_report, read_report, write_report
from orgsync.landing.zone import (
    SnapshotWriter,
    has_manifest,
    list_snapshots,
    list_unfinished,
    make_snapshot_id,
    read_answers,
    read_manifest,
    remove_snapshot,
    remove_unfinished,
    snapshot_uri,
)
from orgsync.platforms.platform import Answer, Reading
from orgsync.settings import read_settings
from orgsync.sync.housekeeping import clean_tenant
from orgsync.tenants.stanza import Retention
from tests.integration.world import TENANT, World, set_platform
from tests.machines.s3 import BUCKET, Store

NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
KEPT = 300


def land(zone: str, taken_at: datetime, *bodies: bytes) -> str:
    snapshot_id = make_snapshot_id("acme", taken_at)
    with SnapshotWriter(snapshot_uri(zone, snapshot_id)) as writer:
        for part in ("departments", "users", "organization"):
            for body in bodies:
                writer.record(part, Answer("topapi/v2/user/list", {}, body))
        reading = Reading(mode="full", calls={}, tops=(), visible_departments=(), platform_counts={}, problems=())
        writer.finish(reading, snapshot_id=snapshot_id, platform="dingtalk", taken_at=taken_at, finished_at=taken_at)
    return snapshot_id


@pytest.fixture
def stored(world: World, store: Store) -> World:
    """The world with its landing zone on the store, and nothing else said."""
    settings = read_settings({"ORGSYNC_LANDING_ZONE": store.zone, "ORGSYNC_TENANTS": str(world.settings.tenants_file)})
    settings = replace(settings, claim_seconds=world.settings.claim_seconds)
    return replace(world, settings=settings, make_run=lambda: replace(world.make_run(), settings=settings))


def test_snapshot_comes_back_as_it_landed_and_goes_as_a_whole(store: Store) -> None:
    bodies = [b'{"errcode":0}', b'{\r\n "pretty": 1}\n']
    snapshot_id = land(store.zone, NOW, *bodies)
    uri = snapshot_uri(store.zone, snapshot_id)
    [listed] = list_snapshots(store.zone, "acme")
    assert (listed.snapshot_id, listed.uri, listed.taken_at) == (snapshot_id, uri, NOW)
    manifest = read_manifest(uri)
    assert listed.size == sum(file["bytes"] for file in manifest.files.values())
    assert [answer.body for answer in read_answers(uri, manifest, "users")] == bodies
    remove_snapshot(uri)
    remove_snapshot(uri)
    assert store.names() == []
    assert list_snapshots(store.zone, "acme") == []


def test_second_read_of_one_instant_is_refused(store: Store) -> None:
    uri = snapshot_uri(store.zone, land(store.zone, NOW, b"{}"))
    with pytest.raises(FileExistsError), SnapshotWriter(uri):
        pass
    assert has_manifest(uri)


@pytest.mark.parametrize("answers", [0, 3], ids=["before the first answer", "after some"])
def test_read_that_fails_says_why_and_leaves_nothing(store: Store, answers: int) -> None:
    """Before the first answer there is nothing on a store that could be removed: that once hid why the read failed."""

    def read() -> None:
        with SnapshotWriter(snapshot_uri(store.zone, make_snapshot_id("acme", NOW))) as writer:
            for _ in range(answers):
                writer.record("users", Answer("gettoken", {}, b"{}"))
            raise CredentialError("the key pair is not accepted")

    with pytest.raises(CredentialError, match="the key pair"):
        read()
    assert store.names() == []


def test_read_that_was_killed_is_unfinished_until_the_next_removes_it(store: Store) -> None:
    store.client.put_object(Bucket=BUCKET, Key="landing/acme/20261101T000000.000000Z/users.jsonl.gz", Body=b"half")
    store.client.put_object(Bucket=BUCKET, Key="landing/acme2/20261101T000000.000000Z/users.jsonl.gz", Body=b"another's")
    kept = land(store.zone, NOW, b"{}")
    assert list_unfinished(store.zone, "acme") == ["20261101T000000.000000Z"]
    assert remove_unfinished(store.zone, "acme", confirm=lambda: None) == ["20261101T000000.000000Z"]
    assert [each.snapshot_id for each in list_snapshots(store.zone, "acme")] == [kept]
    assert len(store.names("landing/acme2/")) == 1


def test_store_that_is_not_there_is_no_empty_one(store: Store) -> None:
    with pytest.raises(OSError, match=r"(?i)bucket"):
        list_snapshots("s3://store@nowhere/landing", "acme")


def test_what_another_process_wrote_or_removed_is_seen(store: Store) -> None:
    """The file system's library keeps what it has listed."""
    first = land(store.zone, NOW, b"{}")
    assert len(list_snapshots(store.zone, "acme")) == 1
    for name in store.names():
        body = store.client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        store.client.put_object(Bucket=BUCKET, Key=name.replace("T031700", "T041700"), Body=body)
        store.client.delete_object(Bucket=BUCKET, Key=name)
    assert [each.snapshot_id for each in list_snapshots(store.zone, "acme")] == [first.replace("T031700", "T041700")]
    assert not has_manifest(snapshot_uri(store.zone, first))


def test_sync_lands_merges_and_reports_on_the_store(stored: World, store: Store) -> None:
    assert stored.sync()["outcome"] == "succeeded"
    [(snapshot_id, uri)] = stored.query("select snapshot_id, uri from ops.snapshot")
    assert uri == f"{store.zone}/{snapshot_id}"
    assert f"landing/{snapshot_id}/decision.json" in store.names()
    assert stored.settings.report_folder == f"{store.zone}/.reports"
    page = read_report(stored.settings.report_folder, snapshot_id)
    assert page is not None
    assert "Validation of acme" in page.decode()
    assert stored.sync()["outcome"] == "unchanged"
    assert len(store.names("landing/.reports/acme/")) == 2
    assert {check.outcome for check in examine_places(stored.settings)} == {"ok"}
    assert not [name for name in store.names() if ".doctor" in name]


def test_key_pair_that_is_refused_is_what_the_run_tells(stored: World, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, stored.sandbox, password="not-the-secret")
    with pytest.raises(CredentialError):
        stored.sync()
    [(outcome, error)] = stored.query("select outcome, error from ops.sync_run")
    assert outcome == "failed"
    assert "40096" in error
    assert store.names() == []


def test_reports_of_a_store_are_read_or_missing_or_an_error(store: Store) -> None:
    folder = f"{store.zone}/.reports"
    write_report(folder, "acme/one", "校验")
    assert (has_report(folder, "acme/one"), read_report(folder, "acme/one")) == (True, "校验".encode())
    assert (has_report(folder, "acme/two"), read_report(folder, "acme/two")) == (False, None)
    assert read_report(folder, "../acme/one") is None
    with pytest.raises(StorageUnavailableError, match="cannot be read"):
        read_report("s3://nobody@company/reports", "acme/one")


def test_requests_do_not_grow_with_the_snapshots_that_are_kept(stored: World, store: Store) -> None:
    """Of hundreds that are kept, a listing tells of a thousand files at a time; none is asked for by itself."""
    stored.sync()
    figures: dict[int, dict[str, int]] = {}
    for kept in (1, KEPT):
        fill(stored, store, kept)
        figures[kept] = {name: count_requests(store, name, action) for name, action in actions(stored).items()}
    few, many = figures[1], figures[KEPT]
    pages = len(store.names()) // 1000
    for name in few:
        assert many[name] - few[name] <= 3 * (pages + 1), (name, figures)


def fill(world: World, store: Store, kept: int) -> None:
    """So many snapshots, all of them known to the warehouse, within the days of which all are kept."""
    before = {each.snapshot_id for each in list_snapshots(store.zone, "acme")}
    for number in range(kept - len(before)):
        taken_at = NOW - timedelta(minutes=number)
        uri = snapshot_uri(store.zone, land(store.zone, taken_at, b"{}"))
        world.query(
            "insert into ops.snapshot (snapshot_id, tenant_id, platform, mode, taken_at, uri, state) "
            "values (%s, 'acme', 'dingtalk', 'full', %s, %s, 'landed')",
            make_snapshot_id("acme", taken_at),
            taken_at,
            uri,
        )


def actions(world: World) -> dict[str, Any]:
    keeping = replace(TENANT, retention=Retention(all_days=10_000, daily_days=10_000, monthly_months=0))
    return {
        "sync that finds nothing": lambda: world.sync(),
        "housekeeping": lambda: clean_tenant(world.settings, keeping, dry_run=False),
        "housekeeping, dry": lambda: clean_tenant(world.settings, keeping, dry_run=True),
    }


def count_requests(store: Store, name: str, action: Any) -> int:
    store.requests()
    action()
    seen = store.requests()
    kinds = Counter(f"{request.split()[0]}{' list' if request.endswith(' list') else ''}" for request in seen)
    print(f"{name}: {len(seen)} requests for {len(store.names('landing/'))} files: {dict(sorted(kinds.items()))}")
    return len(seen)
