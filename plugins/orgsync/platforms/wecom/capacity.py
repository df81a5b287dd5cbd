"""How many people WeCom answers for in one list: found out by refusals, remembered from read to read, and tried anew now and then."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

import msgspec

from orgsync.platforms.platform import Answer
from orgsync.platforms.wecom.interfaces import LIST_SIZES
from orgsync.platforms.wecom.tree import Tree

log = logging.getLogger(__name__)

LONGEST_PAUSE = 32
"""After so many full reads at the latest a larger list is tried again."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """`most_people` is how many one list may be about; None as long as none was too large or too slow.

    `people` is how many were in each department at the last read. A larger list is tried by a full read, once `wait` others have gone
    by; each time that this or any list fails there are twice as many (`pause`). Of no use to anybody but the next read.
    """

    most_people: int | None = None
    people: Mapping[str, int] = {}
    pause: int = 0
    wait: int = 0

    def find_too_large(self, tree: Tree) -> frozenset[str]:
        """The departments that are too large for a list of them and all below."""
        if self.most_people is None:
            return frozenset()
        sums = tree.sum_below(self.people)
        return frozenset(department for department in tree.children if sums[department] > self.most_people)

    def choose_trial(self, tree: Tree, candidates: Iterable[str]) -> str | None:
        """Which of the departments that are too large to try all the same; None for none.

        After one that failed the smallest. Else, to get there faster, the largest of at most twice as many people as are answered for.
        """
        if self.most_people is None or self.wait:
            return None
        sums = tree.sum_below(self.people)
        by_size = sorted(candidates, key=lambda department: (sums[department], department))
        near = [department for department in by_size if sums[department] <= 2 * self.most_people]
        return near[-1] if near and not self.pause else next(iter(by_size), None)


def learn(
    known: Capacity,
    tree: Tree,
    people: Mapping[str, int],
    *,
    answered: Collection[str],
    refused: Collection[str],
    is_full: bool,
    trial: str | None = None,
) -> Capacity:
    """What is known after a read that was answered for some departments with all below them, and refused for others.

    What was thought to be small enough and was refused tells how many are too many, but for the smallest tenth of it: those may have been
    hiccups. For the same reason the capacity is halved at most.
    """
    sums = tree.sum_below(people)
    largest = max((sums[department] for department in answered), default=0)
    before = known.most_people
    failed = sorted(sums[department] for department in refused if before is None or sums[department] <= before)
    most = before if before is None else max(before, largest)
    if failed:
        most = min(largest, max(failed[len(failed) // 10] - 1, (before or 0) // 2))
    if refused:
        pause = min(max(1, 2 * known.pause), LONGEST_PAUSE)
        wait = pause
    else:
        pause = 0 if trial else known.pause
        wait = 0 if trial else max(0, known.wait - is_full)
    return Capacity(most_people=most, people=dict(people), pause=pause, wait=wait)


def note_capacity(capacity: Capacity) -> Answer:
    """As it lands with a read's answers. It is no answer of the platform's, and says nothing about the organization."""
    return Answer(LIST_SIZES, {}, msgspec.json.encode(capacity))


def recall_capacity(answers: Iterable[Answer]) -> Capacity:
    """What the read that landed these answers knew; nothing where it had nothing to note, or it cannot be read."""
    for answer in answers:
        if answer.interface == LIST_SIZES:
            try:
                return msgspec.json.decode(answer.body, type=Capacity)
            except msgspec.DecodeError as error:
                log.warning("what earlier reads found out about the size of lists is not used: %s", error)
    return Capacity()
