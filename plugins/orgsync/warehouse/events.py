"""What platforms pushed, as the warehouse keeps it until a read has answered it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.statements import Row, execute, fetch_all

MOST_EVENTS = 5000
"""In one go; the rest is for the next."""


def list_due(connection: Connection, tenant_id: str) -> list[Row]:
    """The events for which a read may be made now, oldest first: `event_key`, `kind`, `user_ids`, `department_ids`."""
    return fetch_all(connection, "events/list_due", tenant_id=tenant_id, most=MOST_EVENTS)


def list_due_tenants(connection: Connection) -> dict[str, Row]:
    """By tenant, how many such `events`, for how long the first one waits (`waits_seconds`), and when the newest came (`newest_at`)."""
    return {row["tenant_id"]: row for row in fetch_all(connection, "events/list_due_tenants")}


def list_left_behind(connection: Connection, tenant_id: str, department_ids: Collection[str], *, most: int) -> list[tuple[str, str]]:
    """Who and what history has in departments that are said to be gone: pairs of entity and id, `most` of them."""
    ids = {"tenant_id": tenant_id, "department_ids": list(department_ids), "most": most}
    return [(row["entity"], row["key_1"]) for row in fetch_all(connection, "events/list_left_behind", **ids)]


def summarize(connection: Connection, tenant_id: str | None) -> list[Row]:
    """How events go, a row for each tenant that ever received any."""
    return fetch_all(connection, "events/summarize", tenant_id=tenant_id)


def assign(connection: Connection, tenant_id: str, event_keys: Sequence[str], *, snapshot_id: str) -> None:
    """Note that a snapshot was read for these events; once it is part of history, they are handled."""
    execute(connection, "events/assign", tenant_id=tenant_id, event_keys=list(event_keys), snapshot_id=snapshot_id)


def dismiss(connection: Connection, tenant_id: str, event_keys: Sequence[str]) -> None:
    execute(connection, "events/dismiss", tenant_id=tenant_id, event_keys=list(event_keys))


def settle(connection: Connection, snapshot_id: str, *, is_audited: bool) -> None:
    """The snapshot is part of history: the events it answers are handled; a full read counts what events left out."""
    execute(connection, "events/settle", snapshot_id=snapshot_id)
    if is_audited:
        execute(connection, "events/audit", snapshot_id=snapshot_id)


def drop_old_events(connection: Connection, tenant_id: str, *, days: int, dry_run: bool) -> int:
    """How many went, or would go; of refusals too, which are not counted."""
    name = "events/count_old_events" if dry_run else "events/drop_old_events"
    [row] = fetch_all(connection, name, tenant_id=tenant_id, days=days)
    return int(row["removed"])
