"""What is asked of the pages: each view with addresses drawn from what the warehouse knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from random import Random
from typing import Any
from urllib.parse import urlencode

from bench.asking import Question
from bench.company.standing import Company
from bench.world import TENANT

DRAWN = 500
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
DAYS = "select min(taken_at)::date, max(taken_at)::date from ops.snapshot where tenant_id = %(tenant_id)s"


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
    """What addresses are made of. `largest` has the most members, `widest` is the way to the department with the most children."""

    people: Sequence[Person]
    departments: Sequence[Department]
    largest: str
    widest: Sequence[str]
    days: Sequence[date]

    @property
    def deep(self) -> list[Department]:
        deepest = max(department.depth for department in self.departments)
        return [department for department in self.departments if department.depth == deepest]


def find_known(company: Company) -> Known:
    random = Random("keys")  # noqa: S311
    keys = [f"{random.getrandbits(32):08x}" for _ in range(DRAWN)]
    people = [row for key in keys for row in company.query(PEOPLE, tenant_id=TENANT, key=key)]
    [(first, last)] = company.query(DAYS, tenant_id=TENANT)
    return Known(
        people=[Person(*row) for row in people if row[1].strip() == row[1]],
        departments=[Department(*row) for row in company.query(DEPARTMENTS, tenant_id=TENANT, most=DRAWN)],
        largest=company.query(LARGEST, tenant_id=TENANT)[0][0],
        widest=company.query(WIDEST, tenant_id=TENANT)[0][0],
        days=[first + timedelta(days=day) for day in range((last - first).days + 1)],
    )


@dataclass(frozen=True)
class View:
    """`is_painted`: looked at in a browser too."""

    name: str
    draw: Callable[[Known, Random], Question]
    is_painted: bool = False


def _ask(page: str, expects: str = "<h1", **query: Any) -> Question:
    path = f"{TENANT}/{page}"
    return Question(f"{path}?{urlencode(query, doseq=True)}" if query else path, expects)


def _two_days(known: Known, random: Random) -> dict[str, str]:
    earlier, later = sorted(random.sample(known.days, 2))
    return {"at": later.isoformat(), "compare": earlier.isoformat()}


def _draw_health(_: Known, __: Random) -> Question:
    return Question("", TENANT)


def _draw_tree(_: Known, __: Random) -> Question:
    return _ask("tree")


def _draw_deep_tree(known: Known, random: Random) -> Question:
    department = random.choice(known.deep)
    return _ask("tree", escape(department.name), open=department.above)


def _draw_compared_tree(known: Known, random: Random) -> Question:
    department = random.choice(known.deep)
    return _ask("tree", open=department.above, **_two_days(known, random))


def _draw_wide_tree(known: Known, random: Random) -> Question:
    return _ask("tree", open=known.widest, at=random.choice(known.days).isoformat())


def _draw_members(known: Known, random: Random) -> Question:
    department = random.choice(known.departments)
    return _ask("tree", escape(department.name), open=department.above, department=department.department_id)


def _draw_crowd(known: Known, random: Random) -> Question:
    return _ask("tree", open=known.widest[:1], department=known.largest, turn=random.randrange(20))


VIEWS = (
    View("health", _draw_health, is_painted=True),
    View("tree", _draw_tree, is_painted=True),
    View("tree, seven levels", _draw_deep_tree),
    View("tree, seven levels, two days compared", _draw_compared_tree),
    View("tree, a level of thousands", _draw_wide_tree),
    View("members", _draw_members),
    View("members of the largest department", _draw_crowd),
)
