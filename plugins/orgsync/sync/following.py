"""Reads what events are about. An event is a hint, never data: what it says is asked of the platform, and lands as a snapshot."""

from __future__ import annotations

import logging

from psycopg2.extensions import connection as Connection

from orgsync.manifest import Targets
from orgsync.platforms import load_platform
from orgsync.sync.errands import MOST_TARGETS, Errand, add_targets, plan_errand
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.run import Run
from orgsync.warehouse import events, snapshots
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.migrations import check_schema

log = logging.getLogger(__name__)


def follow_events(run: Run) -> str | None:
    """Read the people and departments that events name, or everything where that takes less; returns the snapshot's id.

    None: nothing waits. An event is handled once the snapshot is part of history; until then it is tried again, later and later.
    """
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        waiting = events.list_due(connection, run.tenant.id)
        is_known = snapshots.find_counts_before(connection, run.tenant.id, run.clock(connection)) is not None
        errand = plan_errand(waiting, can_look=load_platform(run.tenant.platform).look is not None, is_known=is_known)
        events.dismiss(connection, run.tenant.id, errand.idle)
        targets = _add_left_behind(connection, run, errand)
    if errand.what == "nothing":
        log.info("no event of tenant %s waits", run.tenant.id)
        return None
    if targets is None:
        log.info(
            "%d events of tenant %s: everything is read, for %s", len(errand.answered), run.tenant.id, errand.reason or "many are meant"
        )
    snapshot_id = extract_snapshot(run, mode="auto", targets=targets)
    with open_warehouse(run.address) as connection:
        events.assign(connection, run.tenant.id, errand.answered, snapshot_id=snapshot_id)
    return snapshot_id


def _add_left_behind(connection: Connection, run: Run, errand: Errand) -> Targets | None:
    """Whom a department that is gone held is somewhere else by now. None: everything is to be read."""
    if errand.what != "targets":
        return None
    found = events.list_left_behind(connection, run.tenant.id, errand.gone_departments, most=MOST_TARGETS + 1)
    return add_targets(errand.targets, found)
