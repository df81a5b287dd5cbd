"""Reads a whole DingTalk organization: down the department tree, in parallel, landing every answer as it comes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from orgsync.errors import ConfigurationError, PermissionDeniedError, PlatformBusyError, Refusal, RefusedError
from orgsync.platforms.dingtalk import interfaces
from orgsync.platforms.dingtalk.client import ROOT_ID, DingTalkClient, next_cursor
from orgsync.platforms.dingtalk.codes import GONE_CODES, PLATFORM
from orgsync.platforms.dingtalk.records import is_true, read_department_id, records_of
from orgsync.platforms.ledger import Ledger, ledger_of_read, total
from orgsync.platforms.parallel import Task, run_tasks
from orgsync.platforms.platform import Mode, Reading, Record, Scope
from orgsync.platforms.transport import Reply

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0


def extract(client: DingTalkClient, *, mode: Mode, scope: Scope, record: Record) -> Reading:
    """Complete or an error: the first call that fails for good stops the read."""
    return _Walk(client, mode=mode, scope=scope, record=record).run()


class _Walk:
    """One read. It remembers one id per department, so memory does not grow with the number of people."""

    def __init__(self, client: DingTalkClient, *, mode: Mode, scope: Scope, record: Record) -> None:
        self._client = client
        self._mode = mode
        self._scope = scope
        self._record = record
        self._planned = Ledger()
        self._lock = threading.Lock()
        self._entered: set[str] = set()
        self._single_users: set[str] = set()
        self._left_out_linked = False
        self._progress_at = time.monotonic() + PROGRESS_SECONDS

    def run(self) -> Reading:
        transport = self._client.transport
        before = transport.ledger.counts()
        departments, users = self._read_range()
        count_before = self._count_people()
        tops = tuple(top for top in self._scope.include or departments if self._is_wanted(top))
        # A tenant limited to some departments does not want the people who are in none of them.
        self._single_users = set() if self._scope.include else set(users)
        if not tops and not self._single_users:
            raise ConfigurationError("the tenant's scope leaves no department to read; correct its include and exclude")
        self._walk_down(tops)
        self._read_single_users()
        # Someone may join or leave while we read: fewer people than the smaller count were lost.
        counts = {"users": min(count_before, self._count_people())} if self._is_whole(departments) else {}
        calls, problems = ledger_of_read(before=before, after=transport.ledger.counts(), planned=self._planned.counts())
        return Reading(self._mode, calls, tops, departments, users, counts, problems)

    def _walk_down(self, tops: Iterable[str]) -> None:
        transport = self._client.transport
        try:
            run_tasks(self._enter(tops, are_tops=True), parallel=self._client.parallel, stop=transport.stop, tick=self._report)
        finally:
            transport.resume()

    def _read_range(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        allowed = self._plan_and_land("organization", interfaces.AUTH_SCOPES, self._client.read_scopes).content["auth_org_scopes"]
        departments = tuple(str(department) for department in allowed.get("authed_dept") or ())
        users = tuple(str(user) for user in allowed.get("authed_user") or ())
        if not departments and not users:
            fix = "Set the app's data range (权限管理 → 授权范围), then publish a new version"
            raise PermissionDeniedError(Refusal(PLATFORM, interfaces.AUTH_SCOPES, "an empty range", reason="the app sees nobody", fix=fix))
        return departments, users

    def _count_people(self) -> int:
        return int(self._plan_and_land("organization", interfaces.COUNT_USERS, self._client.count_users).content["result"]["count"])

    def _is_whole(self, range_departments: Collection[str]) -> bool:
        """The platform counts the whole company; a part of it cannot be held against that."""
        is_limited = self._scope.include or self._scope.exclude or self._left_out_linked
        return ROOT_ID in range_departments and not is_limited

    def _enter(self, department_ids: Iterable[str], *, are_tops: bool = False) -> list[Task]:
        """What there is to read about departments just met; one met before (two parents, a cycle) has been entered already."""
        with self._lock:
            new = [department for department in dict.fromkeys(department_ids) if department not in self._entered]
            self._entered.update(new)
        return [task for department in new for task in self._tasks(department, is_top=are_tops)]

    def _tasks(self, department_id: str, *, is_top: bool) -> list[Task]:
        """A top is never in a list of children: its name comes from its details, in a frequent read too."""
        client = self._client
        tasks = [
            self._task(interfaces.LIST_SUB_DEPARTMENTS, partial(self._read_children, department_id), is_top=is_top),
            self._task(interfaces.LIST_USERS, partial(self._read_members, department_id), is_top=is_top),
        ]
        if is_top or self._mode == "full":
            details = partial(self._land, "departments", partial(client.get_department, department_id))
            tasks.append(self._task(interfaces.GET_DEPARTMENT, partial(_then_nothing, details), is_top=is_top))
        return tasks

    def _task(self, interface: str, read: Task, *, is_top: bool) -> Task:
        self._planned.count(interface, "expected")
        return read if is_top else partial(_explain_vanished, read)

    def _read_children(self, department_id: str) -> list[Task]:
        """The answer lands whole; only the children that are wanted are entered."""
        reply = self._land("departments", partial(self._client.list_sub_departments, department_id))
        children = [(read_department_id(child["dept_id"]), child) for child in reply.content["result"]]
        return self._enter(child_id for child_id, child in children if child_id and self._is_wanted_child(child_id, child))

    def _read_members(self, department_id: str) -> list[Task]:
        for page in self._client.list_users(department_id):
            self._record("users", page.answer)
            if next_cursor(page) is not None:
                self._planned.count(interfaces.LIST_USERS, "expected")
            with self._lock:
                self._single_users.difference_update(str(user.get("userid")) for user in records_of(page.content["result"]["list"]))
        return []

    def _read_single_users(self) -> None:
        """People the app may see although it sees none of their departments."""
        for user_id in sorted(self._single_users):
            if not self._is_excluded_user(user_id):
                self._planned.count(interfaces.GET_USER, "expected")
                details = partial(self._land, "users", partial(self._client.get_user, user_id))
                _explain_vanished(partial(_then_nothing, details))

    def _is_excluded_user(self, user_id: str) -> bool:
        if not self._scope.exclude:
            return False
        self._planned.count(interfaces.LIST_PARENTS_OF_USER, "expected")
        chains = records_of(self._client.list_parents_of_user(user_id).content["result"]["parent_list"])
        return any(str(parent) in self._scope.exclude for chain in chains for parent in chain.get("parent_dept_id_list") or ())

    def _is_wanted_child(self, department_id: str, department: Mapping[str, Any]) -> bool:
        is_linked = is_true(department.get("from_union_org"))
        if is_linked and not self._scope.linked_organizations:
            self._left_out_linked = True
            return False
        return self._is_wanted(department_id)

    def _is_wanted(self, department_id: str) -> bool:
        """Negative ids are family-school trees, which the directory calls refuse (40009)."""
        return not department_id.startswith("-") and department_id not in self._scope.exclude

    def _plan_and_land(self, part: str, interface: str, call: Callable[[], Reply]) -> Reply:
        self._planned.count(interface, "expected")
        return self._land(part, call)

    def _land(self, part: str, call: Callable[[], Reply]) -> Reply:
        reply = call()
        self._record(part, reply.answer)
        return reply

    def _report(self, tasks_left: int) -> None:
        if time.monotonic() < self._progress_at:
            return
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        answers = total(self._client.transport.ledger.counts(), "read")
        log.info("%d departments met, %d answers read, %d lists to read", len(self._entered), answers, tasks_left)


def _then_nothing(call: Callable[[], Reply]) -> list[Task]:
    call()
    return []


def _explain_vanished(read: Task) -> Iterable[Task]:
    """What was listed a moment ago and is gone now is nobody's mistake: read again."""
    try:
        return read()
    except RefusedError as error:
        if error.refusal.code not in GONE_CODES:
            raise
        refusal = error.refusal
    fix = "It was removed while the organization was read; the next try reads anew"
    raise PlatformBusyError(Refusal(PLATFORM, refusal.interface, refusal.code, refusal.request_id, refusal.reason, fix))
