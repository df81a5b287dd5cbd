"""What the page of search says."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "search.words": ("Name, pinyin, job number, title, department or id", "姓名、拼音、工号、职位、部门或 ID"),
    "search.go": ("Search", "搜索"),
    "search.how": (
        "Several words narrow it: each must fit the person, or a department above them.",
        "可输入多个词缩小范围：每个词都须与此人或其所属部门（含上级部门）相符。",
    ),
    "search.too_many_words": ("Only the first {count} words were searched for.", "只搜索了前 {count} 个词。"),
    "search.nothing": ("Nothing fits that.", "没有找到相符的结果。"),
    "search.nothing_so_far": ("Nothing fits among those looked at. Add a word.", "在已查看的范围内没有相符的结果，请再加一个词。"),
    "search.departments": ("Departments", "部门"),
    "search.people": ("People", "人员"),
    "search.count": ("{count:,} found", "找到 {count:,} 个"),
    "search.shown": ("the first {shown} of {count:,}; add a word to narrow it", "显示 {count:,} 个中的前 {shown} 个；再加一个词可缩小范围"),
    "search.more": ("the first {shown}; there may be more, so add a word", "显示前 {shown} 个；可能还有更多，请再加一个词"),
    "search.path": ("Where", "位置"),
    "search.heads": ("People", "人数"),
    "search.name": ("Department", "部门"),
    "search.in_tree": ("in the tree", "在部门树中查看"),
    "search.left": ("left", "已离开"),
    "search.gone": ("gone", "已删除"),
    "search.formerly": ("formerly {name}", "曾用名 {name}"),
    "search.formerly_called": ("formerly {name}", "原名 {name}"),
}
