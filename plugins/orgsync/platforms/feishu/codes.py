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
from orgsync.platforms.speaking.meanings import DEVELOPER, OUR_ADDRESS, UNKNOWN_CODE, WAIT, Meaning, error_meaning
from orgsync.platforms.speaking.redact import redact
from orgsync.words import Words, join

PLATFORM = "feishu"

# The shortest window in which Feishu counts; a refusal says how long to wait (x-ogw-ratelimit-reset), this is for one that does not.
THROTTLE_SECONDS = 1.0
BUSY_HOUR_SECONDS = 60.0

USER_ID_SCOPE = "contact:user.employee_id:readonly"
KEY_BY_OPEN_ID = Words("set `user_key: open_id` for the tenant", "为租户设置 `user_key: open_id`")
PUBLISH = Words(
    "then publish a new version of the app (版本管理与发布) and have it approved",
    "然后创建并发布应用的新版本（版本管理与发布），并由管理员审核通过",
)

PAIR = Words(
    "Copy App ID and App Secret of the app into login and password of the connection; "
    "a Lark app needs the host https://open.larksuite.com, a Feishu app none",
    "把应用的 App ID 和 App Secret（凭证与基础信息）重新复制到连接的 login 和 password；"
    "Lark 应用的 host 为 https://open.larksuite.com，飞书应用的 host 留空",
)
WIDEN = Words(
    "Widen the app's contacts range (权限管理 → 可访问的数据范围 → 配置), {publish}",
    "扩大应用的通讯录权限范围（权限管理 → 可访问的数据范围 → 配置），{publish}",
).fill(publish=PUBLISH)
_GRANT_IT = Words("Grant it under 权限管理, {publish}", "在权限管理中开通，{publish}").fill(publish=PUBLISH)
_GRANT_ITS_SCOPE = Words("Grant its scope under 权限管理, {publish}", "在权限管理中开通其权限，{publish}").fill(publish=PUBLISH)
_BOT_ON = Words("Switch the bot on (添加应用能力 → 机器人), {publish}", "开启机器人能力（添加应用能力 → 机器人），{publish}").fill(
    publish=PUBLISH
)
_AVAILABILITY = Words(
    "Widen who the app is available to (版本管理与发布 → 可用范围), {publish}", "扩大应用的可用范围（版本管理与发布 → 可用范围），{publish}"
).fill(publish=PUBLISH)
_OWN_TASK = Words(
    "Use the connection of the app that made it, and grant it task:task:write, {publish}",
    "使用创建它的应用的连接，并为其开通 task:task:write，{publish}",
).fill(publish=PUBLISH)
_WAIT_OR_REPORT = Words("{wait}; if it stays, report the request id to Feishu", "{wait}；若一直如此，请把请求号报告给飞书").fill(wait=WAIT)
_READ_OR_REPORT = Words(
    "Read again; this is a fault of orgsync; report it with the request id if it stays",
    "请重新读取；若一直如此，这是 orgsync 的缺陷，请连同请求号一起反馈",
)
_ADD_ADDRESS = Words(
    "Add {address} to the app's list (安全设置 → IP 白名单); it acts at once",
    "把 {address} 加入应用的 IP 白名单（安全设置 → IP 白名单），立即生效",
)
GRANT = Words("Grant {scopes} under 权限管理{where}; {publish}", "在权限管理中开通 {scopes}{where}，{publish}")
_A_SCOPE = Words("the scope", "相应的权限")
_APPLY = Words(", or apply at {link}", "，或打开 {link} 申请")
_QUOTED = Words("{reason} ({words})", "{reason}（{words}）")
_LOOK_UP = Words(
    "Look it up among Feishu's error codes (open.feishu.cn), and report it with the request id if it is not your app's own",
    "在飞书的错误码表（open.feishu.cn）中查找；如果不是应用自身的问题，请连同请求号一起反馈",
)
_REREAD = Words(
    "Read again; if the id stands in the tenant's scope, correct it there (open_department_id: od-…)",
    "请重新读取；如果租户的 scope 中写了这个 id，请改正（open_department_id：od-…）",
)

