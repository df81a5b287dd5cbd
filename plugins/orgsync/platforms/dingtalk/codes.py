"""What DingTalk's error codes mean to orgsync, and what an administrator does about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orgsync.errors import (
    CredentialError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    Refusal,
    RefusedError,
    ThrottledError,
)
from orgsync.platforms.speaking.meanings import Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact

PLATFORM = "dingtalk"

# The window of the throttle is one second.
THROTTLE_SECONDS = 1.0
MINUTE_SECONDS = 60.0
# An IP address with more than 10 000 calls in 20 s is blocked for five minutes.
BLOCKED_IP_SECONDS = 300.0


_PAIR = "Copy Client ID (AppKey) and Client Secret (AppSecret) of the app into login and password of the connection"
_RANGE = "Widen the app's data range (权限管理 → 授权范围) and who the app is available to, then publish a new version"
_DEVELOPER = "This is a fault of orgsync; report it with the request id"
_LOOK_UP = "Look it up among DingTalk's error codes (open.dingtalk.com), and report it with the request id if it is not your app's own"
_REREAD = "Read again; if the id stands in the tenant's scope, correct it there"

_AGENT = "Set agent_id of the connection to the AgentId of the app whose Client ID is its login"

_BAD_TOKEN = Meaning(CredentialError, "the access token is not valid", _PAIR)
_BAD_PAIR = Meaning(CredentialError, "the key pair is not accepted", _PAIR)
_BAD_REQUEST = Meaning(RefusedError, "a parameter is missing or wrong", _DEVELOPER)
# 404: asked of api.dingtalk.com, the host of the new generation.
_NO_SUCH_INTERFACE = Meaning(RefusedError, "it does not know this interface", "Check the host of the connection")
_NO_SUCH_USER = Meaning(RefusedError, "no such user", "They have left, or have not accepted the invitation yet")
_NO_SUCH_DEPARTMENT = Meaning(RefusedError, "no such department", _REREAD)
_THROTTLED = Meaning(
    ThrottledError, "too many calls", "Lower calls_per_second of the connection, or start at another minute", THROTTLE_SECONDS
)
_NOT_SENT = Meaning(
    RefusedError,
    "it does not send this message",
    "Look at how many messages were sent today, to whom, and at the text; then look the code up",
)
_ALL_TOO_OFTEN = Meaning(
    RefusedError, "the whole company was written to too often today", "Wait until tomorrow: an app may do so three times a day"
)
_DISABLED_FOR_A_WHILE = Meaning(ThrottledError, "calls are disabled for a while", "Lower calls_per_second of the connection", 60.0)

MEANINGS: Mapping[str, Meaning] = {
    "-1": Meaning(PlatformBusyError, "it is busy", "Wait; orgsync tries again by itself"),
    "22": _NO_SUCH_INTERFACE,
    "404": _NO_SUCH_INTERFACE,
    "33001": Meaning(CredentialError, "the token belongs to another corporation", _PAIR),
    "33012": _NO_SUCH_USER,
    "40000": _BAD_REQUEST,
    "40001": Meaning(CredentialError, "secret or token is not valid", _PAIR),
    "40003": _NO_SUCH_USER,
    "40009": _NO_SUCH_DEPARTMENT,
    "40014": _BAD_TOKEN,
    "40031": _NO_SUCH_USER,
    "40035": _BAD_REQUEST,
    "40056": Meaning(RefusedError, "the AgentId is not the one of this app", _AGENT),
    "40068": Meaning(RefusedError, "the page cursor is not valid", _DEVELOPER),
    "40069": Meaning(RefusedError, "the page size is not valid", _DEVELOPER),
    "40089": _BAD_PAIR,
    "40096": _BAD_PAIR,
    "41001": Meaning(RefusedError, "the access token is missing", _DEVELOPER),
    # §7 and §10 name the limits of work notifications and the range of codes; which of 41028, 41044 and 41048 is which they do not say.
    "41028": _NOT_SENT,
    "41029": Meaning(RefusedError, "it has too many receivers", "Send it to fewer at once: 5000 is the most that DingTalk takes"),
    "41044": _NOT_SENT,
    "41045": _ALL_TOO_OFTEN,
    "41046": _ALL_TOO_OFTEN,
    "41047": Meaning(ThrottledError, "too many receivers in a minute", "Wait; orgsync tries again by itself", MINUTE_SECONDS),
    "41048": _NOT_SENT,
    "41049": Meaning(RefusedError, "the text has words that it forbids", "Change the text"),
    "41052": Meaning(RefusedError, "it has too many receivers to tell what became of each", "Ask for 100 receivers at most"),
    "42001": Meaning(CredentialError, "the access token has expired", _PAIR),
    "43001": Meaning(RefusedError, "the HTTP method is wrong", _DEVELOPER),
    "43002": Meaning(RefusedError, "the HTTP method is wrong", _DEVELOPER),
    "43005": Meaning(RefusedError, "the content type is wrong", _DEVELOPER),
    "43007": Meaning(PermissionDeniedError, "an authorisation is missing", "Grant it under 权限管理, then publish a new version"),
    "43009": Meaning(RefusedError, "the content type is wrong", _DEVELOPER),
    "50002": Meaning(PermissionDeniedError, "the user is outside the app's data range", _RANGE),
    "50003": Meaning(PermissionDeniedError, "the app is disabled", "Enable the app in DingTalk's admin console"),
    "50004": Meaning(PermissionDeniedError, "the department is outside the app's data range", _RANGE),
    "50005": Meaning(PermissionDeniedError, "the corporation is disabled", "Enable it in DingTalk's admin console"),
    "60003": _NO_SUCH_DEPARTMENT,
    "60011": Meaning(PermissionDeniedError, "a permission point is missing"),
    "60019": Meaning(PlatformBusyError, "it could not read the members", "Wait; orgsync tries again by itself"),
    "60020": Meaning(PermissionDeniedError, "the caller's IP address is not on the app's list"),
    "60111": _NO_SUCH_USER,
    "60121": _NO_SUCH_USER,
    "90001": _DISABLED_FOR_A_WHILE,
    "90002": _THROTTLED,
    "90003": _DISABLED_FOR_A_WHILE,
    "90004": _DISABLED_FOR_A_WHILE,
    "90005": _DISABLED_FOR_A_WHILE,
    "90006": _DISABLED_FOR_A_WHILE,
    "90018": _THROTTLED,
    "90020": Meaning(RefusedError, "the month's quota of calls is used up", "Upgrade the edition or wait for the next month"),
    "400002": _BAD_REQUEST,
}

STALE_TOKEN_CODES = frozenset({"40014", "42001", "40001", "33001"})
GONE_CODES = frozenset({code for code, meaning in MEANINGS.items() if meaning in (_NO_SUCH_DEPARTMENT, _NO_SUCH_USER)})


def effective_code(envelope: Mapping[str, Any]) -> str:
    """The real reason: gateway errors hide it in `sub_code`, or only in the text, behind errcode 88. "0" is success."""
    code = str(envelope.get("errcode", "")).strip()
    if code == "0":
        return code
    inside = re.search(r"subcode=([\w-]+)", str(envelope.get("errmsg", "")))
    return str(envelope.get("sub_code") or "").strip() or (inside[1] if inside else code)


def error_for(envelope: Mapping[str, Any], *, interface: str) -> PlatformError:
    """The error an envelope means. DingTalk's own words are quoted only for a code we do not know."""
    code = effective_code(envelope)
    meaning = MEANINGS.get(code) or Meaning(RefusedError, f"not a code orgsync knows ({_own_words(envelope)})", _LOOK_UP)
    request_id = str(envelope.get("request_id") or "") or None
    fix = _detailed_fix(code, envelope)
    return error_meaning(meaning, platform=PLATFORM, interface=interface, code=code, request_id=request_id, fix=fix)


