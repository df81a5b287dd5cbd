"""How single values of DingTalk's records are read, wherever they are read."""

from __future__ import annotations

import re

_WHOLE_NUMBER = re.compile(r"-?\d{1,19}")


def read_department_id(value: object) -> str | None:
    """Department ids are whole numbers, sometimes sent as text; anything else is no id."""
    text = "" if isinstance(value, bool | float) or value is None else str(value).strip()
    return str(int(text)) if _WHOLE_NUMBER.fullmatch(text) else None