_BAD_PAIR = Meaning(CredentialError, Words("App ID or App Secret is not accepted", "App ID 或 App Secret 不被接受"), PAIR)
_BAD_TOKEN = Meaning(CredentialError, Words("the access token is not valid", "访问凭证（access token）无效"), PAIR)
_BAD_REQUEST = Meaning(RefusedError, Words("a parameter is missing or wrong", "参数缺失或有误"), DEVELOPER)
_NO_SUCH_DEPARTMENT = Meaning(RefusedError, Words("no such department", "部门不存在"), _REREAD)
_NO_SUCH_ID = Meaning(RefusedError, Words("it does not know an id it was asked about", "平台不认识所查询的某个 id"), _REREAD)
_OUTSIDE_RANGE = Meaning(
    PermissionDeniedError, Words("the department is outside the app's contacts range", "部门不在应用的通讯录权限范围内"), WIDEN
)
_APP_UNUSABLE = Meaning(
    PermissionDeniedError,
    Words("the app is not usable in this company", "应用在这家企业不可用"),
    Words("Install and enable it in Feishu's admin console", "在飞书管理后台安装并启用应用"),
)
_THROTTLED = Meaning(
    ThrottledError,
    Words("too many calls", "调用过于频繁"),
    Words("Lower calls_per_second of the connection, or start at another minute", "调低连接的 calls_per_second，或换一个分钟启动"),
    THROTTLE_SECONDS,
)

