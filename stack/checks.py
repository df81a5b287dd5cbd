"""What the smoke test's checks are made of: a promise with what should be and what is, and looks into warehouse and sandbox."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from stack.launcher import Launcher
from stack.state import Stack


@dataclass(frozen=True)
class Check:
    """One promise: what should be, what is. Shown as counts and, where they differ, as the ids."""

    name: str
    expected: Counter[str]
    found: Counter[str]

    @property
    def passed(self) -> bool:
        return self.expected == self.found

    def line(self) -> str:
        verdict = "PASS" if self.passed else "FAIL"
        line = f"{verdict}  {self.name:50} expected {self.expected.total():>6}   found {self.found.total():>6}"
        for what, ids in (("missing", self.expected - self.found), ("too many", self.found - self.expected)):
            if ids:
                line += f"\n      {what}: {', '.join(sorted(ids)[:10])}{' ...' if len(ids) > 10 else ''}"
        return line


def query(smoke: Launcher, stack: Stack, tenant: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The tenant is the statement's first value."""
    import psycopg2

    connection = psycopg2.connect(smoke.warehouse_dsn(stack))
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, (tenant, *values))
            rows = list(cursor.fetchall())
        connection.commit()
        return rows
    finally:
        connection.close()


def people_of(organization: dict[str, Any]) -> list[str]:
    """Who has at least one department of the company itself; family-school and linked trees are left out."""
    company = set(departments_of(organization))
    return [person["id"] for person in organization["users"] if company.intersection(str(one) for one in person["department_ids"])]


def departments_of(organization: dict[str, Any]) -> list[str]:
    return [str(department["id"]) for department in organization["departments"] if department["kind"] == "company"]
