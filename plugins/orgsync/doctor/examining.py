"""The doctor: all that can keep a tenant from being read or written to, found out without changing anything for anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

from orgsync.check import Check, ok
from orgsync.connections.finding import find_type
from orgsync.doctor.places import examine_places
from orgsync.doctor.telling import broken
from orgsync.doctor.warehouse import examine_standing, examine_warehouse
from orgsync.errors import ConfigurationError
from orgsync.platforms import PLATFORM_NAMES, load_platform
from orgsync.platforms.connector import Connector
from orgsync.platforms.examining import CALLBACK, Needs
from orgsync.settings import Settings
from orgsync.tenants import Tenant, read_stanzas, read_tenant
from orgsync.words import Words

FILE = "tenants file"
_NO_EVENTS = Words("events that the platform pushes are refused", "平台推送的事件会被拒绝")
SHARED = ""
"""The tenant of what all tenants share."""


def examine_all(settings: Settings, tenant_id: str | None = None) -> dict[str, list[Check]]:
    """What all tenants share (SHARED), and each tenant or this one; what is wrong with one keeps no other from being tried.

    Raises ConfigurationError where there is no such tenant, or with what is wrong with its stanza.
    """
    shared = examine_surroundings(settings)
    if tenant_id is not None:
        return {SHARED: shared, tenant_id: examine_tenant(settings, tenant_id)}
    try:
        stanzas = read_stanzas(settings.tenants_file)
    except ConfigurationError as error:
        return {SHARED: [broken(FILE, error, subject=str(settings.tenants_file)), *shared]}
    found = {tenant.id: examine_tenant(settings, tenant.id) for tenant in stanzas.tenants}
    for stanza in stanzas.broken:
        found.setdefault(stanza.tenant_id, []).append(broken(FILE, str(stanza).partition("\n")[0], tenant_id=stanza.tenant_id))
    return {SHARED: [*found.pop(SHARED, []), *shared]} | found


def examine_tenant(settings: Settings, tenant_id: str) -> list[Check]:
    """Its stanza, its connection and platform, its company and quotas; what is wrong with one keeps no other from being tried.

    Raises ConfigurationError where there is no such tenant, or with what is wrong with its stanza.
    """
    tenant = read_tenant(settings.tenants_file, tenant_id)
    return [replace(check, tenant_id=tenant_id) for check in _examine(settings, tenant)]


def examine_connection(conn_id: str) -> list[Check]:
    """A platform's connection that no tenant needs to use yet."""
    kind = find_type(conn_id)
    if kind not in PLATFORM_NAMES:
        raise ConfigurationError(f"connection {conn_id!r} is of type {kind!r}; the doctor examines {', '.join(PLATFORM_NAMES)}")
    return list(open_connector(kind, conn_id).examine())


def examine_surroundings(settings: Settings) -> list[Check]:
    """What all tenants share: the warehouse, the landing zone, the folder of reports."""
    return [*examine_warehouse(settings), *examine_places(settings)]


def open_connector(platform: str, conn_id: str) -> Connector:
    """The one that answers the *Test* button of the connection's form."""
    module, _, name = load_platform(platform).form["hook-class-name"].rpartition(".")
    connector: Connector = getattr(import_module(module), name)(conn_id)
    return connector


def _examine(settings: Settings, tenant: Tenant) -> Iterator[Check]:
    yield ok(FILE, Words("its stanza is right", "其配置段正确"))
    keys = load_platform(tenant.platform).user_keys
    needs = Needs(user_key=tenant.user_key or next(iter(keys), ""), scope=tenant.scope)
    yield from open_connector(tenant.platform, tenant.conn_id).examine(needs)
    yield from _examine_events(tenant)
    yield from examine_standing(settings, tenant)


def _examine_events(tenant: Tenant) -> Iterator[Check]:
    """What the connection itself shows of its two values is told already; here, whether a tenant that is to receive by them has them."""
    if tenant.events.receive != "http":
        return
    try:
        load_platform(tenant.platform).callback(tenant.conn_id)
    except ConfigurationError as error:
        yield broken(CALLBACK, error, subject="events", lost=_NO_EVENTS)
