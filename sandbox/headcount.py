"""How many people a department has, with and without those below it."""

from __future__ import annotations

from sandbox.organization import ROOT, Organization


def count_members(organization: Organization) -> dict[int, tuple[int, int]]:
    """Department to (people in it or below, each once; people in itself)."""
    own = {department_id: len(members) for department_id, members in organization.members.items()}
    total = dict(own)
    for department_id in reversed(_parents_first(organization)):
        parent_id = organization.departments[department_id].parent_id
        if parent_id is not None:
            total[parent_id] += total[department_id]
    for department_id, surplus in _counted_twice(organization).items():
        total[department_id] -= surplus
    return {department_id: (total[department_id], own[department_id]) for department_id in own}


def _parents_first(organization: Organization) -> list[int]:
    order = [ROOT]
    for department_id in order:
        order += organization.children[department_id]
    return order


def _counted_twice(organization: Organization) -> dict[int, int]:
    """People of several departments reach their common ancestors by several ways."""
    surplus: dict[int, int] = {}
    for person in organization.people.values():
        if len(person.memberships) < 2:
            continue
        seen: set[int] = set()
        for held in person.department_ids:
            for department_id in organization.path_to_root(held):
                if department_id in seen:
                    surplus[department_id] = surplus.get(department_id, 0) + 1
                seen.add(department_id)
    return surplus
