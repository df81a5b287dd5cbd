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
