"""Reads a whole Feishu organization: its tree, and each department's members as soon as it is met, landing every answer as it comes."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

from orgsync.errors import ConfigurationError, PermissionDeniedError, PlatformBusyError, Refusal, RefusedError
from orgsync.platforms.feishu import interfaces
from orgsync.platforms.feishu.client import PAGE_SIZE, ROOT_ID, FeishuClient, in_batches, next_cursor
from orgsync.platforms.feishu.codes import GONE_CODES, KEY_BY_OPEN_ID, PLATFORM, PUBLISH, TOO_LARGE, USER_ID_SCOPE
from orgsync.platforms.feishu.records import is_deleted, items_of, read_id
from orgsync.platforms.platform import Reading, Record, Scope, Wanted
from orgsync.platforms.reading.records import Record as RawRecord
from orgsync.platforms.reading.records import read_count
from orgsync.platforms.reading.walk import Walk, explain_vanished
from orgsync.platforms.speaking.parallel import Task
from orgsync.platforms.speaking.transport import Reply

log = logging.getLogger(__name__)

_RANGE = f"Set the app's contacts range (权限管理 → 可访问的数据范围 → 配置), {PUBLISH}"
_NOTHING_LEFT = "the tenant's scope leaves no department to read; correct its include and exclude"
_REREAD = "It was removed while the organization was read; the next try reads anew"


def extract(client: FeishuClient, wanted: Wanted, record: Record) -> Reading:
    """Complete or an error: the first call that fails for good stops the read."""
    check_scope(wanted.scope)
    return _FeishuWalk(client, wanted, record).run()


def read_range(walk: Walk, client: FeishuClient, user_key: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The departments and the people of the app's range. None at all is an error."""
    departments, users, groups = [], [], 0
    walk.plan(interfaces.LIST_RANGE)
    for page in walk.land_pages("organization", interfaces.LIST_RANGE, client.list_range(user_key=user_key), next_cursor):
        data = page.content["data"]
        departments += [str(department) for department in data.get("department_ids", [])]
        users += [str(user) for user in data.get("user_ids", [])]
        groups += len(data.get("group_ids", []))
    if groups:
        log.warning("the app's range has %d user groups; who is visible only through one of them is not read", groups)
    if not departments and not users:
        raise _sees_nobody(interfaces.LIST_RANGE)
    return tuple(dict.fromkeys(departments)), tuple(dict.fromkeys(users))


def refuse_unkeyed(interface: str) -> None:
    """Without the permission for it, Feishu leaves `user_id` out of every record, without a word; `open_id` is always there."""
    fix = f"Grant {USER_ID_SCOPE} (获取用户 user ID) under 权限管理, {PUBLISH}. Or {KEY_BY_OPEN_ID}"
    raise PermissionDeniedError(Refusal(PLATFORM, interface, "no user_id", reason="people come without user_id", fix=fix))


