"""A dump brought back: into a server that has the roles, as docs/deployment.md says, and into one without, where `migrate` mends it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import make_dsn, parse_dsn

from orgsync.warehouse import migrations
from orgsync.warehouse.migrations import apply_migrations, list_migrations, migrate
from stack.postgres import PostgresServer, embedded_postgres, find_binaries
from tests.integration.world import World, set_warehouse

PASSWORD = "of-a-test"
OLDER = 30
"""A version whose dump lacks what later ones made."""


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A machine on which nothing of orgsync ever was."""
    with embedded_postgres(tmp_path / "other") as server:
        yield server


def dump(dsn: str, *options: str) -> bytes:
    return run_client("pg_dump", *options, "--dbname", dsn).stdout


def text_of(dsn: str) -> list[str]:
    """All that a warehouse is: tables, rows, owners and rights."""
    return without_parentheses(dump(dsn, "--restrict-key=test"))


def schema_of(dsn: str) -> list[str]:
    """Without rows: the ledger says when each migration was applied."""
    return without_parentheses(dump(dsn, "--schema-only", "--restrict-key=test"))


def without_parentheses(dumped: bytes) -> list[str]:
    """PostgreSQL writes a chain of `or` with fewer once it has read its own writing, and names a constant by its type."""
    return dumped.decode().translate(str.maketrans("", "", "()")).replace("::text AS text", "::text").splitlines()


def restore(dumped: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return run_client("pg_restore", *options, given=dumped, is_checked=False)


def run_client(program: str, *arguments: str, given: bytes | None = None, is_checked: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([find_binaries() / program, *arguments], input=given, capture_output=True, check=False)
    assert not is_checked or done.returncode == 0, done.stderr.decode()
    return done


def name_of(dsn: str) -> str:
    return str(parse_dsn(dsn)["dbname"])


def execute(dsn: str, *statements: str) -> None:
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement)


def migrate_at(dsn: str) -> list[str]:
    with closing(psycopg2.connect(dsn)) as connection:
        return migrate(connection)


def test_dump_comes_back_whole_where_the_roles_are_there_already(world: World, other_server: PostgresServer) -> None:
    world.sync()
    name = name_of(world.dsn)
    dumped = dump(world.dsn, "--format=custom")
    other_server.create_database(name)
    migrate_at(other_server.dsn(name))  # which makes the roles, and tables that the dump replaces
    done = restore(dumped, "--clean", "--if-exists", "--create", "--exit-on-error", "--dbname", other_server.dsn())
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert migrate_at(other_server.dsn(name)) == []
    assert text_of(other_server.dsn(name)) == text_of(world.dsn)


def test_dump_that_came_into_a_server_without_roles_is_mended(
    world: World, other_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sync()
    other_server.create_database("warehouse")
    dsn = other_server.dsn("warehouse")
    done = restore(dump(world.dsn, "--format=custom"), "--dbname", dsn)
    assert done.returncode == 1
    assert 'role "orgsync_reader" does not exist' in done.stderr.decode()
    assert migrate_at(dsn) == ["make_roles", "set_rights"]
    assert migrate_at(dsn) == []
    assert text_of(dsn) == text_of(world.dsn)
    execute(dsn, f"create role a_loader login password '{PASSWORD}' in role orgsync_loader")
    set_warehouse(monkeypatch, make_dsn(dsn, user="a_loader", password=PASSWORD))
    assert world.sync()["outcome"] == "unchanged"


def test_older_dump_that_came_into_a_server_without_roles_is_mended_and_upgraded(
    postgres: PostgresServer, migrated_dsn: str, other_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.create_database("older")
    older = [migration for migration in list_migrations() if migration.version <= OLDER]
    newer = [migration.name for migration in list_migrations() if migration.version > OLDER]
    with closing(psycopg2.connect(postgres.dsn("older"))) as connection, monkeypatch.context() as patch:
        patch.setattr(migrations, "list_migrations", lambda: older)
        apply_migrations(connection)
    other_server.create_database("warehouse")
    dsn = other_server.dsn("warehouse")
    assert restore(dump(postgres.dsn("older"), "--format=custom"), "--dbname", dsn).returncode == 1
    assert migrate_at(dsn) == ["make_roles", *newer]
    assert schema_of(dsn) == schema_of(migrated_dsn)


EVERY_ROLE = (
    "orgsync_reader, orgsync_pii, orgsync_loader, orgsync_pages, orgsync_sender, orgsync_dispatcher, orgsync_audience, orgsync_query"
)
SCHEMAS = "org, ops, stage, notify, orgsync"
SPOILED = {
    "all rights lost": [
        f"revoke all on all {kind} in schema {SCHEMAS} from public, {EVERY_ROLE}" for kind in ("tables", "sequences", "functions")
    ],
    "no schema to be entered": [f"revoke all on schema {SCHEMAS} from {EVERY_ROLE}"],
    "one right lost": ["revoke select on org.people from orgsync_reader"],
    "one column lost": ["revoke select (state) on notify.message from orgsync_sender"],
    "readers see all": ["grant select on org.user_version to orgsync_reader"],
    "everybody sees all": [f"grant select on all tables in schema {SCHEMAS} to public"],
    "one column too many": ["grant select (mobile) on org.user_version to orgsync_reader"],
    "functions for everybody": ["grant execute on all functions in schema ops, notify to public"],
    "functions of the wrong role": [
        "alter function notify.ask_audience(text, text, integer) owner to current_user",
        "alter function ops.answer(text) owner to current_user",
    ],
}


@pytest.mark.parametrize("statements", SPOILED.values(), ids=SPOILED)
def test_rights_that_are_not_as_they_should_be_are_set_again(warehouse_dsn: str, statements: list[str]) -> None:
    before = text_of(warehouse_dsn)
    execute(warehouse_dsn, *statements)
    assert text_of(warehouse_dsn) != before
    assert migrate_at(warehouse_dsn) == ["set_rights"]
    assert text_of(warehouse_dsn) == before


def test_rights_of_other_roles_are_left_alone(warehouse: Connection, warehouse_dsn: str) -> None:
    execute(warehouse_dsn, "create role somebody_elses", "grant select on org.users to somebody_elses")
    try:
        assert migrate_at(warehouse_dsn) == []
        with warehouse.cursor() as cursor:
            cursor.execute("select has_table_privilege('somebody_elses', 'org.users', 'select')")
            assert cursor.fetchall() == [(True,)]
    finally:
        execute(warehouse_dsn, "drop owned by somebody_elses", "drop role somebody_elses")


def test_who_does_not_own_the_warehouse_and_finds_it_without_roles_is_told_who_can_make_them(
    warehouse_dsn: str, other_server: PostgresServer
) -> None:
    other_server.create_database("warehouse")
    dsn = other_server.dsn("warehouse")
    restore(dump(warehouse_dsn, "--format=custom"), "--dbname", dsn)
    execute(dsn, f"create role nobody_in_particular login password '{PASSWORD}'", "grant pg_read_all_data to nobody_in_particular")
    with pytest.raises(psycopg2.Error, match=r"lacks the role orgsync_reader .* nobody_in_particular may make neither"):
        migrate_at(make_dsn(dsn, user="nobody_in_particular", password=PASSWORD))
