"""Brings the warehouse to the schema this version needs: plain SQL files, forward only, one transaction each.

Roles and rights are no migrations: they are the server's, or are lost where a dump is restored into another. Two files of
include/sql/rights say all of them, and are run each time: the roles before the migrations, the rights after them.

No library of the field takes plain `NNNN_verb_noun.sql` files, notices an edited one and keeps its ledger in our own
schema; docs/decisions/0001-migrations.md says what was looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from psycopg2.errors import DuplicateObject, InternalError_, UniqueViolation
from psycopg2.extensions import connection as Connection

from orgsync.errors import SchemaError
from orgsync.settings import Settings
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_owner, find_pages_login, find_receiver_login, find_warehouse
from orgsync.warehouse.logins import LOADER, PAGES, RECEIVER, keep_login
from orgsync.warehouse.statements import execute, fetch_all, read_sql, sql_files

RACES = (DuplicateObject, InternalError_, UniqueViolation)  # the same role made twice; "tuple concurrently updated"
MOST_RACES = 9


@dataclass(frozen=True)
class Migration:
    """One file; `digest` is the SHA-256 of its text."""

    version: int
    name: str
    text: str
    digest: str


@cache
def list_migrations() -> tuple[Migration, ...]:
    """Read once: each step of a sync looks whether all are applied."""
    return tuple(_read(path) for path in sql_files("migrations"))


def migrate(connection: Connection) -> list[str]:
    """Apply what is missing and return the names of what was applied; a second call at once waits for the first.

    `make_roles` and `set_rights` are among them where the server had lost roles, or the warehouse rights, that an earlier call had made.
    Raises SchemaError when the database's encoding is not UTF8: names could not be stored, or not be found again.
    """
    _check_encoding(connection)
    is_new = _open_ledger(connection)
    made_roles = _run_patiently(connection, lambda: _run_again(connection, "make_roles", "list_roles"))
    applied = apply_migrations(connection)
    set_rights = _owns_warehouse(connection) and _run_patiently(connection, lambda: _run_again(connection, "set_rights", "list_rights"))
    return [
        *(["make_roles"] if made_roles and not is_new else []),
        *applied,
        *(["set_rights"] if set_rights and not applied else []),
    ]


def apply_migrations(connection: Connection) -> list[str]:
    """The migrations alone, as far as this version has them."""
    _open_ledger(connection)
    return [migration.name for migration in list_migrations() if _run_patiently(connection, partial(_apply, connection, migration))]


def _open_ledger(connection: Connection) -> bool:
    """Make the ledger where there is none, and say so."""
    execute(connection, "ops/lock_migrations")  # before the ledger: two that find none would both make it
    is_new = not _has_ledger(connection)
    if is_new:
        execute(connection, "ops/create_migration_ledger")
    connection.commit()
    return is_new


def _owns_warehouse(connection: Connection) -> bool:
    """A loader that migrates finds whether there is something to migrate; rights are the owner's to give."""
    [row] = fetch_all(connection, "ops/owns_warehouse")
    return bool(row["is_owner"])


def _run_again(connection: Connection, name: str, listing: str) -> bool:
    """Run a file that may be run any number of times; whether that changed what another one lists."""
    execute(connection, "ops/lock_migrations")
    before = fetch_all(connection, f"ops/{listing}")
    with connection.cursor() as cursor:
        cursor.execute(read_sql(f"rights/{name}"))
    is_changed = fetch_all(connection, f"ops/{listing}") != before
    connection.commit()
    return is_changed


def _check_encoding(connection: Connection) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise SchemaError(
            f"the database {connection.info.dbname} has the encoding {encoding}, and orgsync needs UTF8; make another one "
            "(create database … encoding 'UTF8' template template0) and let the connection of the warehouse name that"
        )


def _run_patiently(connection: Connection, step: Callable[[], bool]) -> bool:
    """Roles belong to the whole server: a migration of another database may make one at the same moment. Then it is there the next time."""
    for _ in range(MOST_RACES):
        try:
            return step()
        except RACES:
            connection.rollback()
    return step()


def _apply(connection: Connection, migration: Migration) -> bool:
    execute(connection, "ops/lock_migrations")
    is_missing = migration.version not in _check_ledger(connection)
    if is_missing:
        with connection.cursor() as cursor:
            cursor.execute(migration.text)
        execute(connection, "ops/record_migration", version=migration.version, name=migration.name, digest=migration.digest)
    connection.commit()
    return is_missing


def check_schema(connection: Connection) -> None:
    """Raise SchemaError unless the warehouse is exactly at this version's schema."""
    if not _has_ledger(connection):
        raise SchemaError("the warehouse has no orgsync schema yet; run `orgsync migrate`")
    applied = _check_ledger(connection)
    missing = [migration.name for migration in list_migrations() if migration.version not in applied]
    if missing:
        raise SchemaError(f"the warehouse has an older schema: {', '.join(missing)} not applied; run `orgsync migrate`")


def _has_ledger(connection: Connection) -> bool:
    return fetch_all(connection, "ops/find_migration_ledger")[0]["ledger"] is not None


def _check_ledger(connection: Connection) -> set[int]:
    """The versions applied; raises when the warehouse is newer than this code or a released file was edited."""
    known = {migration.version: migration for migration in list_migrations()}
    ledger = fetch_all(connection, "ops/list_migrations")
    for row in ledger:
        if row["version"] not in known:
            raise SchemaError(f"the warehouse has migration {row['name']}, which this version does not know; install the newer orgsync")
        if row["digest"] != known[row["version"]].digest:
            raise SchemaError(f"migration {row['name']} was edited after it was applied; restore the file and write a new migration")
    return {row["version"] for row in ledger}


def _read(path: Path) -> Migration:
    text = path.read_text(encoding="utf-8")
    return Migration(
        version=int(path.stem.split("_", 1)[0]),
        name=path.stem,
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def migrate_warehouse(settings: Settings) -> list[str]:
    """Bring the warehouse to this version's schema; returns the migrations applied.

    Where its owner has a connection of its own, that one migrates, and makes the logins of the others.
    """
    loader, owner, pages = find_warehouse(settings), find_owner(settings), find_pages_login(settings)
    receiver = find_receiver_login(settings)
    with open_warehouse(owner or loader) as connection:
        applied = migrate(connection)
        if owner and owner.user != loader.user:
            keep_login(connection, loader, role=LOADER)
        if pages and pages.user not in (loader.user, owner and owner.user):
            keep_login(connection, pages, role=PAGES)
        if receiver and receiver.user not in (loader.user, owner and owner.user):
            keep_login(connection, receiver, role=RECEIVER)
        return applied
