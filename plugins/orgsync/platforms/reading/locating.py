"""From the paths in a tenant's scope to ids: down the tree as far as they lead, and no further. Nothing of it lands."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from typing import ClassVar, Protocol

from orgsync.errors import ConfigurationError
from orgsync.platforms.paths import SEPARATOR, DepartmentPath, States
from orgsync.platforms.platform import Scope
from orgsync.platforms.reading.records import is_damaged
from orgsync.platforms.reading.walk import explain_vanished
from orgsync.platforms.speaking.parallel import Task, run_tasks
from orgsync.platforms.speaking.transport import Transport
from orgsync.words import Words

log = logging.getLogger(__name__)

_MOST_NAMED = 5


@dataclass(frozen=True)
class NamedDepartment:
    """`name` is empty where it is not to be seen."""

    id: str
    name: str


class Tree(Protocol):
    """A platform's departments by name, a level at a time: the tops that the app sees, and the children of one."""

    gone_codes: ClassVar[frozenset[str]]

    def list_tops(self) -> Iterable[NamedDepartment]: ...

    def list_children(self, department_id: str) -> Iterable[NamedDepartment]: ...


class Client(Protocol):
    transport: Transport
    parallel: int


def locate(client: Client, tree: Tree, scope: Scope) -> Scope:
    """The same scope by ids alone.

    Raises ConfigurationError where plain names lead to no department: what was excluded by its name and has another one now would be read,
    and what was included would be taken for gone. An exclusion with `*` may lead nowhere; but not past a department whose name is not to be
    seen, for that may be the one.
    """
    if not scope.has_paths:
        return scope
    search = _Search(tree, scope)
    try:
        tops = partial(explain_vanished, search.enter_tops, gone_codes=tree.gone_codes)
        run_tasks([tops], parallel=client.parallel, stop=client.transport.stop, tick=lambda _: None)
    finally:
        client.transport.resume()
    return search.settle()


Standing = Mapping[DepartmentPath, States]


@dataclass
class _Search:
    """`names` are those seen below each way, to tell what is there in place of what was looked for."""

    tree: Tree
    scope: Scope
    found: dict[DepartmentPath, list[str]] = field(default_factory=dict)
    names: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.included = [DepartmentPath(text) for text in dict.fromkeys(self.scope.include_paths)]
        self.excluded = [DepartmentPath(text) for text in dict.fromkeys(self.scope.exclude_paths)]
        self.found |= {path: [] for path in (*self.included, *self.excluded)}

    def enter_tops(self) -> list[Task]:
        return self._enter(self.tree.list_tops(), (), {path: path.start for path in self.found})

    def settle(self) -> Scope:
        for path, ids in self.found.items():
            if not ids and not path.is_pattern:
                raise ConfigurationError(self._tell_missing(path))
            log.info("%s leads to %d departments%s", path.text, len(ids), f": {', '.join(ids[:_MOST_NAMED])}" if ids else "")
        include = (*self.scope.include, *self._ids_of(self.included))
        if self.included and not include:
            raise ConfigurationError(_NOTHING)
        exclude = (*self.scope.exclude, *self._ids_of(self.excluded))
        return replace(
            self.scope,
            include=tuple(dict.fromkeys(include)),
            exclude=tuple(dict.fromkeys(exclude)),
            include_paths=(),
            exclude_paths=(),
        )

    def _ids_of(self, paths: Iterable[DepartmentPath]) -> list[str]:
        return sorted({department for path in paths for department in self.found[path]})

    def _enter(self, departments: Iterable[NamedDepartment], way: tuple[str, ...], standing: Standing) -> list[Task]:
        """What there is to look into further; a department that is met again (two parents, a cycle) was entered already."""
        tasks: list[Task] = []
        may_be_excluded = any(path in self.excluded for path in standing)
        for department in departments:
            if may_be_excluded and (not department.name.strip() or is_damaged(department.name)):
                raise ConfigurationError(_NAMELESS.fill(id=department.id, above=SEPARATOR.join(way) or "-"))
            with self.lock:
                self.names.setdefault(way, []).append(department.name)
                is_new = department.id not in self.entered
                self.entered.add(department.id)
            after = {path: path.follow(states, department.name) for path, states in standing.items()}
            left = self._note(department, after)
            if is_new and left:
                look = partial(self._look_below, department.id, (*way, department.name.strip()), left)
                tasks.append(partial(explain_vanished, look, gone_codes=self.tree.gone_codes))
        return tasks

    def _look_below(self, department_id: str, way: tuple[str, ...], standing: Standing) -> list[Task]:
        with self.lock:
            self.names.setdefault(way, [])
        return self._enter(self.tree.list_children(department_id), way, standing)

    def _note(self, department: NamedDepartment, standing: Standing) -> Standing:
        """The paths that lead further down. Below what is excluded, nothing more needs to be found to be excluded."""
        at_end = [path for path, states in standing.items() if path.is_at_end(states)]
        with self.lock:
            for path in at_end:
                self.found[path].append(department.id)
        is_out = department.id in self.scope.exclude or any(path in self.excluded for path in at_end)
        done = {path for path in self.excluded if path.is_pattern} if is_out else set()
        return {path: states for path, states in standing.items() if path.leads_on(states) and path not in done}

    def _tell_missing(self, path: DepartmentPath) -> str:
        """With what is there in place of the first name that leads nowhere."""
        ways = (path.steps[:count] for count in range(len(path.steps), 0, -1))
        known = next((way for way in ways if way in self.names), ())
        wanted, there = "".join(path.steps[len(known) : len(known) + 1]), sorted(set(self.names.get(known, ())))
        named = get_close_matches(wanted, there, n=_MOST_NAMED, cutoff=0.5) or there[:_MOST_NAMED]
        missing = _MISSING_BELOW if known else _MISSING_AT_TOP
        seen = ", ".join(map(repr, named)) + ("" if len(there) == len(named) else ", …")
        return missing.fill(key=self._key(path), path=path.text, above=SEPARATOR.join(known), seen=seen or _NONE)

    def _key(self, path: DepartmentPath) -> str:
        return "include_paths" if path in self.included else "exclude_paths"


_MISSING_AT_TOP = Words(
    "{path!r} of the scope's {key} leads to no department: at the top the app sees {seen}; correct it in the tenants file",
    "scope 的 {key} 中的 {path!r} 找不到部门：应用可见的顶级部门为 {seen}；请在租户配置文件中改正",
)
_MISSING_BELOW = Words(
    "{path!r} of the scope's {key} leads to no department: below {above!r} the app sees {seen}; correct it in the tenants file",
    "scope 的 {key} 中的 {path!r} 找不到部门：{above!r} 之下应用可见 {seen}；请在租户配置文件中改正",
)
_NOTHING = Words(
    "none of the scope's include_paths leads to a department; correct them in the tenants file",
    "scope 的 include_paths 均找不到部门；请在租户配置文件中改正",
)
_NAMELESS = Words(
    "department {id} (below {above!r}) comes without its name, so that nobody can tell whether exclude_paths means it; "
    "let the app see the names of departments, or exclude by id",
    "部门 {id}（在 {above!r} 之下）没有名称，无法判断 exclude_paths 是否指它；请让应用能读取部门名称，或按 id 排除",
)
_NONE = Words("nothing", "没有部门")
