"""What an id means, and whether the app may see it: the contact range of its console."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.feishu.parameters import IdTypes
from sandbox.feishu.refusals import (
    RefusalError,
    bad_id,
    department_out_of_range,
    unknown_department,
    unknown_open_id,
    unknown_user,
    user_out_of_range,
)
from sandbox.feishu.tenant import Feishu
from sandbox.organization import ROOT, Department, Person


def sees_department(tenant: Feishu, department_id: int) -> bool:
    """A department in the range brings those below it; the root only all staff."""
    return tenant.sees_all or not tenant.visible_set.isdisjoint(tenant.organization.path_to_root(department_id))


def sees_person(tenant: Feishu, person: Person) -> bool:
    """A leaver is in no department any more."""
    if tenant.sees_all or person.id in tenant.settings.visible_users:
        return True
    return person.id in tenant.organization.people and is_in_visible_department(tenant, person)


def is_available(tenant: Feishu, person: Person) -> bool:
    """Whether the app may write to this person; never to one who left."""
    if person.id not in tenant.organization.people:
        return False
    if tenant.serves_all or person.id in tenant.settings.available_users:
        return True
    paths = (tenant.organization.path_to_root(department_id) for department_id in person.department_ids)
    return any(not tenant.available_set.isdisjoint(path) for path in paths)


def is_in_visible_department(tenant: Feishu, person: Person) -> bool:
    return any(sees_department(tenant, department_id) for department_id in person.department_ids)


def find_department(tenant: Feishu, value: str, types: IdTypes) -> Department | None:
    return tenant.departments_by_id[types.department].get(value)


def existing_department(tenant: Feishu, value: str, types: IdTypes) -> Department:
    department = find_department(tenant, value, types)
    if department is not None:
        return department
    is_open_id = value.startswith("od-")
    raise unknown_department() if is_open_id == (types.department == "open_department_id") else bad_id()


def visible_department(
    tenant: Feishu, value: str, types: IdTypes, *, refusal: Callable[[], RefusalError] = department_out_of_range
) -> Department:
    department = existing_department(tenant, value, types)
    if not sees_department(tenant, department.id):
        raise refusal()
    return department


def visible_person(tenant: Feishu, value: str, types: IdTypes) -> Person:
    """Also one who left."""
    person = tenant.people_by_id[types.user].get(value)
    if person is None:
        raise unknown_open_id(value) if types.user == "open_id" else unknown_user()
    if not sees_person(tenant, person):
        raise user_out_of_range()
    return person


def visible_roots(tenant: Feishu) -> list[Department]:
    """The departments of the range as it was set, none expanded."""
    if tenant.sees_all:
        return [tenant.organization.departments[ROOT]]
    found = (tenant.departments_by_id["open_department_id"].get(value) for value in tenant.settings.visible_departments)
    return [department for department in found if department is not None]


def visible_single_people(tenant: Feishu) -> list[Person]:
    found = (tenant.organization.people.get(user_id) for user_id in tenant.settings.visible_users)
    return [person for person in found if person is not None]
