"""The user interfaces."""

from __future__ import annotations

from sandbox.dingtalk.listings import Listings
from sandbox.dingtalk.parameters import Parameters, boolean, department_id, page, text
from sandbox.dingtalk.people import detail_fields
from sandbox.dingtalk.refusals import bad_parameter, unknown_user
from sandbox.dingtalk.tenant import DingTalk
from sandbox.dingtalk.visibility import existing_department, visible_department, visible_person
from sandbox.exchange import encode
from sandbox.signers import visitor_of

INTERNAL, EXTERNAL = 0, 1
ORDER_FIELDS = ("custom", "entry_asc", "entry_desc", "modify_asc", "modify_desc")


def list_full(tenant: DingTalk, parameters: Parameters) -> bytes:
    return _list(tenant, parameters, simple=False)


def list_simple(tenant: DingTalk, parameters: Parameters) -> bytes:
    return _list(tenant, parameters, simple=True)


def _list(tenant: DingTalk, parameters: Parameters, *, simple: bool) -> bytes:
    asked = department_id(parameters)
    cursor, size = page(parameters)
    order_field = parameters.get("order_field") or "custom"
    if order_field not in ORDER_FIELDS:
        raise bad_parameter("order_field")
    with_restricted = boolean(parameters, "contain_access_limit", default=False)
    visible_department(tenant, asked)
    rows = tenant.once(Listings).rows(asked, simple=simple, with_restricted=with_restricted, order_field=order_field)
    return page_of(rows, cursor, size)


def page_of(rows: list[bytes], cursor: int, size: int) -> bytes:
    """Beyond the end it is empty: the department may have shrunk between two pages."""
    listed = b'"list":[' + b",".join(rows[cursor : cursor + size]) + b"]}"
    if cursor + size < len(rows):
        return b'{"has_more":true,"next_cursor":%d,' % (cursor + size) + listed
    return b'{"has_more":false,' + listed


def listid(tenant: DingTalk, parameters: Parameters) -> bytes:
    asked = existing_department(tenant, department_id(parameters))
    return encode({"userid_list": [person.id for person, _ in tenant.organization.sorted_members(asked.id)]})


def get(tenant: DingTalk, parameters: Parameters) -> bytes:
    person = visible_person(tenant, text(parameters, "userid"))
    return encode(detail_fields(person, tenant.settings))


def getbymobile(tenant: DingTalk, parameters: Parameters) -> bytes:
    mobile = text(parameters, "mobile").removeprefix("+86-").removeprefix("+86")
    if mobile not in tenant.by_mobile:
        raise unknown_user()
    return encode({"userid": visible_person(tenant, tenant.by_mobile[mobile]).id})


def getbyunionid(tenant: DingTalk, parameters: Parameters) -> bytes:
    union_id = text(parameters, "unionid")
    visitor = visitor_of(tenant.organization)
    if union_id == visitor.union_id:
        return encode({"contact_type": EXTERNAL, "userid": visitor.id})
    if union_id not in tenant.by_union_id:
        raise unknown_user()
    return encode({"contact_type": INTERNAL, "userid": visible_person(tenant, tenant.by_union_id[union_id]).id})


def count(tenant: DingTalk, parameters: Parameters) -> bytes:
    """The whole company's, whatever the visible range."""
    only_active = boolean(parameters, "only_active")
    return encode({"count": tenant.head_counts[only_active]})


def listadmin(tenant: DingTalk, _: Parameters) -> bytes:
    admins = [person for person in tenant.organization.people.values() if person.admin_level]
    return encode([{"userid": person.id, "sys_level": person.admin_level} for person in admins])
