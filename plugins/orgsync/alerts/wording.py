"""What is said of problems, in English and Chinese."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from orgsync.words import Words

LONGEST = 300


def show_time(instant: datetime, timezone: str = "") -> str:
    """To the minute, on the clocks of a tenant, or UTC's."""
    return f"{instant.astimezone(ZoneInfo(timezone) if timezone else UTC):%Y-%m-%d %H:%M} {timezone or 'UTC'}"


def shorten(text: str) -> str:
    """Its first line, or as much of it as goes into a message."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


NEVER = Words(
    "no sync has succeeded since {since}, when the tenant was first seen",
    "自 {since} 首次出现以来，从未成功同步",
)
STALE = Words(
    "the newest good sync is of {since}; the read that was due at {due} brought none",
    "最近一次成功同步是 {since}；应在 {due} 进行的读取没有成功",
)
STALE_FIX = Words(
    "Look at the runs of the DAG org_sync_{tenant}: it may be paused, waiting, or failing. `orgsync doctor {tenant}` says what keeps it "
    "from reading",
    "请查看 DAG org_sync_{tenant} 的运行：可能已暂停、在等待或一直失败。`orgsync doctor {tenant}` 会说明读取受阻的原因",
)
FAILED = Words("the last run failed: {error}", "最近一次运行失败：{error}")
STOPPED = Words("the last run was stopped, and changed nothing: {error}", "最近一次运行被拦下，未做任何更改：{error}")
FAILED_FIX = Words(
    "Do what the error says; `orgsync doctor {tenant}` says more. The next run tries again",
    "请按错误信息处理；`orgsync doctor {tenant}` 会给出更多说明。下一次运行会重试",
)
NO_ERROR = Words("see the log", "见日志")
WAITING = Words("plan {plan} exceeds the budget and waits for approval", "计划 {plan} 超出预算，等待审批")
WAITING_UNTIL = Words(
    "plan {plan} exceeds the budget and waits for approval; it is rejected at {until}",
    "计划 {plan} 超出预算，等待审批；{until} 仍无人处理则自动驳回",
)
WAITING_FIX = Words(
    "Look at what it would change, and approve or reject it on its page, or with `orgsync sync {tenant} --approve {plan}`",
    "请在计划页面查看它会带来的更改并批准或驳回，或运行 `orgsync sync {tenant} --approve {plan}`",
)
WITHHELD = Words(
    "the platform does not show these fields any more: {fields}; their last values stay",
    "平台不再提供这些字段：{fields}；保留其最后已知的值",
)
WITHHELD_FIX = Words(
    "Give the app the permission back, as `orgsync doctor {tenant}` says. If it is meant, there is nothing to do: after a week it counts "
    "as usual",
    "请按 `orgsync doctor {tenant}` 的提示恢复应用权限。如属有意调整则无需处理：一周后视为正常",
)
QUARANTINE = Words(
    "{count:,} people and departments are in quarantine; {usual:,} were usual in the week before",
    "隔离区有 {count:,} 个人员和部门；此前一周通常为 {usual:,} 个",
)
QUARANTINE_FIX = Words(
    "The page of the quarantine says of each rule what to do; what is mended on the platform is let in by the next sync",
    "隔离区页面说明了每条规则的处理办法；在平台上改正后，下一次同步会自动放行",
)
QUOTA = Words("{name}: {used:,} of {most:,} are used", "{name}：已用 {used:,}，共 {most:,}")
QUOTA_FIX = Words(
    "Until {until} only what is left can be sent, then messages wait. Send less, or get a larger edition of the platform",
    "{until} 之前只能发送剩余的额度，用完后消息会等待。请减少发送，或升级平台的版本",
)
GAUGES = {
    "billable calls this month": Words("billable calls this month", "本月计费调用"),
    "recipients today": Words("recipients today", "今日接收人次"),
}
STUCK = Words(
    "{count:,} messages or calls have been due since {since} and were not sent: {reason}",
    "有 {count:,} 条消息或调用自 {since} 起应发送而未发送：{reason}",
)
STUCK_FIX = Words(
    "Look whether the DAG org_notify is switched on, and at what the messages say; `orgsync push {tenant}` sends at once",
    "请确认 DAG org_notify 已启用，并查看消息页上的原因；`orgsync push {tenant}` 可立即发送",
)
DOUBT = Words(
    "of {calls:,} calls to {people:,} people nobody knows whether they went out; they are not sent again by themselves",
    "有 {calls:,} 次调用（{people:,} 人）无法确认是否已发出；系统不会自行重发",
)
DOUBT_FIX = Words(
    "Ask one of the recipients, and send the message again if it did not arrive. This is told for a day",
    "请询问其中一位接收人，如未收到请重新发送。此提示保留一天",
)
SLOW = Words(
    "run {run} had not ended by its deadline, at {at}, and no run has ended since",
    "运行 {run} 到期限 {at} 仍未结束，此后也没有运行结束",
)
SLOW_FIX = Words(
    "Look at its log: a platform that answers slowly, a task without a worker, another run that it waits for. The next runs wait for it",
    "请查看其日志：平台响应慢、任务没有可用的 worker，或在等待另一个运行。后续运行都在等它",
)
EVENTS = Words(
    "of {changes:,} people and departments that changed before the last full read, no event named {silent:,}: callbacks are silent",
    "上一次全量读取之前有 {changes:,} 个人员和部门发生变化，其中 {silent:,} 个没有任何事件提到：事件推送没有到达",
)
EVENTS_FIX = Words(
    "Look at the event subscription in the platform's console, and whether what receives runs; `orgsync doctor {tenant}` looks too. Syncs "
    "by schedule go on meanwhile",
    "请检查平台后台的事件订阅，以及接收服务是否在运行；`orgsync doctor {tenant}` 也会检查。在此期间按计划的同步照常进行",
)
CHECK = Words("{title}: {reason}", "{title}：{reason}")
CHECK_FIX = Words("{fix}. Then `orgsync doctor{tenant}` looks again", "{fix}。处理后运行 `orgsync doctor{tenant}` 重新检查")
LOOK_AGAIN = Words("Mend it, then `orgsync doctor{tenant}` looks again", "请处理，然后运行 `orgsync doctor{tenant}` 重新检查")
STANZA = Words("its stanza in the tenants file is wrong: {mistake}", "租户配置文件中的配置段有误：{mistake}")
NAMELESS = Words("a stanza of the tenants file is wrong: {mistake}", "租户配置文件中有一个配置段有误：{mistake}")
FILE = Words("the tenants file cannot be read: {mistake}", "无法读取租户配置文件：{mistake}")
FILE_FIX = Words("Mend it; `orgsync check --offline` says whether it is right", "请改正；`orgsync check --offline` 可检查是否正确")
SILENT = Words("the DAG {dag} was last at work at {at}", "DAG {dag} 最近一次工作是在 {at}")
NEVER_RAN = Words("the DAG {dag} has never run", "DAG {dag} 从未运行")
SILENT_FIX = Words(
    "Switch {dag} on in Airflow (it may be paused), and look whether scheduler and workers run",
    "请在 Airflow 中启用 {dag}（可能已暂停），并确认调度器和 worker 正在运行",
)
CHANNEL = Words("telling {channel} failed {tries} times: {error}", "向 {channel} 发送告警失败 {tries} 次：{error}")
CHANNEL_FIX = Words("Mend the channel; it is tried again with each run of org_watch", "请修复该告警渠道；org_watch 每次运行都会重试")
UNREACHABLE = Words("{error}", "数仓无法访问：{error}")
UNREACHABLE_FIX = Words(
    "Until it answers nothing is loaded and nothing is sent, and no other problem can be found",
    "恢复之前无法加载，也无法发送，其他问题也无法发现",
)
BEHIND = Words("{error}", "数仓的表结构与本版本不一致：{error}")
BEHIND_FIX = Words("Run `orgsync migrate`", "运行 `orgsync migrate`")
