"""The tag interfaces.

Answers as on https://developer.work.weixin.qq.com/document/path/90349 (tag/get) and /90352 (tag/list).
"""

from __future__ import annotations

from sandbox.exchange import encode
from sandbox.wecom.calls import Call
from sandbox.wecom.parameters import number, required
from sandbox.wecom.refusals import UNKNOWN_TAG, RefusalError


def list_tags(call: Call) -> bytes:
    return encode({"taglist": [{"tagid": tag.id, "tagname": tag.name} for tag in call.tenant.tags.values()]})


def get(call: Call) -> bytes:
    """Of its people and departments those in the visible range."""
    tag = call.tenant.tags.get(number(required(call.parameters, "tagid", UNKNOWN_TAG), UNKNOWN_TAG))
    if tag is None:
        raise RefusalError(UNKNOWN_TAG)
    people, scope = call.tenant.organization.people, call.scope
    return encode(
        {
            "tagname": tag.name,
            "userlist": [{"userid": user_id, "name": people[user_id].name} for user_id in tag.user_ids if user_id in scope.user_ids],
            "partylist": [department_id for department_id in tag.department_ids if department_id in scope.department_ids],
        }
    )
