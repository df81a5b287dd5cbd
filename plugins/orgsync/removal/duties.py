"""What is done each night beside the cleaning of tenants: erasures that were asked for or cut off, and whoever left the tenants file."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from uuid import uuid4

from orgsync.companies.rosters import end_waiting, list_roster, note_roster
from orgsync.errors import BusyTenantError, ConfigurationError, GateError, OrgsyncError
from orgsync.outbox import store
from orgsync.removal.forgetting import Erasing, carry_out
from orgsync.removal.tenants import forget_tenant
from orgsync.settings import Settings
from orgsync.sync.run import Run
from orgsync.tenants import Stanzas, Tenant, find_tenant, read_stanzas
from orgsync.warehouse import erasures
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Duties:
    """`retired` are tenants that left the file since the last time, `ended` messages that waited for them, `failed` what went wrong.

    `is_busy`: some of that may succeed later, since its tenant was being read.
    """

    retired: list[str] = field(default_factory=list)
    ended: int = 0
    erased: int = 0
    refused: int = 0
    failed: list[str] = field(default_factory=list)
    is_busy: bool = False


def look_after(settings: Settings) -> Duties:
    """Each erasure on its own: one that cannot be done now keeps no other waiting. A tenants file that cannot be read retires nobody."""
    stanzas = read_stanzas(settings.tenants_file)
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        retired = note_roster(connection, stanzas)
        if stanzas.owners and stanzas.names_all:
            store.retire_channels(connection, list(stanzas.owners))
        ended = end_waiting(connection)
        open_ones = erasures.list_all(connection, states=["wanted", "under_way"])
    done: list[Erasing] = []
    failed: list[str] = []
    busy: list[bool] = []
    for row in open_ones:
        try:
            done.append(_carry_out(settings, stanzas, row["tenant_id"], row["subject"], row["erasure_id"], row["asked_by"]))
        except (OSError, OrgsyncError) as error:
            log.warning("erasure %d of tenant %s is not done: %s", row["erasure_id"], row["tenant_id"], error)
            failed.append(f"erasure {row['erasure_id']} of tenant {row['tenant_id']}: {error}")
            busy.append(isinstance(error, BusyTenantError))
    outcomes = [each.outcome for each in done]
    return Duties(retired, ended, outcomes.count("forgotten"), outcomes.count("refused"), failed, any(busy))


def tell_undone(duties: Duties) -> OrgsyncError | None:
    """What whoever runs them has to hear, once all that could be done is done."""
    kind = BusyTenantError if duties.is_busy else GateError
    return kind("; ".join(duties.failed)) if duties.failed else None


def open_run(settings: Settings, stanzas: Stanzas, tenant_id: str, *, run_id: str, run_type: str) -> tuple[Run, bool]:
    """A run for a tenant that the file holds, or held; and whether its snapshots may be loaded again: only its stanza says how."""
    if tenant_id in stanzas.owners:
        return Run(find_tenant(stanzas, tenant_id), run_id, run_type, settings), True
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        note_roster(connection, stanzas)
        platforms = {row["tenant_id"]: row["platform"] for row in list_roster(connection)}
    if not platforms.get(tenant_id):
        known = ", ".join({*stanzas.owners, *platforms}) or "none"
        raise ConfigurationError(f"there is no tenant {tenant_id!r}, and none was erased or is retired by that name; there are: {known}")
    return Run(Tenant(id=tenant_id, platform=platforms[tenant_id], conn_id=tenant_id), run_id, run_type, settings), False


def _carry_out(settings: Settings, stanzas: Stanzas, tenant_id: str, subject: str, erasure_id: int, asked_by: str) -> Erasing:
    run_id = f"forget__{uuid4()}"
    if subject == "tenant":
        return forget_tenant(settings, tenant_id, asked_by=asked_by, run_id=run_id)
    run, may_replay = open_run(settings, stanzas, tenant_id, run_id=run_id, run_type="manual")
    return carry_out(run, erasure_id, may_replay=may_replay)
