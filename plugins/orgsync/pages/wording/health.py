"""What the landing page says."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "health.nobody": ("There is no organization that you may see.", "没有您可以查看的组织。"),
    "health.shared": ("What concerns all organizations", "涉及所有组织"),
    "health.fix": ("What to do", "怎么处理"),
    "health.well": ("All well", "一切正常"),
    "health.waits": ("Waits for somebody to decide", "等待审批"),
    "health.failed": ("Something has to be mended", "需要处理"),
    "health.degraded": ("Somebody should look", "需要有人看一下"),
    "health.unknown": ("Nothing was loaded yet", "尚未加载任何数据"),
    "health.retired": ("Retired: it has left the tenants file, its history stays", "已停用：已从租户配置文件中移除，历史保留"),
    "health.since": ("Retired since", "停用时间"),
    "health.newest": ("Newest good sync", "最近一次成功同步"),
    "health.people": ("People", "人数"),
    "health.outcome": ("Last run", "最近一次运行"),
    "health.no_run": ("none", "无"),
    "health.error": ("Error", "错误"),
    "health.plan": ("Approval", "审批"),
    "health.decide": ("plan {plan} waits", "计划 {plan} 等待审批"),
    "health.rows": ("{count:,} rows", "{count:,} 行"),
    "health.withheld": ("Withheld", "未提供的字段"),
    "health.waiting": ("{count:,} waiting", "{count:,} 条等待发送"),
    "health.events": ("Events", "事件"),
    "health.silent": (
        "{silent:,} of {changes:,} changes before the last full read were named by none",
        "上次全量读取之前的 {changes:,} 个变更中，{silent:,} 个没有事件提到",
    ),
    "health.events_waiting": ("{count:,} wait", "{count:,} 个等待处理"),
    "health.doctor": ("Broken", "有故障的检查"),
}
