"""Removes what a tenant's retention no longer keeps, its old events too, and closes the runs that never said how they ended."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

from orgsync.errors import BusyTenantError, IncompleteSnapshotError
from orgsync.landing.reports import remove_report
from orgsync.landing.retention import list_expired
from orgsync.landing.zone import LandedSnapshot, list_snapshots, read_decision, read_outline, remove_snapshot, remove_unfinished
from orgsync.settings import Settings
from orgsync.sync.registry import note_decisions, register_landed
from orgsync.tenants import Stanzas, Tenant
from orgsync.warehouse import runs, snapshots
from orgsync.warehouse.claims import Claim, hold_claim
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.events import drop_old_events
from orgsync.warehouse.heartbeats import beat
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import Row, fetch_all

log = logging.getLogger(__name__)

MESSAGES_AT_ONCE = 1000
LOST_AFTER = timedelta(hours=24)  # the longest step may take six hours, and a run has three, each tried again


@dataclass(frozen=True)
class Cleaning:
    """What was done for a tenant, or, where it is only planned, what would be. `error` says why it was skipped or failed."""

    tenant_id: str
    outcome: Literal["cleaned", "planned", "skipped", "failed"]
    kept: int = 0
    removed: int = 0
    removed_bytes: int = 0
    closed_runs: int = 0
    removed_messages: int = 0
    removed_events: int = 0
    error: str | None = None


def clean_tenants(settings: Settings, tenants: Iterable[Tenant], *, dry_run: bool, clock: Clock = read_clock) -> list[Cleaning]:
    """Each on its own: one that is busy, or whose files cannot be removed, does not keep the others waiting."""
    return [_try_tenant(settings, tenant, dry_run=dry_run, clock=clock) for tenant in tenants]


def list_left_out(stanzas: Stanzas) -> list[Cleaning]:
    """Nothing of a tenant is removed while its stanza is wrong: what it keeps may be part of what is."""
    return [Cleaning(each.tenant_id, outcome="skipped", error=each.reason) for each in stanzas.broken if each.tenant_id]


def clean_tenant(settings: Settings, tenant: Tenant, *, dry_run: bool, clock: Clock = read_clock) -> Cleaning:
    """Raises BusyTenantError, with nothing changed, when the tenant is being read."""
    address = find_warehouse(settings)
    with open_warehouse(address) as connection:
        check_schema(connection)
        now = clock(connection)
    if dry_run:
        kept, expired = _choose(address, settings, tenant, now)
    else:
        with hold_claim(address, tenant.id, "read", claimed_by=f"housekeeping__{uuid4()}", seconds=settings.claim_seconds) as claim:
            with open_warehouse(address) as connection:
                claim.confirm(connection)
                register_landed(connection, settings.landing_zone, tenant.id)
                note_decisions(connection, tenant.id)
            kept, expired = _choose(address, settings, tenant, now)
            _remove_snapshots(claim, settings, expired)
            remove_unfinished(settings.landing_zone, tenant.id, confirm=claim.confirm_now)
    messages = 0 if dry_run else _forget_messages(address, tenant, now)
    with open_warehouse(address) as connection:
        closed = runs.close_lost_runs(connection, tenant.id, before=now - LOST_AFTER)
        beat(connection, "housekeeping")
        events = drop_old_events(connection, tenant.id, days=tenant.events.keep_days, dry_run=dry_run)
        if dry_run:
            connection.rollback()
    return Cleaning(
        tenant.id,
        outcome="planned" if dry_run else "cleaned",
        kept=kept,
        removed=len(expired),
        removed_bytes=sum(snapshot.size for snapshot in expired),
        closed_runs=closed,
        removed_messages=messages,
        removed_events=events,
    )


@dataclass(frozen=True)
class _Candidate:
    """A snapshot of the landing zone, and what became of it: what its retention is decided by."""

    landed: LandedSnapshot
    is_loaded: bool
    is_loadable: bool
    is_complete: bool
    is_whole: bool
    is_full: bool

    @property
    def taken_at(self) -> datetime:
        return self.landed.taken_at


def _choose(address: Address, settings: Settings, tenant: Tenant, now: datetime) -> tuple[int, list[LandedSnapshot]]:
    """How many stay, and which go, by what the warehouse knows of them; of what it does not know, by what the landing zone says."""
    landed = list_snapshots(settings.landing_zone, tenant.id)
    with open_warehouse(address) as connection:
        standings = snapshots.list_standings(connection, tenant.id)
    candidates = [_judge(each, standings.get(each.snapshot_id)) for each in landed]
    expired = list_expired(candidates, tenant.retention, now=now, timezone=ZoneInfo(tenant.timezone))
    return len(landed) - len(expired), [candidate.landed for candidate in expired]


def _judge(landed: LandedSnapshot, standing: Row | None) -> _Candidate:
    state, is_complete, mode = _find_state(landed) if standing is None else (standing["state"], standing["is_complete"], standing["mode"])
    is_there = standing is None or not standing["is_removed"]  # a removal that was cut off left it
    is_loaded = state == "loaded" and is_there
    is_loadable = is_loaded or (state == "landed" and is_complete and is_there)
    return _Candidate(landed, is_loaded, is_loadable, is_complete, is_whole=mode != "targeted", is_full=mode == "full")


def _find_state(landed: LandedSnapshot) -> tuple[str, bool, str]:
    """Of one that cannot be registered, for instance since a newer orgsync wrote it."""
    outline = read_outline(landed.uri)
    try:
        decision = read_decision(landed.uri)
    except IncompleteSnapshotError as error:
        log.warning("%s; its manifest alone says whether it is kept", error)
        decision = None
    return (decision.state, decision.is_complete, outline.mode) if decision else ("landed", outline.is_complete, outline.mode)


def _forget_messages(address: Address, tenant: Tenant, now: datetime) -> int:
    """Some at a time, each batch a transaction: whoever sends meanwhile is not kept waiting."""
    if tenant.retention.messages is None:
        return 0
    before, forgotten = now - timedelta(days=tenant.retention.messages), 0
    while True:
        with open_warehouse(address) as connection:
            keys = {"tenant_id": tenant.id, "before": before, "most": MESSAGES_AT_ONCE}
            some: int = fetch_all(connection, "removal/forget_messages", **keys)[0]["messages"]
        forgotten += some
        if some == 0:
            return forgotten


def _try_tenant(settings: Settings, tenant: Tenant, *, dry_run: bool, clock: Clock = read_clock) -> Cleaning:
    try:
        return clean_tenant(settings, tenant, dry_run=dry_run, clock=clock)
    except BusyTenantError as error:
        return Cleaning(tenant.id, outcome="skipped", error=str(error))
    except OSError as error:
        return Cleaning(tenant.id, outcome="failed", error=f"its snapshots could not be listed or removed: {error}")


def _remove_snapshots(claim: Claim, settings: Settings, expired: list[LandedSnapshot]) -> None:
    """The folder goes last: what is cut off before that is found, and done again, the next time."""
    for snapshot in expired:
        with open_warehouse(claim.address) as connection:  # none is open while files are removed
            claim.confirm(connection)
            snapshots.mark_removed(connection, snapshot.snapshot_id)
        remove_report(settings.report_folder, snapshot.snapshot_id)
        remove_snapshot(snapshot.uri)
        log.info("removed snapshot %s", snapshot.snapshot_id)
