"""What can be tried without asking anybody: the tenants file, message templates, whether connections are complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from orgsync.check import Check, Outcome, ok
from orgsync.doctor.telling import broken
from orgsync.errors import ConfigurationError, OrgsyncError
from orgsync.landing.sharing import check_shared
from orgsync.outbox.change_rules import check_template
from orgsync.platforms import load_platform
from orgsync.settings import Settings
from orgsync.templates.files import list_templates, load_template
from orgsync.tenants import Stanzas, Tenant, read_stanzas
from orgsync.warehouse.hook import find_warehouse


def read_file(settings: Settings) -> Stanzas:
    """With the templates that its rules name, which nothing else tries before a change is to be told."""
    return read_stanzas(settings.tenants_file, partial(check_template, settings.templates_folder))


def check_stanzas(stanzas: Stanzas, path: Path) -> Iterator[Check]:
    for tenant in stanzas.tenants:
        yield ok("tenants file", f"the stanza of {tenant.id} is right", subject=str(path), tenant_id=tenant.id)
    for stanza in stanzas.broken:
        for line in str(stanza).splitlines():
            yield broken("tenants file", line, subject=str(path), tenant_id=stanza.tenant_id)
    told = {mistake for stanza in stanzas.broken for mistake in stanza.mistakes}
    for mistake in dict.fromkeys(mistake for mistake in stanzas.mistakes if mistake not in told):
        yield broken("tenants file", str(mistake), subject=str(path))


def check_templates(settings: Settings, names: Sequence[str] | None = None) -> Iterator[Check]:
    """Those of these names, or all there are."""
    try:
        wanted = list_templates(settings.templates_folder) if names is None else names
    except ConfigurationError as error:
        yield broken("template", error, subject=str(settings.templates_folder))
        return
    for name in wanted:
        try:
            template = load_template(settings.templates_folder, name)
        except OrgsyncError as error:
            yield broken("template", error, subject=name)
        else:
            yield ok("template", f"of kind {template.kind}, with the variables: {', '.join(template.variables) or 'none'}", subject=name)


def check_connection(tenant: Tenant) -> Iterator[Check]:
    """Whether it is there, of the right type, and has all that reading needs; and what sending needs too, if changes are told."""
    platform = load_platform(tenant.platform)
    try:
        platform.connect(tenant.conn_id)
    except OrgsyncError as error:
        yield broken("connection", error, subject=tenant.conn_id, tenant_id=tenant.id)
        return
    yield ok("connection", f"of type {tenant.platform}, and complete", subject=tenant.conn_id, tenant_id=tenant.id)
    try:
        if platform.messenger is not None:
            platform.messenger(tenant.conn_id)
    except OrgsyncError as error:
        outcome: Outcome = "broken" if tenant.change_messages else "degraded"
        yield Check("sending", outcome, f"messages cannot be sent: {error}", subject=tenant.conn_id, tenant_id=tenant.id)


def check_landing_zone(settings: Settings) -> Check:
    try:
        check_shared(settings)
    except ConfigurationError as error:
        return broken("landing zone", error)
    return ok("landing zone", f"{settings.landing_zone}, for all that run tasks")


def check_warehouse_connection(settings: Settings) -> Check:
    try:
        address = find_warehouse(settings)
    except OrgsyncError as error:
        return broken("connection", error, subject=settings.warehouse_conn_id)
    return ok("connection", f"the warehouse at {address.host}:{address.port}/{address.database}", subject=settings.warehouse_conn_id)
