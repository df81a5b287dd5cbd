"""https://login.dingtalk.com/oauth2/auth: the page that signs somebody in, by QR code or account, and asks for consent."""

from __future__ import annotations

from sandbox.dingtalk.settings import OWN_PROFILE
from sandbox.dingtalk.tenant import DingTalk
from sandbox.exchange import Answer, Request
from sandbox.login_page import REFUSE, PageRefusalError, ask, send_back, who_signs_in

SCOPES = (("openid",), ("openid", "corpid"))


def authorize(tenant: DingTalk, request: Request) -> Answer:
    """Inside DingTalk's client too it asks: there an app gets its code by JSAPI, without this page."""
    scopes, redirect_uri = _read(tenant, request)
    user = who_signs_in(tenant, request)
    if user is None:
        return ask(tenant, request, redirect_uri=redirect_uri, scopes=" ".join(scopes))
    if redirect_uri not in tenant.settings.redirect_uris:  # not before somebody has consented
        raise PageRefusalError("redirect_uri", "redirect_uri与应用中配置的重定向URL不一致")
    state = request.query.get("state")
    if user == REFUSE:
        # The contract has `error=…` and no value for it: OAuth's own.
        return send_back(redirect_uri, error="access_denied", state=state)
    code = tenant.give_code(user, redirect_uri=redirect_uri, scopes=scopes)
    return send_back(redirect_uri, authCode=code, code=code, state=state)


def _read(tenant: DingTalk, request: Request) -> tuple[tuple[str, ...], str]:
    """Scopes and address. How DingTalk words a bad parameter is not known; an app that may not ask does not exist, to this page."""
    settings, query = tenant.settings, request.query
    if query.get("client_id") != settings.client_id or not settings.app_enabled or OWN_PROFILE not in settings.permissions:
        raise PageRefusalError(900103, "应用不存在")
    scopes = tuple(query.get("scope", "").split())
    demands = {
        "response_type": query.get("response_type") == "code",
        "scope": scopes in SCOPES,
        "prompt": query.get("prompt") == "consent",
        "redirect_uri": bool(query.get("redirect_uri")),
    }
    for name, is_met in demands.items():
        if not is_met:
            raise PageRefusalError(name, f"参数 {name} 不合法")
    return scopes, query["redirect_uri"]
