"""Which interfaces there are: path, method, permission point, and the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.dingtalk import credentials, departments, roles, users
from sandbox.dingtalk.refusals import Dialect
from sandbox.dingtalk.settings import BASE, DEPARTMENT_LIST, DEPARTMENT_MEMBER, MEMBER, MEMBER_BY_MOBILE


@dataclass(frozen=True)
class Interface:
    name: str
    method: str
    dialect: Dialect
    permission: str | None
    """None for the token calls, which also need no token."""
    handle: Callable[..., bytes]
    """From the tenant and the parameters to the `result` of a topapi answer, or to the whole body elsewhere."""


def _topapi(path: str, permission: str, handle: Callable[..., Any]) -> Interface:
    return Interface(f"topapi/{path}", "POST", Dialect.TOPAPI, permission, handle)


UNIFIED_TOKEN = Interface("v1.0/oauth2/{corpId}/token", "POST", Dialect.MODERN, None, credentials.unified_token)
UNIFIED_TOKEN_PATH = re.compile(r"/v1\.0/oauth2/([^/]+)/token")

INTERFACES = (
    Interface("gettoken", "GET", Dialect.LEGACY, None, credentials.gettoken),
    Interface("v1.0/oauth2/accessToken", "POST", Dialect.MODERN, None, credentials.access_token),
    Interface("auth/scopes", "GET", Dialect.LEGACY, BASE, credentials.scopes),
    _topapi("v2/department/listsub", DEPARTMENT_LIST, departments.listsub),
    _topapi("v2/department/listsubid", DEPARTMENT_LIST, departments.listsubid),
    _topapi("v2/department/get", DEPARTMENT_LIST, departments.get),
    _topapi("v2/department/listparentbydept", DEPARTMENT_LIST, departments.listparentbydept),
    _topapi("v2/department/listparentbyuser", DEPARTMENT_LIST, departments.listparentbyuser),
    _topapi("v2/user/list", DEPARTMENT_MEMBER, users.list_full),
    _topapi("user/listsimple", DEPARTMENT_MEMBER, users.list_simple),
    _topapi("user/listid", MEMBER, users.listid),
    _topapi("v2/user/get", MEMBER, users.get),
    _topapi("v2/user/getbymobile", MEMBER_BY_MOBILE, users.getbymobile),
    _topapi("user/getbyunionid", MEMBER, users.getbyunionid),
    _topapi("user/count", MEMBER, users.count),
    _topapi("user/listadmin", MEMBER, users.listadmin),
    _topapi("role/list", DEPARTMENT_LIST, roles.list_roles),
    _topapi("role/simplelist", DEPARTMENT_MEMBER, roles.list_members),
)
BY_PATH = {f"/{interface.name}": interface for interface in INTERFACES}


def find_interface(path: str) -> Interface | None:
    return BY_PATH.get(path) or (UNIFIED_TOKEN if UNIFIED_TOKEN_PATH.fullmatch(path) else None)
