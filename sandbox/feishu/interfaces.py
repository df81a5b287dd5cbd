"""Which interfaces there are: path, method, the scopes that open it, and the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sandbox.feishu import company, credentials, departments, ranges, users
from sandbox.feishu.settings import ACCESS_AS_APP, APP_INFO, BLANKET, CONTACT_BASE, ORGANIZE, READ_AS_APP, TENANT_INFO, USER_ID_LOOKUP

PREFIX = "/open-apis/"
LIST_SCOPES = (CONTACT_BASE, ORGANIZE, *BLANKET)
RANGE_SCOPES = (CONTACT_BASE, ACCESS_AS_APP, READ_AS_APP)


@dataclass(frozen=True)
class Interface:
    name: str
    """The path with its placeholders, `:id`."""
    scopes: tuple[str, ...] | None
    """Any one of them; None for the token calls, which also need no token."""
    handle: Callable[..., bytes]
    """From the tenant and the parameters to `data`; from a token call to the whole body."""
    method: str = "GET"
    most_per_minute: int = 0
    """Where it is less than for other interfaces."""

    @property
    def is_flat(self) -> bool:
        return self.scopes is None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        end = "/?" if self.is_flat else ""  # the token calls take a slash too many
        return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", self.name) + end)


INTERFACES = (
    Interface("auth/v3/tenant_access_token/internal", None, credentials.tenant_access_token, "POST"),
    Interface("auth/v3/app_access_token/internal", None, credentials.app_access_token, "POST"),
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
)
"""In the order of search: a word goes before a placeholder."""


def find_interface(path: str) -> tuple[Interface, Mapping[str, str]] | None:
    """With what the path says."""
    rest = path.removeprefix(PREFIX)
    matches = ((interface, interface.pattern.fullmatch(rest)) for interface in INTERFACES)
    return next(((interface, match.groupdict()) for interface, match in matches if match), None)
