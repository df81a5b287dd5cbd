"""Worlds that go back to just after their first good sync, in a moment and as often as a test likes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

from orgsync.settings import Settings
from orgsync.sync.run import Run
from orgsync.tenants.stanza import Allowance, Budget
from sandbox.testing import RunningSandbox
from stack.postgres import PostgresServer
from tests.integration.truth import assert_equals_truth
from tests.integration.world import CLAIM_SECONDS, TENANT, World

NUMBERS = count()
TABLES = """
    select quote_ident(table_schema) || '.' || quote_ident(table_name), string_agg(quote_ident(column_name), ', ')
    from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_schema in ('org', 'ops', 'stage') and table_type = 'BASE TABLE' and is_generated = 'NEVER'
    group by table_schema, table_name
"""


@dataclass(frozen=True)
class NearWorld(World):
    """Asks over one connection: a test asks often, and to connect takes longer than an answer."""

    @cached_property
    def connection(self) -> Connection:
        return psycopg2.connect(self.dsn)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class FirstSync:
    """A tenant after its first good sync, and the statement that brings its warehouse back there."""

    world: World
    restore: str


def found(sandbox: RunningSandbox, postgres: PostgresServer, platform: str, folder: Path) -> World:
    """A world without a past."""
    name = f"rewound_{platform}_{next(NUMBERS)}"
    connection = psycopg2.connect(postgres.dsn("postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'create database "{name}" template template_warehouse')
    connection.close()
    settings = Settings(
        folder / "tenants.yaml", landing_zone=f"file://{folder / 'landing'}", report_folder=folder / "reports", claim_seconds=CLAIM_SECONDS
    )
    budget = Budget(renames=Allowance(1000, 100))  # who was read again is known by the new name
    tenant = replace(TENANT, platform=platform, conn_id=f"acme_{platform}", budget=budget)
    return World(sandbox, postgres.dsn(name), settings, lambda: Run(tenant, f"test__{next(NUMBERS)}", "manual", settings), platform)


def sync_first(world: World, **options: Any) -> FirstSync:
    world.sync(**options)
    assert_equals_truth(world)
    world.query("create schema saved")
    restore = ["set local session_replication_role = replica"]  # in whatever order
    for number, (table, columns) in enumerate(world.query(TABLES)):
        copy = f"saved.copy_{number}"
        world.query(f"create table {copy} as table {table}")
        restore += [f"delete from {table}", f"insert into {table} ({columns}) overriding system value select {columns} from {copy}"]
    return FirstSync(world, "; ".join(restore))


def rewind(first: FirstSync, folder: Path) -> NearWorld:
    """The same world as it was then, its landing zone a copy: what is left there after this is nobody else's."""
    shutil.copytree(first.world.settings.report_folder.parent, folder)
    settings = replace(first.world.settings, landing_zone=f"file://{folder / 'landing'}", report_folder=folder / "reports")
    make_run = first.world.make_run
    world = NearWorld(first.world.sandbox, first.world.dsn, settings, lambda: replace(make_run(), settings=settings), first.world.platform)
    world.query(first.restore)
    return world
