"""One thing that was tried, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

What = Literal["tenants file", "template", "connection", "sending", "warehouse", "audience", "platform"]
Outcome = Literal["right", "note", "wrong"]

PLACE = re.compile(r"(?P<file>[^\n]+?), line (?P<line>\d+): (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True)
class Check:
    """`text` says what is wrong and what to do, or what was found. A note is of what not everybody needs, and fails nothing."""

    what: What
    name: str
    outcome: Outcome
    text: str
    tenant_id: str = ""
    file: str = ""
    line: int | None = None


def right(what: What, name: str, text: str, *, tenant_id: str = "") -> Check:
    return Check(what, name, "right", text, tenant_id)


def wrong(what: What, name: str, text: str, *, tenant_id: str = "") -> Check:
    """Of a text that begins with file and line, as those of our files do, both are told apart."""
    if place := PLACE.fullmatch(text):
        return Check(what, name, "wrong", place["text"], tenant_id, place["file"], int(place["line"]))
    return Check(what, name, "wrong", text, tenant_id)
