"""Writes the table of platforms' codes from the very catalogue that errors and the doctor speak from.

`python -m orgsync.doctor.catalogue en > docs/troubleshooting.md`, and `zh` into `docs/troubleshooting.zh.md`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import import_module

from orgsync.platforms import PLATFORM_NAMES, load_platform
from orgsync.platforms.speaking.meanings import Meaning
from orgsync.words import Language, Words, say

_TITLE = Words("# What the platforms' error codes ask for", "# 平台错误码与处理办法")
_OTHER = Words("[中文](troubleshooting.zh.md)", "[English](troubleshooting.md)")
_ABOUT = Words(
    "Written by `python -m orgsync.doctor.catalogue en`, from the table that errors, logs and [`orgsync doctor`](doctor.md) speak from. "
    "An answer often says more (which permission, which address): then the error does too.",
    "由 `python -m orgsync.doctor.catalogue zh` 生成，与错误信息、日志和 [`orgsync doctor`](doctor.zh.md) 出自同一张表。"
    "平台的应答往往说得更具体（哪个权限、哪个地址），这时错误信息也会写明。",
)
_HEAD = Words("| code | what it means | what to do |", "| 错误码 | 含义 | 处理 |")
_MOST_LISTED = 12


def write_catalogue(language: Language) -> str:
    """A page of Markdown: for each platform a table, codes of one meaning in one row."""
    parts = [say(_TITLE, language), "", say(_OTHER, language), "", say(_ABOUT, language), ""]
    for name in PLATFORM_NAMES:
        meanings: Mapping[str, Meaning] = import_module(f"orgsync.platforms.{name}.codes").MEANINGS
        parts += [f"## {load_platform(name).title}", "", say(_HEAD, language), "| --- | --- | --- |", *_rows(meanings, language), ""]
    return "\n".join(parts)


def _rows(meanings: Mapping[str, Meaning], language: Language) -> Iterator[str]:
    codes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, meaning in meanings.items():
        codes[say(meaning.reason, language), say(meaning.fix, language)].append(code)
    for (reason, fix), same in codes.items():
        yield f"| {_list(same)} | {_cell(reason)} | {_cell(fix)} |"


def _list(codes: list[str]) -> str:
    """A long run of codes by its ends."""
    shown = codes if len(codes) <= _MOST_LISTED else [codes[0], "…", codes[-1]]
    return ", ".join(code if code == "…" else f"`{code}`" for code in shown)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(write_catalogue("zh" if sys.argv[1:] == ["zh"] else "en"))
