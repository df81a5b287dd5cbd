"""https://accounts.feishu.cn/open-apis/authen/v1/authorize, and the older index: the page that signs somebody in and asks for consent."""

from __future__ import annotations

from sandbox.exchange import Answer, Request
from sandbox.feishu.tenant import Feishu
from sandbox.login_page import REFUSE, PageRefusalError, ask, is_in_client, send_back, who_signs_in

CLIENTS = ("Lark", "Feishu")
MOST_SCOPES = 50
CHALLENGE_METHODS = ("plain", "S256")
"""The first is the default."""


def authorize(tenant: Feishu, request: Request) -> Answer:
    """Also with `app_id` for `client_id`, as many still write it."""
    query = request.query
    method = query.get("code_challenge_method") or CHALLENGE_METHODS[0]
    if query.get("response_type") != "code" or method not in CHALLENGE_METHODS:
        raise PageRefusalError(20001, "请求参数有误")
    return _serve(tenant, request, query.get("client_id") or query.get("app_id"), challenge_method=method)


def authorize_of_old(tenant: Feishu, request: Request) -> Answer:
    """`authen/v1/index`: no scopes, no challenge."""
    return _serve(tenant, request, request.query.get("app_id"))


def _serve(tenant: Feishu, request: Request, client_id: str | None, *, challenge_method: str = "") -> Answer:
    """In Feishu's own client nobody is asked, unless the app wants it."""
    query = request.query
    _check_app(tenant, client_id)
    redirect_uri, scopes = query.get("redirect_uri", ""), tuple(query.get("scope", "").split()) if challenge_method else ()
    if redirect_uri not in tenant.settings.redirect_uris:
        raise PageRefusalError(20029, "redirect_uri 请求不合法")
    if len(scopes) > MOST_SCOPES or not tenant.granted.issuperset(scopes):
        raise PageRefusalError(20027, "应用未开通所请求的权限")
    user = who_signs_in(tenant, request, silently=is_in_client(request, *CLIENTS) and query.get("prompt") != "consent")
    if user is None:
        return ask(tenant, request, redirect_uri=redirect_uri, scopes=" ".join(scopes))
    state = query.get("state")
    if user == REFUSE:
        return send_back(redirect_uri, error="access_denied", state=state)
    challenge = query.get("code_challenge", "") if challenge_method else ""
    agreed = {"redirect_uri": redirect_uri, "scopes": scopes, "challenge": challenge, "challenge_method": challenge_method}
    return send_back(redirect_uri, code=tenant.give_code(user, **agreed), state=state)


def _check_app(tenant: Feishu, client_id: str | None) -> None:
    """The contract has codes of tokens for these; which of them the page shows is not known."""
    if client_id != tenant.settings.client_id:
        raise PageRefusalError(20048, "应用不存在")
    if not tenant.settings.app_enabled:
        raise PageRefusalError(20069, "应用未启用")
    if not tenant.settings.app_installed:
        raise PageRefusalError(20009, "租户未安装应用")
