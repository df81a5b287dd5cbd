"""The user interfaces."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import encode
from sandbox.feishu.fields import USER_FIELDS, permitted
from sandbox.feishu.listings import Listings
from sandbox.feishu.paging import page_of
from sandbox.feishu.parameters import IdTypes, Parameters, boolean, id_list, id_types, page, required, text_list
from sandbox.feishu.people import shown_user_id, status, user_fields
from sandbox.feishu.tenant import Feishu
from sandbox.feishu.visibility import (
    is_in_visible_department,
    sees_person,
    visible_department,
    visible_person,
    visible_single_people,
)
from sandbox.organization import Person

PAGE, MOST = 10, 50


def find_by_department(tenant: Feishu, parameters: Parameters) -> bytes:
    """Direct members only."""
    types, value = id_types(parameters), required(parameters, "department_id")
    position, size = page(parameters, default=PAGE, most=MOST)
    department = visible_department(tenant, value, types)
    return page_of(tenant.once(Listings).members(department.id, types), position, size)


def list_users(tenant: Feishu, parameters: Parameters) -> bytes:
    """The older list: without a department those who are in the range themselves while their departments are not."""
    if parameters.get("department_id"):
        return find_by_department(tenant, parameters)
    types = id_types(parameters)
    position, size = page(parameters, default=PAGE, most=MOST)
    alone = [person for person in visible_single_people(tenant) if not is_in_visible_department(tenant, person)]
    return page_of([tenant.once(Listings).user(person, types) for person in alone], position, size)


def get(tenant: Feishu, parameters: Parameters) -> bytes:
    types = id_types(parameters)
    person = visible_person(tenant, parameters["user_id"], types)
    seats = permitted({"assign_info": []}, USER_FIELDS, tenant.granted) if tenant.settings.blank_fields else {}
    return encode({"user": user_fields(tenant, person, types) | seats})


def batch(tenant: Feishu, parameters: Parameters) -> bytes:
    types = id_types(parameters)
    people = [visible_person(tenant, value, types) for value in id_list(parameters, "user_ids")]
    return b'{"items":[%s]}' % b",".join(tenant.once(Listings).user(person, types) for person in people)


def look_up_ids(tenant: Feishu, parameters: Parameters) -> bytes:
    """An entry for each question; whom it does not find or may not see has no id."""
    types = id_types(parameters)
    emails, mobiles = text_list(parameters, "emails"), text_list(parameters, "mobiles")
    with_leavers = boolean(parameters, "include_resigned")
    asked = [("email", email, tenant.people_by_email.get(email.lower())) for email in emails]
    asked += [("mobile", mobile, tenant.people_by_mobile.get(mobile.removeprefix("+86"))) for mobile in mobiles]
    rows = [{key: value} | _found(tenant, person, types, with_leavers=with_leavers) for key, value, person in asked]
    return encode({"user_list": rows})


def _found(tenant: Feishu, person: Person | None, types: IdTypes, *, with_leavers: bool) -> dict[str, Any]:
    if person is None or not sees_person(tenant, person):
        return {}
    if person.id not in tenant.organization.people and not with_leavers:
        return {}
    return {"user_id": shown_user_id(person, types)} | permitted({"status": status(tenant, person)}, USER_FIELDS, tenant.granted)
