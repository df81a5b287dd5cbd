"""Feishu's landed answers as raw records, each department, person and membership once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orgsync.platforms.feishu.client import ROOT_ID
from orgsync.platforms.feishu.interfaces import GET_DEPARTMENT, LIST_USERS
from orgsync.platforms.feishu.records import is_deleted, items_of, read_id
from orgsync.platforms.platform import Answer
from orgsync.platforms.reading.records import Gathered, Record, is_true, records_of
from orgsync.platforms.speaking.decoding import decode_json


@dataclass(frozen=True)
class Departments:
    """`told` names every field that any department has: what a permission hides is in none."""

    records: list[Record]
    told: Record


@dataclass(frozen=True)
class People:
    """Records without the same content twice: more than one for a key means that the platform contradicts itself.

    `walked` are the departments whose members were read; `told` names every field that anybody has.
    """

    users: list[Record]
    memberships: list[Record]
    walked: frozenset[str]
    told: Record


def gather_people(answers: Iterable[Answer], *, fields: Collection[str]) -> People:
    """Someone in several departments is in each one's list, each time with all of them; what differs there belongs to the membership.

    `fields` are the ones that make up a person: only in them may two records of one person differ. The key is in `key`, as
    the `user_id_type` of the call says.
    """
    users, memberships = Gathered("key"), Gathered("key")
    walked: set[str] = set()
    told: dict[str, Any] = {}
    for answer in answers:
        asked = str(answer.params["department_id"]) if answer.interface == LIST_USERS else None
        if asked is not None:
            walked.add(asked)
        for record in items_of(decode_json(answer.body)):
            told.update(dict.fromkeys(record))
            key = record.get(answer.params["user_id_type"])
            users.add({"key": key, **_person(record, fields)})
            memberships.add_all({**place, "key": key} for place in _places(record, asked))
    within = [place for place in memberships.in_order() if place["department_id"] in walked]
    return People(users.in_order(), within, frozenset(walked), told)


def gather_departments(answers: Iterable[Answer], *, walked: Collection[str], fields: Collection[str]) -> Departments:
    """Lists also name departments that the read left out: nobody asked for their members.

    Read from the root down, every parent is here; one that is not is a fault to be found. Of a part only, the tops have theirs outside.
    """
    gathered = Gathered("open_department_id")
    told: dict[str, Any] = {}
    for answer in answers:
        for record in _departments_of(answer):
            told.update(dict.fromkeys(record))
            if record.get("open_department_id") in walked and not is_deleted(record):
                gathered.add({"parent_id": _parent(record, walked), **{name: record[name] for name in fields if name in record}})
    return Departments(gathered.in_order(), told)


def _departments_of(answer: Answer) -> Iterator[Record]:
    content = decode_json(answer.body)
    if answer.interface == GET_DEPARTMENT:
        root = content["data"]["department"]
        yield {name: value for name, value in root.items() if name != "parent_department_id"} | {"open_department_id": ROOT_ID}
    else:
        yield from items_of(content)


def _parent(record: Record, walked: Collection[str]) -> str | None:
    parent = read_id(record.get("parent_department_id"))
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
