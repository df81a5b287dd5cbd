"""The department interfaces."""

from __future__ import annotations

from typing import Any

from sandbox.dingtalk.parameters import Parameters, department_id, text
from sandbox.dingtalk.tenant import DingTalk
from sandbox.dingtalk.visibility import existing_department, existing_person, visible_department
from sandbox.exchange import encode
from sandbox.organization import ROOT, Department


def listsub(tenant: DingTalk, parameters: Parameters) -> bytes:
    """Direct children only; without a department the root's."""
    asked = department_id(parameters) if parameters.get("dept_id") not in (None, "") else ROOT
    visible_department(tenant, asked)
    english = parameters.get("language") == "en_US"
    children = (tenant.organization.departments[child] for child in tenant.organization.children[asked])
    return encode([base_fields(child, english=english) for child in children])


def listsubid(tenant: DingTalk, parameters: Parameters) -> bytes:
    asked = existing_department(tenant, department_id(parameters))
    return encode({"dept_id_list": tenant.organization.children[asked.id]})


def get(tenant: DingTalk, parameters: Parameters) -> bytes:
    department = visible_department(tenant, department_id(parameters))
    return encode(detail_fields(tenant, department, english=parameters.get("language") == "en_US"))


def listparentbydept(tenant: DingTalk, parameters: Parameters) -> bytes:
    asked = existing_department(tenant, department_id(parameters))
    return encode({"parent_id_list": list(tenant.organization.path_to_root(asked.id))})


def listparentbyuser(tenant: DingTalk, parameters: Parameters) -> bytes:
    person = existing_person(tenant, text(parameters, "userid"))
    chains = [list(tenant.organization.path_to_root(department)) for department in person.department_ids]
    return encode({"parent_list": [{"parent_dept_id_list": chain} for chain in chains]})


def base_fields(department: Department, *, english: bool = False) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "dept_id": department.id,
        "name": (department.name_en if english else None) or department.name,
        "parent_id": department.parent_id,
        "create_dept_group": _has_group(department),
        "auto_add_user": _has_group(department),
    }
    if department.id % 11 == 0:
        fields["ext"] = '{"faceCount":"1"}'
    if department.source_identifier:
        fields["source_identifier"] = department.source_identifier
    if department.kind == "linked":
        fields["from_union_org"] = True
    return fields


def detail_fields(tenant: DingTalk, department: Department, *, english: bool = False) -> dict[str, Any]:
    fields = base_fields(department, english=english)
    fields.pop("ext", None)
    if department.id == ROOT:
        del fields["parent_id"]
    total, own = tenant.member_counts[department.id]
    leaders = tenant.organization.leaders(department.id)
    return (
        fields
        | {
            "order": department.order if department.order is not None else department.id,
            "dept_manager_userid_list": leaders,
            "group_contain_sub_dept": False,
            "auto_approve_apply": department.id % 3 == 0,
            "member_count": total,
            "owning_member_count": own,
        }
        | _group_fields(department, leaders)
        | _secrecy_fields(department, leaders)
    )


def _has_group(department: Department) -> bool:
    return department.id % 3 != 0


def _group_fields(department: Department, leaders: list[str]) -> dict[str, Any]:
    if not _has_group(department):
        return {}
    group: dict[str, Any] = {"dept_group_chat_id": f"chat{department.id:032x}"}
    return group | {"org_dept_owner": leaders[0]} if leaders else group


def _secrecy_fields(department: Department, leaders: list[str]) -> dict[str, Any]:
    """Who may see a hidden department, and whom a walled-in one may see: lists only where it is so."""
    walled_in = department.id % 17 == 0
    fields: dict[str, Any] = {"hide_dept": department.hidden, "outer_dept": walled_in}
    if department.hidden:
        fields |= {"dept_permits": [], "user_permits": leaders}
    if walled_in:
        fields |= {"outer_permit_depts": [], "outer_permit_users": leaders}
    return fields
