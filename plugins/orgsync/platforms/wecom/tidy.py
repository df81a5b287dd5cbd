"""WeCom's landed answers as tidy frames, whichever way they were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, TidySet
from orgsync.platforms.platform import Answers, Mode
from orgsync.platforms.reading.columns import Table, apply_mapping, build_table, pick, to_attributes
from orgsync.platforms.reading.conversions import UNREAD, Unread, negate, to_choices, to_flags, to_id_lists, to_numbers, to_text
from orgsync.platforms.reading.observed import find_unobserved, find_withheld, is_told
from orgsync.platforms.reading.records import Record
from orgsync.platforms.wecom.gather import Departments, People, gather_departments, gather_people
from orgsync.platforms.wecom.records import RESTRICTED_FIELDS, read_department_id

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
USER_FIELDS = frozenset({*USER_TEXTS.values(), *USER_ATTRIBUTES, "gender", "status", "main_department"})
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


def tidy(answers: Answers, *, mode: Mode, mapping: Mappings) -> TidySet:  # noqa: ARG001 - both modes tell the same columns
    """The same frames in whatever order the answers come."""
    of_departments, of_users, of_memberships = (mapping.get(frame.name, {}) for frame in (DEPARTMENTS, USERS, MEMBERSHIPS))
    fields = USER_FIELDS | {path.partition(".")[0] for path in of_users.values()}
    departments = gather_departments(answers("departments"))
    people = gather_people(answers("users"), departments, fields=fields)
    withheld = find_withheld(people.detailed, of_users, sources=WITHHOLDABLE, groups=[{field} for field in RESTRICTED_FIELDS])
    department_table = _department_table(departments.records, of_departments)
    user_table, membership_table = _user_table(people.users, of_users), _membership_table(people.memberships, of_memberships)
    return TidySet(
        departments=department_table.rows,
        users=user_table.rows,
        memberships=membership_table.rows,
        unobserved={
            "department": _unobserved_of_departments(departments, of_departments),
            "user": _unobserved_of_users(people, of_users) | withheld,
            "membership": _unobserved_of_memberships(people, of_memberships),
        },
        withheld={"user": withheld} if withheld else {},
        unread={"department": department_table.unread, "user": user_table.unread, "membership": membership_table.unread},
        not_read=_not_read(departments, people),
    )


def _not_read(departments: Departments, people: People) -> dict[str, frozenset[str]]:
    """Reading by ids, details of people come one by one, and departments have names where the app sees them: the others are not empty."""
    missing: dict[str, frozenset[str]] = {}
    if departments.by_ids and departments.has_names:
        missing["department"] = frozenset(str(each["id"]) for each in departments.records if "name" not in each)
    if people.detailed:
        missing["user"] = _user_ids(people.users) - _user_ids(people.detailed)
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


def _user_table(records: Sequence[Record], mapping: Mapping[str, str]) -> Table:
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
    return build_table(USERS, columns, len(records))


def _membership_table(records: Sequence[Record], mapping: Mapping[str, str]) -> Table:
    """The larger `order` is shown first (page 90195)."""
    columns: dict[str, list[Any]] = {
        "user_id": to_text(pick(records, "userid")),
        "department_id": to_text(pick(records, "department_id")),
        "is_main": to_flags(pick(records, "is_main")),
        "is_leader": to_flags(pick(records, "is_leader")),
        "sort_order": negate(to_numbers(pick(records, "order"))),
    }
    apply_mapping(columns, records, MEMBERSHIPS, mapping)
    return build_table(MEMBERSHIPS, columns, len(records))


def _with_several_leaders_only(records: Sequence[Record]) -> list[Record]:
    """One direct leader has a column, up to five have not. Custom fields without any value say nothing."""
    return [
        {
            name: value
            for name, value in record.items()
            if not (name == "direct_leader" and (not isinstance(value, list) or len(value) < 2)) and not (name == "extattr" and not value)
        }
        for record in records
    ]


def _main_department(value: object) -> str | Unread | None:
    return None if value in (None, "", 0, "0") else read_department_id(value) or UNREAD


def _unobserved_of_departments(departments: Departments, mapping: Mapping[str, str]) -> frozenset[str]:
    silent = NEVER_TOLD["department"] | (frozenset() if departments.has_names or not departments.by_ids else NOT_IN_IDS["department"])
    return find_unobserved(departments.records, mapping, silent=_with_untold(silent, departments.records, name_en="name_en"))


def _unobserved_of_users(people: People, mapping: Mapping[str, str]) -> frozenset[str]:
    silent = NEVER_TOLD["user"] | (frozenset() if people.detailed or not people.users else NOT_IN_IDS["user"])
    return find_unobserved(people.detailed, mapping, silent=_with_untold(silent, people.detailed, name_en="english_name"))


def _unobserved_of_memberships(people: People, mapping: Mapping[str, str]) -> frozenset[str]:
    silent = NEVER_TOLD["membership"] | (frozenset() if people.detailed or not people.users else NOT_IN_IDS["membership"])
    return find_unobserved(people.memberships, mapping, silent=silent)


def _with_untold(silent: frozenset[str], records: Sequence[Record], *, name_en: str) -> frozenset[str]:
    """English names are sent only with several languages switched on, or by old interfaces."""
    return silent if is_told(records, name_en) else silent | {"name_en"}
