"""Which calls are for whom: the tenants that receive events over HTTP, and the keys by which each one's calls are known to be genuine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from orgsync.errors import OrgsyncError
from orgsync.platforms import load_platform
from orgsync.platforms.hearing.events import Callback, Event
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, Tenant, read_stanzas

Connect = Callable[[Tenant], Callback]


@dataclass(frozen=True)
class Recipient:
    """A tenant that an app's events concern. `company` is empty where its connection names none."""

    tenant_id: str
    user_key: str = ""
    company: str = ""

    def is_meant(self, event: Event) -> bool:
        return not (self.company and event.company) or self.company == event.company


@dataclass(frozen=True)
class Door:
    """One tenant's address. The app's one subscription is heard for all tenants that have the app."""

    tenant_id: str
    callback: Callback
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True)
class Doors:
    """`closed` says of tenants what is wrong with their stanza or connection: what is for them is refused such that it comes again."""

    open: Mapping[str, Door] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)

    def know(self, tenant_id: str) -> bool:
        return tenant_id in self.open or tenant_id in self.closed


def connect(tenant: Tenant) -> Callback:
    return load_platform(tenant.platform).callback(tenant.conn_id)


def read_doors(settings: Settings, connect: Connect = connect) -> Doors:
    """Raises ConfigurationError where the tenants file cannot be read at all."""
    return find_doors(read_stanzas(settings.tenants_file), connect)


def find_doors(stanzas: Stanzas, connect: Connect) -> Doors:
    heard: dict[str, tuple[Tenant, Callback]] = {}
    closed = {stanza.tenant_id: stanza.reason for stanza in stanzas.broken if stanza.tenant_id}
    for tenant in stanzas.tenants:
        if tenant.events.receive != "http":
            continue
        try:
            heard[tenant.id] = tenant, connect(tenant)
        except OrgsyncError as error:
            closed[tenant.id] = str(error)
    doors = {
        tenant_id: Door(tenant_id, callback, _find_recipients(heard.values(), tenant, callback))
        for tenant_id, (tenant, callback) in heard.items()
    }
    return Doors(doors, closed)


def _find_recipients(heard: Iterable[tuple[Tenant, Callback]], tenant: Tenant, callback: Callback) -> tuple[Recipient, ...]:
    return tuple(
        Recipient(each.id, each.user_key, other.company)
        for each, other in heard
        if each.platform == tenant.platform and other.app == callback.app
    )
