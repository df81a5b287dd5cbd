"""Rows as CSV: for programs every value as it is, for spreadsheets what one would compute or cut as the text it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
"""Without it in front a spreadsheet does not take a file for UTF-8."""
COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet takes for a formula; some read the wide forms too."""
DIGITS_KEPT = 15


def write_rows(rows: Iterable[Sequence[Any]], *, for_sheet: bool) -> str:
    cell = guard_cell if for_sheet else write_cell
    return "".join(_write_line([cell(value) for value in row]) for row in rows)


def _write_line(cells: Sequence[str]) -> str:
    """The writer quotes what its line end consists of, so it is told both letters of one: a lone `\\r` would begin a row elsewhere."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"


def write_cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=encode_value)
        case _:
            return str(encode_value(value))


def guard_cell(value: Any) -> str:
    """A text that would be a formula there, or a number of which it keeps the first digits only (`00012`, `1234567890123456789`)."""
    text = write_cell(value)
    is_text = isinstance(value, str) and (text.startswith(COMPUTED) or (text.isdecimal() and (text[0] == "0" or len(text) > DIGITS_KEPT)))
    return f"'{text}" if is_text else text


def encode_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value)
