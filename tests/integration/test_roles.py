"""What each database role may, and that it may nothing else: every table, view and function has its decision here."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import make_dsn

from orgsync.errors import ConfigurationError
from orgsync.frames import PERSONAL_COLUMNS
from orgsync.outbox import sending
from orgsync.outbox.queueing import Audience, Message
from orgsync.pages.reading import open_reader
from orgsync.platforms.sending.messages import Content
from orgsync.sync.replaying import replay
from orgsync.sync.retracting import retract, undo_retraction
from orgsync.warehouse.migrations import list_migrations, migrate, migrate_warehouse
from stack.postgres import PostgresServer, embedded_postgres
from tests.integration.world import World, set_warehouse

ROLES = (
    "orgsync_loader",
    "orgsync_reader",
    "orgsync_pii",
    "orgsync_sender",
    "orgsync_dispatcher",
    "orgsync_audience",
    "orgsync_query",
    "orgsync_pages",
    "orgsync_receiver",
    "public",
)
PASSWORD = "of-a-test"

LoginTo = Callable[[str, str], str]
Ask = Callable[[str, str], list[tuple[Any, ...]]]

# What the first three of ROLES may do with a relation, in their order; what senders may, who send for all of them too, is in OF_SENDERS,
# what saved audiences may in OF_AUDIENCES; what is asked by hand may read what the loader reads; the pages may what a reader may, and what
# is in OF_PAGES, what receives events what is in OF_RECEIVER; and `public` may nothing anywhere.
# A table or view that is not here fails a test: decide who may see it, and write it down.
VIEW = ("select", "select", "select")
HISTORY = ("delete insert select update(valid_to)", "", "")
WORK = ("delete insert select", "", "")
REWORKED_WORK = ("delete insert select update", "", "")
INNER_VIEW = ("select", "", "")
FACT = ("insert select", "select", "select")
DERIVED = ("delete insert select", "select", "select")
STATE = ("insert select update", "select", "select")
UNREAD_SEQUENCE = ("", "", "")
RELATIONS = {
    "org.department_version": HISTORY,
    "org.user_version": HISTORY,
    "org.membership_version": HISTORY,
    "org.department_history": VIEW,
    "org.user_history": VIEW,
    "org.membership_history": VIEW,
    "org.departments": VIEW,
    "org.users": VIEW,
    "org.memberships": VIEW,
    "org.department_tree": VIEW,
    "org.change": VIEW,
    "org.people": VIEW,
    "org.reporting_line": VIEW,
    "org.monthly_summary": VIEW,
    "org.headcount_change": DERIVED,
    "org.search_key": DERIVED,
    "ops.snapshot": STATE,
    "ops.snapshot_key": STATE,
    "ops.claim": STATE,
    "ops.sync_run": STATE,
    "ops.plan": ("insert select update", "select(all but digest,judged_by,report)", "select"),
    "ops.plan_plan_id_seq": UNREAD_SEQUENCE,
    "ops.plan_change": ("delete insert select", "", "select"),
    "ops.plan_line": VIEW,
    "ops.audit": ("insert select", "", "select"),
    "ops.audit_audit_id_seq": UNREAD_SEQUENCE,
    "ops.tenant": STATE,
    "ops.erasure": ("insert select update", "select(all but salt,subject_hash)", "select"),
    "ops.erasure_erasure_id_seq": UNREAD_SEQUENCE,
    "ops.erasure_value": ("delete insert select", "", "select"),
    "ops.quarantine": FACT,
    "ops.expectation_result": FACT,
    "ops.doctor_check": ("delete insert select update", "select", "select"),
    "ops.problem": ("delete insert select update", "select", "select"),
    "ops.heartbeat": ("delete insert select update", "select", "select"),
    "ops.slow_run": ("delete insert select update", "select", "select"),
    "ops.alert": ("delete insert select update", "", "select"),
    "ops.event": ("delete insert select update", "select", "select"),
    "ops.event_due": VIEW,
    "ops.event_audit": DERIVED,
    "ops.event_refusal": ("delete select", "select", "select"),
    "stage.department": REWORKED_WORK,
    "stage.user": REWORKED_WORK,
    "stage.membership": REWORKED_WORK,
    "stage.timeline": WORK,
    "stage.unseen": WORK,
    "stage.affected": REWORKED_WORK,
    "stage.observation": REWORKED_WORK,
    "stage.version": INNER_VIEW,
    "stage.quarantined": INNER_VIEW,
    "stage.unread": INNER_VIEW,
    "stage.asked": INNER_VIEW,
    "stage.asked_later": INNER_VIEW,
    "stage.loaded": INNER_VIEW,
    "stage.reading": INNER_VIEW,
    "notify.channel": STATE,
    "notify.audience_query": ("delete insert select update", "", "select"),
    "notify.message": ("select update", "select(all but audience,body,content_digest,title,url)", "select"),
    "notify.message_message_id_seq": UNREAD_SEQUENCE,
    "notify.delivery": STATE,
    "notify.delivery_delivery_id_seq": ("usage", "", ""),
    "notify.delivery_message": ("delete insert select", "select", "select"),
    "notify.recipient": STATE,
    "notify.attempt": STATE,
    "notify.attempt_attempt_id_seq": ("usage", "", ""),
    "notify.announced_plan": FACT,
    "notify.message_month": VIEW,
    "orgsync.migration": INNER_VIEW,
}
INSTANT = "timestamp with time zone"
ENQUEUE = f"notify.enqueue(text, text, text, text, text, jsonb, integer, {INSTANT}, {INSTANT}, text, text, {INSTANT})"
CHANGE_TODO = f"notify.change_todo(bigint, text, text, text, {INSTANT}, text)"
FIND_PROBLEM = f"notify.find_problem(text, text, text, text, text, jsonb, integer, {INSTANT}, {INSTANT})"
FUNCTIONS = {
    "org.departments_at(timestamp with time zone)": ("execute", "execute", "execute"),
    "org.users_at(timestamp with time zone)": ("execute", "execute", "execute"),
    "org.memberships_at(timestamp with time zone)": ("execute", "execute", "execute"),
    "org.headcounts_at(timestamp with time zone)": ("execute", "execute", "execute"),
    "org.monthly_summary_in(text)": ("execute", "execute", "execute"),
    "ops.date_decision()": ("", "", ""),
    "ops.answer(text)": ("execute", "", ""),
    **{f"ops.{verb}_message(bigint, text, text)": ("", "", "") for verb in ("show", "recall", "retry")},
    "ops.show_person(text, text, text)": ("", "", ""),
    "ops.note_access(text, text, text, text)": ("", "", ""),
    "ops.clean_text(text, text)": ("", "", ""),
    "ops.clean_texts(text[], text)": ("", "", ""),
    "ops.clean_json(jsonb, text[], text[], text, text)": ("", "", ""),
    "ops.blank_report(json, text[])": ("", "", ""),
    "ops.join_versions(text, text[], text[])": ("", "", ""),
    "ops.erase_person(bigint, text[], text, text, text)": ("execute", "", ""),
    "ops.erase_tenant(bigint)": ("execute", "", ""),
    "ops.erase_hints(bigint, text)": ("execute", "", ""),
    "ops.ask_erasure(text, text, text, boolean)": ("execute", "", ""),
    f"notify.forget_messages(text, {INSTANT}, integer)": ("execute", "", ""),
    "ops.count_refusals(text, text, bigint)": ("execute", "", ""),
    "stage.overlay(jsonb)": ("execute", "", ""),
    "stage.count_heads(text, timestamp with time zone)": ("execute", "", ""),
    f"stage.holds({INSTANT}, {INSTANT}, {INSTANT}, integer)": ("execute", "", ""),
    "stage.analyze_rows(text)": ("execute", "", ""),
    "stage.analyze_history(bigint)": ("execute", "", ""),
    **{f"stage.list_next_{name}s(bigint)": ("execute", "", "") for name in ("department", "user", "membership")},
    "stage.department_differs(stage.department, org.department_version, text[])": ("execute", "", ""),
    'stage.user_differs(stage."user", org.user_version, text[])': ("execute", "", ""),
    "stage.membership_differs(stage.membership, org.membership_version, text[])": ("execute", "", ""),
    "stage.list_department_differences(org.department_version, stage.department)": ("execute", "", ""),
    'stage.list_user_differences(org.user_version, stage."user")': ("execute", "", ""),
    "ops.keep_snapshot_of_history()": ("", "", ""),
    "ops.remove_plan_changes()": ("", "", ""),
    ENQUEUE: ("execute", "", ""),
    CHANGE_TODO: ("execute", "", ""),
    "notify.recall(bigint)": ("execute", "", ""),
    "notify.retry(bigint)": ("execute", "", ""),
    "notify.lock_calls(bigint)": ("", "", ""),
    "notify.take_back(notify.message)": ("", "", ""),
    "notify.try_again(notify.message)": ("", "", ""),
    "notify.ask_audience(text, text, integer)": ("execute", "", ""),
    "notify.cover(text, bigint[], integer)": ("execute", "", ""),
    FIND_PROBLEM: ("", "", ""),
    "notify.find_audience_problem(text, jsonb)": ("execute", "", ""),
    "notify.digest(text[])": ("", "", ""),
    "notify.clean(text)": ("", "", ""),
    "notify.find_url_problem(text, jsonb)": ("", "", ""),
    f"notify.find_time_problem(text, {INSTANT})": ("", "", ""),
    f"notify.explain_wait(text, {INSTANT})": ("execute", "", ""),
    "notify.find_actor()": ("", "", ""),
    "notify.find_objection(notify.message)": ("", "", ""),
}
SCHEMAS = {
    "org": ("usage", "usage", "usage"),
    "ops": ("usage", "usage", "usage"),
    "stage": ("usage", "", ""),
    "notify": ("usage", "usage", "usage"),
    "orgsync": ("usage", "", ""),
}
OF_SENDERS = {
    "notify.message": "select(all but audience,body,content_digest,title,url)",
    ENQUEUE: "execute",
    CHANGE_TODO: "execute",
    "notify.recall(bigint)": "execute",
    "notify.retry(bigint)": "execute",
    "notify": "usage",
}
OF_AUDIENCES = {
    **{name: "select" for name in RELATIONS if RELATIONS[name] == VIEW and name.startswith("org.") and "monthly" not in name},
    **{name: "execute" for name in FUNCTIONS if name.startswith("org.") and not re.search("headcount|monthly", name)},
    "org": "usage",
}
OF_PAGES = {
    **{f"ops.{verb}_message(bigint, text, text)": "execute" for verb in ("show", "recall", "retry")},
    "ops.show_person(text, text, text)": "execute",
    "ops.note_access(text, text, text, text)": "execute",
    "ops.ask_erasure(text, text, text, boolean)": "execute",
    "orgsync": "usage",
    "orgsync.migration": "select",
}
OF_RECEIVER = {
    "ops.event": "insert(all but attempts,handled_at,handled_by,outcome,received_at,tried_at)",
    "ops.count_refusals(text, text, bigint)": "execute",
    "ops": "usage",
    "orgsync": "usage",
    "orgsync.migration": "select",
}

OURS = "nspname !~ '^pg_' and nspname not in ('public', 'information_schema')"
LIST_RELATIONS = f"""
select relation.oid::int, nspname || '.' || relname, relkind, array(
    select attname::text from pg_attribute where attrelid = relation.oid and attnum > 0 and not attisdropped
)
from pg_class as relation join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and {OURS}
"""
LIST_FUNCTIONS = f"""
select pg_proc.oid::int, nspname || '.' || proname || '(' || oidvectortypes(proargtypes) || ')'
from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
where {OURS}
"""
OF_TABLES = ("delete", "insert", "maintain", "references", "select", "trigger", "truncate", "update")
OF_COLUMNS = ("insert", "references", "select", "update")


def fetch(connection: Connection, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def has(connection: Connection, kind: str, role: str, *what: object) -> bool:
    marks = ", ".join(["%s", *("%s::oid" if isinstance(each, int) else "%s" for each in what)])
    return bool(fetch(connection, f"select has_{kind}_privilege({marks})", role, *what)[0][0])


def privileges_on_table(connection: Connection, role: str, oid: int, columns: list[str]) -> str:
    """For example `delete insert select update(valid_to)`."""
    found = []
    for privilege in OF_TABLES:
        if privilege == "maintain" and connection.server_version < 170000:
            continue
        if has(connection, "table", role, oid, privilege):
            found.append(privilege)
        elif privilege in OF_COLUMNS and (granted := [each for each in columns if has(connection, "column", role, oid, each, privilege)]):
            missing = sorted(set(columns) - set(granted))
            shown = ",".join(granted) if len(granted) <= len(missing) else f"all but {','.join(missing)}"
            found.append(f"{privilege}({shown})")
    return " ".join(found)


def decided(decisions: dict[str, tuple[str, str, str]], name: str) -> dict[str, str]:
    of_senders, of_queries = OF_SENDERS.get(name, ""), decisions[name][2] or reading(decisions, name)
    of_pages = OF_PAGES.get(name, decisions[name][1])
    of_others = (of_senders, of_senders, OF_AUDIENCES.get(name, ""), of_queries, of_pages, OF_RECEIVER.get(name, ""), "")
    return dict(zip(ROLES, (*decisions[name], *of_others), strict=True))


def reading(decisions: dict[str, tuple[str, str, str]], name: str) -> str:
    """What is left of the loader's rights for who only reads."""
    kept = "usage" if decisions is SCHEMAS else "select"
    return kept if kept in decisions[name][0].split() else ""


