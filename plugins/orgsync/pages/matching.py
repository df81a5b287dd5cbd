"""Who and what is meant by the words somebody searches for: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from orgsync.warehouse.spelling import find_own_key, fold, spell_label, spell_name
from orgsync.warehouse.statements import Row

MOST_WORDS = 5

SEPARATORS = re.compile(r"[\s/>|,;、→·]+")
"""Between the words of a path or a list. In a word of ASCII a slash may be part of a job number."""

EXACT, BEGINS, FORMERLY, TITLE, DEPARTMENT = range(5)
"""By what a word fits a person, the closest first."""


def split_words(text: str) -> list[str]:
    """Folded, each once; of a path its steps."""
    words: list[str] = []
    for word in fold(text).split():
        words += [word.strip("/>|,;")] if word.isascii() else SEPARATORS.split(word)
    return [word for word in dict.fromkeys(words) if word]


def join_words(words: Sequence[str]) -> list[str]:
    """What a name may be whose syllables were typed apart: neighbours, and all of them, with and without a blank between."""
    spans = [words[at : at + 2] for at in range(len(words) - 1)] + ([words] if len(words) > 2 else [])
    return list(dict.fromkeys(blank.join(span) for span in spans for blank in ("", " ")))


def part_of(word: str) -> str:
    """The pattern by which SQL finds the keys of labels that hold it: as `finds_label` does."""
    escaped = re.sub(r"([%_\\])", r"\\\1", word)
    return f"{escaped}%" if _is_slight(word) else f"%{escaped}%"


def _is_slight(word: str) -> bool:
    """A letter is somewhere in the pinyin of nearly everything."""
    return len(word) == 1 and word.isascii()


@dataclass(frozen=True)
class Ways:
    """How departments hang together: for each its row with `parent_id` and `name`."""

    rows: Mapping[str, Row] = field(default_factory=dict)

    def climb(self, department_id: str | None) -> list[Row]:
        """From a department up to the top."""
        way: dict[str, Row] = {}
        while department_id is not None and department_id in self.rows and department_id not in way:
            way[department_id] = row = self.rows[department_id]
            department_id = row["parent_id"]
        return list(way.values())

    def path(self, department_id: str) -> str:
        return " / ".join(row["name"] for row in reversed(self.climb(department_id)))


NO_WAYS = Ways()


def finds_name(word: str, name: str) -> bool:
    """As the keys of the warehouse do: by the beginning of one of them."""
    folded = find_own_key(name)
    if word not in folded and not any(letter.isascii() for letter in word):
        return False
    return any(key.startswith(word) for key in _spell_name(name))


def finds_label(word: str, label: str) -> bool:
    """A title or a department, by any part of a key; by a single letter only where it begins so."""
    keys = _spell_label(label)
    return any(key.startswith(word) for key in keys) if _is_slight(word) else any(word in key for key in keys)


@lru_cache(maxsize=50_000)
def _spell_name(name: str) -> set[str]:
    return spell_name(name)


@lru_cache(maxsize=50_000)
def _spell_label(label: str) -> set[str]:
    return spell_label(label)


@dataclass(frozen=True)
class FoundPerson:
    """`formerly`: the name by which somebody was found who has another one now."""

    row: Row
    formerly: str | None
    closeness: int

    @property
    def rank(self) -> tuple[Any, ...]:
        row = self.row
        return bool(row["left_at"]), bool(self.formerly), self.closeness, row["name"], row["user_id"]


def match_person(row: Row, words: Sequence[str], ways: Ways = NO_WAYS) -> FoundPerson | None:
    """Each word must fit something of the person. With no ways known, none fits by a department."""
    fits = [_fit(row, word, ways) for word in words]
    if None in fits:
        return None
    known = [fit for fit in fits if fit is not None]
    formerly = next((name for _, name in known if name), None)
    return FoundPerson(row, formerly, sum(how for how, _ in known))


def _fit(row: Row, word: str, ways: Ways) -> tuple[int, str | None] | None:
    """By what a word fits, and by which former name."""
    numbers = [fold(each) for each in (row["job_number"], row["user_id"]) if each]
    if word in (*numbers, fold(row["name"])):
        return EXACT, None
    if finds_name(word, row["name"]) or any(each.startswith(word) for each in numbers):
        return BEGINS, None
    if former := [name for name in row["names"] if finds_name(word, name)]:
        return FORMERLY, former[-1]
    if row["title"] and finds_label(word, row["title"]):
        return TITLE, None
    if any(finds_label(word, step["name"]) for each in row["department_ids"] for step in ways.climb(each)):
        return DEPARTMENT, None
    return None


@dataclass(frozen=True)
class FoundDepartment:
    """`path` in names, `above` the ids from the top down to the one above it."""

    row: Row
    formerly: str | None
    path: str
    above: tuple[str, ...]
    closeness: tuple[int, ...]

    @property
    def rank(self) -> tuple[Any, ...]:
        return not self.row["is_there"], bool(self.formerly), self.closeness, self.path, self.row["department_id"]


def match_department(row: Row, words: Sequence[str], ways: Ways, former: Iterable[str] = ()) -> FoundDepartment | None:
    """Each word must fit the department or one above it, one at least the department itself: by its name or its id."""
    above = ways.climb(row["department_id"])[1:]
    own, formerly = 0, None
    for word in words:
        if finds_label(word, row["name"]) or word == fold(row["department_id"]):
            own += 1
        elif before := next((name for name in former if finds_label(word, name)), None):
            own, formerly = own + 1, before
        elif not any(finds_label(word, step["name"]) for step in above):
            return None
    if not own:
        return None
    is_exact = fold(row["name"]) in (*words, " ".join(words), "".join(words))
    ids = tuple(step["department_id"] for step in reversed(above))
    return FoundDepartment(row, formerly, ways.path(row["department_id"]), ids, (-own, not is_exact, len(above), len(row["name"])))
