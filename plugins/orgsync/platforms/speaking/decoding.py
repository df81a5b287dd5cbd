"""JSON to Python with every integer exact, for clients and for tidying alike; damage inside a value costs that value, not the answer.

Platforms pass on what people typed, and not always as JSON wants it: a raw control character, half a character, an escape that is none, a
number that is none. What JSON cannot hold is read as U+FFFD, a number that no machine number can hold as its text. Nothing is ever added
that ends a text, a list or an object: what was cut stays cut, and is refused.
"""

from __future__ import annotations

import math
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any

import msgspec

REPLACEMENT = "\ufffd"

# A text to its end, or to the end of all where that was cut off; else what begins like a number. Possessive, so that time stays linear.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|-?(?:NaN|Infinity)|-?[0-9][0-9.eE+-]*+', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
# What a text may not hold, and the escapes it may, so that a backslash is seen with what it belongs to.
_CHARACTER = re.compile(
    r"[\x00-\x1f]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[\"\\/bfnrt]|\\", re.DOTALL
)
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def decode_json(body: bytes, *, on_repair: Callable[[], None] | None = None) -> Any:
    """Raises ValueError when the body is not JSON, or is cut. `on_repair` is told where a value was damaged."""
    body = body.removeprefix(BOM_UTF8)
    try:
        return _decode(body)
    except ValueError:
        content = _decode(_repair(body.decode("utf-8", "replace")))
    if on_repair is not None:
        on_repair()
    return content


def decode_or_none(body: bytes, *, on_repair: Callable[[], None] | None = None) -> Any:
    """None for what is not JSON: an error chained to the decoder's would carry the body, which is people."""
    try:
        return decode_json(body, on_repair=on_repair)
    except ValueError:
        return None


def _decode(body: bytes | str) -> Any:
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise ValueError("lists and objects are nested too deep") from None


def _repair(text: str) -> str:
    return _TOKEN.sub(_repair_token, text)


def _repair_token(match: re.Match[str]) -> str:
    token = match[0]
    if token[0] == '"':
        return _CHARACTER.sub(_repair_character, token)
    if token.endswith(("NaN", "Infinity")):
        return f'"{REPLACEMENT}"'
    return token if _is_representable(token) else f'"{token}"'


def _repair_character(match: re.Match[str]) -> str:
    """A backslash that escapes nothing is what is wrong, and not the characters after it."""
    found = match[0]
    if len(found) == 1 or _HALF_CHARACTER.fullmatch(found):
        return REPLACEMENT
    return found


def _is_representable(token: str) -> bool:
    """Whether the decoder can take a number. What is no number it shall refuse."""
    number = _NUMBER.fullmatch(token)
    if number is None:
        return True
    if number[1] or number[2]:
        return math.isfinite(float(token))
    return len(token.lstrip("-")) <= (sys.get_int_max_str_digits() or len(token))
