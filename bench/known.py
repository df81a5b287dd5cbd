"""What the addresses of pages are made of, drawn from a warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from bench.company.standing import Company
from bench.world import TENANT
from orgsync.tenants import Tenant

DRAWN = 500
LONGEST = 40
"""Of a name, that somebody would type in."""
PEOPLE = """
    select
        person.user_id,
        person.name,
        person.title,
        person.job_number
    from org.users as person
    where person.tenant_id = %(tenant_id)s
      and person.user_id >= %(key)s
    order by person.user_id
    limit 1
"""
DEPARTMENTS = """
    select
        department_id,
        name,
        path_ids[:cardinality(path_ids) - 1] as above,
        depth
    from org.department_tree
    where tenant_id = %(tenant_id)s
    order by md5(department_id)
    limit %(most)s
"""
LARGEST = """
    select department_id
    from org.memberships
    where tenant_id = %(tenant_id)s
    group by department_id
    order by count(*) desc
    limit 1
"""
WIDEST = """
    select path_ids
    from org.department_tree
    where tenant_id = %(tenant_id)s
      and department_id = (
        select parent_id
        from org.departments
        where tenant_id = %(tenant_id)s
        group by parent_id
        order by count(*) desc
        limit 1
      )
"""
TOPS = """
    select department_id
    from org.department_tree
    where tenant_id = %(tenant_id)s
      and depth = 2
"""
SNAPSHOTS = """
    select
        min(taken_at),
        (min(taken_at) at time zone %(zone)s)::date,
        (max(taken_at) at time zone %(zone)s)::date
    from ops.snapshot
    where tenant_id = %(tenant_id)s
"""
PLANS = """
    select
        min(plan_id),
        max(plan_id)
    from ops.plan
    where tenant_id = %(tenant_id)s
"""
RUNS = """
    select run_id
    from ops.sync_run
    where tenant_id = %(tenant_id)s
    order by md5(run_id)
    limit %(most)s
"""
QUARANTINED = """
    select distinct
        rule,
        entity,
        coalesce(user_id, ''),
        coalesce(department_id, ''),
        coalesce(column_name, '')
    from ops.quarantine
    where tenant_id = %(tenant_id)s
    limit %(most)s
"""
MESSAGES = """
    select
        max(message_id) filter (where audience @> '{"everyone": true}'),
        max(message_id)
    from notify.message
    where tenant_id = %(tenant_id)s
"""


@dataclass(frozen=True)
class Person:
    user_id: str
    name: str
    title: str
    job_number: str


@dataclass(frozen=True)
class Department:
    """`above` are the departments on the way to it, from the top."""

    department_id: str
    name: str
    above: list[str]
    depth: int


@dataclass(frozen=True)
class Known:
    """`largest` has the most members, `widest` is the way to the department with the most children, `tops` hang at the top. `first` is when
    the first snapshot was taken. `plans` are the first one, of everybody, and the last, which waits.
    """

    people: Sequence[Person]
    departments: Sequence[Department]
    largest: str
    widest: Sequence[str]
    tops: Sequence[str]
    first: datetime
    days: Sequence[date]
    plans: tuple[int, int]
    runs: Sequence[str]
    quarantined: Sequence[tuple[str, ...]]
    message_to_all: int
    last_message: int

    @property
    def deep(self) -> list[Department]:
        """Those of the last level; of thousands that hang at one department not all are shown."""
        deepest = max(department.depth for department in self.departments)
        return [each for each in self.departments if each.depth == deepest and self.widest[-1] not in each.above]

    @property
    def department_ids(self) -> list[str]:
        """Large ones and small ones."""
        return [*self.tops, *(each.department_id for each in self.departments[: 2 * len(self.tops)])]


def find_known(company: Company) -> Known:
    random = Random("keys")  # noqa: S311
    keys = [f"{random.getrandbits(32):08x}" for _ in range(DRAWN)]
    people = [Person(*row) for key in keys for row in company.query(PEOPLE, tenant_id=TENANT, key=key)]
    [(first, first_day, last_day)] = company.query(SNAPSHOTS, tenant_id=TENANT, zone=Tenant.timezone)
    [(message_to_all, last_message)] = company.query(MESSAGES, tenant_id=TENANT)
    return Known(
        people=[person for person in people if person.name.strip() == person.name and len(person.name) < LONGEST],
        departments=[Department(*row) for row in company.query(DEPARTMENTS, tenant_id=TENANT, most=DRAWN)],
        largest=company.query(LARGEST, tenant_id=TENANT)[0][0],
        widest=company.query(WIDEST, tenant_id=TENANT)[0][0],
        tops=[row[0] for row in company.query(TOPS, tenant_id=TENANT)],
        first=first,
        days=[first_day + timedelta(days=day) for day in range((last_day - first_day).days + 1)],
        plans=company.query(PLANS, tenant_id=TENANT)[0],
        runs=[row[0] for row in company.query(RUNS, tenant_id=TENANT, most=DRAWN)],
        quarantined=company.query(QUARANTINED, tenant_id=TENANT, most=DRAWN),
        message_to_all=message_to_all,
        last_message=last_message,
    )
