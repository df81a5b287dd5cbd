"""What each column of a tidy frame must hold, as Great Expectations suites."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, TEXT, USERS, Frame

# Read when the library is imported, which also logs some hundred lines of its own set-up.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
logging.getLogger("great_expectations").setLevel(logging.WARNING)

import great_expectations as gx
from great_expectations import expectations as expect
from great_expectations.data_context.types.base import ProgressBarsConfig

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.data_context import EphemeralDataContext

PHONE = r"^\+?[0-9][0-9 ()\-]{2,30}$"
MAIL = r"^[^@\s]+@[^@\s]+$"
NUL = r"\x00"


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation's outcome. `rows` are positions in the frame; null values break only not-null expectations."""

    suite: str
    expectation: str
    column: str
    element_count: int
    rows: tuple[int, ...]
    rule: str
    reason: str

    @property
    def is_success(self) -> bool:
        return not self.rows


def check_columns(frame: Frame, rows: pd.DataFrame) -> list[ExpectationResult]:
    """Validate one tidy frame; positions in the results count from 0 whatever the frame's index is."""
    if rows.empty:
        return []
    batch = (
        _context()
        .data_sources.pandas_default.add_dataframe_asset(name=frame.name)
        .add_batch_definition_whole_dataframe("whole")
        .get_batch({"dataframe": rows.reset_index(drop=True)})
    )
    try:
        outcome = batch.validate(_suite(frame), result_format={"result_format": "COMPLETE"})
    finally:
        _context().data_sources.pandas_default.delete_asset(frame.name)
    return [_read_result(frame, result) for result in outcome.results]


def _read_result(frame: Frame, result: Any) -> ExpectationResult:
    config = result.expectation_config
    if result.exception_info.get("raised_exception"):
        raise RuntimeError(f"expectation {config.type} on {frame.name} could not be computed: {result.exception_info}")
    column = config.kwargs.get("column") or "+".join(config.kwargs.get("column_list", ()))
    return ExpectationResult(
        suite=f"{frame.name}s",
        expectation=config.type,
        column=column,
        element_count=int(result.result.get("element_count", 0)),
        rows=tuple(result.result.get("unexpected_index_list") or ()),
        rule=config.meta["rule"],
        reason=config.meta["reason"],
    )


@cache
def _context() -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _suite(frame: Frame) -> ExpectationSuite:
    return gx.ExpectationSuite(name=f"{frame.name}s", expectations=[*_shared(frame), *_OWN[frame.name]()])


def _shared(frame: Frame) -> list[Any]:
    return [
        *(_present(column) for column in frame.key),
        *(_without_nul(column) for column, dtype in frame.columns.items() if dtype == TEXT),
        _unique_key(frame),
    ]


def _department_expectations() -> list[Any]:
    return [_present("name")]


def _user_expectations() -> list[Any]:
    return [
        _present("name"),
        _matching("mobile", PHONE, "phone number"),
        _matching("email", MAIL, "mail address"),
        _matching("work_email", MAIL, "mail address"),
        _among("gender", ["male", "female", "other"]),
        _among("status", ["active", "inactive", "disabled", "resigned"]),
    ]


def _membership_expectations() -> list[Any]:
    return []


_OWN = {DEPARTMENTS.name: _department_expectations, USERS.name: _user_expectations, MEMBERSHIPS.name: _membership_expectations}


def _present(column: str) -> Any:
    return expect.ExpectColumnValuesToNotBeNull(column=column, meta=_meta("missing_value", f"{column} is missing"))


def _without_nul(column: str) -> Any:
    reason = f"{column} holds a NUL character, which PostgreSQL cannot store"
    return expect.ExpectColumnValuesToNotMatchRegex(column=column, regex=NUL, meta=_meta("nul_character", reason))


def _unique_key(frame: Frame) -> Any:
    meta = _meta("duplicate_id", f"the platform gave this {frame.name} more than once, with different contents")
    if len(frame.key) == 1:
        return expect.ExpectColumnValuesToBeUnique(column=frame.key[0], meta=meta)
    return expect.ExpectCompoundColumnsToBeUnique(column_list=list(frame.key), meta=meta)


def _matching(column: str, regex: str, what: str) -> Any:
    return expect.ExpectColumnValuesToMatchRegex(column=column, regex=regex, meta=_meta("malformed_value", f"{column} is no {what}"))


def _among(column: str, values: list[str]) -> Any:
    reason = f"{column} is none of {', '.join(values)}"
    return expect.ExpectColumnValuesToBeInSet(column=column, value_set=values, meta=_meta("unknown_value", reason))


def _meta(rule: str, reason: str) -> dict[str, str]:
    return {"rule": rule, "reason": reason}
