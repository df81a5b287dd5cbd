"""WeCom's landed answers as raw records, each department, person and membership once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec import UNSET, UnsetType

from orgsync.platforms.platform import Answer
from orgsync.platforms.reading.columns import Fields, without_unset
from orgsync.platforms.reading.records import Gathered, Record, records_of
from orgsync.platforms.reading.typed import Batch, Form, General, PersonKind, Places, make_splitter
from orgsync.platforms.speaking.decoding import REPLACEMENT, decode_json
from orgsync.platforms.wecom.client import ROOT_ID
from orgsync.platforms.wecom.interfaces import GET_USER, LIST_DEPARTMENT_IDS, LIST_USER_IDS
from orgsync.platforms.wecom.records import (
    RESTRICTED_FIELDS,
    fold,
    is_hidden,
    read_custom_fields,
    read_department_id,
    read_department_ids,
    read_parent_id,
    read_person,
)
from orgsync.platforms.wecom.tree import Tree


@dataclass(frozen=True)
class Departments:
    """What the tenant wants. `listed` are all that were listed; `by_ids` says that ids were read, and names only where visible."""

    records: list[Record]
    wanted: frozenset[str]
    listed: frozenset[str]
    is_limited: bool
    has_includes: bool
    by_ids: bool
    has_names: bool


@dataclass(frozen=True)
class People:
    """Read by ids: `users` are all; `detailed` are those whose details were read."""

    users: list[Record]
    detailed: list[Record]
    memberships: list[Record]


def gather_departments(answers: Iterable[Answer]) -> Departments:
    """Reading by ids, the company's tree is in one answer and the names of visible departments in another."""
    skeleton, full = Gathered("id"), Gathered("id")
    include: set[str] = set()
    exclude: set[str] = set()
    for answer in answers:
        content = decode_json(answer.body)
        include.update(answer.params.get("include") or ())
        exclude.update(answer.params.get("exclude") or ())
        is_skeleton = answer.interface == LIST_DEPARTMENT_IDS
        (skeleton if is_skeleton else full).add_all(records_of(content.get("department_id" if is_skeleton else "department")))
    bare, named = skeleton.in_order(), full.in_order()
    listed = bare or named
    tree = Tree.of(listed)
    wanted = tree.select(include=include, exclude=exclude)
    return Departments(
        records=_complete(listed, named if bare else [], wanted),
        wanted=wanted,
        listed=frozenset(tree.parents),
        is_limited=bool(include or exclude),
        has_includes=bool(include),
        by_ids=bool(bare),
        has_names=bool(named),
    )


def form_of_people(departments: Departments, *, fields: Mapping[str, Any]) -> Form:
    """`fields` are the ones that make up a person, with the types that they are documented to have.

    Memberships are limited to the departments that were read. Of an answer that holds people who are not wanted, each is looked at.
    """
    kind = PersonKind({**fields, "department": list[int], "order": _Numbers, "is_leader_in_dept": _Numbers}, key="userid")

    def add(general: General, record: Record, answer: Answer) -> None:
        if _is_wanted(record, answer, departments):
            person = read_person(record, fields)
            general.told.update(dict.fromkeys(person))
            general.users.add(person)
            general.places.add_all(_places(record, departments.wanted))

    return Form(
        user_key="userid",
        place_key="userid",
        place_department="department_id",
        place_fields=("is_main", "is_leader", "order"),
        kind_of=lambda answer: kind if answer.interface != GET_USER and _is_all_wanted(answer, departments) else None,
        split=lambda answer: _split(answer.body),
        list_records=_people_of,
        key_of=lambda record, _: record.get("userid"),
        add=add,
        note_places=partial(_note_places, wanted=departments.wanted),
        prepare=lambda people: _prepare(people, fields),
    )


_Numbers = list[int] | None | UnsetType
_split = make_splitter("userlist")


def _note_places(places: Places, batch: Batch, *, wanted: Collection[str]) -> None:
    told = (without_unset(batch.values_of(name)) for name in ("department", "main_department", "is_leader_in_dept", "order"))
    for key, is_new, departments, main, leaders, orders in zip(batch.keys, batch.is_new, *told, strict=True):
        if is_new:
            ids = read_department_ids(departments)
            for department_id in dict.fromkeys(ids):
                if department_id is not None and department_id in wanted:
                    places.add(key, department_id, **_place(ids, main, leaders, orders, department_id))


def _prepare(people: Fields, fields: Collection[str]) -> Fields:
    values = {name: people.values[name] for name in fields}
    for name in RESTRICTED_FIELDS & values.keys():
        values[name] = [UNSET if is_hidden(name, value) else value for value in values[name]]
    values["extattr"] = [value if value is UNSET else read_custom_fields(value) for value in values["extattr"]]
    return Fields(values, people.rows, people.keys)


