"""Migrations, statements and views against a real PostgreSQL."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from orgsync.errors import SchemaError
from orgsync.frames import DEPARTMENTS, FRAMES, USERS, Frame
from orgsync.warehouse import migrations
from orgsync.warehouse.migrations import apply_migrations, check_schema, list_migrations, migrate
from orgsync.warehouse.statements import SQL_FOLDER, read_sql
from stack.postgres import PostgresServer, embedded_postgres
from tests.integration.world import World, set_warehouse

PARAMETER = re.compile(r"%\((\w+)\)s")
STATEMENTS = sorted(str(path.relative_to(SQL_FOLDER).with_suffix("")) for path in SQL_FOLDER.glob("*/*.sql"))
PREPARED = [
    name
    for name in STATEMENTS
    if not name.startswith("migrations/") and read_sql(name).split(None, 1)[0].lower() in ("select", "insert", "update", "delete", "with")
]


def test_migrations_run_from_empty_and_a_second_time_do_nothing(postgres: PostgresServer) -> None:
    postgres.create_database("from_empty")
    connection = psycopg2.connect(postgres.dsn("from_empty"))
    names = [migration.name for migration in list_migrations()]
    assert migrate(connection) == names
    assert migrate(connection) == []
    check_schema(connection)
    connection.close()


def test_migration_that_fails_leaves_nothing_of_it(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.create_database("half_way")
    broken = migrations.Migration(1, "0001_break", "create table kept_by_mistake (id int); select 1/0", "digest")
    monkeypatch.setattr(migrations, "list_migrations", lambda: [broken])
    connection = psycopg2.connect(postgres.dsn("half_way"))
    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate(connection)
    connection.rollback()
    assert fetch(connection, "select to_regclass('kept_by_mistake')") == [(None,)]
    assert fetch(connection, "select count(*) from orgsync.migration") == [(0,)]
    connection.close()


def migrate_at_once(dsns: list[str]) -> list[list[str]]:
    """As many migrations at a time, each over a connection of its own."""

    def bring_up(dsn: str) -> list[str]:
        connection = psycopg2.connect(dsn)
        try:
            return migrate(connection)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(dsns)) as pool:
        return list(pool.map(bring_up, dsns))


def test_migrations_of_an_empty_database_wait_for_each_other(postgres: PostgresServer) -> None:
    postgres.create_database("many_at_once")
    applied = migrate_at_once([postgres.dsn("many_at_once")] * 20)
    assert sorted(name for names in applied for name in names) == [migration.name for migration in list_migrations()]


def test_databases_of_a_new_server_may_be_migrated_at_once(tmp_path: Path) -> None:
    """The roles are the server's, the lock is the database's."""
    with embedded_postgres(tmp_path / "postgres") as server:
        names = [f"warehouse_{number}" for number in range(6)]
        for name in names:
            server.create_database(name)
        assert migrate_at_once([server.dsn(name) for name in names]) == [[migration.name for migration in list_migrations()]] * len(names)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_CN"])
def test_database_of_another_encoding_is_refused(postgres: PostgresServer, encoding: str) -> None:
    name = f"in_{encoding}"
    connection = psycopg2.connect(postgres.dsn())
    connection.autocommit = True
    run(connection, f"create database \"{name}\" encoding '{encoding}' locale 'C' template template0")
    connection.close()
    connection = psycopg2.connect(postgres.dsn(name), client_encoding="UTF8")
    with pytest.raises(SchemaError, match=f"database {name} has the encoding {encoding}, and orgsync needs UTF8.*template0"):
        migrate(connection)
    assert fetch(connection, "select count(*) from pg_namespace where nspname in ('org', 'orgsync')") == [(0,)]
    connection.close()


def test_edited_migration_is_refused(warehouse: Connection) -> None:
    run(warehouse, "update orgsync.migration set digest = 'other' where version = 1")
    with pytest.raises(SchemaError, match="edited after it was applied"):
        check_schema(warehouse)


WITH_HEADCOUNTS = 30
"""The migration that counts heads."""


def test_warehouse_with_history_from_before_there_were_headcounts_gets_them_with_the_upgrade(
    world: World, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what people are found comes with the next load."""
    for _ in range(3):
        world.sync()
        world.control("POST", "evolve", {"rate": 0.05})
    world.sync()
    heads, keys = (f"select * from org.{name} order by 1, 2, 3, 4" for name in ("headcount_change", "search_key"))
    postgres.create_database("from_before")
    old = replace(world, dsn=postgres.dsn("from_before"))
    connection = psycopg2.connect(old.dsn)
    with monkeypatch.context() as patch:
        before = tuple(migration for migration in list_migrations() if migration.version < WITH_HEADCOUNTS)
        patch.setattr(migrations, "list_migrations", lambda: before)
        apply_migrations(connection)
    copy_tables(world, old)
    migrate(connection)
    assert old.query(heads) == world.query(heads)
    assert old.query(keys) == []
    set_warehouse(monkeypatch, old.dsn)
    assert old.sync()["outcome"] == "unchanged"
    assert old.query(keys) == world.query(keys)
    old.control("POST", "evolve", {"rate": 0.05})
    assert old.sync()["outcome"] == "succeeded"
    connection.close()


