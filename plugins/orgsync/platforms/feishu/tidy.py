"""Feishu's landed answers as tidy frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, Frame, TidySet
from orgsync.platforms.feishu.gather import FeishuPeople, gather_departments
from orgsync.platforms.feishu.records import read_leaders
from orgsync.platforms.platform import Answers, Mode
from orgsync.platforms.reading.columns import Part, Rows, Table, apply_mapping, build_part, join_parts, pick, to_attributes
from orgsync.platforms.reading.conversions import (
    UNREAD,
    Unit,
    Unread,
    negate,
    to_choices,
    to_dates,
    to_flags,
    to_id_lists,
    to_numbers,
    to_text,
)
from orgsync.platforms.reading.looking import recall_told
from orgsync.platforms.reading.observed import find_unobserved, find_withheld
from orgsync.platforms.reading.records import Record, is_damaged, is_true, read_flag
from orgsync.platforms.reading.typed import Flag, Gathering, Text, Whole

Mappings = Mapping[str, Mapping[str, str]]

# What goes to `attributes`. Left out: what has a column, what changes by itself (member counts), and what has a permission of its
# own (`department_hrbps`, `job_level_id`, `job_family_id`, `geo`, `dotted_line_leader_user_ids`): as it comes and goes it would either
# change everybody's attributes or take all others with it. A tenant's `mapping` can put those into a column.
DEPARTMENT_ATTRIBUTES = ("chat_id", "i18n_name", "unit_ids", "group_chat_employee_types")
USER_ATTRIBUTES = ("country", "work_station", "custom_attrs", "mobile_visible")

USER_TEXTS = {
    "union_id": "union_id",
    "open_id": "open_id",
    "name": "name",
    "name_en": "en_name",
    "nickname": "nickname",
    "mobile": "mobile",
    "email": "email",
    "work_email": "enterprise_email",
    "title": "job_title",
    "job_number": "employee_no",
    "work_place": "city",
    "employee_type": "employee_type",
    "manager_user_id": "leader_user_id",
}
AVATARS = ("avatar_origin", "avatar_640", "avatar_240", "avatar_72")
STATUS_FLAGS = ("is_resigned", "is_exited", "is_frozen", "is_activated")
UNITS: Mapping[str, Unit] = {"join_time": "seconds"}  # 0 is what Feishu's own update call writes to clear it
GENDERS = {"1": "male", "2": "female", "3": "other"}

# The raw field behind each column: where no record has it, the column is withheld.
DEPARTMENT_SOURCES = {
    "parent_id": "parent_department_id",
    "name": "name",
    "name_en": "i18n_name",
    "sort_order": "order",
    "source_identifier": "department_id",
    "leader_user_ids": "leader_user_id",
}
USER_SOURCES = {
    **USER_TEXTS,
    "gender": "gender",
    "avatar_url": "avatar",
    "hired_on": "join_time",
    "status": "status",
    "is_admin": "is_tenant_manager",
    "main_department_id": "orders",
}
MEMBERSHIP_SOURCES = {"is_main": "orders", "sort_order": "orders"}

DEPARTMENT_FIELDS = frozenset({*DEPARTMENT_SOURCES.values(), *DEPARTMENT_ATTRIBUTES, "open_department_id", "leaders"})
USER_FIELDS: Mapping[str, Any] = {
    **dict.fromkeys({*USER_SOURCES.values(), *USER_ATTRIBUTES} - {"orders"}, Any),
    **dict.fromkeys({*USER_TEXTS.values(), "country", "work_station"} - {"employee_type"}, Text),
    **dict.fromkeys(("is_tenant_manager", "mobile_visible"), Flag),
    "employee_type": Whole,
    "gender": Whole,
    "join_time": Whole,
}
"""With the types that they are documented to have."""

# Fields that one field scope opens together. `leaders` is not among them: without the scope it comes without its ids.
DEPARTMENT_GROUPS = (
    # contact:department.base:readonly
    ("name", "i18n_name", "department_id", "chat_id", "status"),
    # contact:department.organize:readonly
    ("parent_department_id", "leader_user_id", "order", "unit_ids", "member_count", "primary_member_count"),
    # contact:department.hrbp:readonly
    ("department_hrbps",),
)
USER_GROUPS = (
    # contact:user.base:readonly
    ("name", "en_name", "nickname", "avatar"),
    # contact:user.department:readonly
    ("department_ids", "leader_user_id", "orders"),
    # contact:user.employee:readonly
    (
        "status", "city", "country", "work_station", "join_time", "is_tenant_manager", "employee_type", "custom_attrs",
        "enterprise_email", "job_title",
    ),
    # contact:user.employee:readonly or contact:user.employee_number:read
    ("employee_no",),
    # contact:user.email:readonly, contact:user.phone:readonly, contact:user.gender:readonly
    ("email",), ("mobile",), ("gender",),
    # contact:user.job_level:readonly, contact:user.job_family:readonly, contact:user.user_geo, contact:user.dotted_line_leader_info.read
    ("job_level_id",), ("job_family_id",), ("geo",), ("dotted_line_leader_user_ids",),
)  # fmt: skip

NEVER_TOLD = {
    "department": frozenset({"is_hidden"}),
    "user": frozenset({"telephone"}),
    "membership": frozenset({"title", "attributes"}),
}


def tidy(answers: Answers, *, mode: Mode, mapping: Mappings) -> TidySet:
    """The same frames in whatever order the answers come. All modes tell the same columns; a targeted read of fewer people."""
    of_departments, of_users, of_memberships = (mapping.get(frame.name, {}) for frame in (DEPARTMENTS, USERS, MEMBERSHIPS))
    mapped = dict.fromkeys(_first_names(of_users), Any)
    reading = FeishuPeople({**mapped, **USER_FIELDS}, others=set(chain(*USER_GROUPS)))
    people = Gathering(answers, reading.form, partial(_user_part, mapping=of_users))
    told = recall_told(answers) if mode == "targeted" else None
    walked = reading.walked if told is None else frozenset(told.departments)
    departments = gather_departments(
        answers("departments"),
        walked=walked,
        fields=DEPARTMENT_FIELDS | _first_names(of_departments),
        tops=None if told is None else told.tops,
    )
    leaders = {str(record["open_department_id"]): read_leaders(record) for record in departments.records}
    withheld = {
        "department": _withheld(departments.told, of_departments, DEPARTMENT_SOURCES, DEPARTMENT_GROUPS, DEPARTMENT_ATTRIBUTES),
        "user": _withheld(people.told, of_users, USER_SOURCES, USER_GROUPS, USER_ATTRIBUTES),
        "membership": _withheld(people.told, of_memberships, MEMBERSHIP_SOURCES, USER_GROUPS, ()),
    }
    if "leader_user_ids" in withheld["department"]:
        withheld["membership"] |= {"is_leader"} - of_memberships.keys()
    listed, odd, order = people.places(within=walked)
    of_places = {name: None for place in odd for name in place} | dict.fromkeys(listed.told)
    department_table = _department_table(departments.records, of_departments, hidden=withheld["department"])
    user_table = people.users(hidden=withheld["user"])
    parts = [_membership_part(rows, of_memberships, leaders) for rows in (listed, odd)]
    membership_table = join_parts(MEMBERSHIPS, parts, order, without=withheld["membership"])
    return TidySet(
        departments=department_table.rows,
        users=user_table.rows,
        memberships=membership_table.rows,
        unobserved={
            "department": _unobserved(DEPARTMENTS, departments.told, of_departments) | withheld["department"],
            "user": _unobserved(USERS, people.told, of_users) | withheld["user"],
            "membership": _unobserved(MEMBERSHIPS, of_places, of_memberships) | withheld["membership"],
        },
        # That none of a few records has a field tells nothing of permissions.
        withheld={name: columns for name, columns in withheld.items() if columns and told is None},
        unread={"department": department_table.unread, "user": user_table.unread, "membership": membership_table.unread},
    )


def _department_table(records: Sequence[Record], mapping: Mapping[str, str], *, hidden: Collection[str]) -> Table:
    """Departments order ascending, by a number that is written as text."""
    columns: dict[str, list[Any]] = {
        "department_id": to_text(pick(records, "open_department_id")),
        "parent_id": to_text(pick(records, "parent_id")),
        "name": to_text(pick(records, "name")),
        "name_en": to_text(pick(records, "i18n_name.en_us")),
        "sort_order": to_numbers(pick(records, "order")),
        "source_identifier": to_text(pick(records, "department_id")),
        "leader_user_ids": to_id_lists(map(read_leaders, records)),
        "attributes": to_attributes(records, DEPARTMENT_ATTRIBUTES),
    }
    apply_mapping(columns, records, DEPARTMENTS, mapping)
    return join_parts(DEPARTMENTS, [build_part(DEPARTMENTS, columns, len(records))], without=hidden)


def _user_part(records: Rows, mapping: Mapping[str, str]) -> Part:
    """`employee_type` stays a number: 1 regular, 2 intern, 3 outsourced, 4 contractor, 5 consultant, others are the company's own."""
    columns: dict[str, list[Any]] = {column: to_text(pick(records, name)) for column, name in USER_TEXTS.items()}
    columns |= {
        "user_id": to_text(pick(records, "key")),
        "gender": to_choices(pick(records, "gender"), GENDERS, nothing="0"),
        "avatar_url": to_text(map(_avatar, pick(records, "avatar"))),
        "hired_on": to_dates(pick(records, "join_time"), UNITS["join_time"]),
        "status": [_status(flags) for flags in pick(records, "status")],
        "is_admin": to_flags(pick(records, "is_tenant_manager")),
        "main_department_id": to_text(pick(records, "main_department_id")),
        "attributes": to_attributes(records, USER_ATTRIBUTES),
    }
    apply_mapping(columns, records, USERS, mapping, units=UNITS)
    return build_part(USERS, columns, len(records))


