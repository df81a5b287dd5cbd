"""What the page of a department says."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "department.card": ("The department", "基本信息"),
    "department.gone": ("gone since {at}", "{at} 已删除"),
    "department.comes": ("not there yet; created {at}", "当时尚未创建；{at} 创建"),
    "department.as_gone": ("What is shown is how it was when it went.", "以下为删除时的信息。"),
    "department.as_came": ("What is shown is how it was when it was created.", "以下为创建时的信息。"),
    "department.path": ("The way from the top", "上级部门"),
    "department.top": ("a top", "顶级部门"),
    "department.leaders_more": ("and {count:,} more", "等，另有 {count:,} 人"),
    "department.no_leaders": ("none", "无"),
    "department.own": ("People of its own", "本部门人数"),
    "department.total": ("With all below", "含下级部门"),
    "department.hidden": ("hidden in the directory", "在通讯录中隐藏"),
    "department.members": ("Its members, in the tree", "在部门树中查看成员"),
    "department.changes": ("Changes in it and below", "本部门及下级的变更"),
    "department.over_time": ("Head count over time", "人数变化"),
    "department.plot": (
        "People with all below, from {since} to {until}: first {first:,}, last {last:,}, at least {least:,}, at most {most:,}.",
        "含下级部门的人数，{since} 至 {until}：起初 {first:,}，最后 {last:,}，最少 {least:,}，最多 {most:,}。",
    ),
    "department.values": ("The values as a table", "以表格显示"),
    "department.values_caption": ("How many people there were from each time on", "各时间起的人数"),
    "department.since": ("From", "起始时间"),
    "department.never_anybody": ("Nobody was in it yet.", "尚无成员。"),
    "department.children": ("Departments below", "下级部门"),
    "department.children_caption": ("People with all departments below", "含全部下级部门的人数"),
    "department.child": ("Department", "部门"),
    "department.heads": ("People", "人数"),
    "department.more_children": ("The first {count}; search finds the others.", "显示前 {count} 个，其余可用搜索查找。"),
    "department.no_children": ("None.", "没有。"),
}
