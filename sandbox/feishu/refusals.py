"""How Feishu says no: a code, an HTTP status that often fits, and what helps in `error`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.exchange import Answer, json_answer

CHINA = timezone(timedelta(hours=8))
NOT_FOUND = b"404 page not found"
MISSING_TOKEN_TEXT = "Missing access token for authorization. Please make a request with token attached."  # noqa: S105
INVALID_TOKEN_TEXT = "Invalid access token for authorization. Please make a request with token attached."  # noqa: S105


class RefusalError(Exception):
    """`detail` goes into `error`, beside the log id. A flat one has no `error`: the token calls know none."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: int = 400,
        detail: dict[str, Any] | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        flat: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status
        self.detail, self.headers, self.flat = detail or {}, headers, flat

    def answer(self) -> Answer:
        log_id = new_log_id()
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        body |= {"error": self.detail | {"log_id": log_id}} if self.flat is None else self.flat
        answer = json_answer(body, status=self.status, refusal=str(self.code))
        answer.headers = (*traced(log_id), *self.headers)
        return answer


def new_log_id() -> str:
    return datetime.now(CHINA).strftime("%Y%m%d%H%M%S") + secrets.token_hex(9).upper()


def traced(log_id: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"x-tt-logid", log_id.encode()),)


def unknown_route() -> Answer:
    """A wrong method too; the codes 99991201 and 99991301 of the documentation are not what comes."""
    return Answer(NOT_FOUND, 404, b"text/plain", traced(new_log_id()), refusal="404")


def unknown_app() -> RefusalError:
    return RefusalError(10003, "invalid param", status=200, flat={"data": {}})


def wrong_secret() -> RefusalError:
    return RefusalError(10014, "app secret invalid", status=200, flat={})


def missing_token() -> RefusalError:
    return RefusalError(99991661, MISSING_TOKEN_TEXT)


def invalid_token(token: str) -> RefusalError:
    """By its looks: a tenant's or an app's, a user's, or no token at all."""
    if token.startswith(("t-", "a-")):
        return RefusalError(99991663, INVALID_TOKEN_TEXT)
    if token.startswith(("eyJ", "u-")):
        return RefusalError(99991668, INVALID_TOKEN_TEXT)
    return RefusalError(99991671, "Invalid access token for authorization. The token's format is wrong.")


def ip_refused(ip: str) -> RefusalError:
    return RefusalError(99991401, f"ip {ip} is denied by app setting")


def app_disabled() -> RefusalError:
    return RefusalError(99991662, "app is disabled")


def app_not_installed() -> RefusalError:
    return RefusalError(99991673, "app is not available in this tenant")


def quota_used_up() -> RefusalError:
    return RefusalError(99991403, "This month's API call quota has been exceeded")


def scope_missing(app_id: str, scopes: Iterable[str]) -> RefusalError:
    """https://open.feishu.cn/document/uAjLw4CM/ugTN1YjL4UTN24CO1UjN/trouble-shooting/how-to-fix-the-99991672-error"""
    named = ", ".join(scopes)
    url = f"https://open.feishu.cn/app/{app_id}/auth?q={','.join(scopes)}&op_from=openapi&token_type=tenant"
    detail = {
        "permission_violations": [{"type": "action_scope_required", "subject": scope} for scope in scopes],
        "helps": [{"url": url, "description": f"Learn more about scopes and how to add them: [{named}]"}],
    }
    return RefusalError(99991672, f"Access denied. One of the following scopes is required: [{named}]", detail=detail)


def throttled(*, limit: int, seconds: int, is_older: bool = False) -> RefusalError:
    """Older interfaces have the HTTP status of old."""
    headers = ((b"x-ogw-ratelimit-limit", b"%d" % limit), (b"x-ogw-ratelimit-reset", b"%d" % seconds))
    return RefusalError(99991400, "request trigger frequency limit", status=400 if is_older else 429, headers=headers)


def bad_argument(field: str, value: Any, description: str) -> RefusalError:
    violation = {"field": field, "value": str(value), "description": description}
    return RefusalError(99992402, "field validation failed", detail={"field_violations": [violation]})


def missing_argument(field: str) -> RefusalError:
    violation = {"field": field, "description": f"{field} is required"}
    return RefusalError(99992402, "field validation failed", detail={"field_violations": [violation]})


def bad_body() -> RefusalError:
    return RefusalError(9499, "Bad Request")


def bad_page_size() -> RefusalError:
    return RefusalError(40011, "page size is invalid")


def bad_page_token() -> RefusalError:
    return RefusalError(40012, "page token is invalid error")


def bad_id() -> RefusalError:
    """It looks like one of another type."""
    return RefusalError(40001, "invalid parameter")


def root_not_allowed() -> RefusalError:
    return RefusalError(40002, "process root dept error")


def internal_error() -> RefusalError:
    return RefusalError(40003, "internal error")


def department_out_of_range() -> RefusalError:
    return RefusalError(40004, "no dept authority error", status=403)


def parent_out_of_range() -> RefusalError:
    return RefusalError(40014, "no parent dept authority error", status=403)


def unknown_department() -> RefusalError:
    return RefusalError(40015, "dept not exist error")


def tree_too_big() -> RefusalError:
    return RefusalError(43010, "big dept forbid recursion error")


def unknown_user() -> RefusalError:
    return RefusalError(41012, "user id invalid error")


def unknown_open_id(value: str) -> RefusalError:
    """The gateway knows them itself, so the directory is not asked."""
    violation = {"field": "open_id", "value": value, "description": "not a valid open_id or not exists"}
    return RefusalError(99992351, "The request contains invalid open_id", detail={"field_violations": [violation]})


def user_out_of_range() -> RefusalError:
    return RefusalError(41050, "no user authority error")
