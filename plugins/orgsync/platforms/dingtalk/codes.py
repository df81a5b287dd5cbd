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
from orgsync.platforms.speaking.meanings import DEVELOPER, OUR_ADDRESS, REREAD, UNKNOWN_CODE, WAIT, Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact
from orgsync.words import Words, join

PLATFORM = "dingtalk"

# The window of the throttle is one second.
THROTTLE_SECONDS = 1.0
MINUTE_SECONDS = 60.0
# An IP address with more than 10 000 calls in 20 s is blocked for five minutes.
BLOCKED_IP_SECONDS = 300.0


PAIR = Words(
    "Copy Client ID (AppKey) and Client Secret (AppSecret) of the app into login and password of the connection",
    "把应用的 Client ID（AppKey）和 Client Secret（AppSecret）重新复制到连接的 login 和 password（开放平台 → 应用 → 凭证与基础信息）",
)
WIDEN = Words(
    "Widen the app's data range (权限管理 → 授权范围) and who the app is available to, then publish a new version",
    "扩大应用的数据范围（权限管理 → 授权范围）和可使用范围，然后发布新版本",
)
LOOK_UP = Words(
    "Look it up among DingTalk's error codes (open.dingtalk.com), and report it with the request id if it is not your app's own",
    "在钉钉的错误码表（open.dingtalk.com）中查找；如果不是应用自身的问题，请连同请求号一起反馈",
)

ADD_ADDRESS = Words(
    "Add {address} to the app's list (安全设置 → 服务器出口IP)", "把 {address} 加入应用的服务器出口IP（开发配置 → 安全设置）"
)
GRANT = Words(
    "Grant {points} under 权限管理{where}; then publish a new version of the app",
    "在权限管理中开通 {points}{where}，然后发布应用的新版本",
)
_APPLY = Words(", or apply at {link}", "，或打开 {link} 申请")
A_POINT = Words("the permission point", "相应的权限点")

AGENT = Words(
    "Set agent_id of the connection to the AgentId of the app whose Client ID is its login",
    "把连接的 agent_id 设为 login 中 Client ID 所属应用的 AgentId（凭证与基础信息）",
)

_BAD_TOKEN = Meaning(CredentialError, Words("the access token is not valid", "访问凭证（access token）无效"), PAIR)
_BAD_PAIR = Meaning(CredentialError, Words("the key pair is not accepted", "Client ID 与 Client Secret 不被接受"), PAIR)
_BAD_REQUEST = Meaning(RefusedError, Words("a parameter is missing or wrong", "参数缺失或有误"), DEVELOPER)
# 404: asked of api.dingtalk.com, the host of the new generation.
_NO_SUCH_INTERFACE = Meaning(
    RefusedError,
    Words("it does not know this interface", "平台不认识这个接口"),
    Words("Check the host of the connection", "检查连接的 host"),
)
_NO_SUCH_USER = Meaning(
    RefusedError,
    Words("no such user", "用户不存在"),
    Words("They have left, or have not accepted the invitation yet", "此人已离职，或尚未接受邀请"),
)
_NO_SUCH_DEPARTMENT = Meaning(RefusedError, Words("no such department", "部门不存在"), REREAD)
_THROTTLED = Meaning(
    ThrottledError,
    Words("too many calls", "调用过于频繁"),
    Words("Lower calls_per_second of the connection, or start at another minute", "调低连接的 calls_per_second，或换一个分钟启动"),
    THROTTLE_SECONDS,
)
_NOT_SENT = Meaning(
    RefusedError,
    Words("it does not send this message", "平台不发送这条消息"),
    Words(
        "Look at how many messages were sent today, to whom, and at the text; then look the code up",
        "查看今天发送了多少条、发给了谁，以及消息内容；再查这个错误码",
    ),
)
_ALL_TOO_OFTEN = Meaning(
    RefusedError,
    Words("the whole company was written to too often today", "今天向全员发送的次数过多"),
    Words("Wait until tomorrow: an app may do so three times a day", "请等到明天：一个应用每天最多向全员发送三次"),
)
_DISABLED_FOR_A_WHILE = Meaning(
    ThrottledError,
    Words("calls are disabled for a while", "调用被暂时禁止"),
    Words("Lower calls_per_second of the connection", "调低连接的 calls_per_second"),
    60.0,
)

