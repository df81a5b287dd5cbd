"""Tells the warehouse which tenants the tenants file holds, so that it knows which one has left it."""

from __future__ import annotations

import logging
from datetime import timedelta

from psycopg2.extensions import connection as Connection

from orgsync.tenants import Stanzas
from orgsync.warehouse.statements import Row, encode_list, execute, fetch_all

log = logging.getLogger(__name__)

GRACE = timedelta(days=1)
"""So long what waits for a tenant that left the file waits on: somebody may have made a mistake."""


def note_roster(connection: Connection, stanzas: Stanzas) -> list[str]:
    """Who is in the file is there, or back, whatever is wrong with the stanza; who is not is retired. Returns who is that now.

    Nobody is retired by a file without any tenant, or with a stanza whose id cannot be read: then the mistake is more likely the file's.
    """
    platforms = {tenant.id: tenant.platform for tenant in stanzas.tenants}
    seen: list[Row] = [{"tenant_id": tenant_id, "platform": platforms.get(tenant_id, "")} for tenant_id in stanzas.owners]
    execute(connection, "removal/adopt_tenants")
    execute(connection, "removal/note_tenants", tenants=encode_list(seen))
    if not seen or not stanzas.names_all:
        return []
    retired = [row["tenant_id"] for row in fetch_all(connection, "removal/retire_tenants", tenant_ids=list(stanzas.owners))]
    if retired:
        log.warning("retired, since they are in the tenants file no more: %s", ", ".join(retired))
    return retired


def end_waiting(connection: Connection) -> int:
    """End what waits for tenants that have been retired for some time; returns how many messages that were."""
    return execute(connection, "removal/end_waiting", grace=GRACE)


def list_roster(connection: Connection) -> list[Row]:
    """The tenants that the file holds or held."""
    return fetch_all(connection, "removal/list_tenants")
