"""Reads some of WeCom's people and departments alone, by the way that a whole read of the same connection takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from orgsync.platforms.platform import Reading, Record, Targets, Wanted
from orgsync.platforms.reading.looking import Verdict, ask, contradict, finish_look, list_ids, look_as
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.reading.walk import then_nothing
from orgsync.platforms.speaking.transport import Reply
from orgsync.platforms.wecom.client import ROOT_ID, WeComClient
from orgsync.platforms.wecom.codes import GONE_DEPARTMENT_CODES, GONE_USER_CODES, HIDDEN_DEPARTMENT_CODES, PLATFORM, UNSEEN_USER_CODES
from orgsync.platforms.wecom.extract import Way, choose_way
from orgsync.platforms.wecom.ids import land_person
from orgsync.platforms.wecom.interfaces import GET_DEPARTMENT, GET_USER, LIST_USER_IDS
from orgsync.platforms.wecom.records import fold, read_department_id, read_department_ids
from orgsync.platforms.wecom.tree import Tree
from orgsync.platforms.wecom.walk import WeComWalk


def look(client: WeComClient, wanted: Wanted, targets: Targets, record: Record) -> Reading:
    """The departments of these people too. Complete or an error."""
    walk = WeComWalk(client, look_as(wanted), record)
    way = choose_way(walk)
    if way.skeleton is not None:
        return _look_by_ids(walk, way, way.skeleton, targets)
    assert way.visible is not None  # noqa: S101
    return _ListLook(walk, way.visible).run(targets)


class _ListLook:
    """By what the app sees: all its departments are in one answer, each person is in one of their own."""

    def __init__(self, walk: WeComWalk, visible: Tree) -> None:
        self._walk = walk
        self._tree = visible
        self._wanted = _select(walk, visible)
        self._sees_root = ROOT_ID in visible.parents
        self._people: dict[str, Reply] = {}
        self._gone_people: list[str] = []
        self._gone_departments: list[str] = []

    def run(self, targets: Targets) -> Reading:
        walk = self._walk
        unlisted = [each for each in list_ids(targets.departments) if each not in self._tree.parents and read_department_id(each) == each]
        walk.run_parallel(partial(then_nothing, partial(self._ask_user, user)) for user in list_ids(targets.users))
        walk.run_parallel(partial(then_nothing, partial(self._ask_department, department)) for department in unlisted)
        self._check_range()
        told = [person for person in self._people.values() if self._is_told(person)]
        for person in told:
            params = {**person.params, "read_at": walk.wanted.taken_at.isoformat()}
            walk.record("users", replace(person.answer, params=params))
        places = {each for person in told for each in _departments_of(person)}
        return finish_look(
            walk,
            targets,
            users=[*(str(person.content["userid"]) for person in told), *self._gone_people],
            departments=[*(self._wanted & places), *(self._wanted & set(targets.departments)), *self._gone_departments],
            method="lists",
            tops=self._tree.tops(self._wanted),
            visible_departments=self._tree.tops(self._tree.parents),
        )

    def _ask_user(self, user_id: str) -> None:
        """Who has left is answered like who is outside the app's range: where that is not the whole company, nothing is said of either."""
        gone = GONE_USER_CODES if self._sees_root else ()
        found = ask(partial(self._walk.api.get_user, user_id, tolerated=UNSEEN_USER_CODES), gone=gone, unsaid=UNSEEN_USER_CODES)
        with self._walk.lock:
            if isinstance(found, Reply):
                self._walk.plan(GET_USER)
                self._people[user_id] = found
            elif found == "gone":
                self._gone_people.append(user_id)

    def _check_range(self) -> None:
        """Only as long as the app sees the root is somebody whom it does not find in no department."""
        if not self._gone_people:
            return
        found = ask(
            partial(self._walk.api.get_department, ROOT_ID, tolerated=HIDDEN_DEPARTMENT_CODES), gone=(), unsaid=HIDDEN_DEPARTMENT_CODES
        )
        if not isinstance(found, Reply):
            raise contradict(PLATFORM, GET_DEPARTMENT, "the app's 可见范围 is the whole company no more")
        self._walk.plan(GET_DEPARTMENT)

    def _ask_department(self, department_id: str) -> None:
        """One that is not in the list of all that the app sees."""
        codes = GONE_DEPARTMENT_CODES | HIDDEN_DEPARTMENT_CODES
        call = partial(self._walk.api.get_department, department_id, tolerated=codes)
        found: Reply | Verdict = ask(call, gone=GONE_DEPARTMENT_CODES, unsaid=HIDDEN_DEPARTMENT_CODES)
        if isinstance(found, Reply):
            raise contradict(PLATFORM, GET_DEPARTMENT, f"department {department_id} was not in the list of departments a moment ago")
        if found == "gone":
            with self._walk.lock:
                self._gone_departments.append(department_id)

    def _is_told(self, person: Reply) -> bool:
        """Someone outside all visible departments was chosen alone or by a tag: whole reads by lists know of that from the AgentId only."""
        places = _departments_of(person)
        if None in places or not isinstance(person.content.get("department"), list):
            return False
        if self._sees_root:
            _check_listed(places, self._tree)
        if own := places & self._tree.parents.keys():
            return bool(own & self._wanted)
        is_known = bool(self._walk.api.agent_id) or self._walk.api.read_by == "export"
        return is_known and not self._walk.scope.include


