"""What a run of `org_watch` does: finds problems, remembers them, and tells of each to whom the tenants file names."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from orgsync.alerts.informing import Channels, Report, inform, list_settled, name_channels
from orgsync.alerts.judging import name_dag
from orgsync.alerts.ledger import Memory, MemoryLedger, WarehouseLedger
from orgsync.alerts.outlook import Roll, explain_outage, find_outlook, read_roll
from orgsync.alerts.problems import SHARED, Problem
from orgsync.alerts.remembering import Standing, carry_on
from orgsync.errors import BusyTenantError, OrgsyncError
from orgsync.settings import Settings
from orgsync.tenants import Stanzas
from orgsync.warehouse.claims import hold_claim
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.heartbeats import beat
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import execute

log = logging.getLogger(__name__)

OpenChannels = Callable[[Settings, Stanzas], Channels]
ITSELF = (SHARED, "silent", name_dag("watch"))
"""Whoever looks is at work."""


@dataclass(frozen=True)
class Watched:
    """What one look found: open problems by kind, and how often what was told."""

    problems: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)


def watch(
    settings: Settings,
    *,
    memory: Memory,
    open_channels: OpenChannels,
    watched_by: str,
    clock: Clock = read_clock,
    own_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Watched:
    """One look at everything. `watched_by` is the run; while another looks, this one leaves it alone.

    A warehouse that does not answer is told of too, by `own_clock`; `memory` keeps that for the next run. Raises, when all else is done,
    what kept the warehouse from telling, or why a channel failed.
    """
    roll = read_roll(settings)
    channels = open_channels(settings, roll.stanzas)
    looked: Sequence[Standing] = ()
    report: Report = Report()
    outage: OrgsyncError | None = None
    try:
        looked, report = _watch_warehouse(settings, roll, channels, watched_by, clock)
    except BusyTenantError as error:
        log.info("%s", error)
        return Watched()
    except OrgsyncError as error:
        outage = error
    told_of_outage = _watch_outage(outage, MemoryLedger(memory), channels, now=own_clock())
    if outage:
        raise outage
    for failure in [*report.failed.values(), *told_of_outage.failed.values()]:
        raise failure
    kinds = Counter(standing.problem.kind for standing in looked if standing.over_at is None)
    return Watched(dict(kinds), dict(report.told + told_of_outage.told))


def _watch_warehouse(
    settings: Settings, roll: Roll, channels: Channels, watched_by: str, clock: Clock
) -> tuple[Sequence[Standing], Report]:
    address, ledger = find_warehouse(settings), WarehouseLedger(find_warehouse(settings))
    with open_warehouse(address) as connection:
        check_schema(connection)
    with hold_claim(address, SHARED, "watch", claimed_by=watched_by, seconds=settings.claim_seconds) as claim:
        _call_roll(address, roll)
        outlook = find_outlook(settings, roll, channels=name_channels(channels), clock=clock)
        found = [problem for problem in outlook.problems if problem.identity != ITSELF]
        standings = carry_on(ledger.read_standings(), found, was_looked_for=roll.was_looked_at, now=outlook.now)
        ledger.keep_standings(standings)
        report = inform(ledger, standings.values(), channels, now=outlook.now, confirm=claim.confirm_now)
        with open_warehouse(address) as connection:
            beat(connection, "watch")
    return list(standings.values()), report


def _call_roll(address: Address, roll: Roll) -> None:
    """Since when each tenant is in the tenants file: from then on one that never succeeds is missed."""
    with open_warehouse(address) as connection:
        execute(connection, "alerts/beat_for_tenants", tenants=list(roll.stanzas.owners))
        if roll.stanzas.names_all and not roll.error:
            execute(connection, "alerts/drop_heartbeats", tenants=list(roll.stanzas.owners))


def _watch_outage(outage: OrgsyncError | None, ledger: MemoryLedger, channels: Channels, *, now: datetime) -> Report:
    """By this machine's clock: the warehouse's cannot be asked."""
    known = ledger.read_standings()
    found: Sequence[Problem] = [explain_outage(outage, now=now)] if outage else []
    if not known and not found:
        return Report()
    standings = carry_on(known, found, was_looked_for=lambda _: True, now=now)
    ledger.keep_standings(standings)
    report = inform(ledger, standings.values(), channels, now=now)
    ledger.forget(each.problem.identity for each in list_settled(standings.values(), ledger, channels, now=now))
    return report
