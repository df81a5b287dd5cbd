"""DingTalk's landed answers as tidy frames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, Frame, TidySet
from orgsync.platforms.dingtalk.gather import Departments, form_of_people, gather_asked, gather_departments
from orgsync.platforms.dingtalk.records import read_department_id
from orgsync.platforms.platform import Answers, Mode
from orgsync.platforms.reading.columns import Part, Rows, Table, apply_mapping, build_part, build_table, join_parts, pick, to_attributes
from orgsync.platforms.reading.conversions import UNREAD, Unit, Unread, negate, to_dates, to_flags, to_id_lists, to_numbers, to_text
from orgsync.platforms.reading.looking import recall_told
from orgsync.platforms.reading.observed import find_unobserved, find_withheld
from orgsync.platforms.reading.records import Record, is_true, records_of
from orgsync.platforms.reading.typed import Flag, Gathering, Text, Whole

Mappings = Mapping[str, Mapping[str, str]]

# What goes to `attributes`. Left out: what has a column, what changes by itself (member counts), and `state_code`:
# it comes and goes with the permission for mobile numbers, and would take all other attributes with it.
DEPARTMENT_ATTRIBUTES = (
    "code", "create_dept_group", "auto_add_user", "dept_group_chat_id", "org_dept_owner", "group_contain_sub_dept",
    "dept_permits", "user_permits", "outer_dept", "outer_permit_depts", "outer_permit_users", "auto_approve_apply",
    "from_union_org", "tags", "union_dept_ext", "brief", "telephone", "extention", "ext",
)  # fmt: skip
USER_ATTRIBUTES = (
    "boss", "hide_mobile", "exclusive_account", "exclusive_account_type", "exclusive_account_corp_id",
    "exclusive_account_corp_name", "login_id", "remark", "extension", "senior", "real_authed", "role_list", "union_emp_ext",
    "extension_i18n", "org_email_type",
)  # fmt: skip

USER_TEXTS = {
    "user_id": "userid",
    "union_id": "unionid",
    "name": "name",
    "nickname": "nickname",
    "mobile": "mobile",
    "email": "email",
    "work_email": "org_email",
    "telephone": "telephone",
    "avatar_url": "avatar",
    "title": "title",
    "job_number": "job_number",
    "work_place": "work_place",
    "manager_user_id": "manager_userid",
}
UNITS: Mapping[str, Unit] = {"hired_date": "milliseconds"}
USER_FIELDS: Mapping[str, Any] = {
    **dict.fromkeys(USER_ATTRIBUTES, Any),
    **dict.fromkeys(USER_TEXTS.values(), Text),
    **dict.fromkeys(("active", "admin", "boss", "hide_mobile", "exclusive_account", "senior", "real_authed"), Flag),
    "hired_date": Whole,
    "dept_position_list": Any,
}
"""With the types that they have in lists."""

# Absent from every record when a field permission is missing (fieldMobile, fieldEmail), and without a word about it.
MOBILE_FIELDS = frozenset({"mobile", "state_code"})
EMAIL_FIELDS = frozenset({"email", "org_email", "work_place", "remark", "extension"})

# What no list tells: a department's details cost a call each, a person's are read only outside the visible departments.
ONLY_IN_DETAILS = {
    "department": frozenset({"sort_order", "is_hidden", "source_identifier", "leader_user_ids", "attributes"}),
    "user": frozenset({"manager_user_id", "main_department_id"}),
    "membership": frozenset({"is_main", "title"}),
}
# `ext` is in lists alone, so a department read alone does not have all of its attributes.
ONLY_IN_LISTS = frozenset({"attributes"})
NEVER_TOLD = {
    "department": frozenset({"name_en"}),
    "user": frozenset({"open_id", "name_en", "gender", "employee_type"}),
    "membership": frozenset({"attributes"}),
}


def tidy(answers: Answers, *, mode: Mode, mapping: Mappings) -> TidySet:
    """The same frames in whatever order the answers come."""
    of_departments, of_users, of_memberships = (mapping.get(frame.name, {}) for frame in (DEPARTMENTS, USERS, MEMBERSHIPS))
    mapped = {path.partition(".")[0]: Any for path in of_users.values()}
    is_targeted = mode == "targeted"
    departments = _gather_departments(answers, mode)
    form = form_of_people(walked=departments.walked, fields={**mapped, **USER_FIELDS}, is_targeted=is_targeted)
    people = Gathering(answers, form, partial(_user_part, mapping=of_users))
    left_out = {"full": frozenset[str](), "frequent": ONLY_IN_DETAILS["department"], "targeted": ONLY_IN_LISTS}[mode]
    has_details = people.has_untyped and not is_targeted
    department_table = _department_table(departments.records, of_departments, without=left_out)
    user_table = people.users()
    told = [people.told] if len(user_table.rows) else []
    withheld = find_withheld(told, of_users, sources=USER_TEXTS, groups=(MOBILE_FIELDS, EMAIL_FIELDS), attributes=("extension",))
    listed, alone, order = people.places()
    membership_table = join_parts(MEMBERSHIPS, [_membership_part(rows, of_memberships) for rows in (listed, alone)], order)
    told_of_places = [dict.fromkeys(listed.told), *alone]
    return TidySet(
        departments=department_table.rows,
        users=user_table.rows,
        memberships=membership_table.rows,
        unobserved={
            "department": _unobserved(DEPARTMENTS, departments.records, of_departments, left_out=left_out),
            "user": _unobserved(USERS, told, of_users, left_out=_left_out(USERS, has_details=has_details)) | withheld,
            "membership": _unobserved(
                MEMBERSHIPS, told_of_places, of_memberships, left_out=_left_out(MEMBERSHIPS, has_details=has_details)
            ),
        },
        # That none of a few people has a field tells nothing of permissions.
        withheld={"user": withheld} if withheld and not is_targeted else {},
        unread={"department": department_table.unread, "user": user_table.unread, "membership": membership_table.unread},
    )


def _gather_departments(answers: Answers, mode: Mode) -> Departments:
    if mode == "targeted":
        return gather_asked(answers("departments"), recall_told(answers))
    return gather_departments(answers("departments"), with_details=mode == "full")


def _department_table(records: Sequence[Record], mapping: Mapping[str, str], *, without: Collection[str]) -> Table:
    columns: dict[str, list[Any]] = {
        "department_id": to_text(pick(records, "dept_id")),
        "parent_id": to_text(pick(records, "parent_id")),
        "name": to_text(pick(records, "name")),
    }
    details: dict[str, Callable[[], list[Any]]] = {
        "sort_order": lambda: to_numbers(pick(records, "order")),
        "is_hidden": lambda: to_flags(pick(records, "hide_dept")),
        "source_identifier": lambda: to_text(pick(records, "source_identifier")),
        "leader_user_ids": lambda: to_id_lists(pick(records, "dept_manager_userid_list")),
        "attributes": lambda: to_attributes(records, DEPARTMENT_ATTRIBUTES),
    }
    columns |= {name: read() for name, read in details.items() if name not in without}
    apply_mapping(columns, records, DEPARTMENTS, mapping)
    return build_table(DEPARTMENTS, columns, len(records))


def _user_part(records: Rows, mapping: Mapping[str, str]) -> Part:
    columns: dict[str, list[Any]] = {column: to_text(pick(records, name)) for column, name in USER_TEXTS.items()}
    columns |= {
        "hired_on": to_dates(pick(records, "hired_date"), UNITS["hired_date"]),
        "status": [_status(flag) for flag in to_flags(pick(records, "active"))],
        "is_admin": to_flags(pick(records, "admin")),
        "main_department_id": [_main_department(positions) for positions in pick(records, "dept_position_list")],
        "attributes": to_attributes(records, USER_ATTRIBUTES),
    }
    apply_mapping(columns, records, USERS, mapping, units=UNITS)
    return build_part(USERS, columns, len(records))


def _membership_part(records: Rows, mapping: Mapping[str, str]) -> Part:
    """Departments order ascending, people descending: the larger `dept_order` is shown first."""
    columns: dict[str, list[Any]] = {
        "user_id": to_text(pick(records, "userid")),
        "department_id": to_text(pick(records, "dept_id")),
        "is_main": to_flags(pick(records, "is_main")),
        "is_leader": to_flags(pick(records, "leader")),
        "sort_order": negate(to_numbers(pick(records, "order"))),
        "title": to_text(pick(records, "title")),
    }
    apply_mapping(columns, records, MEMBERSHIPS, mapping)
    return build_part(MEMBERSHIPS, columns, len(records))


def _status(is_active: bool | Unread | None) -> str | Unread | None:
    return ("active" if is_active else "inactive") if isinstance(is_active, bool) else is_active


def _main_department(positions: object) -> str | Unread | None:
    main = [position.get("dept_id") for position in records_of(positions) if is_true(position.get("is_main"))]
    return read_department_id(main[0]) or UNREAD if main else None


def _left_out(frame: Frame, *, has_details: bool) -> frozenset[str]:
    return frozenset() if has_details else ONLY_IN_DETAILS[frame.name]


def _unobserved(frame: Frame, records: Sequence[Record], mapping: Mapping[str, str], *, left_out: frozenset[str]) -> frozenset[str]:
    """A mapped column says nothing if no record holds its field; a list that fills some keys of `attributes` does not tell the others."""
    unobserved = find_unobserved(records, mapping, silent=NEVER_TOLD[frame.name] | left_out)
    return unobserved | (left_out & {"attributes"})
