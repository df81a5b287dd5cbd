"""What has to be known of an app to connect it, platform by platform: the fields of the connection's form, by the console's own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orgsync.platforms import load_platform


@dataclass(frozen=True)
class Question:
    """One field of the connection: `login`, `password`, `host` or an extra. An answer may be left out unless it `is_needed`."""

    name: str
    label: str
    is_secret: bool = False
    is_needed: bool = False


_EXTRAS = {"dingtalk": ("corp_id", "agent_id"), "wecom": ("agent_id", "contact_secret"), "feishu": ()}
"""Of the form's many fields, those without which something is missing from the first day on."""


def list_questions(platform: str) -> list[Question]:
    form = load_platform(platform).form
    labels = form["ui-field-behaviour"]["relabeling"]
    asked = [Question("login", labels["login"], is_needed=True), Question("password", labels["password"], is_secret=True, is_needed=True)]
    extras = [Question(name, form["conn-fields"][name]["label"], is_secret="secret" in name) for name in _EXTRAS.get(platform, ())]
    return [*asked, *extras, Question("host", f"{labels['host']} ({form['ui-field-behaviour']['placeholders']['host']})")]


def make_connection(platform: str, answers: Mapping[str, str]) -> dict[str, Any]:
    """As Airflow takes it; what is empty is left out."""
    filled = {name: value.strip() for name, value in answers.items() if value.strip()}
    fields: dict[str, Any] = {"conn_type": platform}
    fields |= {name: filled.pop(name) for name in ("login", "password", "host") if name in filled}
    return fields | ({"extra": filled} if filled else {})
