"""Makes a check of an error of ours: what is wrong stands in its text, and what to do as far as the platform's catalogue knows it."""

from __future__ import annotations

import re

from orgsync.check import Check
from orgsync.errors import OrgsyncError, PlatformError

PLACE = re.compile(r"(?P<file>[^\n]+?), line (?P<line>\d+): (?P<text>.*)", re.DOTALL)


def broken(name: str, error: OrgsyncError | str, *, subject: str = "", tenant_id: str = "", lost: str = "") -> Check:
    """Of a text that begins with file and line, as those of our files do, both are told apart."""
    if isinstance(error, PlatformError):
        refusal = error.refusal
        return Check(name, "broken", refusal.reason or refusal.code, refusal.fix, lost, refusal.code, subject, tenant_id)
    text = error if isinstance(error, str) else error.args[0] if error.args else str(error)
    if place := PLACE.fullmatch(text):
        return Check(name, "broken", place["text"], "", lost, "", subject, tenant_id, place["file"], int(place["line"]))
    return Check(name, "broken", text, lost=lost, subject=subject, tenant_id=tenant_id)
