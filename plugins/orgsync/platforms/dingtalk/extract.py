"""Reads a whole DingTalk organization: down the department tree, in parallel, landing every answer as it comes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from orgsync.errors import ConfigurationError, PermissionDeniedError, Refusal
from orgsync.platforms.dingtalk import interfaces
from orgsync.platforms.dingtalk.client import ROOT_ID, DingTalkClient, next_cursor
from orgsync.platforms.dingtalk.codes import GONE_CODES, PLATFORM
from orgsync.platforms.dingtalk.records import read_department_id
from orgsync.platforms.platform import Reading, Record, Wanted
from orgsync.platforms.reading.records import is_true, records_of
from orgsync.platforms.reading.walk import Walk, explain_vanished, then_nothing
from orgsync.platforms.speaking.parallel import Task


def extract(client: DingTalkClient, wanted: Wanted, record: Record) -> Reading:
    """Complete or an error: the first call that fails for good stops the read."""
    return _DingTalkWalk(client, wanted, record).run()


def read_range(walk: Walk, client: DingTalkClient) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The departments and the people whom the app may see, as its administrator chose them. None at all is an error."""
    allowed = walk.plan_and_land("organization", interfaces.AUTH_SCOPES, client.read_scopes).content["auth_org_scopes"]
    departments = tuple(str(department) for department in allowed.get("authed_dept") or ())
    users = tuple(str(user) for user in allowed.get("authed_user") or ())
    if not departments and not users:
        fix = "Set the app's data range (权限管理 → 授权范围), then publish a new version"
        raise PermissionDeniedError(Refusal(PLATFORM, interfaces.AUTH_SCOPES, "an empty range", reason="the app sees nobody", fix=fix))
    return departments, users


def is_excluded_user(walk: Walk, client: DingTalkClient, user_id: str) -> bool:
    """Of someone whose departments the app does not see."""
    exclude = walk.wanted.scope.exclude
    if not exclude:
        return False
    walk.plan(interfaces.LIST_PARENTS_OF_USER)
    chains = records_of(client.list_parents_of_user(user_id).content["result"]["parent_list"])
    return any(str(parent) in exclude for chain in chains for parent in chain.get("parent_dept_id_list") or ())


class _DingTalkWalk(Walk):
    """One read. It remembers one id per department, so memory does not grow with the number of people."""

    root_id = ROOT_ID

    def __init__(self, client: DingTalkClient, wanted: Wanted, record: Record) -> None:
        super().__init__(client, wanted, record)
        self._api = client
        self._scope = wanted.scope
        self._entered: set[str] = set()
        self._single_users: set[str] = set()
        self._left_out_linked = False

    def run(self) -> Reading:
        departments, users = read_range(self, self._api)
        count_before = self._count_people()
        tops = tuple(top for top in self._scope.include or departments if self._is_wanted(top))
        # A tenant limited to some departments does not want the people who are in none of them.
        self._single_users = set() if self._scope.include else set(users)
        if not tops and not self._single_users:
            raise ConfigurationError("the tenant's scope leaves no department to read; correct its include and exclude")
        self.run_parallel(self._enter(tops, are_tops=True))
        self._read_single_users()
        # Someone may join or leave while we read: fewer people than the smaller count were lost.
        counts = {"users": min(count_before, self._count_people())} if self._is_whole(departments) else {}
        return self.finish(
            method="department by department",
            tops=tops,
            visible_departments=departments,
            visible_users=users,
            platform_counts=counts,
        )

    def _count_people(self) -> int:
        return int(self.plan_and_land("organization", interfaces.COUNT_USERS, self._api.count_users).content["result"]["count"])

    def _is_whole(self, range_departments: Collection[str]) -> bool:
        """The platform counts the whole company; a part of it cannot be held against that."""
        is_limited = self._scope.include or self._scope.exclude or self._left_out_linked
        return ROOT_ID in range_departments and not is_limited

    def _enter(self, department_ids: Iterable[str], *, are_tops: bool = False) -> list[Task]:
        """What there is to read about departments just met; one met before (two parents, a cycle) has been entered already."""
        with self.lock:
            new = [department for department in dict.fromkeys(department_ids) if department not in self._entered]
            self._entered.update(new)
        return [task for department in new for task in self._tasks(department, is_top=are_tops)]

    def _tasks(self, department_id: str, *, is_top: bool) -> list[Task]:
        """A top is never in a list of children: its name comes from its details, in a frequent read too."""
        client = self._api
        tasks = [
            self._task(interfaces.LIST_SUB_DEPARTMENTS, partial(self._read_children, department_id), is_top=is_top),
            self._task(interfaces.LIST_USERS, partial(self._read_members, department_id), is_top=is_top),
        ]
        if is_top or self.wanted.mode == "full":
            details = partial(self.land, "departments", partial(client.get_department, department_id))
            tasks.append(self._task(interfaces.GET_DEPARTMENT, partial(then_nothing, details), is_top=is_top))
        return tasks

    def _task(self, interface: str, read: Task, *, is_top: bool) -> Task:
        self.plan(interface)
        return read if is_top else partial(explain_vanished, read, gone_codes=GONE_CODES)

    def _read_children(self, department_id: str) -> list[Task]:
        """The answer lands whole; only the children that are wanted are entered."""
        reply = self.land("departments", partial(self._api.list_sub_departments, department_id))
        children = [(read_department_id(child["dept_id"]), child) for child in reply.content["result"]]
        return self._enter(child_id for child_id, child in children if child_id and self._is_wanted_child(child_id, child))

    def _read_members(self, department_id: str) -> list[Task]:
        for page in self.land_pages("users", interfaces.LIST_USERS, self._api.list_users(department_id), next_cursor):
            with self.lock:
                self._single_users.difference_update(str(user.get("userid")) for user in records_of(page.content["result"]["list"]))
        return []

    def _read_single_users(self) -> None:
        """People the app may see although it sees none of their departments."""
        for user_id in sorted(self._single_users):
            if not is_excluded_user(self, self._api, user_id):
                self.plan(interfaces.GET_USER)
                details = partial(self.land, "users", partial(self._api.get_user, user_id))
                explain_vanished(partial(then_nothing, details), gone_codes=GONE_CODES)

    def _is_wanted_child(self, department_id: str, department: Mapping[str, Any]) -> bool:
        is_linked = is_true(department.get("from_union_org"))
        if is_linked and not self._scope.linked_organizations:
            self._left_out_linked = True
            return False
        return self._is_wanted(department_id)

    def _is_wanted(self, department_id: str) -> bool:
        """Negative ids are family-school trees, which the directory calls refuse (40009)."""
        return not department_id.startswith("-") and department_id not in self._scope.exclude
