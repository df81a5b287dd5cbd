"""Which apps are listened to, and for which tenants: one connection for each app, however many tenants have it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from orgsync.errors import ConfigurationError, OrgsyncError
from orgsync.events.doors import Recipient
from orgsync.platforms import load_platform
from orgsync.platforms.hearing.streams import Stream
from orgsync.tenants import Stanzas, Tenant

Connect = Callable[[Tenant], Stream]


@dataclass(frozen=True)
class App:
    """`open_stream` reads the connection anew, so that a secret that was changed counts from the next connection on."""

    key: str
    recipients: tuple[Recipient, ...]
    open_stream: Callable[[], Stream] = field(compare=False, repr=False)


def connect(tenant: Tenant) -> Stream:
    open_stream = load_platform(tenant.platform).stream
    if open_stream is None:
        raise ConfigurationError(f"{tenant.platform} has no stream of events; tenant {tenant.id!r} can receive them over HTTP")
    return open_stream(tenant.conn_id)


@dataclass(frozen=True)
class Apps:
    """`closed` says of tenants what is wrong with their stanza or connection."""

    listened: tuple[App, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)


def find_apps(stanzas: Stanzas, connect: Connect, only: Collection[str] = ()) -> Apps:
    """Those of the tenants that receive by a stream, or of `only` these of them; each is listened to for all that have it."""
    by_app: dict[str, list[tuple[Tenant, str]]] = {}
    closed = {stanza.tenant_id: stanza.reason for stanza in stanzas.broken if stanza.tenant_id}
    for tenant in stanzas.tenants:
        if tenant.events.receive != "stream":
            continue
        try:
            stream = connect(tenant)
        except OrgsyncError as error:
            closed[tenant.id] = str(error)
            continue
        by_app.setdefault(f"events:{tenant.platform}:{stream.app}", []).append((tenant, stream.company))
    wanted = [(key, sharing) for key, sharing in sorted(by_app.items()) if not only or any(tenant.id in only for tenant, _ in sharing)]
    return Apps(tuple(_make_app(key, sharing, connect) for key, sharing in wanted), closed)


def _make_app(key: str, sharing: list[tuple[Tenant, str]], connect: Connect) -> App:
    recipients = tuple(Recipient(tenant.id, tenant.user_key, company) for tenant, company in sharing)
    first = sharing[0][0]
    return App(key, recipients, lambda: connect(first))
