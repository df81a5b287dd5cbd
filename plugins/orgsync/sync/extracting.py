"""Reads an organization from its platform into the landing zone."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from orgsync.errors import IncompleteSnapshotError, PermissionDeniedError
from orgsync.landing.carrying import drop_carried
from orgsync.landing.zone import SnapshotWriter, make_snapshot_id, read_newest_answers, remove_unfinished, snapshot_uri
from orgsync.log_fields import log_fields
from orgsync.manifest import Manifest, Mode, Targets
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Answer, Answers, Reading, Wanted
from orgsync.sync.registry import note_decisions, register_landed
from orgsync.sync.run import Run, claim_tenant, open_step, take_apps_turn
from orgsync.sync.ticks import find_last_tick
from orgsync.sync.timekeeping import date_snapshot, describe_differences
from orgsync.tenants import Tenant
from orgsync.warehouse import snapshots
from orgsync.warehouse.claims import Claim
from orgsync.warehouse.clock import measure_ahead
from orgsync.warehouse.connection import open_warehouse

log = logging.getLogger(__name__)

RequestedMode = Literal["auto", "full", "frequent"]


def extract_snapshot(run: Run, *, mode: RequestedMode, targets: Targets | None = None) -> str:
    """Read the whole organization into the landing zone, or of it only the `targets`; returns the snapshot's id.

    Raises what the platform's client raises; then nothing is left in the landing zone.
    """
    with open_step(run, "extract") as step:
        with claim_tenant(run, "read") as claim, take_apps_turn(run):
            company = load_platform(run.tenant.platform).identify(run.tenant.conn_id)
            with open_warehouse(run.address) as connection:
                claim.confirm(connection)
                register_landed(connection, run.settings.landing_zone, run.tenant.id)
                note_decisions(connection, run.tenant.id)
                worker_ahead = measure_ahead(connection, run.clock)
                taken_at = date_snapshot(connection, run.tenant.id, now=run.clock(connection))
                chosen = "targeted" if targets else _choose_mode(connection, run.tenant, mode, taken_at)
                sources = snapshots.list_history_sources(connection, run.tenant.id, platform=run.tenant.platform, company=company.name)
                earlier = drop_carried(partial(read_newest_answers, sources), snapshots.list_retracted_instants(connection, run.tenant.id))
            # A read may take an hour: no session is open so long.
            manifest, platform_ahead = _land_snapshot(run, claim, mode=chosen, targets=targets, taken_at=taken_at, earlier=earlier)
            with open_warehouse(run.address) as connection:
                claim.confirm(connection)
                snapshots.register_snapshot(connection, manifest, uri=snapshot_uri(run.settings.landing_zone, manifest.snapshot_id))
        if not manifest.is_complete and run.tenant.on_incomplete == "fail":
            raise IncompleteSnapshotError(f"snapshot {manifest.snapshot_id} is not complete: {'; '.join(manifest.problems)}")
        warnings = describe_differences(worker_ahead, platform_ahead)
        for warning in warnings:
            log.warning("%s", warning)
        step.record(mode=manifest.mode, method=manifest.method, snapshot_id=manifest.snapshot_id, calls=manifest.calls, warnings=warnings)
        return manifest.snapshot_id


def _choose_mode(connection: Connection, tenant: Tenant, mode: RequestedMode, now: datetime) -> Mode:
    """`auto` is full where no full read entered history since the full schedule's last tick, else frequent."""
    if mode != "auto":
        return mode
    last_full = snapshots.find_last_full_read(connection, tenant.id, until=now)
    last_tick = find_last_tick(tenant.full_schedule, ZoneInfo(tenant.timezone), now)
    return "frequent" if last_full is not None and last_full >= last_tick else "full"


def _land_snapshot(
    run: Run, claim: Claim, *, mode: Mode, targets: Targets | None, taken_at: datetime, earlier: Answers
) -> tuple[Manifest, float | None]:
    """What landed, and by how many seconds the platform's clock is ahead of this machine's.

    `earlier` is what history is made of: nothing else may be carried over into this one.
    """
    zone, tenant = run.settings.landing_zone, run.tenant
    for folder in remove_unfinished(zone, tenant.id, confirm=claim.confirm_now):
        log.warning("removed %s/%s, which a read that was killed left without a manifest", tenant.id, folder)
    platform = load_platform(tenant.platform)
    snapshot_id = make_snapshot_id(tenant.id, taken_at)
    wanted = Wanted(
        mode=mode,
        scope=tenant.scope,
        user_key=tenant.user_key,
        earlier=earlier,
        is_tolerant=tenant.on_incomplete == "add_only",
        taken_at=taken_at,
    )
    started = time.monotonic()
    with log_fields(snapshot=snapshot_id), SnapshotWriter(snapshot_uri(zone, snapshot_id), platform.substance) as writer:
        log.info("reading tenant %s, %s, as snapshot %s", tenant.id, mode, snapshot_id)

        def record(part: str, answer: Answer) -> None:
            claim.check()
            writer.record(part, answer)

        client = platform.connect(tenant.conn_id)
        try:
            located = replace(wanted, scope=platform.locate(client, wanted))
            reading: Reading = (
                platform.look(client, located, targets, record) if platform.look and targets else platform.extract(client, located, record)
            )
        except PermissionDeniedError as error:
            raise platform.name_missing(client, error) from error
        claim.confirm_now()
        finished_at = taken_at + timedelta(seconds=time.monotonic() - started)
        manifest = writer.finish(reading, snapshot_id=snapshot_id, platform=platform.name, taken_at=taken_at, finished_at=finished_at)
    return manifest, reading.ahead_seconds
