"""WeCom's departments by name, from the one answer that has them all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from orgsync.errors import ConfigurationError
from orgsync.platforms.platform import Wanted
from orgsync.platforms.reading.locating import NamedDepartment
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.wecom.client import WeComClient
from orgsync.platforms.wecom.records import read_department_id
from orgsync.platforms.wecom.tree import Tree


class NamedTree:
    """What the app sees. Raises ConfigurationError without an app's secret, for that of 通讯录同步 tells no names."""

    gone_codes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, client: WeComClient, wanted: Wanted) -> None:  # noqa: ARG002 - all that is seen is named, whatever is wanted
        self._client = client

    def list_tops(self) -> Iterator[NamedDepartment]:
        tree, names = self._tree
        return (NamedDepartment(top, names[top]) for top in tree.tops(tree.parents))

    def list_children(self, department_id: str) -> Iterator[NamedDepartment]:
        tree, names = self._tree
        return (NamedDepartment(child, names[child]) for child in tree.children.get(department_id, ()))

    @cached_property
    def _tree(self) -> tuple[Tree, dict[str, str]]:
        if not self._client.has_app:
            raise ConfigurationError(
                "the scope names departments by path, and without an app's secret they come without names; "
                "fill in password of the connection, or name departments by id (include, exclude)"
            )
        records = records_of(self._client.list_departments().content["department"])
        named = ((read_department_id(record.get("id")), str(record.get("name") or "")) for record in records)
        return Tree.of(records), {department: name for department, name in named if department is not None}
