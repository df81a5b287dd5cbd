"""What the errors of DingTalk's new generation (api.dingtalk.com) mean: words instead of numbers, contract §9 and §10."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orgsync.errors import PermissionDeniedError, PlatformBusyError, PlatformError, RefusedError, ThrottledError
from orgsync.platforms.dingtalk.codes import MEANINGS, MINUTE_SECONDS, PLATFORM, THROTTLE_SECONDS
from orgsync.platforms.speaking.meanings import Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact

UNAUTHORISED = "HTTP 401"
STALE_NEW_TOKEN_CODES = frozenset({"InvalidAuthentication", UNAUTHORISED})

# Ours, after the platform's own code: which parameter is wrong stands in the message alone (§8).
TASK_EXISTS = "task exists"
NO_SUCH_TASK = "no such task"

_DEVELOPER = "This is a fault of orgsync; report it with the request id"
_WAIT = "Wait; orgsync tries again by itself"
_LOOK_UP = "Look it up among DingTalk's error codes (open.dingtalk.com), and report it with the request id if it is not your app's own"

_BAD_TOKEN = MEANINGS["40014"]
_BAD_PAIR = MEANINGS["40096"]
_BUSY = Meaning(PlatformBusyError, "it is busy", _WAIT)
_BAD_REQUEST = Meaning(RefusedError, "a parameter is missing or wrong", _DEVELOPER)
_THROTTLED = Meaning(ThrottledError, "too many calls", "Lower calls_per_second of the connection", THROTTLE_SECONDS)

_MEANINGS: Mapping[str, Meaning] = {
    "InvalidAuthentication": _BAD_TOKEN,
    UNAUTHORISED: _BAD_TOKEN,
    "AuthenticationFailed.MissingParameter": Meaning(RefusedError, "the access token is missing", _DEVELOPER),
    "invalidClientIdOrSecret": _BAD_PAIR,
    "InvalidAction.NotFound": Meaning(RefusedError, "it does not know this interface", "Check api_host of the connection"),
    "todo.taskCreate.lockError": Meaning(PlatformBusyError, "the same todo is being made at the same time", _WAIT),
    "todo.taskCreate.flowControlError": Meaning(ThrottledError, "too many todos for these people or this company", _WAIT, MINUTE_SECONDS),
}

# By what a code begins or ends with, the first that fits; the suffixes of Forbidden.AccessDenied decide, not the status 403 (§9).
_PATTERNS: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(r"^Forbidden\.AccessDenied\.QpsLimit"), _THROTTLED),
    (re.compile(r"^Forbidden\.AccessDenied\.QpmLimit"), Meaning(ThrottledError, "too many calls in a minute", _WAIT, MINUTE_SECONDS)),
    (re.compile(r"^Forbidden\.AccessDenied\.ApiCountLimit"), MEANINGS["90020"]),
    (re.compile(r"^Forbidden\.AccessDenied\.IpNotInWhiteList"), MEANINGS["60020"]),
    (re.compile(r"^Forbidden\.AccessDenied"), MEANINGS["60011"]),
    (re.compile(r"\.systemError$|^system|^unknownError$"), _BUSY),
    (re.compile(r"^invalidParameter|\.paramError$|^Missing"), _BAD_REQUEST),
)

_PARAMETERS: tuple[tuple[re.Pattern[str], str, Meaning], ...] = (
    (re.compile(r"task not exist"), NO_SUCH_TASK, Meaning(RefusedError, "no such todo", "It was deleted, or never made")),
    (re.compile(r"task exist"), TASK_EXISTS, Meaning(RefusedError, "the todo was made before", "Nothing needs to be done")),
    (
        re.compile(r"not belong to bizTag"),
        "of another app",
        Meaning(PermissionDeniedError, "the todo was made by another app", "Use the connection of the app that made it"),
    ),
    (re.compile(r"is oversize"), "too long", Meaning(RefusedError, "a part of the todo is too long", "Shorten its title or text")),
    (
        re.compile(r"dueTime is invalid"),
        "bad due time",
        Meaning(RefusedError, "it does not take the time the todo is due", "Set another time"),
    ),
)


def new_error_for(envelope: Mapping[str, Any], *, status: int, interface: str) -> PlatformError:
    """The error an envelope `{code, message, requestid}` means. DingTalk's own words are quoted only for a code we do not know."""
    code, meaning = _read_meaning(str(envelope.get("code") or "").strip(), str(envelope.get("message") or ""))
    if meaning is None and status == 401:
        code, meaning = UNAUTHORISED, _BAD_TOKEN
    known = meaning or Meaning(RefusedError, f"not a code orgsync knows ({_own_words(envelope)})", _LOOK_UP)
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
        return f"Add {address[0] if address else 'the address orgsync calls from'} to the app's list (安全设置 → 服务器出口IP)"
    if code.startswith("Forbidden.AccessDenied") and "Limit" not in code:
        scopes = _missing_scopes(envelope)
        return f"Grant {' and '.join(scopes) or 'the permission point'} under 权限管理; then publish a new version of the app"
    return ""


def _missing_scopes(envelope: Mapping[str, Any]) -> list[str]:
    details = next(
        (envelope[name] for name in ("accessdenieddetail", "AccessDeniedDetail", "accessDeniedDetail") if name in envelope), None
    )
    scopes = details.get("requiredScopes") if isinstance(details, dict) else None
    return sorted(str(scope) for scope in scopes) if isinstance(scopes, list) else []


def _own_words(envelope: Mapping[str, Any]) -> str:
    return redact(str(envelope.get("message") or "no text"))[:200]
