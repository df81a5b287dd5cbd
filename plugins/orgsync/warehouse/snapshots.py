"""Which snapshots there are, and what history made of them."""

from __future__ import annotations

from datetime import datetime

from psycopg2.extensions import connection as Connection

from orgsync.errors import BusyTenantError, ConfigurationError
from orgsync.manifest import Manifest
from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one


def claim_tenant(connection: Connection, tenant_id: str) -> None:
    """Be the only reader of a tenant until the connection is closed; raises BusyTenantError when another is at it."""
    if not fetch_all(connection, "ops/claim_tenant", tenant_id=tenant_id)[0]["is_claimed"]:
        raise BusyTenantError(f"another run is reading tenant {tenant_id} right now; this one leaves it alone")


def register_snapshot(connection: Connection, manifest: Manifest, *, uri: str) -> None:
    execute(
        connection,
        "ops/register_snapshot",
        snapshot_id=manifest.snapshot_id,
        tenant_id=manifest.tenant_id,
        platform=manifest.platform,
        mode=manifest.mode,
        taken_at=manifest.taken_at,
        uri=uri,
        visible_range={name: list(ids) for name, ids in manifest.visible_range.items()},
    )


def find_snapshot(connection: Connection, snapshot_id: str) -> Row:
    snapshot = fetch_one(connection, "ops/find_snapshot", snapshot_id=snapshot_id)
    if snapshot is None:
        raise ConfigurationError(f"the warehouse knows no snapshot {snapshot_id}")
    return snapshot


def find_last_full_read(connection: Connection, tenant_id: str) -> datetime | None:
    taken_at: datetime | None = fetch_all(connection, "ops/find_last_full_read", tenant_id=tenant_id)[0]["taken_at"]
    return taken_at


def find_counts_before(connection: Connection, tenant_id: str, taken_at: datetime) -> dict[str, int] | None:
    row = fetch_one(connection, "ops/find_counts_before", tenant_id=tenant_id, taken_at=taken_at)
    return row["counts"] if row else None
