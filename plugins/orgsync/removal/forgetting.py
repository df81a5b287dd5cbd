"""Erases a person of a tenant everywhere: the landing zone first, then the warehouse, then what follows from both.

It can be cut off anywhere: what is looked for is kept until the last step, and the next try goes on. Readers are kept out by the tenant's
claim; whoever had read a snapshot before it was rewritten is refused when they stage it, and plans that wait give way.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError, GateError, IncompleteSnapshotError, OvertakenError
from orgsync.landing.reports import remove_report
from orgsync.landing.rewriting import Trace, clean_problem_of, find_trace, rewrite_snapshot
from orgsync.landing.zone import LandedSnapshot, has_manifest, list_snapshots, read_manifest, remove_unfinished
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Person
from orgsync.removal.identity import Identity, hash_subject, identify, list_candidates
from orgsync.removal.records import Record, add_record, find_salt
from orgsync.sync.registry import register_landed
from orgsync.sync.replaying import load_again, settle_stale
from orgsync.sync.run import Run, Step, claim_tenant, note_decided, open_step
from orgsync.warehouse import erasures, history, plans, runs, snapshots
from orgsync.warehouse.clock import read_clock
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.search_keys import forget_search_keys

log = logging.getLogger(__name__)

MOST_TAKEOVERS = 5
LANDED = "landing zone"
STILL_THERE = (
    "this person is in the company as of the newest read, so that the next one would bring them back. Let the company remove them on the "
    "platform and sync, then forget them; or forget what is held until now with --even-if-present, and the next read knows somebody new"
)


@dataclass(frozen=True)
class Erasing:
    """What was erased, or would be. `vague` counts names that are too short, or not theirs alone, to be looked for in others' texts."""

    tenant_id: str
    outcome: str
    counts: dict[str, int]
    is_present: bool = False
    vague: int = 0
    erasure_id: int | None = None
    warnings: list[str] = field(default_factory=list)


def plan_forgetting(run: Run, user_id: str) -> Erasing:
    """How much is held of a person, by place. Nothing is changed."""
    with open_warehouse(run.address) as connection:
        identity = _identify(connection, run.tenant.id, user_id)
        is_present = erasures.is_present(connection, run.tenant.id, user_id)
    identity, traces = _find_traces(run, identity)
    with open_warehouse(run.address) as connection:
        counts = erasures.count_person(connection, run.tenant.id, keys=[user_id], ids=identity.ids)
    return Erasing(run.tenant.id, "planned", _told(counts | _count_traces(traces)), is_present, len(identity.vague))


def forget_person(run: Run, user_id: str, *, asked_by: str, is_present_welcome: bool = False, may_replay: bool = True) -> Erasing:
    """Erase a person; what was begun and cut off is gone on with.

    Raises ConfigurationError, with nothing changed, where the person is still there and that is not welcome. `may_replay` is false of a
    tenant of whose stanza nothing is known: then its snapshots are not loaded again, and the tables say what can be said without them.
    """
    with open_warehouse(run.address) as connection:
        if erasures.is_present(connection, run.tenant.id, user_id) and not is_present_welcome:
            raise ConfigurationError(STILL_THERE)
        salt = find_salt(connection, run.settings.landing_zone, run.tenant.id)
        hashed = hash_subject(user_id, salt)
        erasure_id = erasures.begin(
            connection, run.tenant.id, "person", asked_by=asked_by, salt=salt, subject_hash=hashed, is_present_welcome=is_present_welcome
        )
        erasures.keep_values(connection, erasure_id, "key", [user_id])
    return carry_out(run, erasure_id, may_replay=may_replay)


def carry_out(run: Run, erasure_id: int, *, may_replay: bool = True) -> Erasing:
    """An erasure that was begun, or asked for on a page, to its end."""
    with open_step(run, "forget") as step, claim_tenant(run, "read") as claim:
        with open_warehouse(run.address) as connection:
            _take_over_zone(connection, run)
            if reason := _find_objection(connection, run, erasure_id):
                erasures.finish(connection, erasure_id, "refused", counts={}, reason=reason)
                step.outcome = "stopped"
                return Erasing(run.tenant.id, "refused", {}, is_present=True, erasure_id=erasure_id, warnings=[reason])
        remove_unfinished(run.settings.landing_zone, run.tenant.id, confirm=claim.confirm_now)
        identity = _keep_identity(run, erasure_id)
        touched = _rewrite_zone(run, erasure_id, identity)
        claim.confirm_now()
        _erase_tables(run, erasure_id, identity)
        warnings = _load_touched(run, touched) if may_replay else []
        told = _finish(run, erasure_id, len(touched), step)
    return Erasing(run.tenant.id, "forgotten", told, False, len(identity.vague), erasure_id, warnings)