def _look_by_ids(walk: WeComWalk, way: Way, skeleton: Reply, targets: Targets) -> Reading:
    """Who there is and where is in the list of the whole company's ids, of any length; details come one by one, from what the app sees."""
    walk.record_departments(skeleton.answer)
    tree = Tree.of(records_of(skeleton.content["department_id"]))
    wanted = _select(walk, tree)
    names, places = _find_places(walk, targets.users)
    told = {names[key]: places[key] & wanted for key in places if places[key] & wanted or not walk.is_limited}
    for each in places.values():
        _check_listed(each, tree)
    if way.visible is not None:
        walk.run_parallel(partial(then_nothing, partial(land_person, walk, user_id)) for user_id in told)
    asked = {each for each in targets.departments if read_department_id(each) == each}
    return finish_look(
        walk,
        targets,
        users=[*told, *(user for user in targets.users if fold(user) not in places)],
        departments=[*(asked & wanted), *(asked - tree.parents.keys()), *(each for own in told.values() for each in own)],
        method="ids only" if way.visible is None else "ids and single details",
        tops=tree.tops(wanted),
        visible_departments=tree.tops(tree.parents),
    )


def _find_places(walk: WeComWalk, users: Collection[str]) -> tuple[Mapping[str, str], Mapping[str, set[Any]]]:
    """By folded id how someone's is written, and where they are. Without anybody to look for nothing is asked."""
    asked = {fold(user) for user in users if user}
    names: dict[str, str] = {}
    places: defaultdict[str, set[Any]] = defaultdict(set)
    for user_id, department in walk.land_user_ids("users") if asked else ():
        if fold(user_id) in asked:
            names[fold(user_id)] = user_id
            places[fold(user_id)].add(read_department_id(department))
    return names, places


def _select(walk: WeComWalk, tree: Tree) -> frozenset[str]:
    return tree.select(include=walk.scope.include, exclude=walk.scope.exclude)


def _departments_of(person: Reply) -> set[Any]:
    return set(read_department_ids(person.content.get("department")))


def _check_listed(places: Collection[str], tree: Tree) -> None:
    """A department that people are in and that was not listed was just made."""
    if unlisted := sorted(set(places) - tree.parents.keys()):
        raise contradict(PLATFORM, LIST_USER_IDS, f"people are in departments that it did not list: {', '.join(unlisted[:5])}")
