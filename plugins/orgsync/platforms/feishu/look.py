"""Reads some of Feishu's people and departments alone: fifty in one call, and singly those of whom such a call does not tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from orgsync.errors import PlatformError
from orgsync.platforms.feishu import interfaces
from orgsync.platforms.feishu.client import ROOT_ID, FeishuClient, in_batches, next_cursor
from orgsync.platforms.feishu.codes import (
    FOREIGN_ID,
    GONE_CODES,
    GONE_DEPARTMENT_CODES,
    GONE_USER_CODES,
    OUTSIDE_RANGE,
    PLATFORM,
    SCOPE_MISSING_CODES,
    USER_OUTSIDE_RANGE,
)
from orgsync.platforms.feishu.extract import check_scope, read_range, refuse_unkeyed
from orgsync.platforms.feishu.records import has_left, is_deleted, items_of, list_places, read_id
from orgsync.platforms.platform import Reading, Record, Targets, Wanted
from orgsync.platforms.reading.looking import Verdict, ask, contradict, finish_look, list_ids, look_as
from orgsync.platforms.reading.records import Record as RawRecord
from orgsync.platforms.reading.walk import Walk, explain_vanished, then_nothing
from orgsync.platforms.speaking.parallel import Task
from orgsync.platforms.speaking.transport import Reply

_OUTSIDE = frozenset({OUTSIDE_RANGE, USER_OUTSIDE_RANGE})
_ANSWERS = GONE_USER_CODES | GONE_DEPARTMENT_CODES | _OUTSIDE | {FOREIGN_ID}
_SINGLY = _ANSWERS | SCOPE_MISSING_CODES
"""After these codes a call for many is made in parts: one id may spoil it for all, and a call for one needs fewer scopes (§3.1)."""


def look(client: FeishuClient, wanted: Wanted, targets: Targets, record: Record) -> Reading:
    """The departments of these people too. Complete or an error."""
    check_scope(wanted.scope)
    return _FeishuLook(client, wanted, record).run(targets)


@dataclass
class _Finds:
    """Records by id, what is known of the ids without one, and the answers to land."""

    records: dict[str, RawRecord] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)

    def list_gone(self) -> list[str]:
        return [key for key, verdict in self.verdicts.items() if verdict == "gone"]


class _FeishuLook(Walk):
    """`_above` are the departments above one, known only where it counts what is above it."""

    root_id = ROOT_ID

    def __init__(self, client: FeishuClient, wanted: Wanted, record: Record) -> None:
        super().__init__(client, look_as(wanted), record)
        self._api = client
        self._scope = wanted.scope
        self._user_key = wanted.user_key or interfaces.USER_KEYS[0]
        self._above: dict[str, tuple[str, ...]] = {}

    def run(self, targets: Targets) -> Reading:
        self._root = self._read_root()
        self._nodes, self._single_users = ((ROOT_ID,), ()) if self._root else read_range(self, self._api, self._user_key)
        people = self._find_people(list(filter(_is_askable, list_ids(targets.users))))
        places = {each for person in people.records.values() for each in list_places(person) or ()}
        found = self._find_departments(list_ids({*filter(_is_department, targets.departments), *places}))
        self._check(people, found, places)
        wanted = {department for department in found.records if self._is_reached((department, *self._above.get(department, ())))}
        people = self._leave_out_unwanted(people, found, wanted)
        for part, finds in (("users", people), ("departments", found)):
            for reply in finds.replies:
                self.record(part, reply.answer)
        return finish_look(
            self,
            targets,
            users=[*people.records, *people.list_gone()],
            departments=[*wanted, *found.list_gone()],
            tops_of_them=[each for each in wanted if each in self._above and not self._is_reached(self._above[each])],
            method="all staff" if self._root else "the departments of the range",
            tops=self._scope.include or self._nodes,
            visible_departments=self._nodes,
            visible_users=self._single_users,
        )

    def _read_root(self) -> Reply | None:
        """Only an app whose range is all staff may read it: so it also answers what the range is."""
        root = self._api.get_root(user_key=self._user_key)
        if root:
            self.plan(interfaces.GET_DEPARTMENT)
        return root

    def _find_people(self, user_ids: Sequence[str]) -> _Finds:
        finds = _Finds()

        def note(reply: Reply, records: Iterable[RawRecord]) -> None:
            keyed = {key: record for record in records if (key := read_id(record.get(self._user_key)))}
            if not keyed and self._user_key == "user_id" and any(records):
                refuse_unkeyed(reply.interface)
            finds.records.update({key: record for key, record in keyed.items() if key in user_ids})
            finds.replies.append(reply)

        many = partial(self._api.get_users, user_key=self._user_key, telling=_SINGLY)
        for reply in self._ask_in_batches(interfaces.BATCH_USERS, user_ids, many):
            note(reply, items_of(reply.content))
        left = [user for user in user_ids if user not in finds.records]
        one = partial(self._api.get_user, user_key=self._user_key, telling=_ANSWERS)
        for reply in self._ask_singly(interfaces.GET_USER, left, one, finds.verdicts, gone=GONE_USER_CODES):
            note(reply, [reply.content["data"]["user"]])
        return finds

    def _find_departments(self, department_ids: Sequence[str]) -> _Finds:
        """And what is above them, where that decides whether they are wanted, or tops."""
        finds = _Finds()

        def note(reply: Reply, records: Iterable[RawRecord]) -> None:
            for record in records:
                department_id = str(record.get("open_department_id"))
                if department_id in department_ids and is_deleted(record):
                    finds.verdicts[department_id] = "gone"
                elif department_id in department_ids:
                    finds.records[department_id] = record
            finds.replies.append(reply)

        below_root = [each for each in department_ids if each != ROOT_ID]
        many = partial(self._api.get_departments, user_key=self._user_key, telling=_SINGLY)
        for reply in self._ask_in_batches(interfaces.BATCH_DEPARTMENTS, below_root, many):
            note(reply, items_of(reply.content))
        left = [each for each in below_root if each not in finds.records and each not in finds.verdicts]
        one = partial(self._api.get_department, user_key=self._user_key, telling=_ANSWERS)
        for reply in self._ask_singly(interfaces.GET_DEPARTMENT, left, one, finds.verdicts, gone=GONE_DEPARTMENT_CODES):
            note(reply, [reply.content["data"]["department"]])
        self.run_parallel(partial(self._read_above, each) for each in finds.records if self._is_limited or each in self._nodes)
        if self._root and ROOT_ID in department_ids:
            finds.records[ROOT_ID] = self._root.content["data"]["department"]
            finds.replies.append(self._root)
        return finds

    @property
    def _is_limited(self) -> bool:
        return bool(self._scope.include or self._scope.exclude)

    def _read_above(self, department_id: str) -> list[Task]:
        """Up to the border of the range; a way that ends before the root was read to its end by an app that sees the root."""
        above: list[str] = []

        def read() -> None:
            self.plan(interfaces.LIST_PARENTS)
            pages = self._api.list_parents(department_id, user_key=self._user_key)
            for page in self.land_pages("organization", interfaces.LIST_PARENTS, pages, next_cursor):
                above.extend(str(each["open_department_id"]) for each in items_of(page.content))

        explain_vanished(partial(then_nothing, read), gone_codes=GONE_CODES)
        with self.lock:
            self._above[department_id] = (*above, *([ROOT_ID] if self._root else []))
        return []

    def _ask_in_batches(self, interface: str, ids: Sequence[str], call: Callable[[Sequence[str]], Reply]) -> Iterator[Reply]:
        for batch in in_batches(ids):
            yield from self._ask_batch(interface, batch, call)

    def _ask_batch(self, interface: str, batch: Sequence[str], call: Callable[[Sequence[str]], Reply]) -> Iterator[Reply]:
        """Nothing of one id: a call for it alone says more."""
        if len(batch) < 2:
            return
        try:
            reply = call(batch)
        except PlatformError as error:
            if error.refusal.code not in _SINGLY:
                raise
            code = error.refusal.code
        else:
            self.plan(interface)
            yield reply
            return
        if code not in SCOPE_MISSING_CODES:
            half = len(batch) // 2
            yield from self._ask_batch(interface, batch[:half], call)
            yield from self._ask_batch(interface, batch[half:], call)

    def _ask_singly(
        self, interface: str, ids: Iterable[str], call: Callable[[str], Reply], verdicts: dict[str, Verdict], *, gone: Collection[str]
    ) -> list[Reply]:
        """Whom an app that sees all staff does not find within its range is not in the company."""
        replies: list[Reply] = []

        def ask_one(each: str) -> None:
            means_gone = {*gone, *(_OUTSIDE if self._root else ())}
            found = ask(partial(call, each), gone=means_gone, unsaid=_ANSWERS)
            if isinstance(found, Reply):
                self.plan(interface)
            with self.lock:
                if isinstance(found, Reply):
                    replies.append(found)
                else:
                    verdicts[each] = found

        self.run_parallel(partial(then_nothing, partial(ask_one, each)) for each in ids)
        return replies

    def _check(self, people: _Finds, found: _Finds, places: Collection[str]) -> None:
        if gone := sorted(set(found.list_gone()) & set(places)):
            raise contradict(PLATFORM, interfaces.BATCH_DEPARTMENTS, f"people are in departments that are gone: {', '.join(gone[:5])}")
        if self._root and (people.list_gone() or found.list_gone()) and self._read_root() is None:
            raise contradict(PLATFORM, interfaces.GET_DEPARTMENT, "the app's range is all staff no more")

    def _is_reached(self, way: Sequence[str]) -> bool:
        """Whether a whole read would get to where this way up begins. What is included is wanted wherever it is."""
        for department_id in way:
            if department_id in self._scope.include:
                return department_id not in self._scope.exclude
            if department_id in self._scope.exclude:
                return False
        return bool(way) and not self._scope.include

    def _leave_out_unwanted(self, people: _Finds, found: _Finds, wanted: Collection[str]) -> _Finds:
        """Those who are told of are asked for once more, if others came with them, so that nobody lands who is not wanted."""
        told = {user: person for user, person in people.records.items() if self._is_told(user, person, found, wanted)}
        verdicts = {**people.verdicts, **{user: _judge(person) for user, person in people.records.items() if user not in told}}
        if len(told) == len(people.records):
            return people
        again = self._find_people(list(told))
        if {user: list_places(person) for user, person in again.records.items()} != {user: list_places(told[user]) for user in told}:
            raise contradict(PLATFORM, interfaces.BATCH_USERS, "people are not where they were a moment ago")
        return _Finds(again.records, verdicts, again.replies)

    def _is_told(self, user_id: str, person: RawRecord, found: _Finds, wanted: Collection[str]) -> bool:
        """As a whole read has them: who is in a department that is wanted, and whom the range names though none of theirs is seen."""
        places = list_places(person)
        if places is None and not has_left(person):
            return False
        if places and not places.isdisjoint(wanted):
            return True
        is_single = not self._scope.include and user_id in self._single_users
        return is_single and not (places or set()) & {*self._scope.exclude, *(found.records.keys() - set(wanted))}


def _judge(person: RawRecord) -> Verdict:
    """Of someone found whom a whole read would not have."""
    return "gone" if has_left(person) else "unsaid"


def _is_askable(user_id: str) -> bool:
    """Not what would lead elsewhere in a path: of whom it is made, only a read of everybody tells."""
    return bool(user_id.strip(".")) and "/" not in user_id


def _is_department(department_id: str) -> bool:
    return department_id == ROOT_ID or department_id.startswith("od-")
