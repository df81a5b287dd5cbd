"""What clocks may do to snapshots: each is taken at an instant of the warehouse's clock, after all that history knows and not after now."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from orgsync.errors import GateError
from orgsync.warehouse import snapshots

log = logging.getLogger(__name__)

SLACK = timedelta(minutes=1)
"""By so much a clock that is kept right may be put back, or a snapshot be dated after now, without anybody being asked."""

TOLD_SECONDS = 5.0
"""A clock that differs by more from the warehouse's is told."""

_NAMED = 5
_SHOWN = "%Y-%m-%d %H:%M:%S"


def date_snapshot(connection: Connection, tenant_id: str, *, now: datetime) -> datetime:
    """The instant of a snapshot that is taken now.

    Raises GateError where history holds snapshots dated after now: what is read now would be of the past, and change nothing that holds.
    """
    ahead = snapshots.list_loaded_from(connection, tenant_id, now)
    if not ahead:
        return now
    newest: datetime = ahead[-1]["taken_at"]
    if newest - now <= SLACK:
        return newest + timedelta(microseconds=1)
    named = " ".join(each["snapshot_id"] for each in ahead[:_NAMED]) + (" ..." if len(ahead) > _NAMED else "")
    raise GateError(
        f"nothing was read: {len(ahead)} snapshots of tenant {tenant_id} that are part of history are dated after now "
        f"({now:{_SHOWN}} UTC by the warehouse's clock), the last one {newest:{_SHOWN}}; a clock was ahead when they were taken. "
        f"If the warehouse's clock is right now, take them out: `orgsync retract {named}`; if it is behind, mend it. Then sync again"
    )


def check_date(connection: Connection, snapshot: dict[str, Any], *, now: datetime) -> None:
    """Raises GateError for a snapshot that a live run may not load: it is dated after now, or not later than what is loaded."""
    check_not_ahead(snapshot, now=now)
    tenant_id, instant = snapshot["tenant_id"], snapshot["taken_at"]
    newer = snapshots.list_loaded_from(connection, tenant_id, instant)
    if newer and snapshot["state"] != "loaded":
        raise GateError(
            f"snapshot {snapshot['snapshot_id']} is not later than {newer[-1]['snapshot_id']}, which is part of history; nothing was "
            "changed. Sync again for a new one, or load this one into the past: "
            f"`orgsync replay {tenant_id} --from {instant.isoformat()} --to {instant.isoformat()}`"
        )


def check_not_ahead(snapshot: dict[str, Any], *, now: datetime) -> None:
    """Raises GateError for a snapshot that nothing may load yet."""
    if problem := find_ahead(snapshot, now=now):
        raise GateError(f"{problem}; nothing was changed. Sync again for a new one")


def find_ahead(snapshot: dict[str, Any], *, now: datetime) -> str:
    """Why a snapshot must not become part of history: its time has not come. Empty if it has."""
    if snapshot["state"] == "loaded" or snapshot["taken_at"] - now <= SLACK:
        return ""
    return (
        f"snapshot {snapshot['snapshot_id']} is dated after now ({now:{_SHOWN}} UTC by the warehouse's clock), so it would hide "
        f"all that is read until then; if a clock was wrong when it was taken, `orgsync retract {snapshot['snapshot_id']}`"
    )


def describe_differences(worker_ahead_seconds: float, platform_ahead_seconds: float | None) -> list[str]:
    """In words, whose clock differs from the warehouse's by more than a few seconds; the platform's is given against the worker's."""
    clocks = {"this worker's clock": worker_ahead_seconds}
    if platform_ahead_seconds is not None:
        clocks["the platform's clock"] = worker_ahead_seconds + platform_ahead_seconds
    return [
        f"{name} is {abs(seconds):,.0f} seconds {'ahead of' if seconds > 0 else 'behind'} the warehouse's, by which snapshots are dated; "
        "keep all of them by NTP"
        for name, seconds in clocks.items()
        if abs(seconds) > TOLD_SECONDS
    ]