MEANINGS: Mapping[str, Meaning] = {
    "-1": Meaning(PlatformBusyError, Words("it is busy", "平台繁忙"), WAIT),
    "22": _NO_SUCH_INTERFACE,
    "404": _NO_SUCH_INTERFACE,
    "33001": Meaning(CredentialError, Words("the token belongs to another corporation", "访问凭证属于另一家企业"), PAIR),
    "33012": _NO_SUCH_USER,
    "40000": _BAD_REQUEST,
    "40001": Meaning(CredentialError, Words("secret or token is not valid", "Secret 或访问凭证无效"), PAIR),
    "40003": _NO_SUCH_USER,
    "40009": _NO_SUCH_DEPARTMENT,
    "40014": _BAD_TOKEN,
    "40031": _NO_SUCH_USER,
    "40035": _BAD_REQUEST,
    "40056": Meaning(RefusedError, Words("the AgentId is not the one of this app", "AgentId 不是这个应用的"), AGENT),
    "40068": Meaning(RefusedError, Words("the page cursor is not valid", "分页游标无效"), DEVELOPER),
    "40069": Meaning(RefusedError, Words("the page size is not valid", "分页大小无效"), DEVELOPER),
    "40089": _BAD_PAIR,
    "40096": _BAD_PAIR,
    "41001": Meaning(RefusedError, Words("the access token is missing", "缺少访问凭证（access token）"), DEVELOPER),
    # §7 and §10 name the limits of work notifications and the range of codes; which of 41028, 41044 and 41048 is which they do not say.
    "41028": _NOT_SENT,
    "41029": Meaning(
        RefusedError,
        Words("it has too many receivers", "接收人过多"),
        Words("Send it to fewer at once: 5000 is the most that DingTalk takes", "一次少发一些人：钉钉最多接受 5000 人"),
    ),
    "41044": _NOT_SENT,
    "41045": _ALL_TOO_OFTEN,
    "41046": _ALL_TOO_OFTEN,
    "41047": Meaning(
        ThrottledError,
        Words("too many receivers in a minute", "一分钟内的接收人过多"),
        WAIT,
        MINUTE_SECONDS,
    ),
    "41048": _NOT_SENT,
    "41049": Meaning(
        RefusedError, Words("the text has words that it forbids", "消息含有平台禁止的内容"), Words("Change the text", "请修改内容")
    ),
    "41052": Meaning(
        RefusedError,
        Words("it has too many receivers to tell what became of each", "接收人过多，无法查询每个人的结果"),
        Words("Ask for 100 receivers at most", "一次最多查询 100 个接收人"),
    ),
    "42001": Meaning(CredentialError, Words("the access token has expired", "访问凭证（access token）已过期"), PAIR),
    "43001": Meaning(RefusedError, Words("the HTTP method is wrong", "HTTP 方法有误"), DEVELOPER),
    "43002": Meaning(RefusedError, Words("the HTTP method is wrong", "HTTP 方法有误"), DEVELOPER),
    "43005": Meaning(RefusedError, Words("the content type is wrong", "内容类型有误"), DEVELOPER),
    "43007": Meaning(
        PermissionDeniedError,
        Words("an authorisation is missing", "缺少授权"),
        Words("Grant it under 权限管理, then publish a new version", "在权限管理中开通，然后发布新版本"),
    ),
    "43009": Meaning(RefusedError, Words("the content type is wrong", "内容类型有误"), DEVELOPER),
    "50002": Meaning(PermissionDeniedError, Words("the user is outside the app's data range", "用户不在应用的数据范围内"), WIDEN),
    "50003": Meaning(
        PermissionDeniedError,
        Words("the app is disabled", "应用已停用"),
        Words("Enable the app in DingTalk's admin console", "在钉钉管理后台启用应用"),
    ),
    "50004": Meaning(PermissionDeniedError, Words("the department is outside the app's data range", "部门不在应用的数据范围内"), WIDEN),
    "50005": Meaning(
        PermissionDeniedError,
        Words("the corporation is disabled", "企业已被停用"),
        Words("Enable it in DingTalk's admin console", "在钉钉管理后台启用"),
    ),
    "60003": _NO_SUCH_DEPARTMENT,
    "60011": Meaning(PermissionDeniedError, Words("a permission point is missing", "缺少权限点"), GRANT.fill(points=A_POINT, where="")),
    "60019": Meaning(
        PlatformBusyError,
        Words("it could not read the members", "平台未能读取成员"),
        WAIT,
    ),
    "60020": Meaning(
        PermissionDeniedError,
        Words("the caller's IP address is not on the app's list", "调用方的 IP 地址不在应用的白名单中"),
        ADD_ADDRESS.fill(address=OUR_ADDRESS),
    ),
    "60111": _NO_SUCH_USER,
    "60121": _NO_SUCH_USER,
    "90001": _DISABLED_FOR_A_WHILE,
    "90002": _THROTTLED,
    "90003": _DISABLED_FOR_A_WHILE,
    "90004": _DISABLED_FOR_A_WHILE,
    "90005": _DISABLED_FOR_A_WHILE,
    "90006": _DISABLED_FOR_A_WHILE,
    "90018": _THROTTLED,
    "90020": Meaning(
        RefusedError,
        Words("the month's quota of calls is used up", "本月的调用额度已用完"),
        Words("Upgrade the edition or wait for the next month", "升级版本，或等到下个月"),
    ),
    "400002": _BAD_REQUEST,
}

