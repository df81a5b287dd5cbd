"""What each column must hold: a good and a bad case for each expectation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from orgsync.frames import DEPARTMENTS, FRAMES, MEMBERSHIPS, USERS, Frame
from orgsync.validation.suites import ExpectationResult, check_columns
from tests.unit.validation.company import company, department, frame_of, membership, user


def broken(frame: Frame, rows: pd.DataFrame) -> set[tuple[str, str, tuple[int, ...]]]:
    return {(result.rule, result.column, result.rows) for result in check_columns(frame, rows) if not result.is_success}


def broken_user(**columns: Any) -> set[tuple[str, str, tuple[int, ...]]]:
    return broken(USERS, frame_of(USERS, [user("ann"), user("bob", **columns)]))


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_sound_company_breaks_nothing(frame: Frame) -> None:
    rows = company().frame(frame.name)
    results = check_columns(frame, rows)
    assert [result for result in results if not result.is_success] == []
    assert {result.suite for result in results} == {f"{frame.name}s"}
    assert {result.element_count for result in results} == {len(rows)}


@pytest.mark.parametrize(
    "mobile",
    [
        "13800000000",
        "+86-13800000000",
        "+8613800000000",
        "+86 138 0000 0000",
        "1380000 0000",
        "+852-5123 4567",
        "138****0000",
        "***********",
        "+1 (415) 555-0100",
        "(0571) 8888-8888",
        "0571-88888888-8001",
        "+49.30.901820",
        None,
    ],
)
def test_mobile_that_platforms_give_passes(mobile: str | None) -> None:
    assert broken_user(mobile=mobile) == set()


@pytest.mark.parametrize("mobile", ["unknown", "ann@example.com", "12", "+", "138\n0000000", "13800000000\n", "1" * 60, "138;drop"])
def test_mobile_that_is_no_phone_number_is_found(mobile: str) -> None:
    assert broken_user(mobile=mobile) == {("malformed_value", "mobile", (1,))}


@pytest.mark.parametrize("column", ["email", "work_email"])
@pytest.mark.parametrize("mail", ["ann@example.com", "a.n+n@mail.例子.cn", "a**@example.com", "ann@localhost", None])
def test_mail_that_platforms_give_passes(column: str, mail: str | None) -> None:
    assert broken_user(**{column: mail}) == set()


@pytest.mark.parametrize("column", ["email", "work_email"])
@pytest.mark.parametrize("mail", ["ann", "@example.com", "ann@", "a@b@c", "ann @example.com", "ann@example.com\n"])
def test_mail_that_is_no_address_is_found(column: str, mail: str) -> None:
    assert broken_user(**{column: mail}) == {("malformed_value", column, (1,))}


def test_white_space_of_any_script_is_no_part_of_a_mail_address() -> None:
    """Searched in whole columns, by another engine than Python's."""
    spaces = [chr(code) for code in range(0x3001) if re.match(r"\s", chr(code))]
    rows = frame_of(USERS, [user(str(code), email=f"ann{space}@example.com") for code, space in enumerate(spaces)])
    assert broken(USERS, rows) == {("malformed_value", "email", tuple(range(len(spaces))))}


@pytest.mark.parametrize("gender", ["male", "female", "other", None])
def test_known_gender_passes(gender: str | None) -> None:
    assert broken_user(gender=gender) == set()


@pytest.mark.parametrize("status", ["active", "inactive", "disabled", "resigned", None])
def test_known_status_passes(status: str | None) -> None:
    assert broken_user(status=status) == set()


@pytest.mark.parametrize(("column", "value"), [("gender", "1"), ("gender", "Male"), ("status", "fired"), ("status", "Active")])
def test_unknown_word_is_found(column: str, value: str) -> None:
    assert broken_user(**{column: value}) == {("unknown_value", column, (1,))}


@pytest.mark.parametrize(
    ("frame", "rows", "column"),
    [
        pytest.param(DEPARTMENTS, [department("1"), department(None)], "department_id", id="department's id"),
        pytest.param(DEPARTMENTS, [department("1"), department("2", name=None)], "name", id="department's name"),
        pytest.param(USERS, [user("ann"), user(None)], "user_id", id="person's id"),
        pytest.param(USERS, [user("ann"), user("bob", name=None)], "name", id="person's name"),
        pytest.param(MEMBERSHIPS, [membership("ann", "1"), membership(None, "1")], "user_id", id="membership's person"),
        pytest.param(MEMBERSHIPS, [membership("ann", "1"), membership("ann", None)], "department_id", id="membership's department"),
    ],
)
def test_missing_value_is_found(frame: Frame, rows: list[dict[str, Any]], column: str) -> None:
    assert broken(frame, frame_of(frame, rows)) == {("missing_value", column, (1,))}