def _find_objection(connection: Connection, run: Run, erasure_id: int) -> str:
    """Once more: since it was asked for, a read may have brought the person back. What a page asked for has no hash yet."""
    row, [user_id] = erasures.find(connection, erasure_id) or {}, erasures.read_values(connection, erasure_id)["key"]
    if not row["is_present_welcome"] and erasures.is_present(connection, run.tenant.id, user_id):
        return STILL_THERE
    salt = find_salt(connection, run.settings.landing_zone, run.tenant.id)
    is_named = erasures.name_subject(connection, erasure_id, salt=salt, subject_hash=hash_subject(user_id, salt))
    return "" if is_named else "another erasure is under way for the same person"


def _identify(connection: Connection, tenant_id: str, user_id: str) -> Identity:
    known = erasures.list_identities(connection, tenant_id, user_id)
    taken = erasures.list_taken(connection, tenant_id, user_id, list_candidates(user_id, known))
    return identify(user_id, known, taken=taken)


def _find_traces(run: Run, identity: Identity) -> tuple[Identity, dict[str, Trace]]:
    """Which snapshots hold the person; and by which ids beside those that history knew, for it need never have known them."""
    while True:
        traces = {}
        for landed in list_everywhere(run):
            if trace := _find_trace(landed, identity.person):
                traces[landed.snapshot_id] = trace
        found = identity.ids.union(*(trace.ids for trace in traces.values()))
        if found == identity.ids:
            return identity, traces
        identity = Identity(identity.user_id, found, identity.values, identity.vague)


def list_everywhere(run: Run) -> list[LandedSnapshot]:
    """The snapshots of the landing zone, and those that lie elsewhere: the zone may have been another when they were read."""
    landed = {each.snapshot_id: each for each in list_snapshots(run.settings.landing_zone, run.tenant.id)}
    with open_warehouse(run.address) as connection:
        places = erasures.list_places(connection, run.tenant.id)
    elsewhere = [each for each in places if each["snapshot_id"] not in landed and has_manifest(each["uri"])]
    return [*landed.values(), *(LandedSnapshot(each["snapshot_id"], each["uri"], each["taken_at"], size=0) for each in elsewhere)]


def _take_over_zone(connection: Connection, run: Run) -> None:
    """What no run got to register, and where what is in the landing zone now is to be read from: not from a copy that nobody rewrites."""
    register_landed(connection, run.settings.landing_zone, run.tenant.id)
    for landed in list_snapshots(run.settings.landing_zone, run.tenant.id):
        snapshots.move_snapshot(connection, landed.snapshot_id, uri=landed.uri)


def _find_trace(landed: LandedSnapshot, person: Person) -> Trace:
    try:
        platform = load_platform(read_manifest(landed.uri, is_partial_welcome=True).platform)
        return find_trace(landed.uri, person, erase=platform.erase, list_people=platform.list_people)
    except IncompleteSnapshotError as error:
        raise IncompleteSnapshotError(
            f"whether snapshot {landed.snapshot_id} holds this person cannot be seen: {error}. Nothing was changed; remove the folder if "
            "nothing can be done about it (it can be loaded no more), then forget them again"
        ) from error


def _keep_identity(run: Run, erasure_id: int) -> Identity:
    """What is looked for, written down before anything goes: afterwards nothing says it any more."""
    with open_warehouse(run.address) as connection:
        kept = erasures.read_values(connection, erasure_id)
        [user_id] = kept["key"]
        identity = _identify(connection, run.tenant.id, user_id)
        identity = Identity(user_id, identity.ids | kept["id"], tuple(sorted({*identity.values, *kept["value"]})), identity.vague)
        changes = erasures.list_change_ids(connection, run.tenant.id, user_id)
        counted = erasures.list_counted(connection, run.tenant.id, user_id)
    identity, traces = _find_traces(run, identity)
    with open_warehouse(run.address) as connection:
        for kind, values in (("id", identity.ids), ("value", identity.values), ("change", changes), ("snapshot", {*traces, *counted})):
            erasures.keep_values(connection, erasure_id, kind, values)  # type: ignore[arg-type]
    return identity


