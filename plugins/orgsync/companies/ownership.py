"""Keeps a tenant to one company: what is read for it, and what is sent for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from psycopg2.extensions import connection as Connection

from orgsync.companies.kinship import Owner, compare_people, find_claimed_difference, find_difference, is_certain_of, may_differ
from orgsync.manifest import Company
from orgsync.platforms import load_platform
from orgsync.tenants import Tenant
from orgsync.warehouse import snapshots
from orgsync.warehouse.statements import Row

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Takeover:
    """That a tenant's history is meant to go on with another company, by somebody's word; no name is no other company."""

    company: str = ""
    word_of: str = ""


def find_foreign(connection: Connection, tenant: Tenant, snapshot: Row, users: pd.DataFrame, takeover: Takeover) -> str:
    """Why a snapshot is not of the company that history is of where it belongs, and what to do; nothing if it is.

    Another company's is marked, so that nothing loads it, unless it is the one that is meant to take over: then that is recorded.
    """
    if snapshot["state"] == "loaded" or snapshot["is_due"] or snapshot["company_accepted_at"]:
        return ""
    snapshot_id = snapshot["snapshot_id"]
    known = snapshots.find_company_before(connection, snapshot_id)
    if known is None:
        return ""
    before, now = _owner_of(known), _owner_of(snapshot)
    difference = find_difference(
        before, now, lambda: compare_people(snapshots.list_union_ids(connection, known["snapshot_id"]), _union_ids_of(users))
    )
    if not difference:
        snapshots.welcome(connection, snapshot_id)
        return ""
    if takeover.company and takeover.company == now.name:
        log.warning("tenant %s goes on with %s, by the word of %s", tenant.id, now, takeover.word_of)
        snapshots.accept_company(connection, snapshot_id, accepted_by=takeover.word_of)
        return ""
    snapshots.mark_foreign(connection, snapshot_id)
    meant = f" (not {takeover.company!r}, which is meant to take over)" if takeover.company else ""
    return (
        f"the history of tenant {tenant.id} is of {before} (last loaded {known['taken_at']:%Y-%m-%d %H:%M} UTC), and connection "
        f"{tenant.conn_id!r} read {now}{meant}: {difference}. Nothing was changed, and the snapshot is kept out of history. "
        "If that is a mistake, mend the connection and sync again. If both are wanted, give the other one a stanza of its own. "
        f"If tenant {tenant.id} is meant to go on with it, say so once: `orgsync sync {tenant.id} --new-company {now.name}`, "
        f"or trigger its DAG with new_company {now.name}"
    )


@dataclass(frozen=True)
class Compared:
    """A tenant's history beside its connection; `difference` is empty where both are one, as far as they say themselves."""

    before: Owner
    now: Owner
    difference: str = ""
    is_certain: bool = False


def compare_owners(connection: Connection, tenant: Tenant) -> Compared | None:
    """Whose history the tenant's is, and whose its connection; None where nothing is loaded. Nobody is asked."""
    known = snapshots.find_company(connection, tenant.id)
    if known is None:
        return None
    before, now = _owner_of(known), Owner(tenant.platform, load_platform(tenant.platform).identify(tenant.conn_id))
    difference = find_claimed_difference(before, now)
    return Compared(before, now, difference, bool(difference) and is_certain_of(before, now))


def find_stranger(connection: Connection, tenant: Tenant) -> str:
    """Why what is sent through a tenant's connection could reach another company's people, and what to do; nothing if it cannot.

    Nobody is asked: whether a connection with another key is the same company's, the next sync finds out.
    """
    known = snapshots.find_company(connection, tenant.id)
    if known is None:
        return ""
    before, now = _owner_of(known), Owner(tenant.platform, load_platform(tenant.platform).identify(tenant.conn_id))
    if not may_differ(before, now):
        return ""
    return (
        f"connection {tenant.conn_id!r} sends for {now}, and the people of tenant {tenant.id} are known from {before}. "
        f"Nothing is sent until a sync has shown that both are one: run `orgsync sync {tenant.id}`, or mend the connection"
    )


def _owner_of(snapshot: Row) -> Owner:
    return Owner(snapshot["platform"], msgspec.convert(snapshot["company"], Company | None))


def _union_ids_of(users: pd.DataFrame) -> dict[str, str]:
    known = users[users["union_id"].notna() & users["user_id"].notna()]
    return dict(zip(known["user_id"], known["union_id"], strict=True))