def copy_tables(source: World, target: World) -> None:
    """All that a warehouse remembers, in the columns that the target has; who works on what at a moment, it does not."""
    columns = (
        "select attrelid::regclass::text, string_agg(quote_ident(attname), ', ' order by attnum) "
        "from pg_attribute join pg_class on pg_class.oid = attrelid "
        "where relkind = 'r' and relnamespace in ('org'::regnamespace, 'ops'::regnamespace) and attnum > 0 and not attisdropped "
        "and attrelid <> 'ops.claim'::regclass group by 1"
    )
    with closing(psycopg2.connect(source.dsn)) as giving, closing(psycopg2.connect(target.dsn)) as taking:
        given, taken = giving.cursor(), taking.cursor()
        taken.execute("set session_replication_role = replica")
        for table, names in target.query(columns):
            rows = io.BytesIO()
            given.copy_expert(f"copy {table} ({names}) to stdout", rows)
            rows.seek(0)
            taken.copy_expert(f"copy {table} ({names}) from stdin", rows)
        taken.execute("select setval(pg_get_serial_sequence('ops.plan', 'plan_id'), max(plan_id)) from ops.plan")
        taking.commit()


def test_migration_numbers_follow_each_other() -> None:
    assert [migration.version for migration in list_migrations()] == list(range(1, len(list_migrations()) + 1))


@pytest.mark.parametrize("name", PREPARED)
def test_statement_can_be_prepared(shared_warehouse: Connection, name: str) -> None:
    """Catches a misspelt table or column in any statement, also those no test happens to run."""
    if name == "report/count_retracted_changes":  # it reads what that one remembers for the length of a transaction
        run(shared_warehouse, (read_sql("ops/keep_changes_from") % {"tenant_id": "''", "taken_at": "now()"}).replace("on commit drop", ""))
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    run(shared_warehouse, f"prepare checked as {PARAMETER.sub(number, read_sql(name)).replace('%%', '%')}")


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_says_what_it_does(name: str) -> None:
    assert (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8").startswith("-- ")


def test_comment_of_a_statement_cannot_be_ended_by_a_value() -> None:
    for name in STATEMENTS:
        assert not [line for line in read_sql(name).splitlines() if line.lstrip().startswith("--")]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_tables_hold_the_columns_of_the_tidy_frames(shared_warehouse: Connection, frame: Frame) -> None:
    assert columns_of(shared_warehouse, f'stage."{frame.name}"') == ["plan_id", *frame.columns]
    bookkeeping = ["content_hash", "valid_from", "valid_to", "snapshot_id"]
    assert columns_of(shared_warehouse, f"org.{frame.name}_version") == ["tenant_id", *frame.columns, *bookkeeping]
    assert columns_of(shared_warehouse, f"org.{frame.name}s") == ["tenant_id", *frame.columns, "valid_from"]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
@pytest.mark.parametrize("step", ["history/open", "newest/complete", "newest/open"])
def test_merge_speaks_of_every_content_column(frame: Frame, step: str) -> None:
    """A column forgotten in one of the statements would never change, or never be written."""
    text = read_sql(f"{step}_{frame.name}s")
    assert [column for column in frame.content if not re.search(rf"\b{column}\b", text)] == []


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_hash_of_a_version_is_over_every_content_column(shared_warehouse: Connection, frame: Frame) -> None:
    assert columns_of(shared_warehouse, f"(select (null::stage.{frame.name}_content).*) as content") == list(frame.content)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_every_content_column_is_compared(shared_warehouse: Connection, frame: Frame) -> None:
    """A column forgotten here would never change."""
    text = source_of(shared_warehouse, f"{frame.name}_differs")
    missing = [
        column for column in frame.content if f"'{column}' <> all (silent) and staged.{column} is distinct from held.{column}" not in text
    ]
    assert missing == []


@pytest.mark.parametrize("frame", [DEPARTMENTS, USERS], ids=lambda frame: frame.name)
def test_every_content_column_that_differs_is_a_change(shared_warehouse: Connection, frame: Frame) -> None:
    text = source_of(shared_warehouse, f"list_{frame.name}_differences")
    assert [column for column in frame.content if f"('{column}', (earlier.{column})::text, (later.{column})::text)" not in text] == []


def source_of(connection: Connection, function: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select prosrc from pg_proc where proname = %s", [function])
        [(text,)] = cursor.fetchall()
    return str(text)


def test_tree_gives_each_department_its_path(world: World) -> None:
    world.sync()
    parents = {str(row["id"]): str(row["parent_id"] or "") for row in world.truth()["departments"] if row["kind"] == "company"}

    def path(department: str) -> list[str]:
        return [*path(parents[department]), department] if department else []

    rows = world.query("select department_id, path_ids, depth, cardinality(path_names) from org.department_tree")
    assert {key: (ids, depth, names) for key, ids, depth, names in rows} == {
        key: (path(key), len(path(key)), len(path(key))) for key in parents
    }


def test_views_at_an_instant_are_the_views_of_then(world: World) -> None:
    world.sync()
    before = world.query("select user_id, name, title from org.users order by 1")
    [(instant,)] = world.query("select max(taken_at) from ops.snapshot")
    world.sandbox.control("POST", "dingtalk/evolve", {"rate": 0.3})
    world.sync()
    assert world.query("select user_id, name, title from org.users order by 1") != before
    assert world.query("select user_id, name, title from org.users_at(%s) order by 1", instant) == before
    assert world.query("select count(*) from org.users_at(%s - interval '1 second')", instant) == [(0,)]


def run(connection: Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def fetch(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def columns_of(connection: Connection, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {table} limit 0")
        return [column.name for column in cursor.description or ()]
