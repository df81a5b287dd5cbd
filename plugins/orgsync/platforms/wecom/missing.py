"""Who was in the newest snapshot and is in no list of a read in parts: gone, or moved from a part not read yet to one read before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec

from orgsync.platforms.platform import Answer
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.speaking.decoding import decode_json
from orgsync.platforms.wecom.interfaces import EXPORT_USERS, GET_USER, LIST_USERS
from orgsync.platforms.wecom.records import fold, read_department_ids


class _Person(msgspec.Struct):
    """Of a person's record no more than this is made into objects."""

    userid: Any = None
    department: Any = None


class _People(msgspec.Struct):
    userlist: list[_Person] = []


_decode_people = msgspec.json.Decoder(_People).decode
_decode_person = msgspec.json.Decoder(_Person).decode


def list_missing(answers: Iterable[Answer], seen: Collection[str], wanted: Collection[str]) -> list[str]:
    """The ids of those who were in a department that is wanted, in whatever way they were read, and whose folded id was not seen."""
    missing = {
        fold(person.userid): str(person.userid)
        for answer in answers
        for person in _people_of(answer)
        if person.userid and fold(person.userid) not in seen and any(each in wanted for each in read_department_ids(person.department))
    }
    return [missing[key] for key in sorted(missing)]


def _people_of(answer: Answer) -> list[_Person]:
    if answer.interface in (LIST_USERS, EXPORT_USERS):
        return _read(answer.body, lambda body: _decode_people(body).userlist, lambda content: content.get("userlist"))
    if answer.interface == GET_USER:
        return _read(answer.body, lambda body: [_decode_person(body)], lambda content: [content])
    return []


def _read(body: bytes, decode: Callable[[bytes], list[_Person]], list_records: Callable[[Any], Any]) -> list[_Person]:
    """What was damaged is read as it is for tidying."""
    try:
        return decode(body)
    except (msgspec.DecodeError, RecursionError):
        return [_Person(record.get("userid"), record.get("department")) for record in records_of(list_records(decode_json(body)))]
