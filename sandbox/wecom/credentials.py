"""The token of each secret, and what the app says of itself."""

from __future__ import annotations

import re
import time

from sandbox.exchange import encode
from sandbox.wecom.calls import Call
from sandbox.wecom.parameters import number, required, text
from sandbox.wecom.refusals import (
    BAD_AGENT_ID,
    BAD_CORP_ID,
    BAD_SECRET,
    FOREIGN_AGENT,
    MALFORMED_SECRET,
    NO_AGENT_ID,
    NO_CORP_ID,
    NO_SECRET,
    RefusalError,
)

SECRET_FORM = re.compile(r"[A-Za-z0-9_-]+")


def gettoken(call: Call) -> bytes:
    settings, tokens, now = call.tenant.settings, call.tenant.tokens, time.time()
    corp_id, secret = text(call.parameters, "corpid", NO_CORP_ID), text(call.parameters, "corpsecret", NO_SECRET)
    if corp_id != settings.client_id:
        raise RefusalError(BAD_CORP_ID)
    if not SECRET_FORM.fullmatch(secret):
        raise RefusalError(MALFORMED_SECRET)
    if secret not in call.tenant.holders:
        raise RefusalError(BAD_SECRET)
    token = tokens.issue(client_id=secret, seconds=settings.token_seconds, now=now)
    return encode({"access_token": token, "expires_in": round(tokens.grants[token].expires_at - now)})


def agent_get(call: Call) -> bytes:
    """The fields of https://developer.work.weixin.qq.com/document/path/96448."""
    settings = call.tenant.settings
    if number(required(call.parameters, "agentid", NO_AGENT_ID), BAD_AGENT_ID) != settings.agent_id:
        raise RefusalError(FOREIGN_AGENT)
    return encode(
        {
            "agentid": settings.agent_id,
            "name": "组织同步",
            "square_logo_url": "https://wework.qpic.cn/wwpic/sandbox_app/0",
            "description": "",
            "allow_userinfos": {"user": [{"userid": user_id} for user_id in settings.visible_users]},
            "allow_partys": {"partyid": settings.visible_departments},
            "allow_tags": {"tagid": settings.visible_tags},
            "close": int(settings.agent_closed),
            "redirect_domain": "",
            "report_location_flag": 0,
            "isreportenter": 0,
            "home_url": "",
        }
    )