def gather_by_ids(
    answers: Iterable[Answer], departments: Departments, fields: Collection[str], told: Collection[str] | None = None
) -> People:
    """Memberships are limited to the departments that were read. `told` are the folded ids of the only people that count."""
    rows: set[tuple[str, str | None]] = set()
    details: dict[str, tuple[str, bytes]] = {}
    for answer in answers:
        if answer.interface == LIST_USER_IDS:
            rows.update(row for row in _rows(answer, departments) if told is None or fold(row[0]) in told)
        elif not answer.params.get("refused"):
            _keep_newest(details, answer)
    users, detailed, memberships = Gathered("userid"), Gathered("userid"), Gathered("userid")
    for user_id, department_id in rows:
        _, body = details.get(fold(user_id), ("", b"{}"))
        record: Record = decode_json(body)
        person = {**read_person(record, fields), "userid": user_id}
        users.add(person)
        if record:
            detailed.add(person)
        if department_id in departments.wanted:
            memberships.add({"userid": user_id, "department_id": department_id, **_place_in(record, department_id)})
    return People(users.in_order(), detailed.in_order(), memberships.in_order())


def _complete(listed: Iterable[Record], named: Iterable[Record], wanted: frozenset[str]) -> list[Record]:
    """Each wanted department; one without a valid id stays, to be quarantined.

    Read from the root down, every parent is here; one that is not is a fault to be found. Of a part only, the tops have theirs outside;
    and where the app sees only some by name, those whose parent it does not see are tops.
    """
    names = {read_department_id(record.get("id")): record for record in named}
    unseen = wanted - names.keys() if names else frozenset[str]()
    gathered = Gathered("id")
    for record in listed:
        department_id, parent_id = read_department_id(record.get("id")), read_parent_id(record)
        if department_id is None or department_id in wanted:
            details = names.get(department_id, {}) if department_id else {}
            is_within = (parent_id in wanted or ROOT_ID in wanted) and not (department_id in names and parent_id in unseen)
            gathered.add({**details, **record, "id": department_id, "parentid": parent_id if is_within else None})
    return gathered.in_order()


def _people_of(answer: Answer) -> list[Record]:
    content = decode_json(answer.body)
    return [content] if answer.interface == GET_USER else records_of(content.get("userlist"))


def _is_all_wanted(answer: Answer, departments: Departments) -> bool:
    return not departments.is_limited or "department_id" in answer.params


def _is_wanted(record: Record, answer: Answer, departments: Departments) -> bool:
    """Lists were asked for wanted departments only. Whoever else came, alone or in an export of all, has to be in a wanted one.

    Outside all visible departments someone is wanted if nothing is included by name: then nobody was left out with a department.
    """
    if _is_all_wanted(answer, departments):
        return True
    own = departments.listed.intersection(read_department_ids(record.get("department")))
    return bool(own & departments.wanted) or (not own and not departments.has_includes)


def _rows(answer: Answer, departments: Departments) -> Iterator[tuple[str, str | None]]:
    for row in records_of(decode_json(answer.body).get("dept_user")):
        department_id = read_department_id(row.get("department"))
        if not departments.is_limited or department_id in departments.wanted:
            yield str(row.get("userid") or ""), department_id


def _keep_newest(details: dict[str, tuple[str, bytes]], answer: Answer) -> None:
    """Someone may have been read twice: what was read later holds."""
    key, found = fold(answer.params.get("userid")), (str(answer.params.get("read_at") or ""), answer.body)
    details[key] = max(details.get(key, found), found)


def _places(record: Record, wanted: Collection[str]) -> list[Record]:
    """A person says where they are in lists of equal length; departments outside the visible range have no row to belong to."""
    return [
        {"userid": record.get("userid"), "department_id": department_id, **_place_in(record, department_id)}
        for department_id in dict.fromkeys(read_department_ids(record.get("department")))
        if department_id is not None and department_id in wanted
    ]


def _place_in(record: Record, department_id: str | None) -> dict[str, Any]:
    """What someone's details say about their place in one department."""
    ids = read_department_ids(record.get("department"))
    return _place(ids, record.get("main_department"), record.get("is_leader_in_dept"), record.get("order"), department_id)


def _place(ids: list[str | None], main: object, leaders: object, orders: object, department_id: str | None) -> dict[str, Any]:
    return {
        "is_main": None if main in (None, "", 0, "0") else _is_main(read_department_id(main), department_id),
        "is_leader": _aligned(leaders, ids, department_id),
        "order": _aligned(orders, ids, department_id),
    }


def _is_main(main: str | None, department_id: str | None) -> bool | str:
    return REPLACEMENT if main is None else main == department_id


def _aligned(values: object, ids: list[str | None], department_id: str | None) -> Any:
    """What is no such list cannot be read, which is not the same as nothing."""
    if values is None or department_id not in ids:
        return None
    return values[ids.index(department_id)] if isinstance(values, list) and len(values) == len(ids) else REPLACEMENT
