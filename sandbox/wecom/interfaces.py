"""Which interfaces there are: path, method, whose token may call them, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from sandbox.exchange import Answer, Request
from sandbox.wecom import credentials, departments, exports, login, login_page, messages, tags, users
from sandbox.wecom.calls import Call
from sandbox.wecom.refusals import BAD_PARAMETER, BAD_USER_ID, Reason
from sandbox.wecom.tenant import WeCom


class Access(Enum):
    OPEN = "needs no token and no trusted address"
    APP = "the app, with or without the right to read contacts"
    CONTACT = "the contact-sync secret"
    EITHER = "both"
    DETAILS = "the app; the contact-sync secret from addresses used before August 2022"


@dataclass(frozen=True)
class Interface:
    name: str
    method: str
    access: Access
    handle: Callable[[Call], bytes | Iterator[bytes]]
    """To an object with the fields of the answer beside errcode and errmsg, whole or in pieces."""
    wrong_method: Reason = BAD_PARAMETER
    is_counted: bool = True
    """By the minute; messages have limits of their own, and whoever brings a code has waited for a person."""


INTERFACES = (
    Interface("gettoken", "GET", Access.OPEN, credentials.gettoken),
    Interface("agent/get", "GET", Access.APP, credentials.agent_get),
    Interface("department/list", "GET", Access.DETAILS, departments.list_full),
    Interface("department/simplelist", "GET", Access.EITHER, departments.list_simple),
    Interface("department/get", "GET", Access.DETAILS, departments.get),
    Interface("user/get", "GET", Access.DETAILS, users.get),
    Interface("user/list", "GET", Access.DETAILS, users.list_full),
    Interface("user/simplelist", "GET", Access.DETAILS, users.list_simple),
    Interface("user/list_id", "POST", Access.CONTACT, users.list_id),
    Interface("auth/getuserinfo", "GET", Access.APP, login.get_user, is_counted=False),
    Interface("user/getuserinfo", "GET", Access.APP, login.get_user_of_old, is_counted=False),
    Interface("user/getuserid", "POST", Access.DETAILS, users.getuserid, BAD_USER_ID),
    Interface("user/get_userid_by_email", "POST", Access.DETAILS, users.get_userid_by_email, BAD_USER_ID),
    Interface("tag/list", "GET", Access.DETAILS, tags.list_tags),
    Interface("tag/get", "GET", Access.DETAILS, tags.get),
    Interface("export/department", "POST", Access.DETAILS, exports.export_department),
    Interface("export/user", "POST", Access.DETAILS, exports.export_user),
    Interface("export/simple_user", "POST", Access.DETAILS, exports.export_simple_user),
    Interface("export/get_result", "GET", Access.DETAILS, exports.get_result),
    Interface("message/send", "POST", Access.APP, messages.send, is_counted=False),
    Interface("message/recall", "POST", Access.APP, messages.recall, is_counted=False),
    Interface("message/get_statistics", "POST", Access.APP, messages.get_statistics, is_counted=False),
)
PAGES: Mapping[str, Callable[[WeCom, Request], Answer]] = {
    "/wwlogin/sso/login": login_page.sign_in,
    "/connect/oauth2/authorize": login_page.authorize,
}
"""By path: for people, not for apps."""
BY_NAME = {interface.name: interface for interface in INTERFACES}
