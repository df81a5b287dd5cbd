"""Who works on a tenant, or reads by an app, one at a time: a lease in a row of the warehouse, by its clock, renewed by a living holder.

A claim is not bound to a session, which a server or a load balancer may cut while the platform is read. A process that is killed stops
renewing, and after `seconds` the next may take over. One that was frozen wakes up to a claim of an older generation: it is fenced off from
whatever `confirm` guards.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from psycopg2.extensions import connection as Connection

from orgsync.errors import BusyAppError, BusyTenantError, OrgsyncError
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.statements import Row, execute, fetch_all

log = logging.getLogger(__name__)

Purpose = Literal["read", "replay", "app", "watch"]

BEATS = 6
"""A holder renews so often in the time it would take to lose its claim; whoever finds it claimed sees by that whether it lives."""
LOOKS = 60
HEART = "claim"
DOING = {
    "read": "reading tenant {}",
    "replay": "loading snapshots of tenant {} again",
    "app": "reading by app {}",
    "watch": "watching over all tenants",
}


@dataclass
class Claim:
    """A claim that was taken; `is_lost` once another is known to have taken it over."""

    address: Address
    tenant_id: str
    purpose: Purpose
    seconds: float
    generation: int = 0
    is_lost: bool = False
    ends: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise BusyTenantError if the claim is known to be lost; asks nobody, so it may stand at every answer of a read."""
        if self.is_lost:
            raise BusyTenantError(
                f"another run, or a later try of this one, took over {self._doing}: this one had not shown for {self.seconds:g} seconds "
                "that it lives (it stood still, or could not reach the warehouse). The other does the work"
            )

    def confirm(self, connection: Connection) -> None:
        """Raise BusyTenantError if another has taken over; else nobody does before the transaction ends."""
        self.is_lost = not fetch_all(connection, "ops/confirm_claim", **self._keys)
        self.check()

    def confirm_now(self) -> None:
        """The same for what no transaction holds together. A warehouse that does not answer at the moment is no objection."""
        self.renew()
        self.check()

    def renew(self) -> None:
        """Over a connection of its own, since an idle one may be cut; in one statement, since a frozen process must lock nothing."""
        try:
            with open_warehouse(self.address, commits_each=True) as connection:
                self.is_lost = not execute(connection, "ops/renew_claim", seconds=self.seconds, **self._keys)
        except OrgsyncError as error:
            log.warning("the claim for %s could not be renewed, tried again: %s", self._doing, error)

    def keep(self) -> None:
        """Renew it until the end."""
        while not self.is_lost and not self.ends.wait(self.seconds / BEATS):
            self.renew()

    def release(self) -> None:
        try:
            with open_warehouse(self.address, commits_each=True) as connection:
                execute(connection, "ops/release_claim", **self._keys)
        except OrgsyncError as error:
            log.warning("the claim for %s could not be given back; it ends by itself in %g seconds: %s", self._doing, self.seconds, error)

    @property
    def _keys(self) -> dict[str, object]:
        return {"tenant_id": self.tenant_id, "purpose": self.purpose, "generation": self.generation}

    @property
    def _doing(self) -> str:
        return DOING[self.purpose].format(self.tenant_id)


@contextmanager
def hold_claim(
    address: Address, tenant_id: str, purpose: Purpose, *, claimed_by: str, seconds: float, may_wait: bool = False
) -> Iterator[Claim]:
    """Be the one holder of a claim for the length of the block. `claimed_by` is the run: its next try takes over from the one before.

    While another holds it, this waits for its end if it `may_wait`, else only until that other shows that it lives; then it raises
    BusyTenantError.
    """
    claim = Claim(address, tenant_id, purpose, seconds)
    with _hold(claim, claimed_by, may_wait=may_wait):
        try:
            yield claim
        except BusyTenantError:
            raise
        except Exception as error:
            claim.renew()
            if claim.is_lost:  # whatever it stumbled over: its folder may have been taken away from under it
                log.warning("given up: %s", error)
                claim.check()
            raise


@contextmanager
def take_turn(address: Address, app: str, *, claimed_by: str, seconds: float) -> Iterator[Claim]:
    """Read by an app, or listen to it, that several tenants may have: they wait for each other, since the platform counts their calls
    together.

    Raises BusyAppError after the longest time that one may wait. Nobody is fenced off: who was frozen, and reads on beside the next, may
    be throttled, and no more.
    """
    claim = Claim(address, app, "app", seconds)
    with _hold(claim, claimed_by, may_wait=True):
        yield claim


@contextmanager
def _hold(claim: Claim, claimed_by: str, *, may_wait: bool) -> Iterator[None]:
    _take(claim, claimed_by, may_wait=may_wait)
    heart = threading.Thread(target=claim.keep, name=HEART, daemon=True)
    heart.start()
    try:
        yield
    finally:
        claim.ends.set()
        heart.join()
        claim.release()


def _take(claim: Claim, claimed_by: str, *, may_wait: bool) -> None:
    waits_until = time.monotonic() + claim.address.statement_timeout_seconds
    first: Row | None = None
    with open_warehouse(claim.address) as connection:
        if not fetch_all(connection, "ops/lock_claim", tenant_id=claim.tenant_id, purpose=claim.purpose):
            execute(connection, "ops/open_claim", tenant_id=claim.tenant_id, purpose=claim.purpose)
        while True:
            found = fetch_all(connection, "ops/lock_claim", tenant_id=claim.tenant_id, purpose=claim.purpose)[0]
            if not found["is_held"] or found["claimed_by"] == claimed_by:
                _take_over(connection, claim, claimed_by, found)
                return
            connection.commit()
            if may_wait and first is None:
                log.info("%s on %s is %s; waiting for it", found["claimed_by"], found["worker"], claim._doing)
            first = first or found
            if time.monotonic() > waits_until or (not may_wait and found["held_until"] != first["held_until"]):
                raise _busy(claim, found)
            time.sleep(claim.seconds / LOOKS)


def _take_over(connection: Connection, claim: Claim, claimed_by: str, found: Row) -> None:
    keys = {"tenant_id": claim.tenant_id, "purpose": claim.purpose}
    worker = f"{socket.gethostname()}:{os.getpid()}"
    taken = fetch_all(connection, "ops/take_claim", claimed_by=claimed_by, worker=worker, seconds=claim.seconds, **keys)
    claim.generation = taken[0]["generation"]
    if found["held_until"] is not None and found["claimed_by"] != claimed_by:
        log.warning("%s on %s ended without a word; taking over %s", found["claimed_by"], found["worker"], claim._doing)
        execute(connection, "ops/close_lost_run", tenant_id=claim.tenant_id, run_id=found["claimed_by"])


def _busy(claim: Claim, found: Row) -> BusyTenantError | BusyAppError:
    who = f"{found['claimed_by']} on {found['worker']}, since {found['claimed_at']:%H:%M:%S} UTC"
    if claim.purpose == "app":
        return BusyAppError(
            f"others were {claim._doing} for as long as this run may wait (now {who}). "
            "Give the tenants of that app schedules further apart, or apps of their own"
        )
    return BusyTenantError(f"another run is {claim._doing} right now ({who}); this one leaves it alone")
