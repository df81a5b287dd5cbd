"""What the page of differences says."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "differences.title": ("Differences", "差异"),
    "differences.choose": (
        "Choose two days above: what is not the same at their ends is listed here, whatever happened in between.",
        "请在上方选择两个日期，这里会列出两天结束时的差异，不论期间如何变动。",
    ),
    "differences.unknown": ("There was no department with the id {id} on either day.", "两个日期都没有 ID 为 {id} 的部门。"),
    "differences.within": ("Only of", "仅限"),
    "differences.how_within": (
        "and all below it, as the departments were on each day; of people, who was in one of them on either day",
        "及其全部下级部门（按当日的部门结构）；人员以两个日期中任一日所在的部门为准",
    ),
    "differences.everywhere": ("The whole organization", "整个组织"),
    "differences.kinds": ("Kinds", "类型"),
    "differences.people": ("People", "人员"),
    "differences.departments": ("Departments", "部门"),
    "differences.user.came": ("came", "加入"),
    "differences.user.went": ("went", "离开"),
    "differences.user.moved": ("moved", "调动"),
    "differences.user.renamed": ("renamed", "改名"),
    "differences.user.titled": ("with another title", "职位变更"),
    "differences.user.updated": ("updated", "其他信息变更"),
    "differences.department.came": ("came", "新建"),
    "differences.department.went": ("went", "删除"),
    "differences.department.moved": ("moved", "移动"),
    "differences.department.renamed": ("renamed", "更名"),
    "differences.at_least": (
        "+: at least so many; more are in the list than can be counted at once.",
        "+：至少这么多；数量较多，无法即时全部统计，可在列表中查看。",
    ),
    "differences.none": ("There is no such difference.", "没有此类差异。"),
    "differences.none_so_far": ("None so far.", "目前尚未找到。"),
    "differences.looked_on": ("There is more to look through than one page has time for.", "需要查找的内容较多，尚未查完。"),
    "differences.further": ("Look further", "继续查找"),
    "differences.stream": ("Every change in between", "期间的全部变更"),
    "differences.what": ("From → to", "变更前 → 变更后"),
    "differences.where": ("Departments", "所在部门"),
    "differences.path": ("Path", "路径"),
}
