"""The paths of Feishu's interfaces: the names under which calls are limited, counted, landed and reported.

What a path holds of a call stays a placeholder, or each department would be an interface of its own.
"""

from __future__ import annotations

GET_TOKEN = "auth/v3/tenant_access_token/internal"  # noqa: S105
GET_USER_TOKEN = "oauth/v3/token"  # noqa: S105
GET_USER_INFO = "authen/v1/user_info"
OPEN_STREAM = "callback/ws/endpoint"
GET_DEPARTMENT = "contact/v3/departments/:department_id"
LIST_CHILDREN = "contact/v3/departments/:department_id/children"
LIST_PARENTS = "contact/v3/departments/parent"
BATCH_DEPARTMENTS = "contact/v3/departments/batch"
LIST_RANGE = "contact/v3/scopes"
LIST_USERS = "contact/v3/users/find_by_department"
BATCH_USERS = "contact/v3/users/batch"
GET_USER = "contact/v3/users/:user_id"

# `user_id_type`: what people are keyed by, and what every id of a person in an answer is.
USER_KEYS = ("user_id", "open_id")

# Where one path has several methods, the method is part of the name: each has its own limit.
SEND_MESSAGE = "im/v1/messages"
RECALL_MESSAGE = "DELETE im/v1/messages/:message_id"
LIST_READERS = "im/v1/messages/:message_id/read_users"
SEND_BATCH = "message/v4/batch_send"
RECALL_BATCH = "DELETE im/v1/batch_messages/:batch_message_id"
GET_BATCH_PROGRESS = "im/v1/batch_messages/:batch_message_id/get_progress"
CREATE_TASK = "task/v2/tasks"
GET_TASK = "GET task/v2/tasks/:task_guid"
UPDATE_TASK = "PATCH task/v2/tasks/:task_guid"
DELETE_TASK = "DELETE task/v2/tasks/:task_guid"
