"""WeCom's landed answers as tidy frames, whichever way they were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from msgspec import UNSET

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, TidySet
from orgsync.platforms.platform import Answers, Mode
from orgsync.platforms.reading.columns import (
    Fields,
    Part,
    Rows,
    Table,
    apply_mapping,
    build_part,
    build_table,
    join_parts,
    pick,
    to_attributes,
)
from orgsync.platforms.reading.conversions import UNREAD, Unread, negate, to_choices, to_flags, to_id_lists, to_numbers, to_text
from orgsync.platforms.reading.looking import Told, recall_told
from orgsync.platforms.reading.observed import find_unobserved, find_withheld, is_told
from orgsync.platforms.reading.records import Record
from orgsync.platforms.reading.typed import Gathering, Text
from orgsync.platforms.wecom.gather import Departments, form_of_people, gather_by_ids, gather_departments
from orgsync.platforms.wecom.records import RESTRICTED_FIELDS, fold, read_department_id

Mappings = Mapping[str, Mapping[str, str]]

USER_TEXTS = {
    "user_id": "userid",
    "name": "name",
    "name_en": "english_name",
    "nickname": "alias",
    "mobile": "mobile",
    "email": "email",
    "work_email": "biz_mail",
    "telephone": "telephone",
    "avatar_url": "avatar",
    "title": "position",
}
# What goes to `attributes`: nothing that a privacy rule may hide, it would take all other attributes with it.
USER_ATTRIBUTES = ("extattr", "external_position", "external_profile", "direct_leader")
USER_FIELDS: Mapping[str, Any] = {
    **dict.fromkeys(USER_ATTRIBUTES, Any),
    **dict.fromkeys(USER_TEXTS.values(), Text),
    **dict.fromkeys(("gender", "status", "main_department"), Any),
}
"""With the types that they are documented to have; what is a number on one page is a text on another."""
WITHHOLDABLE = {**USER_TEXTS, "gender": "gender"}

GENDERS = {"1": "male", "2": "female"}
STATUSES = {"1": "active", "2": "disabled", "4": "inactive", "5": "resigned"}

NEVER_TOLD = {
    "department": frozenset({"is_hidden", "source_identifier", "attributes"}),
    "user": frozenset({"union_id", "open_id", "job_number", "work_place", "employee_type", "hired_on", "is_admin"}),
    "membership": frozenset({"title", "attributes"}),
}
NOT_IN_IDS = {
    "department": frozenset({"name", "name_en", "leader_user_ids"}),
    "user": frozenset(USERS.content),
    "membership": frozenset({"is_main", "is_leader", "sort_order"}),
}


def tidy(answers: Answers, *, mode: Mode, mapping: Mappings) -> TidySet:
    """The same frames in whatever order the answers come. All modes tell the same columns; a targeted read of fewer people."""
    of_departments, of_users, of_memberships = (mapping.get(frame.name, {}) for frame in (DEPARTMENTS, USERS, MEMBERSHIPS))
    fields = {**dict.fromkeys((path.partition(".")[0] for path in of_users.values()), Any), **USER_FIELDS}
    told = recall_told(answers) if mode == "targeted" else None
    departments = _gather_departments(answers, told)
    by_way = partial(_tidy_by_ids, told=told) if departments.by_ids else _tidy_lists
    found = by_way(answers, departments, fields, mapping)
    withheld = find_withheld(found.detailed, of_users, sources=WITHHOLDABLE, groups=[{name} for name in RESTRICTED_FIELDS])
    department_table = _department_table(departments.records, of_departments)
    return TidySet(
        departments=department_table.rows,
        users=found.users.rows,
        memberships=found.memberships.rows,
        unobserved={
            "department": _unobserved_of_departments(departments, of_departments),
            "user": _unobserved_of_users(found, of_users) | withheld,
            "membership": _unobserved_of_memberships(found, of_memberships),
        },
        # That none of a few people has a field tells nothing of privacy rules.
        withheld={"user": withheld} if withheld and told is None else {},
        unread={"department": department_table.unread, "user": found.users.unread, "membership": found.memberships.unread},
        not_read=_not_read(departments, found),
    )


@dataclass(frozen=True)
class _People:
    """Both tables; of the records behind them those that tell something of people, and of places: one may stand for all, with their fields.

    `without_details` are the people whose details were not read.
    """

    users: Table
    memberships: Table
    detailed: Sequence[Record]
    places: Sequence[Record]
    without_details: frozenset[str] = field(default_factory=frozenset)


def _tidy_lists(answers: Answers, departments: Departments, fields: Mapping[str, Any], mapping: Mappings) -> _People:
    people = Gathering(answers, form_of_people(departments, fields=fields), partial(_user_part, mapping=mapping.get("user", {})))
    users = people.users()
    listed, odd, order = people.places()
    memberships = join_parts(MEMBERSHIPS, [_membership_part(rows, mapping.get("membership", {})) for rows in (listed, odd)], order)
    return _People(users, memberships, [people.told] if len(users.rows) else [], [dict.fromkeys(listed.told), *odd])


def _tidy_by_ids(answers: Answers, departments: Departments, fields: Mapping[str, Any], mapping: Mappings, *, told: Told | None) -> _People:
    people = gather_by_ids(answers("users"), departments, fields, None if told is None else set(map(fold, told.users)))
    users = join_parts(USERS, [_user_part(people.users, mapping.get("user", {}))])
    memberships = join_parts(MEMBERSHIPS, [_membership_part(people.memberships, mapping.get("membership", {}))])
    return _People(users, memberships, people.detailed, people.memberships, _user_ids(people.users) - _user_ids(people.detailed))


def _gather_departments(answers: Answers, told: Told | None) -> Departments:
    """What is wanted, and where, is the same in all modes."""
    found = gather_departments(answers("departments"))
    return found if told is None else replace(found, records=[each for each in found.records if each["id"] in told.departments])


def _not_read(departments: Departments, people: _People) -> dict[str, frozenset[str]]:
    """Reading by ids, details of people come one by one, and departments have names where the app sees them: the others are not empty."""
    missing: dict[str, frozenset[str]] = {}
    if departments.by_ids and departments.has_names:
        missing["department"] = frozenset(str(each["id"]) for each in departments.records if "name" not in each)
    if people.detailed:
        missing["user"] = people.without_details
    return {entity: keys for entity, keys in missing.items() if keys}


def _user_ids(people: Sequence[Record]) -> frozenset[str]:
    return frozenset(str(person.get("userid")) for person in people)


def _department_table(records: Sequence[Record], mapping: Mapping[str, str]) -> Table:
    """The larger `order` is shown first."""
    columns: dict[str, list[Any]] = {
        "department_id": to_text(pick(records, "id")),
        "parent_id": to_text(pick(records, "parentid")),
        "name": to_text(pick(records, "name")),
        "name_en": to_text(pick(records, "name_en")),
        "sort_order": negate(to_numbers(pick(records, "order"))),
        "leader_user_ids": to_id_lists(pick(records, "department_leader")),
    }
    apply_mapping(columns, records, DEPARTMENTS, mapping)
    return build_table(DEPARTMENTS, columns, len(records))


def _user_part(records: Rows, mapping: Mapping[str, str]) -> Part:
    leaders = to_id_lists(pick(records, "direct_leader"))
    columns: dict[str, list[Any]] = {column: to_text(pick(records, name)) for column, name in USER_TEXTS.items()}
    columns |= {
        "gender": to_choices(pick(records, "gender"), GENDERS, nothing="0"),
        "status": to_choices(pick(records, "status"), STATUSES),
        "manager_user_id": [ids if isinstance(ids, Unread) else ids[0] if ids else None for ids in leaders],
        "main_department_id": [_main_department(department) for department in pick(records, "main_department")],
        "attributes": to_attributes(_with_several_leaders_only(records), USER_ATTRIBUTES),
    }
    apply_mapping(columns, records, USERS, mapping)
    return build_part(USERS, columns, len(records))


def _membership_part(records: Rows, mapping: Mapping[str, str]) -> Part:
    """The larger `order` is shown first (page 90195)."""
    columns: dict[str, list[Any]] = {
        "user_id": to_text(pick(records, "userid")),
        "department_id": to_text(pick(records, "department_id")),
        "is_main": to_flags(pick(records, "is_main")),
        "is_leader": to_flags(pick(records, "is_leader")),
        "sort_order": negate(to_numbers(pick(records, "order"))),
    }
    apply_mapping(columns, records, MEMBERSHIPS, mapping)
    return build_part(MEMBERSHIPS, columns, len(records))


def _with_several_leaders_only(records: Rows) -> Fields:
    """One direct leader has a column, up to five have not. Custom fields without any value say nothing."""
    values = {name: pick(records, name) for name in USER_ATTRIBUTES}
    values["direct_leader"] = [value if isinstance(value, list) and len(value) > 1 else UNSET for value in values["direct_leader"]]
    values["extattr"] = [value or UNSET for value in values["extattr"]]
    return Fields(values, len(records))


def _main_department(value: object) -> str | Unread | None:
    return None if value in (None, "", 0, "0") else read_department_id(value) or UNREAD


def _unobserved_of_departments(departments: Departments, mapping: Mapping[str, str]) -> frozenset[str]:
    silent = NEVER_TOLD["department"] | (frozenset() if departments.has_names or not departments.by_ids else NOT_IN_IDS["department"])
    return find_unobserved(departments.records, mapping, silent=_with_untold(silent, departments.records, name_en="name_en"))


def _unobserved_of_users(people: _People, mapping: Mapping[str, str]) -> frozenset[str]:
    silent = NEVER_TOLD["user"] | (frozenset() if people.detailed or people.users.rows.empty else NOT_IN_IDS["user"])
    return find_unobserved(people.detailed, mapping, silent=_with_untold(silent, people.detailed, name_en="english_name"))


def _unobserved_of_memberships(people: _People, mapping: Mapping[str, str]) -> frozenset[str]:
    silent = NEVER_TOLD["membership"] | (frozenset() if people.detailed or people.users.rows.empty else NOT_IN_IDS["membership"])
    return find_unobserved(people.places, mapping, silent=silent)


def _with_untold(silent: frozenset[str], records: Sequence[Record], *, name_en: str) -> frozenset[str]:
    """English names are sent only with several languages switched on, or by old interfaces."""
    return silent if is_told(records, name_en) else silent | {"name_en"}
