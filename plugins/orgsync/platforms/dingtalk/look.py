"""Reads some of DingTalk's people and departments alone: one call for each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from orgsync.platforms.dingtalk.client import ROOT_ID, DingTalkClient
from orgsync.platforms.dingtalk.codes import GONE_CODES, GONE_DEPARTMENT_CODES, GONE_USER_CODES, PLATFORM, UNSAID_CODES
from orgsync.platforms.dingtalk.extract import is_excluded_user, read_range
from orgsync.platforms.dingtalk.gather import list_places
from orgsync.platforms.dingtalk.interfaces import GET_DEPARTMENT, GET_USER, LIST_PARENTS
from orgsync.platforms.dingtalk.records import read_department_id
from orgsync.platforms.platform import Reading, Record, Targets, Wanted
from orgsync.platforms.reading.looking import Verdict, ask, contradict, finish_look, list_ids, look_as
from orgsync.platforms.reading.records import is_true
from orgsync.platforms.reading.walk import Walk, explain_vanished, then_nothing
from orgsync.platforms.speaking.transport import Reply


def look(client: DingTalkClient, wanted: Wanted, targets: Targets, record: Record) -> Reading:
    """The departments of these people too. Complete or an error."""
    return _DingTalkLook(client, wanted, record).run(targets)


class _DingTalkLook(Walk):
    """`_chains` are the ways from departments up to the root, known only where it counts what is above a department."""

    root_id = ROOT_ID

    def __init__(self, client: DingTalkClient, wanted: Wanted, record: Record) -> None:
        super().__init__(client, look_as(wanted), record)
        self._api = client
        self._scope = wanted.scope
        self._people: dict[str, Reply | Verdict] = {}
        self._departments: dict[str, Reply | Verdict] = {}
        self._chains: dict[str, tuple[str, ...]] = {}

    def run(self, targets: Targets) -> Reading:
        departments, users = read_range(self, self._api)
        self._tops = tuple(self._scope.include or departments)
        self._sees_all = ROOT_ID in departments and not self._scope.include and not self._scope.exclude
        self.run_parallel(partial(then_nothing, partial(self._ask_user, user)) for user in list_ids(targets.users))
        self._places = {user: list_places(reply.content["result"]) or set() for user, reply in self._replies(self._people).items()}
        asked = {each for each in map(read_department_id, targets.departments) if each} | {
            each for own in self._places.values() for each in own
        }
        valid = [department for department in list_ids(asked) if _is_askable(department)]
        self.run_parallel(partial(then_nothing, partial(self._ask_department, department)) for department in valid)
        self._check_places()
        self._walked = {department for department in self._replies(self._departments) if self._is_wanted(department)}
        return self._settle(targets, departments, users)

    def _ask_user(self, user_id: str) -> None:
        call = partial(self._api.get_user, user_id, tolerated=UNSAID_CODES)
        found = ask(call, gone=GONE_USER_CODES, unsaid=UNSAID_CODES)
        if isinstance(found, Reply):
            self.plan(GET_USER)
            person = found.content["result"]
            found = found if person.get("userid") == user_id and list_places(person) is not None else "unsaid"
        with self.lock:
            self._people[user_id] = found

    def _ask_department(self, department_id: str) -> None:
        call = partial(self._api.get_department, department_id, tolerated=UNSAID_CODES)
        found = ask(call, gone=GONE_DEPARTMENT_CODES, unsaid=UNSAID_CODES)
        chain: tuple[str, ...] = ()
        if isinstance(found, Reply):
            self.plan(GET_DEPARTMENT)
            if read_department_id(found.content["result"].get("dept_id")) != department_id:
                raise contradict(PLATFORM, GET_DEPARTMENT, f"asked for department {department_id}, it answered with another")
            chain = self._read_chain(department_id)
        with self.lock:
            self._departments[department_id], self._chains[department_id] = found, chain

    def _read_chain(self, department_id: str) -> tuple[str, ...]:
        """Who sees everything and wants everything has every parent."""
        if self._sees_all:
            return ()
        replies: list[Reply] = []
        self.plan(LIST_PARENTS)
        read = partial(then_nothing, lambda: replies.append(self._api.list_parents(department_id)))
        explain_vanished(read, gone_codes=GONE_CODES)
        return tuple(map(str, replies[0].content["result"]["parent_id_list"]))

    def _replies(self, found: dict[str, Reply | Verdict]) -> dict[str, Reply]:
        return {key: each for key, each in found.items() if isinstance(each, Reply)}

    def _check_places(self) -> None:
        gone = sorted({each for own in self._places.values() for each in own if self._departments.get(each) == "gone"})
        if gone:
            raise contradict(PLATFORM, GET_DEPARTMENT, f"people are in departments that are gone: {', '.join(gone[:5])}")

    def _is_wanted(self, department_id: str) -> bool:
        """Whether a whole read would get there: from a top that is seen and wanted, by departments none of which is left out."""
        reply = self._departments[department_id]
        is_linked = isinstance(reply, Reply) and is_true(reply.content["result"].get("from_union_org"))
        if is_linked and department_id not in self._tops and not self._scope.linked_organizations:
            return False
        return self._sees_all or self._is_reached(self._chains[department_id])

    def _is_reached(self, chain: Iterable[str]) -> bool:
        for department_id in chain:
            if department_id in self._scope.exclude or not _is_askable(department_id):
                return False
            if department_id in self._tops:
                return True
        return False

    def _is_told(self, user_id: str, single_users: Iterable[str]) -> bool:
        """As a whole read has them: who is in a department that is wanted, and who is seen though in none that is."""
        if self._places[user_id] & self._walked:
            return True
        is_single = not self._scope.include and user_id in single_users
        return is_single and not is_excluded_user(self, self._api, user_id)

    def _settle(self, targets: Targets, departments: tuple[str, ...], users: tuple[str, ...]) -> Reading:
        """What is not wanted does not land."""
        people = {user: reply for user, reply in self._replies(self._people).items() if self._is_told(user, users)}
        for reply in people.values():
            self.record("users", reply.answer)
        for department, reply in self._replies(self._departments).items():
            if department in self._walked:
                self.record("departments", reply.answer)
        tops = [] if self._sees_all else [each for each in self._walked if not self._is_reached(self._chains[each][1:])]
        return finish_look(
            self,
            targets,
            users=[*people, *_gone(self._people)],
            departments=[*self._walked, *_gone(self._departments)],
            tops_of_them=tops,
            method="one by one",
            tops=self._tops,
            visible_departments=departments,
            visible_users=users,
        )


def _gone(found: dict[str, Reply | Verdict]) -> list[str]:
    return [key for key, each in found.items() if each == "gone"]


def _is_askable(department_id: str) -> bool:
    """Negative ids are family-school trees, which the directory calls refuse (40009)."""
    return not department_id.startswith("-")
