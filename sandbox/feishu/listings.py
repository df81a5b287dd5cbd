"""Rows of departments' children and members, encoded once and kept until something changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.exchange import encode
from sandbox.feishu.parameters import IdTypes
from sandbox.feishu.people import user_fields
from sandbox.feishu.structure import department_fields, display_place
from sandbox.feishu.tenant import Feishu
from sandbox.organization import Department, Person

MOST_ROWS = 300_000
Key = tuple[str, int, IdTypes]


class Listings:
    def __init__(self, tenant: Feishu) -> None:
        self.tenant = tenant
        self.kept: dict[Key, list[bytes]] = {}
        self.row_count = 0

    def members(self, department_id: int, types: IdTypes) -> list[bytes]:
        def encoded() -> list[bytes]:
            return [self.user(person, types) for person, _ in self.tenant.organization.sorted_members(department_id)]

        return self._rows(("members", department_id, types), encoded)

    def children(self, department_id: int, types: IdTypes) -> list[bytes]:
        return self._rows(
            ("children", department_id, types),
            lambda: [self.department(child, types) for child in sorted_children(self.tenant, department_id)],
        )

    def subtree(self, department_id: int, types: IdTypes) -> list[bytes]:
        return self._rows(
            ("subtree", department_id, types),
            lambda: [self.department(one, types) for one in descendants(self.tenant, department_id)],
        )

    def user(self, person: Person, types: IdTypes) -> bytes:
        return encode(user_fields(self.tenant, person, types))

    def department(self, department: Department, types: IdTypes) -> bytes:
        return encode(department_fields(self.tenant, department, types))

    def _rows(self, key: Key, encoded: Callable[[], list[bytes]]) -> list[bytes]:
        rows = self.kept.get(key)
        if rows is None:
            rows = encoded()
            self._keep(key, rows)
        return rows

    def _keep(self, key: Key, rows: list[bytes]) -> None:
        while self.kept and self.row_count + len(rows) > MOST_ROWS:
            oldest = next(iter(self.kept))
            self.row_count -= len(self.kept.pop(oldest))
        self.kept[key] = rows
        self.row_count += len(rows)


def sorted_children(tenant: Feishu, department_id: int) -> list[Department]:
    organization = tenant.organization
    return sorted((organization.departments[child] for child in organization.children[department_id]), key=display_place)


def descendants(tenant: Feishu, department_id: int) -> Iterator[Department]:
    """All below, each before its own children."""
    for child in sorted_children(tenant, department_id):
        yield child
        yield from descendants(tenant, child.id)
