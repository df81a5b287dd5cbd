"""What the pages say: a module for each page, every text in English and in Chinese side by side."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from orgsync.pages.wording import (
    changes,
    columns,
    departments,
    differences,
    health,
    messages,
    people,
    plans,
    quarantine,
    runs,
    search,
    shared,
    sign_in,
    tree,
)

ROOMS = (shared, columns, health, tree, search, people, departments, changes, differences, plans, quarantine, runs, messages, sign_in)
TEXTS: Mapping[str, tuple[str, str]] = ChainMap(*(dict(room.TEXTS) for room in ROOMS))
LANGUAGES = ("en", "zh")


def say(language: str, name: str, /, **values: Any) -> str:
    """A text, with its values put in."""
    return TEXTS[name][LANGUAGES.index(language)].format(**values)


def say_or_keep(language: str, kind: str, word: object) -> str:
    """The word of a kind (`state.sent`) as it is said; one that the pages do not know stays as it is."""
    return say(language, name) if (name := f"{kind}.{word}") in TEXTS else str(word)


def choose_language(chosen: str | None, accepted: str) -> str:
    """What Airflow's own pages speak, as the script found it; else the browser's first language."""
    first = (chosen or accepted.split(",")[0]).strip().lower()
    return "zh" if first.startswith("zh") else "en"
