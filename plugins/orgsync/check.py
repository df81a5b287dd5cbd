"""One thing that was tried, and what came of it: for the doctor, `orgsync check` and the connection form's *Test* button."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from orgsync.words import Words, say

Outcome = Literal["ok", "degraded", "broken", "skipped"]

OUTCOMES: tuple[Outcome, ...] = ("broken", "degraded", "skipped", "ok")
"""The worst first. What was skipped has not been tried, since something else is broken."""


TITLES = {
    "tenants file": Words("tenants file", "租户配置文件"),
    "connection": Words("connection", "连接"),
    "host": Words("host", "地址"),
    "clock": Words("clock", "时钟"),
    "credentials": Words("credentials", "凭证"),
    "address": Words("address", "出口 IP"),
    "app": Words("app", "应用"),
    "permission": Words("permission", "权限"),
    "fields": Words("fields", "字段"),
    "range": Words("range", "可见范围"),
    "reading": Words("reading", "读取方式"),
    "messages": Words("messages", "消息"),
    "todos": Words("todos", "待办"),
    "callback": Words("callback", "回调"),
    "quota": Words("quota", "额度"),
    "company": Words("company", "企业"),
    "warehouse": Words("warehouse", "数仓"),
    "roles": Words("roles", "角色"),
    "pages": Words("pages", "页面"),
    "landing zone": Words("landing zone", "落地区"),
    "reports": Words("reports", "报告"),
    "alerts": Words("alerts", "告警"),
    # Problems of operation, by their kinds.
    "stale": Words("stale", "数据陈旧"),
    "failed": Words("failed", "运行失败"),
    "slow": Words("slow", "运行过久"),
    "waiting": Words("waiting", "等待审批"),
    "withheld": Words("withheld", "字段缺失"),
    "quarantine": Words("quarantine", "隔离区"),
    "outbox": Words("outbox", "发件箱"),
    "events": Words("events", "事件"),
    "doctor": Words("doctor", "检查"),
    "stanza": Words("tenants file", "租户配置文件"),
    "migrations": Words("migrations", "数据库迁移"),
    "silent": Words("not at work", "停止工作"),
    "channel": Words("alert channel", "告警渠道"),
}
"""What is looked at, as it is called."""


@dataclass(frozen=True)
class Check:
    """`reason` says in a sentence what was found, `fix` what to do and where, `lost` what does not work until then.

    `name` says what was looked at (TITLES has those of the doctor), `subject` which of several (a permission point, a template, a field of
    the connection), `code` is the platform's own. Texts are `Words` where they are told in Chinese too. None holds a secret.
    """

    name: str
    outcome: Outcome
    reason: str
    fix: str = ""
    lost: str = ""
    code: str = ""
    subject: str = ""
    tenant_id: str = ""
    file: str = ""
    line: int | None = None


def ok(name: str, reason: str, *, subject: str = "", tenant_id: str = "") -> Check:
    return Check(name, "ok", reason, subject=subject, tenant_id=tenant_id)


def texts_of(check: Check) -> dict[str, str]:
    """What it says, in English and under `…_zh` in Chinese, as plain texts."""
    told = {name: getattr(check, name) for name in ("reason", "fix", "lost")}
    return {name: str(text) for name, text in told.items()} | {f"{name}_zh": say(text, "zh") for name, text in told.items()}


def worst_of(checks: Iterable[Check]) -> Outcome:
    """Of nothing that is wrong: ok."""
    found = {check.outcome for check in checks}
    return next((outcome for outcome in ("broken", "degraded") if outcome in found), "ok")
