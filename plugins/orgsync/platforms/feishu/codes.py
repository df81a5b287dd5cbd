"""What Feishu's error codes mean to orgsync, and what an administrator does about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
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
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.speaking.meanings import Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact

PLATFORM = "feishu"

# The shortest window in which Feishu counts; a refusal says how long to wait (x-ogw-ratelimit-reset), this is for one that does not.
THROTTLE_SECONDS = 1.0
BUSY_HOUR_SECONDS = 60.0

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

_NO_BOT = Meaning(PermissionDeniedError, "the app has no bot", f"Switch the bot on (添加应用能力 → 机器人), {PUBLISH}")
_MESSAGE_GONE = Meaning(RefusedError, "the message is not there: taken back, deleted, or never sent", "Nothing needs to be done")
_FORBIDDEN_WORDS = Meaning(RefusedError, "the text is stopped by the company's filter", "Change the text, or ask the administrator")
_BATCH_REFUSED = Meaning(RefusedError, "it does not send the batch message", "Do what its words ask for, or report it with the request id")

BATCH_CODES = (
    "10002",
    "11101",
    "11203",
    "11204",
    "11207",
    "11209",
    "11210",
    "11223",
    "11227",
    "11231",
    "11235",
    "11246",
    "11312",
    "230100",
)
# What is wrong is told by words alone.
_QUOTED_CODES = frozenset({*BATCH_CODES, "230099"})

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
    # Messages, contract §7 and §13.
    "230006": _NO_BOT,
    "11205": _NO_BOT,
    "230001": _BAD_REQUEST,
    "230002": Meaning(RefusedError, "the bot is not in the group", "Add it to the group"),
    "230009": Meaning(RefusedError, "the time for taking a message back is over", "The company's administrator sets how long it is"),
    "230011": _MESSAGE_GONE,
    "230030": _MESSAGE_GONE,
    "230110": _MESSAGE_GONE,
    "232009": _MESSAGE_GONE,
    "230013": Meaning(
        PermissionDeniedError,
        "the receiver is outside the app's availability, or has left",
        f"Widen who the app is available to (版本管理与发布 → 可用范围), {PUBLISH}",
    ),
    "230020": Meaning(ThrottledError, "too many messages", _WAIT, THROTTLE_SECONDS),
    "11232": Meaning(ThrottledError, "too many messages at this hour", "Avoid the full and the half hour", BUSY_HOUR_SECONDS),
    "230022": _FORBIDDEN_WORDS,
    "230028": _FORBIDDEN_WORDS,
    "230023": Meaning(RefusedError, "too many urgent messages are unread", "Wait until some are read"),
    "230025": Meaning(RefusedError, "the message is too long", "Shorten it"),
    "230026": Meaning(RefusedError, "the app may not take this message back", "Only the app that sent it may"),
    "230027": Meaning(PermissionDeniedError, "the app may not do this with the message", f"Grant its scope under 权限管理, {PUBLISH}"),
    "230029": Meaning(RefusedError, "the receiver has left", "Read the directory again"),
    "230033": Meaning(RefusedError, "who read a message is told for seven days only", "Nothing can be done"),
    "230034": Meaning(RefusedError, "the receiver's id is not valid", "Read the directory again, with the same app"),
    "230035": Meaning(RefusedError, "it may not be sent to this receiver", "Look at the company's rules for bots"),
    "230038": Meaning(RefusedError, "the receiver is of another company", "Read the directory again, with the same app"),
    "230049": Meaning(PlatformBusyError, "it is just being sent", _WAIT),
    "230053": Meaning(RefusedError, "the receiver does not want messages of this bot", "Only they can change it"),
    "230072": Meaning(RefusedError, "the message was edited too often", "Send a new one"),
    "230075": Meaning(RefusedError, "the time for editing a message is over", "Send a new one"),
    "230099": Meaning(RefusedError, "it does not take the card", "Change the content; the number in its words says what is wrong with it"),
    "11247": Meaning(RefusedError, "the app's 500,000 messages of a day are used up", "Wait until tomorrow"),
    # What the page of batch messages lists, all with HTTP 200; the contract has no words for them, so Feishu's own are quoted.
    **dict.fromkeys(BATCH_CODES, _BATCH_REFUSED),
    # Tasks, §8.
    "1470400": _BAD_REQUEST,
    "1470403": Meaning(
        PermissionDeniedError,
        "the app may not do this with the task: it neither made it nor belongs to it",
        f"Use the connection of the app that made it, and grant it task:task:write, {PUBLISH}",
    ),
    "1470404": Meaning(RefusedError, "no such task", "It was deleted"),
    "1470422": Meaning(PlatformBusyError, "the same task is being made at the same time", _WAIT),
    "1470500": Meaning(PlatformBusyError, "it failed on its side", _WAIT),
    "1470610": Meaning(RefusedError, "too many people are to do the task", "Split it"),
    "1470611": Meaning(RefusedError, "too many people follow the task", "Split it"),
    "1470450": _THROTTLED,
    "1470451": _THROTTLED,
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
# About whom a message is for, not about the message: others may still get it.
RECEIVER_CODES = GONE_CODES | {"230013", "230029", "230034", "230035", "230038", "230053", "41012", "41050", "99992361"}
RECALL_TOO_LATE = "230009"
MESSAGE_GONE_CODES = frozenset(code for code, meaning in MEANINGS.items() if meaning is _MESSAGE_GONE)
READ_TOO_LATE = "230033"
SCOPE_MISSING_CODES = frozenset({"99991672", "99991676", "230027"})
BAD_TASK = "1470400"
NO_SUCH_TASK = "1470404"
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
    if code in _QUOTED_CODES:
        meaning = replace(meaning, reason=f"{meaning.reason} ({_own_words(envelope)})")
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
