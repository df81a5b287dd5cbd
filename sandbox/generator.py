"""Generates a believable Chinese company from a seed, the same one each time."""

from __future__ import annotations

import gc
from random import Random
from typing import Annotated

from msgspec import Meta, Struct

from sandbox.names import (
    AREAS,
    CENTERS,
    ENGLISH_DEPARTMENTS,
    ENGLISH_NAMES,
    GIVEN_CHARACTERS,
    ODD_DEPARTMENTS,
    ODD_NAMES,
    ORGANIZATION_NAME,
    REMARKS,
    SURNAMES,
    TITLES,
    UNITS_BY_DEPTH,
    WORK_PLACES,
)
from sandbox.organization import ROOT, Department, Membership, Numbering, Organization, Person

FEWEST_PEOPLE, MOST_PEOPLE = 10, 1_000_000
MAX_DEPTH = 12
SCHOOL_IDS = (-7, -8, -9)
FIRST_HIRE_MS = 1_262_275_200_000  # 2010-01-01 in Hangzhou
DAY_MS = 86_400_000


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a generated organization follows from."""

    people: Annotated[int, Meta(ge=FEWEST_PEOPLE, le=MOST_PEOPLE)] = 200
    seed: int = 7
    departments: Annotated[int, Meta(ge=1, le=200_000)] | None = None
    school: bool = True
    """A family-school tree with ids below zero, which most calls refuse."""
    linked: Annotated[int, Meta(ge=0, le=100)] = 0
    """Departments that belong to a linked organization."""
    company: str = ""
    """Which one it is: another has other union ids, open ids and tenant key, and may well give its people the same user ids."""

    @property
    def department_count(self) -> int:
        return self.departments or max(3, self.people // 20)


def generate(recipe: Recipe, numbering: Numbering) -> Organization:
    organization = Organization(seed=recipe.seed, numbering=numbering, company=recipe.company)
    rng = Random(f"organization:{recipe.seed}")
    was_enabled = gc.isenabled()
    gc.disable()  # a million young objects would be walked over and over
    try:
        _add_departments(organization, rng, recipe.department_count)
        _add_special_departments(organization, recipe)
        _add_people(organization, rng, recipe.people)
        _appoint_leaders(organization, rng)
        _assign_managers(organization, rng)
    finally:
        if was_enabled:
            gc.enable()
    return organization


def _add_departments(organization: Organization, rng: Random, count: int) -> None:
    organization.add_department(Department(id=ROOT, parent_id=None, name=ORGANIZATION_NAME, serial=ROOT, name_en="Spruce Technology"))
    tops = min(count, max(3, min(14, count // 8)))
    depths = {ROOT: 0}
    ids: list[int] = []
    for index in range(count):
        parent_id = ROOT if index < tops else _choose_parent(organization, rng, ids, depths, index=index, count=count)
        department = new_department(organization, rng, parent_id, depth=depths[parent_id] + 1)
        depths[department.id] = depths[parent_id] + 1
        ids.append(department.id)


def _choose_parent(organization: Organization, rng: Random, ids: list[int], depths: dict[int, int], *, index: int, count: int) -> int:
    """Mostly an old department, which keeps the tree broad; the first dozen of a large company hang in one deep chain."""
    if count >= 60 and index < 30 and depths[ids[-1]] < MAX_DEPTH:
        return ids[-1]
    parent_id = ids[int(index * rng.random() ** 1.5)]
    while depths[parent_id] >= MAX_DEPTH:
        parent_id = organization.departments[parent_id].parent_id or ROOT
    return parent_id


def new_department(organization: Organization, rng: Random, parent_id: int, *, depth: int) -> Department:
    serial = organization.next_department
    organization.next_department += 1
    department = Department(
        id=organization.numbering.department_id(serial),
        parent_id=parent_id,
        name=department_name(organization, rng, parent_id, depth=depth, serial=serial),
        serial=serial,
        name_en=rng.choice(ENGLISH_DEPARTMENTS) if rng.random() < 0.15 else None,
        order=rng.randrange(1, 1000) if rng.random() < 0.6 else None,
        hidden=rng.random() < 0.02,
        source_identifier=f"HR{serial:06d}" if rng.random() < 0.4 else None,
    )
    organization.add_department(department)
    return department


def department_name(organization: Organization, rng: Random, parent_id: int, *, depth: int, serial: int) -> str:
    """Unique among siblings, as the platforms demand."""
    name = _plain_department_name(rng, depth=depth)
    if serial % 41 == 4:
        name = ODD_DEPARTMENTS[serial // 41 % len(ODD_DEPARTMENTS)]
    elif rng.random() < 0.05:
        name = rng.choice(ENGLISH_DEPARTMENTS)
    siblings = {organization.departments[sibling].name for sibling in organization.children[parent_id][-200:]}
    return f"{name[:50]}{serial}" if name in siblings or len(organization.children[parent_id]) > 200 else name


def _plain_department_name(rng: Random, *, depth: int) -> str:
    unit = UNITS_BY_DEPTH[min(depth, len(UNITS_BY_DEPTH) - 1)]
    return rng.choice(CENTERS if depth <= 1 else AREAS) + unit


def _add_special_departments(organization: Organization, recipe: Recipe) -> None:
    if recipe.school:
        top, *classes = SCHOOL_IDS
        organization.add_department(Department(id=top, parent_id=ROOT, name="家校通讯录", kind="school"))
        for number, department_id in enumerate(classes, start=1):
            organization.add_department(Department(id=department_id, parent_id=top, name=f"一年级{number}班", kind="school"))
    for number in range(recipe.linked):
        serial = organization.next_department
        organization.next_department += 1
        department_id = organization.numbering.department_id(serial)
        organization.add_department(Department(id=department_id, parent_id=ROOT, name=f"关联组织{number + 1}", kind="linked"))


def company_departments(organization: Organization) -> list[int]:
    """Where people can work, the root left out."""
    return [department.id for department in organization.departments.values() if department.kind == "company" and department.id != ROOT]


def _add_people(organization: Organization, rng: Random, count: int) -> None:
    departments = company_departments(organization)
    crowded = rng.sample(departments, max(1, len(departments) // 60))
    root_only = max(2, count // 200)
    for index in range(count):
        if index < root_only:
            chosen = [ROOT]
        else:
            pool = crowded if rng.random() < 0.25 else departments
            chosen = [pool[int(rng.random() * len(pool))]]
            if rng.random() < 0.08:
                chosen += (other for other in rng.sample(departments, min(len(departments), rng.choice((1, 1, 2)))) if other not in chosen)
        organization.add_person(new_person(organization, rng, chosen))
    first = next(iter(organization.people.values()))
    first.admin_level, first.senior, first.active, first.restricted = 1, True, True, False
    first.title = "董事长"


def new_person(organization: Organization, rng: Random, department_ids: list[int]) -> Person:
    number = organization.next_person
    organization.next_person += 1
    title = TITLES[int(rng.random() * len(TITLES))] if rng.random() < 0.95 else ""
    random = rng.random
    login = f"user{number:06d}"
    return Person(
        number=number,
        id=organization.numbering.user_id(number),
        name=ODD_NAMES[number // 37 % len(ODD_NAMES)] if number % 37 == 6 else person_name(rng),
        name_en=ENGLISH_NAMES[int(random() * len(ENGLISH_NAMES))] if random() < 0.1 else None,
        memberships=tuple(new_membership(organization, rng, department_id, title) for department_id in department_ids),
        main_department_id=department_ids[0],
        title=title,
        mobile=fictitious_mobile(number) if random() < 0.97 else None,
        email=f"{login}@example.com" if random() < 0.5 else None,
        work_email=f"{login}@corp.example.com" if random() < 0.6 else None,
        telephone=f"0571-0000{number:04d}" if random() < 0.1 else None,
        gender=("male", "female", None)[int(random() * 2.1)],
        job_number=f"A{number:06d}" if random() < 0.95 else None,
        hired_at_ms=FIRST_HIRE_MS + DAY_MS * int(random() * 5500) if random() < 0.8 else None,
        work_place=WORK_PLACES[int(random() * len(WORK_PLACES))] if random() < 0.4 else None,
        remark=REMARKS[int(random() * len(REMARKS))] if random() < 0.05 else None,
        admin_level=2 if random() < 0.005 else 0,
        active=random() >= 0.06,
        restricted=random() < 0.01,
        senior=random() < 0.02,
        hide_mobile=random() < 0.05,
        changed_in_step=organization.step,
        company=organization.company,
    )


def new_membership(organization: Organization, rng: Random, department_id: int, title: str) -> Membership:
    """Orders of one department never collide: the place in line is part of them."""
    rank = organization.next_person * 4 + int(rng.random() * 4)
    return Membership(department_id, organization.numbering.member_order(rank), title=title)


def person_name(rng: Random) -> str:
    name = SURNAMES[int(rng.random() * len(SURNAMES))] + GIVEN_CHARACTERS[int(rng.random() * len(GIVEN_CHARACTERS))]
    return name + GIVEN_CHARACTERS[int(rng.random() * len(GIVEN_CHARACTERS))] if rng.random() < 0.7 else name


def fictitious_mobile(number: int) -> str:
    """1xx 0000 xxxx, unique; beyond 700,000 people the fourth zero counts up."""
    block, place = divmod(number, 700_000)
    prefix, rest = divmod(place, 10_000)
    return f"{130 + prefix}000{block}{rest:04d}"


def _appoint_leaders(organization: Organization, rng: Random) -> None:
    for department_id, members in organization.members.items():
        if not members or rng.random() < 0.05:
            continue
        for user_id in list(members)[: 2 if rng.random() < 0.03 else 1]:
            appoint(organization, organization.people[user_id], department_id)


def appoint(organization: Organization, person: Person, department_id: int) -> None:
    raised = tuple(
        Membership(held.department_id, held.order, held.is_leader or held.department_id == department_id, held.title)
        for held in person.memberships
    )
    organization.set_memberships(person, raised)


def _assign_managers(organization: Organization, rng: Random) -> None:
    leaders = {department_id: organization.leaders(department_id) for department_id in organization.departments}
    for person in organization.people.values():
        if rng.random() < 0.1:
            continue
        for department_id in organization.path_to_root(person.main_department_id):
            if leaders[department_id] and person.id not in leaders[department_id]:
                person.manager_id = leaders[department_id][0]
                break
