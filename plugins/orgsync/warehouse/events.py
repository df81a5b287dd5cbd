"""The inbox of events: which tenants have some that nobody has handled, and which are old enough to go."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.statements import Row, fetch_all


def drop_old_events(connection: Connection, tenant_id: str, *, days: int, dry_run: bool) -> int:
    """How many went, or would go; of refusals too, which are not counted."""
    name = "events/count_old_events" if dry_run else "events/drop_old_events"
    [row] = fetch_all(connection, name, tenant_id=tenant_id, days=days)
    return int(row["removed"])


def list_waiting(connection: Connection, tenant_ids: Sequence[str]) -> dict[str, Row]:
    """Of each tenant that has any: how many (`events`), when the first and the last came, and for how long the first waits."""
    return {row["tenant_id"]: row for row in fetch_all(connection, "events/list_waiting", tenant_ids=list(tenant_ids))}
