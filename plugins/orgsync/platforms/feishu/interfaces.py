"""The paths of Feishu's directory interfaces: the names under which calls are limited, counted, landed and reported.

What a path holds of a call stays a placeholder, or each department would be an interface of its own.
"""

from __future__ import annotations

GET_TOKEN = "auth/v3/tenant_access_token/internal"  # noqa: S105
GET_DEPARTMENT = "contact/v3/departments/:department_id"
LIST_CHILDREN = "contact/v3/departments/:department_id/children"
BATCH_DEPARTMENTS = "contact/v3/departments/batch"
LIST_RANGE = "contact/v3/scopes"
LIST_USERS = "contact/v3/users/find_by_department"
BATCH_USERS = "contact/v3/users/batch"

# `user_id_type`: what people are keyed by, and what every id of a person in an answer is.
USER_KEYS = ("user_id", "open_id")
