"""Removes what a tenant's retention no longer keeps, and closes the runs that never said how they ended."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

from orgsync.errors import BusyTenantError
from orgsync.landing import LandedSnapshot, list_snapshots, remove_snapshot, remove_unfinished
from orgsync.retention import list_expired
from orgsync.settings import Settings, report_path
from orgsync.tenants import Tenant
from orgsync.warehouse import runs, snapshots
from orgsync.warehouse.claims import Claim, hold_claim
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema

log = logging.getLogger(__name__)

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
    error: str | None = None


def clean_tenants(settings: Settings, tenants: Iterable[Tenant], *, dry_run: bool, clock: Clock = read_clock) -> list[Cleaning]:
    """Each on its own: one that is busy, or whose files cannot be removed, does not keep the others waiting."""
    return [_try_tenant(settings, tenant, dry_run=dry_run, clock=clock) for tenant in tenants]


def clean_tenant(settings: Settings, tenant: Tenant, *, dry_run: bool, clock: Clock = read_clock) -> Cleaning:
    """Raises BusyTenantError, with nothing changed, when the tenant is being read.

    What is decided before the tenant is claimed still holds then: a snapshot that came since lets none of the expired ones live.
    """
    address = find_warehouse(settings)
    with open_warehouse(address) as connection:
        check_schema(connection)
        now = clock(connection)
    landed = list_snapshots(settings.landing_zone, tenant.id)
    expired = list_expired(landed, tenant.retention, now=now, timezone=ZoneInfo(tenant.timezone))
    if not dry_run:
        with hold_claim(address, tenant.id, "read", claimed_by=f"housekeeping__{uuid4()}", seconds=settings.claim_seconds) as claim:
            _remove_snapshots(claim, settings, expired)
            remove_unfinished(settings.landing_zone, tenant.id, confirm=claim.confirm_now)
    with open_warehouse(address) as connection:
        closed = runs.close_lost_runs(connection, tenant.id, before=now - LOST_AFTER)
        if dry_run:
            connection.rollback()
    return Cleaning(
        tenant.id,
        outcome="planned" if dry_run else "cleaned",
        kept=len(landed) - len(expired),
        removed=len(expired),
        removed_bytes=sum(snapshot.size for snapshot in expired),
        closed_runs=closed,
    )


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
        report_path(settings.report_folder, snapshot.snapshot_id).unlink(missing_ok=True)
        remove_snapshot(snapshot.uri)
        log.info("removed snapshot %s", snapshot.snapshot_id)
