"""What the page of changes says."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "changes.filters": ("Which changes", "筛选变更"),
    "changes.entity": ("Of", "对象"),
    "changes.entity.all": ("people and departments", "人员和部门"),
    "changes.entity.user": ("people", "人员"),
    "changes.entity.department": ("departments", "部门"),
    "changes.kind": ("Kind", "类型"),
    "changes.kind.all": ("all", "全部"),
    "changes.kind.joined": ("joined", "加入"),
    "changes.kind.left": ("left", "离开"),
    "changes.kind.returned": ("returned", "再次加入/恢复"),
    "changes.kind.created": ("created", "新建部门"),
    "changes.kind.removed": ("removed", "删除部门"),
    "changes.kind.moved": ("moved", "调动/移动"),
    "changes.kind.renamed": ("renamed", "改名"),
    "changes.kind.updated": ("updated", "信息变更"),
    "changes.department": ("Id of a department", "部门 ID"),
    "changes.since": ("From", "从"),
    "changes.until": ("until", "到"),
    "changes.show": ("Show", "显示"),
    "changes.clear": ("All changes", "全部变更"),
    "changes.file": ("As a file for spreadsheets (CSV)", "导出为 CSV 表格"),
    "changes.broke_off": (
        "This file is not whole: reading broke off here. Download it again.",
        "此文件不完整：读取在此处中断，请重新下载。",
    ),
    "changes.within": ("Only of", "仅限"),
    "changes.how_within": (
        "and all below it, as departments were at the end of the time shown; of people, who was in one of them just before or just after",
        "及其全部下级部门（按所示时间段结束时的部门结构）；人员以变更前后所在的部门为准",
    ),
    "changes.unknown": ("By then there was no department with the id {id}.", "截至该时间没有 ID 为 {id} 的部门。"),
    "changes.none": ("Nothing of the kind changed.", "没有符合条件的变更。"),
    "changes.none_so_far": ("Nothing of the kind so far.", "目前尚未找到符合条件的变更。"),
    "changes.looked_back": ("Looked back as far as {at}, and there is more before that.", "已查找到 {at}，更早的变更尚未查找。"),
    "changes.further": ("Look further back", "继续向前查找"),
    "changes.caption": (
        "The newest first; times are those of the sync that showed a change first",
        "按时间倒序；时间为首次发现变更的同步时间",
    ),
    "changes.when": ("When", "时间"),
    "changes.who": ("Of whom", "对象"),
    "changes.what": ("What changed", "变更内容"),
    "changes.person": ("person", "人员"),
    "changes.a_department": ("department", "部门"),
}