class _FeishuWalk(Walk):
    """One read. It remembers one id and one parent per department, so memory does not grow with the number of people."""

    root_id = ROOT_ID

    def __init__(self, client: FeishuClient, wanted: Wanted, record: Record) -> None:
        super().__init__(client, wanted, record)
        self._api = client
        self._scope = wanted.scope
        self._user_key = wanted.user_key or interfaces.USER_KEYS[0]
        self._parents: dict[str, str | None] = {}
        self._entered: set[str] = set()
        self._just_met: list[str] = []
        self._single_users: set[str] = set()
        self._people = 0
        self._people_with_key = 0

    def run(self) -> Reading:
        root = self._read_root("departments")
        departments, users = ((ROOT_ID,), ()) if root else read_range(self, self._api, self._user_key)
        tops = tuple(top for top in self._scope.include or departments if top not in self._scope.exclude)
        # A tenant limited to some departments does not want the people who are in none of them.
        self._single_users = set() if self._scope.include else set(users)
        if not tops and not self._single_users:
            raise ConfigurationError(_NOTHING_LEFT)
        self._read_tree(tops, root)
        wanted = self._wanted_departments()
        if not wanted and not self._single_users:
            raise ConfigurationError(_NOTHING_LEFT)
        if self._scope.exclude:
            self.run_parallel(self._members_of(wanted))
        self._read_single_users(wanted)
        self._refuse_if_unkeyed()
        return self.finish(
            method="all staff" if root else "the departments of the range",
            tops=(top for top in tops if not self._is_left_out(top)),
            visible_departments=departments,
            visible_users=users,
            platform_counts=self._count_people(root),
        )

    def _read_root(self, part: str) -> Reply | None:
        """Only an app whose range is all staff may read it: so it also answers what the range is."""
        reply = self._api.get_root(user_key=self._user_key)
        return self.plan_and_land(part, interfaces.GET_DEPARTMENT, partial(_given, reply)) if reply else None

    def _read_tree(self, tops: Collection[str], root: Reply | None) -> None:
        """Tops are in no list of children: each is read itself."""
        if ROOT_ID in tops:
            if root is None:
                reason = "the tenant's scope includes the root, and the app's range is not all staff"
                raise PermissionDeniedError(Refusal(PLATFORM, interfaces.GET_DEPARTMENT, "40004", reason=reason, fix=_RANGE))
            self._parents[ROOT_ID] = None
            self._just_met.append(ROOT_ID)
        for department_ids in in_batches([top for top in tops if top != ROOT_ID]):
            self._read_tops(department_ids)
        self.run_parallel([*self._enter(tops), *self._members_of_just_met()])

    def _read_tops(self, department_ids: Sequence[str]) -> None:
        """Feishu leaves out of a batch what it does not know, and says nothing."""
        ask = partial(self._api.get_departments, department_ids, user_key=self._user_key)
        found = self._meet(items_of(self.plan_and_land("departments", interfaces.BATCH_DEPARTMENTS, ask).content))
        missing = [department for department in department_ids if department not in found]
        if not missing:
            return
        reason = f"{len(missing)} departments are not in the answer: {', '.join(missing[:5])}"
        if self._scope.include:
            fix = "Correct scope in the tenants file; the app's range must hold these departments"
            raise RefusedError(Refusal(PLATFORM, interfaces.BATCH_DEPARTMENTS, "no such department", reason=reason, fix=fix))
        raise PlatformBusyError(Refusal(PLATFORM, interfaces.BATCH_DEPARTMENTS, "no such department", reason=reason, fix=_REREAD))

    def _meet(self, departments: Iterable[RawRecord]) -> list[str]:
        """Remember the departments of an answer that exist, and where they say they are."""
        there = {str(each["open_department_id"]): read_id(each.get("parent_department_id")) for each in departments if not is_deleted(each)}
        with self.lock:
            new = {department: parent for department, parent in there.items() if department not in self._parents}
            self._parents.update(new)
            self._just_met.extend(new)
        return list(there)

    def _enter(self, department_ids: Iterable[str]) -> list[Task]:
        """Lists still to be read; one met before (two parents, a cycle) has been entered already."""
        with self.lock:
            left = [each for each in dict.fromkeys(department_ids) if each not in self._entered and each not in self._scope.exclude]
            self._entered.update(left)
        return [partial(explain_vanished, partial(self._read_below, each), gone_codes=GONE_CODES) for each in left]

    def _read_below(self, department_id: str) -> list[Task]:
        """All below a department in one list; where Feishu refuses that as too much, its children, and then what is below each."""
        try:
            return self._read_page(self._list_children(department_id, whole_subtree=True))
        except RefusedError as error:
            if error.refusal.code != TOO_LARGE:
                raise
        children: list[str] = []
        for page in self._list_children(department_id, whole_subtree=False):
            children += self._meet(items_of(page.content))
        return [*self._enter(children), *self._members_of_just_met()]

    def _read_page(self, pages: Iterator[Reply]) -> list[Task]:
        """The page after it stands before the members of its departments: these are many, and the list must not wait for them."""
        page = next(pages, None)
        if page is None:
            return []
        self._meet(items_of(page.content))
        further = partial(explain_vanished, partial(self._read_page, pages), gone_codes=GONE_CODES)
        return [further, *self._members_of_just_met()]

    def _members_of_just_met(self) -> list[Task]:
        """None yet where something is excluded: which departments are below it is known once the tree is whole."""
        with self.lock:
            new, self._just_met = self._just_met, []
        return [] if self._scope.exclude else self._members_of(new)

    def _members_of(self, department_ids: Iterable[str]) -> list[Task]:
        return [self._task(interfaces.LIST_USERS, partial(self._read_members, department)) for department in department_ids]

    def _list_children(self, department_id: str, *, whole_subtree: bool) -> Iterator[Reply]:
        return self._land_list(self._api.list_children(department_id, whole_subtree=whole_subtree, user_key=self._user_key))

    def _land_list(self, pages: Iterator[Reply]) -> Iterator[Reply]:
        """A list that may be refused is planned when its first page is there."""
        first = next(pages)
        self.plan(interfaces.LIST_CHILDREN)
        return self.land_pages("departments", interfaces.LIST_CHILDREN, chain((first,), pages), next_cursor)

    def _wanted_departments(self) -> list[str]:
        below = [department for department in self._parents if department != ROOT_ID and department not in self._scope.include]
        if self._scope.exclude and below and not any(self._parents[department] for department in below):
            reason = "departments come without the one above them, so what is below an excluded one cannot be told"
            fix = f"Grant contact:department.organize:readonly under 权限管理, {PUBLISH}"
            raise PermissionDeniedError(Refusal(PLATFORM, interfaces.LIST_CHILDREN, "no parent_department_id", reason=reason, fix=fix))
        return [department for department in self._parents if not self._is_left_out(department)]

    def _is_left_out(self, department_id: str) -> bool:
        """Whether it or one above it is excluded; what is included is wanted wherever it is."""
        seen: set[str] = set()
        above: str | None = department_id
        while above is not None and above not in self._scope.include and above not in seen:
            if above in self._scope.exclude:
                return True
            seen.add(above)
            above = self._parents.get(above)
        return False

    def _task(self, interface: str, read: Task) -> Task:
        self.plan(interface)
        return partial(explain_vanished, read, gone_codes=GONE_CODES)

    def _read_members(self, department_id: str) -> list[Task]:
        pages = self._api.list_users(department_id, user_key=self._user_key)
        for page in self.land_pages("users", interfaces.LIST_USERS, pages, next_cursor):
            self._note_people(items_of(page.content))
        return []

    def _note_people(self, people: Sequence[RawRecord]) -> set[str]:
        keys = {key for person in people if (key := read_id(person.get(self._user_key)))}
        with self.lock:
            self._people += len(people)
            self._people_with_key += len(keys)
            self._single_users -= keys
        if self._people >= PAGE_SIZE:
            self._refuse_if_unkeyed()
        return keys

    def _refuse_if_unkeyed(self) -> None:
        if self._user_key == "user_id" and self._people > 0 and self._people_with_key == 0:
            refuse_unkeyed(interfaces.LIST_USERS)

    def _read_single_users(self, wanted: Collection[str]) -> None:
        """People the app may see although it sees none of their departments."""
        left = sorted(self._single_users)
        if self._scope.exclude:
            left = self._without_excluded(left, wanted)
        for user_ids in in_batches(left):
            ask = partial(self._api.get_users, user_ids, user_key=self._user_key)
            found = self._note_people(items_of(self.plan_and_land("users", interfaces.BATCH_USERS, ask).content))
            self._refuse_if_unkeyed()
            if missing := len(set(user_ids) - found):
                fix = f"{_REREAD}; if it stays, take those who have left off the app's contacts range"
                reason = f"{missing} of the people whom the range names are not in the answer"
                raise PlatformBusyError(Refusal(PLATFORM, interfaces.BATCH_USERS, "no such user", reason=reason, fix=fix))

    def _without_excluded(self, user_ids: Sequence[str], wanted: Collection[str]) -> list[str]:
        """Asked once more than needed, so that nobody lands who is not wanted."""
        left_out = set(self._scope.exclude) | self._parents.keys() - set(wanted)
        excluded: set[str] = set()
        for batch in in_batches(user_ids):
            self.plan(interfaces.BATCH_USERS)
            people = items_of(self._api.get_users(batch, user_key=self._user_key).content)
            excluded.update(str(person.get(self._user_key)) for person in people if left_out & set(person.get("department_ids") or ()))
        return [user_id for user_id in user_ids if user_id not in excluded]

    def _count_people(self, root: Reply | None) -> dict[str, int]:
        """The platform counts the whole company; a part of it cannot be held against that."""
        if root is None or self._scope.include or self._scope.exclude:
            return {}
        if self._people == 0:
            # Seen of an app whose range was never set: no error, and every list is empty.
            raise _sees_nobody(interfaces.LIST_USERS)
        before = _member_count(root)
        after = _member_count(self._read_root("organization")) if before is not None else None
        # Someone may join or leave while we read: fewer people than the smaller count were lost.
        return {} if before is None or after is None else {"users": min(before, after)}


def check_scope(scope: Scope) -> None:
    """An id of another kind would exclude nothing, and nobody would notice."""
    wrong = [each for each in (*scope.include, *scope.exclude) if each != ROOT_ID and not each.startswith("od-")]
    if wrong:
        raise ConfigurationError(f"department {wrong[0]!r} in the tenant's scope is no open_department_id; these begin with od-")


def _member_count(root: Reply | None) -> int | None:
    """Absent without the scope contact:department.organize:readonly."""
    return read_count(root.content["data"]["department"].get("member_count")) if root else None


def _sees_nobody(interface: str) -> PermissionDeniedError:
    return PermissionDeniedError(Refusal(PLATFORM, interface, "an empty range", reason="the app sees nobody", fix=_RANGE))


def _given(reply: Reply) -> Reply:
    """An answer that was there before it was planned: it could have been a refusal that says something."""
    return reply
