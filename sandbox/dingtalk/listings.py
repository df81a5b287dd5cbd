"""Departments' member lists, encoded once and kept until something changes."""

from __future__ import annotations

from sandbox.dingtalk.people import list_fields
from sandbox.dingtalk.tenant import DingTalk
from sandbox.exchange import encode
from sandbox.organization import Membership, Person

MOST_ROWS = 300_000
Key = tuple[int, bool, bool, str]


class Listings:
    def __init__(self, tenant: DingTalk) -> None:
        self.tenant = tenant
        self.kept: dict[Key, list[bytes]] = {}
        self.row_count = 0

    def rows(self, department_id: int, *, simple: bool, with_restricted: bool, order_field: str) -> list[bytes]:
        key = (department_id, simple, with_restricted, order_field)
        rows = self.kept.get(key)
        if rows is None:
            rows = self._encoded(department_id, simple=simple, with_restricted=with_restricted, order_field=order_field)
            self._keep(key, rows)
        return rows

    def _encoded(self, department_id: int, *, simple: bool, with_restricted: bool, order_field: str) -> list[bytes]:
        pairs = self.tenant.organization.sorted_members(department_id)
        pairs = [pair for pair in pairs if with_restricted or not pair[0].restricted]
        if simple:
            return [encode({"userid": person.id, "name": person.name}) for person, _ in _ordered(pairs, order_field)]
        settings = self.tenant.settings
        return [encode(list_fields(person, membership, settings)) for person, membership in _ordered(pairs, order_field)]

    def _keep(self, key: Key, rows: list[bytes]) -> None:
        while self.kept and self.row_count + len(rows) > MOST_ROWS:
            oldest = next(iter(self.kept))
            self.row_count -= len(self.kept.pop(oldest))
        self.kept[key] = rows
        self.row_count += len(rows)


def _ordered(pairs: list[tuple[Person, Membership]], order_field: str) -> list[tuple[Person, Membership]]:
    if order_field == "custom":
        return pairs
    subject, direction = order_field.split("_")

    def place(pair: tuple[Person, Membership]) -> tuple[int, int]:
        person, _ = pair
        return (person.changed_in_step if subject == "modify" else 0, person.number)

    return sorted(pairs, key=place, reverse=direction == "desc")
