"""That somebody was erased, and not who: in the warehouse, and in the landing zone, beside the tenant's folder."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Literal

import msgspec
from psycopg2.extensions import connection as Connection

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.places import is_local, open_place, write_at_once
from orgsync.warehouse import erasures


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure that was done. `subject_hash` is over the person's id, or the tenant's."""

    tenant_id: str
    subject: Literal["person", "tenant"]
    asked_by: str
    finished_at: datetime
    salt: str
    subject_hash: str
    counts: dict[str, int] = {}


def find_salt(connection: Connection, zone: str, tenant_id: str) -> str:
    """One for each tenant: whoever looks whom an erasure was about has to work through everybody once, not once for each of them."""
    known = [row["salt"] for row in erasures.list_all(connection, tenant_id) if row["salt"]]
    known = known or [record.salt for record in read_records(zone, tenant_id)]
    return known[0] if known else secrets.token_hex(16)


def read_records(zone: str, tenant_id: str) -> list[Record]:
    path = open_place(place_records(zone, tenant_id))
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Record])
    except msgspec.DecodeError as err:
        raise IncompleteSnapshotError(f"{path} cannot be read ({err}), so that nobody knows what was erased") from err


def add_record(zone: str, record: Record) -> None:
    """Written anew with all that stood there. Once more it is not added."""
    records = read_records(zone, record.tenant_id)
    if not any((known.subject_hash, known.finished_at) == (record.subject_hash, record.finished_at) for known in records):
        _make_folder(zone)
        write_at_once(open_place(place_records(zone, record.tenant_id)), msgspec.json.format(msgspec.json.encode([*records, record])))


def remove_records(zone: str, tenant_id: str) -> None:
    open_place(place_records(zone, tenant_id)).unlink(missing_ok=True)


def adopt_records(connection: Connection, zone: str, tenant_id: str) -> list[Record]:
    """What was erased of a tenant, as the warehouse and the landing zone know it; each is told what only the other knew."""
    landed = read_records(zone, tenant_id)
    for record in landed:
        erasures.adopt(connection, msgspec.structs.asdict(record))
    known = [_read(row) for row in erasures.list_all(connection, tenant_id, states=["done"])]
    for record in known:
        add_record(zone, record)
    return known


def _read(row: dict[str, object]) -> Record:
    return msgspec.convert({name: row[name] for name in Record.__struct_fields__}, type=Record)


def _make_folder(zone: str) -> None:
    place = open_place(zone)
    if is_local(place):
        place.mkdir(parents=True, exist_ok=True)


def place_records(zone: str, tenant_id: str) -> str:
    """Beside the tenant's folder, which goes with the tenant."""
    return f"{zone.rstrip('/')}/{tenant_id}.erasures.json"
