"""How single values of WeCom's records are read, wherever they are read."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from orgsync.platforms.reading.records import Record, records_of

# Not given to self-built apps made since 2022-06-20 (page 96260), with or without a word about it: the field may be
# absent, null or empty. That `thumb_avatar` is one of them is not documented.
RESTRICTED_FIELDS = frozenset({"avatar", "thumb_avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address"})

_WHOLE_NUMBER = re.compile(r"\d{1,10}")
_TOO_LARGE_ID = 10**10


def read_department_id(value: object) -> str | None:
    """Department ids are whole numbers; anything else is no id."""
    if type(value) is int:
        return str(value) if 0 <= value < _TOO_LARGE_ID else None
    text = "" if isinstance(value, bool | float) or value is None else str(value).strip()
    return str(int(text)) if _WHOLE_NUMBER.fullmatch(text) else None


def read_department_ids(value: object) -> list[str | None]:
    return [read_department_id(entry) for entry in value] if isinstance(value, list) else []


def read_parent_id(record: Record) -> str | None:
    """The root's parent is 0, which is no department."""
    parent = read_department_id(record.get("parentid"))
    return None if parent == "0" else parent


def fold(user_id: object) -> str:
    """Ids are stored as given and unique whatever their case."""
    return str(user_id).casefold()


def read_person(record: Record, fields: Collection[str]) -> dict[str, Any]:
    """The named fields of a person: what a privacy rule may have hidden is left out, as if it had not been sent."""
    person = {name: record[name] for name in fields if name in record and not is_hidden(name, record[name])}
    if "extattr" in person:
        person["extattr"] = read_custom_fields(person["extattr"])
    return person


def read_custom_fields(extattr: object) -> dict[str, Any]:
    """`{"attrs": [{"name": "工号", "type": 0, "text": {"value": "77"}}]}` as `{"工号": "77"}`; a link or mini-program stays an object."""
    attrs = records_of(extattr.get("attrs")) if isinstance(extattr, dict) else []
    return {str(attr["name"]): value for attr in attrs if attr.get("name") and (value := _custom_value(attr)) not in (None, "")}


def _custom_value(attr: Record) -> Any:
    text = attr.get("text")
    if isinstance(text, dict):
        return text.get("value")
    return attr.get("web") or attr.get("miniprogram") or attr.get("value")


def is_hidden(field: str, value: object) -> bool:
    """Gender 0 is unset or not permitted, as WeCom says itself."""
    return field in RESTRICTED_FIELDS and (value in (None, "") or (field == "gender" and str(value).strip() == "0"))
