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
from orgsync.platforms.speaking.meanings import DEVELOPER, OUR_ADDRESS, REREAD, UNKNOWN_CODE, WAIT, Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact
from orgsync.words import Words

PLATFORM = "wecom"

Identity = Literal["app", "contact"]
"""Whose secret a call uses: a self-built app's, or that of 通讯录同步."""

# The base limits count by the minute (page 90312); no header says how long a block lasts.
THROTTLE_SECONDS = 60.0
CONCURRENCY_SECONDS = 2.0

PAIR: Mapping[Identity, Words] = {
    "app": Words(
        "Copy 企业ID (我的企业) and the app's Secret (应用管理 → app) into login and password of the connection, "
        "and check that the app is enabled",
        "把企业ID（我的企业）和应用的 Secret（应用管理 → 应用）重新复制到连接的 login 和 password，并检查应用是否已启用",
    ),
    "contact": Words(
        "Copy 企业ID (我的企业) and the Secret of 管理工具 → 通讯录同步 into login and contact_secret of the connection; "
        "login and password of the connection are the corp id and the app's secret",
        "把企业ID（我的企业）和通讯录同步的 Secret（管理工具 → 通讯录同步）重新复制到连接的 login 和 contact_secret；"
        "连接的 login 和 password 是企业ID 和应用的 Secret",
    ),
}
_ADD_ADDRESS = Words("Add {address} to {where}, and wait a minute", "把 {address} 加入{where}，保存后等待一分钟")
_TRUSTED: Mapping[Identity, Words] = {
    "app": Words("the app's 企业可信IP (应用管理 → app)", "应用的企业可信IP（应用管理 → 应用）"),
    "contact": Words("the trusted IP list of 管理工具 → 通讯录同步", "管理工具 → 通讯录同步的可信 IP 列表"),
}
OWN_SECRET: Mapping[Identity, Words] = {
    "app": Words(
        "Set password of the connection to the Secret of a self-built app (应用管理 → app)",
        "把连接的 password 设为自建应用的 Secret（应用管理 → 应用）",
    ),
    "contact": Words(
        "Set contact_secret of the connection to the Secret of 管理工具 → 通讯录同步, with API sync switched on; "
        "no app's secret can list ids",
        "把连接的 contact_secret 设为通讯录同步的 Secret（管理工具 → 通讯录同步，开启 API 接口同步）；应用的 Secret 不能列出 id",
    ),
}
_LOOK_UP = Words(
    "Look it up at https://open.work.weixin.qq.com/devtool/query?e={code}",
    "请在 https://open.work.weixin.qq.com/devtool/query?e={code} 查询",
)
WIDEN = Words("Widen the app's 可见范围 (应用管理 → app)", "扩大应用的可见范围（应用管理 → 应用）")
AGENT = Words(
    "Set agent_id of the connection to the AgentId of the app whose Secret is its password",
    "把连接的 agent_id 设为 password 中 Secret 所属应用的 AgentId（应用管理 → 应用）",
)
ENABLE = Words("Enable it (应用管理 → app)", "启用应用（应用管理 → 应用）")

_BAD_PAIR = Meaning(CredentialError, Words("corp id and secret are not accepted", "企业ID 与 Secret 不被接受"), PAIR["app"])
_BAD_TOKEN = Meaning(CredentialError, Words("the access token is not valid", "访问凭证（access token）无效"), PAIR["app"])
_BAD_REQUEST = Meaning(RefusedError, Words("a parameter is missing or wrong", "参数缺失或有误"), DEVELOPER)
_NO_SUCH_USER = Meaning(
    RefusedError,
    Words("no such user, or none that this secret may see", "用户不存在，或这个 Secret 看不到"),
    Words("They have left, or are outside the app's 可见范围", "此人已离职，或不在应用的可见范围内"),
)
_NO_SUCH_DEPARTMENT = Meaning(RefusedError, Words("no such department", "部门不存在"), REREAD)
_TO_NOBODY = Meaning(RefusedError, Words("it is to nobody", "没有接收人"), DEVELOPER)
_HIDDEN_USER = Meaning(PermissionDeniedError, Words("the user is outside the app's 可见范围", "用户不在应用的可见范围内"), WIDEN)

