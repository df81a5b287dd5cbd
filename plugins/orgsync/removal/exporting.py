"""Gives out everything that is held of a person, as one object: what the person may ask for."""

from __future__ import annotations

from typing import Any

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.zone import read_answers, read_manifest
from orgsync.platforms import load_platform
from orgsync.removal.forgetting import list_everywhere
from orgsync.sync.run import Run
from orgsync.warehouse import erasures
from orgsync.warehouse.clock import read_clock
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import execute, fetch_all

PARTS = ("versions", "memberships", "mentions", "changes", "quarantine", "messages", "audit")
IDS = ("union_id", "open_id")


def export_person(run: Run, user_id: str, *, asked_by: str = "") -> dict[str, Any]:
    """All tables, in clear, and the snapshots that hold the person. `asked_by` is written down where somebody asks through the pages."""
    keys = {"tenant_id": run.tenant.id, "user_id": user_id}
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        found = {part: fetch_all(connection, f"removal/export_{part}", **keys) for part in PARTS}
        ids = {user_id, *(value for column, value in erasures.list_identities(connection, **keys) if column in IDS)}
        exported_at = read_clock(connection)
        if asked_by:
            execute(connection, "removal/note_export", actor=asked_by, **keys)
    return {**keys, "exported_at": exported_at, **found, "snapshots": _list_snapshots(run, ids)}


def _list_snapshots(run: Run, ids: set[str]) -> list[dict[str, Any]]:
    """In which snapshots, and in how many records of each part; one that cannot be read says so."""
    found = []
    for landed in list_everywhere(run):
        told: dict[str, Any] = {"snapshot_id": landed.snapshot_id, "taken_at": landed.taken_at}
        try:
            manifest = read_manifest(landed.uri, is_partial_welcome=True)
            list_people = load_platform(manifest.platform).list_people
            counts = {
                part: sum(bool(known & ids) for answer in read_answers(landed.uri, manifest, part) for known in list_people(answer))
                for part in manifest.files
            }
        except IncompleteSnapshotError as error:
            found.append(told | {"unreadable": str(error)})
            continue
        if any(counts.values()):
            found.append(told | {"records": {part: count for part, count in counts.items() if count}})
    return found
