"""How DingTalk says no: three dialects for the same reasons."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any
from urllib.parse import quote

from sandbox.exchange import Answer, json_answer

CHINA = timezone(timedelta(hours=8))


class Dialect(Enum):
    TOPAPI = "topapi"
    """Refusals of the gateway are wrapped in errcode 88; every answer has a request_id."""
    LEGACY = "legacy"
    """The bare code, no request_id."""
    MODERN = "v1.0"
    """HTTP status and a code in words."""


class RefusalError(Exception):
    """`modern` is the code and the HTTP status that v1.0 has for it."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        gateway: bool = False,
        always_wrapped: bool = False,
        modern: str = "invalidParameter",
        status: int = 400,
    ) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message
        self.gateway, self.always_wrapped = gateway, always_wrapped
        self.modern, self.status = modern, status
        self.required_scopes: list[str] = []

    def answer(self, dialect: Dialect) -> Answer:
        if dialect is Dialect.MODERN:
            return self._modern()
        if self.always_wrapped or (self.gateway and dialect is Dialect.TOPAPI):
            return self._wrapped()
        body: dict[str, Any] = {"errcode": self.code, "errmsg": self.message}
        return json_answer(body | request_id(dialect), refusal=str(self.code))

    def _wrapped(self) -> Answer:
        tail = f"{{requiredScopes=[{','.join(self.required_scopes)}]}}" if self.required_scopes else ""
        body = {
            "errcode": 88,
            "sub_code": str(self.code),
            "sub_msg": self.message,
            "errmsg": f"ding talk error[subcode={self.code},submsg={self.message}]{tail}",
        }
        return json_answer(body | request_id(Dialect.TOPAPI), refusal=str(self.code))

    def _modern(self) -> Answer:
        body: dict[str, Any] = {"code": self.modern, "message": self.message, "requestid": str(uuid.uuid4()).upper()}
        if self.required_scopes:
            body["accessdenieddetail"] = {"requiredScopes": self.required_scopes}
        return json_answer(body, status=self.status, refusal=self.modern)


def request_id(dialect: Dialect) -> dict[str, str]:
    return {"request_id": secrets.token_hex(6)} if dialect is Dialect.TOPAPI else {}


def unknown_path(path: str) -> Answer:
    """Neither HTTP 404 nor the usual envelope."""
    if path.startswith("v1.0/"):
        return RefusalError(0, "Specified api is not found.", modern="InvalidAction.NotFound", status=404).answer(Dialect.MODERN)
    if path.startswith("oauth2/"):
        return json_answer({"errcode": 404, "errmsg": "请求的URI地址不存在"}, refusal="404")
    name = path.removeprefix("topapi/").replace("/", ".")
    message = f"不合法ApiName，ApiName = dingtalk.oapi.{name}"
    body = {"errcode": 22, "sub_msg": message, "errmsg": f"Invalid method[submsg={message}]"}
    return json_answer(body | request_id(Dialect.TOPAPI), refusal="22")


def wrong_method(needed: str) -> RefusalError:
    code = 43001 if needed == "GET" else 43002
    return RefusalError(code, f"需要{needed}请求", modern="InvalidAction.NotFound", status=404)


def missing_token(dialect: Dialect) -> RefusalError:
    code, message = (41001, "缺少access_token") if dialect is Dialect.LEGACY else (40000, "access_token is blank")
    return RefusalError(code, message, gateway=True, modern="AuthenticationFailed.MissingParameter")


def invalid_token() -> RefusalError:
    return RefusalError(40014, "不合法的access_token", gateway=True, modern="InvalidAuthentication")


def expired_user_token() -> RefusalError:
    return RefusalError(42001, "access_token超时", gateway=True, modern="accesstoken.expired")


def bad_secret() -> RefusalError:
    """Of the new generation."""
    return RefusalError(0, "无效的clientId或者clientSecret", modern="invalidClientIdOrSecret")


def ip_refused(ip: str, client_id: str) -> RefusalError:
    message = f"访问ip不在白名单之中,request ip={ip} appKey({client_id})"
    return RefusalError(60020, message, gateway=True, modern="Forbidden.AccessDenied.IpNotInWhiteList", status=403)


def app_disabled() -> RefusalError:
    """How the new generation says it is not published."""
    return RefusalError(50003, "应用已停用", gateway=True)


def permission_missing(permission: str, client_id: str) -> RefusalError:
    url = f"https://open-dev.dingtalk.com/appscope/apply?content={quote(f'{client_id}#{permission}')}"
    message = f"应用尚未开通所需的权限：[{permission}]，点击链接申请并开通即可：{url}"
    modern = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    refusal = RefusalError(60011, message, gateway=True, modern=modern, status=403)
    refusal.required_scopes = [permission]
    return refusal


def throttled(path: str, *, limit: int, now: float) -> RefusalError:
    start = datetime.fromtimestamp(int(now), CHINA)
    second, end = start.strftime("%Y-%m-%d %H:%M:%S"), (start + timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S")
    message = (
        f"您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了, apiPath({path}), "
        f"从 {second} 到 {second} 请求总次数超过了 {limit} 次, 处罚将在 {end} 结束."
    )
    modern = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
    return RefusalError(90018, message, gateway=True, always_wrapped=True, modern=modern, status=403)


def busy() -> RefusalError:
    return RefusalError(-1, "系统繁忙", modern="system.busy", status=503)


def quota_used_up() -> RefusalError:
    modern = "Forbidden.AccessDenied.ApiCountLimitForOrg"
    return RefusalError(90020, "当前组织的API调用量已超限", gateway=True, always_wrapped=True, modern=modern, status=403)


def bad_agent_id() -> RefusalError:
    return RefusalError(40056, "不合法的agentid")


def bad_task_id() -> RefusalError:
    return RefusalError(400002, "参数错误：找不到该任务")


def task_too_old() -> RefusalError:
    return RefusalError(400002, "参数错误：该任务已超过有效时间")


def missing_parameter(name: str) -> RefusalError:
    return RefusalError(40035, f"缺少参数 {name}", modern=f"Missing{name}")


def bad_parameter(name: str) -> RefusalError:
    return RefusalError(40035, f"不合法的参数 {name}", modern=f"invalidParameter.{name}")


def bad_body() -> RefusalError:
    return RefusalError(400002, "请求体不是合法的JSON", modern="InvalidBody")


def bad_department() -> RefusalError:
    return RefusalError(40009, "不合法的部门id")


def unknown_department() -> RefusalError:
    return RefusalError(60003, "部门不存在")


def department_out_of_range() -> RefusalError:
    return RefusalError(50004, "请求的部门id不在授权范围内")


def user_out_of_range() -> RefusalError:
    return RefusalError(50002, "请求的员工userid不在授权范围内")


def unknown_user() -> RefusalError:
    return RefusalError(60121, "找不到该用户")


def bad_cursor() -> RefusalError:
    return RefusalError(40068, "不合法的cursor")


def bad_size() -> RefusalError:
    return RefusalError(40069, "不合法的分页size")
