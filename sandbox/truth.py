"""The organization as it is, for whoever checks what was read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sandbox.exchange import encode
from sandbox.organization import ROOT, Department, Organization, Person
from sandbox.tenant import Tenant

CHUNK = 1000


def summary(tenant: Tenant) -> dict[str, Any]:
    organization = tenant.organization
    people, kinds = organization.people.values(), [department.kind for department in organization.departments.values()]
    return {
        "seed": organization.seed,
        "step": organization.step,
        "people": len(organization.people),
        "active": sum(person.active for person in people),
        "restricted": sum(person.restricted for person in people),
        "without_mobile": sum(person.mobile is None for person in people),
        "root_only": sum(person.department_ids == [ROOT] for person in people),
        "in_several_departments": sum(len(person.memberships) > 1 for person in people),
        "memberships": sum(len(person.memberships) for person in people),
        "former": len(organization.former),
        "departments": len(kinds),
        "school_departments": kinds.count("school"),
        "linked_departments": kinds.count("linked"),
        "depth": max(organization.depth(department_id) for department_id in organization.departments),
    }


def whole(tenant: Tenant) -> Iterator[bytes]:
    """One JSON object in pieces, as a million people would be half a gigabyte."""
    organization = tenant.organization
    departments = organization.departments.values()
    shown = organization.numbering.shown_department_id
    head = summary(tenant) | {
        "people": len(organization.people),
        "school_departments": [shown(department.id) for department in departments if department.kind == "school"],
        "linked_departments": [shown(department.id) for department in departments if department.kind == "linked"],
        "former": list(organization.former),
    }
    del head["departments"], head["memberships"]
    yield encode(head)[:-1]
    yield from _rows("departments", (_department(organization, department) for department in departments))
    yield from _rows("users", (_user(organization, person) for person in organization.people.values()))
    yield from _rows("memberships", (row for person in organization.people.values() for row in _memberships(organization, person)))
    yield b"}"


def _rows(name: str, rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    yield b',"%s":[' % name.encode()
    separator = b""
    while chunk := list(islice(rows, CHUNK)):
        yield separator + encode(chunk)[1:-1]
        separator = b","
    yield b"]"


def _department(organization: Organization, department: Department) -> dict[str, Any]:
    shown = organization.numbering.shown_department_id
    return {
        "id": shown(department.id),
        "serial": department.serial,
        "parent_id": None if department.parent_id is None else shown(department.parent_id),
        "name": department.name,
        "name_en": department.name_en,
        "order": department.order,
        "hidden": department.hidden,
        "source_identifier": department.source_identifier,
        "kind": department.kind,
        "leaders": organization.leaders(department.id),
    }


def _user(organization: Organization, person: Person) -> dict[str, Any]:
    shown = organization.numbering.shown_department_id
    return {
        "id": person.id,
        "serial": person.number,
        "union_id": organization.numbering.shown_union_id(person),
        "open_id": organization.numbering.shown_open_id(person),
        "name": person.name,
        "name_en": person.name_en,
        "mobile": person.mobile,
        "email": person.email,
        "work_email": person.work_email,
        "telephone": person.telephone,
        "gender": person.gender,
        "title": person.title,
        "job_number": person.job_number,
        "hired_at_ms": person.hired_at_ms,
        "work_place": person.work_place,
        "remark": person.remark,
        "active": person.active,
        "restricted": person.restricted,
        "senior": person.senior,
        "hide_mobile": person.hide_mobile,
        "admin_level": person.admin_level,
        "manager_id": person.manager_id,
        "main_department_id": shown(person.main_department_id),
        "department_ids": [shown(department_id) for department_id in person.department_ids],
    }


def _memberships(organization: Organization, person: Person) -> Iterator[dict[str, Any]]:
    for held in person.memberships:
        yield {
            "user_id": person.id,
            "department_id": organization.numbering.shown_department_id(held.department_id),
            "order": held.order,
            "is_leader": held.is_leader,
            "is_main": held.department_id == person.main_department_id,
            "title": held.title,
        }
