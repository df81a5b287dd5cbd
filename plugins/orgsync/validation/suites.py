"""What each column of a tidy frame must hold, as Great Expectations suites."""

# ruff: noqa: E402 - Great Expectations reads the environment and starts to log while it is imported.

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, Frame
from orgsync.validation.lazy_imports import postpone_import

# What Great Expectations imports for distributions and charts alone: two fifths of its time, and 80 MiB.
postpone_import("scipy.stats")
postpone_import("altair")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
logging.getLogger("great_expectations").setLevel(logging.WARNING)  # some hundred lines about its own set-up

import great_expectations as gx
from great_expectations import expectations as expect
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.execution_engine import pandas_execution_engine

logging.getLogger(ProgressBarsConfig.__module__).setLevel(logging.NOTSET)  # this module set its own level, INFO
# Of batches up to so many bytes a fingerprint is taken, twice, that nobody asks for: it costs more than all the checks.
pandas_execution_engine.HASH_THRESHOLD = 0

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch

# Loose on purpose: platforms let people write extensions and brackets, and mask digits (138****0000).
PHONE = r"^\+?[0-9(*][0-9 ().*/\-]{2,38}\Z"
# White space is written out: what Arrow's expressions call so is not all of it, and pandas would search text by text.
_SPACE = "\\t\\n\\v\\f\\r\\x1c-\\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
MAIL = rf"^[^@{_SPACE}]+@[^@{_SPACE}]+\Z"


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


def check_columns(frame: Frame, rows: pd.DataFrame, unobserved: Collection[str] = ()) -> list[ExpectationResult]:
    """Validate one tidy frame; positions in the results count from 0 whatever the frame's index is.

    Of an unobserved column nothing is expected: that it is empty is not the row's fault.
    """
    if rows.empty:
        return []
    suite = _suite(frame, unobserved)
    looked_at = rows[_columns(suite)].reset_index(drop=True)
    batch = _batch_definition(frame.name).get_batch({"dataframe": looked_at})
    return [_read_result(frame, result, len(rows)) for result in _validate(batch, suite)]


def _validate(batch: Batch, suite: ExpectationSuite) -> Iterator[ExpectationValidationResult]:
    """The rows are asked for only where there are some: to list them costs as much again as to see that there are none."""
    seen = batch.validate(suite, result_format="BOOLEAN_ONLY").results
    yield from (result for result in seen if result.success)
    if failed := [result.expectation_config.to_domain_obj() for result in seen if not result.success]:
        again = gx.ExpectationSuite(name=suite.name, expectations=failed)
        yield from batch.validate(again, result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False}).results


def _columns(suite: ExpectationSuite) -> list[str]:
    """The columns that are looked at."""
    kwargs = [expectation.configuration.kwargs for expectation in suite.expectations]
    return sorted({column for given in kwargs for column in given.get("column_list") or [given["column"]]})


def _read_result(frame: Frame, result: Any, element_count: int) -> ExpectationResult:
    """Raises where nothing was found out: without rows, a failure would pass for a success."""
    config = result.expectation_config
    column = config.kwargs.get("column") or "+".join(config.kwargs.get("column_list", ()))
    rows = tuple(result.result.get("unexpected_index_list") or ())
    if result.success == bool(rows):
        raise RuntimeError(f"{config.type} on {frame.name}.{column} could not be computed")
    return ExpectationResult(
        suite=f"{frame.name}s",
        expectation=config.type,
        column=column,
        element_count=element_count,
        rows=rows,
        rule=config.meta["rule"],
        reason=config.meta["reason"],
    )


@cache
def _context() -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@cache
def _batch_definition(name: str) -> BatchDefinition[Any]:
    """Made once: each change of the context costs more than the checks of a small company."""
    asset = _context().data_sources.pandas_default.add_dataframe_asset(name=name)
    return asset.add_batch_definition_whole_dataframe("whole")


def _suite(frame: Frame, unobserved: Collection[str]) -> ExpectationSuite:
    own = [expectation for expectation in _OWN[frame.name]() if expectation.column not in unobserved]
    return gx.ExpectationSuite(name=f"{frame.name}s", expectations=[*_shared(frame), *own])


def _shared(frame: Frame) -> list[Any]:
    return [
        *(_present(column) for column in frame.key),
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
