"""Has each channel tell what is to be told now, and keeps what it told; one that fails keeps no other from telling."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orgsync.alerts.channels import Channel
from orgsync.alerts.ledger import Ledger
from orgsync.alerts.notices import Notice
from orgsync.alerts.problems import SHARED, Problem
from orgsync.alerts.remembering import Standing
from orgsync.alerts.telling import choose_notices
from orgsync.errors import OrgsyncError

log = logging.getLogger(__name__)


Channels = Mapping[str, Sequence[Channel]]
"""By tenant id; under SHARED those that are told what concerns all."""


@dataclass
class Report:
    """What was told, by event, and why channels failed, by their names."""

    told: Counter[str] = field(default_factory=Counter)
    failed: dict[str, Exception] = field(default_factory=dict)


def inform(
    ledger: Ledger, standings: Collection[Standing], channels: Channels, *, now: datetime, confirm: Callable[[], None] = lambda: None
) -> Report:
    """What a channel has told is kept before the next is asked: a process that dies in between tells it twice, and never not at all.

    `confirm` raises where another does this meanwhile; it is asked before each message.
    """
    report, told = Report(), ledger.read_told()
    for channel, tenant_ids in _gather(channels).values():
        for_it = [standing for standing in standings if _concerns(standing.problem, channel.name, tenant_ids)]
        notices = choose_notices(for_it, told.get(channel.name, {}), now=now)
        if notices:
            confirm()
            _tell(ledger, channel, notices, report)
    return report


def name_channels(channels: Channels) -> list[str]:
    return list(_gather(channels))


def _gather(channels: Channels) -> dict[str, tuple[Channel, set[str]]]:
    """By their names, with the tenants of which each is told: what several tenants have to say goes in one message."""
    found: dict[str, Channel] = {}
    tenant_ids: defaultdict[str, set[str]] = defaultdict(set)
    for tenant_id, of_tenant in channels.items():
        for channel in of_tenant:
            found.setdefault(channel.name, channel)
            tenant_ids[channel.name].add(tenant_id)
    return {name: (channel, tenant_ids[name]) for name, channel in found.items()}


def _concerns(problem: Problem, channel: str, tenant_ids: Collection[str]) -> bool:
    """A stanza that is wrong may hold who is to be told of it: so those hear of it who are told what concerns all. No channel is told of
    its own failures."""
    if problem.kind == "channel" and problem.subject == channel:
        return False
    return problem.tenant_id in tenant_ids or (problem.kind == "stanza" and SHARED in tenant_ids)


def _tell(ledger: Ledger, channel: Channel, notices: Sequence[Notice], report: Report) -> None:
    try:
        channel.tell(notices)
    except Exception as error:  # whatever it is, the others are to be told
        why = str(error) if isinstance(error, OrgsyncError) else f"{type(error).__name__} (see the log of org_watch)"
        log.warning(
            "%s could not be told of %d problems: %s", channel.name, len(notices), why, exc_info=not isinstance(error, OrgsyncError)
        )
        ledger.note_untold(channel.name, notices, why)
        report.failed[channel.name] = error
    else:
        ledger.note_told(channel.name, notices)
        report.told.update(notice.event for notice in notices)
        log.info("%s was told of %d problems", channel.name, len(notices))


def list_settled(standings: Iterable[Standing], ledger: Ledger, channels: Channels, *, now: datetime) -> list[Standing]:
    """Those that are over, and of which no channel has an end to tell any more."""
    told, names = ledger.read_told(), name_channels(channels)
    return [
        standing
        for standing in standings
        if standing.is_over(now) and not any(choose_notices([standing], told.get(name, {}), now=now) for name in names)
    ]
