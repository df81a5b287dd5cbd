"""What Feishu's error codes mean to orgsync, and what an administrator does about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orgsync.errors import (
    CredentialError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
    ThrottledError,
)
from orgsync.platforms.feishu.interfaces import GET_TOKEN
from orgsync.platforms.meanings import Meaning, error_meaning
from orgsync.platforms.records import records_of
from orgsync.platforms.redact import redact

PLATFORM = "feishu"

# The shortest window in which Feishu counts; a refusal says how long to wait (x-ogw-ratelimit-reset), this is for one that does not.
THROTTLE_SECONDS = 1.0

USER_ID_SCOPE = "contact:user.employee_id:readonly"
KEY_BY_OPEN_ID = "set `user_key: open_id` for the tenant"
PUBLISH = "then publish a new version of the app (版本管理与发布) and have it approved"

_PAIR = (
    "Copy App ID and App Secret of the app into login and password of the connection; "
    "a Lark app needs the host https://open.larksuite.com, a Feishu app none"
)
_RANGE = f"Widen the app's contacts range (权限管理 → 可访问的数据范围 → 配置), {PUBLISH}"
_DEVELOPER = "This is a fault of orgsync; report it with the request id"
_LOOK_UP = "Look it up among Feishu's error codes (open.feishu.cn), and report it with the request id if it is not your app's own"
_REREAD = "Read again; if the id stands in the tenant's scope, correct it there (open_department_id: od-…)"
_WAIT = "Wait; orgsync tries again by itself"

_BAD_PAIR = Meaning(CredentialError, "App ID or App Secret is not accepted", _PAIR)
_BAD_TOKEN = Meaning(CredentialError, "the access token is not valid", _PAIR)
_BAD_REQUEST = Meaning(RefusedError, "a parameter is missing or wrong", _DEVELOPER)
_NO_SUCH_DEPARTMENT = Meaning(RefusedError, "no such department", _REREAD)
_NO_SUCH_ID = Meaning(RefusedError, "it does not know an id it was asked about", _REREAD)
_OUTSIDE_RANGE = Meaning(PermissionDeniedError, "the department is outside the app's contacts range", _RANGE)
_APP_UNUSABLE = Meaning(PermissionDeniedError, "the app is not usable in this company", "Install and enable it in Feishu's admin console")
_THROTTLED = Meaning(
    ThrottledError, "too many calls", "Lower calls_per_second of the connection, or start at another minute", THROTTLE_SECONDS
)

MEANINGS: Mapping[str, Meaning] = {
    # App ID unknown, or meant for the other brand; elsewhere than with the token it is a bad argument.
    "10003": _BAD_PAIR,
    # The generic table says that the app is disabled, practice that the secret is wrong; 10015 the other way round.
    "10014": _BAD_PAIR,
    "10015": _BAD_PAIR,
    "99991543": _BAD_PAIR,
    "42008": Meaning(CredentialError, "the token belongs to another company", _PAIR),
    "99991661": Meaning(RefusedError, "the access token is missing", _DEVELOPER),
    "99991663": _BAD_TOKEN,
    "99991664": _BAD_TOKEN,
    "99991665": _BAD_TOKEN,
    "99991668": Meaning(RefusedError, "it takes no such token here", _DEVELOPER),
    "99991671": _BAD_TOKEN,
    "99991662": Meaning(PermissionDeniedError, "the app is disabled", "Enable it in Feishu's admin console (工作台 → 应用管理)"),
    "99991673": _APP_UNUSABLE,
    "99991672": Meaning(PermissionDeniedError, "the app lacks a scope"),
    "99991676": Meaning(PermissionDeniedError, "the app's token lacks a scope"),
    "99991401": Meaning(PermissionDeniedError, "the caller's IP address is not on the app's list"),
    "99991403": Meaning(
        RefusedError,
        "the month's quota of calls is used up",
        "Upgrade the edition, or wait for the 1st of the next month; all apps of the company share it, so look for other programs too",
    ),
    "40004": _OUTSIDE_RANGE,
    "40014": Meaning(PermissionDeniedError, "the department above is outside the app's contacts range", _RANGE),
    "41050": Meaning(PermissionDeniedError, "the user is outside the app's contacts range", _RANGE),
    "41056": Meaning(PermissionDeniedError, "a field scope is missing", f"Grant it under 权限管理, {PUBLISH}"),
    "99991400": _THROTTLED,
    "1000004": _THROTTLED,
    "1000005": _THROTTLED,
    "2200": _THROTTLED,
    "5000": _THROTTLED,
    "55001": _THROTTLED,
    "40003": Meaning(PlatformBusyError, "it failed on its side", f"{_WAIT}; if it stays, report the request id to Feishu"),
    "43024": Meaning(PlatformBusyError, "the organization is being changed", _WAIT),
    "43030": Meaning(PlatformBusyError, "the department is being changed", _WAIT),
    "44025": Meaning(PlatformBusyError, "the user is being changed", _WAIT),
    "40008": _NO_SUCH_DEPARTMENT,
    "40015": _NO_SUCH_DEPARTMENT,
    "41012": Meaning(RefusedError, "no such user", "They have left; take them off the app's contacts range"),
    **dict.fromkeys((str(code) for code in range(99992351, 99992382)), _NO_SUCH_ID),
    "99992361": Meaning(RefusedError, "an open_id of another app", "Check that login and password are of the app that was read before"),
    "40002": Meaning(RefusedError, "it does not take the root department here", _DEVELOPER),
    "40011": Meaning(RefusedError, "the page size is not valid", _DEVELOPER),
    "40012": Meaning(RefusedError, "the page token is not valid", f"Read again; {_DEVELOPER[0].lower()}{_DEVELOPER[1:]} if it stays"),
    "43010": Meaning(RefusedError, "the department is too large for a list of all below it", "Read again"),
    "9499": _BAD_REQUEST,
    "40001": _BAD_REQUEST,
    "40013": _BAD_REQUEST,
    "40018": _BAD_REQUEST,
    "99992402": _BAD_REQUEST,
}

STALE_TOKEN_CODES = frozenset({"99991663", "99991664", "99991665", "99991671"})
GONE_CODES = frozenset(code for code, meaning in MEANINGS.items() if meaning in (_NO_SUCH_DEPARTMENT, _NO_SUCH_ID))
OUTSIDE_RANGE = "40004"
TOO_LARGE = "43010"


def error_code(envelope: Mapping[str, Any]) -> str:
    """Success is 0, whatever the HTTP status."""
    return str(envelope.get("code", "")).strip()


def error_for(
    envelope: Mapping[str, Any], *, interface: str, request_id: str | None = None, wait_seconds: float | None = None
) -> PlatformError:
    """The error an envelope means; `request_id` and `wait_seconds` are what the headers said.

    Feishu's own words are quoted only for a code we do not know.
    """
    code = error_code(envelope)
    meaning = _meaning(code, interface) or Meaning(RefusedError, f"not a code orgsync knows ({_own_words(envelope)})", _LOOK_UP)
    details = _details(envelope)
    return error_meaning(
        meaning,
        platform=PLATFORM,
        interface=interface,
        code=code,
        request_id=str(details.get("log_id") or details.get("logid") or request_id or "") or None,
        fix=_detailed_fix(code, envelope),
        wait_seconds=wait_seconds if meaning.error is ThrottledError else None,
    )


def _meaning(code: str, interface: str) -> Meaning | None:
    return _BAD_REQUEST if code == "10003" and interface != GET_TOKEN else MEANINGS.get(code)


def _detailed_fix(code: str, envelope: Mapping[str, Any]) -> str:
    if code in ("99991672", "99991676"):
        return _scope_fix(envelope)
    if code == "99991401":
        address = re.search(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", _message(envelope))
        return (
            f"Add {address[0] if address else 'the address orgsync calls from'} to the app's list (安全设置 → IP 白名单); it acts at once"
        )
    return ""


def _scope_fix(envelope: Mapping[str, Any]) -> str:
    scopes, link = _missing_scopes(envelope), _link_to_apply(envelope)
    what = " or ".join(scopes) if scopes else "the scope"
    fix = f"Grant {what} under 权限管理{f', or apply at {link}' if link else ''}; {PUBLISH}"
    return f"{fix}. Or {KEY_BY_OPEN_ID}" if USER_ID_SCOPE in scopes else fix


def _missing_scopes(envelope: Mapping[str, Any]) -> list[str]:
    """Any one of them is enough. Where the answer has no list of them, its text has: `[contact:a, contact:b]`."""
    violations = records_of(_details(envelope).get("permission_violations"))
    named = {str(violation.get("subject") or violation.get("scope") or "") for violation in violations} - {""}
    if not named:
        groups = re.findall(r"\[([\w.:,\s-]+)\]", _message(envelope), re.ASCII)
        named = {scope for group in groups for scope in re.split(r"[,\s]+", group) if ":" in scope}
    return sorted(named)


def _link_to_apply(envelope: Mapping[str, Any]) -> str:
    """Its place differs: the text, a violation, or the helps, which may also point to a page of explanations. It holds no secret."""
    details = _details(envelope)
    entries = [*records_of(details.get("permission_violations")), *records_of(details.get("helps"))]
    links = re.findall(r"https?://[\w.:-]+/[^\s\]）)，。;；\"'<>]*", _message(envelope), re.ASCII)
    links += [str(entry["url"]) for entry in entries if entry.get("url")]
    return next((link for link in links if "/app/" in link), links[0] if links else "")


def _details(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    details = envelope.get("error")
    return details if isinstance(details, dict) else {}


def _message(envelope: Mapping[str, Any]) -> str:
    return str(envelope.get("msg") or "")


def _own_words(envelope: Mapping[str, Any]) -> str:
    return redact(_message(envelope) or "no text")[:200]
