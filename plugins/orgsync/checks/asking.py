"""What only the warehouse and the platforms can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from psycopg2.extensions import connection as Connection

from orgsync.checks.check import Check, right, wrong
from orgsync.errors import OrgsyncError
from orgsync.outbox import store
from orgsync.outbox.audiences import ask_audience
from orgsync.outbox.queueing import Audience
from orgsync.platforms import load_platform
from orgsync.settings import Settings
from orgsync.tenants import Tenant
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import fetch_all


def check_warehouse(settings: Settings, tenants: Sequence[Tenant], *, tenant_id: str | None) -> Iterator[Check]:
    """Its schema, whom rules for changes name, and every saved audience of these tenants, or of all there are."""
    try:
        with open_warehouse(find_warehouse(settings)) as connection:
            check_schema(connection)
            yield right("warehouse", settings.warehouse_conn_id, "it answers, and has the schema of this version")
            for tenant in tenants:
                yield from _check_rules(connection, tenant)
            yield from _check_audiences(connection, tenant_id)
            connection.rollback()
    except OrgsyncError as error:
        yield wrong("warehouse", settings.warehouse_conn_id, str(error))


def check_platform(tenant: Tenant) -> Check:
    """As the *Test* button of the connection's form does."""
    module, _, name = load_platform(tenant.platform).form["hook-class-name"].rpartition(".")
    hook: Any = getattr(import_module(module), name)(tenant.conn_id)
    is_right, text = hook.test_connection()
    return (right if is_right else wrong)("platform", tenant.conn_id, text, tenant_id=tenant.id)


def _check_rules(connection: Connection, tenant: Tenant) -> Iterator[Check]:
    for rule in tenant.change_messages:
        audience = Audience(rule.everyone, rule.users, rule.departments, rule.query)
        if problem := store.find_audience_problem(connection, tenant.id, audience.as_json()):
            yield wrong("audience", rule.query or rule.template, f"rule of template {rule.template!r}: {problem}", tenant_id=tenant.id)


def _check_audiences(connection: Connection, tenant_id: str | None) -> Iterator[Check]:
    for row in fetch_all(connection, "outbox/list_audiences", tenant_id=tenant_id):
        named = {"name": row["name"], "tenant_id": row["tenant_id"]}
        try:
            found = ask_audience(connection, row["tenant_id"], row["name"])
        except OrgsyncError as error:
            yield wrong("audience", text=str(error), **named)
        else:
            strangers = f"; {found.strangers:,} of its ids are nobody's" if found.strangers else ""
            yield right("audience", text=f"{len(found.user_ids):,} people{strangers}", **named)
