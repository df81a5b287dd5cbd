"""What is asked of all values of a column at once."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# A backslash before a backslash escapes that one.
_WRITTEN_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def none_of(rows: pd.DataFrame | pd.Series) -> pd.Series:
    """A mask that holds for no row."""
    return pd.Series(data=False, index=rows.index)


def is_among(column: pd.Series, values: pd.Series) -> pd.Series:
    """Which texts of a column are among others; what is missing is not."""
    return _mask(column, pc.is_in(_texts(column), value_set=_texts(values.dropna())))


def find_holding(column: pd.Series, character: str) -> pd.Series:
    """Texts, and lists of texts, with a character in them."""
    if column.dtype == "str":
        return _mask(column, pc.match_substring(_texts(column), character))
    return pd.Series([_holds(value, character) for value in column], index=column.index, dtype=bool)


def find_written_nul(column: pd.Series) -> pd.Series:
    """JSON texts of which a name or a text holds a NUL: there it is an escape, which a backslash before it makes plain text."""
    found = find_holding(column, r"\u0000")
    if found.any():
        found.loc[found] = [bool(_WRITTEN_NUL.search(text)) for text in column.loc[found]]
    return found


def _holds(value: object, character: str) -> bool:
    if isinstance(value, str):
        return character in value
    return isinstance(value, list) and any(_holds(entry, character) for entry in value)


def _texts(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    return pa.array(column, type=pa.large_string())


def _mask(column: pd.Series, found: Any) -> pd.Series:
    return pd.Series(np.asarray(pc.fill_null(found, False)), index=column.index)
