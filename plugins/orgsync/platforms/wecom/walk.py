"""What WeCom's ways of reading do alike: land the departments with the tenant's scope beside them, list ids, go on after a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from orgsync.errors import ConfigurationError, PermissionDeniedError, Refusal
from orgsync.platforms.platform import Answer, Record, Wanted
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.reading.walk import Walk
from orgsync.platforms.speaking.transport import Reply
from orgsync.platforms.wecom.client import NOTHING, ROOT_ID, WeComClient
from orgsync.platforms.wecom.codes import PLATFORM
from orgsync.platforms.wecom.interfaces import LIST_DEPARTMENTS, LIST_USER_IDS
from orgsync.platforms.wecom.tree import Tree


class WeComWalk(Walk):
    """One read under way, handed from the choice of a way to the way that was chosen."""

    root_id = ROOT_ID

    def __init__(self, client: WeComClient, wanted: Wanted, record: Record) -> None:
        super().__init__(client, wanted, record)
        self.api = client
        self.scope = wanted.scope

    @property
    def is_limited(self) -> bool:
        return bool(self.scope.include or self.scope.exclude)

    def record_departments(self, answer: Answer) -> None:
        """An answer holds all departments, wanted or not: the scope lands beside it, so that tidying cuts out the same part."""
        scope = {"include": list(self.scope.include), "exclude": list(self.scope.exclude)} if self.is_limited else {}
        self.record("departments", replace(answer, params={**answer.params, **scope}))

    def land_departments(self) -> Tree:
        """What the app sees, with names and leaders."""
        self.plan(LIST_DEPARTMENTS)
        reply = self.api.list_departments()
        self.record_departments(reply.answer)
        return Tree.of(records_of(reply.content["department"]))

    def land_if_answered(self, part: str, interface: str, call: Callable[[], Reply]) -> Reply:
        """A call that may be refused is expected once it has answered: what its refusal leads to is planned instead."""
        reply = call()
        self.plan(interface)
        self.record(part, reply.answer)
        return reply

    def land_user_ids(self, part: str, *, tolerated: frozenset[str] = NOTHING) -> Iterator[tuple[str, str]]:
        """Each person of the company with each department, as pages come."""
        for page in self.api.list_user_ids(tolerated=tolerated):
            self.plan(LIST_USER_IDS)
            self.record(part, page.answer)
            yield from ((str(row["userid"]), str(row["department"])) for row in page.content["dept_user"])

    def select(self, tree: Tree, *, has_people: bool = False) -> frozenset[str]:
        """The departments the tenant wants. None at all is an error, unless there are people outside all departments."""
        unknown = [department for department in self.scope.include if department not in tree.parents]
        if unknown:
            names = ", ".join(map(repr, unknown))
            raise ConfigurationError(f"the tenant's scope includes department {names}, which is not to be seen; correct its include")
        wanted = tree.select(include=self.scope.include, exclude=self.scope.exclude)
        if not tree.parents and not has_people:
            fix = "Set the app's 可见范围 (应用管理 → app)"
            raise PermissionDeniedError(Refusal(PLATFORM, LIST_DEPARTMENTS, "an empty range", reason="the app sees nobody", fix=fix))
        if not wanted and not has_people:
            raise ConfigurationError("the tenant's scope leaves no department to read; correct its include and exclude")
        return wanted


def user_ids_of(records: Iterable[Any]) -> list[str]:
    return [str(record["userid"]) for record in records_of(list(records)) if record.get("userid")]
