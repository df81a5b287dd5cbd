"""Reads an organization by its lists of members: one call for each visible top and all below it, or for as much as WeCom can answer."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from orgsync.errors import PlatformBusyError, PlatformError, Refusal
from orgsync.platforms.platform import Reading
from orgsync.platforms.reading.records import Record, records_of
from orgsync.platforms.reading.walk import explain_vanished
from orgsync.platforms.speaking.parallel import Task
from orgsync.platforms.speaking.transport import TOO_MUCH_ERRORS
from orgsync.platforms.wecom.capacity import note_capacity, recall_capacity
from orgsync.platforms.wecom.client import NOTHING, ROOT_ID
from orgsync.platforms.wecom.codes import GONE_CODES, PLATFORM, TOO_LARGE_CODES, UNSEEN_USER_CODES
from orgsync.platforms.wecom.division import Division
from orgsync.platforms.wecom.headcount import HeadCount
from orgsync.platforms.wecom.interfaces import GET_AGENT, GET_TAG, GET_USER, LIST_DEPARTMENTS, LIST_USERS
from orgsync.platforms.wecom.missing import list_missing
from orgsync.platforms.wecom.records import fold, read_department_id, read_department_ids
from orgsync.platforms.wecom.tree import ListCall, Tree
from orgsync.platforms.wecom.walk import WeComWalk, user_ids_of

log = logging.getLogger(__name__)

_GIVEN_UP = "its list may be too slow, as those of others were"
_TOO_MUCH_ALONE = "Raise request_timeout_seconds of the connection if a department has very many members, or set its read_by to export"
_REREAD = "It may have been made while the organization was read; the next try reads anew"


@dataclass(frozen=True)
class VisibleRange:
    """Whom an app may see, as its administrator chose them; `people` are chosen one by one or by a tag."""

    departments: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def read_lists(walk: WeComWalk, visible: Tree) -> Reading:
    return _ListReading(walk, visible).read()


class _ListReading:
    """It remembers each person's id, to know who of the visible range is in no list, and how many there are in each department."""

    def __init__(self, walk: WeComWalk, visible: Tree) -> None:
        self._walk = walk
        self._api = walk.api
        self._tree = visible
        self._seen: set[str] = set()
        self._people: Counter[str] = Counter()
        self._is_piecewise = False

    def read(self) -> Reading:
        walk, tree = self._walk, self._tree
        allowed = self._read_range() if self._api.agent_id else VisibleRange()
        # A tenant limited to some departments does not want the people who are in none of them.
        people = () if walk.scope.include else allowed.people
        wanted = walk.select(tree, has_people=bool(people))
        head_count = HeadCount(walk, tree)
        self._read_members(wanted)
        walk.run_parallel(partial(self._read_person, user_id) for user_id in people if fold(user_id) not in self._seen)
        if self._is_piecewise or self._division.is_cut:
            self._seek_missing(wanted)
        return walk.finish(
            method=self._describe_method(),
            tops=tree.tops(wanted),
            visible_departments=allowed.departments or tree.tops(tree.parents),
            visible_users=allowed.people,
            platform_counts=head_count.compare(self._seen),
        )

    def _read_members(self, wanted: frozenset[str]) -> None:
        walk, is_full = self._walk, self._walk.wanted.mode == "full"
        known = recall_capacity(walk.wanted.earlier("organization"))
        self._division = Division(self._tree, wanted, known, is_trying=is_full)
        walk.run_parallel(self._task(call) for call in self._division.calls)
        if self._division.is_cut:
            walk.record("organization", note_capacity(self._division.learn(self._people, is_full=is_full)))

    def _seek_missing(self, wanted: frozenset[str]) -> None:
        """Parts are read one after the other: who moved meanwhile from one to another that was read before is in neither, and has not left.

        So everybody of the last snapshot who is in no list is asked for; unless they are so many (more than a tenth) that it is no
        coincidence, and for the tenant's budget to judge.
        """
        missing = list_missing(self._walk.wanted.earlier("users"), self._seen, wanted)
        if len(missing) > min(1 + len(self._seen) // 10, self._api.details_per_read):
            log.warning("%d people of the last snapshot are in no list: too many to ask for each", len(missing))
            return
        self._walk.run_parallel(partial(self._read_person, user_id, unseen_codes=UNSEEN_USER_CODES) for user_id in missing)

    def _describe_method(self) -> str:
        if self._is_piecewise:
            return "lists, in part department by department"
        return "lists, in part subtree by subtree" if self._division.is_cut else "lists"

    def _read_range(self) -> VisibleRange:
        """A tag's departments are in the list of departments, which holds everything the app may see; its people are in no list."""
        content = self._walk.plan_and_land("organization", GET_AGENT, self._api.read_agent).content
        people = user_ids_of(_entries(content, "allow_userinfos", "user"))
        for tag_id in _entries(content, "allow_tags", "tagid"):
            tag = self._walk.plan_and_land("organization", GET_TAG, partial(self._api.get_tag, str(tag_id)))
            people += user_ids_of(tag.content["userlist"])
        departments = (read_department_id(entry) for entry in _entries(content, "allow_partys", "partyid"))
        return VisibleRange(tuple(each for each in departments if each), tuple(dict.fromkeys(people)))

    def _task(self, call: ListCall) -> Task:
        return partial(explain_vanished, partial(self._read_list, call), gone_codes=GONE_CODES)

    def _read_list(self, call: ListCall) -> list[Task]:
        if not call.with_descendants:
            self._note_people(self._ask_alone(call))
            return []
        if self._division.has_given_up:
            return self._read_piecewise(self._tree.subtree(call.department_id), _GIVEN_UP)
        try:
            people = self._ask(call)
        except PlatformError as error:
            if not _is_too_much(error):
                raise
            return self._read_parts(call, error)
        self._note_people(people)
        if not people:
            return self._read_piecewise(self._tree.subtree(call.department_id), "its list with all below it holds nobody")
        if not _reaches_below(people, call.department_id):
            # Today's page no longer has `fetch_child`. Were it ignored, all below would look as if they had left.
            return self._read_piecewise(self._tree.subtree(call.department_id) - {call.department_id}, "its list holds nobody below it")
        self._division.note_answer(call.department_id)
        return []

    def _ask_alone(self, call: ListCall) -> list[Record]:
        """Of a department alone there are no parts."""
        try:
            return self._ask(call)
        except TOO_MUCH_ERRORS as error:
            problem = type(error)(replace(error.refusal, fix=f"{_TOO_MUCH_ALONE}. {error.refusal.fix}"))
            problem.params = error.params
        raise problem

    def _ask(self, call: ListCall) -> list[Record]:
        tolerated = TOO_LARGE_CODES if call.with_descendants else NOTHING
        ask = partial(self._api.list_users, call.department_id, with_descendants=call.with_descendants, tolerated=tolerated)
        people = records_of(self._walk.land_if_answered("users", LIST_USERS, ask).content["userlist"])
        self._check_listed(people)
        return people

    def _note_people(self, people: Iterable[Record]) -> None:
        with self._walk.lock:
            for person in people:
                key = fold(person.get("userid") or "")
                if key and key not in self._seen:
                    self._seen.add(key)
                    self._people.update(filter(None, _departments_of(person)))

    def _read_parts(self, call: ListCall, error: PlatformError) -> list[Task]:
        self._division.note_refusal(call.department_id, is_slow=isinstance(error, TOO_MUCH_ERRORS))
        if self._division.has_given_up:
            return self._read_piecewise(self._tree.subtree(call.department_id), _GIVEN_UP)
        calls = self._division.list_parts(call.department_id)
        log.info("reading department %s and all below it in %d lists: %s", call.department_id, len(calls), error.refusal.reason)
        return [self._task(each) for each in calls]

    def _check_listed(self, people: Iterable[Record]) -> None:
        """Whoever sees the root sees all departments: one that people are in and that was not listed was lost, or just made."""
        if ROOT_ID not in self._tree.parents:
            return
        unlisted = sorted({each for person in people for each in _departments_of(person) if each and each not in self._tree.parents})
        if unlisted:
            reason = f"people are in departments that it did not list: {', '.join(unlisted[:5])}"
            raise PlatformBusyError(Refusal(PLATFORM, LIST_DEPARTMENTS, "a list that is not whole", reason=reason, fix=_REREAD))

    def _read_piecewise(self, department_ids: Iterable[str], reason: str) -> list[Task]:
        tasks = [self._task(ListCall(department, with_descendants=False)) for department in sorted(department_ids)]
        log.info("reading %d departments one by one: of the department above them, %s", len(tasks), reason)
        self._is_piecewise = True
        return tasks

    def _read_person(self, user_id: str, *, unseen_codes: frozenset[str] = GONE_CODES) -> list[Task]:
        """Someone who is in no list. Who is gone has left, and is not missed."""
        try:
            person = self._walk.land_if_answered("users", GET_USER, partial(self._api.get_user, user_id, tolerated=unseen_codes)).content
        except PlatformError as error:
            if error.refusal.code not in unseen_codes:
                raise
            return []
        self._check_listed([person])
        self._note_people([person])
        return []


def _is_too_much(error: PlatformError) -> bool:
    """Whether what was asked for has to be asked for in parts."""
    return isinstance(error, TOO_MUCH_ERRORS) or error.refusal.code in TOO_LARGE_CODES


def _reaches_below(people: Iterable[Record], department_id: str) -> bool:
    """Whether someone is not a direct member of the department that was asked for."""
    return any(departments and department_id not in departments for departments in map(_departments_of, people))


def _departments_of(person: Record) -> list[str | None]:
    return read_department_ids(person.get("department"))


def _entries(content: Record, field: str, name: str) -> Sequence[Any]:
    holder = content.get(field)
    entries = holder.get(name) if isinstance(holder, dict) else None
    return entries if isinstance(entries, list) else ()
