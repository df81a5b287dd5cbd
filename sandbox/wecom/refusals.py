"""How WeCom says no: always with HTTP status 200, a code, and a text that names the caller's address."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from sandbox.exchange import HTML_TYPE, Answer, json_answer

Reason = tuple[int, str]

BUSY: Reason = (-1, "system busy")
BAD_SECRET: Reason = (40001, "invalid credential")
BAD_USER_ID: Reason = (40003, "invalid userid")
BAD_MEDIA_ID: Reason = (40007, "invalid media_id")
BAD_MESSAGE_TYPE: Reason = (40008, "invalid message type")
BAD_CORP_ID: Reason = (40013, "invalid corpid")
BAD_TOKEN: Reason = (40014, "invalid access_token")
BAD_CODE: Reason = (40029, "invalid code")
TOO_MANY_USERS: Reason = (40032, "invalid userid list length")
ESCAPED_CHARACTERS: Reason = (40033, "invalid charset. please check your request, if include \\uxxxx will create fail")
BAD_AGENT_ID: Reason = (40056, "invalid agentid")
BAD_PARAMETER: Reason = (40058, "invalid Request Parameter")
MISSING_PARAMETER: Reason = (40063, "some parameters are empty")
UNKNOWN_TAG: Reason = (40068, "invalid tagid")
UNKNOWN_JOB: Reason = (40088, "invalid jobid")
PURGED_JOB: Reason = (40089, "jobid result is already cleaned")
MALFORMED_SECRET: Reason = (40091, "secret is invalid")
NO_TOKEN: Reason = (41001, "access_token missing")
NO_CORP_ID: Reason = (41002, "corpid missing")
NO_SECRET: Reason = (41004, "corpsecret missing")
NO_USER_ID: Reason = (41009, "userid missing")
NO_AGENT_ID: Reason = (41011, "agentid missing")
NO_TITLE: Reason = (41016, "title missing")
EXPIRED_TOKEN: Reason = (42001, "access_token expired")
TOO_OLD_TO_RECALL: Reason = (42052, "message send time is more than 24 hours")
EMPTY_TEXT: Reason = (44004, "content is empty")
TOO_LONG_TEXT: Reason = (45002, "content size out of limit")
TOO_MANY_ARTICLES: Reason = (45008, "article size out of limit")
THROTTLED: Reason = (45009, "api freq out of limit")
TOO_LARGE: Reason = (45029, "response data too large")
TOO_PARALLEL: Reason = (45033, "api concurrent out of limit")
NOBODY: Reason = (46004, "user no exist")
FORBIDDEN: Reason = (48002, "api forbidden")
FORBIDDEN_FOR_CONTACTS: Reason = (48009, "api forbidden for contact assistant")
UNTRUSTED_DOMAIN: Reason = (50001, "redirect_uri unauthorized")
UNKNOWN_DEPARTMENT: Reason = (60003, "department not found")
OUT_OF_RANGE: Reason = (60011, "no privilege to access/modify contact/party/agent")
FOREIGN_ADDRESS: Reason = (60020, "not allow to access from your ip")
BAD_MOBILE: Reason = (60103, "invalid mobile")
UNKNOWN_USER: Reason = (60111, "userid not found")
ALL_INVALID: Reason = (81013, "user & party & tag all invalid")
NO_RECIPIENT: Reason = (82001, "touser & toparty & totag all empty")
TOO_MANY_PARTIES: Reason = (82002, "invalid party list length")
TOO_MANY_TAGS: Reason = (82003, "invalid tag list length")
APP_DISABLED: Reason = (50003, "agent is disabled")
FOREIGN_AGENT: Reason = (301002, "not allow operate another agent with this accesstoken.")


class RefusalError(Exception):
    """`fields` stand in the answer beside the code."""

    def __init__(self, reason: Reason, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(*reason)
        self.code, self.text = reason
        self.fields = dict(fields or {})

    def answer(self, client_ip: str) -> Answer:
        message = f"{self.text}, hint: [{_hint()}], from ip: {client_ip}, more info at https://open.work.weixin.qq.com/devtool/query?e={self.code}"
        answer = json_answer({"errcode": self.code, "errmsg": message} | self.fields, refusal=str(self.code))
        answer.headers = ((b"error-code", b"%d" % self.code), (b"error-msg", message.encode()))
        return answer


def _hint() -> str:
    """The time and a random number, in digits only."""
    return f"{int(time.time())}{secrets.randbelow(10**15):015d}"


def unknown_path() -> Answer:
    return Answer(b"<html><body><h1>404 Not Found</h1></body></html>", 404, HTML_TYPE, refusal="404")
