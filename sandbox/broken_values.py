"""Values as a platform's encoder should not have let them out: what stands in their place is no JSON, or no number."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import encode

PLACE = "\ue000place of a broken value\ue000"
"""Private characters, which no generated organization has."""

TEXTS: dict[str, bytes] = {
    "control": b"\x08",
    "escape_sequence": b"\x1b[31m",
    "line_break": b"\n",
    "tab": b"\t",
    "raw_nul": b"\x00",
    "cut_character": b"\xe7\x94",
    "latin1": b"\xed",
    "bad_escape": rb"\x",
    "cut_escape": rb"\u12 ",
    "half_emoji": rb"\ud83d",
}
NUMBERS: dict[str, bytes] = {
    "not_a_number": b"NaN",
    "infinity": b"-Infinity",
    "huge_number": b"1e400",
    "long_number": b"9" * 5000,
}
EVERY_FORM = (*TEXTS, *NUMBERS)


def written(value: Any, form: str) -> bytes:
    """What stands in an answer in place of a value: a text is broken after its first character, a number is another one."""
    if form in NUMBERS:
        return NUMBERS[form]
    text = value if isinstance(value, str) else str(value)
    return b'"' + encode(text[:1])[1:-1] + TEXTS[form] + encode(text[1:])[1:-1] + b'"'
