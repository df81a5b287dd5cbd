"""Examines a connection step by step, as every platform's doctor does: what was refused is named once, and ends what depends on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from orgsync.check import OUTCOMES, TITLES, Check, ok
from orgsync.errors import (
    ConfigurationError,
    CredentialError,
    OrgsyncError,
    OversizedAnswerError,
    PlatformBusyError,
    PlatformError,
    ThrottledError,
    UnexpectedAnswerError,
    UnreachableError,
)
from orgsync.platforms.platform import Scope
from orgsync.words import Words, halve

CONNECTION, HOST, CLOCK, CREDENTIALS, ADDRESS, APP = "connection", "host", "clock", "credentials", "address", "app"
PERMISSION, FIELDS, RANGE, READING, QUOTA = "permission", "fields", "range", "reading", "quota"
MESSAGES, TODOS, CALLBACK = "messages", "todos", "callback"

ENDING = frozenset({CONNECTION, HOST, CREDENTIALS, ADDRESS, APP})
"""Without these no other call is answered: trying on would only say the same again, and wrong secrets get an address blocked."""

NO_SYNC = Words("nothing can be read", "无法读取")
_NOT_TRIED = Words("{name} comes first", "请先处理{name}")
_BUSY = Words("could not be tried: {reason}", "未能检查：{reason}")


@dataclass(frozen=True)
class Needs:
    """What a tenant wants of its connection."""

    user_key: str = ""
    scope: Scope = field(default_factory=Scope)


ANY = Needs()


@dataclass(frozen=True)
class Step:
    """One question to a platform. `ask` yields what it found, or raises what the platform refused.

    `lost` is what does not work without it; where nothing of the sync is, `is_needed` is false and a refusal is *degraded*. A refusal that
    is in the platform's table of `Signs` has that name, any other the step's own.
    """

    name: str
    ask: Callable[[], Iterable[Check]]
    lost: str = NO_SYNC
    is_needed: bool = True
    subject: str = ""


@dataclass(frozen=True)
class Signs:
    """By which codes a platform says what is wrong, whatever was asked."""

    address: frozenset[str] = frozenset()
    app: frozenset[str] = frozenset()
    permission: frozenset[str] = frozenset()
    host: frozenset[str] = frozenset()
    quota: frozenset[str] = frozenset()

    def name_of(self, code: str) -> str:
        by_code = {HOST: self.host, ADDRESS: self.address, APP: self.app, PERMISSION: self.permission, QUOTA: self.quota}
        return next((name for name, codes in by_code.items() if code in codes), "")


def take_steps(steps: Iterable[Step], signs: Signs) -> list[Check]:
    """All of them; or, after one without which no other call is answered, what was not tried. Of one name and subject the worst."""
    found: dict[tuple[str, str], Check] = {}
    for check in _walk(steps, signs):
        key = check.name, check.subject
        if key not in found or OUTCOMES.index(check.outcome) < OUTCOMES.index(found[key].outcome):
            found[key] = check
    return list(found.values())


def _walk(steps: Iterable[Step], signs: Signs) -> Iterator[Check]:
    ended, seen = "", set[tuple[str, ...]]()
    for step in steps:
        if ended:
            yield Check(step.name, "skipped", _NOT_TRIED.fill(name=TITLES[ended]), subject=step.subject)
            continue
        for check in _take(step, signs):
            if check.outcome == "ok" or not seen.intersection(_list_mistakes(check)):
                yield check
            seen.update(_list_mistakes(check) if check.outcome != "ok" else ())
            if check.outcome == "broken" and check.name in ENDING:
                ended = check.name


def _list_mistakes(check: Check) -> list[tuple[str, ...]]:
    """By what it is known again: one mistake has one fix, and what a platform refuses in the same way twice is one too."""
    if check.name in (ADDRESS, APP, QUOTA):
        return [(check.name,)]
    return [(check.name, check.reason, check.fix), *([(check.name, check.code, check.subject)] if check.code else [])]


def _take(step: Step, signs: Signs) -> Iterator[Check]:
    try:
        yield from step.ask()
    except OrgsyncError as error:
        yield describe_refusal(error, step, signs)


def describe_refusal(error: OrgsyncError, step: Step, signs: Signs) -> Check:
    name = _name_of(error, step, signs)
    if not isinstance(error, PlatformError):
        return describe_mistake(error, name=name, lost=step.lost, subject=step.subject)
    refusal = error.refusal
    subject = "" if name in (HOST, ADDRESS, APP, QUOTA) else step.subject
    check = Check(name, "broken", refusal.reason or refusal.code, refusal.fix, step.lost, refusal.code, subject)
    if isinstance(error, PlatformBusyError | ThrottledError):
        return replace(check, outcome="degraded", reason=_BUSY.fill(reason=refusal.reason))
    return check if step.is_needed or name in ENDING else replace(check, outcome="degraded")


def describe_mistake(error: OrgsyncError, *, name: str = CONNECTION, lost: str = NO_SYNC, subject: str = "") -> Check:
    """Of an error whose text says what is wrong, and after a semicolon what to do."""
    reason, fix = halve(error.args[0], en="; ", zh="；")
    return Check(name, "broken", reason, fix, lost, subject=subject)


def _name_of(error: OrgsyncError, step: Step, signs: Signs) -> str:
    if isinstance(error, ConfigurationError):
        return CONNECTION
    if isinstance(error, PlatformError) and (told := signs.name_of(error.refusal.code)):
        return told
    if isinstance(error, UnreachableError | UnexpectedAnswerError | OversizedAnswerError):
        return HOST
    if isinstance(error, CredentialError):
        return CREDENTIALS
    return step.name


def check_clock(ahead_seconds: float | None) -> Iterator[Check]:
    """By how much the platform's clock is ahead of this machine's; it tells whole seconds, and an answer takes its time."""
    if ahead_seconds is None:
        return
    if abs(ahead_seconds) <= MOST_SECONDS_APART:
        yield ok(CLOCK, Words("right", "正确"))
        return
    reason = _AHEAD if ahead_seconds < 0 else _BEHIND
    yield Check(CLOCK, "degraded", reason.fill(seconds=abs(ahead_seconds)), _NTP, _SIGNATURES)


MOST_SECONDS_APART = 60.0
_AHEAD = Words("this machine's clock is {seconds:,.0f} seconds ahead of the platform's", "本机时钟比平台快 {seconds:,.0f} 秒")
_BEHIND = Words("this machine's clock is {seconds:,.0f} seconds behind the platform's", "本机时钟比平台慢 {seconds:,.0f} 秒")
_NTP = Words("Keep the clock of every worker by NTP", "让每台 worker 的时钟通过 NTP 校时")
_SIGNATURES = Words("quotas and signatures go by the time", "额度与签名都依赖时间")


def sees_part(reason: str, fix: str, needs: Needs) -> Check:
    """Enough for a tenant that reads named departments only: whether these are seen, a read finds out."""
    return ok(RANGE, reason) if needs.scope.names_departments else Check(RANGE, "degraded", reason, fix, _OUTSIDE)


def sees_nobody(fix: str) -> Check:
    return Check(RANGE, "broken", Words("the app sees nobody", "应用看不到任何人"), fix, NO_SYNC)


def check_range(departments: int, users: int, *, sees_whole: bool, fix: str, needs: Needs) -> Check:
    """Of a range that names departments and single users."""
    if sees_whole:
        return ok(RANGE, _WHOLE)
    if not departments and not users:
        return sees_nobody(fix)
    return sees_part(_PART.fill(departments=departments, users=users), fix, needs)


def check_permission(subject: str, probe: Callable[[], object], passing: Collection[str]) -> Iterator[Check]:
    """By a call that needs it. A code of `passing` refuses something else, which the platform looks at once it has seen the permission."""
    try:
        probe()
    except PlatformError as error:
        if error.refusal.code not in passing:
            raise
    yield ok(PERMISSION, GRANTED, subject=subject)


def check_agent_id(agent_id: str, fix: str, lost: str) -> Check | None:
    """What is wrong with it as it is typed in; None if nothing is."""
    if agent_id.isdecimal():
        return None
    return Check(MESSAGES, "degraded", _BAD_AGENT if agent_id else _NO_AGENT, fix, lost, subject="agent_id")


LET_IN = Words("calls from here are let in", "本机的调用被放行")
ENABLED = Words("enabled", "已启用")
GRANTED = Words("granted", "已开通")
OWN_AGENT = Words("the AgentId is the app's own", "AgentId 属于该应用")
KEPT = Words("{columns}: what was known last stays", "{columns}：保持最后已知的值")
NO_MESSAGES = Words("messages cannot be sent", "无法发送消息")
NO_TODOS = Words("todos cannot be made", "无法创建待办")
_WHOLE = Words("the app sees the whole company", "应用可见整个企业")
_PART = Words(
    "the app sees {departments} departments with all below them and {users} single users",
    "应用可见 {departments} 个部门（含下级）和 {users} 个单独指定的成员",
)
_NO_AGENT = Words("agent_id is empty", "未填写 agent_id")
_BAD_AGENT = Words("agent_id is no number, as every AgentId is", "agent_id 不是数字，而 AgentId 都是数字")
_OUTSIDE = Words("whoever is outside is not read", "范围之外的人员不会被读取")
