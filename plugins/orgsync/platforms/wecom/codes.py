"""What WeCom's error codes mean to orgsync, and what an administrator does about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from orgsync.errors import (
    CredentialError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
    ThrottledError,
)
from orgsync.platforms.speaking.meanings import Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact

PLATFORM = "wecom"

Identity = Literal["app", "contact"]
"""Whose secret a call uses: a self-built app's, or that of 通讯录同步."""

# The base limits count by the minute (page 90312); no header says how long a block lasts.
THROTTLE_SECONDS = 60.0
CONCURRENCY_SECONDS = 2.0

_PAIR: Mapping[Identity, str] = {
    "app": (
        "Copy 企业ID (我的企业) and the app's Secret (应用管理 → app) into login and password of the connection, "
        "and check that the app is enabled"
    ),
    "contact": (
        "Copy 企业ID (我的企业) and the Secret of 管理工具 → 通讯录同步 into login and contact_secret of the connection; "
        "login and password of the connection are the corp id and the app's secret"
    ),
}
_RANGE = "Widen the app's 可见范围 (应用管理 → app)"
_DEVELOPER = "This is a fault of orgsync; report it with the request id"
_REREAD = "Read again; if the id stands in the tenant's scope, correct it there"
_WAIT = "Wait; orgsync tries again by itself"
_AGENT = "Set agent_id of the connection to the AgentId of the app whose Secret is its password"

_BAD_PAIR = Meaning(CredentialError, "corp id and secret are not accepted", _PAIR["app"])
_BAD_TOKEN = Meaning(CredentialError, "the access token is not valid", _PAIR["app"])
_BAD_REQUEST = Meaning(RefusedError, "a parameter is missing or wrong", _DEVELOPER)
_NO_SUCH_USER = Meaning(RefusedError, "no such user, or none that this secret may see", "They have left, or are outside the app's 可见范围")
_NO_SUCH_DEPARTMENT = Meaning(RefusedError, "no such department", _REREAD)
_TO_NOBODY = Meaning(RefusedError, "it is to nobody", _DEVELOPER)
_HIDDEN_USER = Meaning(PermissionDeniedError, "the user is outside the app's 可见范围", _RANGE)

MEANINGS: Mapping[str, Meaning] = {
    "-1": Meaning(PlatformBusyError, "it is busy", _WAIT),
    "6000": Meaning(PlatformBusyError, "someone changed the same at the same time", _WAIT),
    "40001": Meaning(CredentialError, "the secret is not accepted: wrong, reset, of another company, or its app is disabled", _PAIR["app"]),
    "40003": _NO_SUCH_USER,
    "40013": Meaning(CredentialError, "the corp id is not accepted (an AgentId in its place is a common mistake)", _PAIR["app"]),
    "40014": _BAD_TOKEN,
    "40008": Meaning(RefusedError, "it does not know this kind of message", _DEVELOPER),
    "40031": _BAD_REQUEST,
    "40032": Meaning(RefusedError, "too many people in one call", _DEVELOPER),
    "40033": Meaning(RefusedError, "it takes no \\u escapes", _DEVELOPER),
    "40035": _BAD_REQUEST,
    "40056": Meaning(PermissionDeniedError, "no such app", _AGENT),
    "40058": _BAD_REQUEST,
    "40063": _BAD_REQUEST,
    "40082": Meaning(CredentialError, "the token is of another kind (of a suite)", _PAIR["app"]),
    "40088": Meaning(PlatformBusyError, "it no longer knows the export job", "Read again"),
    "40089": Meaning(PlatformBusyError, "the export's result is gone", "Read again"),
    "40091": _BAD_PAIR,
    "41001": Meaning(RefusedError, "the access token is missing", _DEVELOPER),
    "41002": Meaning(RefusedError, "the corp id is missing", "Fill in login of the connection"),
    "41004": Meaning(RefusedError, "the secret is missing", "Fill in password or contact_secret of the connection"),
    "41009": _BAD_REQUEST,
    "41011": Meaning(RefusedError, "the AgentId is missing", _AGENT),
    "41016": Meaning(RefusedError, "the title is missing", "Give the message a title"),
    "42001": Meaning(CredentialError, "the access token has expired", _PAIR["app"]),
    "42052": Meaning(RefusedError, "the message is older than 24 hours", "It can no longer be taken back"),
    "44004": Meaning(RefusedError, "the text is empty", "Give the message a text"),
    "45002": Meaning(RefusedError, "the message is too long", "Shorten it"),
    "45008": Meaning(RefusedError, "too many articles in one message", _DEVELOPER),
    "45009": Meaning(
        ThrottledError,
        "too many calls in a minute, an hour or a day",
        "Lower calls_per_second of the connection, look for other programs with the same corp id, "
        "and check its secrets: wrong ones block the address",
        THROTTLE_SECONDS,
    ),
    "45029": Meaning(RefusedError, "the answer would be too large", "Set read_by of the connection to export"),
    "45033": Meaning(ThrottledError, "too many calls at once", "Lower max_parallel_calls of the connection", CONCURRENCY_SECONDS),
    "46004": _NO_SUCH_USER,
    "48001": Meaning(PermissionDeniedError, "the secret may not call this interface", "Use the Secret of a self-built app"),
    "48002": Meaning(PermissionDeniedError, "this kind of secret may not call this interface"),
    "48004": Meaning(PermissionDeniedError, "the authorisation was withdrawn", "Authorise the app again"),
    "48006": Meaning(
        PermissionDeniedError, "the permission was reclaimed after long disuse", "Enable the interface again in the admin console"
    ),
    "48009": Meaning(
        PermissionDeniedError,
        "the secret of 通讯录同步 may not read details (from addresses new since 2022-08-15)",
        "Set password of the connection to the Secret of a self-built app, and contact_secret to that of 通讯录同步",
    ),
    "50002": _HIDDEN_USER,
    "50003": Meaning(PermissionDeniedError, "the app is disabled", "Enable it (应用管理 → app)"),
    "60003": _NO_SUCH_DEPARTMENT,
    "60011": Meaning(PermissionDeniedError, "it is outside the app's 可见范围", _RANGE),
    "60020": Meaning(PermissionDeniedError, "the caller's IP address is not trusted"),
    "60021": _HIDDEN_USER,
    "60111": _NO_SUCH_USER,
    # Of the former 企业号, missing from today's list; treated like 60111.
    "60121": _NO_SUCH_USER,
    "60123": _NO_SUCH_DEPARTMENT,
    "81012": _TO_NOBODY,
    "81013": Meaning(RefusedError, "nobody of those it was sent to is in the app's 可见范围", _RANGE),
    "82001": _TO_NOBODY,
    "82002": Meaning(RefusedError, "too many departments in one call", _DEVELOPER),
    "82003": Meaning(RefusedError, "too many tags in one call", _DEVELOPER),
    "301002": Meaning(PermissionDeniedError, "the AgentId is not the one of this secret's app", _AGENT),
    "301007": Meaning(PermissionDeniedError, "the company is dissolved or banned", "Ask WeCom's support"),
}

