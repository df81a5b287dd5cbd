from __future__ import annotations

import csv

import pytest

from orgsync.sheets import guard_cell, write_rows


def test_no_letter_of_a_value_begins_a_row() -> None:
    value = 'a\r=1+1\n@b\r\n-c,"d\x0b\u2028e'
    text = write_rows([["name"], [value]], for_sheet=True)
    assert text == 'name\n"' + value.replace('"', '""') + '"\n'
    assert next(csv.reader([text[5:]])) == [value]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_would_be_computed_stays_text(first: str) -> None:
    assert guard_cell(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"