MEANINGS: Mapping[str, Meaning] = {
    "-1": Meaning(PlatformBusyError, Words("it is busy", "平台繁忙"), WAIT),
    "6000": Meaning(PlatformBusyError, Words("someone changed the same at the same time", "有人同时修改了同一对象"), WAIT),
    "40001": Meaning(
        CredentialError,
        Words(
            "the secret is not accepted: wrong, reset, of another company, or its app is disabled",
            "Secret 不被接受：填错、已重置、属于另一家企业，或其应用已停用",
        ),
        PAIR["app"],
    ),
    "40003": _NO_SUCH_USER,
    "40013": Meaning(
        CredentialError,
        Words(
            "the corp id is not accepted (an AgentId in its place is a common mistake)",
            "企业ID 不被接受（常见错误：把 AgentId 填成了企业ID）",
        ),
        PAIR["app"],
    ),
    "40014": _BAD_TOKEN,
    "40008": Meaning(RefusedError, Words("it does not know this kind of message", "平台不认识这种消息"), DEVELOPER),
    "40031": _BAD_REQUEST,
    "40032": Meaning(RefusedError, Words("too many people in one call", "一次调用的人数过多"), DEVELOPER),
    "40033": Meaning(RefusedError, Words("it takes no \\u escapes", "平台不接受 \\u 转义"), DEVELOPER),
    "40035": _BAD_REQUEST,
    "40056": Meaning(PermissionDeniedError, Words("no such app", "应用不存在"), AGENT),
    "40058": _BAD_REQUEST,
    "40063": _BAD_REQUEST,
    "40082": Meaning(
        CredentialError, Words("the token is of another kind (of a suite)", "访问凭证的种类不对（属于第三方应用套件）"), PAIR["app"]
    ),
    "40088": Meaning(
        PlatformBusyError, Words("it no longer knows the export job", "平台已不认识这个导出任务"), Words("Read again", "请重新读取")
    ),
    "40089": Meaning(PlatformBusyError, Words("the export's result is gone", "导出结果已被清除"), Words("Read again", "请重新读取")),
    "40091": _BAD_PAIR,
    "41001": Meaning(RefusedError, Words("the access token is missing", "缺少访问凭证（access token）"), DEVELOPER),
    "41002": Meaning(
        RefusedError, Words("the corp id is missing", "缺少企业ID"), Words("Fill in login of the connection", "填写连接的 login")
    ),
    "41004": Meaning(
        RefusedError,
        Words("the secret is missing", "缺少 Secret"),
        Words("Fill in password or contact_secret of the connection", "填写连接的 password 或 contact_secret"),
    ),
    "41009": _BAD_REQUEST,
    "41011": Meaning(RefusedError, Words("the AgentId is missing", "缺少 AgentId"), AGENT),
    "41016": Meaning(RefusedError, Words("the title is missing", "缺少标题"), Words("Give the message a title", "请给消息加上标题")),
    "42001": Meaning(CredentialError, Words("the access token has expired", "访问凭证（access token）已过期"), PAIR["app"]),
    "42052": Meaning(
        RefusedError,
        Words("the message is older than 24 hours", "消息发送已超过 24 小时"),
        Words("It can no longer be taken back", "已无法撤回"),
    ),
    "44004": Meaning(RefusedError, Words("the text is empty", "内容为空"), Words("Give the message a text", "请给消息写上内容")),
    "45002": Meaning(RefusedError, Words("the message is too long", "消息过长"), Words("Shorten it", "请缩短")),
    "45008": Meaning(RefusedError, Words("too many articles in one message", "一条消息的图文过多"), DEVELOPER),
    "45009": Meaning(
        ThrottledError,
        Words("too many calls in a minute, an hour or a day", "一分钟、一小时或一天内调用过多"),
        Words(
            "Lower calls_per_second of the connection, look for other programs with the same corp id, "
            "and check its secrets: wrong ones block the address",
            "调低连接的 calls_per_second，检查使用同一企业ID 的其他程序，并核对 Secret：填错的 Secret 会使这个地址被封禁",
        ),
        THROTTLE_SECONDS,
    ),
    "45029": Meaning(
        RefusedError,
        Words("the answer would be too large", "结果过大"),
        Words("Set read_by of the connection to export", "把连接的 read_by 设为 export"),
    ),
    "45033": Meaning(
        ThrottledError,
        Words("too many calls at once", "同时进行的调用过多"),
        Words("Lower max_parallel_calls of the connection", "调低连接的 max_parallel_calls"),
        CONCURRENCY_SECONDS,
    ),
    "46004": _NO_SUCH_USER,
    "48001": Meaning(
        PermissionDeniedError,
        Words("the secret may not call this interface", "这个 Secret 不能调用这个接口"),
        Words("Use the Secret of a self-built app", "请使用自建应用的 Secret"),
    ),
    "48002": Meaning(
        PermissionDeniedError, Words("this kind of secret may not call this interface", "这种 Secret 不能调用这个接口"), OWN_SECRET["app"]
    ),
    "48004": Meaning(
        PermissionDeniedError, Words("the authorisation was withdrawn", "授权已被撤销"), Words("Authorise the app again", "请重新授权应用")
    ),
    "48006": Meaning(
        PermissionDeniedError,
        Words("the permission was reclaimed after long disuse", "权限因长期未使用被收回"),
        Words("Enable the interface again in the admin console", "在管理后台重新启用该接口"),
    ),
    "48009": Meaning(
        PermissionDeniedError,
        Words(
            "the secret of 通讯录同步 may not read details (from addresses new since 2022-08-15)",
            "通讯录同步的 Secret 不能读取详情（2022-08-15 之后新增的 IP）",
        ),
        Words(
            "Set password of the connection to the Secret of a self-built app, and contact_secret to that of 通讯录同步",
            "把连接的 password 设为自建应用的 Secret，contact_secret 设为通讯录同步的 Secret",
        ),
    ),
    "50002": _HIDDEN_USER,
    "50003": Meaning(
        PermissionDeniedError,
        Words("the app is disabled", "应用已停用"),
        ENABLE,
    ),
    "60003": _NO_SUCH_DEPARTMENT,
    "60011": Meaning(PermissionDeniedError, Words("it is outside the app's 可见范围", "不在应用的可见范围内"), WIDEN),
    "60020": Meaning(
        PermissionDeniedError,
        Words("the caller's IP address is not trusted", "调用方的 IP 地址不是可信 IP"),
        _ADD_ADDRESS.fill(address=OUR_ADDRESS, where=_TRUSTED["app"]),
    ),
    "60021": _HIDDEN_USER,
    "60111": _NO_SUCH_USER,
    # Of the former 企业号, missing from today's list; treated like 60111.
    "60121": _NO_SUCH_USER,
    "60123": _NO_SUCH_DEPARTMENT,
    "81012": _TO_NOBODY,
    "81013": Meaning(RefusedError, Words("nobody of those it was sent to is in the app's 可见范围", "接收人都不在应用的可见范围内"), WIDEN),
    "82001": _TO_NOBODY,
    "82002": Meaning(RefusedError, Words("too many departments in one call", "一次调用的部门过多"), DEVELOPER),
    "82003": Meaning(RefusedError, Words("too many tags in one call", "一次调用的标签过多"), DEVELOPER),
    "301002": Meaning(
        PermissionDeniedError, Words("the AgentId is not the one of this secret's app", "AgentId 不是这个 Secret 所属应用的"), AGENT
    ),
    "301007": Meaning(
        PermissionDeniedError,
        Words("the company is dissolved or banned", "企业已解散或被封禁"),
        Words("Ask WeCom's support", "请联系企业微信客服"),
    ),
}

