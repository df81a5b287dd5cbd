"""What somebody may, by where they stand in the organization now: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from orgsync.access.file import EVERY_TENANT, ROLES, PeopleRule, Role

GONE = ("disabled", "resigned")
"""Of a status: whom the platform has switched off may nothing here either."""


@dataclass(frozen=True)
class Standing:
    """Of one person as the newest history says. Departments are those they are in, or lead, each with all above it."""

    tenant_id: str
    user_id: str
    name: str
    status: str | None = None
    title: str | None = None
    departments: frozenset[str] = frozenset()
    led_departments: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rights:
    """A role of Airflow, and of which tenants somebody may see all, decide about plans, send and take back, see personal values."""

    role: Role
    sees: frozenset[str]
    approves: frozenset[str] = frozenset()
    sends: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    dags: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """For the audit: the same rights read the same."""
        parts = [self.role, *(f"{name}: {', '.join(sorted(held))}" for name, held in self._named() if held)]
        return "; ".join(parts)

    def _named(self) -> list[tuple[str, frozenset[str]]]:
        return [("sees", self.sees), ("approves", self.approves), ("sends", self.sends), ("personal", self.personal), ("dags", self.dags)]

    def covers_dag(self, dag_id: str) -> bool:
        """One that is of no tenant: named by a rule, or any for whoever operates Airflow."""
        return self.role in ("op", "admin") or any(fnmatchcase(dag_id, pattern) for pattern in self.dags)


def holds(tenants: frozenset[str], tenant_id: str) -> bool:
    return EVERY_TENANT in tenants or tenant_id in tenants


def grade(rules: Iterable[PeopleRule], standing: Standing) -> Rights | None:
    """All that rules give which apply; None where none does, or somebody is switched off."""
    found = [rule for rule in rules if applies(rule, standing)] if standing.status not in GONE else []
    if not found:
        return None
    return Rights(
        role=max((rule.role for rule in found), key=ROLES.index),
        sees=_join(found),
        approves=_join(rule for rule in found if rule.approves),
        sends=_join(rule for rule in found if rule.sends),
        personal=_join(rule for rule in found if rule.personal_data),
        dags=frozenset(pattern for rule in found for pattern in rule.dags),
    )


def applies(rule: PeopleRule, standing: Standing) -> bool:
    """Whoever leads is meant by the departments that they lead; everybody else by those they are in."""
    if rule.tenant != standing.tenant_id:
        return False
    places = standing.led_departments if rule.leaders else standing.departments
    return (
        (not rule.leaders or bool(places))
        and (not rule.departments or not places.isdisjoint(rule.departments))
        and (not rule.titles or standing.title in rule.titles)
        and (not rule.users or standing.user_id in rule.users)
    )


def _join(rules: Iterable[PeopleRule]) -> frozenset[str]:
    return frozenset(tenant for rule in rules for tenant in rule.tenants)
