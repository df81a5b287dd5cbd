"""Token interfaces of both generations, and what a token may see."""

from __future__ import annotations

import secrets
import time

from sandbox.dingtalk.parameters import Parameters, required
from sandbox.dingtalk.refusals import RefusalError, bad_parameter, bad_secret, missing_parameter
from sandbox.dingtalk.settings import FIELD_EMAIL, FIELD_MOBILE
from sandbox.dingtalk.tenant import DingTalk
from sandbox.exchange import encode


def gettoken(tenant: DingTalk, parameters: Parameters) -> bytes:
    if parameters.get("corpid"):
        raise RefusalError(40089, "不合法的corpid或corpsecret")
    if not parameters.get("appkey"):
        raise missing_parameter("corpid or appkey")
    if not parameters.get("appsecret"):
        raise missing_parameter("corpsecret or appsecret")
    if not tenant.has_credentials(parameters["appkey"], parameters["appsecret"]):
        raise RefusalError(40096, "不合法的appKey或appSecret")
    token = {"errcode": 0, "access_token": _issue(tenant), "errmsg": "ok", "expires_in": tenant.settings.token_seconds}
    return encode(token)


def sso_token(tenant: DingTalk, parameters: Parameters) -> bytes:
    """Opens the sign-in calls of the admin console, none of which are here."""
    pair = (parameters.get("corpid"), parameters.get("corpsecret"))
    if pair != (tenant.settings.corp_id, tenant.settings.sso_secret):
        raise RefusalError(40089, "不合法的corpid或corpsecret")
    return encode({"errcode": 0, "access_token": secrets.token_hex(16), "errmsg": "ok"})


def access_token(tenant: DingTalk, parameters: Parameters) -> bytes:
    app_key, app_secret = required(parameters, "appKey"), required(parameters, "appSecret")
    if not tenant.has_credentials(app_key, app_secret):
        raise bad_secret()
    return encode({"expireIn": tenant.settings.token_seconds, "accessToken": _issue(tenant)})


def unified_token(tenant: DingTalk, parameters: Parameters) -> bytes:
    client_id, client_secret = required(parameters, "client_id"), required(parameters, "client_secret")
    if required(parameters, "grant_type") != "client_credentials":
        raise bad_parameter("grant_type")
    if parameters["corpId"] != tenant.settings.corp_id:
        raise RefusalError(0, "未知错误", modern="unknownError", status=500)
    if not tenant.has_credentials(client_id, client_secret):
        raise RefusalError(0, "无效的client", modern="invalid.client")
    return encode({"access_token": _issue(tenant), "expires_in": tenant.settings.token_seconds})


def scopes(tenant: DingTalk, _: Parameters) -> bytes:
    fields = ["name", "avatar", "userid", "jobnumber", "position", "department", "isLeader", "isAdmin"]
    fields += ["mobile"] if FIELD_MOBILE in tenant.settings.field_permissions else []
    fields += ["email"] if FIELD_EMAIL in tenant.settings.field_permissions else []
    authed = {"authed_user": tenant.settings.visible_users, "authed_dept": tenant.settings.visible_departments}
    return encode({"errcode": 0, "errmsg": "ok", "auth_user_field": fields, "condition_field": [], "auth_org_scopes": authed})


def _issue(tenant: DingTalk) -> str:
    settings = tenant.settings
    return tenant.tokens.issue(client_id=settings.client_id, seconds=settings.token_seconds, now=time.time())
