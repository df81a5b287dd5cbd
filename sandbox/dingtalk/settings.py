"""DingTalk's own knobs and the permission points its console knows."""

from __future__ import annotations

from sandbox.settings import Settings

BASE = "qyapi_base"
DEPARTMENT_LIST = "qyapi_get_department_list"
DEPARTMENT_MEMBER = "qyapi_get_department_member"
MEMBER = "qyapi_get_member"
MEMBER_BY_MOBILE = "qyapi_get_member_by_mobile"
FIELD_MOBILE = "fieldMobile"
FIELD_EMAIL = "fieldEmail"


class DingTalkSettings(Settings, kw_only=True):
    client_id: str = "sandbox-dingtalk"
    client_secret: str = "sandbox-dingtalk-secret"  # noqa: S105
    corp_id: str = "dingsandbox"
    permissions: tuple[str, ...] = (BASE, DEPARTMENT_LIST, DEPARTMENT_MEMBER, MEMBER, MEMBER_BY_MOBILE)
    field_permissions: tuple[str, ...] = (FIELD_MOBILE, FIELD_EMAIL)
    blank_fields: bool = False
    """Some tenants answer "" for an empty field instead of leaving it out."""
