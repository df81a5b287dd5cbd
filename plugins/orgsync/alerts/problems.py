"""What keeps orgsync from doing its work: which kinds of problem there are, and what is said of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orgsync.check import Check
from orgsync.words import Words

Outcome = Literal["broken", "degraded"]

Identity = tuple[str, str, str]
"""Tenant, kind and subject: what stays the same of a problem over time."""

SHARED = ""
"""The tenant of what concerns all tenants."""


@dataclass(frozen=True)
class Problem:
    """Of a tenant, or of all (SHARED). `subject` says which of several of its kind; together they are its identity over time.

    `broken`: something does not happen; `degraded`: it does, and somebody should look. `reason` says in a sentence what is wrong, `fix`
    what to do; `link` is the address of the page that shows it. `since` is by the warehouse's clock. No text holds a secret, or names a
    person.
    """

    tenant_id: str
    kind: str
    subject: str
    outcome: Outcome
    reason: Words
    fix: Words
    link: str
    since: datetime

    @property
    def identity(self) -> Identity:
        return self.tenant_id, self.kind, self.subject

    def as_check(self) -> Check:
        """As the doctor and `orgsync check` show it."""
        return Check(self.kind, self.outcome, self.reason, self.fix, subject=self.subject, tenant_id=self.tenant_id)
