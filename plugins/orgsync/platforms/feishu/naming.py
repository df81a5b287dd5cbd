"""Feishu's departments by name, a level at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from orgsync.platforms.feishu.client import ROOT_ID, FeishuClient, in_batches
from orgsync.platforms.feishu.codes import GONE_CODES
from orgsync.platforms.feishu.interfaces import USER_KEYS
from orgsync.platforms.feishu.records import is_deleted, items_of, read_id
from orgsync.platforms.platform import Wanted
from orgsync.platforms.reading.locating import NamedDepartment
from orgsync.platforms.reading.records import Record


class NamedTree:
    """The company itself is the top of an app that sees all; else the departments of its range are tops."""

    gone_codes: ClassVar[frozenset[str]] = GONE_CODES

    def __init__(self, client: FeishuClient, wanted: Wanted) -> None:
        self._client = client
        self._user_key = wanted.user_key or USER_KEYS[0]

    def list_tops(self) -> Iterator[NamedDepartment]:
        root = self._client.get_root(user_key=self._user_key)
        if root is not None:
            yield NamedDepartment(ROOT_ID, str(root.content["data"]["department"].get("name") or ""))
            return
        pages = self._client.list_range(user_key=self._user_key)
        ids = [str(department) for page in pages for department in page.content["data"].get("department_ids", [])]
        for some in in_batches(list(dict.fromkeys(ids))):
            yield from _name(items_of(self._client.get_departments(some, user_key=self._user_key).content))

    def list_children(self, department_id: str) -> Iterator[NamedDepartment]:
        for page in self._client.list_children(department_id, whole_subtree=False, user_key=self._user_key):
            yield from _name(items_of(page.content))


def _name(departments: Iterable[Record]) -> Iterator[NamedDepartment]:
    for department in departments:
        department_id = read_id(department.get("open_department_id"))
        if department_id and not is_deleted(department):
            yield NamedDepartment(department_id, str(department.get("name") or ""))
