"""The user interfaces."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from sandbox.exchange import encode
from sandbox.organization import Person
from sandbox.wecom.calls import Call
from sandbox.wecom.listings import enlist, enlist_by_piece, id_rows, members
from sandbox.wecom.parameters import number, optional_number, required, text
from sandbox.wecom.people import detail_fields
from sandbox.wecom.refusals import (
    BAD_MOBILE,
    BAD_PARAMETER,
    BAD_USER_ID,
    NO_USER_ID,
    NOBODY,
    TOO_LARGE,
    RefusalError,
)

USER_ID_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-@.]{0,63}")
MOST_IDS = 10_000
PIECE_ROWS = 1000
CORP_MAIL, PERSONAL_MAIL = 1, 2


def get(call: Call) -> bytes:
    """Ids are compared without regard to case and shown as they were given."""
    user_id = text(call.parameters, "userid", NO_USER_ID)
    if not USER_ID_FORM.fullmatch(user_id):
        raise RefusalError(BAD_USER_ID)
    person = call.scope.person(call.tenant.ids_by_folded.get(user_id.lower()))
    return encode(detail_fields(person, call.scope, call.tenant.settings))


def list_full(call: Call) -> bytes | Iterator[bytes]:
    """A long one in pieces, each made when it is its turn, so that others are answered meanwhile."""
    people, rows = _asked(call), call.listings.rows
    if len(people) <= PIECE_ROWS:
        return enlist("userlist", rows(people))
    return enlist_by_piece("userlist", (rows(people[start : start + PIECE_ROWS]) for start in range(0, len(people), PIECE_ROWS)))


def list_simple(call: Call) -> bytes:
    return enlist("userlist", call.listings.simple_rows(_asked(call)))


def _asked(call: Call) -> list[Person]:
    department = call.scope.department(number(required(call.parameters, "department_id")))
    with_children = optional_number(call.parameters, "fetch_child") == 1
    people = members(call.tenant.organization, department.id, with_children=with_children)
    if with_children and 0 < call.tenant.settings.most_rows < len(people):
        raise RefusalError(TOO_LARGE)
    return people


def list_id(call: Call) -> bytes:
    """A page of rows; who is in several departments comes several times, also across pages."""
    rows, limit, position = call.tenant.once(id_rows), _limit(call), _position(call)
    page = enlist("dept_user", rows[position : position + limit])
    if position + limit < len(rows):
        return b'{"next_cursor":%s,' % encode(make_cursor(position + limit)) + page[1:]
    return page if call.tenant.settings.last_cursor == "absent" else b'{"next_cursor":"",' + page[1:]


def _limit(call: Call) -> int:
    """A value of the wrong type is passed over, as a body of the wrong form is."""
    limit = call.parameters.get("limit", MOST_IDS)
    if type(limit) is not int:
        call.has_dropped_values = True
        return MOST_IDS
    if not 1 <= limit <= MOST_IDS:
        raise RefusalError(BAD_PARAMETER)
    return limit


def _position(call: Call) -> int:
    cursor = call.parameters.get("cursor") or make_cursor(0)
    try:
        return read_cursor(cursor)
    except ValueError:
        raise RefusalError(BAD_PARAMETER) from None


def make_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(b"dept_user:%d" % position).decode()


def read_cursor(cursor: object) -> int:
    """Raises `ValueError` for what `make_cursor` never made."""
    kind, _, position = base64.urlsafe_b64decode(str(cursor)).decode().partition(":")
    if kind != "dept_user" or not position.isdecimal():
        raise ValueError(f"not a cursor of user/list_id: {cursor!r}")
    return int(position)


def getuserid(call: Call) -> bytes:
    mobile = text(call.parameters, "mobile")
    if not 5 <= len(mobile.encode()) <= 32:
        raise RefusalError(BAD_MOBILE)
    return _found(call, call.tenant.by_mobile.get(mobile))


def get_userid_by_email(call: Call) -> bytes:
    email, kind = text(call.parameters, "email"), call.parameters.get("email_type", CORP_MAIL)
    if kind not in (CORP_MAIL, PERSONAL_MAIL):
        raise RefusalError(BAD_PARAMETER)
    book = call.tenant.by_work_email if kind == CORP_MAIL else call.tenant.by_email
    return _found(call, book.get(email.lower()))


def _found(call: Call, user_id: str | None) -> bytes:
    """Only who is in the visible range is found."""
    if user_id is None or user_id not in call.scope.user_ids:
        raise RefusalError(NOBODY)
    return encode({"userid": user_id})