_NO_BOT = Meaning(PermissionDeniedError, Words("the app has no bot", "应用没有机器人"), _BOT_ON)
_MESSAGE_GONE = Meaning(
    RefusedError,
    Words("the message is not there: taken back, deleted, or never sent", "消息不存在：已撤回、已删除或从未发送"),
    Words("Nothing needs to be done", "无需处理"),
)
_FORBIDDEN_WORDS = Meaning(
    RefusedError,
    Words("the text is stopped by the company's filter", "消息被企业的内容过滤拦下"),
    Words("Change the text, or ask the administrator", "请修改内容，或询问管理员"),
)
_BATCH_REFUSED = Meaning(
    RefusedError,
    Words("it does not send the batch message", "平台不发送这条批量消息"),
    Words("Do what its words ask for, or report it with the request id", "按其说明处理，或连同请求号一起反馈"),
)

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
    "42008": Meaning(CredentialError, Words("the token belongs to another company", "访问凭证属于另一家企业"), PAIR),
    "99991661": Meaning(RefusedError, Words("the access token is missing", "缺少访问凭证（access token）"), DEVELOPER),
    "99991663": _BAD_TOKEN,
    "99991664": _BAD_TOKEN,
    "99991665": _BAD_TOKEN,
    "99991668": Meaning(RefusedError, Words("it takes no such token here", "这个接口不接受这种访问凭证"), DEVELOPER),
    "99991671": _BAD_TOKEN,
    "99991662": Meaning(
        PermissionDeniedError,
        Words("the app is disabled", "应用已停用"),
        Words("Enable it in Feishu's admin console (工作台 → 应用管理)", "在飞书管理后台启用（工作台 → 应用管理）"),
    ),
    "99991673": _APP_UNUSABLE,
    "99991672": Meaning(
        PermissionDeniedError, Words("the app lacks a scope", "应用缺少权限"), GRANT.fill(scopes=_A_SCOPE, where="", publish=PUBLISH)
    ),
    "99991676": Meaning(
        PermissionDeniedError,
        Words("the app's token lacks a scope", "应用的访问凭证缺少权限"),
        GRANT.fill(scopes=_A_SCOPE, where="", publish=PUBLISH),
    ),
    "99991401": Meaning(
        PermissionDeniedError,
        Words("the caller's IP address is not on the app's list", "调用方的 IP 地址不在应用的白名单中"),
        _ADD_ADDRESS.fill(address=OUR_ADDRESS),
    ),
    "99991403": Meaning(
        RefusedError,
        Words("the month's quota of calls is used up", "本月的调用额度已用完"),
        Words(
            "Upgrade the edition, or wait for the 1st of the next month; all apps of the company share it, so look for other programs too",
            "升级版本，或等到下个月 1 日；额度由企业的所有应用共用，请同时检查其他程序",
        ),
    ),
    "40004": _OUTSIDE_RANGE,
    "40014": Meaning(
        PermissionDeniedError,
        Words("the department above is outside the app's contacts range", "上级部门不在应用的通讯录权限范围内"),
        WIDEN,
    ),
    "41050": Meaning(PermissionDeniedError, Words("the user is outside the app's contacts range", "用户不在应用的通讯录权限范围内"), WIDEN),
    "41056": Meaning(PermissionDeniedError, Words("a field scope is missing", "缺少字段权限"), _GRANT_IT),
    "99991400": _THROTTLED,
    "1000004": _THROTTLED,
    "1000005": _THROTTLED,
    "2200": _THROTTLED,
    "5000": _THROTTLED,
    "55001": _THROTTLED,
    "40003": Meaning(PlatformBusyError, Words("it failed on its side", "平台自身出错"), _WAIT_OR_REPORT),
    "43024": Meaning(PlatformBusyError, Words("the organization is being changed", "组织架构正在变更"), WAIT),
    "43030": Meaning(PlatformBusyError, Words("the department is being changed", "部门正在变更"), WAIT),
    "44025": Meaning(PlatformBusyError, Words("the user is being changed", "用户正在变更"), WAIT),
    "40008": _NO_SUCH_DEPARTMENT,
    "40015": _NO_SUCH_DEPARTMENT,
    "41012": Meaning(
        RefusedError,
        Words("no such user", "用户不存在"),
        Words("They have left; take them off the app's contacts range", "此人已离职；请把他从应用的通讯录权限范围中移除"),
    ),
    **dict.fromkeys((str(code) for code in range(99992351, 99992382)), _NO_SUCH_ID),
    "99992361": Meaning(
        RefusedError,
        Words("an open_id of another app", "另一个应用的 open_id"),
        Words("Check that login and password are of the app that was read before", "检查 login 和 password 是否属于之前读取所用的应用"),
    ),
    # Messages, contract §7 and §13.
    "230006": _NO_BOT,
    "11205": _NO_BOT,
    "230001": _BAD_REQUEST,
    "230002": Meaning(RefusedError, Words("the bot is not in the group", "机器人不在群中"), Words("Add it to the group", "请把它加入群")),
    "230009": Meaning(
        RefusedError,
        Words("the time for taking a message back is over", "已超过可撤回的时间"),
        Words("The company's administrator sets how long it is", "可撤回的时长由企业管理员设置"),
    ),
    "230011": _MESSAGE_GONE,
    "230030": _MESSAGE_GONE,
    "230110": _MESSAGE_GONE,
    "232009": _MESSAGE_GONE,
    "230013": Meaning(
        PermissionDeniedError,
        Words("the receiver is outside the app's availability, or has left", "接收人不在应用的可用范围内，或已离职"),
        _AVAILABILITY,
    ),
    "230020": Meaning(ThrottledError, Words("too many messages", "消息过多"), WAIT, THROTTLE_SECONDS),
    "11232": Meaning(
        ThrottledError,
        Words("too many messages at this hour", "此时段消息过多"),
        Words("Avoid the full and the half hour", "请避开整点和半点"),
        BUSY_HOUR_SECONDS,
    ),
    "230022": _FORBIDDEN_WORDS,
    "230028": _FORBIDDEN_WORDS,
    "230023": Meaning(
        RefusedError,
        Words("too many urgent messages are unread", "未读的加急消息过多"),
        Words("Wait until some are read", "请等到其中一些被阅读"),
    ),
    "230025": Meaning(RefusedError, Words("the message is too long", "消息过长"), Words("Shorten it", "请缩短")),
    "230026": Meaning(
        RefusedError,
        Words("the app may not take this message back", "应用不能撤回这条消息"),
        Words("Only the app that sent it may", "只有发送它的应用可以"),
    ),
    "230027": Meaning(
        PermissionDeniedError,
        Words("the app may not do this with the message", "应用不能对这条消息这样操作"),
        _GRANT_ITS_SCOPE,
    ),
    "230029": Meaning(RefusedError, Words("the receiver has left", "接收人已离职"), Words("Read the directory again", "请重新读取通讯录")),
    "230033": Meaning(
        RefusedError,
        Words("who read a message is told for seven days only", "已读情况只保留七天"),
        Words("Nothing can be done", "无法处理"),
    ),
    "230034": Meaning(
        RefusedError,
        Words("the receiver's id is not valid", "接收人的 id 无效"),
        Words("Read the directory again, with the same app", "请用同一个应用重新读取通讯录"),
    ),
    "230035": Meaning(
        RefusedError,
        Words("it may not be sent to this receiver", "不允许发给这个接收人"),
        Words("Look at the company's rules for bots", "查看企业对机器人的规定"),
    ),
    "230038": Meaning(
        RefusedError,
        Words("the receiver is of another company", "接收人属于另一家企业"),
        Words("Read the directory again, with the same app", "请用同一个应用重新读取通讯录"),
    ),
    "230049": Meaning(PlatformBusyError, Words("it is just being sent", "正在发送中"), WAIT),
    "230053": Meaning(
        RefusedError,
        Words("the receiver does not want messages of this bot", "接收人屏蔽了这个机器人的消息"),
        Words("Only they can change it", "只有本人可以更改"),
    ),
    "230072": Meaning(RefusedError, Words("the message was edited too often", "消息编辑次数过多"), Words("Send a new one", "请发送新消息")),
    "230075": Meaning(
        RefusedError, Words("the time for editing a message is over", "已超过可编辑的时间"), Words("Send a new one", "请发送新消息")
    ),
    "230099": Meaning(
        RefusedError,
        Words("it does not take the card", "平台不接受这张卡片"),
        Words("Change the content; the number in its words says what is wrong with it", "请修改内容；其说明中的数字指明了问题所在"),
    ),
    "11247": Meaning(
        RefusedError,
        Words("the app's 500,000 messages of a day are used up", "应用每天的 500,000 条消息已用完"),
        Words("Wait until tomorrow", "请等到明天"),
    ),
    # What the page of batch messages lists, all with HTTP 200; the contract has no words for them, so Feishu's own are quoted.
    **dict.fromkeys(BATCH_CODES, _BATCH_REFUSED),
    # Tasks, §8.
    "1470400": _BAD_REQUEST,
    "1470403": Meaning(
        PermissionDeniedError,
        Words(
            "the app may not do this with the task: it neither made it nor belongs to it",
            "应用不能这样操作任务：它既不是创建者，也不是成员",
        ),
        _OWN_TASK,
    ),
    "1470404": Meaning(RefusedError, Words("no such task", "任务不存在"), Words("It was deleted", "已被删除")),
    "1470422": Meaning(PlatformBusyError, Words("the same task is being made at the same time", "同一个任务正在被创建"), WAIT),
    "1470500": Meaning(PlatformBusyError, Words("it failed on its side", "平台自身出错"), WAIT),
    "1470610": Meaning(RefusedError, Words("too many people are to do the task", "任务的负责人过多"), Words("Split it", "请拆分")),
    "1470611": Meaning(RefusedError, Words("too many people follow the task", "任务的关注人过多"), Words("Split it", "请拆分")),
    "1470450": _THROTTLED,
    "1470451": _THROTTLED,
    "40002": Meaning(RefusedError, Words("it does not take the root department here", "这里不接受根部门"), DEVELOPER),
    "40011": Meaning(RefusedError, Words("the page size is not valid", "分页大小无效"), DEVELOPER),
    "40012": Meaning(
        RefusedError,
        Words("the page token is not valid", "分页标记无效"),
        _READ_OR_REPORT,
    ),
    "43010": Meaning(
        RefusedError,
        Words("the department is too large for a list of all below it", "部门过大，无法一次列出其下的全部"),
        Words("Read again", "请重新读取"),
    ),
    "9499": _BAD_REQUEST,
    "40001": _BAD_REQUEST,
    "40013": _BAD_REQUEST,
    "40018": _BAD_REQUEST,
    "99992402": _BAD_REQUEST,
}

