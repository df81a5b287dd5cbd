"""A sentence in English that also knows how it is said in Chinese: so that what an administrator is told has one source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Words(str):
    """The English text, with `zh` beside it. What is made of it by other means than those here is English alone."""

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, en: str, zh: str) -> Words:
        words = super().__new__(cls, en)
        words.zh = zh
        return words

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.zh

    def fill(self, **values: Any) -> Words:
        """With values put in, each in the language of the text around it."""
        return Words(
            self.format(**values),
            self.zh.format(**{name: value.zh if isinstance(value, Words) else value for name, value in values.items()}),
        )


def halve(words: str, *, en: str, zh: str) -> tuple[str, str]:
    """What stands before the first of these marks, and after it; nothing where there is none."""
    if not isinstance(words, Words):
        before, _, after = words.partition(en)
        return before, after
    (before, _, after), (before_zh, _, after_zh) = words.partition(en), words.zh.partition(zh)
    return Words(before, before_zh), Words(after, after_zh) if after else ""


def say(text: Any, language: Language) -> str:
    """In this language, or as it is where there is no other."""
    return text.zh if language == "zh" and isinstance(text, Words) else str(text)


def join(parts: Iterable[str], *, en: str, zh: str) -> Words:
    """Parts one after the other, with what stands between them in each language."""
    listed = list(parts)
    return Words(en.join(map(str, listed)), zh.join(say(part, "zh") for part in listed))
