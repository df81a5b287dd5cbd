"""What a secret sees: the app its visible range, the contact-sync secret the whole corp."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass

from sandbox.organization import ROOT, Department, Membership, Organization, Person
from sandbox.wecom.refusals import OUT_OF_RANGE, UNKNOWN_DEPARTMENT, UNKNOWN_USER, RefusalError
from sandbox.wecom.settings import PRIVATE_FIELDS
from sandbox.wecom.tenant import WeCom
from sandbox.wecom.tokens import Holder


@dataclass(frozen=True)
class Scope:
    organization: Organization
    department_ids: Set[int]
    user_ids: Set[str]
    private_fields: Collection[str]

    def departments(self) -> Iterator[Department]:
        """All that are seen, each after its parent."""
        return (one for one in subtree(self.organization, [ROOT]) if one.id in self.department_ids)

    def people(self) -> Iterator[Person]:
        return (person for person in self.organization.people.values() if person.id in self.user_ids)

    def department(self, department_id: int) -> Department:
        department = self.organization.departments.get(department_id)
        if department is None:
            raise RefusalError(UNKNOWN_DEPARTMENT)
        if department_id not in self.department_ids:
            raise RefusalError(OUT_OF_RANGE)
        return department

    def person(self, user_id: str | None) -> Person:
        """Who is out of range is not told from who does not exist."""
        if user_id is None or user_id not in self.user_ids:
            raise RefusalError(UNKNOWN_USER)
        return self.organization.people[user_id]

    def memberships(self, person: Person) -> list[Membership]:
        return [held for held in person.memberships if held.department_id in self.department_ids]


def scopes(tenant: WeCom) -> dict[Holder, Scope]:
    return {holder: scope_of(tenant, holder) for holder in Holder}


def scope_of(tenant: WeCom, holder: Holder) -> Scope:
    organization, settings = tenant.organization, tenant.settings
    private_fields = PRIVATE_FIELDS if holder is Holder.CONTACT else settings.field_permissions
    if holder is Holder.CONTACT or ROOT in settings.visible_departments:
        return Scope(organization, organization.departments.keys(), organization.people.keys(), private_fields)
    tags = [tenant.tags[tag_id] for tag_id in settings.visible_tags if tag_id in tenant.tags]
    tops = [*settings.visible_departments, *(department_id for tag in tags for department_id in tag.department_ids)]
    department_ids = {one.id for one in subtree(organization, tops)}
    user_ids = {user_id for department_id in department_ids for user_id in organization.members[department_id]}
    user_ids.update(user_id for tag in tags for user_id in tag.user_ids)
    user_ids.update(tenant.ids_by_folded[name.lower()] for name in settings.visible_users if name.lower() in tenant.ids_by_folded)
    return Scope(organization, department_ids, user_ids, private_fields)


def subtree(organization: Organization, tops: Iterable[int]) -> Iterator[Department]:
    """These departments and all below them, each once and after its parent; what does not exist is passed over."""
    seen: set[int] = set()
    waiting = list(tops)[::-1]
    while waiting:
        department_id = waiting.pop()
        if department_id in organization.departments and department_id not in seen:
            seen.add(department_id)
            waiting += reversed(organization.children[department_id])
            yield organization.departments[department_id]
