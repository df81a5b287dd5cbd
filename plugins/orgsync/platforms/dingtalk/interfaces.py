"""The paths of DingTalk's directory interfaces: the names under which calls are limited, counted, landed and reported."""

from __future__ import annotations

GET_TOKEN = "gettoken"  # noqa: S105
AUTH_SCOPES = "auth/scopes"
LIST_SUB_DEPARTMENTS = "topapi/v2/department/listsub"
GET_DEPARTMENT = "topapi/v2/department/get"
LIST_USERS = "topapi/v2/user/list"
GET_USER = "topapi/v2/user/get"
COUNT_USERS = "topapi/user/count"
LIST_PARENTS_OF_USER = "topapi/v2/department/listparentbyuser"
