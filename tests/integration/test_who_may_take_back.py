"""A sender takes back and changes its own messages only, unless it may for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from stack.postgres import PostgresServer

PASSWORD = "of-a-test"
# A login, what it is a member of, and what it sets before it speaks.
LOGINS = {
    "shop": ("orgsync_sender", None),
    "payroll": ("orgsync_sender", None),
    "console": ("orgsync_dispatcher", None),
    "airflow": ("orgsync_loader", None),
    "shop_as_sender": ("orgsync_sender", "orgsync_sender"),
    "gateway": ("app_of_the_gateway, other_app", "app_of_the_gateway"),
}
ENQUEUE = "select notify.enqueue('acme', 'todo', title => 't', url => 'https://x.cn/', audience => '{\"everyone\": true}')"


@pytest.fixture
def dsn(postgres: PostgresServer, warehouse_dsn: str) -> Iterator[str]:
    admin = psycopg2.connect(warehouse_dsn)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("insert into notify.channel (tenant_id, platform, is_whole, limits) values ('acme', 'feishu', true, '{}')")
        for role in ("app_of_the_gateway", "other_app"):
            cursor.execute(f"create role {role} in role orgsync_sender")
        for login, (groups, _) in LOGINS.items():
            cursor.execute(f"create role {login} login password '{PASSWORD}' in role {groups}")
        yield warehouse_dsn
        for role in (*LOGINS, "app_of_the_gateway", "other_app"):
            cursor.execute(f"drop owned by {role} cascade; drop role {role}")
    admin.close()


def ask_as(dsn: str, login: str, statement: str, role: str | None = None) -> Any:
    connection = psycopg2.connect(make_dsn(dsn, user=login, password=PASSWORD))
    try:
        with connection, connection.cursor() as cursor:
            if role := role or LOGINS[login][1]:
                cursor.execute(f"set role {role}")
            cursor.execute(statement)
            return cursor.fetchall()[0][0]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("queued_by", "asked_by", "may"),
    [
        ("shop", "shop", True),
        ("shop", "payroll", False),
        ("shop", "console", True),
        ("shop", "airflow", True),
        ("airflow", "shop", False),
        ("gateway", "shop", False),
        ("gateway", "gateway", True),
        # The role that all senders have in common makes them nobody in particular.
        ("shop_as_sender", "payroll", False),
        ("shop_as_sender", "shop_as_sender", True),
    ],
)
def test_who_takes_back_and_changes_what(dsn: str, queued_by: str, asked_by: str, may: bool) -> None:
    message = ask_as(dsn, queued_by, ENQUEUE)
    for statement in (f"select notify.change_todo({message}, 'complete')", f"select notify.recall({message})"):
        if may:
            assert ask_as(dsn, asked_by, statement)
        else:
            with pytest.raises(psycopg2.Error, match="change its own only; for all it takes the role orgsync_dispatcher") as refused:
                ask_as(dsn, asked_by, statement)
            assert refused.value.pgcode == "NT001"


def test_a_login_for_several_applications_is_the_one_it_has_set(dsn: str) -> None:
    message = ask_as(dsn, "gateway", ENQUEUE)
    with pytest.raises(psycopg2.Error, match="queued by app_of_the_gateway, and other_app may"):
        ask_as(dsn, "gateway", f"select notify.recall({message})", role="other_app")


def test_a_function_with_its_owners_rights_lends_nobody_its_messages(dsn: str) -> None:
    """Whoever calls it is who acts."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"create function public.tell() returns bigint language sql security definer as $$ {ENQUEUE} $$")
        cursor.execute(
            "create function public.take_back(id bigint) returns text language sql security definer as $$ select notify.recall(id) $$"
        )
    connection.close()
    message = ask_as(dsn, "shop", "select public.tell()")
    with pytest.raises(psycopg2.Error, match="queued by shop, and payroll may"):
        ask_as(dsn, "payroll", f"select public.take_back({message})")
    assert ask_as(dsn, "shop", f"select public.take_back({message})") == "not sent yet"
