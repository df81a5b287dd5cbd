"""What the app may see: the visible range of its console."""

from __future__ import annotations

from sandbox.dingtalk.refusals import bad_department, department_out_of_range, unknown_department, unknown_user, user_out_of_range
from sandbox.dingtalk.tenant import DingTalk
from sandbox.organization import ROOT, Department, Person


def sees_department(tenant: DingTalk, department_id: int) -> bool:
    visible = tenant.settings.visible_departments
    return ROOT in visible or not tenant.visible_set.isdisjoint(tenant.organization.path_to_root(department_id))


def sees_person(tenant: DingTalk, person: Person) -> bool:
    by_itself = person.id in tenant.settings.visible_users
    return by_itself or any(sees_department(tenant, department_id) for department_id in person.department_ids)


def existing_department(tenant: DingTalk, department_id: int) -> Department:
    """Seen or not; a family-school department is refused."""
    if department_id <= 0:
        raise bad_department()
    department = tenant.organization.departments.get(department_id)
    if department is None:
        raise unknown_department()
    return department


def visible_department(tenant: DingTalk, department_id: int) -> Department:
    department = existing_department(tenant, department_id)
    if not sees_department(tenant, department_id):
        raise department_out_of_range()
    return department


def existing_person(tenant: DingTalk, user_id: str) -> Person:
    person = tenant.organization.people.get(user_id)
    if person is None:
        raise unknown_user()
    return person


def visible_person(tenant: DingTalk, user_id: str) -> Person:
    person = existing_person(tenant, user_id)
    if not sees_person(tenant, person):
        raise user_out_of_range()
    return person
