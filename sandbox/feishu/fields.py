"""Which scope opens which field: what is closed is left out, never null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.feishu import settings as scopes
from sandbox.feishu.settings import BLANKET, FeishuSettings

_BASE = frozenset((scopes.USER_BASE, *BLANKET))
_PLACE = frozenset((scopes.USER_DEPARTMENT, *BLANKET))
_EMPLOYEE = frozenset((scopes.EMPLOYEE, *BLANKET))
_DEPARTMENT_BASE = frozenset((scopes.DEPARTMENT_BASE, *BLANKET))
ORGANIZED = frozenset((scopes.ORGANIZE, *BLANKET))

USER_FIELDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("name", "en_name", "nickname", "avatar"), _BASE),
    "user_id": frozenset((scopes.EMPLOYEE_ID,)),
    "email": frozenset((scopes.EMAIL,)),
    "mobile": frozenset((scopes.PHONE,)),
    "gender": frozenset((scopes.GENDER, *BLANKET)),
    **dict.fromkeys(("department_ids", "leader_user_id", "orders"), _PLACE),
    **dict.fromkeys(("status", "city", "country", "work_station", "join_time", "is_tenant_manager"), _EMPLOYEE),
    **dict.fromkeys(("employee_type", "custom_attrs", "enterprise_email", "job_title"), _EMPLOYEE),
    "employee_no": _EMPLOYEE | {scopes.EMPLOYEE_NUMBER},
    "job_level_id": frozenset((scopes.JOB_LEVEL,)),
    "job_family_id": frozenset((scopes.JOB_FAMILY,)),
    "dotted_line_leader_user_ids": frozenset((scopes.DOTTED_LINE,)),
    "geo": frozenset((scopes.GEO,)),
    "assign_info": frozenset((scopes.ASSIGN_INFO,)),
}
DEPARTMENT_FIELDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("name", "i18n_name", "department_id", "chat_id", "status"), _DEPARTMENT_BASE),
    **dict.fromkeys(("parent_department_id", "leader_user_id", "order", "unit_ids"), ORGANIZED),
    **dict.fromkeys(("member_count", "primary_member_count"), ORGANIZED),
    "department_hrbps": frozenset((scopes.HRBP,)),
}
LOGIN_FIELDS = {name: USER_FIELDS[name] for name in ("email", "enterprise_email", "user_id", "mobile", "employee_no")}
"""Of who signed in; name and picture need none there."""
TENANT_FIELDS: dict[str, frozenset[str]] = {"domain": frozenset((scopes.TENANT_DOMAIN,))}


def granted_scopes(settings: FeishuSettings) -> frozenset[str]:
    return frozenset((*settings.permissions, *settings.field_permissions))


def permitted(fields: Mapping[str, Any], opened_by: Mapping[str, frozenset[str]], granted: frozenset[str]) -> dict[str, Any]:
    """What is not listed needs no scope."""
    return {name: value for name, value in fields.items() if name not in opened_by or opened_by[name] & granted}


def without_blanks(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty texts, lists and objects; 0 and false are values."""
    stripped = {name: without_blanks(value) if isinstance(value, dict) else value for name, value in fields.items()}
    return {name: value for name, value in stripped.items() if value not in ("", [], {})}
