"""Which changes of an organization are told, to whom, and with which template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

KINDS = ("joined", "returned", "left", "moved", "renamed")


@dataclass(frozen=True)
class ChangeRule:
    """Changes of people of these kinds are told with a template, a message for each person.

    A sync that brings more than `most` of them tells none: it is a reorganization, or a mistake, and neither is news about a person.
    """

    template: str
    kinds: tuple[str, ...] = ("joined",)
    everyone: bool = False
    users: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    query: str = ""
    most: int = 50

    def dedupe_key(self, change_id: str) -> str:
        """A change is told once, however often it is met."""
        return f"change:{change_id}:{self.template}"


def describe_change(change: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """What a template may say of a change; it takes what it declares."""
    changed_at = change["changed_at"].astimezone(zone)
    return {
        "kind": change["kind"],
        "user_id": change["user_id"],
        "name": change["name"] or change["user_id"],
        "department": change["department"] or "",
        "position": change["title"] or "",
        "joined_on": changed_at.date(),
        "changed_at": changed_at,
        "value_from": change["value_from"] or "",
        "value_to": change["value_to"] or "",
    }
