"""What Feishu shows of a person."""

from __future__ import annotations

from typing import Any

from sandbox.feishu.company import custom_values, employee_type
from sandbox.feishu.fields import USER_FIELDS, permitted, without_blanks
from sandbox.feishu.numbering import open_id, union_id
from sandbox.feishu.parameters import IdTypes
from sandbox.feishu.tenant import Feishu
from sandbox.organization import Person

GENDERS = {"male": 1, "female": 2}
HIDDEN_GENDER = 0
AVATAR_SIZES = ("72", "240", "640", "origin")


def user_fields(tenant: Feishu, person: Person, types: IdTypes) -> dict[str, Any]:
    fields = permitted(_all_fields(tenant, person, types), USER_FIELDS, tenant.granted)
    return fields if tenant.settings.blank_fields else without_blanks(fields)


def shown_user_id(person: Person, types: IdTypes) -> str:
    return {"open_id": open_id, "union_id": union_id, "user_id": lambda one: one.id}[types.user](person)


def shown_user(tenant: Feishu, user_id: str | None, types: IdTypes) -> str:
    """Somebody referred to; empty where there is nobody."""
    person = tenant.people_by_id["user_id"].get(user_id or "")
    return shown_user_id(person, types) if person else ""


def status(tenant: Feishu, person: Person) -> dict[str, bool]:
    has_left = person.id not in tenant.organization.people
    return {
        "is_frozen": False,
        "is_resigned": has_left,
        "is_activated": person.active and not has_left,
        "is_exited": False,
        "is_unjoin": not person.active and not has_left,
    }


def _all_fields(tenant: Feishu, person: Person, types: IdTypes) -> dict[str, Any]:
    return (
        {
            "union_id": union_id(person),
            "user_id": person.id,
            "open_id": open_id(person),
            "name": person.name,
            "en_name": person.name_en or "",
            "nickname": "",
            "email": person.email or "",
            "mobile": f"+86{person.mobile}" if person.mobile else "",
            "mobile_visible": not person.hide_mobile,
            "gender": GENDERS.get(person.gender or "", HIDDEN_GENDER),
            "avatar": {f"avatar_{size}": f"https://s1-imfile.feishucdn.com/sandbox/{person.number}~{size}.jpg" for size in AVATAR_SIZES},
            "is_frozen": False,
            "job_level_id": "",
            "job_family_id": "",
            "dotted_line_leader_user_ids": [],
        }
        | _place_fields(tenant, person, types)
        | _employee_fields(tenant, person, types)
    )


def _place_fields(tenant: Feishu, person: Person, types: IdTypes) -> dict[str, Any]:
    """All departments, also those outside the range; a leaver has none."""
    if person.id not in tenant.organization.people:
        return {"department_ids": [], "leader_user_id": "", "orders": []}
    shown = [tenant.shown_department(department_id, types) for department_id in person.department_ids]
    return {
        "department_ids": shown,
        "leader_user_id": shown_user(tenant, person.manager_id, types),
        "orders": _orders(person, shown),
    }


def _orders(person: Person, shown: list[str]) -> list[dict[str, Any]]:
    """The larger `department_order` comes first, and the first is the main department."""
    rank = len(shown)
    rows = []
    for place, held in enumerate(person.memberships):
        is_main = held.department_id == person.main_department_id
        order = rank if is_main else rank - place - 1
        rows.append({"department_id": shown[place], "user_order": held.order, "department_order": order, "is_primary_dept": is_main})
    return rows


def _employee_fields(tenant: Feishu, person: Person, types: IdTypes) -> dict[str, Any]:
    fields = {
        "status": status(tenant, person),
        "city": person.work_place or "",
        "country": _country(person.work_place),
        "work_station": "",
        "is_tenant_manager": person.admin_level == 1,
        "employee_no": person.job_number or "",
        "employee_type": employee_type(person),
        "custom_attrs": custom_values(person, shown_user(tenant, person.manager_id, types)),
        "enterprise_email": person.work_email or "",
        "job_title": person.title,
    }
    return fields if person.hired_at_ms is None else fields | {"join_time": person.hired_at_ms // 1000}


def _country(city: str | None) -> str:
    return "" if city is None else "SG" if city == "Singapore" else "CN"
