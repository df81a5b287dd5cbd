"""Which events WeCom makes of a change (https://developer.work.weixin.qq.com/document/path/90970), and for whom.

A URL that was set after 2022-08-15 gets short bodies, and hears neither of names nor of anything but ids, departments and parents.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.changes import Changes
from sandbox.events import Event
from sandbox.organization import Department, Person
from sandbox.wecom.numbering import department_order
from sandbox.wecom.people import detail_fields
from sandbox.wecom.tenant import WeCom
from sandbox.wecom.tokens import Holder
from sandbox.wecom.visibility import Scope, scopes

Found = tuple[str, str, dict[str, Any]]
NAMES = {
    "name": "Name",
    "position": "Position",
    "mobile": "Mobile",
    "gender": "Gender",
    "email": "Email",
    "biz_mail": "BizMail",
    "status": "Status",
    "avatar": "Avatar",
    "alias": "Alias",
    "telephone": "Telephone",
    "address": "Address",
}
"""From the interfaces' names to those of events, where the value is the same."""


def find_events(past: WeCom, present: WeCom, changes: Changes, now: float) -> list[Event]:
    """All of one second: who is created is updated in the same."""
    holder = Holder.CONTACT if present.settings.event_receiver == "contact" else Holder.APP
    before, after = past.once(scopes)[holder], present.once(scopes)[holder]
    rng = Random(f"wecom events:{present.organization.seed}:{present.organization.step}")
    found = [*_departments(before, after, present, changes), *_people(before, after, present, changes), *_removed(before, changes)]
    at_ms = int(now) * 1000
    return [Event(f"{rng.getrandbits(128):032x}", kind, (object_id,), at_ms, content) for kind, object_id, content in found]


def _departments(before: Scope, after: Scope, present: WeCom, changes: Changes) -> Iterator[Found]:
    is_short = present.settings.event_bodies == "short"
    for department_id in changes.departments_created:
        if department_id in after.department_ids:
            yield _of_department("create_party", _department_fields(after.organization.departments[department_id], is_short=is_short))
    for department_id in changes.departments_changed:
        if department_id not in after.department_ids:
            continue
        old, new = before.organization.departments[department_id], after.organization.departments[department_id]
        if old.parent_id != new.parent_id or (not is_short and old.name != new.name):
            fields = _department_fields(new, is_short=is_short)
            fields.pop("Order", None)
            yield _of_department("update_party", fields)


def _people(before: Scope, after: Scope, present: WeCom, changes: Changes) -> Iterator[Found]:
    settings = present.settings
    is_short = settings.event_bodies == "short"
    for user_id in changes.joined:
        if user_id in after.user_ids:
            person = after.organization.people[user_id]
            yield _of_person("create_user", person, _short(person, after) if is_short else _full(person, after, present))
            yield _of_person("update_user", person, _short(person, after))
    for user_id in changes.changed:
        if user_id not in after.user_ids:
            continue
        old, new = before.organization.people[user_id], after.organization.people[user_id]
        if is_short:
            difference = _short(new, after) if _short(old, before) != _short(new, after) else {}
        else:
            former, fields = _full(old, before, present), _full(new, after, present)
            difference = {name: value for name, value in fields.items() if former.get(name) != value}
        if difference:
            yield _of_person("update_user", new, difference)
    for user_id in changes.left:
        if user_id in before.user_ids:
            yield "delete_user", user_id, {"UserID": user_id}


def _removed(before: Scope, changes: Changes) -> Iterator[Found]:
    for department_id in changes.departments_removed:
        if department_id in before.department_ids:
            yield "delete_party", str(department_id), {"Id": department_id}


def _of_person(kind: str, person: Person, fields: dict[str, Any]) -> Found:
    return kind, person.id, {"UserID": person.id} | fields


def _of_department(kind: str, fields: dict[str, Any]) -> Found:
    return kind, str(fields["Id"]), fields


def _department_fields(department: Department, *, is_short: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {"Id": department.id}
    if not is_short:
        fields["Name"] = department.name
    fields["ParentId"] = department.parent_id or 0
    return fields if is_short else fields | {"Order": department_order(department)}


def _short(person: Person, scope: Scope) -> dict[str, Any]:
    return {"Department": ",".join(str(held.department_id) for held in scope.memberships(person))}


def _full(person: Person, scope: Scope, tenant: WeCom) -> dict[str, Any]:
    fields = detail_fields(person, scope, tenant.settings)
    found = {NAMES[name]: fields[name] for name in NAMES if name in fields} | _short(person, scope)
    if "main_department" in fields:
        found["MainDepartment"] = fields["main_department"]
    found["IsLeaderInDept"] = ",".join(str(one) for one in fields["is_leader_in_dept"])
    found["DirectLeader"] = ",".join(fields["direct_leader"])
    attributes = [_attribute(attribute) for attribute in fields["extattr"]["attrs"]]
    return found | {"ExtAttr": attributes} if attributes else found


def _attribute(attribute: dict[str, Any]) -> dict[str, Any]:
    item = {"Name": attribute["name"], "Type": attribute["type"]}
    if "web" in attribute:
        return item | {"Web": {"Title": attribute["web"]["title"], "Url": attribute["web"]["url"]}}
    return item | {"Text": {"Value": attribute["text"]["value"]}}