def _membership_part(records: Rows, mapping: Mapping[str, str], leaders: Mapping[str, Sequence[str]]) -> Part:
    """People order the other way round than departments: the larger `user_order` is shown first."""
    keys, departments = pick(records, "key"), pick(records, "department_id")
    columns: dict[str, list[Any]] = {
        "user_id": to_text(keys),
        "department_id": to_text(departments),
        "is_main": to_flags(pick(records, "is_primary_dept")),
        "is_leader": [_leads(key, leaders.get(str(each), ())) for key, each in zip(keys, departments, strict=True)],
        "sort_order": negate(to_numbers(pick(records, "user_order"))),
    }
    apply_mapping(columns, records, MEMBERSHIPS, mapping)
    return build_part(MEMBERSHIPS, columns, len(records))


def _leads(user_id: object, leaders: Sequence[str]) -> bool | Unread:
    """Where the id of a leader came damaged, it may be anybody's."""
    return user_id in leaders or (UNREAD if any(map(is_damaged, leaders)) else False)


def _status(flags: object) -> str | Unread | None:
    """Someone who has left on his own (`is_exited`) becomes resigned later; who was invited and has not joined is not active yet."""
    if flags is None:
        return None
    if not isinstance(flags, dict) or any(read_flag(flags[name]) is None for name in STATUS_FLAGS if flags.get(name) is not None):
        return UNREAD
    if is_true(flags.get("is_resigned")) or is_true(flags.get("is_exited")):
        return "resigned"
    if is_true(flags.get("is_frozen")):
        return "disabled"
    return "active" if is_true(flags.get("is_activated")) else "inactive"


def _avatar(avatar: object) -> object:
    """The largest there is."""
    return next((avatar[size] for size in AVATARS if avatar.get(size)), None) if isinstance(avatar, dict) else None


def _withheld(
    told: Record,
    mapping: Mapping[str, str],
    sources: Mapping[str, str],
    groups: Iterable[Sequence[str]],
    attributes: Sequence[str],
) -> frozenset[str]:
    return find_withheld([told] if told else [], mapping, sources=sources, groups=groups, attributes=attributes)


def _unobserved(frame: Frame, told: Record, mapping: Mapping[str, str]) -> frozenset[str]:
    return find_unobserved([told], mapping, silent=NEVER_TOLD[frame.name])


def _first_names(mapping: Mapping[str, str]) -> frozenset[str]:
    return frozenset(path.partition(".")[0] for path in mapping.values())
