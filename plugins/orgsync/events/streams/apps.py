"""Which apps are listened to, and for which tenants: one connection for each app, however many tenants have it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from orgsync.errors import ConfigurationError, OrgsyncError
from orgsync.events.doors import Recipient
from orgsync.platforms import load_platform
from orgsync.platforms.hearing.streams import Stream
from orgsync.tenants import Stanzas, Tenant

log = logging.getLogger(__name__)

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


def find_apps(stanzas: Stanzas, connect: Connect, only: Collection[str] = ()) -> tuple[App, ...]:
    """Those of the tenants that receive by a stream, or of `only` these of them."""
    by_app: dict[str, list[tuple[Tenant, str]]] = {}
    for tenant in stanzas.tenants:
        if tenant.events.receive != "stream" or (only and tenant.id not in only):
            continue
        try:
            stream = connect(tenant)
        except OrgsyncError as error:
            log.warning("tenant %s receives no events: %s", tenant.id, error)
            continue
        by_app.setdefault(f"events:{tenant.platform}:{stream.app}", []).append((tenant, stream.company))
    return tuple(_make_app(key, sharing, connect) for key, sharing in sorted(by_app.items()))


def _make_app(key: str, sharing: list[tuple[Tenant, str]], connect: Connect) -> App:
    recipients = tuple(Recipient(tenant.id, tenant.user_key, company) for tenant, company in sharing)
    first = sharing[0][0]
    return App(key, recipients, lambda: connect(first))
