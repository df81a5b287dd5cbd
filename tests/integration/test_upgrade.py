"""A warehouse that an earlier release filled is brought to this version's schema with all that is in it, and goes on."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from orgsync.settings import HOME
from orgsync.warehouse.migrations import check_schema, list_migrations, migrate
from stack.postgres import PostgresServer
from tests.integration.filled import FOLDER
from tests.integration.test_history import MISCOUNTED
from tests.integration.test_restore import run_client, schema_of
from tests.integration.truth import assert_equals_truth
from tests.integration.world import World, set_warehouse

RELEASES = sorted(FOLDER.glob("*.sql.gz"))
VERSIONS = "select count(*), md5(string_agg(v::text, '' order by v::text)) from (select {columns} from org.{name}_version) as v"
COLUMNS = {
    "department": "department_id, parent_id, name, leader_user_ids, content_hash, valid_from, valid_to, snapshot_id",
    "user": "user_id, name, mobile, title, attributes, content_hash, valid_from, valid_to, snapshot_id",
    "membership": "user_id, department_id, is_leader, content_hash, valid_from, valid_to, snapshot_id",
}
KEPT = {
    **{name: VERSIONS.format(columns=columns, name=name) for name, columns in COLUMNS.items()},
    "runs": "select run_id, outcome, counts::text, snapshot_id from ops.sync_run order by run_id",
    "plans": "select plan_id, state, digest from ops.plan order by plan_id",
    "quarantine": "select plan_id, rule, user_id, reason from ops.quarantine order by 1, 2, 3",
    "messages": "select message_id, state, title, body from notify.message order by message_id",
    "recipients": "select message_id, user_id, state from notify.recipient order by 1, 2",
}


@pytest.fixture(params=RELEASES, ids=lambda path: path.name.removesuffix(".sql.gz"))
def earlier_dsn(request: pytest.FixtureRequest, postgres: PostgresServer, migrated_dsn: str) -> Iterator[str]:
    """A warehouse as that release left it. The roles are the server's."""
    name = f"of_release_{request.param.name.removesuffix('.sql.gz')}"
    postgres.create_database(name)
    dsn = postgres.dsn(name)
    run_client("psql", "--quiet", "--set", "ON_ERROR_STOP=1", dsn, given=gzip.decompress(request.param.read_bytes()))
    yield dsn
    admin = psycopg2.connect(postgres.dsn("postgres"))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'drop database "{name}" with (force)')
    admin.close()


def ask(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def upgrade(dsn: str) -> list[str]:
    connection = psycopg2.connect(dsn)
    try:
        applied = migrate(connection)
        check_schema(connection)
        return applied
    finally:
        connection.close()


def test_all_that_it_held_is_there_and_its_schema_is_that_of_a_new_one(earlier_dsn: str, migrated_dsn: str) -> None:
    [(version,)] = ask(earlier_dsn, "select max(version) from orgsync.migration")
    before = {name: ask(earlier_dsn, statement) for name, statement in KEPT.items()}
    assert all(rows and rows[0][0] for rows in before.values()), "the release has filled all of them"
    assert upgrade(earlier_dsn) == [migration.name for migration in list_migrations() if migration.version > version]
    assert {name: ask(earlier_dsn, statement) for name, statement in KEPT.items()} == before
    assert ask(earlier_dsn, MISCOUNTED) == []
    assert schema_of(earlier_dsn) == schema_of(migrated_dsn)
    assert upgrade(earlier_dsn) == []


def test_next_sync_goes_on_from_there(earlier_dsn: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(earlier_dsn)
    before = ask(earlier_dsn, "select count(*) from org.user_version where valid_to is null")
    set_warehouse(monkeypatch, earlier_dsn)
    continued = replace(world, dsn=earlier_dsn)
    assert continued.sync()["outcome"] == "succeeded"
    assert_equals_truth(continued)
    assert ask(earlier_dsn, MISCOUNTED) == []
    assert continued.query("select count(distinct value) from org.search_key where kind = 'name'")[0][0] >= before[0][0] // 2
    assert continued.query("select state from notify.message order by message_id desc limit 1") == [("pending",)]


def test_each_migration_has_its_note() -> None:
    page = (HOME / "docs" / "migrations.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\d{4}_\w+)` \| [\d.]+ \|", page, flags=re.MULTILINE) == [migration.name for migration in list_migrations()]