STALE_TOKEN_CODES = frozenset({"99991663", "99991664", "99991665", "99991671"})
GONE_CODES = frozenset(code for code, meaning in MEANINGS.items() if meaning in (_NO_SUCH_DEPARTMENT, _NO_SUCH_ID))
# §13.2: of an id that nobody has. An open_id of another app (99992361) says nothing of who has it.
GONE_USER_CODES = frozenset({"41012", *(code for code, meaning in MEANINGS.items() if meaning is _NO_SUCH_ID)})
GONE_DEPARTMENT_CODES = GONE_CODES
OUTSIDE_RANGE = "40004"
USER_OUTSIDE_RANGE = "41050"
RANGE_CODES = frozenset({OUTSIDE_RANGE, "40014", USER_OUTSIDE_RANGE})
# About whom a message is for, not about the message: others may still get it.
RECEIVER_CODES = GONE_CODES | {"230013", "230029", "230034", "230035", "230038", "230053", "41012", "41050", "99992361"}
RECALL_TOO_LATE = "230009"
MESSAGE_GONE_CODES = frozenset(code for code, meaning in MEANINGS.items() if meaning is _MESSAGE_GONE)
READ_TOO_LATE = "230033"
FOREIGN_ID = "99992361"
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
    meaning = _meaning(code, interface) or Meaning(RefusedError, UNKNOWN_CODE.fill(words=_own_words(envelope)), _LOOK_UP)
    if code in _QUOTED_CODES:
        meaning = replace(meaning, reason=_QUOTED.fill(reason=meaning.reason, words=_own_words(envelope)))
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
        return _ADD_ADDRESS.fill(address=address[0] if address else OUR_ADDRESS)
    return ""


def _scope_fix(envelope: Mapping[str, Any]) -> str:
    scopes, link = _missing_scopes(envelope), _link_to_apply(envelope)
    what = join(scopes, en=" or ", zh=" 或 ") if scopes else _A_SCOPE
    fix = GRANT.fill(scopes=what, where=_APPLY.fill(link=link) if link else "", publish=PUBLISH)
    if USER_ID_SCOPE not in scopes:
        return fix
    return Words("{fix}. Or {key}", "{fix}；或者{key}").fill(fix=fix, key=KEY_BY_OPEN_ID)


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
