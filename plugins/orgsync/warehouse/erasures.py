"""What is erased: the record of it, what is looked for while it is under way, and how much the tables hold of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one

Kind = Literal["key", "id", "value", "change", "snapshot"]
Subject = Literal["person", "tenant"]


def begin(
    connection: Connection,
    tenant_id: str,
    subject: Subject,
    *,
    asked_by: str,
    salt: str,
    subject_hash: str,
    is_present_welcome: bool = False,
) -> int:
    """Its number; that of the one that is not done yet, where there is one."""
    keys = {"tenant_id": tenant_id, "subject": subject, "salt": salt, "subject_hash": subject_hash}
    rows = fetch_all(connection, "removal/begin_erasure", asked_by=asked_by, is_present_welcome=is_present_welcome, **keys)
    number: int = rows[0]["erasure_id"]
    return number


def name_subject(connection: Connection, erasure_id: int, *, salt: str, subject_hash: str) -> bool:
    """Of one that was asked for on a page; False where another is under way for the same person."""
    return bool(execute(connection, "removal/name_subject", erasure_id=erasure_id, salt=salt, subject_hash=subject_hash))


def find(connection: Connection, erasure_id: int) -> Row | None:
    return fetch_one(connection, "removal/list_erasures", tenant_id=None, states=None, erasure_id=erasure_id)


def list_all(connection: Connection, tenant_id: str | None = None, *, states: Sequence[str] | None = None) -> list[Row]:
    return fetch_all(connection, "removal/list_erasures", tenant_id=tenant_id, states=list(states) if states else None, erasure_id=None)


def keep_values(connection: Connection, erasure_id: int, kind: Kind, values: Iterable[str]) -> None:
    execute(connection, "removal/keep_values", erasure_id=erasure_id, kind=kind, values=sorted(set(values)))


def read_values(connection: Connection, erasure_id: int) -> dict[str, set[str]]:
    """By kind."""
    found: dict[str, set[str]] = {kind: set() for kind in ("key", "id", "value", "change", "snapshot")}
    for row in fetch_all(connection, "removal/list_values", erasure_id=erasure_id):
        found[row["kind"]].add(row["value"])
    return found


def finish(connection: Connection, erasure_id: int, state: Literal["done", "refused"], *, counts: Row, reason: str | None = None) -> None:
    """From here on nothing says any more who it was."""
    execute(connection, "removal/drop_values", erasure_id=erasure_id)
    execute(connection, "removal/finish_erasure", erasure_id=erasure_id, state=state, counts=counts, reason=reason)


def adopt(connection: Connection, record: Row) -> None:
    execute(connection, "removal/adopt_erasure", **record)


def erase_person(connection: Connection, erasure_id: int, *, mentions: Iterable[str], patterns: Mapping[str, str]) -> dict[str, int]:
    """`patterns`: `pattern`, `problem_pattern` and `needles`. The tenant has to be locked; search keys are left to whoever calls."""
    fetch_all(connection, "removal/erase_hints", erasure_id=erasure_id, problem_pattern=patterns["problem_pattern"])
    rows = fetch_all(connection, "removal/erase_person", erasure_id=erasure_id, mentions=sorted(mentions), **patterns)
    counts: dict[str, int] = rows[0]["counts"]
    return counts


def erase_tenant(connection: Connection, erasure_id: int) -> dict[str, int]:
    fetch_all(connection, "removal/erase_hints", erasure_id=erasure_id, problem_pattern="")
    counts: dict[str, int] = fetch_all(connection, "removal/erase_tenant", erasure_id=erasure_id)[0]["counts"]
    return counts


def list_identities(connection: Connection, tenant_id: str, user_id: str) -> list[tuple[str, str]]:
    """What history ever knew a person by: column and value."""
    rows = fetch_all(connection, "removal/list_identities", tenant_id=tenant_id, user_id=user_id)
    return [(row["column_name"], row["value"]) for row in rows]


def list_taken(connection: Connection, tenant_id: str, user_id: str, values: Iterable[str]) -> set[str]:
    """Which of these somebody else has too, or stand in what others, titles or departments are called."""
    asked = sorted(set(values))
    shared = fetch_all(connection, "removal/list_shared", tenant_id=tenant_id, user_id=user_id, values=asked)
    contained = fetch_all(connection, "removal/list_contained", tenant_id=tenant_id, values=asked)
    return {row["value"] for row in shared + contained}


def list_change_ids(connection: Connection, tenant_id: str, user_id: str) -> list[str]:
    return [row["change_id"] for row in fetch_all(connection, "removal/list_change_ids", tenant_id=tenant_id, user_id=user_id)]


def list_places(connection: Connection, tenant_id: str) -> list[Row]:
    """Of each snapshot that was not removed `snapshot_id`, `uri` and `taken_at`."""
    return fetch_all(connection, "removal/list_places", tenant_id=tenant_id)


def list_counted(connection: Connection, tenant_id: str, user_id: str) -> list[str]:
    """The loaded snapshots in which somebody counts, as far as history knows: their files may have been rewritten already."""
    return [row["snapshot_id"] for row in fetch_all(connection, "removal/list_counted", tenant_id=tenant_id, user_id=user_id)]


def is_present(connection: Connection, tenant_id: str, user_id: str) -> bool:
    found: bool = fetch_all(connection, "removal/is_present", tenant_id=tenant_id, user_id=user_id)[0]["is_present"]
    return found


def list_user_ids(connection: Connection, tenant_id: str) -> dict[str, bool]:
    """Whether each is there now."""
    return {row["user_id"]: row["is_present"] for row in fetch_all(connection, "removal/list_user_ids", tenant_id=tenant_id)}


def count_person(connection: Connection, tenant_id: str, *, keys: Iterable[str], ids: Iterable[str]) -> dict[str, int]:
    return fetch_all(connection, "removal/count_person", tenant_id=tenant_id, keys=sorted(keys), ids=sorted(ids))[0]


def count_tenant(connection: Connection, tenant_id: str) -> dict[str, int]:
    return fetch_all(connection, "removal/count_tenant", tenant_id=tenant_id)[0]


def list_staged_plans(connection: Connection, tenant_id: str) -> list[int]:
    """The plans of which rows of the stage are left, whatever became of them."""
    return [row["plan_id"] for row in fetch_all(connection, "removal/list_staged_plans", tenant_id=tenant_id)]
