"""What is asked by hand in SQL: one query, as a role that can only read, however it is attacked and whoever connects."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from orgsync.errors import ConfigurationError
from orgsync.sync.lookups import query_warehouse
from tests.integration.test_audiences import FUNCTIONS
from tests.integration.world import Command, World

SOMEBODY = "select user_id from org.users"

REFUSED = {
    "writes": "delete from org.user_version",
    "writes and tells": "delete from org.user_version returning user_id",
    "writes within a query": "with gone as (delete from org.user_version returning user_id) select * from gone",
    "commits first": "commit; delete from org.user_version",
    "rolls back first": "rollback; delete from org.user_version",
    "begins anew": "rollback; begin read write; delete from org.user_version; commit",
    "is two queries": f"{SOMEBODY}; {SOMEBODY}",
    "hides the second behind a comment": "select 1 --\n; commit; delete from org.user_version",
    "is none": "-- nothing",
    "is no SQL": "who is here",
    "makes a table": "create table public.mine (id int)",
    "makes one of what it reads": "select 1 as one into public.mine",
    "makes a temporary table": "create temp table mine (id int)",
    "prepares": "prepare mine as delete from org.user_version",
    "does": "do $$ begin delete from org.user_version; end $$",
    "calls": "call public.nothing()",
    "locks": "lock org.user_version",
    "locks rows": f"{SOMEBODY} for update",
    "resets the role": "reset role",
    "resets the role first": "reset role; delete from org.user_version",
    "resets the login": "reset session authorization; delete from org.user_version",
    "sets the role": "set role orgsync",
    "sets the role by function": "select set_config('role', 'none', false)",
    "sets the login by function": "select set_config('session_authorization', 'orgsync', false)",
    "lifts the ban on writing": "set transaction read write",
    "lifts it by function": "select set_config('transaction_read_only', 'off', false)",
    "lifts it for later": "set session characteristics as transaction read write",
    "reads files": "select pg_read_file('PG_VERSION')",
    "lists files": "select pg_ls_dir('.')",
    "reads a file into an object": "select lo_import('/etc/passwd')",
    "writes a file": "select lo_export(1, '/tmp/x')",
    "keeps a large object": "select lo_from_bytea(0, 'x')",
    "runs a program": "copy (select 1) to program 'true'",
    "copies out": "copy org.user_version to stdout",
    "ends another's server process": "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()",
    "ends its own": "select pg_terminate_backend(pg_backend_pid())",
    "queues a message": "select notify.enqueue('acme', 'text', body => 'x', audience => '{\"everyone\": true}')",
    "takes one back": "select notify.recall(1)",
    "asks an audience": "select * from notify.ask_audience('acme', 'select 1 as user_id', 1)",
    "asks itself": "select * from ops.answer('select 1')",
    "analyzes": "select stage.analyze_rows('user')",
    "analyzes history": "select stage.analyze_history()",
    "takes a number": "select nextval('notify.delivery_delivery_id_seq')",
    "writes by a function": "select public.take_note()",
    "writes by another way": "select query_to_xml('delete from org.user_version', true, false, '')",
    "reads passwords": "select rolpassword from pg_authid",
    "speaks to others": "notify somebody",
    "changes the server": "alter system set work_mem = '1GB'",
    "reloads the server": "select pg_reload_conf()",
    "recurses for ever": "select public.call_itself(1)",
    "divides by zero": "select 1 / 0",
}


def count(world: World) -> list[tuple[object, ...]]:
    return world.query(
        "select (select count(*) from org.user_version), (select count(*) from public.note), (select count(*) from notify.message),"
        " (select count(*) from pg_largeobject_metadata), to_regclass('public.mine')"
    )


def test_nothing_that_is_asked_can_write(world: World) -> None:
    """The world's warehouse is reached by its owner, a superuser: as badly as it can be."""
    world.sync()
    world.query(FUNCTIONS)
    before = count(world)
    for name, statement in REFUSED.items():
        with pytest.raises(ConfigurationError) as refused:
            query_warehouse(world.settings, statement)
        assert str(refused.value).startswith("the warehouse does not take this statement: "), name
    assert count(world) == before
    assert world.query("show default_transaction_read_only") == [("off",)]


