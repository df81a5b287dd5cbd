"""How single values of Feishu's answers are read, wherever they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orgsync.platforms.reading.records import Record, is_damaged, is_true, records_of


def items_of(content: Mapping[str, Any]) -> list[Record]:
    """The rows of a page or a batch; Feishu leaves an empty list out."""
    return records_of(content["data"].get("items", []))


def read_id(value: object) -> str | None:
    """Ids are texts; anything else is no id, and neither is one that came damaged."""
    return value if isinstance(value, str) and value and not is_damaged(value) else None


def is_deleted(department: Record) -> bool:
    status = department.get("status")
    return isinstance(status, dict) and is_true(status.get("is_deleted"))


def list_places(person: Record) -> set[str] | None:
    """The departments that someone's record names; None where it does not, for want of a permission, or they cannot be read."""
    own, orders = person.get("department_ids"), person.get("orders")
    if not isinstance(own, list) and not isinstance(orders, list):
        return None
    named = [*(own if isinstance(own, list) else ()), *(order.get("department_id") for order in records_of(orders))]
    places = {read_id(each) for each in named}
    return None if None in places else {place for place in places if place}


def has_left(person: Record) -> bool:
    """A leaver is in no department, and found by their id all the same (§5.1)."""
    status = person.get("status")
    is_resigned = is_true(status.get("is_resigned")) if isinstance(status, dict) else "department_ids" in person
    return is_resigned and not list_places(person)


def read_leaders(department: Record) -> list[str]:
    """The main leader (type 1) first.

    The wire says `leaderType` and `leaderID`, Feishu's own Python SDK `leader_type` and `leader_id`. Without the permission to see
    them `leaders` has types and no ids; `leader_user_id` always is the main one. An id that came damaged
    is among them: it stands for somebody.
    """
    leaders = [_read_leader(leader) for leader in records_of(department.get("leaders"))]
    in_order = [leader for _, leader in sorted(leaders, key=lambda entry: entry[0]) if leader]
    main = department.get("leader_user_id")
    return in_order or ([main] if isinstance(main, str) and main else [])


def _read_leader(leader: Record) -> tuple[bool, str | None]:
    """Whether it is a deputy, and who."""
    kind = leader.get("leaderType", leader.get("leader_type"))
    leader_id = leader.get("leaderID", leader.get("leader_id"))
    return str(kind) != "1", leader_id if isinstance(leader_id, str) and leader_id else None
