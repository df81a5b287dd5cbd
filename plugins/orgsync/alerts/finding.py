"""Asks the warehouse how operation stands: one statement for all tenants wherever that can be. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

from orgsync.outbox import store
from orgsync.outbox.quota import Gauge
from orgsync.tenants import BrokenStanza, Tenant
from orgsync.warehouse.statements import Row, fetch_all

STUCK_AFTER = timedelta(minutes=30)
"""What is due for so long, and was not sent, is stuck."""


@dataclass(frozen=True)
class Facts:
    """What judging is by. `now` is the warehouse's; `tenants` are those whose stanzas are right, `broken` the others.

    `file_error` is why the tenants file cannot be read at all. `heartbeats` are by part; `gauges` by tenant.
    """

    now: datetime
    tenants: Sequence[Tenant] = ()
    broken: Sequence[BrokenStanza] = ()
    file_error: str = ""
    standings: Sequence[Row] = ()
    checks: Sequence[Row] = ()
    channels: Sequence[Row] = ()
    heartbeats: Mapping[str, Row] = field(default_factory=dict)
    gauges: Mapping[str, Sequence[Gauge]] = field(default_factory=dict)
    has_messages: bool = False


def find_facts(
    connection: Connection,
    tenants: Sequence[Tenant],
    *,
    now: datetime,
    broken: Sequence[BrokenStanza] = (),
    file_error: str = "",
    channels: Collection[str] = (),
) -> Facts:
    """`channels` are the names of those that something is told to."""
    ids = [tenant.id for tenant in tenants]
    known = set(ids)
    return Facts(
        now=now,
        tenants=tenants,
        broken=broken,
        file_error=file_error,
        standings=fetch_all(connection, "alerts/find_standings", tenants=ids, now=now, patience=STUCK_AFTER),
        checks=fetch_all(connection, "alerts/find_broken_checks", tenants=ids),
        channels=fetch_all(connection, "alerts/find_failing_channels", channels=sorted(channels)),
        heartbeats={row["part"]: row for row in fetch_all(connection, "alerts/list_heartbeats")},
        gauges={
            channel["tenant_id"]: store.find_gauges(connection, channel, now=now)
            for channel in store.list_channels(connection, None)
            if channel["tenant_id"] in known
        },
        has_messages=bool(fetch_all(connection, "alerts/has_messages")[0]["has_messages"]),
    )
