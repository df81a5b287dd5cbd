"""DingTalk's departments by name, a level at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.dingtalk.codes import GONE_CODES
from orgsync.platforms.dingtalk.records import read_department_id
from orgsync.platforms.platform import Wanted
from orgsync.platforms.reading.locating import NamedDepartment
from orgsync.platforms.reading.records import is_true, records_of


class NamedTree:
    """As a read would walk it: without family-school trees (negative ids), and without linked organizations unless they are wanted."""

    gone_codes: ClassVar[frozenset[str]] = GONE_CODES

    def __init__(self, client: DingTalkClient, wanted: Wanted) -> None:
        self._client = client
        self._has_linked = wanted.scope.linked_organizations

    def list_tops(self) -> Iterator[NamedDepartment]:
        for top in map(str, self._client.read_scopes().content["auth_org_scopes"].get("authed_dept") or ()):
            if not top.startswith("-"):
                yield NamedDepartment(top, str(self._client.get_department(top).content["result"].get("name") or ""))

    def list_children(self, department_id: str) -> Iterator[NamedDepartment]:
        for child in records_of(self._client.list_sub_departments(department_id).content["result"]):
            child_id = read_department_id(child.get("dept_id"))
            if child_id and not child_id.startswith("-") and (self._has_linked or not is_true(child.get("from_union_org"))):
                yield NamedDepartment(child_id, str(child.get("name") or ""))
