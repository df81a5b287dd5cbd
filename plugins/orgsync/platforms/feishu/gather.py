"""Feishu's landed answers as raw records, each department, person and membership once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UnsetType

from orgsync.platforms.feishu.client import ROOT_ID
from orgsync.platforms.feishu.interfaces import GET_DEPARTMENT, GET_USER, LIST_USERS
from orgsync.platforms.feishu.records import is_deleted, items_of, read_id
from orgsync.platforms.platform import Answer
from orgsync.platforms.reading.columns import Fields
from orgsync.platforms.reading.records import Gathered, Record, is_true, records_of
from orgsync.platforms.reading.typed import Batch, Flag, Form, General, PersonKind, Places, Whole, make_splitter
from orgsync.platforms.speaking.decoding import decode_json


@dataclass(frozen=True)
class Departments:
    """`told` names every field that any department has: what a permission hides is in none."""

    records: list[Record]
    told: Record


class Order(msgspec.Struct):
    """What someone's record says about their place in one department."""

    department_id: str
    user_order: Whole = msgspec.UNSET
    is_primary_dept: Flag = msgspec.UNSET


class FeishuPeople:
    """Someone in several departments is in each one's list, each time with all of them; what differs there belongs to the membership.

    `fields` are the ones that make up a person, with the types that they are documented to have: only in them may two records of one person
    differ; of `others` it counts whether anybody has them. The key is in `key`, as the `user_id_type` of the call says. `walked` are the
    departments whose members were read.
    """

    def __init__(self, fields: Mapping[str, Any], others: Collection[str]) -> None:
        self.walked: set[str] = set()
        self._fields = fields
        self._documented = {**dict.fromkeys(others, Any), **fields, "orders": list[Order] | None | UnsetType}
        self._documented["department_ids"] = list[str] | None | UnsetType
        self._kinds: dict[str, PersonKind] = {}

    @property
    def form(self) -> Form:
        return Form(
            user_key="key",
            place_key="key",
            place_department="department_id",
            place_fields=("user_order", "is_primary_dept"),
            kind_of=self._kind_of,
            split=lambda answer: _split(answer.body),
            list_records=_people_of,
            key_of=lambda record, answer: record.get(answer.params["user_id_type"]),
            add=self._add,
            note_places=_note_places,
            prepare=_prepare,
        )

    def _kind_of(self, answer: Answer) -> PersonKind | None:
        if answer.interface == GET_USER:
            return None
        asked, key = _asked(answer), str(answer.params["user_id_type"])
        if asked is not None:
            self.walked.add(asked)
        if key not in self._kinds:
            self._kinds[key] = PersonKind(self._documented | {key: str}, key=key)
        return self._kinds[key]

    def _add(self, general: General, record: Record, answer: Answer) -> None:
        general.told.update(dict.fromkeys(record))
        key = record.get(answer.params["user_id_type"])
        general.users.add({"key": key, **_person(record, self._fields)})
        general.places.add_all({**place, "key": key} for place in _places(record, _asked(answer)))


_split = make_splitter("data", "items")


def _people_of(answer: Answer) -> list[Record]:
    content = decode_json(answer.body)
    return [content["data"]["user"]] if answer.interface == GET_USER else items_of(content)


def _asked(answer: Answer) -> str | None:
    return str(answer.params["department_id"]) if answer.interface == LIST_USERS else None


def _note_places(places: Places, batch: Batch) -> None:
    """All with the first record of somebody, as the others have the same; else where they were found, if that is none of their own."""
    asked = _asked(batch.answer)
    orders, named = (batch.values_of(name) for name in ("orders", "department_ids"))
    for key, is_new, own, ids in zip(batch.keys, batch.is_new, orders, named, strict=True):
        found = {order.department_id: order for order in own or () if read_id(order.department_id)}
        departments = {*filter(read_id, ids or ()), *found}
        if asked is not None and asked not in departments:
            places.add(key, asked)
        for department in departments if is_new else ():
            order = found.get(department, _NO_ORDER)
            places.add(key, department, user_order=order.user_order, is_primary_dept=order.is_primary_dept)


