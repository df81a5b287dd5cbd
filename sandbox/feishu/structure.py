"""What Feishu shows of a department."""

from __future__ import annotations

from typing import Any

from sandbox.feishu.fields import DEPARTMENT_FIELDS, ORGANIZED, permitted, without_blanks
from sandbox.feishu.numbering import chat_id, custom_department_id, open_department_id
from sandbox.feishu.parameters import IdTypes
from sandbox.feishu.people import shown_user
from sandbox.feishu.tenant import Feishu
from sandbox.organization import Department

MAIN_LEADER, DEPUTY_LEADER = 1, 2


def department_fields(tenant: Feishu, department: Department, types: IdTypes) -> dict[str, Any]:
    fields = permitted(_all_fields(tenant, department, types), DEPARTMENT_FIELDS, tenant.granted)
    return fields if tenant.settings.blank_fields else without_blanks(fields)


def display_place(department: Department) -> tuple[int, int]:
    """The smaller order first; who was never sorted comes last, the younger after the older."""
    return (10**9 if department.order is None else department.order, department.id)


def _all_fields(tenant: Feishu, department: Department, types: IdTypes) -> dict[str, Any]:
    total, _ = tenant.member_counts[department.id]
    leaders = [shown_user(tenant, user_id, types) for user_id in tenant.organization.leaders(department.id)]
    return {
        "name": department.name,
        "i18n_name": {"zh_cn": department.name if department.name_en else "", "ja_jp": "", "en_us": department.name_en or ""},
        "parent_department_id": "" if department.parent_id is None else tenant.shown_department(department.parent_id, types),
        "department_id": custom_department_id(department),
        "open_department_id": open_department_id(department.id),
        "leader_user_id": leaders[0] if leaders else "",
        "leaders": _leaders(leaders, with_ids=bool(ORGANIZED & tenant.granted)),
        "chat_id": chat_id(department),
        "order": "" if department.order is None else str(department.order),
        "unit_ids": [],
        "member_count": total,
        "primary_member_count": tenant.primary_counts[department.id],
        "status": {"is_deleted": False},
        "group_chat_employee_types": [1] if department.id % 4 == 1 else [],
        "department_hrbps": leaders[:1] if department.id % 7 == 3 else [],
    }


def _leaders(leaders: list[str], *, with_ids: bool) -> list[dict[str, Any]]:
    """In camel case, unlike anything else; of an entry only the id needs a scope."""
    kinds = [{"leaderType": DEPUTY_LEADER if place else MAIN_LEADER} for place in range(len(leaders))]
    return [kind | {"leaderID": leader} for kind, leader in zip(kinds, leaders, strict=True)] if with_ids else kinds
