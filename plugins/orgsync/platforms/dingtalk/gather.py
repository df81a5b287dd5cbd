"""DingTalk's landed answers as raw records, each department, person and membership once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orgsync.platforms.dingtalk.interfaces import GET_DEPARTMENT, LIST_SUB_DEPARTMENTS, LIST_USERS
from orgsync.platforms.dingtalk.records import read_department_id
from orgsync.platforms.platform import Answer
from orgsync.platforms.reading.columns import Fields, parse_json_text, without_unset
from orgsync.platforms.reading.looking import Told
from orgsync.platforms.reading.records import Gathered, Record, records_of
from orgsync.platforms.reading.typed import Batch, Flag, Form, General, PersonKind, Places, Whole, make_splitter
from orgsync.platforms.speaking.decoding import decode_json


@dataclass(frozen=True)
class Departments:
    """`walked` are the departments whose children and members were read."""

    records: list[Record]
    walked: frozenset[str]


def gather_departments(answers: Iterable[Answer], *, with_details: bool) -> Departments:
    """Children as their parents list them, completed with their details; tops are in nobody's list.

    A list also names departments that the read left out (excluded, linked, negative ids): those were never asked for
    their own children. What has no valid id could not be asked either; it stays, to be quarantined.
    """
    listed: list[Record] = []
    details: dict[str, Record] = {}
    walked: set[str] = set()
    for answer in answers:
        asked, result = str(answer.params["dept_id"]), decode_json(answer.body)["result"]
        if answer.interface == LIST_SUB_DEPARTMENTS:
            walked.add(asked)
            listed.extend(_child(record, asked) for record in records_of(result))
        elif answer.interface == GET_DEPARTMENT:
            details[asked] = _detail(result)
    children = [child for child in listed if child["dept_id"] is None or child["dept_id"] in walked]
    tops = walked.difference(child["dept_id"] for child in children)
    records = [*children, *({"dept_id": top, "name": details.get(top, {}).get("name"), "parent_id": None} for top in tops)]
    if with_details:
        records = [{**record, **details.get(record["dept_id"], {})} for record in records]
    gathered = Gathered("dept_id")
    gathered.add_all(records)
    return Departments(gathered.in_order(), frozenset(walked))


def gather_asked(answers: Iterable[Answer], told: Told) -> Departments:
    """Departments of a targeted read: each alone, with its own word of what is above it."""
    gathered = Gathered("dept_id")
    for answer in answers:
        department_id, result = str(answer.params["dept_id"]), decode_json(answer.body)["result"]
        above = None if department_id in told.tops else read_department_id(result.get("parent_id"))
        gathered.add({**_detail(result), "dept_id": department_id, "parent_id": above})
    return Departments(gathered.in_order(), frozenset(told.departments))


OF_A_PLACE = ("dept_order", "leader")
"""What a list says of a person in this one department."""


OF_NO_LIST = ("manager_userid", "dept_position_list", "dept_order_list", "leader_in_dept")
ONLY_ALONE = ("senior", "real_authed", "role_list", "union_emp_ext", "extension_i18n", "org_email_type", "create_time")
"""What a person's own record says and no list does (§4)."""


def form_of_people(*, walked: Collection[str], fields: Mapping[str, Any], is_targeted: bool = False) -> Form:
    """Someone in several departments is in each one's list; what differs there belongs to the membership.

    `fields` are the ones that make up a person, with their documented types: only in them may two records of one person differ.
    A person read alone is read in the general way, and so is everybody where a tenant makes a person's column of what is a place's.
    A targeted read has each person alone, and says of them what a whole read would.
    """
    kind = PersonKind({**fields, "dept_order": Whole, "leader": Flag}, key="userid", apart=OF_A_PLACE)
    is_plain = fields.keys().isdisjoint(OF_A_PLACE)

    def add(general: General, record: Record, answer: Answer) -> None:
        own = _own_places(record, walked) if answer.interface != LIST_USERS else []
        if is_targeted:
            record, own = _as_listed(record, is_in_a_list=bool(own)), [_as_listed_place(place) for place in own]
        user = _with_extension({name: record[name] for name in fields if name in record})
        general.told.update(dict.fromkeys(user))
        general.users.add(user)
        general.places.add_all([_listed_place(record, answer.params["dept_id"])] if answer.interface == LIST_USERS else own)

    return Form(
        user_key="userid",
        place_key="userid",
        place_department="dept_id",
        place_fields=("order", "leader"),
        kind_of=lambda answer: kind if is_plain and answer.interface == LIST_USERS else None,
        split=lambda answer: _split(answer.body),
        list_records=_list_people,
        key_of=lambda record, _: record.get("userid"),
        add=add,
        note_places=_note_places,
        prepare=_prepare,
    )


