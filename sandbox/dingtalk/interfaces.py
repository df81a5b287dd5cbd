"""Which interfaces there are: path, method, permission point, and the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.dingtalk import credentials, departments, failed_events, login, login_page, messages, roles, stream, tasks, users
from sandbox.dingtalk.refusals import Dialect
from sandbox.dingtalk.settings import BASE, DEPARTMENT_LIST, DEPARTMENT_MEMBER, MEMBER, MEMBER_BY_MOBILE, OWN_PROFILE, TODO_READ, TODO_WRITE
from sandbox.dingtalk.tenant import DingTalk
from sandbox.exchange import Answer, Request


@dataclass(frozen=True)
class Interface:
    name: str
    """The path with its placeholders, `{id}`."""
    method: str
    dialect: Dialect
    permission: str | None
    """None for the token calls, which also need no token."""
    handle: Callable[..., bytes]
    """From the tenant and the parameters, or the grant whose token it is, to a topapi answer's `result`, or to the whole body elsewhere."""
    has_result: bool = True
    """False: a topapi answer that has its fields beside `errcode`."""
    is_billed: bool = False
    is_of_users: bool = False
    """Takes the token of a person who signed in, and not the app's."""
    needs_host: bool = False
    """Among the parameters: it tells where else this server is to be found."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", "/" + self.name.replace(".", r"\.")))


def _topapi(path: str, permission: str, handle: Callable[..., Any]) -> Interface:
    return Interface(f"topapi/{path}", "POST", Dialect.TOPAPI, permission, handle)


def _message(path: str, handle: Callable[..., Any]) -> Interface:
    return Interface(f"topapi/message/corpconversation/{path}", "POST", Dialect.TOPAPI, BASE, handle, has_result=False, is_billed=True)


def _todo(path: str, method: str, permission: str, handle: Callable[..., Any]) -> Interface:
    return Interface(f"v1.0/todo/users/{{unionId}}/{path}", method, Dialect.MODERN, permission, handle, is_billed=True)


INTERFACES = (
    Interface("gettoken", "GET", Dialect.LEGACY, None, credentials.gettoken),
    Interface("sso/gettoken", "GET", Dialect.LEGACY, None, credentials.sso_token),
    Interface("v1.0/oauth2/accessToken", "POST", Dialect.MODERN, None, credentials.access_token),
    Interface("v1.0/oauth2/userAccessToken", "POST", Dialect.MODERN, None, login.user_access_token),
    Interface("v1.0/contact/users/me", "GET", Dialect.MODERN, OWN_PROFILE, login.get_own_profile, is_of_users=True),
    Interface("v1.0/gateway/connections/open", "POST", Dialect.MODERN, None, stream.open_connection, needs_host=True),
    Interface("call_back/get_call_back_failed_result", "GET", Dialect.LEGACY, BASE, failed_events.get_failed_events),
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
    _topapi("v2/user/getuserinfo", BASE, login.get_user_by_code),
    _topapi("user/getbyunionid", MEMBER, users.getbyunionid),
    _topapi("user/count", MEMBER, users.count),
    _topapi("user/listadmin", MEMBER, users.listadmin),
    _topapi("role/list", DEPARTMENT_LIST, roles.list_roles),
    _topapi("role/simplelist", DEPARTMENT_MEMBER, roles.list_members),
    _message("asyncsend_v2", messages.send),
    _message("getsendprogress", messages.get_progress),
    _message("getsendresult", messages.get_result),
    _message("recall", messages.recall),
    Interface("v1.0/oauth2/{corpId}/token", "POST", Dialect.MODERN, None, credentials.unified_token),
    _todo("tasks", "POST", TODO_WRITE, tasks.create),
    _todo("tasks/{taskId}", "PUT", TODO_WRITE, tasks.update),
    _todo("tasks/{taskId}", "DELETE", TODO_WRITE, tasks.delete),
    _todo("tasks/{taskId}", "GET", TODO_READ, tasks.get),
    _todo("tasks/{taskId}/executorStatus", "PUT", TODO_WRITE, tasks.set_executor_status),
    _todo("tasks/sources/{sourceId}", "GET", TODO_READ, tasks.get_by_source),
    _todo("org/tasks/query", "POST", TODO_READ, tasks.query),
)
PAGES: Mapping[str, Callable[[DingTalk, Request], Answer]] = {"/oauth2/auth": login_page.authorize}
"""By path: for people, not for apps."""
BY_PATH = {f"/{interface.name}": interface for interface in INTERFACES}
WITH_PLACEHOLDERS = tuple(interface for interface in INTERFACES if "{" in interface.name)


def find_interface(path: str, method: str) -> tuple[Interface, Mapping[str, str]] | None:
    """With what the path says. Where no interface of the path has the method it is one of the others, to refuse it."""
    if (interface := BY_PATH.get(path)) is not None:
        return interface, {}
    matches = [(interface, match.groupdict()) for interface in WITH_PLACEHOLDERS if (match := interface.pattern.fullmatch(path))]
    return next((found for found in matches if found[0].method == method), matches[0] if matches else None)
