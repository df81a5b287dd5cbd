"""The ways by which notices reach somebody: mail, webhooks and group robots, people through the outbox; and whose ways they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from orgsync.alerts.composing import compose_letter
from orgsync.alerts.notices import Notice
from orgsync.alerts.people import tell_person
from orgsync.alerts.problems import SHARED
from orgsync.alerts.speech import Speech, read_speech
from orgsync.carriers.mail import send_mail
from orgsync.carriers.webhooks import Webhook, open_webhook
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, find_tenant
from orgsync.tenants.alerting import Alerts
from orgsync.tenants.salvaging import salvage_alerts


class Channel(Protocol):
    """`name` is the same from run to run, and holds no secret. All notices of one call are one message, as far as the way allows.

    `tell` raises OrgsyncError: RetryableError where the same may succeed later, FatalError where a person must act.
    """

    @property
    def name(self) -> str: ...

    def tell(self, notices: Sequence[Notice]) -> None: ...


@dataclass(frozen=True)
class MailChannel:
    address: str
    conn_id: str
    speech: Speech = field(repr=False)

    @property
    def name(self) -> str:
        return f"mail:{self.address}"

    def tell(self, notices: Sequence[Notice]) -> None:
        send_mail(self.conn_id, self.address, compose_letter(notices, self.speech, of=self.name))


@dataclass(frozen=True)
class WebhookChannel:
    conn_id: str
    speech: Speech = field(repr=False)

    @property
    def name(self) -> str:
        return f"webhook:{self.conn_id}"

    def tell(self, notices: Sequence[Notice]) -> None:
        self._webhook.post(compose_letter(notices, self.speech, of=self.name))

    @cached_property
    def _webhook(self) -> Webhook:
        """Kept, for it counts what its robot allows."""
        return open_webhook(self.conn_id)


@dataclass(frozen=True)
class PersonChannel:
    tenant_id: str
    user_id: str
    settings: Settings = field(repr=False)
    stanzas: Stanzas = field(repr=False)
    speech: Speech = field(repr=False)

    @property
    def name(self) -> str:
        return f"person:{self.tenant_id}/{self.user_id}"

    def tell(self, notices: Sequence[Notice]) -> None:
        """Queues it; `org_notify` sends within the minute. By the connection of a tenant that is not in the file nothing is sent."""
        tell_person(self.settings, find_tenant(self.stanzas, self.tenant_id), self.user_id, notices, self.speech)


def open_channels(settings: Settings, stanzas: Stanzas) -> Mapping[str, Sequence[Channel]]:
    """By tenant, also those who have none. SHARED holds the ways of what concerns all: those of the defaults, or all there are if these
    name none.

    Of a file that cannot be read, what was read of it is nothing: then those of its defaults are told, as far as these can be made out.

    One way is one object, however many tenants have it: notices of several may be one call. Nothing is connected before it is used, so a
    mistake in one way is nobody else's.
    """
    if not stanzas.owners and stanzas.names_all:
        stanzas = replace(stanzas, alerts=replace(salvage_alerts(settings.tenants_file), people=()))
    counter = _Counter(settings, stanzas, read_speech(stanzas))
    of_tenants = {tenant.id: counter.list_ways(tenant.alerts, tenant.id) for tenant in stanzas.tenants}
    # Of a stanza that is wrong nobody knows whom it names; that it is wrong must be heard all the same.
    of_all = counter.list_ways(stanzas.alerts, SHARED) or counter.list_all()
    of_broken = {stanza.tenant_id: of_all for stanza in stanzas.broken if stanza.tenant_id}
    return {**of_broken, **of_tenants, SHARED: of_all}


class _Counter:
    """Hands out each way once."""

    def __init__(self, settings: Settings, stanzas: Stanzas, speech: Speech) -> None:
        self._settings, self._stanzas, self._speech = settings, stanzas, speech
        self._known: dict[str, Channel] = {}

    def list_ways(self, alerts: Alerts, tenant_id: str) -> list[Channel]:
        people = [(tenant, user) for tenant, user in alerts.people_of(tenant_id) if tenant]
        ways: list[Channel] = [
            *(MailChannel(address, alerts.mail_conn_id, self._speech) for address in alerts.mail),
            *(WebhookChannel(conn_id, self._speech) for conn_id in alerts.webhooks),
            *(PersonChannel(tenant, user, self._settings, self._stanzas, self._speech) for tenant, user in people),
        ]
        return list({way.name: self._known.setdefault(way.name, way) for way in ways}.values())

    def list_all(self) -> list[Channel]:
        return list(self._known.values())
