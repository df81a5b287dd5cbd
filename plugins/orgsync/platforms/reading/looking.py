"""What every platform's targeted read does alike: ask for some people and departments, and say which of them it tells of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any, Literal

import msgspec

from orgsync.errors import IncompleteSnapshotError, PlatformBusyError, PlatformError, Refusal
from orgsync.platforms.platform import Answer, Answers, Reading, Targets, Wanted
from orgsync.platforms.reading.walk import Walk
from orgsync.platforms.speaking.transport import Reply

log = logging.getLogger(__name__)

NOTE = "targeted read"
"""Our own name for what a targeted read notes about itself: it is no answer of the platform's."""

Verdict = Literal["gone", "unsaid"]
"""What is known of an id that has no record: there is no such person or department, or the platform does not tell."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Of whom a targeted read tells, those who are gone among them. `tops` are the departments whose parent is not read."""

    users: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()


def look_as(wanted: Wanted) -> Wanted:
    """Nothing of a targeted read can be spared: what it was asked for is all it has."""
    return replace(wanted, mode="targeted", is_tolerant=False)


def ask(call: Callable[[], Reply], *, gone: Collection[str], unsaid: Collection[str]) -> Reply | Verdict:
    """The answer, or what a refusal by one of these codes means; any other is raised."""
    try:
        return call()
    except PlatformError as error:
        if error.refusal.code in gone:
            return "gone"
        if error.refusal.code in unsaid:
            return "unsaid"
        raise


def list_ids(ids: Iterable[str]) -> list[str]:
    """Each once, in the order of their names."""
    return sorted(set(filter(None, ids)))


def note_told(told: Told) -> Answer:
    """As it lands beside the answers: tidying has no other way to know whom they were asked about."""
    return Answer(NOTE, {}, msgspec.json.encode(told))


def recall_told(answers: Answers) -> Told:
    """What a targeted read noted. Raises IncompleteSnapshotError where it is not there: without it everybody would look gone."""
    for answer in answers("organization"):
        if answer.interface == NOTE:
            return msgspec.json.decode(answer.body, type=Told)
    raise IncompleteSnapshotError("a targeted read does not say whom it is about; its files were changed. Read again")


def finish_look(
    walk: Walk,
    targets: Targets,
    *,
    users: Iterable[str],
    departments: Iterable[str],
    tops_of_them: Iterable[str] = (),
    **about: Any,
) -> Reading:
    """Land whom it tells of, and say so in the manifest; `about` goes to `Walk.finish`.

    `tops_of_them` are the departments whose parent is not read.
    """
    told = Told(users=tuple(list_ids(users)), departments=tuple(list_ids(departments)), tops=tuple(list_ids(tops_of_them)))
    walk.record("organization", note_told(told))
    for name, asked, known in (("people", targets.users, told.users), ("departments", targets.departments, told.departments)):
        if left := len(set(asked) - set(known)):
            log.info("nothing is known of %d of %d %s: not to be seen, or not in the tenant's scope", left, len(set(asked)), name)
    return walk.finish(asked=Targets(users=told.users, departments=told.departments), **about)


def contradict(platform: str, interface: str, reason: str) -> PlatformBusyError:
    """Two answers do not agree: something changed between them."""
    fix = "The organization changed while it was read; the next try reads anew"
    return PlatformBusyError(Refusal(platform, interface, "answers that do not agree", reason=reason, fix=fix))
