"""Which interfaces there are: path, method, the scopes that open it, and the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sandbox.exchange import Answer, Request
from sandbox.feishu import batches, company, credentials, departments, login, login_page, messages, ranges, stream, tasks, users
from sandbox.feishu.settings import (
    ACCESS_AS_APP,
    APP_INFO,
    BASIC_MESSAGES,
    BLANKET,
    CONTACT_BASE,
    MESSAGE,
    ORGANIZE,
    READ_AS_APP,
    READ_MESSAGES,
    RECALL,
    SEND_AS_BOT,
    SEND_OF_OLD,
    SEND_TO_DEPARTMENTS,
    SEND_TO_MANY,
    TASK_MEMBERS,
    TASK_READ,
    TASK_WRITE,
    TASK_WRITE_ONLY,
    TENANT_INFO,
    USER_ID_LOOKUP,
)
from sandbox.feishu.tenant import Feishu

PREFIX = "/open-apis/"
LIST_SCOPES = (CONTACT_BASE, ORGANIZE, *BLANKET)
SEND_SCOPES = (MESSAGE, SEND_AS_BOT, SEND_OF_OLD)
BATCH_SCOPES = (MESSAGE, SEND_AS_BOT)
RECALL_SCOPES = (MESSAGE, RECALL, SEND_AS_BOT)
READER_SCOPES = (MESSAGE, READ_MESSAGES, BASIC_MESSAGES)
SENT_BATCH_SCOPES = (SEND_TO_DEPARTMENTS, SEND_TO_MANY)
TASK_SCOPES = (TASK_WRITE, TASK_WRITE_ONLY)
MEMBER_SCOPES = (TASK_WRITE, TASK_MEMBERS)
RANGE_SCOPES = (CONTACT_BASE, ACCESS_AS_APP, READ_AS_APP)


@dataclass(frozen=True)
class Interface:
    name: str
    """The path with its placeholders, `:id`."""
    scopes: tuple[str, ...] | None
    """Any one of them, where there are any; None for the token calls, which also need no token."""
    handle: Callable[..., bytes]
    """From the tenant and the parameters, or the grant whose token it is, to `data`; from a token call to the whole body."""
    method: str = "GET"
    most_per_minute: int = 0
    """Where it is less than for other interfaces."""
    most_per_second: int = 0
    success: bytes = b"success"
    """The text of an answer that is no refusal."""
    root: str = PREFIX
    takes_forms: bool = False
    is_of_users: bool = False
    """Takes the token of a person who signed in, and not the tenant's."""
    needs_host: bool = False
    """Among the parameters: it tells where else this server is to be found."""

    @property
    def is_flat(self) -> bool:
        return self.scopes is None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        end = "/?" if self.is_flat else ""  # the token calls take a slash too many
        return re.compile(self.root + re.sub(r":(\w+)", r"(?P<\1>[^/]+)", self.name) + end)


INTERFACES = (
    Interface("auth/v3/tenant_access_token/internal", None, credentials.tenant_access_token, "POST"),
    Interface("auth/v3/app_access_token/internal", None, credentials.app_access_token, "POST"),
    Interface("callback/ws/endpoint", None, stream.open_endpoint, "POST", root="/", needs_host=True),
    Interface("oauth/v3/token", None, login.oauth_token, "POST", root="/", takes_forms=True),
    Interface("authen/v2/oauth/token", None, login.oauth_token_v2, "POST", takes_forms=True),
    Interface("authen/v1/access_token", (), login.access_token_of_old, "POST"),
    Interface("authen/v1/oidc/access_token", (), login.oidc_access_token, "POST"),
    Interface("authen/v1/user_info", (), login.user_info, is_of_users=True),
    Interface("contact/v3/scopes", RANGE_SCOPES, ranges.list_scopes),
    Interface(
        "application/v6/applications/:app_id/contacts_range_configuration", (APP_INFO,), ranges.get_configuration, most_per_minute=100
    ),
    Interface("contact/v3/departments", LIST_SCOPES, departments.list_departments),
    Interface("contact/v3/departments/batch", (CONTACT_BASE,), departments.batch),
    Interface("contact/v3/departments/parent", LIST_SCOPES, departments.parents),
    Interface("contact/v3/departments/:department_id", LIST_SCOPES, departments.get),
    Interface("contact/v3/departments/:department_id/children", LIST_SCOPES, departments.children),
    Interface("contact/v3/users", LIST_SCOPES, users.list_users),
    Interface("contact/v3/users/find_by_department", LIST_SCOPES, users.find_by_department),
    Interface("contact/v3/users/batch", (CONTACT_BASE,), users.batch),
    Interface("contact/v3/users/batch_get_id", (USER_ID_LOOKUP,), users.look_up_ids, "POST"),
    Interface("contact/v3/users/:user_id", LIST_SCOPES, users.get),
    Interface("contact/v3/custom_attrs", (CONTACT_BASE,), company.list_custom_fields),
    Interface("contact/v3/employee_type_enums", RANGE_SCOPES, company.list_employee_types),
    Interface("tenant/v2/tenant/query", (TENANT_INFO,), company.query_tenant),
    Interface("im/v1/messages", SEND_SCOPES, messages.send, "POST"),
    Interface("im/v1/messages/:message_id", RECALL_SCOPES, messages.recall, "DELETE"),
    Interface("im/v1/messages/:message_id/read_users", READER_SCOPES, messages.list_readers),
    Interface("message/v4/batch_send/", BATCH_SCOPES, batches.send, "POST", success=b"ok"),
    Interface("im/v1/batch_messages/:batch_message_id", SENT_BATCH_SCOPES, batches.recall, "DELETE", success=b"ok"),
    Interface("im/v1/batch_messages/:batch_message_id/get_progress", SENT_BATCH_SCOPES, batches.get_progress),
    Interface("im/v1/batch_messages/:batch_message_id/read_user", SENT_BATCH_SCOPES, batches.count_readers),
    Interface("task/v2/tasks", TASK_SCOPES, tasks.create, "POST", most_per_second=10),
    Interface("task/v2/tasks/:task_guid", (TASK_READ, TASK_WRITE), tasks.get, most_per_second=10),
    Interface("task/v2/tasks/:task_guid", TASK_SCOPES, tasks.patch, "PATCH", most_per_second=10),
    Interface("task/v2/tasks/:task_guid", (TASK_WRITE,), tasks.delete, "DELETE", most_per_second=10),
    Interface("task/v2/tasks/:task_guid/add_members", MEMBER_SCOPES, tasks.add_members, "POST", most_per_minute=100),
    Interface("task/v2/tasks/:task_guid/remove_members", (TASK_WRITE,), tasks.remove_members, "POST", most_per_minute=100),
)
"""In the order of search: a word goes before a placeholder."""
OAUTH_INTERFACES = frozenset(interface.name for interface in INTERFACES if interface.takes_forms)
PAGES: Mapping[str, Callable[[Feishu, Request], Answer]] = {
    f"{PREFIX}authen/v1/authorize": login_page.authorize,
    f"{PREFIX}authen/v1/index": login_page.authorize_of_old,
}
"""By path: for people, not for apps."""


def find_interface(path: str, method: str) -> tuple[Interface, Mapping[str, str]] | None:
    """With what the path says. A path with several methods is several interfaces; with another method it is the first."""
    matches = [(interface, match.groupdict()) for interface in INTERFACES if (match := interface.pattern.fullmatch(path))]
    several = [found for found in matches if found[0].name == matches[0][0].name]
    return next((found for found in several if found[0].method == method), matches[0] if matches else None)
