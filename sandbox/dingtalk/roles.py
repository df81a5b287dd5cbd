"""Roles, their groups, and who has them."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.dingtalk.parameters import Parameters, integer, offset_page, required
from sandbox.dingtalk.refusals import bad_parameter
from sandbox.dingtalk.tenant import DingTalk
from sandbox.dingtalk.visibility import sees_person
from sandbox.exchange import encode
from sandbox.organization import Person

MOST_ROLES, MOST_MEMBERS = 200, 100


@dataclass(frozen=True)
class Role:
    id: int
    name: str
    group_id: int
    group_name: str


MAIN_ADMIN = Role(2_500_000_001, "主管理员", 2_500_000_100, "默认")
SUB_ADMIN = Role(2_500_000_002, "子管理员", 2_500_000_100, "默认")
LEADER = Role(2_500_000_003, "主管", 2_500_000_100, "默认")
ENGINEER = Role(2_500_000_011, "技术", 2_500_000_200, "职务")
SALES = Role(2_500_000_012, "销售", 2_500_000_200, "职务")
ROLES = (MAIN_ADMIN, SUB_ADMIN, LEADER, ENGINEER, SALES)


def roles_of(person: Person) -> list[Role]:
    held = {
        MAIN_ADMIN: person.admin_level == 1,
        SUB_ADMIN: person.admin_level == 2,
        LEADER: any(membership.is_leader for membership in person.memberships),
        ENGINEER: "工程师" in person.title,
        SALES: "销售" in person.title,
    }
    return [role for role, has in held.items() if has]


def list_roles(_: DingTalk, parameters: Parameters) -> bytes:
    offset, size = offset_page(parameters, most=MOST_ROLES)
    shown = ROLES[offset : offset + size]
    groups = {role.group_id: role.group_name for role in shown}
    rows = [
        {"groupId": group_id, "name": name, "roles": [{"id": role.id, "name": role.name} for role in shown if role.group_id == group_id]}
        for group_id, name in groups.items()
    ]
    return encode({"hasMore": offset + size < len(ROLES), "list": rows})


def list_members(tenant: DingTalk, parameters: Parameters) -> bytes:
    role_id = integer(required(parameters, "role_id"), lambda: bad_parameter("role_id"))
    offset, size = offset_page(parameters, most=MOST_MEMBERS)
    role = next((role for role in ROLES if role.id == role_id), None)
    if role is None:
        raise bad_parameter("role_id")
    holders = [person for person in tenant.organization.people.values() if role in roles_of(person) and sees_person(tenant, person)]
    rows = [{"userid": person.id, "name": person.name} for person in holders[offset : offset + size]]
    return encode({"hasMore": offset + size < len(holders), "list": rows})
