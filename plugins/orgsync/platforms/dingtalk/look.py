"""Reads some of DingTalk's people and departments alone: one call for each, and for each department above them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from orgsync.platforms.dingtalk.client import ROOT_ID, DingTalkClient
from orgsync.platforms.dingtalk.codes import GONE_DEPARTMENT_CODES, GONE_USER_CODES, PLATFORM, UNSAID_CODES
from orgsync.platforms.dingtalk.extract import is_excluded_user, read_range
from orgsync.platforms.dingtalk.gather import list_places
from orgsync.platforms.dingtalk.interfaces import GET_DEPARTMENT, GET_USER
from orgsync.platforms.dingtalk.records import read_department_id
from orgsync.platforms.platform import Reading, Record, Targets, Wanted
from orgsync.platforms.reading.looking import Verdict, ask, contradict, finish_look, list_ids, look_as
from orgsync.platforms.reading.records import is_true
from orgsync.platforms.reading.walk import Walk, then_nothing
from orgsync.platforms.speaking.transport import Reply

Found = Mapping[str, Reply | Verdict]


def look(client: DingTalkClient, wanted: Wanted, targets: Targets, record: Record) -> Reading:
    """The departments of these people too, and those above. Complete or an error."""
    return _DingTalkLook(client, wanted, record).run(targets)


class _DingTalkLook(Walk):
    """From a department the way leads up by its own word, to where a whole read begins; nothing on it may be left out."""

    root_id = ROOT_ID

    def __init__(self, client: DingTalkClient, wanted: Wanted, record: Record) -> None:
        super().__init__(client, look_as(wanted), record)
        self._api = client
        self._scope = wanted.scope
        self._people: dict[str, Reply | Verdict] = {}
        self._departments: dict[str, Reply | Verdict] = {}

    def run(self, targets: Targets) -> Reading:
        range_departments, range_users = read_range(self, self._api)
        self._tops = tuple(self._scope.include or range_departments)
        self.run_parallel(partial(then_nothing, partial(self._ask_user, user)) for user in list_ids(targets.users))
        self._places = {user: list_places(reply.content["result"]) or set() for user, reply in _replies(self._people).items()}
        named = {each for each in map(read_department_id, targets.departments) if each}
        self._ask_departments(named.union(*self._places.values()))
        self._refuse_gone({each for own in self._places.values() for each in own}, "people are in")
        walked = {key: reply for key, reply in sorted(_replies(self._departments).items()) if self._is_reached(key)}
        people = {user: reply for user, reply in _replies(self._people).items() if self._is_told(user, walked, range_users)}
        # What is not wanted does not land.
        for reply in people.values():
            self.record("users", reply.answer)
        for reply in walked.values():
            self.record("departments", reply.answer)
        return finish_look(
            self,
            targets,
            users=[*people, *_list_gone(self._people)],
            departments=[*walked, *_list_gone(self._departments)],
            tops_of_them=[each for each in walked if not self._is_reached(self._parent_of(each))],
            method="one by one",
            tops=self._tops,
            visible_departments=range_departments,
            visible_users=range_users,
        )

    def _ask_user(self, user_id: str) -> None:
        call = partial(self._api.get_user, user_id, tolerated=UNSAID_CODES)
        found = ask(call, gone=GONE_USER_CODES, unsaid=UNSAID_CODES)
        if isinstance(found, Reply):
            self.plan(GET_USER)
            person = found.content["result"]
            found = found if person.get("userid") == user_id and list_places(person) is not None else "unsaid"
        with self.lock:
            self._people[user_id] = found

    def _ask_departments(self, department_ids: Iterable[str]) -> None:
        """And those above, level by level: a level is soon one department."""
        ahead = {department for department in department_ids if _is_askable(department)}
        while ahead:
            self.run_parallel(partial(then_nothing, partial(self._ask_department, department)) for department in list_ids(ahead))
            above = {parent for department in ahead if (parent := self._parent_of(department))}
            ahead = {parent for parent in above - self._departments.keys() if parent != ROOT_ID and _is_askable(parent)}
        self._refuse_gone({parent for each in self._departments if (parent := self._parent_of(each))}, "departments are below")

    def _ask_department(self, department_id: str) -> None:
        call = partial(self._api.get_department, department_id, tolerated=UNSAID_CODES)
        found = ask(call, gone=GONE_DEPARTMENT_CODES, unsaid=UNSAID_CODES)
        if isinstance(found, Reply):
            self.plan(GET_DEPARTMENT)
            if read_department_id(found.content["result"].get("dept_id")) != department_id:
                raise contradict(PLATFORM, GET_DEPARTMENT, f"asked for department {department_id}, it answered with another")
        with self.lock:
            self._departments[department_id] = found

    def _refuse_gone(self, needed: Collection[str], what: str) -> None:
        if gone := sorted(each for each in needed if self._departments.get(each) == "gone"):
            raise contradict(PLATFORM, GET_DEPARTMENT, f"{what} departments that are gone: {', '.join(gone[:5])}")

    def _parent_of(self, department_id: str) -> str | None:
        """None of the root, and of what was not found."""
        found = self._departments.get(department_id)
        return read_department_id(found.content["result"].get("parent_id")) if isinstance(found, Reply) else None

    def _is_reached(self, department_id: str | None) -> bool:
        """Whether a whole read would get there."""
        seen: set[str] = set()
        while department_id and department_id not in seen:
            if department_id in self._scope.exclude or not _is_askable(department_id):
                return False
            if department_id in self._tops:
                return department_id == ROOT_ID or isinstance(self._departments.get(department_id), Reply)
            if self._is_left_out_as_linked(department_id):
                return False
            seen.add(department_id)
            department_id = self._parent_of(department_id)
        return False

    def _is_left_out_as_linked(self, department_id: str) -> bool:
        found = self._departments.get(department_id)
        is_linked = isinstance(found, Reply) and is_true(found.content["result"].get("from_union_org"))
        return is_linked and not self._scope.linked_organizations

    def _is_told(self, user_id: str, walked: Collection[str], range_users: Collection[str]) -> bool:
        """As a whole read has them: who is in a department that is wanted, and whom the range names though none of theirs is seen."""
        if not self._places[user_id].isdisjoint(walked):
            return True
        is_single = not self._scope.include and user_id in range_users
        return is_single and not is_excluded_user(self, self._api, user_id)


def _replies(found: Found) -> dict[str, Reply]:
    return {key: each for key, each in found.items() if isinstance(each, Reply)}


def _list_gone(found: Found) -> list[str]:
    return [key for key, each in found.items() if each == "gone"]


def _is_askable(department_id: str) -> bool:
    """Negative ids are family-school trees, which the directory calls refuse (40009)."""
    return not department_id.startswith("-")
