"""The two pages that sign somebody in: the one with the QR code for browsers, and the one that only WeCom's client opens."""

from __future__ import annotations

import re

from sandbox.exchange import Answer, Request
from sandbox.login_page import REFUSE, USER, PageRefusalError, ask, host_and_port, is_in_client, send_back, who_signs_in
from sandbox.wecom.refusals import APP_DISABLED, BAD_AGENT_ID, BAD_CORP_ID, BAD_PARAMETER, MISSING_PARAMETER, UNTRUSTED_DOMAIN
from sandbox.wecom.settings import PRIVATE_INFO, SILENT
from sandbox.wecom.tenant import WeCom

CLIENTS = ("wxwork", "MicroMessenger")
STATE_FORM = re.compile(r"[A-Za-z0-9]{0,128}")


def sign_in(tenant: WeCom, request: Request) -> Answer:
    """login.work.weixin.qq.com/wwlogin/sso/login: by QR code, in any browser."""
    _check_app(tenant, request)
    query = request.query
    if query.get("login_type") != "CorpApp":  # ServiceApp is for suites
        raise PageRefusalError(*BAD_PARAMETER)
    if query.get("agentid") != str(tenant.settings.agent_id):
        raise PageRefusalError(*BAD_AGENT_ID)
    user = who_signs_in(tenant, request)
    return _finish(tenant, request, user, scopes=())


def authorize(tenant: WeCom, request: Request) -> Answer:
    """open.weixin.qq.com/connect/oauth2/authorize. Its `#wechat_redirect` is seen by no server, so this one cannot miss it."""
    query = request.query
    if USER not in query and not is_in_client(request, *CLIENTS):
        raise PageRefusalError("client", "请在微信或企业微信客户端打开链接")
    _check_app(tenant, request)
    scope, agent_id = query.get("scope", ""), query.get("agentid")
    if query.get("response_type") != "code" or scope not in (SILENT, PRIVATE_INFO) or not STATE_FORM.fullmatch(query.get("state", "")):
        raise PageRefusalError(*BAD_PARAMETER)
    if agent_id not in (None, "", str(tenant.settings.agent_id)):
        raise PageRefusalError(*BAD_AGENT_ID)
    granted = scope if agent_id else SILENT
    user = who_signs_in(tenant, request, silently=granted == SILENT)
    return _finish(tenant, request, user, scopes=(granted,))


def _check_app(tenant: WeCom, request: Request) -> None:
    """Which of several faults WeCom names first is not known."""
    settings, query = tenant.settings, request.query
    if query.get("appid") != settings.client_id:
        raise PageRefusalError(*BAD_CORP_ID)
    if not settings.app_enabled:
        raise PageRefusalError(*APP_DISABLED)
    if not query.get("redirect_uri"):
        raise PageRefusalError(*MISSING_PARAMETER)
    if not tenant.trusts(host_and_port(query["redirect_uri"])):
        raise PageRefusalError(*UNTRUSTED_DOMAIN)


def _finish(tenant: WeCom, request: Request, user: str | None, *, scopes: tuple[str, ...]) -> Answer:
    """Who refuses comes back without a code."""
    redirect_uri, state = request.query["redirect_uri"], request.query.get("state")
    if user is None:
        return ask(tenant, request, redirect_uri=redirect_uri, scopes=" ".join(scopes))
    if user == REFUSE:
        return send_back(redirect_uri, state=state)
    code = tenant.give_code(user, redirect_uri=redirect_uri, scopes=scopes)
    return send_back(redirect_uri, code=code, state=state)
