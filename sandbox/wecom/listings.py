"""Rows of people as one secret sees them, encoded once and kept until something changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox.exchange import encode
from sandbox.organization import Organization, Person
from sandbox.wecom.people import list_fields, simple_fields
from sandbox.wecom.settings import WeComSettings
from sandbox.wecom.tenant import WeCom
from sandbox.wecom.tokens import Holder
from sandbox.wecom.visibility import Scope, scopes, subtree

MOST_ROWS = 300_000


class Listings:
    """A person's row is the same in every department."""

    def __init__(self, scope: Scope, settings: WeComSettings) -> None:
        self.scope, self.settings = scope, settings
        self.kept: dict[str, bytes] = {}

    def rows(self, people: Iterable[Person]) -> list[bytes]:
        return [self.kept.get(person.id) or self._keep(person) for person in people]

    def simple_rows(self, people: Iterable[Person]) -> list[bytes]:
        return [encode(simple_fields(person, self.scope)) for person in people]

    def _keep(self, person: Person) -> bytes:
        if len(self.kept) >= MOST_ROWS:
            del self.kept[next(iter(self.kept))]
        row = self.kept[person.id] = encode(list_fields(person, self.scope, self.settings))
        return row


def listings(tenant: WeCom) -> dict[Holder, Listings]:
    return {holder: Listings(scope, tenant.settings) for holder, scope in tenant.once(scopes).items()}


def members(organization: Organization, department_id: int, *, with_children: bool) -> list[Person]:
    """Each person once, in the order of the directory."""
    if not with_children:
        return [person for person, _ in organization.sorted_members(department_id)]
    return list({person.id: person for person in _members_below(organization, department_id)}.values())


def _members_below(organization: Organization, department_id: int) -> Iterator[Person]:
    for department in subtree(organization, [department_id]):
        yield from (person for person, _ in organization.sorted_members(department.id))


def id_rows(tenant: WeCom) -> list[bytes]:
    """One for each person and department."""
    return [
        encode({"userid": person.id, "department": department_id})
        for person in tenant.organization.people.values()
        for department_id in person.department_ids
    ]


def enlist_by_piece(name: str, pieces: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """As `enlist` does, piece by piece."""
    start = b'{"%s":[' % name.encode()
    for piece in pieces:
        yield start + b",".join(piece)
        start = b","
    yield b"]}"


def enlist(name: str, rows: Iterable[bytes]) -> bytes:
    return b'{"%s":[%s]}' % (name.encode(), b",".join(rows))
