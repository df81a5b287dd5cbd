"""Finds one tenant's stanza in the text of a tenants file, so that a task of one of 1,000 tenants need not parse them all.

Only where that cannot go wrong: where each line of the file is complete in itself (no value that goes on in the next line, no anchor, no
escape), a stanza ends where the next line is indented as little as its first one. Whatever else YAML allows is for whoever parses the file.
"""

from __future__ import annotations

import re
from itertools import pairwise

_QUOTED = r"""(?:"[^"\\\n]*+"|'(?:[^'\n]|'')*+')"""
_PLAIN = r"""[^\s"'\[\]{},&*!|>%@`#?:-](?:[^\s:]|:(?=[^\s])| ++(?=[^\s#]))*+"""  # up to a colon or a # that stands alone
_IN_FLOW = r"""[^\s"'\[\]{},&*!|>%@`#?:\\-][^"'\[\]{},&*!|>%`#:\\\n]*+"""


def _collect(item: str) -> str:
    """A list or a mapping within one line, of such items."""
    entry = rf"(?:(?:{_QUOTED}|{_IN_FLOW}): ++)?(?:{item}) *+"
    return rf"(?:\[ *+(?:{entry}(?:, *+{entry})*+)?\]|\{{ *+(?:{entry}(?:, *+{entry})*+)?\}})"


_SCALAR = rf"{_QUOTED}|{_IN_FLOW}"
_FLOW = _collect(rf"{_SCALAR}|{_collect(rf'{_SCALAR}|{_collect(_SCALAR)}')}")
_VALUE = rf"(?:{_QUOTED}|{_FLOW}|{_PLAIN})"
_KEY = r"[A-Za-z_][A-Za-z0-9_]*+:"
_CONTENT = rf"(?P<item>- ++)?(?:- ++)*+(?:{_KEY}(?: ++{_VALUE})?|(?<=- ){_VALUE})"
LINE = re.compile(rf"(?P<indent> *+)(?P<content>{_CONTENT})?(?: *+(?<![^ ])#[^\n]*+)? *+", re.ASCII)
STRANGE = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029\ufeff]")
"""Tabs, breaks of lines that are not everybody's, and what YAML does not allow."""


def keep_stanzas_of(text: str, tenant_id: str) -> str | None:
    """The text with its defaults and only the stanzas that may be the tenant's, each where it was.

    Empty where none may be, None where only parsing can tell.
    """
    if tenant_id not in text and "\\" not in text:
        return ""
    if STRANGE.search(text):
        return None
    lines = text.split("\n")
    parts = _find_parts(lines)
    if parts is None:
        return None
    is_named = re.compile(rf"(?<!\w){re.escape(tenant_id)}(?!\w)").search
    kept, found = [""] * len(lines), False
    for (start, is_stanza), (end, _) in pairwise([*parts, (len(lines), False)]):
        if not is_stanza or is_named("\n".join(lines[start:end])):
            kept[start:end] = lines[start:end]
            found |= is_stanza
    return "\n".join(kept) if found else ""


def _find_parts(lines: list[str]) -> list[tuple[int, bool]] | None:
    """The lines in which a part of the file begins: the key `tenants`, the key `defaults`, or (then True) a stanza.

    None where not every line is understood.
    """
    found: list[tuple[int, bool]] = []
    keys: list[str] = []
    depth = None
    for number, line in enumerate(lines):
        read = LINE.fullmatch(line)
        if read is None:
            return None
        if not read["content"]:
            continue
        indent = len(read["indent"])
        if not indent and not read["item"]:
            keys.append(read["content"].partition(":")[0])
            is_known = read["content"] == "tenants:" or keys[-1] == "defaults"
            if not is_known or len({*keys}) < len(keys):
                return None
            found.append((number, False))
            continue
        if not keys:
            return None
        if keys[-1] == "defaults":
            continue
        depth = indent if depth is None else depth
        if indent == depth and read["item"]:
            found.append((number, True))
        elif indent <= depth:
            return None
    return found or None