def _rewrite_zone(run: Run, erasure_id: int, identity: Identity) -> list[str]:
    """The ids of all snapshots that held the person, also of those that an earlier try has rewritten."""
    with open_warehouse(run.address) as connection:
        held, now = erasures.read_values(connection, erasure_id)["snapshot"], read_clock(connection)
    landed = {each.snapshot_id: each for each in list_everywhere(run)}
    for number, snapshot_id in enumerate(sorted(held & landed.keys()), start=1):
        uri = landed[snapshot_id].uri
        platform = load_platform(read_manifest(uri, is_partial_welcome=True).platform)
        log.info("rewriting snapshot %s, %d of %d", snapshot_id, number, len(held))
        rewrite_snapshot(uri, identity.person, erase=platform.erase, substance=platform.substance, now=now)
        remove_report(run.settings.report_folder, snapshot_id)
    return sorted(held & landed.keys())


def _erase_tables(run: Run, erasure_id: int, identity: Identity) -> None:
    """In one transaction: nobody sees history with half of the person."""
    person, tenant_id = identity.person, run.tenant.id
    mentions = load_platform(run.tenant.platform).mentions()
    with open_warehouse(run.address) as connection:
        history.lock_tenant(connection, tenant_id)
        overtaken = plans.drop_unfinished(connection, tenant_id)
        runs.close_overtaken_runs(connection, tenant_id, overtaken, by_run=run.run_id, by="the erasure")
        for plan_id in erasures.list_staged_plans(connection, tenant_id):  # of one that was rejected, too
            plans.forget_staged_rows(connection, plan_id)
        patterns = {"pattern": person.pattern, "problem_pattern": clean_problem_of(person).pattern, "needles": identity.needles}
        erasures.erase_person(connection, erasure_id, mentions=mentions, patterns=patterns)
        forget_search_keys(connection, tenant_id)


def _load_touched(run: Run, touched: list[str]) -> list[str]:
    """Load again what was rewritten, so that history is what the landing zone alone would give; returns what could not be."""
    with open_warehouse(run.address) as connection:
        standings = snapshots.list_standings(connection, run.tenant.id)
    loaded = [each for each in touched if each in standings and standings[each]["state"] == "loaded"]
    failed = []
    for number, snapshot_id in enumerate(loaded, start=1):
        log.info("loading snapshot %s again, %d of %d", snapshot_id, number, len(loaded))
        try:
            _load_undisturbed(run, snapshot_id)
        except (IncompleteSnapshotError, GateError) as error:
            log.warning("snapshot %s cannot be loaded again: %s", snapshot_id, error)
            failed.append(f"{snapshot_id}: {error}")
    settle_stale(run)
    note_decided(run)
    return failed


def _load_undisturbed(run: Run, snapshot_id: str) -> None:
    """What was planned meanwhile may take its place: then it is staged once more."""
    for _ in range(MOST_TAKEOVERS):
        try:
            load_again(run, snapshot_id)
        except OvertakenError as error:
            log.info("once more: %s", error)
        else:
            return
    load_again(run, snapshot_id)


def _finish(run: Run, erasure_id: int, touched: int, step: Step) -> dict[str, Any]:
    """The record is closed in the warehouse and written beside the landing zone: `forget --again` finds it where the warehouse is lost."""
    with open_warehouse(run.address) as connection:
        erasures.finish(connection, erasure_id, "done", counts={LANDED: touched})
        row = erasures.find(connection, erasure_id) or {}
        add_record(run.settings.landing_zone, Record(**{name: row[name] for name in Record.__struct_fields__}))
    counts: dict[str, Any] = _told(row["counts"])
    step.outcome = "succeeded"
    step.record(counts={"snapshots": touched, "history_rows": 0})
    return counts


def _count_traces(traces: dict[str, Trace]) -> dict[str, int]:
    return {LANDED: len(traces), f"{LANDED}: records": sum(trace.records for trace in traces.values())}


def _told(counts: dict[str, int]) -> dict[str, int]:
    return {place: count for place, count in counts.items() if count}
