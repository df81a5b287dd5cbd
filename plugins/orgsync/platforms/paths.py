"""Departments by name: a path from the top down, as the warehouse shows it, in which `*` stands for what is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator

SEPARATOR = " / "
_BETWEEN = re.compile(r"\s+/(?=\s)")
_ANY_DEPTH = "**"

States = frozenset[int]
"""How far into a path one may be: the places of the steps that may come next."""


@dataclass(frozen=True)
class DepartmentPath:
    """`云杉科技 / 研发* / **  / 外包`: each step is a name, in which `*` is anything; `**` is any number of departments, none too.

    A path stands for all below it, so that none ends with `**`. Raises ValueError for one that names nothing.
    """

    text: str

    def __post_init__(self) -> None:
        steps = self.steps
        if not all(steps):
            raise ValueError(f"{self.text!r} has a step without a name; write names with {SEPARATOR!r} between them")
        if steps[-1] == _ANY_DEPTH:
            raise ValueError(f"{self.text!r} ends with {_ANY_DEPTH}; leave it out: a path stands for all below it")

    @property
    def is_pattern(self) -> bool:
        """Whether it may well lead nowhere; one of plain names was copied from a department that is there."""
        return "*" in self.text

    @cached_property
    def steps(self) -> tuple[str, ...]:
        return tuple(step.strip() for step in _BETWEEN.split(self.text.strip()))

    @cached_property
    def start(self) -> States:
        return self._skip([0])

    def follow(self, states: States, name: str) -> States:
        """Where one may be after a department of this name; nowhere is empty."""
        return self._skip(place if self.steps[place] == _ANY_DEPTH else place + 1 for place in states if self._fits(place, name))

    def is_at_end(self, states: States) -> bool:
        return len(self.steps) in states

    def leads_on(self, states: States) -> bool:
        return any(place < len(self.steps) for place in states)

    @cached_property
    def _names(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(".*".join(map(re.escape, step.split("*"))), re.DOTALL) for step in self.steps)

    def _fits(self, place: int, name: str) -> bool:
        return place < len(self.steps) and (self.steps[place] == _ANY_DEPTH or bool(self._names[place].fullmatch(name.strip())))

    def _skip(self, places: Iterable[int]) -> States:
        found = set(places)
        for place in sorted(found):
            while place < len(self.steps) and self.steps[place] == _ANY_DEPTH:
                place += 1
                found.add(place)
        return frozenset(found)


def _check(text: str) -> str:
    return DepartmentPath(text).text


PathText = Annotated[str, AfterValidator(_check)]
