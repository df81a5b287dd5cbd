"""What is different between two states of an organization, in the order in which an administrator would have done it."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.organization import Organization


@dataclass(frozen=True)
class Changes:
    """Ids; what the change was, the two states say."""

    departments_created: list[int]
    """Each after its parent."""
    departments_changed: list[int]
    """Another name, place or leaders."""
    joined: list[str]
    """Also who returned."""
    changed: list[str]
    left: list[str]
    departments_removed: list[int]


def compare(past: Organization, present: Organization) -> Changes:
    stayed = [user_id for user_id in present.people if user_id in past.people]
    return Changes(
        departments_created=[one for one in present.departments if one not in past.departments],
        departments_changed=[one for one in present.departments if one in past.departments and _differs(past, present, one)],
        joined=[user_id for user_id in present.people if user_id not in past.people],
        changed=[user_id for user_id in stayed if past.people[user_id] != present.people[user_id]],
        left=[user_id for user_id in past.people if user_id not in present.people],
        departments_removed=[one for one in past.departments if one not in present.departments],
    )


def _differs(past: Organization, present: Organization, department_id: int) -> bool:
    if past.departments[department_id] != present.departments[department_id]:
        return True
    return past.leaders(department_id) != present.leaders(department_id)