_NO_ORDER = Order("")


def _prepare(fields: Fields) -> Fields:
    values = dict(fields.values)
    values["main_department_id"] = [_primary(orders) for orders in values["orders"]]
    values["custom_attrs"] = [each if each is msgspec.UNSET else _custom_attributes(each) for each in values["custom_attrs"]]
    return Fields(values | {"key": fields.keys}, fields.rows, fields.keys)


def _primary(orders: Any) -> str | None:
    main = (read_id(order.department_id) for order in orders or () if order.is_primary_dept is True)
    return next(main, None)


def gather_departments(
    answers: Iterable[Answer], *, walked: Collection[str], fields: Collection[str], tops: Collection[str] | None = None
) -> Departments:
    """Lists also name departments that the read left out: nobody asked for their members.

    `tops` are the only ones without a parent, where it is known that the others' is read.

    Read from the root down, every parent is here; one that is not is a fault to be found. Of a part only, the tops have theirs outside.
    """
    gathered = Gathered("open_department_id")
    told: dict[str, Any] = {}
    for answer in answers:
        for record in _departments_of(answer):
            told.update(dict.fromkeys(record))
            if record.get("open_department_id") in walked and not is_deleted(record):
                gathered.add({"parent_id": _parent(record, walked, tops), **{name: record[name] for name in fields if name in record}})
    return Departments(gathered.in_order(), told)


def _departments_of(answer: Answer) -> Iterator[Record]:
    content = decode_json(answer.body)
    if answer.interface == GET_DEPARTMENT and answer.params["department_id"] != ROOT_ID:
        yield content["data"]["department"]
    elif answer.interface == GET_DEPARTMENT:
        root = content["data"]["department"]
        yield {name: value for name, value in root.items() if name != "parent_department_id"} | {"open_department_id": ROOT_ID}
    else:
        yield from items_of(content)


def _parent(record: Record, walked: Collection[str], tops: Collection[str] | None) -> str | None:
    parent = read_id(record.get("parent_department_id"))
    if tops is not None:
        return None if record.get("open_department_id") in tops else parent
    return parent if ROOT_ID in walked or parent in walked else None


def _person(record: Record, fields: Collection[str]) -> Record:
    kept = {name: record[name] for name in fields if name in record}
    if "custom_attrs" in kept:
        kept["custom_attrs"] = _custom_attributes(kept["custom_attrs"])
    return kept | {"main_department_id": _main_department(record.get("orders"))}


def _main_department(orders: object) -> str | None:
    main = (read_id(order.get("department_id")) for order in records_of(orders) if is_true(order.get("is_primary_dept")))
    return next(main, None)


def _custom_attributes(attributes: object) -> dict[str, Any]:
    """By id, each with the one value that says most: what it is called has an interface of its own."""
    return {str(attribute.get("id")): _custom_value(attribute.get("value")) for attribute in records_of(attributes)}


def _custom_value(value: object) -> Any:
    """A link's address, an option's or a picture's name, a person's id, else the text."""
    if not isinstance(value, dict):
        return value
    person = value.get("generic_user")
    candidates = [value.get(name) for name in ("url", "option_value", "name", "text", "option_id", "picture_url", "pc_url")]
    candidates.append(person.get("id") if isinstance(person, dict) else None)
    return next((each for each in candidates if each not in (None, "")), None)


def _places(record: Record, asked: str | None) -> list[Record]:
    """Where someone was found and where he says he is; a record without `department_ids` says nothing else (a permission)."""
    orders = {department: order for order in records_of(record.get("orders")) if (department := read_id(order.get("department_id")))}
    own = record.get("department_ids")
    named = [department for department in own if read_id(department)] if isinstance(own, list) else []
    departments = {*named, *orders, *([asked] if asked is not None else [])}
    return [{"department_id": department, **_order(orders.get(department, {}))} for department in sorted(departments)]


def _order(order: Record) -> Record:
    return {name: order[name] for name in ("user_order", "is_primary_dept") if name in order}
