"""What DingTalk shows of a person, in a department's list and in the detail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.dingtalk.roles import roles_of
from sandbox.dingtalk.settings import FIELD_EMAIL, FIELD_MOBILE, DingTalkSettings
from sandbox.organization import Membership, Person

FIRST_CREATED = datetime(2018, 5, 18, 7, 25, 33, tzinfo=UTC)


def list_fields(person: Person, membership: Membership, settings: DingTalkSettings) -> dict[str, Any]:
    return shared_fields(person, settings) | {"dept_order": membership.order, "leader": membership.is_leader}


def detail_fields(person: Person, settings: DingTalkSettings) -> dict[str, Any]:
    fields = shared_fields(person, settings)
    if person.manager_id:
        fields["manager_userid"] = person.manager_id
    return fields | {
        "dept_order_list": [{"dept_id": held.department_id, "order": held.order} for held in person.memberships],
        # In another order than dept_id_list, as it was seen.
        "leader_in_dept": [{"dept_id": held.department_id, "leader": held.is_leader} for held in reversed(person.memberships)],
        "dept_position_list": [_position(person, held) for held in person.memberships],
        "senior": person.senior,
        "real_authed": person.active,
        "role_list": [{"id": role.id, "name": role.name, "group_name": role.group_name} for role in roles_of(person)],
        "union_emp_ext": {},
        "create_time": (FIRST_CREATED + timedelta(minutes=person.number)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }


def _position(person: Person, held: Membership) -> dict[str, Any]:
    return {
        "dept_id": held.department_id,
        "title": held.title,
        "work_place": person.work_place or "",
        "is_main": held.department_id == person.main_department_id,
    }


def shared_fields(person: Person, settings: DingTalkSettings) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "userid": person.id,
        "unionid": person.union_id,
        "name": person.name,
        "hide_mobile": person.hide_mobile,
        "job_number": person.job_number or "",
        "title": person.title,
        "dept_id_list": person.department_ids,
        "active": person.active,
        "admin": person.admin_level > 0,
        "boss": person.number == 1,
        "exclusive_account": False,
    }
    if person.number % 4 != 2:  # some are absent, some empty
        fields["avatar"] = f"https://static-legacy.dingtalk.com/media/sandbox_{person.number}.jpg" if person.number % 4 == 0 else ""
    if person.telephone:
        fields["telephone"] = person.telephone
    if person.hired_at_ms is not None:
        fields["hired_date"] = person.hired_at_ms
    if FIELD_MOBILE in settings.field_permissions and person.mobile:
        fields |= {"mobile": person.mobile, "state_code": "86"}
    if FIELD_EMAIL in settings.field_permissions:
        fields |= _email_fields(person, blank=settings.blank_fields)
    return fields


def _email_fields(person: Person, *, blank: bool) -> dict[str, str]:
    fields = {
        "email": person.email or "",
        "org_email": person.work_email or "",
        "work_place": person.work_place or "",
        "remark": person.remark or "",
        "extension": '{"爱好":"旅游","年龄":"24"}' if person.number % 5 == 0 else "",
    }
    return fields if blank else {name: value for name, value in fields.items() if value}
