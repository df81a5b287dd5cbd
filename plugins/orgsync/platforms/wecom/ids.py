"""Reads the ids of the whole company with the secret of 通讯录同步, and details one by one with an app's.

Someone's details cost a call, so they are asked for once and landed again with every later read, until their turn comes to be refreshed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from orgsync.errors import PlatformError
from orgsync.platforms.platform import Answer, Reading
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.speaking.parallel import Task
from orgsync.platforms.speaking.transport import Reply
from orgsync.platforms.wecom.codes import UNSEEN_USER_CODES
from orgsync.platforms.wecom.interfaces import GET_USER, LIST_DEPARTMENT_IDS
from orgsync.platforms.wecom.records import fold, read_department_id
from orgsync.platforms.wecom.tree import Tree
from orgsync.platforms.wecom.walk import WeComWalk

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Person:
    """One person of the company; `is_visible` says that the app sees one of their departments, so that it may see their details."""

    user_id: str
    is_visible: bool


@dataclass(frozen=True)
class Knowledge:
    """What earlier reads found out about someone: when they were asked, and whether that was refused."""

    read_at: str
    is_refused: bool


def read_ids(walk: WeComWalk, skeleton: Reply, visible: Tree | None) -> Reading:
    """`skeleton` is the answer that lists the whole company's departments, `visible` what the app sees, if there is one."""
    return _IdReading(walk, skeleton, visible).read()


def ask_skeleton(walk: WeComWalk, *, tolerated: frozenset[str] = frozenset()) -> Reply:
    """Not landed yet: where it lands depends on the way that it leads to."""
    reply = walk.api.list_department_ids("contact", tolerated=tolerated)
    walk.plan(LIST_DEPARTMENT_IDS)
    return reply


class _IdReading:
    def __init__(self, walk: WeComWalk, skeleton: Reply, visible: Tree | None) -> None:
        self._walk = walk
        self._api = walk.api
        self._skeleton = skeleton
        self._visible = visible
        self._unseen = 0

    def read(self) -> Reading:
        walk = self._walk
        walk.record_departments(self._skeleton.answer)
        tree = Tree.of(records_of(self._skeleton.content["department_id"]))
        wanted = walk.select(tree)
        people = self._list_people(wanted)
        if self._visible is not None:
            self._read_details(people)
        return walk.finish(
            method="ids only" if self._visible is None else "ids and single details",
            tops=tree.tops(wanted),
            visible_departments=tree.tops(tree.parents),
            platform_counts={} if walk.is_limited else {"users": len(people)},
        )

    def _list_people(self, wanted: frozenset[str]) -> dict[str, Person]:
        visible = self._visible.parents if self._visible else {}
        people: dict[str, Person] = {}
        for user_id, department in self._walk.land_user_ids("users"):
            department_id = read_department_id(department)
            if self._walk.is_limited and department_id not in wanted:
                continue
            known = people.get(fold(user_id), Person(user_id, is_visible=False))
            people[fold(user_id)] = Person(known.user_id, known.is_visible or department_id in visible)
        return people

    def _read_details(self, people: Mapping[str, Person]) -> None:
        known = self._read_knowledge(people)
        asked = choose_asked(people, known, budget=self._api.details_per_read, with_refresh=self._walk.wanted.mode == "full")
        self._walk.run_parallel(partial(self._read_person, people[key].user_id) for key in asked)
        self._land_again(people.keys() - set(asked), known)
        log.info("details of %d people asked for, %d of them not to be seen by the app", len(asked), self._unseen)

    def _read_knowledge(self, people: Mapping[str, Person]) -> dict[str, Knowledge]:
        """What was found out last: targeted reads may have asked since the last whole one."""
        known: dict[str, Knowledge] = {}
        for answer in self._earlier_details(people.keys()):
            key, found = fold(answer.params["userid"]), Knowledge(answer.read_at, bool(answer.params.get("refused")))
            if key not in known or known[key].read_at < found.read_at:
                known[key] = found
        return known

    def _land_again(self, keys: Iterable[str], known: Mapping[str, Knowledge]) -> None:
        """Of several answers about someone the newest alone: what it says holds, and none that is older."""
        left = set(keys)
        for answer in self._earlier_details(left):
            key = fold(answer.params["userid"])
            if key in left and answer.read_at == known[key].read_at:
                left.remove(key)
                self._walk.record("users", answer)

    def _earlier_details(self, keys: Iterable[str]) -> Iterator[Answer]:
        """Streamed, and streamed again for landing: the details of a large company do not fit into memory lightly."""
        wanted = frozenset(keys)
        for answer in self._walk.wanted.earlier("users"):
            if answer.interface == GET_USER and fold(answer.params.get("userid")) in wanted:
                yield answer

    def _read_person(self, user_id: str) -> list[Task]:
        if not land_person(self._walk, user_id):
            with self._walk.lock:
                self._unseen += 1
        return []


def land_person(walk: WeComWalk, user_id: str) -> bool:
    """Land someone's details with when they were read; tells whether they were given.

    That they are refused is remembered like details, or it would be asked again with every read.
    """
    params = {"userid": user_id, "read_at": walk.wanted.taken_at.isoformat()}
    try:
        reply = walk.api.get_user(user_id, tolerated=UNSEEN_USER_CODES)
    except PlatformError as error:
        if error.refusal.code not in UNSEEN_USER_CODES:
            raise
        refused = {**params, "refused": error.refusal.code}
        walk.record("users", Answer(GET_USER, refused, msgspec.json.encode({"errcode": int(error.refusal.code)})))
        return False
    walk.plan(GET_USER)
    walk.record("users", Answer(GET_USER, params, reply.body))
    return True


def choose_asked(people: Mapping[str, Person], known: Mapping[str, Knowledge], *, budget: int, with_refresh: bool) -> list[str]:
    """Whose details to ask for: those not known yet, first whom the app most likely sees; then those read longest ago."""

    def is_new(key: str) -> bool:
        """Someone refused is new again once the app sees one of their departments."""
        return key not in known or (known[key].is_refused and people[key].is_visible)

    new = sorted((key for key in people if is_new(key)), key=lambda key: (not people[key].is_visible, key))
    old = sorted((key for key in people if not is_new(key)), key=lambda key: (known[key].read_at, key)) if with_refresh else []
    return [*new, *old][:budget]
