"""Keeps landing zone and warehouse of one mind about which snapshots there are, and what was decided about each."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from psycopg2.extensions import connection as Connection

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.zone import (
    LandedSnapshot,
    has_manifest,
    list_snapshots,
    list_unfinished,
    make_snapshot_id,
    read_decision,
    read_manifest,
    write_decision,
)
from orgsync.manifest import Decision, Manifest
from orgsync.warehouse import snapshots

log = logging.getLogger(__name__)


@dataclass
class Survey:
    """What a tenant's part of the landing zone holds.

    `registered` are the ids that the warehouse did not know, `unreadable` says why others cannot be registered, `unfinished` are
    folders without a manifest. `overruled` are snapshots that are part of history here and should not be, by what was decided later.
    """

    landed: int = 0
    registered: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)
    overruled: list[Decision] = field(default_factory=list)


def register_landed(connection: Connection, zone: str, tenant_id: str) -> list[str]:
    """Register the snapshots that landed and that no run got to register, and return their ids; none of them is loaded by that.

    A process that is killed between manifest and registration leaves one, a warehouse that was lost all of them.
    """
    known = snapshots.list_known(connection, tenant_id)
    survey = Survey()
    for landed in list_snapshots(zone, tenant_id):
        if landed.snapshot_id not in known:
            _look_at(connection, landed, survey)
    _tell(survey, tenant_id, due=snapshots.count_due(connection, tenant_id))
    return survey.registered


def survey_zone(connection: Connection, zone: str, tenant_id: str) -> Survey:
    """Look at everything that a tenant has in the landing zone: register what the warehouse does not know, and take over what it does
    not know to have been decided, before it was lost or since the backup that it was restored from."""
    survey = Survey(unfinished=list_unfinished(zone, tenant_id))
    for landed in list_snapshots(zone, tenant_id):
        survey.landed += 1
        _look_at(connection, landed, survey)
    return survey


def _look_at(connection: Connection, landed: LandedSnapshot, survey: Survey) -> None:
    snapshot_id, uri = landed.snapshot_id, landed.uri
    try:
        manifest, decision = _read_own_manifest(uri, snapshot_id), _read_own_decision(uri, snapshot_id)
    except IncompleteSnapshotError as error:
        survey.unreadable[snapshot_id] = str(error)
        return
    if snapshots.register_snapshot(connection, manifest, uri=uri):
        survey.registered.append(snapshot_id)
    snapshots.move_snapshot(connection, snapshot_id, uri=uri)
    if decision and not snapshots.adopt_decision(connection, decision) and snapshots.is_overruled(connection, decision):
        survey.overruled.append(decision)


def _tell(survey: Survey, tenant_id: str, *, due: int) -> None:
    for reason in survey.unreadable.values():
        log.warning("not registered: %s", reason)
    if survey.registered:
        log.warning(
            "registered %d snapshots of tenant %s that landed and that no run registered (%s to %s)",
            len(survey.registered),
            tenant_id,
            survey.registered[0],
            survey.registered[-1],
        )
    if due:
        log.warning("%d snapshots that were part of history are not in this warehouse; `orgsync rebuild %s` loads them", due, tenant_id)


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
