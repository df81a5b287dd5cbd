"""The department interfaces."""

from __future__ import annotations

from itertools import islice

from sandbox.feishu.listings import Listings, descendants
from sandbox.feishu.paging import page_of
from sandbox.feishu.parameters import IdTypes, Parameters, boolean, id_list, id_types, page, required
from sandbox.feishu.refusals import parent_out_of_range, root_not_allowed, tree_too_big
from sandbox.feishu.tenant import Feishu
from sandbox.feishu.visibility import find_department, sees_department, visible_department, visible_roots
from sandbox.organization import ROOT, Department

PAGE, PARENT_PAGE, MOST = 10, 20, 50


def children(tenant: Feishu, parameters: Parameters) -> bytes:
    types, recursive = id_types(parameters), boolean(parameters, "fetch_child")
    position, size = page(parameters, default=PAGE, most=MOST)
    department = visible_department(tenant, parameters["department_id"], types)
    return page_of(_below(tenant, department, types, recursive=recursive), position, size)


def list_departments(tenant: Feishu, parameters: Parameters) -> bytes:
    """The older list: without a parent the nodes of the range themselves."""
    types, recursive = id_types(parameters), boolean(parameters, "fetch_child")
    position, size = page(parameters, default=PAGE, most=MOST)
    parent = parameters.get("parent_department_id")
    if not parent:
        return page_of([tenant.once(Listings).department(node, types) for node in visible_roots(tenant)], position, size)
    department = visible_department(tenant, parent, types, refusal=parent_out_of_range)
    return page_of(_below(tenant, department, types, recursive=recursive), position, size)


def get(tenant: Feishu, parameters: Parameters) -> bytes:
    types = id_types(parameters)
    department = visible_department(tenant, parameters["department_id"], types)
    return b'{"department":%s}' % tenant.once(Listings).department(department, types)


def batch(tenant: Feishu, parameters: Parameters) -> bytes:
    """Without a word on ids that are unknown or out of range."""
    types = id_types(parameters)
    found = (find_department(tenant, value, types) for value in id_list(parameters, "department_ids"))
    visible = [department for department in found if department and sees_department(tenant, department.id)]
    return b'{"items":[%s]}' % b",".join(tenant.once(Listings).department(department, types) for department in visible)


def parents(tenant: Feishu, parameters: Parameters) -> bytes:
    """The nearest first, without the root, up to the border of the range."""
    types = id_types(parameters)
    value = required(parameters, "department_id")
    position, size = page(parameters, default=PARENT_PAGE, most=MOST)
    department = visible_department(tenant, value, types)
    if department.id == ROOT:
        raise root_not_allowed()
    above = islice(tenant.organization.path_to_root(department.id), 1, None)
    shown = [tenant.organization.departments[one] for one in above if one != ROOT and sees_department(tenant, one)]
    return page_of([tenant.once(Listings).department(one, types) for one in shown], position, size)


def _below(tenant: Feishu, department: Department, types: IdTypes, *, recursive: bool) -> list[bytes]:
    if not recursive:
        return tenant.once(Listings).children(department.id, types)
    most = tenant.settings.most_recursive_departments
    if most and sum(1 for _ in islice(descendants(tenant, department.id), most + 1)) > most:
        raise tree_too_big()
    return tenant.once(Listings).subtree(department.id, types)