STALE_TOKEN_CODES = frozenset({"40014", "42001", "40001"})
WRONG_SECRET_CODES = frozenset({"48002", "48009"})
# All recipients of a message are invalid: an answer about each of them, with the same lists as a good one.
NOBODY_REACHED = "81013"
RECALL_TOO_LATE = "42052"
TOO_LARGE_CODES = frozenset({"45029"})
GONE_CODES = frozenset({code for code, meaning in MEANINGS.items() if meaning in (_NO_SUCH_DEPARTMENT, _NO_SUCH_USER)})
GONE_USER_CODES = frozenset({code for code, meaning in MEANINGS.items() if meaning is _NO_SUCH_USER})
"""What is answered for who has left (§4.2), and for who is outside the app's range: only an app that sees the whole company can tell."""
GONE_DEPARTMENT_CODES = frozenset({"60003"})
HIDDEN_DEPARTMENT_CODES = frozenset({"60011"})
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
    meaning = MEANINGS.get(code) or Meaning(RefusedError, UNKNOWN_CODE.fill(words=_own_words(words)), _look_up(code))
    fix = _detailed_fix(code, meaning, words, identity)
    return error_meaning(meaning, platform=PLATFORM, interface=interface, code=code, request_id=_hint(words), fix=fix)


def is_warning(envelope: Mapping[str, Any]) -> bool:
    """`ok. Warning: wrong json format.` with errcode 0: it dropped values that it did not understand, without an error."""
    return "wrong json format" in str(envelope.get("errmsg") or "").lower()


def warning_error(*, interface: str) -> RefusedError:
    meaning = Meaning(
        RefusedError,
        Words("it took the request only in part (wrong json format)", "平台只接受了请求的一部分（wrong json format）"),
        DEVELOPER,
    )
    error = error_meaning(meaning, platform=PLATFORM, interface=interface, code="0 with a warning")
    assert isinstance(error, RefusedError)  # noqa: S101
    return error


def _detailed_fix(code: str, meaning: Meaning, words: str, identity: Identity) -> str:
    if code == "60020":
        return _address_fix(words, identity)
    if code == "48002":
        return OWN_SECRET[identity]
    return PAIR[identity] if meaning.error is CredentialError else ""


def _address_fix(words: str, identity: Identity) -> str:
    """WeCom quotes the address it sees; each app has its own list, and 通讯录同步 another."""
    found = re.search(r"from ip: *([0-9A-Fa-f.:]+)", words)
    address = found[1].rstrip(".:") if found else OUR_ADDRESS
    return _ADD_ADDRESS.fill(address=address, where=_TRUSTED[identity])


def _hint(words: str) -> str | None:
    """`hint: [digits]` is what WeCom's support asks for."""
    found = re.search(r"hint: *\[(\w+)\]", words, re.ASCII)
    return found[1] if found else None


def _look_up(code: str) -> Words:
    return _LOOK_UP.fill(code=code) if code.lstrip("-").isdigit() else DEVELOPER


def _own_words(words: str) -> str:
    return redact(words.partition(", hint:")[0] or "no text")[:200]
