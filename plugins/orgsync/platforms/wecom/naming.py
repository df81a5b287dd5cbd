"""WeCom's departments by name, from the answer that has all that the app sees."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from orgsync.errors import ConfigurationError, PermissionDeniedError
from orgsync.platforms.platform import Wanted
from orgsync.platforms.reading.locating import NamedDepartment
from orgsync.platforms.reading.records import Record, records_of
from orgsync.platforms.wecom.client import NOTHING, WeComClient
from orgsync.platforms.wecom.codes import WRONG_SECRET_CODES
from orgsync.platforms.wecom.records import read_department_id
from orgsync.platforms.wecom.tree import Tree
from orgsync.words import Words


class NamedTree:
    """What the app sees; and, where a read may go by ids, the rest of the company without names.

    Raises ConfigurationError without an app's secret, for that of 通讯录同步 tells no names.
    """

    gone_codes: ClassVar[frozenset[str]] = NOTHING

    def __init__(self, client: WeComClient, wanted: Wanted) -> None:  # noqa: ARG002 - all that is seen is named, whatever is wanted
        self._client = client

    def list_tops(self) -> Iterator[NamedDepartment]:
        return map(self._name, self._tree.tops(self._tree.parents))

    def list_children(self, department_id: str) -> Iterator[NamedDepartment]:
        return map(self._name, self._tree.children.get(department_id, ()))

    def _name(self, department_id: str) -> NamedDepartment:
        return NamedDepartment(department_id, self._names.get(department_id, ""))

    @cached_property
    def _visible(self) -> list[Record]:
        if not self._client.has_app:
            raise ConfigurationError(_NO_NAMES)
        return records_of(self._client.list_departments().content["department"])

    @cached_property
    def _names(self) -> dict[str, str]:
        named = ((read_department_id(record.get("id")), str(record.get("name") or "")) for record in self._visible)
        return {department: name for department, name in named if department is not None}

    @cached_property
    def _tree(self) -> Tree:
        visible = Tree.of(self._visible)
        if not self._client.has_contact or self._client.read_by not in ("auto", "ids"):
            return visible
        try:
            reply = self._client.list_department_ids("contact", tolerated=WRONG_SECRET_CODES)
        except PermissionDeniedError as error:
            if error.refusal.code not in WRONG_SECRET_CODES:
                raise
            return visible
        return Tree.of(records_of(reply.content["department_id"]))


_NO_NAMES = Words(
    "the scope names departments by path, and without an app's secret they come without names; "
    "fill in password of the connection, or name departments by id (include, exclude)",
    "scope 按路径指定部门，而没有应用的 Secret 就读不到部门名称；请填写连接的 password，或按 id 指定部门（include、exclude）",
)