def blocked_ip_error(interface: str) -> ThrottledError:
    """The block is answered with a page or `punish` object of the gateway instead of an envelope."""
    reason = "this IP address is blocked, as after more than 10 000 calls in 20 s"
    fix = "It ends after five minutes; lower calls_per_second, and look for other programs behind the same address"
    return ThrottledError(Refusal(PLATFORM, interface, "punish: deny", reason=reason, fix=fix), wait_seconds=BLOCKED_IP_SECONDS)


def _detailed_fix(code: str, envelope: Mapping[str, Any]) -> str:
    words = f"{envelope.get('sub_msg') or ''} {envelope.get('errmsg') or ''}"
    if code == "60011":
        return _permission_fix(words)
    if code == "60020":
        address = re.search(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", words)
        return f"Add {address[0] if address else 'the address orgsync calls from'} to the app's list (安全设置 → 服务器出口IP)"
    return ""


def _permission_fix(words: str) -> str:
    """DingTalk names the points as `[a,b]` or `requiredScopes=[a]` and gives a link to apply for them; the link holds no secret."""
    groups = re.findall(r"\[([\w.,\s-]+)\]", words, re.ASCII)
    points = sorted({point for group in groups for point in re.split(r"[,\s]+", group) if point})
    link = re.search(r"https?://[\w.:-]+/[^\s\]）)，,\"'<>]*", words, re.ASCII)
    where = f", or apply at {link[0]}" if link else ""
    return f"Grant {' and '.join(points) or 'the permission point'} under 权限管理{where}; then publish a new version of the app"


def _own_words(envelope: Mapping[str, Any]) -> str:
    return redact(str(envelope.get("sub_msg") or envelope.get("errmsg") or "no text"))[:200]
