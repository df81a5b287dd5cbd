"""The paths of WeCom's interfaces below /cgi-bin: the names under which calls are limited, counted, landed and reported."""

from __future__ import annotations

GET_TOKEN = "gettoken"  # noqa: S105
GET_AGENT = "agent/get"
GET_TAG = "tag/get"
LIST_DEPARTMENTS = "department/list"
GET_DEPARTMENT = "department/get"
LIST_DEPARTMENT_IDS = "department/simplelist"
LIST_USERS = "user/list"
# Our own name for what reads find out about the size of lists.
LIST_SIZES = "user/list sizes"
LIST_USER_IDS = "user/list_id"
GET_USER = "user/get"
GET_USER_BY_CODE = "auth/getuserinfo"
EXPORT_DEPARTMENTS = "export/department"
EXPORT_USERS = "export/user"
GET_EXPORT = "export/get_result"
# Our own name for fetching a file that an export made: its URL is the platform's secret.
EXPORT_FILE = "export/file"
SEND_MESSAGE = "message/send"
RECALL_MESSAGE = "message/recall"
