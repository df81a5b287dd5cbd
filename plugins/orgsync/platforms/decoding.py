"""JSON to Python with every integer exact, for clients and for tidying alike."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def decode_json(body: bytes) -> Any:
    """Raises ValueError when the body is not JSON, or is cut.

    Half an emoji (a lone surrogate, left by a name cut to length) is read as U+FFFD: it must cost that name, not the read.
    """
    try:
        return msgspec.json.decode(body)
    except ValueError:
        text = json.dumps(json.loads(body.decode("utf-8-sig")), ensure_ascii=False)
        return msgspec.json.decode(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def decode_or_none(body: bytes) -> Any:
    """None for what is not JSON: an error chained to the decoder's would carry the body, which is people."""
    try:
        return decode_json(body)
    except ValueError:
        return None
