"""A letter: what is told at once, in words, before it becomes a mail or a robot's message; and how it is made to fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

CAPS = (800, 300, 100, 30)
"""Characters that a text keeps, if with more of them not even one entry fits."""
WEB = ("http://", "https://")


@dataclass(frozen=True)
class Entry:
    """One thing told: a line that says what, and lines with more. `link` opens where it can be seen, if that is an address of the web."""

    heading: str
    lines: tuple[str, ...] = ()
    link: str = ""

    @property
    def web_link(self) -> str:
        return self.link if self.link.startswith(WEB) else ""


@dataclass(frozen=True)
class Letter:
    """Plain texts throughout. `key` is the same for each attempt at the same letter, and for no other.

    `more` says how many entries were left out, at `{count}`. `data` is the same for programs.
    """

    key: str
    subject: str
    entries: tuple[Entry, ...]
    closing: str = ""
    open_words: str = "Open"
    more: str = "… and {count} more"
    data: Mapping[str, Any] = field(default_factory=dict)
    left_out: int = 0

    def shorten(self, *, entries: int, characters: int) -> Letter:
        kept = tuple(
            replace(entry, heading=cut(entry.heading, characters), lines=tuple(cut(line, characters) for line in entry.lines))
            for entry in self.entries[:entries]
        )
        return replace(self, subject=cut(self.subject, characters), entries=kept, left_out=self.left_out + len(self.entries) - len(kept))

    def without_links(self) -> Letter:
        return replace(self, entries=tuple(replace(entry, link="") for entry in self.entries))

    @property
    def remark(self) -> str:
        """Of what is not in it."""
        return self.more.format(count=self.left_out) if self.left_out else ""


def cut(text: str, characters: int) -> str:
    """Never within a character: what a platform counts in bytes is counted where the whole is written."""
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def fit(letter: Letter, count_bytes: Callable[[Letter], int], most: int) -> Letter:
    """As much of it as may be sent: fewer entries rather than half ones, and of a single one that is too long the beginning."""
    for characters in CAPS:
        for entries in range(len(letter.entries), 0, -1):
            shorter = letter.shorten(entries=entries, characters=characters)
            if count_bytes(shorter) <= most:
                return shorter
    return letter.shorten(entries=0, characters=CAPS[-1])


def write_plain(letter: Letter) -> str:
    """As one reads it in a mail."""
    parts = ["\n".join((entry.heading, *entry.lines, *([entry.link] if entry.link else []))) for entry in letter.entries]
    return "\n\n".join(part for part in (*parts, letter.remark, letter.closing) if part)
