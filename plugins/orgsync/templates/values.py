"""Values that go into a message: what they may be, and how they read as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

# How much one value may hold, with all that is in it.
MOST_CHARACTERS = 256 * 1024
MOST_ITEMS = 10_000
DEEPEST = 8

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters but tab and newline; what turns the direction of writing, and can show a text as another; halves of characters.
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Without control characters, every line end as `\\n`. `notify.clean` does the same in SQL."""
    return _UNSHOWN.sub("", _LINE_ENDS.sub("\n", text))


def readable(text: str) -> str:
    """With what would move a terminal's cursor or turn the direction of writing as its number."""
    if text.isprintable():
        return text
    return "".join(each if each in "\n\t" or clean(each) == each else f"\\u{ord(each):04x}" for each in text)


def to_text(value: object) -> str:
    """How a value reads where a template inserts it, cleaned. Nothing is the empty text."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case str() | bool() | int() | float() | date():
            return clean(str(value))
        case list() | tuple() | dict():
            raise TypeError("a list or dictionary has no text of its own; use a loop, or the filter join")
    raise TypeError(f"a {type(value).__name__} has no text")


def copy_plain(value: object) -> Any:
    """A plain copy: text, number, truth, nothing, date, time, or lists and dictionaries of them. TypeError or ValueError if it is not."""
    return _Copying().copy(value, depth=0)


class _Copying:
    """Counts what it has copied: a small value may name the same list many times."""

    def __init__(self) -> None:
        self.items = 0
        self.characters = 0

    def copy(self, value: object, *, depth: int) -> Any:
        self.items += 1
        if self.items > MOST_ITEMS:
            raise ValueError(f"holds more than {MOST_ITEMS} items")
        if depth > DEEPEST:
            raise ValueError(f"is nested more than {DEEPEST} deep")
        match value:
            case str():
                return self._copy_text(value)
            case None | bool() | int() | float() | date():
                return value
            case list() | tuple():
                return [self.copy(item, depth=depth + 1) for item in value]
            case Mapping():
                return {self._copy_key(key): self.copy(item, depth=depth + 1) for key, item in value.items()}
        raise TypeError(f"is or holds a {type(value).__name__}; give texts, numbers, dates, or lists and dictionaries of them")

    def _copy_key(self, key: object) -> str:
        if not isinstance(key, str):
            raise TypeError(f"has a key that is a {type(key).__name__}; keys are texts")
        return self._copy_text(key)

    def _copy_text(self, text: str) -> str:
        """A plain `str`: a subclass could say that it is Markdown already."""
        self.characters += len(text)
        if self.characters > MOST_CHARACTERS:
            raise ValueError(f"holds more than {MOST_CHARACTERS} characters")
        return "".join(text)
