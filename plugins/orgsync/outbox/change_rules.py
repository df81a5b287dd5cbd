"""Which changes of an organization are told, to whom, and with which template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from orgsync.errors import ConfigurationError

TOLD = ("kind", "user_id", "name", "department", "position", "joined_on", "changed_at", "value_from", "value_to")
"""What a template may say of a change."""
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


def check_variables(template: str, variables: Mapping[str, Any]) -> None:
    """Raises ConfigurationError where a template needs what a change does not tell."""
    needed = [name for name, variable in variables.items() if variable.is_required and name not in TOLD]
    if needed:
        raise ConfigurationError(f"template {template!r} needs {', '.join(needed)}, and a change tells only {', '.join(TOLD)}")


def describe_change(change: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """`TOLD`; a template takes of it what it declares."""
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
