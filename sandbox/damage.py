"""Damages an answer that was right: lost rows, endless pages, wrong types, broken values."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.broken_values import PLACE, written
from sandbox.exchange import JSON_TYPE, Answer, Request, decode, encode
from sandbox.faults import FaultSpec

NOWHERE = 999_999_999_999
ENVELOPE = frozenset(("errcode", "errmsg"))
"""Beside the fields of a single object on a platform that wraps nothing."""


@dataclass(frozen=True)
class Names:
    """What a platform calls the things that damage touches.

    `asked_department` and `cursor` are parameters, the others are fields of an answer. A platform whose lists end by the cursor alone
    has no `has_more`. Cursors are positions to us and opaque to callers: `read_cursor` and `make_cursor` translate.
    """

    cursor: str
    next_cursor: str
    has_more: str | None
    asked_department: str
    department_id: str
    parent_id: str
    department_ids: str
    root: int | str
    nowhere: int | str = NOWHERE
    read_cursor: Callable[[Any], int] = int
    make_cursor: Callable[[int], Any] = int
    find_rows: Callable[[dict[str, Any]], tuple[dict[str, Any], str | None]] | None = None
    """The object that holds an answer's rows and their key in it; without a key the object itself is the answer."""


@dataclass
class Wound:
    """An answer opened up: the object that holds the rows, their key in it, and the rows."""

    body: dict[str, Any]
    holder: dict[str, Any]
    key: str | None
    names: Names
    request: Request
    spec: FaultSpec
    broken: bytes = b""
    """What comes in place of the value that was broken, once all is written."""

    @property
    def rows(self) -> list[Any]:
        return self.holder[self.key] if self.key else []

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The rows, or the single object of an answer that is no list."""
        return [self.holder] if self.key is None else [row for row in self.rows if isinstance(row, dict)]


def damage(answer: Answer, request: Request, spec: FaultSpec, names: Names) -> Answer:
    treatment = TREATMENTS.get(spec.kind)
    is_json = isinstance(answer.body, bytes) and answer.content_type == JSON_TYPE
    if treatment is None or answer.refusal is not None or not is_json:
        return answer
    body = decode(answer.body)
    holder, key = (names.find_rows or _find_rows)(body)
    wound = Wound(body, holder, key, names, request, spec)
    treatment(wound)
    answer.body = encode(body).replace(encode(PLACE), wound.broken)
    return answer


def _find_rows(body: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The answer's list of rows: at the top, or one level below. A single object has no rows, whatever lists are its fields."""
    for key, value in body.items():
        if isinstance(value, list):
            return body, key
    for value in body.values():
        if isinstance(value, dict):
            lists = [key for key, inner in value.items() if isinstance(inner, list)]
            is_page = len(lists) == 1 and len(value) <= 4
            return value, lists[0] if is_page else None
    return body, None


def _repeated_cursor(wound: Wound) -> None:
    names = wound.names
    if not _is_paged(wound):
        return
    if names.has_more:
        wound.holder[names.has_more] = True
    wound.holder[names.next_cursor] = wound.request.parameters.get(names.cursor) or names.make_cursor(0)


def _endless_has_more(wound: Wound) -> None:
    """More is promised for ever; each page has a new cursor, beyond the end they are empty."""
    names = wound.names
    if not _is_paged(wound):
        return
    position = names.read_cursor(wound.request.parameters.get(names.cursor) or names.make_cursor(0))
    if names.has_more:
        wound.holder[names.has_more] = True
    wound.holder[names.next_cursor] = wound.holder.get(names.next_cursor) or names.make_cursor(position + len(wound.rows) + 1)


def _is_paged(wound: Wound) -> bool:
    """A platform that always says whether there is more shows by it which answers are pages; elsewhere every list may be one."""
    return wound.key is not None if wound.names.has_more is None else wound.names.has_more in wound.holder


def _lost_rows(wound: Wound) -> None:
    del wound.rows[max(0, len(wound.rows) - wound.spec.rows) :]


def _empty(wound: Wound) -> None:
    wound.rows.clear()
    if wound.names.has_more and wound.names.has_more in wound.holder:
        wound.holder[wound.names.has_more] = False
    wound.holder.pop(wound.names.next_cursor, None)


def _nul_in_name(wound: Wound) -> None:
    for first in wound.objects[:1]:
        name = str(first.get("name", ""))
        first["name"] = name[:1] + "\x00" + name[1:]


def _cycle(wound: Wound) -> None:
    """A department becomes its own child, in a list of children by one more row."""
    names = wound.names
    if "/department" not in f"/{wound.request.interface}":  # not where people are found by department
        return
    asked = type(names.root)(wound.request.parameters.get(names.asked_department) or names.root)
    if wound.key is None:
        wound.holder[names.parent_id] = wound.holder.get(names.department_id)
    elif all(isinstance(row, dict) for row in wound.rows):
        row = copy.deepcopy(wound.rows[0]) if wound.rows else {"name": "?"}
        wound.rows.append(row | {names.department_id: asked, names.parent_id: asked})
    else:
        wound.rows.append(asked)


def _orphan(wound: Wound) -> None:
    """The first department hangs below one that does not exist, the first person works in one."""
    for first in wound.objects[:1]:
        names = wound.names
        if names.department_ids in first:
            has_several = isinstance(first[names.department_ids], list)
            first[names.department_ids] = [names.nowhere] if has_several else names.nowhere
        else:
            first[names.parent_id] = names.nowhere


def _duplicate_id(wound: Wound) -> None:
    if not wound.rows:
        return
    twin = copy.deepcopy(wound.rows[0])
    if isinstance(twin, dict) and "name" in twin:
        twin["name"] = f"{twin['name']}2"
    wound.rows.append(twin)


def _string_for_integer(wound: Wound) -> None:
    for row in wound.objects:
        row.update({key: str(value) for key, value in row.items() if type(value) is int and key not in ENVELOPE})


def _null_for_list(wound: Wound) -> None:
    if wound.key is not None:
        wound.holder[wound.key] = None


def _missing_key(wound: Wound) -> None:
    """The key that was named, wherever it is; else the list of rows, else the object's first key, which is its id."""
    key = wound.spec.key
    if key is None:
        wound.holder.pop(wound.key or next((name for name in wound.holder if name not in ENVELOPE), ""), None)
        return
    for place in (wound.body, wound.holder, *wound.objects):
        place.pop(key, None)


def _broken_value(wound: Wound) -> None:
    """The key that was named, or the name, of the first row that has it; else of the answer itself."""
    key = wound.spec.key or "name"
    for place in (*wound.objects, wound.holder, wound.body):
        if key in place:
            wound.broken = written(place[key], wound.spec.value)
            place[key] = PLACE
            return


def _same_value(wound: Wound) -> None:
    """Every row says the same, whatever is true: nothing, or a mask."""
    for row in wound.objects:
        row[wound.spec.key or "name"] = wound.spec.constant


TREATMENTS: dict[str, Callable[[Wound], None]] = {
    "repeated_cursor": _repeated_cursor,
    "endless_has_more": _endless_has_more,
    "lost_rows": _lost_rows,
    "empty": _empty,
    "nul_in_name": _nul_in_name,
    "cycle": _cycle,
    "orphan": _orphan,
    "duplicate_id": _duplicate_id,
    "string_for_integer": _string_for_integer,
    "null_for_list": _null_for_list,
    "missing_key": _missing_key,
    "broken_value": _broken_value,
    "same_value": _same_value,
}
