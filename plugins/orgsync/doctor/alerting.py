"""Whether those who are to be told of problems can be: connections, tenants and people that `alerts` names. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from psycopg2.extensions import connection as Connection

from orgsync.carriers.mail import check_mail_connection
from orgsync.carriers.webhooks import open_webhook
from orgsync.check import Check, ok
from orgsync.doctor.telling import broken
from orgsync.errors import OrgsyncError
from orgsync.tenants import Stanzas
from orgsync.tenants.alerting import Alerts
from orgsync.warehouse.statements import fetch_all

NAME = "alerts"
NOBODY = "nobody is told of what goes wrong"
NAME_SOMEBODY = "Name somebody under `alerts` of the stanza, or of the defaults: mail, webhooks, people"
ONLY_ITS_OWN = "only people of its own tenant are told, by the app whose trouble they should hear of"
NAME_ANOTHER_WAY = "Add mail, a webhook, or a person of another tenant (tenant:user)"


def check_alerts(stanzas: Stanzas, known: Collection[str]) -> Iterator[Check]:
    """Each connection once. `known` are the tenants that the whole file has."""
    every = [stanzas.alerts, *(tenant.alerts for tenant in stanzas.tenants)]
    for conn_id in dict.fromkeys(alerts.mail_conn_id for alerts in every if alerts.mail):
        yield _try(check_mail_connection, conn_id, "mails can be sent by it, as far as it tells")
    for conn_id in dict.fromkeys(conn_id for alerts in every for conn_id in alerts.webhooks):
        yield _try(open_webhook, conn_id, "complete")
    for tenant in stanzas.tenants:
        yield from _check_tenant(tenant.id, tenant.alerts, known)
    for tenant_id in dict.fromkeys(tenant_id for tenant_id, _ in stanzas.alerts.people_of("")):
        if tenant_id and tenant_id not in known:
            yield _strange(tenant_id, "")


def check_people(connection: Connection, stanzas: Stanzas) -> Iterator[Check]:
    """Whether the people that are to be told are there; of a tenant of which nothing is loaded nobody knows."""
    named = {person for tenant in stanzas.tenants for person in tenant.alerts.people_of(tenant.id)}
    people = sorted(named | {person for person in stanzas.alerts.people_of("") if person[0]})
    tenants, users = [tenant for tenant, _ in people], [user for _, user in people]
    for row in fetch_all(connection, "ops/list_unknown_people", tenants=tenants, users=users):
        text = f"user {row['user_id']!r} is not in tenant {row['tenant_id']!r} (now), and hears nothing; correct the id under `alerts`"
        yield broken(NAME, text, subject=f"{row['tenant_id']}:{row['user_id']}")


def _try(open_it: Callable[[str], object], conn_id: str, fine: str) -> Check:
    try:
        open_it(conn_id)
    except OrgsyncError as error:
        return broken(NAME, error, subject=conn_id)
    return ok(NAME, fine, subject=conn_id)


def _check_tenant(tenant_id: str, alerts: Alerts, known: Collection[str]) -> Iterator[Check]:
    if not alerts:
        yield Check(NAME, "degraded", NOBODY, NAME_SOMEBODY, tenant_id=tenant_id)
        return
    theirs = dict.fromkeys(other for other, _ in alerts.people_of(tenant_id))
    yield from (_strange(other, tenant_id) for other in theirs if other not in known)
    if list(theirs) == [tenant_id] and not (alerts.mail or alerts.webhooks):
        yield Check(NAME, "degraded", ONLY_ITS_OWN, NAME_ANOTHER_WAY, tenant_id=tenant_id)


def _strange(other: str, tenant_id: str) -> Check:
    text = f"it names people of tenant {other!r}, which is not in the tenants file"
    return broken(NAME, text, subject=other, tenant_id=tenant_id)
