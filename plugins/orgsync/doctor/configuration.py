"""Everything that is configured, tried in turn: what is wrong with one thing keeps nothing else from being tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orgsync.check import Check, ok
from orgsync.doctor.alerting import check_alerts
from orgsync.doctor.examining import open_connector
from orgsync.doctor.files import check_connection, check_landing_zone, check_stanzas, check_templates, check_warehouse_connection, read_file
from orgsync.doctor.telling import broken
from orgsync.doctor.warehouse import check_warehouse
from orgsync.errors import ConfigurationError
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, Tenant, find_tenant


def check_configuration(settings: Settings, tenant_id: str | None = None, *, offline: bool = False) -> list[Check]:
    """All of it, or what a tenant needs; `offline` asks neither the warehouse nor a platform. Nothing is changed.

    Raises ConfigurationError where there is no such tenant.
    """
    return list(_check(settings, tenant_id, offline=offline))


def _check(settings: Settings, tenant_id: str | None, *, offline: bool) -> Iterator[Check]:
    stanzas, known = Stanzas(()), set[str]()
    try:
        stanzas = read_file(settings)
    except ConfigurationError as error:
        yield broken("tenants file", error, subject=str(settings.tenants_file))
    else:
        known = {*stanzas.owners}
        stanzas = _choose(stanzas, tenant_id)
        yield from check_stanzas(stanzas, settings.tenants_file)
    used = sorted({rule.template for tenant in stanzas.tenants for rule in tenant.change_messages})
    yield from check_templates(settings, used if tenant_id else None)
    yield check_landing_zone(settings)
    warehouse = check_warehouse_connection(settings)
    yield warehouse
    if not offline and warehouse.outcome == "ok":
        yield from check_warehouse(settings, stanzas, tenant_id=tenant_id)
    yield from check_alerts(stanzas, known)
    for tenant in stanzas.tenants:
        found = list(check_connection(tenant))
        yield from found
        if not offline and found[0].outcome == "ok":
            yield _check_platform(tenant)


def _check_platform(tenant: Tenant) -> Check:
    """As the *Test* button of the connection's form does; `orgsync doctor` says it in full."""
    is_right, text = open_connector(tenant.platform, tenant.conn_id).test_connection()
    return (ok if is_right else broken)("platform", text, subject=tenant.conn_id, tenant_id=tenant.id)


def _choose(stanzas: Stanzas, tenant_id: str | None) -> Stanzas:
    """Those of a tenant; a stanza whose id cannot be read may be anybody's."""
    if tenant_id is None:
        return stanzas
    broken = tuple(stanza for stanza in stanzas.broken if stanza.tenant_id == tenant_id)
    return Stanzas((), broken) if broken else replace(stanzas, tenants=(find_tenant(stanzas, tenant_id),), broken=())