def privileges(connection: Connection, role: str, oid: int, kind: str, columns: list[str]) -> str:
    if kind == "S":
        return " ".join(each for each in ("select", "update", "usage") if has(connection, "sequence", role, oid, each))
    return privileges_on_table(connection, role, oid, columns)


def test_every_relation_function_and_schema_has_its_decision(shared_warehouse: Connection) -> None:
    assert {name for _, name, _, _ in fetch(shared_warehouse, LIST_RELATIONS)} == set(RELATIONS)
    assert {name for _, name in fetch(shared_warehouse, LIST_FUNCTIONS)} == set(FUNCTIONS)
    assert {name for (name,) in fetch(shared_warehouse, f"select nspname::text from pg_namespace where {OURS}")} == set(SCHEMAS)


@pytest.mark.parametrize("name", RELATIONS)
def test_roles_may_what_was_decided_of(shared_warehouse: Connection, name: str) -> None:
    [(oid, _, kind, columns)] = [row for row in fetch(shared_warehouse, LIST_RELATIONS) if row[1] == name]
    found = {role: privileges(shared_warehouse, role, oid, kind, columns) for role in ROLES}
    assert found == decided(RELATIONS, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_roles_may_call_what_was_decided_of(shared_warehouse: Connection, name: str) -> None:
    [oid] = [oid for oid, found in fetch(shared_warehouse, LIST_FUNCTIONS) if found == name]
    found = {role: "execute" if has(shared_warehouse, "function", role, oid, "execute") else "" for role in ROLES}
    assert found == decided(FUNCTIONS, name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_roles_may_enter_what_was_decided_of(shared_warehouse: Connection, name: str) -> None:
    found = {role: " ".join(each for each in ("create", "usage") if has(shared_warehouse, "schema", role, name, each)) for role in ROLES}
    assert found == decided(SCHEMAS, name)


def test_roles_have_no_attribute_and_are_members_of_each_other_only(shared_warehouse: Connection) -> None:
    attributes = "rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls"
    assert fetch(shared_warehouse, f"select distinct {attributes} from pg_roles where rolname ~ '^orgsync_'") == [(False,) * 6]
    members = fetch(
        shared_warehouse,
        """
        select member.rolname::text, role.rolname::text, admin_option
        from pg_auth_members
        join pg_roles as member on member.oid = pg_auth_members.member
        join pg_roles as role on role.oid = pg_auth_members.roleid
        where member.rolname ~ '^orgsync_'
        """,
    )
    assert sorted(members) == [
        ("orgsync_dispatcher", "orgsync_sender", False),
        ("orgsync_loader", "orgsync_pii", False),
        ("orgsync_pages", "orgsync_reader", False),
        ("orgsync_pii", "orgsync_reader", False),
        ("orgsync_query", "orgsync_pii", False),
    ]


@pytest.fixture(scope="module")
def logins(postgres: PostgresServer) -> Iterator[LoginTo]:
    """From a role and a warehouse's DSN to the DSN of a login that is a member of that role and of nothing else."""
    roles = ("orgsync_loader", "orgsync_reader", "orgsync_pii", "orgsync_sender", "orgsync_pages", "nobody")
    names = {role: f"login_of_{role}" for role in roles}
    admin = psycopg2.connect(postgres.dsn())
    admin.autocommit = True
    for role, name in names.items():
        fetch(admin, f"create role {name} login password '{PASSWORD}'" + ("" if role == "nobody" else f" in role {role}"))
    yield lambda role, dsn: make_dsn(dsn, user=names[role], password=PASSWORD)
    for name in names.values():
        fetch(admin, f"drop role {name}")
    admin.close()


@pytest.fixture
def ask(world: World, logins: LoginTo) -> Ask:
    """What a login of a role gets to see in the world's warehouse."""

    def ask_as(role: str, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(logins(role, world.dsn))
        try:
            return fetch(connection, statement)
        finally:
            connection.close()

    return ask_as


@pytest.fixture(scope="module")
def sessions(postgres: PostgresServer, migrated_dsn: str, logins: LoginTo) -> Iterator[dict[str, Connection]]:
    """A connection of each login to one warehouse, in which nothing is ever committed."""
    admin = psycopg2.connect(postgres.dsn())
    admin.autocommit = True
    fetch(admin, "create database of_the_roles template template_warehouse")
    roles = (*ROLES[:4], "orgsync_pages", "nobody")
    connections = {role: psycopg2.connect(logins(role, postgres.dsn("of_the_roles"))) for role in roles}
    yield connections
    for connection in connections.values():
        connection.close()
    fetch(admin, "drop database of_the_roles with (force)")
    admin.close()


def attempt(connection: Connection, statement: str) -> None:
    try:
        fetch(connection, statement)
    finally:
        connection.rollback()


READ_BY_ALL = [
    "select * from org.users",
    "select * from org.users_at(now())",
    "select * from org.departments_at(now())",
    "select * from org.memberships_at(now())",
    "select * from org.user_history",
    "select * from org.department_tree",
    "select * from org.change",
    "select * from ops.sync_run",
    "select * from ops.snapshot",
    "select * from ops.quarantine",
    "select * from ops.expectation_result",
    "select plan_id, state, summary from ops.plan",
    "select * from ops.plan_line",
    "select * from org.headcount_change",
    "select * from org.headcounts_at(now())",
    "select * from org.search_key",
    "select * from org.reporting_line",
    "select * from org.monthly_summary",
    "select * from org.monthly_summary_in('Asia/Shanghai')",
]
REFUSED_TO_ALL = [
    "create table org.mine (id int)",
    "create view ops.mine as select 1",
    "create function stage.mine() returns int language sql as 'select 1'",
    "create schema mine",
    "create role mine",
    "create table public.mine (id int)",
    "alter table org.user_version add column mine text",
    "drop view org.change",
    "truncate org.user_version cascade",
    "truncate stage.user",
    "update orgsync.migration set digest = ''",
    "delete from orgsync.migration",
    "insert into orgsync.migration values (9999, '9999_mine', '')",
    "delete from ops.snapshot",
    "delete from ops.sync_run",
    "delete from ops.plan",
    "delete from ops.quarantine",
    "update ops.quarantine set reason = ''",
    "update org.user_version set name = 'x'",
    "update org.user_version set mobile = null",
    "update org.users set name = 'x'",
    "grant orgsync_loader to current_user",
    "set role orgsync",
    "alter function stage.analyze_rows(text) owner to current_user",
    "create trigger mine before update on ops.plan for each row execute function suppress_redundant_updates_trigger()",
    "select * from pg_authid",
    "copy (select 1) to program 'true'",
    "update ops.audit set actor = 'another'",
    "delete from ops.audit",
    "truncate ops.audit",
    "alter sequence ops.audit_audit_id_seq restart",
    "update org.headcount_change set total = 0",
    "update org.search_key set key = 'x'",
]
REFUSED_TO_READERS = [
    "select * from org.user_version",
    "select name from org.user_version",
    "select mobile from org.user_version",
    "select * from org.department_version",
    "select * from org.membership_version",
    "select * from stage.user",
    "select * from stage.version",
    "select stage.analyze_rows('user')",
    "select stage.analyze_history(1)",
    "select stage.count_heads('acme', now())",
    "insert into org.headcount_change values ('acme', '', now(), 0, 1)",
    "delete from org.headcount_change",
    "insert into org.search_key values ('acme', 'name', 'x', 'x')",
    "insert into ops.audit (actor, action, tenant_id, subject) values ('eva', 'person.shown', 'acme', '1')",
    "insert into ops.sync_run (tenant_id, run_id, platform, run_type) values ('a', 'b', 'c', 'd')",
    "update ops.sync_run set error = null",
    "update ops.plan set state = 'applied'",
    "delete from org.user_version",
    "insert into org.department_version select * from org.department_history",
]
SHOW_PERSON = "select * from ops.show_person('acme', '1', 'eva')"
NOT_FOR_READERS = ["select * from ops.plan_change", "select digest from ops.plan", "select * from ops.plan", "select * from ops.audit"]
MAY = [
    *(pytest.param(role, statement, id=f"{role}-{statement}") for role in (*ROLES[:3], "orgsync_pages") for statement in READ_BY_ALL),
    *(
        pytest.param("orgsync_pages", statement, id=f"orgsync_pages-{statement}")
        for statement in ("select * from orgsync.migration", SHOW_PERSON)
    ),
    *(
        pytest.param(role, statement, id=f"{role}-{statement}")
        for role in ("orgsync_pii", "orgsync_loader")
        for statement in ("select * from ops.plan", "select * from ops.plan_change", "select * from ops.audit")
    ),
    *(
        pytest.param("orgsync_loader", statement, id=f"orgsync_loader-{statement}")
        for statement in (
            "select mobile from org.user_version",
            "select stage.analyze_rows('user')",
            "select stage.analyze_history(1)",
            "select * from orgsync.migration",
            "select stage.count_heads('acme', now())",
            "insert into ops.audit (actor, action, tenant_id, subject) values ('eva', 'person.shown', 'acme', '1')",
        )
    ),
]
MAY_NOT = [
    *(
        pytest.param(role, statement, id=f"{role}-{statement}")
        for role in (*ROLES[:3], "orgsync_pages", "nobody")
        for statement in REFUSED_TO_ALL
    ),
    *(
        pytest.param(role, statement, id=f"{role}-{statement}")
        for role in ("orgsync_reader", "orgsync_pii", "orgsync_pages", "nobody")
        for statement in REFUSED_TO_READERS
    ),
    *(
        pytest.param(role, statement, id=f"{role}-{statement}")
        for role in ("orgsync_reader", "orgsync_pii", "nobody")
        for statement in ("select * from orgsync.migration", SHOW_PERSON)
    ),
    pytest.param("orgsync_loader", SHOW_PERSON, id="orgsync_loader-show_person"),
    *(pytest.param("nobody", statement, id=f"nobody-{statement}") for statement in READ_BY_ALL),
    *(
        pytest.param(role, statement, id=f"{role}-{statement}")
        for role in ("orgsync_reader", "orgsync_pages")
        for statement in NOT_FOR_READERS
    ),
]
REFUSALS = (
    psycopg2.errors.InsufficientPrivilege,
    psycopg2.errors.ObjectNotInPrerequisiteState,  # a view that nobody can write through
)


@pytest.mark.parametrize(("role", "statement"), MAY)
def test_role_may(sessions: dict[str, Connection], role: str, statement: str) -> None:
    attempt(sessions[role], statement)


@pytest.mark.parametrize(("role", "statement"), MAY_NOT)
def test_role_may_not(sessions: dict[str, Connection], role: str, statement: str) -> None:
    with pytest.raises(REFUSALS):
        attempt(sessions[role], statement)


@pytest.mark.parametrize("name", ["pg_class", "org.user_version", 'user"; drop table stage.user; --'])
def test_loader_analyzes_nothing_outside_of_the_stage(sessions: dict[str, Connection], name: str) -> None:
    with pytest.raises(psycopg2.errors.UndefinedTable):
        attempt(sessions["orgsync_loader"], f"select stage.analyze_rows('{name}')")


@pytest.fixture
def loader(world: World, logins: LoginTo, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, its pipeline connected as a login that is a member of orgsync_loader and of nothing else."""
    set_warehouse(monkeypatch, logins("orgsync_loader", world.dsn))
    return world


def test_loader_runs_whole_syncs(loader: World) -> None:
    """In time order, one to look only, and that one between two that are loaded, taken out, and let in again.

    These remove versions to write them anew.
    """
    now = datetime.now(UTC)
    assert loader.sync(now=now - timedelta(hours=2))["outcome"] == "succeeded"
    loader.control("POST", "evolve", {"rate": 0.3})
    assert loader.sync(now=now - timedelta(hours=1), dry_run=True)["outcome"] == "planned"
    loader.control("POST", "evolve", {"rate": 0.3})
    assert loader.sync(now=now)["outcome"] == "succeeded"
    [between] = replay(loader.make_run(), after=now - timedelta(minutes=90), until=now - timedelta(minutes=30))
    assert between["outcome"] == "succeeded"
    assert retract(loader.make_run(), [between["snapshot_id"]], decided_by="wang")[0]["history_rows"] > 0
    assert undo_retraction(loader.make_run(), between["snapshot_id"], decided_by="wang")["history_rows"] > 0
    assert loader.query("select count(*) from ops.snapshot where state = 'loaded'") == [(3,)]


def test_loader_quarantines_and_records_a_failure(loader: World) -> None:
    loader.control("POST", "faults", {"interface": "topapi/v2/user/list", "kind": "nul_in_name", "calls": [2]})
    loader.sync()
    assert loader.query("select count(*) > 0 from ops.quarantine") == [(True,)]
    loader.control("PUT", "settings", {"permissions": ["qyapi_base"]})
    with pytest.raises(Exception, match="qyapi"):
        loader.sync()
    assert loader.query("select outcome from ops.sync_run order by started_at desc limit 1") == [("failed",)]


RIGHTS = "rolsuper, rolcreaterole, rolcreatedb, rolinherit"


def test_owner_that_migrates_makes_the_logins_that_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their passwords are those of their connections; another time they are left as they are."""
    loader, pages = ({"login": login, "password": PASSWORD} for login in ("made_by_migrate", "made_for_the_pages"))
    parts = json.loads(os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"])
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE_OWNER", json.dumps(parts))
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE", json.dumps(parts | loader))
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_PAGES", json.dumps(parts | pages))
    made = "from pg_roles where rolname = 'made_by_migrate'"
    made_for_pages = made.replace("made_by_migrate", "made_for_the_pages")
    passwords = "select rolname, rolpassword from pg_authid where rolname ~ '^made_' order by 1"
    try:
        migrate_warehouse(world.settings)
        assert world.sync()["outcome"] == "succeeded"
        assert world.query(f"select {RIGHTS}, pg_has_role(rolname, 'orgsync_loader', 'usage') {made}") == [
            (False, False, False, True, True)
        ]
        assert world.query(f"select {RIGHTS}, pg_has_role(rolname, 'orgsync_pii', 'member') {made_for_pages}") == [
            (False, False, False, True, False)
        ]
        before = world.query(passwords)
        for name, login in (("WAREHOUSE", loader), ("PAGES", pages)):
            monkeypatch.setenv(f"AIRFLOW_CONN_ORGSYNC_{name}", json.dumps(parts | login | {"password": "another"}))
        migrate_warehouse(world.settings)
        assert world.query(passwords) == before
        monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_PAGES", json.dumps(parts | pages))
        with open_reader(world.settings) as connection:
            assert fetch(connection, "select distinct mobile from org.users where mobile is not null") == [("***",)]
    finally:
        world.query("drop owned by made_by_migrate, made_for_the_pages; drop role made_by_migrate, made_for_the_pages")


def test_login_of_the_pages_that_is_there_becomes_a_member(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = json.loads(os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"])
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_PAGES", json.dumps(parts | {"login": "made_by_hand", "password": PASSWORD}))
    world.query(f"create role made_by_hand login password '{PASSWORD}'")
    try:
        for _ in range(2):
            migrate_warehouse(world.settings)
            assert world.query("select pg_has_role('made_by_hand', 'orgsync_pages', 'usage')") == [(True,)]
    finally:
        world.query("drop owned by made_by_hand; drop role made_by_hand")


def test_pages_that_know_only_the_owner_or_the_loader_get_no_role_for_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_PAGES", os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"])
    members = "select member::regrole::text from pg_auth_members where roleid = 'orgsync_pages'::regrole"
    before = world.query(members)
    migrate_warehouse(world.settings)
    assert world.query(members) == before


def test_loader_who_migrates_is_told_who_can_make_the_login_of_the_pages(loader: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = json.loads(os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"])
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_PAGES", json.dumps(parts | {"login": "not_there_yet"}))
    with pytest.raises(ConfigurationError, match="owner of the schemas"):
        migrate_warehouse(loader.settings)


def test_loader_delivers_changes_and_takes_back(loader: World) -> None:
    """All that the command and the DAGs do with messages, a saved audience among it."""
    loader.sync()
    tenant = loader.make_run().tenant
    [(one,)] = loader.query("select min(user_id) from org.users")
    loader.query("insert into notify.audience_query values ('acme', 'one', %s)", f"select '{one}' as user_id")

    def send(content: Content, **audience: Any) -> int:
        return sending.enqueue(loader.settings, tenant, Message(content, Audience(**audience)))

    def push() -> None:
        sending.push(loader.settings, tenant, run_for=timedelta(0))

    text, todo = send(Content("text", "Hello"), query="one"), send(Content("todo", "Sign", url="https://example.com/"), users=[one])
    push()
    sending.change_todo(loader.settings, todo, "complete")
    assert sending.recall(loader.settings, text) == "asked"
    push()
    assert loader.query("select state from notify.message order by message_id") == [("recalled",), ("sent",), ("delivered",)]


def test_planner_knows_what_a_loader_staged(loader: World) -> None:
    """Only an owner may analyze; a loader's merge would be planned for empty tables."""
    loader.sync()
    statistics = "select relname::text, reltuples::int from pg_class where relnamespace = 'stage'::regnamespace"
    counts = dict(loader.query(f"{statistics} and relname in ('user', 'affected')"))
    people = len(loader.truth()["users"])
    assert counts["user"] == people
    assert counts["affected"] > people


def test_planner_knows_history_after_a_large_load(loader: World) -> None:
    known = "select relname::text, reltuples::int from pg_class where relnamespace = 'org'::regnamespace and relname ~ '_version$'"
    loader.control("POST", "organization", {"people": 700, "seed": 7})
    loader.sync()
    assert loader.query(known)
    for relation, rows in loader.query(known):
        assert loader.query(f"select count(*) from org.{relation}") == [(rows,)]


def test_loader_who_migrates_is_told_who_can(loader: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert migrate_warehouse(loader.settings) == []
    loader.query("delete from orgsync.migration where version = (select max(version) from orgsync.migration)")
    with pytest.raises(ConfigurationError, match="owner of the schemas"):
        migrate_warehouse(loader.settings)


@pytest.mark.parametrize("role", ["orgsync_reader", "nobody"])
def test_sync_with_too_few_rights_says_which_role_it_needs(
    world: World, logins: LoginTo, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    set_warehouse(monkeypatch, logins(role, world.dsn))
    with pytest.raises(ConfigurationError, match=rf"login_of_{role}.*orgsync_warehouse.*orgsync_loader"):
        world.sync()


def test_owner_who_is_no_superuser_migrates_and_a_loader_syncs(
    world: World, postgres: PostgresServer, logins: LoginTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a managed server, where nobody is superuser; here on one that has another warehouse, and with it the roles."""
    postgres.create_database("owned")
    admin = psycopg2.connect(postgres.dsn("owned"))
    admin.autocommit = True
    fetch(admin, f"create role owner_of_the_warehouse login createrole password '{PASSWORD}'")
    fetch(admin, "grant create on database owned to owner_of_the_warehouse")
    owner = psycopg2.connect(make_dsn(postgres.dsn("owned"), user="owner_of_the_warehouse", password=PASSWORD))
    try:
        for role in ("orgsync_audience", "orgsync_query"):
            with pytest.raises(psycopg2.Error, match=f"`grant {role} to owner_of_the_warehouse`") as refused:
                migrate(owner)
            assert refused.value.pgcode == "NT001"
            owner.rollback()
            fetch(admin, f"grant {role} to owner_of_the_warehouse")
        assert migrate(owner)[-1:] == [migration.name for migration in list_migrations()][-1:]
        set_warehouse(monkeypatch, logins("orgsync_loader", postgres.dsn("owned")))
        assert world.sync()["outcome"] == "succeeded"
        assert fetch(owner, "select count(*) from org.user_version") == [(len(world.truth()["users"]),)]
    finally:
        owner.close()
        fetch(admin, "drop owned by owner_of_the_warehouse cascade")
        fetch(admin, "drop role owner_of_the_warehouse")
        admin.close()


def test_owner_who_is_no_superuser_migrates_an_empty_server(tmp_path: Path) -> None:
    """Then the roles are its own."""
    with embedded_postgres(tmp_path) as server:
        server.create_database("owned")
        admin = psycopg2.connect(server.dsn("owned"))
        admin.autocommit = True
        fetch(admin, f"create role owner_of_the_warehouse login createrole password '{PASSWORD}'")
        fetch(admin, "grant create on database owned to owner_of_the_warehouse")
        owner = psycopg2.connect(make_dsn(server.dsn("owned"), user="owner_of_the_warehouse", password=PASSWORD))
        assert migrate(owner) == [migration.name for migration in list_migrations()]
        fetch(owner, "grant orgsync_loader to current_user")  # as one that runs syncs as well
        asked = "select user_ids, strangers from notify.ask_audience('acme', 'select current_user as user_id', 10)"
        assert fetch(owner, asked) == [([], 1)]
        assert fetch(owner, "select proowner::regrole::text from pg_proc where proname = 'ask_audience'") == [("orgsync_audience",)]
        assert [line for (line,) in fetch(owner, "select ops.answer('select current_user::text')")] == [["orgsync_query"]]
        owner.close()
        admin.close()


CLEAR = (*PERSONAL_COLUMNS, "attributes")


@pytest.mark.parametrize("source", ["org.users", "org.users_at(now())", "org.user_history", "org.people"])
def test_reader_sees_personal_columns_masked(world: World, ask: Ask, source: str) -> None:
    world.sync()
    statement = f"select {', '.join(CLEAR)} from {source} order by user_id"
    clear = world.query(statement)
    assert any(row[0] for row in clear)
    assert ask("orgsync_pii", statement) == clear
    assert ask("orgsync_loader", statement) == clear
    masked = [(*(None if value is None else "***" for value in row[:-1]), None) for row in clear]
    assert ask("orgsync_reader", statement) == masked
    assert ask("orgsync_pages", statement) == masked


@pytest.mark.parametrize("view", ["org.reporting_line", "org.monthly_summary"])
def test_views_for_reports_say_the_same_to_readers_and_nothing_personal(world: World, ask: Ask, view: str) -> None:
    world.sync()
    statement = f"select row::text from {view} as row order by 1"
    rows = ask("orgsync_reader", statement)
    assert rows
    assert rows == world.query(statement) == ask("orgsync_pii", statement)
    personal = {value for row in world.query(f"select {', '.join(PERSONAL_COLUMNS)} from org.user_version") for value in row if value}
    assert personal
    assert not [text for (text,) in rows if any(value in text for value in personal)]


def test_views_of_one_tenant_are_masked_for_a_login_in_no_role(world: World, logins: LoginTo) -> None:
    """As docs/bi.md gives them to whoever may see one tenant only."""
    world.sync()
    world.query(
        "create schema bi_acme; create view bi_acme.people as select * from org.people where tenant_id = 'acme'; "
        "create view bi_acme.reporting_line as select * from org.reporting_line where tenant_id = 'acme'; "
        "grant usage on schema bi_acme to login_of_nobody; grant select on all tables in schema bi_acme to login_of_nobody"
    )
    connection = psycopg2.connect(logins("nobody", world.dsn))
    try:
        assert fetch(connection, "select distinct mobile from bi_acme.people where mobile is not null") == [("***",)]
        assert fetch(connection, "select count(*) from bi_acme.reporting_line") == world.query("select count(*) from org.reporting_line")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            fetch(connection, "select * from org.people")
    finally:
        connection.close()
        world.query("drop owned by login_of_nobody")


def test_saved_audience_finds_who_reports_to_somebody(world: World) -> None:
    world.sync()
    [(superior, count)] = world.query(
        "select superior_user_id, count(*) from org.reporting_line group by superior_user_id order by 2 desc, 1 limit 1"
    )
    asked = f"select user_id from org.reporting_line where superior_user_id = '{superior}'"
    [(user_ids,)] = world.query("select user_ids from notify.ask_audience('acme', %s, 1000)", asked)
    assert len(user_ids) == count


def test_hash_over_personal_columns_is_not_for_readers(world: World, ask: Ask) -> None:
    """Who knows all of a row but a number of eleven digits finds it by trying."""
    world.sync()
    statement = "select count(content_hash) from org.user_history"
    assert ask("orgsync_reader", statement) == ask("orgsync_pages", statement) == [(0,)]
    assert ask("orgsync_pii", statement) == world.query("select count(*) from org.user_version")


def test_reader_sees_that_a_personal_column_changed_but_not_to_what(world: World, ask: Ask) -> None:
    world.sync()
    world.query("update org.user_version set mobile = '+86-13000000000', email = null, valid_to = null where mobile is not null")
    world.query("update ops.plan set judged_by = 'another version'")  # so that the same answers are held against history again
    world.sync()
    statement = (
        "select user_id, kind, column_name, value_from, value_to from org.change where kind not in ('joined', 'created') order by change_id"
    )
    clear, masked = world.query(statement), ask("orgsync_reader", statement)
    assert ask("orgsync_pii", statement) == clear
    assert {column for _, _, column, _, _ in masked} >= {"mobile", "email"}
    assert masked == [(*row[:3], *(None if value is None else "***" for value in row[3:])) for row in clear]


def test_changes_are_counted_once_whoever_asks(world: World, ask: Ask) -> None:
    world.sync()
    world.control("POST", "evolve", {"rate": 0.2})
    world.sync()
    assert world.query("select count(*) - count(distinct change_id) from org.change") == [(0,)]
    statement = "select kind, count(*) from org.change group by 1 order by 1"
    assert ask("orgsync_reader", statement) == world.query(statement)


def test_lines_of_a_plan_are_masked_for_readers(world: World, ask: Ask) -> None:
    """The row of a person who joins names nobody's number; one whose number changes does."""
    world.sync()
    world.query("update org.user_version set mobile = '+86-13000000000', title = 'Idler', valid_to = null where mobile is not null")
    world.query("update ops.plan set judged_by = 'another version'")
    world.sync(dry_run=True)
    told = "column_name, user_id, value_from, value_to from ops.plan_{} where column_name in ('mobile', 'title') order by 1, 2"
    clear = world.query("select " + told.format("change"))
    assert {column for column, *_ in clear} == {"mobile", "title"}
    assert ask("orgsync_pii", "select " + told.format("line")) == clear
    masked = [(*row[:2], *(value and "***" if row[0] == "mobile" else value for value in row[2:])) for row in clear]
    assert ask("orgsync_pages", "select " + told.format("line")) == masked
    both = "plan_id, kind, entity, user_id, department_id, column_name, name, names_from, names_to, department_path"
    lines = ask("orgsync_reader", f"select {both} from ops.plan_line order by 1, 2, 3, 4, 5, 6")
    assert lines == world.query(f"select {both} from ops.plan_change order by 1, 2, 3, 4, 5, 6")


@pytest.fixture
def pages(world: World, logins: LoginTo) -> Iterator[Connection]:
    """The world's warehouse as its pages see it."""
    connection = psycopg2.connect(logins("orgsync_pages", world.dsn))
    yield connection
    connection.close()


AUDITED = "select actor, action, tenant_id, subject, detail from ops.audit order by audit_id"


def test_personal_values_are_shown_person_by_person_and_that_is_written_down(world: World, pages: Connection) -> None:
    world.sync()
    [(person, *clear)] = world.query(f"select user_id, {', '.join(CLEAR)} from org.users where mobile is not null order by 1 limit 1")
    assert fetch(pages, "select * from ops.show_person('acme', %s, 'eva')", person) == [tuple(clear)]
    pages.commit()
    assert world.query(AUDITED) == [("eva", "person.shown", "acme", person, "")]
    assert world.query("select happened_at between now() - interval '1 minute' and now() from ops.audit") == [(True,)]


def test_who_left_is_shown_as_last_known(world: World, pages: Connection) -> None:
    world.sync()
    [(person, mobile)] = world.query("select user_id, mobile from org.users where mobile is not null order by 1 limit 1")
    world.query("update org.user_version set valid_to = now() where user_id = %s", person)
    assert [row[0] for row in fetch(pages, "select * from ops.show_person('acme', %s, 'eva')", person)] == [mobile]


@pytest.mark.parametrize(("tenant", "person"), [("acme", "nobody"), ("another", "nobody"), ("", "")])
def test_asking_after_somebody_unknown_is_written_down_too(world: World, pages: Connection, tenant: str, person: str) -> None:
    assert fetch(pages, "select * from ops.show_person(%s, %s, 'eva')", tenant, person) == []
    pages.commit()
    assert world.query(AUDITED) == [("eva", "person.shown", tenant, person, "")]


def test_nobody_is_shown_whose_look_is_not_written_down(world: World, pages: Connection) -> None:
    """They are one transaction; and without a name for the book nothing is shown."""
    world.sync()
    [(person,)] = world.query("select min(user_id) from org.users")
    fetch(pages, "select * from ops.show_person('acme', %s, 'eva')", person)
    pages.rollback()
    assert world.query(AUDITED) == []
    with pytest.raises(psycopg2.errors.NotNullViolation):
        fetch(pages, "select * from ops.show_person('acme', %s, null)", person)


def test_shown_person_cannot_be_another_tables(world: World, pages: Connection) -> None:
    """The function runs as the owner, who sees all: nothing of the caller's decides what its names mean."""
    world.sync()
    [(person, mobile)] = world.query("select user_id, mobile from org.users where mobile is not null order by 1 limit 1")
    fetch(pages, "create temporary table user_version (mobile text)")
    fetch(pages, "set search_path = pg_temp, org, public")
    assert fetch(pages, "select mobile from ops.show_person('acme', %s, 'eva')", person) == [(mobile,)]
