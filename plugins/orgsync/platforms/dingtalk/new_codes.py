"""What the errors of DingTalk's new generation (api.dingtalk.com) mean: words instead of numbers, contract §9 and §10."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orgsync.errors import PermissionDeniedError, PlatformBusyError, PlatformError, RefusedError, ThrottledError
from orgsync.platforms.dingtalk.codes import A_POINT, ADD_ADDRESS, GRANT, LOOK_UP, MEANINGS, MINUTE_SECONDS, PLATFORM, THROTTLE_SECONDS
from orgsync.platforms.speaking.meanings import DEVELOPER, OUR_ADDRESS, UNKNOWN_CODE, WAIT, Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact
from orgsync.words import Words, join

UNAUTHORISED = "HTTP 401"
STALE_NEW_TOKEN_CODES = frozenset({"InvalidAuthentication", UNAUTHORISED})

# Ours, after the platform's own code: which parameter is wrong stands in the message alone (§8).
TASK_EXISTS = "task exists"
NO_SUCH_TASK = Words("no such task", "任务不存在")


_BAD_TOKEN = MEANINGS["40014"]
_BAD_PAIR = MEANINGS["40096"]
_BUSY = Meaning(PlatformBusyError, Words("it is busy", "平台繁忙"), WAIT)
_BAD_REQUEST = Meaning(RefusedError, Words("a parameter is missing or wrong", "参数缺失或有误"), DEVELOPER)
_THROTTLED = Meaning(
    ThrottledError,
    Words("too many calls", "调用过于频繁"),
    Words("Lower calls_per_second of the connection", "调低连接的 calls_per_second"),
    THROTTLE_SECONDS,
)

_MEANINGS: Mapping[str, Meaning] = {
    "InvalidAuthentication": _BAD_TOKEN,
    UNAUTHORISED: _BAD_TOKEN,
    "AuthenticationFailed.MissingParameter": Meaning(
        RefusedError, Words("the access token is missing", "缺少访问凭证（access token）"), DEVELOPER
    ),
    "invalidClientIdOrSecret": _BAD_PAIR,
    "InvalidAction.NotFound": Meaning(
        RefusedError,
        Words("it does not know this interface", "平台不认识这个接口"),
        Words("Check api_host of the connection", "检查连接的 api_host"),
    ),
    "todo.taskCreate.lockError": Meaning(
        PlatformBusyError, Words("the same todo is being made at the same time", "同一个待办正在被创建"), WAIT
    ),
    "todo.taskCreate.flowControlError": Meaning(
        ThrottledError, Words("too many todos for these people or this company", "对这些人或这家企业创建的待办过多"), WAIT, MINUTE_SECONDS
    ),
}

# By what a code begins or ends with, the first that fits; the suffixes of Forbidden.AccessDenied decide, not the status 403 (§9).
_PATTERNS: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(r"^Forbidden\.AccessDenied\.QpsLimit"), _THROTTLED),
    (
        re.compile(r"^Forbidden\.AccessDenied\.QpmLimit"),
        Meaning(ThrottledError, Words("too many calls in a minute", "一分钟内调用过多"), WAIT, MINUTE_SECONDS),
    ),
    (re.compile(r"^Forbidden\.AccessDenied\.ApiCountLimit"), MEANINGS["90020"]),
    (re.compile(r"^Forbidden\.AccessDenied\.IpNotInWhiteList"), MEANINGS["60020"]),
    (re.compile(r"^Forbidden\.AccessDenied"), MEANINGS["60011"]),
    (re.compile(r"\.systemError$|^system|^unknownError$"), _BUSY),
    (re.compile(r"^invalidParameter|\.paramError$|^Missing"), _BAD_REQUEST),
)

_PARAMETERS: tuple[tuple[re.Pattern[str], str, Meaning], ...] = (
    (
        re.compile(r"task not exist"),
        NO_SUCH_TASK,
        Meaning(RefusedError, Words("no such todo", "待办不存在"), Words("It was deleted, or never made", "已被删除，或从未创建")),
    ),
    (
        re.compile(r"task exist"),
        TASK_EXISTS,
        Meaning(RefusedError, Words("the todo was made before", "待办已经创建过"), Words("Nothing needs to be done", "无需处理")),
    ),
    (
        re.compile(r"not belong to bizTag"),
        "of another app",
        Meaning(
            PermissionDeniedError,
            Words("the todo was made by another app", "待办由另一个应用创建"),
            Words("Use the connection of the app that made it", "使用创建它的应用的连接"),
        ),
    ),
    (
        re.compile(r"is oversize"),
        "too long",
        Meaning(
            RefusedError,
            Words("a part of the todo is too long", "待办的某一部分过长"),
            Words("Shorten its title or text", "请缩短标题或内容"),
        ),
    ),
    (
        re.compile(r"dueTime is invalid"),
        "bad due time",
        Meaning(
            RefusedError,
            Words("it does not take the time the todo is due", "平台不接受待办的截止时间"),
            Words("Set another time", "请换一个时间"),
        ),
    ),
)


def new_error_for(envelope: Mapping[str, Any], *, status: int, interface: str) -> PlatformError:
    """The error an envelope `{code, message, requestid}` means. DingTalk's own words are quoted only for a code we do not know."""
    code, meaning = _read_meaning(str(envelope.get("code") or "").strip(), str(envelope.get("message") or ""))
    if meaning is None and status == 401:
        code, meaning = UNAUTHORISED, _BAD_TOKEN
    known = meaning or Meaning(RefusedError, UNKNOWN_CODE.fill(words=_own_words(envelope)), LOOK_UP)
    request_id = str(envelope.get("requestid") or envelope.get("requestId") or "") or None
    fix = _detailed_fix(code, envelope)
    return error_meaning(known, platform=PLATFORM, interface=interface, code=code or f"HTTP {status}", request_id=request_id, fix=fix)


def is_about(error: PlatformError, what: str) -> bool:
    return error.refusal.code.endswith(f"({what})")


def _read_meaning(code: str, message: str) -> tuple[str, Meaning | None]:
    if code.endswith(".paramError"):
        for pattern, what, meaning in _PARAMETERS:
            if pattern.search(message):
                return f"{code} ({what})", meaning
    found = _MEANINGS.get(code) or next((meaning for pattern, meaning in _PATTERNS if pattern.search(code)), None)
    return code, found


def _detailed_fix(code: str, envelope: Mapping[str, Any]) -> str:
    words = str(envelope.get("message") or "")
    if "IpNotInWhiteList" in code:
        address = re.search(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", words)
        return ADD_ADDRESS.fill(address=address[0] if address else OUR_ADDRESS)
    if code.startswith("Forbidden.AccessDenied") and "Limit" not in code:
        scopes = _missing_scopes(envelope)
        return GRANT.fill(points=join(scopes, en=" and ", zh=" 和 ") if scopes else A_POINT, where="")
    return ""


def _missing_scopes(envelope: Mapping[str, Any]) -> list[str]:
    details = next(
        (envelope[name] for name in ("accessdenieddetail", "AccessDeniedDetail", "accessDeniedDetail") if name in envelope), None
    )
    scopes = details.get("requiredScopes") if isinstance(details, dict) else None
    return sorted(str(scope) for scope in scopes) if isinstance(scopes, list) else []


def _own_words(envelope: Mapping[str, Any]) -> str:
    return redact(str(envelope.get("message") or "no text"))[:200]