STALE_TOKEN_CODES = frozenset({"40014", "42001", "40001", "33001"})
RANGE_CODES = frozenset({"50002", "50004"})
# What get says of what is not there, and nothing else (§10); the other codes of an unknown id may mean that it is no id.
GONE_USER_CODES = frozenset({"60111", "60121"})
GONE_DEPARTMENT_CODES = frozenset({"60003"})
GONE_CODES = frozenset({code for code, meaning in MEANINGS.items() if meaning in (_NO_SUCH_DEPARTMENT, _NO_SUCH_USER)})

# Of an id about which get says nothing: not in the app's range, or none that the directory takes.
UNSAID_CODES = RANGE_CODES | GONE_CODES


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
    meaning = MEANINGS.get(code) or Meaning(RefusedError, UNKNOWN_CODE.fill(words=_own_words(envelope)), LOOK_UP)
    request_id = str(envelope.get("request_id") or "") or None
    fix = _detailed_fix(code, envelope)
    return error_meaning(meaning, platform=PLATFORM, interface=interface, code=code, request_id=request_id, fix=fix)


def blocked_ip_error(interface: str) -> ThrottledError:
    """The block is answered with a page or `punish` object of the gateway instead of an envelope."""
    reason = Words(
        "this IP address is blocked, as after more than 10 000 calls in 20 s", "这个 IP 地址被封禁（20 秒内超过 10 000 次调用时会如此）"
    )
    fix = Words(
        "It ends after five minutes; lower calls_per_second, and look for other programs behind the same address",
        "五分钟后解除；请调低 calls_per_second，并检查同一地址上的其他程序",
    )
    return ThrottledError(Refusal(PLATFORM, interface, "punish: deny", reason=reason, fix=fix), wait_seconds=BLOCKED_IP_SECONDS)


def _detailed_fix(code: str, envelope: Mapping[str, Any]) -> str:
    words = f"{envelope.get('sub_msg') or ''} {envelope.get('errmsg') or ''}"
    if code == "60011":
        return _permission_fix(words)
    if code == "60020":
        address = re.search(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", words)
        return ADD_ADDRESS.fill(address=address[0] if address else OUR_ADDRESS)
    return ""


def _permission_fix(words: str) -> str:
    """DingTalk names the points as `[a,b]` or `requiredScopes=[a]` and gives a link to apply for them; the link holds no secret."""
    groups = re.findall(r"\[([\w.,\s-]+)\]", words, re.ASCII)
    points = sorted({point for group in groups for point in re.split(r"[,\s]+", group) if point})
    link = re.search(r"https?://[\w.:-]+/[^\s\]）)，,\"'<>]*", words, re.ASCII)
    where = _APPLY.fill(link=link[0]) if link else ""
    return GRANT.fill(points=join(points, en=" and ", zh=" 和 ") if points else A_POINT, where=where)


def _own_words(envelope: Mapping[str, Any]) -> str:
    return redact(str(envelope.get("sub_msg") or envelope.get("errmsg") or "no text"))[:200]
