"""Tries the ways by which problems are told: a notice that says it is a test, by each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from orgsync.alerts.channels import Channel, open_channels
from orgsync.alerts.notices import Notice
from orgsync.alerts.problems import SHARED, Problem
from orgsync.connections.site import address_page
from orgsync.errors import OrgsyncError
from orgsync.settings import Settings
from orgsync.tenants import Stanzas
from orgsync.words import Words

REASON = Words("this is a test, nothing is wrong", "这是一条测试消息，一切正常")
FIX = Words("Nothing; somebody ran `orgsync alerts --test`", "无需处理；有人执行了 `orgsync alerts --test`")


@dataclass(frozen=True)
class Way:
    """One way, and the tenants that are told by it; SHARED for what concerns all."""

    name: str
    tenant_ids: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """What came of it; no error is a success. Of a person: it is queued."""

    way: Way
    error: OrgsyncError | None = None


def list_ways(settings: Settings, stanzas: Stanzas, tenant_id: str | None = None) -> list[Way]:
    """Of a tenant alone, or of all with what concerns all."""
    return [Way(channel.name, tenant_ids) for channel, tenant_ids in _find(settings, stanzas, tenant_id)]


def try_ways(settings: Settings, stanzas: Stanzas, tenant_id: str | None = None) -> Iterator[Tried]:
    """By each way once, however many are told by it. What is wrong with one keeps no other from being tried."""
    for channel, tenant_ids in _find(settings, stanzas, tenant_id):
        way = Way(channel.name, tenant_ids)
        try:
            channel.tell([_write_test(tenant_ids[0])])
        except OrgsyncError as error:
            yield Tried(way, error)
        else:
            yield Tried(way)


def _find(settings: Settings, stanzas: Stanzas, tenant_id: str | None) -> list[tuple[Channel, tuple[str, ...]]]:
    by_tenant = open_channels(settings, stanzas)
    found: dict[str, tuple[Channel, tuple[str, ...]]] = {}
    for told, channels in sorted(by_tenant.items(), key=lambda item: item[0] == SHARED):
        for channel in channels if tenant_id in (None, told) else ():
            _, before = found.get(channel.name, (channel, ()))
            found[channel.name] = channel, (*before, told)
    return list(found.values())


def _write_test(tenant_id: str) -> Notice:
    """Each one of its own: a second trial must not be taken for the first come again."""
    now = datetime.now(UTC)
    link = address_page(tenant_id) if tenant_id else address_page()
    return Notice(Problem(tenant_id, "test", now.isoformat(), "degraded", REASON, FIX, link, now), "new", now)
