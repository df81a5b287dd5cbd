"""Cuts a company into lists that WeCom can answer: as earlier reads found out, and anew where one turns out to be too large or too slow."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from orgsync.platforms.wecom.capacity import Capacity, learn
from orgsync.platforms.wecom.tree import ListCall, Tree

MOST_SLOW_LISTS = 100
"""Of one read. Ten at a time and half a minute each are five minutes; the lists of 12,000 single departments take no longer."""


class Division:
    """Which lists cover what is wanted, while a read goes on; safe for many threads.

    Each department is covered by exactly one list that is answered: a part takes the place of what was refused, and parts get smaller
    until they are single departments. With `is_trying` one list that is thought to be too large is asked for all the same.
    """

    def __init__(self, tree: Tree, wanted: Collection[str], known: Capacity, *, is_trying: bool) -> None:
        self._tree = tree
        self._known = known
        self._too_large = known.find_too_large(tree)
        whole = self._too_large & set(wanted) - tree.above(each for each in tree.parents if each not in wanted)
        self._trial = known.choose_trial(tree, whole) if is_trying else None
        tried = tree.subtree(self._trial) if self._trial else set()
        self._lock = threading.Lock()
        self._answered: set[str] = set()
        self._refused: set[str] = set()
        self._slow = 0
        self.calls = tree.cover(wanted, divided=self._too_large - tried)
        """Where the read begins."""
        self._is_cut = self.calls != tree.cover(wanted)

    @property
    def is_cut(self) -> bool:
        """Whether there are more lists than there would have to be."""
        return self._is_cut or bool(self._refused)

    @property
    def has_given_up(self) -> bool:
        """So many lists were slow that no more of them are asked for, of single departments alone."""
        return self._slow >= MOST_SLOW_LISTS

    def note_answer(self, department_id: str) -> None:
        """A list of the department and all below it was answered."""
        with self._lock:
            self._answered.add(department_id)

    def note_refusal(self, department_id: str, *, is_slow: bool) -> None:
        """It is too large, which takes a moment to be told of, or too slow."""
        with self._lock:
            self._refused.add(department_id)
            self._slow += is_slow

    def list_parts(self, department_id: str) -> list[ListCall]:
        """The lists in the place of one that was refused: of the department alone, and of what is below it."""
        below = self._tree.subtree(department_id)
        return self._tree.cover(below, divided=(self._too_large & below) | {department_id})

    def learn(self, people: Mapping[str, int], *, is_full: bool) -> Capacity:
        """For the next read, from how many people this one found in each department."""
        trial = self._trial
        return learn(self._known, self._tree, people, answered=self._answered, refused=self._refused, is_full=is_full, trial=trial)
