"""Where a list goes on, as an address says it: keys of a row, opaque to whoever reads it, and no secret."""

from __future__ import annotations

import base64
import json


def write_cursor(*parts: str) -> str:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, *, parts: int) -> list[str]:
    """Raises ValueError for what `write_cursor` did not write."""
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except RecursionError:
        found = None
    if not (isinstance(found, list) and len(found) == parts and all(isinstance(part, str) for part in found)):
        raise ValueError("not a cursor of this list")
    return found
