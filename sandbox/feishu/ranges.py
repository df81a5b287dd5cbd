"""The contact range as the app can ask for it."""

from __future__ import annotations

from sandbox.exchange import encode
from sandbox.feishu.listings import sorted_children
from sandbox.feishu.paging import head
from sandbox.feishu.parameters import IdTypes, Parameters, id_types, page
from sandbox.feishu.people import shown_user_id
from sandbox.feishu.refusals import bad_id
from sandbox.feishu.settings import EMPLOYEE_ID
from sandbox.feishu.tenant import Feishu
from sandbox.feishu.visibility import visible_roots, visible_single_people
from sandbox.organization import ROOT

PAGE, MOST = 50, 100


def list_scopes(tenant: Feishu, parameters: Parameters) -> bytes:
    """A page holds so many of all lists together, people before departments before groups."""
    types = id_types(parameters)
    position, size = page(parameters, default=PAGE, most=MOST)
    people = _people(tenant, types) if EMPLOYEE_ID in tenant.granted else []
    departments = _departments(tenant, types)
    users, nodes = _cut(people, departments, position, size)
    lists = {"department_ids": nodes, "user_ids": users, "group_ids": []}
    if EMPLOYEE_ID not in tenant.granted:
        del lists["user_ids"]
    return head(position, size, total=len(people) + len(departments)) + encode(lists)[1:]


def get_configuration(tenant: Feishu, parameters: Parameters) -> bytes:
    """As it was set; what belongs to all staff is not listed."""
    types = id_types(parameters)
    position, size = page(parameters, default=PAGE, most=MOST)
    if parameters["app_id"] != tenant.settings.client_id:
        raise bad_id()
    if tenant.sees_all:
        return b'{"contacts_range":{"contacts_scope_type":"all"},"has_more":false}'
    people = [shown_user_id(person, types) for person in visible_single_people(tenant)]
    departments = [tenant.shown_department(node.id, types) for node in visible_roots(tenant)]
    users, nodes = _cut(people, departments, position, size)
    visible = {"open_ids": users, "department_ids": nodes, "group_ids": []}
    configured = encode({"contacts_range": {"contacts_scope_type": "some", "visible_list": visible}})
    return head(position, size, total=len(people) + len(departments)) + configured[1:]


def _people(tenant: Feishu, types: IdTypes) -> list[str]:
    if not tenant.sees_all:
        return [shown_user_id(person, types) for person in visible_single_people(tenant)]
    return [shown_user_id(person, types) for person, _ in tenant.organization.sorted_members(ROOT)]


def _departments(tenant: Feishu, types: IdTypes) -> list[str]:
    nodes = sorted_children(tenant, ROOT) if tenant.sees_all else visible_roots(tenant)
    return [tenant.shown_department(node.id, types) for node in nodes]


def _cut(people: list[str], departments: list[str], position: int, size: int) -> tuple[list[str], list[str]]:
    users = people[position : position + size]
    after_people = max(0, position - len(people))
    return users, departments[after_people : after_people + size - len(users)]
