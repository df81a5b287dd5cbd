"""Reads JSON that anybody may have sent."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from orgsync.platforms.hearing.events import LONGEST_KEY, RefusedCallError


def read_object(content: bytes | str) -> dict[str, Any]:
    """Raises RefusedCallError where it is no JSON object in UTF-8."""
    try:
        found = json.loads(content if isinstance(content, str) else content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise RefusedCallError("malformed") from None
    if not isinstance(found, dict):
        raise RefusedCallError("malformed")
    return found


def read_word(value: Any) -> str:
    """A text, or a number as it is written; empty for whatever else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def shorten_key(key: str) -> str:
    """The same for the same, however long it is."""
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode(errors="replace")).hexdigest()


def digest_content(content: bytes) -> str:
    """The key of what has none of its own: twice the same content is the same event."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
