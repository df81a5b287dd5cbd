"""Which snapshots there are, and what history made of them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError
from orgsync.manifest import Decision, Manifest, Targets
from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one


def register_snapshot(connection: Connection, manifest: Manifest, *, uri: str) -> bool:
    """Returns whether it was not known before."""
    asked = manifest.asked or Targets()
    registered = fetch_all(
        connection,
        "ops/register_snapshot",
        snapshot_id=manifest.snapshot_id,
        tenant_id=manifest.tenant_id,
        platform=manifest.platform,
        mode=manifest.mode,
        taken_at=manifest.taken_at,
        uri=uri,
        visible_range={name: list(ids) for name, ids in manifest.visible_range.items()},
        is_complete=manifest.is_complete,
        problems=list(manifest.problems),
        sees_whole=manifest.sees_whole,
        company=msgspec.to_builtins(manifest.company),
        asked_users=list(asked.users),
        asked_departments=list(asked.departments),
    )
    return bool(registered)


def move_snapshot(connection: Connection, snapshot_id: str, *, uri: str) -> None:
    execute(connection, "ops/move_snapshot", snapshot_id=snapshot_id, uri=uri)


def list_known(connection: Connection, tenant_id: str) -> frozenset[str]:
    """The ids of all that were ever registered."""
    return frozenset(row["snapshot_id"] for row in fetch_all(connection, "ops/list_known_snapshots", tenant_id=tenant_id))


def find_snapshot(connection: Connection, snapshot_id: str) -> Row:
    snapshot = fetch_one(connection, "ops/find_snapshot", snapshot_id=snapshot_id)
    if snapshot is None:
        raise ConfigurationError(f"the warehouse knows no snapshot {snapshot_id}")
    return snapshot


def adopt_decision(connection: Connection, decision: Decision) -> bool:
    """Take over what the landing zone says was decided, where that was later than what is known here; returns whether it was."""
    return bool(execute(connection, "ops/adopt_decision", **_columns(decision)))


def is_overruled(connection: Connection, decision: Decision) -> bool:
    """Whether it is part of history although it was decided later, as the landing zone says, that it shall not be."""
    row = find_snapshot(connection, decision.snapshot_id)
    return row["state"] == "loaded" and decision.state != "loaded" and decision.decided_at > row["decided_at"]


def list_due(connection: Connection, tenant_id: str, *, with_undecided: bool, is_partial_welcome: bool) -> list[Row]:
    """What a rebuild loads, in the order in which it was taken: what was part of history, and if asked for what only landed."""
    return fetch_all(
        connection, "ops/list_due_snapshots", tenant_id=tenant_id, with_undecided=with_undecided, is_partial_welcome=is_partial_welcome
    )


def count_due(connection: Connection, tenant_id: str) -> int:
    return len(list_due(connection, tenant_id, with_undecided=False, is_partial_welcome=False))


def list_left_out(connection: Connection, tenant_id: str) -> list[Row]:
    """The snapshots of the landing zone that are not part of history, the oldest first."""
    return fetch_all(connection, "ops/list_left_out_snapshots", tenant_id=tenant_id)


def list_unnoted(connection: Connection, tenant_id: str) -> list[str]:
    """The snapshots about which something was decided that is not noted in the landing zone yet, oldest first."""
    return [row["snapshot_id"] for row in fetch_all(connection, "ops/list_unnoted_snapshots", tenant_id=tenant_id)]


def hold_decision(connection: Connection, snapshot_id: str) -> tuple[str, Decision] | None:
    """The uri and what is to be noted there, held to the end of the transaction; None where there is nothing to note any more."""
    row = fetch_one(connection, "ops/hold_decision", snapshot_id=snapshot_id)
    return (row.pop("uri"), msgspec.convert(row, Decision)) if row else None


def mark_noted(connection: Connection, snapshot_id: str) -> None:
    execute(connection, "ops/mark_noted", snapshot_id=snapshot_id)


def mark_incomplete(connection: Connection, snapshot_id: str, *, problem: str) -> None:
    execute(connection, "ops/mark_incomplete", snapshot_id=snapshot_id, problem=problem)


def list_between(connection: Connection, tenant_id: str, *, after: datetime, until: datetime, new_company: str = "") -> list[Row]:
    """The snapshots taken in (after, until] that may be loaded, in the order in which they were taken; rejected ones are not.

    Another company's are only where it is named.
    """
    return fetch_all(connection, "ops/list_snapshots_between", tenant_id=tenant_id, after=after, until=until, new_company=new_company)


def list_history_sources(connection: Connection, tenant_id: str, *, platform: str, company: str) -> list[str]:
    """The uris of the snapshots that history is made of, the newest first: what may be carried over into the next of this company."""
    found = fetch_all(connection, "ops/list_history_sources", tenant_id=tenant_id, platform=platform, company=company)
    return [row["uri"] for row in found]


def list_loaded_from(connection: Connection, tenant_id: str, instant: datetime) -> list[Row]:
    """The loaded snapshots taken at an instant or later, in the order in which they were taken."""
    return fetch_all(connection, "ops/list_loaded_from", tenant_id=tenant_id, instant=instant)


def list_withheld(connection: Connection, tenant_id: str, *, after: datetime, until: datetime) -> list[Row]:
    """The snapshots taken in (after, until] that somebody decided not to load, in the order in which they were taken."""
    return fetch_all(connection, "ops/list_withheld_snapshots", tenant_id=tenant_id, after=after, until=until)


def mark_retracted(connection: Connection, snapshot_id: str, *, decided_by: str) -> None:
    execute(connection, "ops/mark_retracted", snapshot_id=snapshot_id, decided_by=decided_by)


def mark_stale(connection: Connection, snapshot_id: str) -> None:
    execute(connection, "ops/mark_stale", snapshot_id=snapshot_id)


def list_retracted_instants(connection: Connection, tenant_id: str) -> set[datetime]:
    return {row["taken_at"] for row in fetch_all(connection, "ops/list_retracted_instants", tenant_id=tenant_id)}


def mark_landed(connection: Connection, snapshot_id: str, *, decided_by: str) -> None:
    """Take a retraction back; what was part of history is due again."""
    execute(connection, "ops/mark_landed", snapshot_id=snapshot_id, decided_by=decided_by)


def list_stale(connection: Connection, tenant_id: str) -> list[str]:
    """The loaded snapshots that must be judged anew, since history before them changed."""
    return [row["snapshot_id"] for row in fetch_all(connection, "ops/list_stale_snapshots", tenant_id=tenant_id)]


def list_standings(connection: Connection, tenant_id: str) -> dict[str, Row]:
    """By id, what became of each: `state`, `mode`, `is_complete`, `is_removed`. One that is due counts as loaded."""
    return {row["snapshot_id"]: row for row in fetch_all(connection, "ops/list_standings", tenant_id=tenant_id)}


def mark_removed(connection: Connection, snapshot_id: str) -> None:
    execute(connection, "ops/mark_removed", snapshot_id=snapshot_id)


def find_newest_loaded(connection: Connection, tenant_id: str) -> Row | None:
    """The newest snapshot that is part of history, with what was found out when it was loaded (`judged_by`, `report`, `over_budget`)."""
    return fetch_one(connection, "ops/find_newest_loaded", tenant_id=tenant_id)


def find_company(connection: Connection, tenant_id: str) -> Row | None:
    """The newest loaded snapshot as far as it tells whose history this is: `platform`, `company`, `taken_at`."""
    return fetch_one(connection, "ops/find_company", tenant_id=tenant_id)


def find_company_before(connection: Connection, snapshot_id: str) -> Row | None:
    """The same of the loaded snapshot that comes before this one, else after it."""
    return fetch_one(connection, "ops/find_company_before", snapshot_id=snapshot_id)


def list_union_ids(connection: Connection, snapshot_id: str) -> dict[str, str]:
    """By user id, as they were known when this loaded snapshot was taken."""
    return {row["user_id"]: row["union_id"] for row in fetch_all(connection, "ops/list_union_ids", snapshot_id=snapshot_id)}


def mark_foreign(connection: Connection, snapshot_id: str) -> None:
    execute(connection, "ops/mark_foreign", snapshot_id=snapshot_id)


def accept_company(connection: Connection, snapshot_id: str, *, accepted_by: str) -> None:
    execute(connection, "ops/accept_company", snapshot_id=snapshot_id, accepted_by=accepted_by)


def welcome(connection: Connection, snapshot_id: str) -> None:
    """Nothing is foreign about it after all."""
    execute(connection, "ops/welcome_snapshot", snapshot_id=snapshot_id)


def find_last_full_read(connection: Connection, tenant_id: str, *, until: datetime) -> datetime | None:
    taken_at: datetime | None = fetch_all(connection, "ops/find_last_full_read", tenant_id=tenant_id, until=until)[0]["taken_at"]
    return taken_at


def find_counts_before(connection: Connection, tenant_id: str, taken_at: datetime) -> dict[str, int] | None:
    row = fetch_one(connection, "ops/find_counts_before", tenant_id=tenant_id, taken_at=taken_at)
    return row["counts"] if row else None


def _columns(decision: Decision) -> Row:
    found = {name: getattr(decision, name) for name in decision.__struct_fields__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
