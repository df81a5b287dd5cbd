"""What is told of a change of the organization, and whether a template can tell it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from orgsync.errors import ConfigurationError
from orgsync.templates.files import list_templates, load_template

TOLD = ("kind", "user_id", "name", "department", "position", "joined_on", "changed_at", "value_from", "value_to")
"""What a template may say of a change."""


def check_variables(template: str, variables: Mapping[str, Any]) -> None:
    """Raises ConfigurationError where a template needs what a change does not tell."""
    needed = [name for name, variable in variables.items() if variable.is_required and name not in TOLD]
    if needed:
        raise ConfigurationError(f"template {template!r} needs {', '.join(needed)}, and a change tells only {', '.join(TOLD)}")


def check_template(folder: Path, name: str) -> None:
    """Raises ConfigurationError where a rule cannot use the template of that name. One that is itself wrong says so when it is used."""
    if name not in (known := list_templates(folder)):
        listed = ", ".join(known) or "none"
        raise ConfigurationError(f"there is no message template {name!r} in {folder}; there are: {listed}")
    try:
        variables = load_template(folder, name).variables
    except ConfigurationError:
        return
    check_variables(name, variables)


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
