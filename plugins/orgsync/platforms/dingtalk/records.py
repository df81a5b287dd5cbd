"""How single values of DingTalk's records are read, wherever they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WHOLE_NUMBER = re.compile(r"-?\d{1,19}")


def read_department_id(value: object) -> str | None:
    """Department ids are whole numbers, sometimes sent as text; anything else is no id."""
    text = "" if isinstance(value, bool | float) or value is None else str(value).strip()
    return str(int(text)) if _WHOLE_NUMBER.fullmatch(text) else None


def is_true(value: object) -> bool:
    """DingTalk's examples write booleans as text; real answers hold native ones."""
    return value is True or str(value).strip().lower() in ("true", "1")


def records_of(values: object) -> list[Mapping[str, Any]]:
    """One mapping per entry: an entry that is no object stays as an empty one, so that it is counted and quarantined."""
    return [value if isinstance(value, dict) else {} for value in values] if isinstance(values, list) else []
