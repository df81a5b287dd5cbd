"""Erases again what came back with a backup: the record of an erasure tells who is meant from all that are there, and names nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from orgsync.landing.zone import read_answers, read_manifest
from orgsync.platforms import load_platform
from orgsync.removal.forgetting import Erasing, forget_person, list_everywhere
from orgsync.removal.identity import hash_subject
from orgsync.removal.records import Record, adopt_records
from orgsync.sync.run import Run
from orgsync.warehouse import erasures
from orgsync.warehouse.connection import open_warehouse

CAME_BACK = "is there as of the newest read: they came back since, as somebody new, or the platform has not been read since the backup"


def forget_again(run: Run, *, asked_by: str, dry_run: bool, may_replay: bool = True) -> list[Erasing]:
    """Everybody of a tenant who was forgotten once and is held again. Who is there now is left, which a warning says of nobody by name."""
    with open_warehouse(run.address) as connection:
        records = [record for record in adopt_records(connection, run.settings.landing_zone, run.tenant.id) if record.subject == "person"]
        known = erasures.list_user_ids(connection, run.tenant.id)
    if not records:
        return []
    until = max(record.finished_at for record in records)
    candidates = known | dict.fromkeys(_list_landed(run, until) - known.keys(), False)
    done = []
    for user_id, is_present in find_meant(records, candidates).items():
        if is_present:
            done.append(Erasing(run.tenant.id, "skipped", {}, is_present=True, warnings=[f"somebody who was forgotten {CAME_BACK}"]))
        elif dry_run:
            done.append(Erasing(run.tenant.id, "planned", {}))
        else:
            done.append(forget_person(run, user_id, asked_by=asked_by, may_replay=may_replay))
    return done


def find_meant(records: Iterable[Record], candidates: Mapping[str, bool]) -> dict[str, bool]:
    """Whom of these the records are about; each is hashed once, for the records of a tenant have one salt."""
    hashes: dict[str, set[str]] = {}
    for record in records:
        hashes.setdefault(record.salt, set()).add(record.subject_hash)
    return {
        user_id: is_present
        for user_id, is_present in candidates.items()
        if any(hash_subject(user_id, salt) in wanted for salt, wanted in hashes.items())
    }


def _list_landed(run: Run, until: datetime) -> set[str]:
    """Every id by which somebody has a record of their own in a snapshot taken before an erasure ended."""
    found: set[str] = set()
    for landed in list_everywhere(run):
        if landed.taken_at > until:
            continue
        manifest = read_manifest(landed.uri, is_partial_welcome=True)
        list_people = load_platform(manifest.platform).list_people
        for part in manifest.files:
            for answer in read_answers(landed.uri, manifest, part):
                found.update(*list_people(answer))
    return found