@pytest.mark.parametrize(
    ("frame", "rows", "column"),
    [
        pytest.param(DEPARTMENTS, [department("1"), department("2"), department("1", name="x")], "department_id", id="department"),
        pytest.param(USERS, [user("ann"), user("bob"), user("ann", name="x")], "user_id", id="person"),
        pytest.param(
            MEMBERSHIPS,
            [membership("ann", "1"), membership("ann", "2"), membership("ann", "1", title="x")],
            "user_id+department_id",
            id="membership",
        ),
    ],
)
def test_key_given_twice_is_found_in_every_row(frame: Frame, rows: list[dict[str, Any]], column: str) -> None:
    assert broken(frame, frame_of(frame, rows)) == {("duplicate_id", column, (0, 2))}


def test_ids_that_only_look_alike_are_different() -> None:
    ids = ["ann", "Ann", "ann ", "0", "00", "ａnn", "e\u0301", "é", "NaN", "None", "👩", "👩‍👩‍👧"]
    assert broken(USERS, frame_of(USERS, [user(key) for key in ids])) == set()


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_frame_without_rows_breaks_nothing(frame: Frame) -> None:
    assert check_columns(frame, frame_of(frame, [])) == []


def test_withheld_columns_break_nothing() -> None:
    withheld = dict.fromkeys(column for column in USERS.content if column != "name")
    assert broken(USERS, frame_of(USERS, [user("ann", **withheld), user("bob", **withheld)])) == set()


def test_column_without_any_value_is_found_in_every_row() -> None:
    assert broken(DEPARTMENTS, frame_of(DEPARTMENTS, [department("1", name=None), department("2", name=None)])) == {
        ("missing_value", "name", (0, 1))
    }


@pytest.mark.parametrize("index", [[7, 3], ["a", "b"], [0, 0], [-1, -2]], ids=["numbers", "texts", "twice the same", "negative"])
def test_rows_are_positions_whatever_the_index(index: list[Any]) -> None:
    rows = frame_of(USERS, [user("ann"), user("bob", gender="?")]).set_axis(index)
    assert broken(USERS, rows) == {("unknown_value", "gender", (1,))}


def test_odd_values_are_looked_at_like_any_other() -> None:
    rows = [
        user("x" * 100_000, name="👩‍👩‍👧‍👦" * 10_000, attributes={"deep": [{"list": [[1, None, 2**80]]}] * 3}),
        user("'; drop table users --", name="\u202e\ud7ff\ufffd\U0010ffff", attributes=None),
        user("\r\n\t", name=" ", title="{{ 7 * 7 }}"),
    ]
    assert broken(USERS, frame_of(USERS, rows)) == set()


def test_checking_twice_says_the_same() -> None:
    rows = frame_of(USERS, [user("ann", mobile="?")])
    assert check_columns(USERS, rows) == check_columns(USERS, rows)


def test_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="mobile"):
        check_columns(USERS, company().users.drop(columns="mobile"))
    assert broken(USERS, company().users) == set()


def test_expectation_that_cannot_be_computed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgsync.validation.suites.MAIL", "(")
    with pytest.raises(RuntimeError, match=r"on user\.email could not be computed"):
        check_columns(USERS, company().users)


def test_result_without_rows_is_a_success() -> None:
    result = ExpectationResult("users", "expect_x", "name", 2, (), "rule", "reason")
    assert result.is_success
    assert not ExpectationResult("users", "expect_x", "name", 2, (1,), "rule", "reason").is_success


def test_library_says_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    program = """
import logging
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s")
from orgsync.frames import USERS
from orgsync.validation.suites import check_columns
from tests.unit.validation.company import company
assert check_columns(USERS, company().users)
"""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GX_")} | {"TMPDIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    lines = (ran.stdout + ran.stderr).splitlines()
    assert [line for line in lines if "great_expectations" in line or "temporary directory" in line or "%|" in line] == []
    assert list(tmp_path.iterdir()) == []


def test_what_draws_charts_is_not_imported() -> None:
    """Great Expectations names it at once; a sync of a small company would pay more for that than for all else."""
    code = "import sys, orgsync.validation.suites; print(*{'altair.vegalite', 'scipy.stats._stats_py'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