STALE_TOKEN_CODES = frozenset({"40014", "42001", "40001"})
WRONG_SECRET_CODES = frozenset({"48002", "48009"})
# All recipients of a message are invalid: an answer about each of them, with the same lists as a good one.
NOBODY_REACHED = "81013"
RECALL_TOO_LATE = "42052"
TOO_LARGE_CODES = frozenset({"45029"})
GONE_CODES = frozenset({code for code, meaning in MEANINGS.items() if meaning in (_NO_SUCH_DEPARTMENT, _NO_SUCH_USER)})
# What `user/get` answers for someone this app does not see, or no longer.
UNSEEN_USER_CODES = GONE_CODES | {"60011", "50002", "60021"}


def code_of(envelope: Mapping[str, Any]) -> str:
    """Success is errcode 0, or none at all (some endpoints leave it out)."""
    code = envelope.get("errcode")
    return "0" if code is None else str(code).strip()


def error_for(envelope: Mapping[str, Any], *, interface: str, identity: Identity) -> PlatformError:
    """The error an envelope means. WeCom's own words are quoted only for a code we do not know: its text may change, codes do not."""
    code = code_of(envelope)
    words = str(envelope.get("errmsg") or "")
    meaning = MEANINGS.get(code) or Meaning(RefusedError, f"not a code orgsync knows ({_own_words(words)})", _look_up(code))
    fix = _detailed_fix(code, meaning, words, identity)
    return error_meaning(meaning, platform=PLATFORM, interface=interface, code=code, request_id=_hint(words), fix=fix)


def is_warning(envelope: Mapping[str, Any]) -> bool:
    """`ok. Warning: wrong json format.` with errcode 0: it dropped values that it did not understand, without an error."""
    return "wrong json format" in str(envelope.get("errmsg") or "").lower()


def warning_error(*, interface: str) -> RefusedError:
    meaning = Meaning(RefusedError, "it took the request only in part (wrong json format)", _DEVELOPER)
    error = error_meaning(meaning, platform=PLATFORM, interface=interface, code="0 with a warning")
    assert isinstance(error, RefusedError)  # noqa: S101
    return error


def _detailed_fix(code: str, meaning: Meaning, words: str, identity: Identity) -> str:
    if code == "60020":
        return _address_fix(words, identity)
    if code == "48002":
        return _wrong_secret_fix(identity)
    return _PAIR[identity] if meaning.error is CredentialError else ""


def _address_fix(words: str, identity: Identity) -> str:
    """WeCom quotes the address it sees; each app has its own list, and 通讯录同步 another."""
    found = re.search(r"from ip: *([0-9A-Fa-f.:]+)", words)
    address = found[1].rstrip(".:") if found else "the address orgsync calls from"
    where = "the app's 企业可信IP (应用管理 → app)" if identity == "app" else "the trusted IP list of 管理工具 → 通讯录同步"
    return f"Add {address} to {where}, and wait a minute"


def _wrong_secret_fix(identity: Identity) -> str:
    if identity == "contact":
        where = "the Secret of 管理工具 → 通讯录同步, with API sync switched on"
        return f"Set contact_secret of the connection to {where}; no app's secret can list ids"
    return "Set password of the connection to the Secret of a self-built app (应用管理 → app)"


def _hint(words: str) -> str | None:
    """`hint: [digits]` is what WeCom's support asks for."""
    found = re.search(r"hint: *\[(\w+)\]", words, re.ASCII)
    return found[1] if found else None


def _look_up(code: str) -> str:
    return f"Look it up at https://open.work.weixin.qq.com/devtool/query?e={code}" if code.lstrip("-").isdigit() else _DEVELOPER


def _own_words(words: str) -> str:
    return redact(words.partition(", hint:")[0] or "no text")[:200]
