"""Which events Feishu makes of a change, and of what the app may see of it. https://open.feishu.cn/document/server-docs/contact-v3/user/events

Departments are told by open_department_id, people that somebody refers to by open_id, whatever the app asks for elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.changes import Changes
from sandbox.events import Event
from sandbox.feishu.fields import USER_FIELDS, permitted
from sandbox.feishu.numbering import open_department_id, open_id, union_id
from sandbox.feishu.parameters import IdTypes
from sandbox.feishu.people import user_fields
from sandbox.feishu.structure import department_fields
from sandbox.feishu.tenant import Feishu
from sandbox.feishu.visibility import sees_department, sees_person, visible_roots, visible_single_people
from sandbox.organization import Department, Person

IDS = IdTypes("open_id", "open_department_id")
NOT_OF_PEOPLE = ("mobile_visible", "is_frozen", "is_tenant_manager")
DEPARTMENT_FIELDS = (
    "name", "parent_department_id", "department_id", "open_department_id", "leader_user_id", "chat_id", "order", "unit_ids", "status",
    "leaders", "department_hrbps",
)  # fmt: skip
APART = (("mobile",), ("email", "enterprise_email"))
"""Changes of these are events of their own."""
Found = tuple[str, str, dict[str, Any]]


def find_events(past: Feishu, present: Feishu, changes: Changes, now: float) -> list[Event]:
    rng = Random(f"feishu events:{present.organization.seed}:{present.organization.step}")
    return _events([*_departments(past, present, changes), *_people(past, present, changes), *_removed(past, changes)], now, rng)


def find_range_events(past: Feishu, present: Feishu, now: float) -> list[Event]:
    """What came into the range and what went, as the range names it."""
    before, after = _range(past), _range(present)
    added = _told_range(present, after[0] - before[0], after[1] - before[1])
    removed = _told_range(past, before[0] - after[0], before[1] - after[1])
    if before == after:
        return []
    rng = Random(f"feishu range:{present.version}:{present.organization.seed}")
    return _events([("contact.scope.updated_v3", "", {"added": added, "removed": removed})], now, rng)


def _events(found: list[Found], now: float, rng: Random) -> list[Event]:
    at_ms = int(now * 1000)
    return [
        Event(f"{rng.getrandbits(128):032x}", kind, (object_id,) if object_id else (), at_ms + place, content)
        for place, (kind, object_id, content) in enumerate(found)
    ]


def _departments(past: Feishu, present: Feishu, changes: Changes) -> Iterator[Found]:
    for department_id in changes.departments_created:
        if sees_department(present, department_id):
            department = _department(present, department_id)
            yield "contact.department.created_v3", open_department_id(department_id), {"object": department}
    for department_id in changes.departments_changed:
        if sees_department(present, department_id):
            old, new = _department(past, department_id), _department(present, department_id)
            former = {name: value for name, value in old.items() if new.get(name) != value}
            if former:
                content = {"object": new, "old_object": former}
                yield "contact.department.updated_v3", open_department_id(department_id), content


def _removed(past: Feishu, changes: Changes) -> Iterator[Found]:
    for department_id in changes.departments_removed:
        if sees_department(past, department_id):
            shown = open_department_id(department_id)
            old = {"status": {"is_deleted": False}, "open_department_id": shown}
            yield "contact.department.deleted_v3", shown, {"object": _department(past, department_id), "old_object": old}


def _people(past: Feishu, present: Feishu, changes: Changes) -> Iterator[Found]:
    for user_id in changes.joined:
        person = present.organization.people[user_id]
        if sees_person(present, person):
            yield "contact.user.created_v3", user_id, {"object": _told_person(present, person)}
    for user_id in changes.changed:
        old, new = past.organization.people[user_id], present.organization.people[user_id]
        if sees_person(present, new):
            yield from (("contact.user.updated_v3", user_id, content) for content in _updates(past, old, present, new))
    for user_id in changes.left:
        person = past.organization.people[user_id]
        if sees_person(past, person):
            # As the samples have it: the person is shown as before.
            former = permitted({"department_ids": _person(past, person).get("department_ids", [])}, USER_FIELDS, past.granted)
            content = {"object": _told_person(past, person), "old_object": former | {"open_id": open_id(person)}}
            yield "contact.user.deleted_v3", user_id, content


def _updates(past: Feishu, old: Person, present: Feishu, new: Person) -> Iterator[dict[str, Any]]:
    before, after = _person(past, old), _person(present, new)
    former = {name: value for name, value in before.items() if after.get(name) != value}
    cleared_before = {name: "" for name, value in after.items() if name not in before and value not in ("", [], {})}
    former |= cleared_before
    together = {name: value for name, value in former.items() if not any(name in names for names in APART)}
    parts = [together, *({name: former[name] for name in names if name in former} for names in APART)]
    for part in parts:
        if part:
            yield {"object": _told_person(present, new), "old_object": part}


def _person(tenant: Feishu, person: Person) -> dict[str, Any]:
    return {name: value for name, value in user_fields(tenant, person, IDS).items() if name not in NOT_OF_PEOPLE}


def _told_person(tenant: Feishu, person: Person) -> dict[str, Any]:
    """The departments are said not to be filled, though the samples show them."""
    fields = _person(tenant, person)
    if "department_ids" in fields and not tenant.settings.event_department_ids:
        fields["department_ids"] = []
    return fields


def _department(tenant: Feishu, department_id: int) -> dict[str, Any]:
    """The order is a number here, and whom it names are objects."""
    department = tenant.organization.departments[department_id]
    fields = {name: value for name, value in _department_of_api(tenant, department).items() if name in DEPARTMENT_FIELDS}
    if "order" in fields:
        fields["order"] = int(fields["order"] or 0)
    if "department_hrbps" in fields:
        people = tenant.people_by_id["open_id"]
        fields["department_hrbps"] = [_three_ids(tenant, people[shown]) for shown in fields["department_hrbps"]]
    return fields


def _department_of_api(tenant: Feishu, department: Department) -> dict[str, Any]:
    return department_fields(tenant, department, IDS)


def _three_ids(tenant: Feishu, person: Person) -> dict[str, str]:
    return permitted({"union_id": union_id(person), "user_id": person.id, "open_id": open_id(person)}, USER_FIELDS, tenant.granted)


def _range(tenant: Feishu) -> tuple[set[int], set[str]]:
    return {department.id for department in visible_roots(tenant)}, {person.id for person in visible_single_people(tenant)}


def _told_range(tenant: Feishu, department_ids: set[int], user_ids: set[str]) -> dict[str, Any]:
    departments = [tenant.organization.departments[one] for one in sorted(department_ids)]
    shown = [{name: value for name, value in _department_of_api(tenant, one).items() if name in DEPARTMENT_FIELDS} for one in departments]
    people = [_told_person(tenant, tenant.organization.people[one]) for one in sorted(user_ids)]
    return {"departments": shown, "users": people, "user_groups": []}
