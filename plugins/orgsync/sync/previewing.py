"""What another stanza would make of what was read last: worked out in a transaction that is taken back, so that nothing can be applied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from orgsync.errors import ConfigurationError
from orgsync.landing.carrying import drop_carried
from orgsync.landing.zone import make_snapshot_id, read_answers, read_manifest
from orgsync.manifest import Manifest
from orgsync.platforms import load_platform
from orgsync.sync.planning import draft_plan
from orgsync.sync.run import Run
from orgsync.tenants import Tenant
from orgsync.warehouse import history, plans, snapshots
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.migrations import check_schema

if TYPE_CHECKING:
    import pandas as pd

    from orgsync.frames import TidySet


@dataclass(frozen=True)
class Cell:
    """One value of a real record, as the stanza in use makes it and as the other one does."""

    key: str
    column: str
    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Preview:
    """`cells` are of a few records; `plan` is what history would change by, as `orgsync plan` tells it, with its `changes`."""

    snapshot_id: str
    cells: tuple[Cell, ...]
    plan: dict[str, Any]


def preview(run: Run, changed: Tenant, *, records: int, listed: int | None) -> Preview:
    """What `changed` would make of the newest snapshot that history is made of. The platform is not asked, nothing is written.

    A scope that reads other departments shows with the next read only: of those not wanted, nothing was kept.
    Raises ConfigurationError where nothing was loaded yet, IncompleteSnapshotError where its answers are gone.
    """
    if changed.platform != run.tenant.platform:
        raise ConfigurationError(
            f"the other stanza of {changed.id} is of {changed.platform}: it cannot make anything of {run.tenant.platform}"
        )
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        newest = snapshots.find_newest_loaded(connection, run.tenant.id)
        if newest is None:
            raise ConfigurationError(f"nothing of tenant {run.tenant.id} is loaded yet: sync it once, then a preview has something to show")
        retracted = snapshots.list_retracted_instants(connection, run.tenant.id)
        snapshot = snapshots.find_snapshot(connection, newest["snapshot_id"])
    manifest = read_manifest(snapshot["uri"], is_partial_welcome=True)
    before, after = (_tidy(tenant, snapshot["uri"], manifest, retracted) for tenant in (run.tenant, changed))
    cells = tuple(_compare(before, after, run.tenant, changed, most=records))
    return Preview(manifest.snapshot_id, cells, _plan(run, changed, manifest, after, listed))


def _tidy(tenant: Tenant, uri: str, manifest: Manifest, retracted: AbstractSet[datetime]) -> TidySet:
    answers = drop_carried(partial(read_answers, uri, manifest), retracted, set())
    return load_platform(manifest.platform).tidy(answers, mode=manifest.mode, mapping=tenant.mapping)


def _compare(before: TidySet, after: TidySet, now: Tenant, changed: Tenant, *, most: int) -> Iterator[Cell]:
    """The columns that either stanza fills, of the first records in which they say something."""
    for frame, key in (("user", "user_id"), ("department", "department_id")):
        paths = {**now.mapping.get(frame, {}), **changed.mapping.get(frame, {})}
        for column, path in paths.items():
            old, new = (_by_key(tidy.frame(frame), key, column) for tidy in (before, after))
            shown = changed.mapping.get(frame, {}).get(column) or f"{path} (no more)"
            told = [each for each in sorted(new.keys() | old.keys()) if old.get(each) is not None or new.get(each) is not None]
            yield from (Cell(each, f"{frame}.{column}", shown, old.get(each), new.get(each)) for each in told[:most])


def _by_key(frame: pd.DataFrame, key: str, column: str) -> dict[str, Any]:
    """Of a column, or of one key of `attributes` (`attributes.<key>`), what it says of whom."""
    name, _, part = column.partition(".")
    known = frame[frame[key].notna() & frame[name].notna()]
    values = (json.loads(text).get(part) for text in known[name]) if part else known[name]
    return dict(zip(known[key], values, strict=True))


def _plan(run: Run, changed: Tenant, manifest: Manifest, tidy: TidySet, listed: int | None) -> dict[str, Any]:
    """As if the same had just been read again: what differs from the present is what the next sync would change."""
    from orgsync.validation.quarantine import judge

    verdict = judge(tidy)
    with open_warehouse(run.address) as connection:
        history.lock_tenant(connection, run.tenant.id)
        now = run.clock(connection)
        again = replace(manifest, snapshot_id=make_snapshot_id(run.tenant.id, now), taken_at=now)
        snapshots.register_snapshot(connection, again, uri="preview")
        snapshot = snapshots.find_snapshot(connection, again.snapshot_id)
        plan_id = plans.create_plan(connection, snapshot, verdict.tidy, verdict.findings)
        plan = draft_plan(connection, changed, plans.find_plan(connection, plan_id))
        told = {**plan, "changes": plans.list_changes(connection, plan_id, limit=listed)}
        connection.rollback()
    return told
