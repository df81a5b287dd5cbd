"""What the tests use of lark-oapi, whose import takes as long as some hundred tests: see `import_when_used`."""

import asyncio

from lark_oapi import Client
from lark_oapi.api.authen.v1.model.create_access_token_request import CreateAccessTokenRequest
from lark_oapi.api.authen.v1.model.create_access_token_request_body import CreateAccessTokenRequestBody
from lark_oapi.api.authen.v1.model.create_oidc_access_token_request import CreateOidcAccessTokenRequest
from lark_oapi.api.authen.v1.model.create_oidc_access_token_request_body import CreateOidcAccessTokenRequestBody
from lark_oapi.api.authen.v1.model.get_user_info_request import GetUserInfoRequest
from lark_oapi.api.authen.v1.model.token_info import TokenInfo
from lark_oapi.api.authen.v1.model.user_access_token_info import UserAccessTokenInfo
from lark_oapi.api.authen.v1.model.user_info import UserInfo
from lark_oapi.api.contact.v3.model.avatar_info import AvatarInfo
from lark_oapi.api.contact.v3.model.batch_department_request import BatchDepartmentRequest
from lark_oapi.api.contact.v3.model.batch_user_request import BatchUserRequest
from lark_oapi.api.contact.v3.model.children_department_request import ChildrenDepartmentRequest
from lark_oapi.api.contact.v3.model.department import Department
from lark_oapi.api.contact.v3.model.department_leader import DepartmentLeader
from lark_oapi.api.contact.v3.model.find_by_department_user_request import FindByDepartmentUserRequest
from lark_oapi.api.contact.v3.model.get_department_request import GetDepartmentRequest
from lark_oapi.api.contact.v3.model.get_user_request import GetUserRequest
from lark_oapi.api.contact.v3.model.list_scope_request import ListScopeRequest
from lark_oapi.api.contact.v3.model.user import User
from lark_oapi.api.contact.v3.model.user_order import UserOrder
from lark_oapi.api.contact.v3.model.user_status import UserStatus
from lark_oapi.api.im.v1.model.batch_message_read_user import BatchMessageReadUser
from lark_oapi.api.im.v1.model.batch_message_recall_progress import BatchMessageRecallProgress
from lark_oapi.api.im.v1.model.batch_message_send_progress import BatchMessageSendProgress
from lark_oapi.api.im.v1.model.create_message_request import CreateMessageRequest
from lark_oapi.api.im.v1.model.create_message_request_body import CreateMessageRequestBody
from lark_oapi.api.im.v1.model.create_message_response_body import CreateMessageResponseBody
from lark_oapi.api.im.v1.model.delete_batch_message_request import DeleteBatchMessageRequest
from lark_oapi.api.im.v1.model.delete_message_request import DeleteMessageRequest
from lark_oapi.api.im.v1.model.get_progress_batch_message_request import GetProgressBatchMessageRequest
from lark_oapi.api.im.v1.model.read_user import ReadUser
from lark_oapi.api.im.v1.model.read_user_batch_message_request import ReadUserBatchMessageRequest
from lark_oapi.api.im.v1.model.read_users_message_request import ReadUsersMessageRequest
from lark_oapi.api.task.v2.model.add_members_task_request import AddMembersTaskRequest
from lark_oapi.api.task.v2.model.add_members_task_request_body import AddMembersTaskRequestBody
from lark_oapi.api.task.v2.model.create_task_request import CreateTaskRequest
from lark_oapi.api.task.v2.model.delete_task_request import DeleteTaskRequest
from lark_oapi.api.task.v2.model.get_task_request import GetTaskRequest
from lark_oapi.api.task.v2.model.input_task import InputTask
from lark_oapi.api.task.v2.model.member import Member
from lark_oapi.api.task.v2.model.patch_task_request import PatchTaskRequest
from lark_oapi.api.task.v2.model.patch_task_request_body import PatchTaskRequestBody
from lark_oapi.api.task.v2.model.task import Task
from lark_oapi.core import AccessTokenType, HttpMethod
from lark_oapi.core.cache import LocalCache
from lark_oapi.core.exception import ObtainAccessTokenException
from lark_oapi.core.model import BaseRequest, RequestOption
from lark_oapi.core.token import TokenManager
from lark_oapi.ws import client as _web_socket

# It makes an event loop when it is imported, and no test needs one: left open, it would be complained about at the end.
_web_socket.loop.close()
asyncio.set_event_loop(None)

__all__ = [
    "AccessTokenType",
    "AddMembersTaskRequest",
    "AddMembersTaskRequestBody",
    "AvatarInfo",
    "BaseRequest",
    "BatchDepartmentRequest",
    "BatchMessageReadUser",
    "BatchMessageRecallProgress",
    "BatchMessageSendProgress",
    "BatchUserRequest",
    "ChildrenDepartmentRequest",
    "Client",
    "CreateAccessTokenRequest",
    "CreateAccessTokenRequestBody",
    "CreateMessageRequest",
    "CreateMessageRequestBody",
    "CreateMessageResponseBody",
    "CreateOidcAccessTokenRequest",
    "CreateOidcAccessTokenRequestBody",
    "CreateTaskRequest",
    "DeleteBatchMessageRequest",
    "DeleteMessageRequest",
    "DeleteTaskRequest",
    "Department",
    "DepartmentLeader",
    "FindByDepartmentUserRequest",
    "GetDepartmentRequest",
    "GetProgressBatchMessageRequest",
    "GetTaskRequest",
    "GetUserInfoRequest",
    "GetUserRequest",
    "HttpMethod",
    "InputTask",
    "ListScopeRequest",
    "LocalCache",
    "Member",
    "ObtainAccessTokenException",
    "PatchTaskRequest",
    "PatchTaskRequestBody",
    "ReadUser",
    "ReadUserBatchMessageRequest",
    "ReadUsersMessageRequest",
    "RequestOption",
    "Task",
    "TokenInfo",
    "TokenManager",
    "User",
    "UserAccessTokenInfo",
    "UserInfo",
    "UserOrder",
    "UserStatus",
]