def test_what_the_loader_sees_is_seen(world: World) -> None:
    world.sync()
    [[number]] = query_warehouse(world.settings, "select mobile from org.users where mobile is not null limit 1").rows
    assert "*" not in number
    for relation in ("org.user_version", "ops.plan_change", "notify.message", "stage.user", "orgsync.migration"):
        query_warehouse(world.settings, f"select * from {relation} limit 1")


TYPED = {
    "1": 1,
    "9007199254740993::bigint": 9007199254740993,
    "12345678901234567890.5::numeric": Decimal("12345678901234567890.5"),
    "0.1::float8": 0.1,
    "'NaN'::float8::text": "NaN",
    "true": True,
    "null::text": None,
    "'2026-11-25 10:57:23.5+08'::timestamptz": datetime(2026, 11, 25, 2, 57, 23, 500_000, tzinfo=UTC),
    "'2026-11-25 10:57'::timestamp": datetime(2026, 11, 25, 10, 57),  # noqa: DTZ001
    "'2026-11-25'::date": date(2026, 11, 25),
    "'infinity'::timestamptz": "infinity",
    "array['a', null]": ["a", None],
    '\'{"b": {"a": 1.5}}\'::jsonb': {"b": {"a": 1.5}},
    "'2026-11-25T10:57:23+00:00'": "2026-11-25T10:57:23+00:00",
    "'50 % of %(x)s'": "50 % of %(x)s",
}


def test_values_keep_their_types_and_columns_their_order_and_names(world: World) -> None:
    answer = query_warehouse(world.settings, f"select {', '.join(f'{value} as same' for value in TYPED)}")
    assert answer.columns == ["same"] * len(TYPED)
    assert answer.rows == [list(TYPED.values())]


@pytest.mark.parametrize(
    "statement",
    [
        "select 1 as one where false",
        "values (1)",
        "table orgsync.migration",
        "with one as (select 1) select * from one;",
        "-- why\nselect 1 -- so\n",
    ],
)
def test_every_query_is_taken(world: World, statement: str) -> None:
    assert query_warehouse(world.settings, statement).columns


def test_mistake_is_told_with_its_place(world: World) -> None:
    with pytest.raises(ConfigurationError, match=r'column "nam" does not exist; .*departments.name"; at line 2, column 3'):
        query_warehouse(world.settings, "select\n  nam\nfrom org.departments as departments")
    with pytest.raises(ConfigurationError, match="one query that only reads"):
        query_warehouse(world.settings, "select 1; select 2")


def test_function_of_another_owner_is_not_run(world: World) -> None:
    world.query("alter function ops.answer(text) owner to current_user")
    with pytest.raises(ConfigurationError, match="belongs to orgsync"):
        query_warehouse(world.settings, "select 1")


def test_command_takes_comments_files_and_the_input_and_gives_csv(command: Command, world: World) -> None:
    commented = command("sql", "-- who\nselect 1 as one", "--csv")
    assert (commented.returncode, commented.stdout) == (0, "one\n1\n"), commented.stderr
    (world.settings.tenants_file.parent / "q.sql").write_text(
        "-- 谁\nselect '=1+1' as 名, '007' as no, 1.5 as n, null as none;\n", encoding="utf-8"
    )
    file = str(world.settings.tenants_file.parent / "q.sql")
    assert command("sql", "--file", file, "--csv").stdout == "名,no,n,none\n=1+1,007,1.5,\n"
    assert command("sql", "--file", file, "--sheet").stdout == "\ufeff名,no,n,none\n'=1+1,'007,1.5,\n"
    assert json.loads(command("sql", "--file", "-", "--json", given="select 1 as one").stdout) == [{"one": 1}]
    for wrong in ((), ("select 1", "--file", file), ("select 1", "--csv", "--json"), ("--jsn", "select 1"), ("--file", f"{file}x")):
        done = command("sql", *wrong)
        assert done.returncode == 2, wrong
        assert "Traceback" not in done.stderr
