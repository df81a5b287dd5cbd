"""Keeps landing zone and warehouse of one mind about which snapshots there are."""

from __future__ import annotations

import logging

from psycopg2.extensions import connection as Connection

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing import list_snapshot_ids, make_snapshot_id, read_manifest, snapshot_uri
from orgsync.manifest import Manifest
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
        manifest = _read_own_manifest(uri, snapshot_id)
    except IncompleteSnapshotError as error:
        log.warning("not registered: %s", error)
        return False
    snapshots.register_snapshot(connection, manifest, uri=uri)
    return True


def _read_own_manifest(uri: str, snapshot_id: str) -> Manifest:
    """Raises IncompleteSnapshotError also for a folder that was copied from elsewhere."""
    manifest = read_manifest(uri, is_partial_welcome=True)
    if not manifest.snapshot_id == make_snapshot_id(manifest.tenant_id, manifest.taken_at) == snapshot_id:
        raise IncompleteSnapshotError(
            f"{uri} holds the snapshot {manifest.snapshot_id}: it was copied or renamed; move it back to where it was, or remove it"
        )
    return manifest
