"""What the page of departments says."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "fate.came": ("new", "新建"),
    "fate.went": ("gone", "已删除"),
    "fate.moved": ("moved here", "移入"),
    "fate.moved_out": ("moved away", "已移走"),
    "fate.renamed": ("was {name}", "原名 {name}"),
    "member.came": ("came", "加入"),
    "member.went": ("went", "离开"),
    "tree.departments": ("Departments", "部门"),
    "tree.members": ("Members", "成员"),
    "tree.counts": ("People with all departments below; in brackets its own", "含全部下级部门的人数；括号内为本部门人数"),
    "tree.open": ("Open {name}", "展开 {name}"),
    "tree.close": ("Close {name}", "收起 {name}"),
    "tree.more": ("and {count:,} more; search finds them", "还有 {count:,} 个，可用搜索查找"),
    "tree.people": ("{count:,} people", "共 {count:,} 人"),
    "tree.differences": ("All differences as a list", "以列表查看全部差异"),
    "tree.nothing": ("No department was there then.", "当时没有任何部门。"),
    "tree.unknown": ("This department was not there then.", "当时没有这个部门。"),
    "tree.leaders": ("Leaders", "负责人"),
    "tree.leader": ("leads", "负责人"),
    "tree.members_of": ("{count:,} members of its own", "本部门成员 {count:,} 人"),
    "tree.no_members": ("It has no members of its own.", "本部门没有直属成员。"),
}
