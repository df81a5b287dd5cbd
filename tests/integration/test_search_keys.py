"""By what names, titles and departments are found: whatever was loaded, all that any version says, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from orgsync.sync.retracting import retract
from orgsync.warehouse.search_keys import forget_search_keys, keep_search_keys
from orgsync.warehouse.spelling import spell
from tests.integration.world import World

SAID = """
select 'name', name from org.user_version
union
select 'title', title from org.user_version where title is not null
union
select 'department', name from org.department_version
"""
START = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = [
    "\u3000",
    "\u00a0 \t",
    'O"Neil',
    "back\\slash",
    "\\N",
    "\\.",
    "two\nlines",
    "a\tb\r",
    "<b>王小明</b>",
    "王" * 400,
    "🙂",
    "ＷＡＮＧ",
    "'; --",
]


def find_keys(world: World) -> set[tuple[str, str, str]]:
    return set(world.query("select kind, value, key from org.search_key where tenant_id = 'acme'"))


def list_wanted(world: World) -> set[tuple[str, str, str]]:
    return {(kind, value, key) for kind, value in world.query(SAID) for key in spell(kind, value)}


def test_whatever_a_version_says_or_said_is_found(world: World) -> None:
    world.sync()
    assert find_keys(world) == list_wanted(world)
    before = len(list_wanted(world))
    world.control("POST", "evolve", {"rate": 0.3})
    world.sync()
    assert find_keys(world) == list_wanted(world)
    assert len(list_wanted(world)) > before


def test_load_that_says_nothing_new_adds_nothing(world: World) -> None:
    world.sync()
    rows = "select ctid::text, xmin::text from org.search_key order by 1"
    before = world.query(rows)
    for _ in range(2):
        world.sync()
        world.query("update ops.plan set judged_by = 'another version'")  # so that the next one is held against history
    assert world.query(rows) == before


@pytest.mark.parametrize("judged_by", ["another version", None], ids=["held against history", "recognized"])
def test_warehouse_without_any_gets_all_with_the_next_load(world: World, judged_by: str | None) -> None:
    """As one that was loaded before there were keys."""
    world.sync()
    world.control("POST", "evolve", {"rate": 0.3})
    world.sync()
    keys = find_keys(world)
    world.query("truncate org.search_key")
    world.query("update ops.plan set judged_by = coalesce(%s, judged_by)", judged_by)
    assert world.sync()["outcome"] == "unchanged"
    assert find_keys(world) == keys


def test_what_only_a_retracted_snapshot_said_is_not_found(world: World) -> None:
    world.sync()
    keys = find_keys(world)
    world.control("POST", "evolve", {"rate": 0.3})
    world.sync()
    assert find_keys(world) > keys
    [(newest,)] = world.query("select max(snapshot_id) from ops.snapshot")
    retract(world.make_run(), [newest], decided_by="wang")
    assert find_keys(world) == keys


def test_any_text_is_found_and_none_is_looked_at_again(warehouse: Connection) -> None:
    """Also what folds to nothing, which nobody can type: it has a key that is empty, and so is known."""
    write_people(warehouse, HOSTILE, START)
    keep_search_keys(warehouse, "acme", since=START)
    found = list_found(warehouse)
    assert found == {(name, key) for name in HOSTILE for key in spell("name", name)}
    assert {key for name, key in found if name == "\u3000"} == {""}
    with warehouse.cursor() as cursor:
        cursor.execute("create function refuse() returns trigger language plpgsql as $$ begin raise 'it writes'; end $$")
        cursor.execute("create trigger refused before insert on org.search_key for each statement execute function refuse()")
    write_people(warehouse, HOSTILE, START.replace(month=2))
    keep_search_keys(warehouse, "acme", since=START.replace(month=2))
    write_people(warehouse, ["new"], START.replace(month=3))
    with pytest.raises(psycopg2.errors.RaiseException):
        keep_search_keys(warehouse, "acme", since=START.replace(month=3))
    warehouse.rollback()


def test_tenants_are_apart(warehouse: Connection) -> None:
    write_people(warehouse, ["王小明"], START)
    write_people(warehouse, ["王小明"], START, tenant_id="beta")
    for tenant_id in ("acme", "beta"):
        keep_search_keys(warehouse, tenant_id, since=START)
    with warehouse.cursor() as cursor:
        cursor.execute("delete from org.user_version where tenant_id = 'beta'")
        forget_search_keys(warehouse, "beta")
        cursor.execute("select distinct tenant_id from org.search_key")
        assert cursor.fetchall() == [("acme",)]


def write_people(connection: Connection, names: list[str], valid_from: datetime, *, tenant_id: str = "acme") -> None:
    with connection.cursor() as cursor:
        for number, name in enumerate(names):
            cursor.execute(
                "insert into org.user_version (tenant_id, user_id, name, content_hash, valid_from, valid_to, snapshot_id) "
                "values (%s, %s, %s, '', %s, %s, 'made up')",
                [tenant_id, str(number), name, valid_from, valid_from.replace(day=2)],
            )


def list_found(connection: Connection) -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("select value, key from org.search_key")
        return set(cursor.fetchall())
