"""How operation stands now: all problems there are, also where the warehouse does not answer. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orgsync.alerts import wording as say
from orgsync.alerts.finding import find_facts
from orgsync.alerts.judging import judge
from orgsync.alerts.problems import SHARED, Identity, Problem
from orgsync.connections.site import address_page
from orgsync.errors import ConfigurationError, OrgsyncError, SchemaError
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, find_tenant, read_stanzas
from orgsync.warehouse.clock import Clock, read_clock
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema

WAREHOUSE, MIGRATIONS = "warehouse", "migrations"
"""What keeps everything else from being found, and from being kept in the warehouse."""


@dataclass(frozen=True)
class Roll:
    """The tenants file as far as it can be read. `error` is why it cannot at all: then nothing is known of any tenant."""

    stanzas: Stanzas
    error: str = ""

    def was_looked_at(self, identity: Identity) -> bool:
        """Whether a problem of that identity would have been found. One of a tenant that is not in the file any more is over."""
        tenant_id, kind, _ = identity
        if tenant_id == SHARED:
            return True
        if self.error:
            return False
        if tenant_id in (stanza.tenant_id for stanza in self.stanzas.broken):
            return kind == "stanza"
        return tenant_id in self.stanzas.owners or self.stanzas.names_all


def read_roll(settings: Settings) -> Roll:
    """A file that cannot be read is a problem too, and keeps nobody from looking at the rest."""
    try:
        return Roll(read_stanzas(settings.tenants_file))
    except ConfigurationError as error:
        return Roll(Stanzas(()), str(error))


@dataclass(frozen=True)
class Outlook:
    """All problems, as of an instant by the warehouse's clock."""

    now: datetime
    problems: Sequence[Problem]


def find_outlook(settings: Settings, roll: Roll, *, channels: Collection[str] = (), clock: Clock = read_clock) -> Outlook:
    """Raises what keeps the warehouse from telling; `explain_outage` makes a problem of that."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        facts = find_facts(
            connection,
            roll.stanzas.tenants,
            now=clock(connection),
            broken=roll.stanzas.broken,
            file_error=roll.error,
            channels=channels,
        )
        connection.rollback()
    return Outlook(facts.now, judge(facts))


def look(settings: Settings, *, tenant_id: str | None = None) -> Sequence[Problem]:
    """All that is wrong now, also with a warehouse that does not answer; of one tenant what concerns it, and what concerns all.

    Raises ConfigurationError where there is no such tenant in a file that can be read.
    """
    roll = read_roll(settings)
    if tenant_id is not None and not roll.error and tenant_id not in roll.stanzas.owners:
        find_tenant(roll.stanzas, tenant_id)
    try:
        found = find_outlook(settings, roll).problems
    except OrgsyncError as error:
        return [explain_outage(error, now=datetime.now(UTC))]
    return [problem for problem in found if tenant_id is None or problem.tenant_id in (tenant_id, SHARED)]


def explain_outage(error: OrgsyncError, *, now: datetime) -> Problem:
    """The warehouse does not answer, or has another schema. This once the time is not the warehouse's: there is nobody to ask."""
    told = say.shorten(str(error))
    if isinstance(error, SchemaError):
        return Problem(SHARED, MIGRATIONS, "", "broken", say.BEHIND.fill(error=told), say.BEHIND_FIX, address_page(), now)
    return Problem(SHARED, WAREHOUSE, "", "broken", say.UNREACHABLE.fill(error=told), say.UNREACHABLE_FIX, address_page(), now)