_split = make_splitter("result", "list")


def _list_people(answer: Answer) -> list[Record]:
    result = decode_json(answer.body)["result"]
    return records_of(result["list"]) if answer.interface == LIST_USERS else [result]


def _note_places(places: Places, batch: Batch) -> None:
    department_id = str(batch.answer.params["dept_id"])
    order, leader = (without_unset(batch.apart[name]) for name in OF_A_PLACE)
    places.add_all(batch.keys, [department_id] * len(batch.keys), order=order, leader=leader)


def _prepare(fields: Fields) -> Fields:
    return Fields({**fields.values, "extension": list(map(parse_json_text, fields.values["extension"]))}, fields.rows, fields.keys)


def _child(record: Record, asked: str) -> Record:
    ids = {"dept_id": read_department_id(record.get("dept_id")), "parent_id": read_department_id(record.get("parent_id")) or asked}
    return {**record, **ids, "ext": parse_json_text(record.get("ext"))}


def _detail(result: Record) -> Record:
    """A department's place is what the walk saw: a detail read a moment later may name a parent that was not read."""
    kept = {name: value for name, value in result.items() if name not in ("dept_id", "parent_id")}
    return {**kept, "extention": parse_json_text(kept.get("extention"))}


def _with_extension(user: Record) -> Record:
    return {**user, "extension": parse_json_text(user["extension"])} if "extension" in user else user


def _listed_place(record: Record, department_id: object) -> Record:
    """`dept_order` and `leader` are about the department whose list this is."""
    place = {"userid": record.get("userid"), "dept_id": str(department_id)}
    return {**place, "order": record.get("dept_order"), "leader": record.get("leader")}


def _own_places(record: Record, walked: Collection[str]) -> list[Record]:
    """A person read alone says it in three lists; departments outside the visible range have no row to belong to."""
    places: dict[str, dict[str, Any]] = {}
    for entry in _entries_of_places(record):
        department_id = read_department_id(entry.get("dept_id"))
        if department_id and department_id in walked:
            places.setdefault(department_id, {"userid": record.get("userid")}).update(entry, dept_id=department_id)
    return list(places.values())


def list_places(record: Record) -> set[str] | None:
    """The departments that a person's own record names; None where that cannot be read, so that some may be missing."""
    ids = parse_json_text(record.get("dept_id_list"))
    if not isinstance(ids, list) or None in map(read_department_id, ids):
        return None
    named = (read_department_id(entry.get("dept_id")) for entry in _entries_of_places(record))
    return {department for department in named if department}


def _entries_of_places(record: Record) -> list[Record]:
    entries: list[Record] = [{"dept_id": department} for department in _read_ids(record.get("dept_id_list"))]
    for name in ("dept_order_list", "leader_in_dept", "dept_position_list"):
        entries += _entries_of(record.get(name))
    return entries


def _as_listed(record: Record, *, is_in_a_list: bool) -> Record:
    """Who is in no list is read alone in a whole read too."""
    left_out = (*OF_NO_LIST, *(ONLY_ALONE if is_in_a_list else ()))
    return {name: value for name, value in record.items() if name not in left_out}


def _as_listed_place(place: Record) -> Record:
    return {name: place.get(name) for name in ("userid", "dept_id", "order", "leader")}


def _read_ids(value: object) -> list[Any]:
    """A list of numbers; the documented example prints it as the text "[2,3,4]"."""
    ids = parse_json_text(value)
    return ids if isinstance(ids, list) else []


def _entries_of(value: object) -> list[Record]:
    """A list of objects; the documented example prints one alone without its list."""
    return records_of([value] if isinstance(value, dict) else value)
