"""The token calls: flat answers, and HTTP 200 for a refusal too."""

from __future__ import annotations

import time
from typing import Any

from sandbox.exchange import encode
from sandbox.feishu.parameters import Parameters
from sandbox.feishu.refusals import unknown_app, wrong_secret
from sandbox.feishu.tenant import Feishu


def tenant_access_token(tenant: Feishu, parameters: Parameters) -> bytes:
    token, seconds = _issue(tenant, parameters)
    return _answer({"tenant_access_token": token, "expire": seconds})


def app_access_token(tenant: Feishu, parameters: Parameters) -> bytes:
    """The same text twice: an app of the company's own acts for one tenant only."""
    token, seconds = _issue(tenant, parameters)
    return _answer({"app_access_token": token, "expire": seconds, "tenant_access_token": token})


def _issue(tenant: Feishu, parameters: Parameters) -> tuple[str, int]:
    settings, now = tenant.settings, time.time()
    if parameters.get("app_id") != settings.client_id:
        raise unknown_app()
    if parameters.get("app_secret") != settings.client_secret:
        raise wrong_secret()
    token = tenant.tokens.issue(client_id=settings.client_id, seconds=settings.token_seconds, now=now)
    return token, tenant.tokens.seconds_left(now)


def _answer(fields: dict[str, Any]) -> bytes:
    return encode({"code": 0, "msg": "ok"} | fields)
