"""Keeps landing zone and warehouse of one mind about which snapshots there are, and what was decided about each."""

from __future__ import annotations

import logging

from psycopg2.extensions import connection as Connection

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing import (
    has_manifest,
    list_snapshot_ids,
    make_snapshot_id,
    read_decision,
    read_manifest,
    snapshot_uri,
    write_decision,
)
from orgsync.manifest import Decision, Manifest
from orgsync.warehouse import snapshots

log = logging.getLogger(__name__)


def register_landed(connection: Connection, zone: str, tenant_id: str) -> list[str]:
    """Register the snapshots that landed and that no run got to register, and return their ids; none of them is loaded by that.

    A process that is killed between manifest and registration leaves one, a warehouse that was lost all of them.
    """
    known = snapshots.list_known(connection, tenant_id)
    registered = [each for each in list_snapshot_ids(zone, tenant_id) if each not in known and _register(connection, zone, each)]
    if registered:
        log.warning(
            "registered %d snapshots of tenant %s that landed and that no run registered (%s to %s); they are not loaded",
            len(registered),
            tenant_id,
            registered[0],
            registered[-1],
        )
    return registered


def _register(connection: Connection, zone: str, snapshot_id: str) -> bool:
    uri = snapshot_uri(zone, snapshot_id)
    try:
        manifest, decision = _read_own_manifest(uri, snapshot_id), _read_own_decision(uri, snapshot_id)
    except IncompleteSnapshotError as error:
        log.warning("not registered: %s", error)
        return False
    snapshots.register_snapshot(connection, manifest, uri=uri)
    if decision:
        snapshots.adopt_decision(connection, decision)
    return True


def note_decisions(connection: Connection, tenant_id: str) -> None:
    """Write beside the manifests what was decided and does not stand there yet: by the run that decided it, or one that was killed.

    Commits after each. What stands there and was decided later is left: a warehouse restored from a backup knows less.
    """
    for snapshot_id in snapshots.list_unnoted(connection, tenant_id):
        held = snapshots.hold_decision(connection, snapshot_id)
        if held and _note(*held):
            snapshots.mark_noted(connection, snapshot_id)
        connection.commit()


def _note(uri: str, decision: Decision) -> bool:
    if not has_manifest(uri):
        return False
    noted = _read_noted(uri)
    if noted and noted.decided_at > decision.decided_at:
        log.warning(
            "snapshot %s was %s later than this warehouse knows: it was restored from a backup; run `orgsync rebuild %s`",
            decision.snapshot_id,
            noted.state,
            decision.snapshot_id.partition("/")[0],
        )
        return False
    if noted != decision:
        write_decision(uri, decision)
    return True


def _read_noted(uri: str) -> Decision | None:
    try:
        return read_decision(uri)
    except IncompleteSnapshotError as error:
        log.warning("written anew: %s", error)
        return None


def _read_own_manifest(uri: str, snapshot_id: str) -> Manifest:
    """Raises IncompleteSnapshotError also for a folder that was copied from elsewhere."""
    manifest = read_manifest(uri, is_partial_welcome=True)
    if not manifest.snapshot_id == make_snapshot_id(manifest.tenant_id, manifest.taken_at) == snapshot_id:
        raise IncompleteSnapshotError(
            f"{uri} holds the snapshot {manifest.snapshot_id}: it was copied or renamed; move it back to where it was, or remove it"
        )
    return manifest


def _read_own_decision(uri: str, snapshot_id: str) -> Decision | None:
    decision = read_decision(uri)
    if decision and decision.snapshot_id != snapshot_id:
        raise IncompleteSnapshotError(f"{uri} holds what was decided about {decision.snapshot_id}: it was copied; remove it")
    return decision
