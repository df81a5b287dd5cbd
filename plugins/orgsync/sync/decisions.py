"""Which snapshots may be taken out of history, and let in again: pure, from a snapshot's row to why not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orgsync.errors import ConfigurationError, GateError
from orgsync.sync.timekeeping import find_ahead


def check_retractable(snapshot: dict[str, Any], tenant_id: str) -> None:
    """Raises GateError for one that was rejected: it is not in history, and stays out of it."""
    _check_tenant(snapshot, tenant_id)
    if snapshot["state"] == "rejected":
        raise GateError(f"snapshot {snapshot['snapshot_id']} is no part of history: {describe_decision(snapshot)}; nothing was changed")


def check_undoable(snapshot: dict[str, Any], tenant_id: str, *, now: datetime) -> None:
    """Raises GateError for a snapshot that is not retracted, or must not be part of history."""
    _check_tenant(snapshot, tenant_id)
    if snapshot["state"] != "retracted":
        raise GateError(f"snapshot {snapshot['snapshot_id']} is {snapshot['state']}, not retracted; nothing was changed")
    if problem := find_ahead(snapshot, now=now):
        raise GateError(f"{problem}; nothing was changed")


def describe_decision(snapshot: dict[str, Any]) -> str:
    """Who decided what about a snapshot that is not loaded, and what lets it in again where anything does."""
    decided = f"it was {snapshot['state']} by {snapshot['decided_by'] or 'nobody known'} on {snapshot['decided_at']:%Y-%m-%d %H:%M} UTC"
    if snapshot["state"] == "retracted":
        return f"{decided} (`orgsync retract --undo {snapshot['snapshot_id']}` lets it in again)"
    return decided


def _check_tenant(snapshot: dict[str, Any], tenant_id: str) -> None:
    if snapshot["tenant_id"] != tenant_id:
        raise ConfigurationError(f"snapshot {snapshot['snapshot_id']} is of tenant {snapshot['tenant_id']}, not of {tenant_id}")
