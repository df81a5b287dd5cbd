"""By what a person is found: ids where ids stand, and of all else only what nobody else has. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from orgsync.platforms.platform import Person

IDS = ("union_id", "open_id")
LEAST_LETTERS = 6
LEAST_SIGNS = 3
"""Of letters and digits, and of signs such as Chinese ones: what is shorter stands in other words too, and is found by its place alone."""

ROUNDS = 5_000
"""A hundred thousand ids take some minutes to try, who would find out whom an erasure was about."""


@dataclass(frozen=True)
class Identity:
    """`ids` are matched where an id stands, `values` anywhere; `vague` are told apart from others' by their place alone."""

    user_id: str
    ids: frozenset[str]
    values: tuple[str, ...]
    vague: tuple[str, ...] = ()

    @property
    def needles(self) -> str:
        """What finds the JSON in which it is worth looking closer; all of it where what is looked for is not written there as it is."""
        sought = sorted({*self.ids, *self.values})
        return ".*" if any(set(each) & {'"', "\\"} or not each.isprintable() for each in sought) else "|".join(map(re.escape, sought))

    @property
    def person(self) -> Person:
        return Person(self.ids, self.values)


def is_distinctive(value: str) -> bool:
    return len(value) >= (LEAST_LETTERS if value.isascii() else LEAST_SIGNS)


def list_candidates(user_id: str, known: Iterable[tuple[str, str]]) -> set[str]:
    """What could be theirs alone, and has to be held against what others have."""
    return {value for value in (user_id, *(value for _, value in known)) if is_distinctive(value)}


def identify(user_id: str, known: Collection[tuple[str, str]], *, taken: Collection[str]) -> Identity:
    """From what history knows of somebody (column and value) and what of that others have as well (`taken`)."""
    ids = {user_id, *(value for column, value in known if column in IDS)}
    values = list_candidates(user_id, known) - set(taken)
    names = {value for column, value in known if column in ("name", "name_en", "nickname")}
    return Identity(user_id, frozenset(ids), tuple(sorted(values)), tuple(sorted(names - values)))


def hash_subject(subject: str, salt: str) -> str:
    """Slow, so that it is no list of who was erased."""
    return hashlib.pbkdf2_hmac("sha256", subject.encode(), salt.encode(), ROUNDS).hex()
