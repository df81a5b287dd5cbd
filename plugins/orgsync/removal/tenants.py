"""Which tenants the file holds or held; one that left it is retired, and can be erased as a whole."""

from __future__ import annotations

from orgsync.companies.rosters import note_roster
from orgsync.errors import ConfigurationError
from orgsync.landing.places import open_place
from orgsync.landing.reports import remove_report
from orgsync.landing.zone import list_snapshots, remove_folder, remove_snapshot, snapshot_uri
from orgsync.removal.forgetting import LANDED, Erasing
from orgsync.removal.identity import hash_subject
from orgsync.removal.records import Record, add_record, find_salt, remove_records
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, read_stanzas
from orgsync.warehouse import erasures, history
from orgsync.warehouse.claims import hold_claim
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema


def plan_forgetting_tenant(settings: Settings, tenant_id: str) -> Erasing:
    """How much is held of a tenant. Nothing is changed."""
    check_gone(read_stanzas(settings.tenants_file), tenant_id)
    landed = list_snapshots(settings.landing_zone, tenant_id)
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        counts = erasures.count_tenant(connection, tenant_id)
    return Erasing(tenant_id, "planned", {name: count for name, count in ({LANDED: len(landed)} | counts).items() if count})


def forget_tenant(settings: Settings, tenant_id: str, *, asked_by: str, run_id: str) -> Erasing:
    """Erase all of a tenant that is in the file no more. What was begun and cut off is gone on with.

    Raises ConfigurationError, with nothing changed, where the file holds it, or may hold it.
    """
    stanzas = read_stanzas(settings.tenants_file)
    check_gone(stanzas, tenant_id)
    address = find_warehouse(settings)
    with open_warehouse(address) as connection:
        check_schema(connection)
        note_roster(connection, stanzas)
        salt = find_salt(connection, settings.landing_zone, tenant_id)
        hashed = hash_subject(tenant_id, salt)
        erasure_id = erasures.begin(connection, tenant_id, "tenant", asked_by=asked_by, salt=salt, subject_hash=hashed)
    seconds = settings.claim_seconds
    with hold_claim(address, tenant_id, "read", claimed_by=run_id, seconds=seconds) as claim:
        removed = _remove_files(settings, tenant_id)
        claim.confirm_now()
        with open_warehouse(address) as connection:
            history.lock_tenant(connection, tenant_id)
            erasures.erase_tenant(connection, erasure_id)
            erasures.finish(connection, erasure_id, "done", counts={LANDED: removed})
            told = erasures.find(connection, erasure_id) or {}
    record = Record(**{name: told[name] for name in Record.__struct_fields__})
    remove_records(settings.landing_zone, tenant_id)
    add_record(settings.landing_zone, record)
    return Erasing(tenant_id, "forgotten", {place: count for place, count in record.counts.items() if count}, erasure_id=erasure_id)


def check_gone(stanzas: Stanzas, tenant_id: str) -> None:
    if tenant_id in stanzas.owners:
        raise ConfigurationError(
            f"tenant {tenant_id} is in the tenants file: take its stanza out first, or the next sync would read it again"
        )
    if not stanzas.names_all:
        raise ConfigurationError(
            f"whether tenant {tenant_id} is in the tenants file cannot be told: a stanza there has no id that can be read. Mend it first"
        )


def _remove_files(settings: Settings, tenant_id: str) -> int:
    """Snapshot by snapshot, then what else is in the folder; run again it removes what is left."""
    landed = {snapshot.snapshot_id: snapshot.uri for snapshot in list_snapshots(settings.landing_zone, tenant_id)}
    with open_warehouse(find_warehouse(settings)) as connection:
        places = {row["snapshot_id"]: row["uri"] for row in erasures.list_places(connection, tenant_id)}
    for snapshot_id, uri in {*landed.items(), *places.items()}:
        remove_report(settings.report_folder, snapshot_id)
        remove_snapshot(uri)
    remove_folder(open_place(snapshot_uri(settings.landing_zone, tenant_id)))
    remove_folder(open_place(settings.report_folder) / tenant_id)
    return len(landed)
