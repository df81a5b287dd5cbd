"""The paths of DingTalk's interfaces: the names under which calls are limited, counted, landed and reported."""

from __future__ import annotations

GET_TOKEN = "gettoken"  # noqa: S105
GET_SSO_TOKEN = "sso/gettoken"  # noqa: S105
AUTH_SCOPES = "auth/scopes"
LIST_SUB_DEPARTMENTS = "topapi/v2/department/listsub"
GET_DEPARTMENT = "topapi/v2/department/get"
LIST_USERS = "topapi/v2/user/list"
GET_USER = "topapi/v2/user/get"
COUNT_USERS = "topapi/user/count"
LIST_PARENTS_OF_USER = "topapi/v2/department/listparentbyuser"
GET_USER_BY_CODE = "topapi/v2/user/getuserinfo"
GET_USER_BY_UNION_ID = "topapi/user/getbyunionid"

SEND_NOTIFICATION = "topapi/message/corpconversation/asyncsend_v2"
GET_SEND_PROGRESS = "topapi/message/corpconversation/getsendprogress"
GET_SEND_RESULT = "topapi/message/corpconversation/getsendresult"
RECALL_NOTIFICATION = "topapi/message/corpconversation/recall"

# Of the new generation, on a host of its own. Where one path has several methods, the method is part of the name: each has its own limit.
GET_NEW_TOKEN = "v1.0/oauth2/accessToken"  # noqa: S105
GET_USER_TOKEN = "v1.0/oauth2/userAccessToken"  # noqa: S105
GET_ME = "v1.0/contact/users/me"
OPEN_STREAM = "v1.0/gateway/connections/open"
CREATE_TODO = "v1.0/todo/users/:unionId/tasks"
UPDATE_TODO = "PUT v1.0/todo/users/:unionId/tasks/:taskId"
DELETE_TODO = "DELETE v1.0/todo/users/:unionId/tasks/:taskId"
FIND_TODO = "v1.0/todo/users/:unionId/tasks/sources/:sourceId"
