"""Parts a tidy set into the rows that may be merged and the findings that keep the others out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from orgsync.frames import FRAMES, TidySet
from orgsync.validation.columns import is_among, none_of
from orgsync.validation.rules import LEADER_NOT_MEMBER, NUL, Finding, find_broken_rows, find_not_read
from orgsync.validation.suites import ExpectationResult, check_columns
from orgsync.validation.values import UNREAD_VALUE, find_damaged_texts, find_unread_values, leave_out_damaged, silence_unreadable

FINDING_COLUMNS = ["entity", "user_id", "department_id", "column_name", "rule", "reason"]


@dataclass(frozen=True)
class Verdict:
    """`tidy` holds the good rows, `findings` one row for each rule a row broke, `results` each expectation's outcome.

    A finding with a `column_name` keeps that one value out, and not its row. `remarks` are like findings, of values that are loaded.
    """

    tidy: TidySet
    findings: pd.DataFrame
    results: tuple[ExpectationResult, ...]
    remarks: pd.DataFrame


def judge(tidy: TidySet) -> Verdict:
    """Apply every expectation and rule; what belongs to a quarantined row is quarantined with it."""
    tidy = leave_out_damaged(_renumber(tidy))
    results = tuple(
        result for frame in FRAMES for result in check_columns(frame, tidy.frame(frame.name), tidy.unobserved.get(frame.name, frozenset()))
    )
    findings = [*_from_results(tidy, results), *find_broken_rows(tidy)]
    findings += _find_dependents(tidy, findings)
    bad = {frame.name: _is_bad(tidy, frame.name, findings) for frame in FRAMES}
    unread, damaged = list(find_unread_values(tidy, bad)), list(find_damaged_texts(tidy, bad))
    results += tuple(_describe(finding) for finding in (*unread, *damaged) if finding.rows.any())
    tidy, unread = silence_unreadable(tidy, unread)
    good = tidy.with_rows({name: tidy.frame(name).loc[~rows] for name, rows in bad.items() if rows.any()})
    listed, remarks = _list_findings(tidy, [*findings, *unread]), _list_findings(tidy, damaged)
    return Verdict(tidy=good, findings=listed, results=results, remarks=remarks)


def summarize(remarks: pd.DataFrame) -> Iterator[str]:
    """A line for each reason, with the id of one row."""
    for (entity, reason), rows in remarks.groupby(["entity", "reason"], sort=True):
        example = rows.iloc[0]["department_id" if entity == "department" else "user_id"]
        yield f"{len(rows):,} {entity}{'' if len(rows) == 1 else 's'}: {reason}; for example {example}"


def _renumber(tidy: TidySet) -> TidySet:
    """Results name rows by position, rules by label: here both are the same, whatever index the frames came with."""
    return tidy.with_rows({frame.name: tidy.frame(frame.name).reset_index(drop=True) for frame in FRAMES})


def _from_results(tidy: TidySet, results: tuple[ExpectationResult, ...]) -> Iterator[Finding]:
    for result in results:
        if result.rows:
            entity = result.suite.removesuffix("s")
            broken = tidy.frame(entity).index.to_series().isin(result.rows)
            if entity in tidy.not_read:  # what was not read has not broken a rule
                broken &= ~find_not_read(tidy, entity)
            yield Finding(entity, result.rule, result.reason, broken)


def _describe(finding: Finding) -> ExpectationResult:
    """What was found out without Great Expectations, told like its results."""
    wanted = "expect_column_values_to_be_readable" if finding.rule == UNREAD_VALUE else "expect_column_values_to_be_undamaged"
    rows = tuple(finding.rows.to_numpy().nonzero()[0].tolist())
    return ExpectationResult(
        f"{finding.entity}s", wanted, finding.column or "", len(finding.rows), rows=rows, rule=finding.rule, reason=finding.reason
    )


def _find_dependents(tidy: TidySet, findings: list[Finding]) -> list[Finding]:
    """The memberships of a quarantined person or department: alone they would join nothing.

    Who leads a department says nothing about who is in it: a stale leader must not freeze all its members.
    """
    memberships = tidy.memberships
    grave = [finding for finding in findings if finding.rule != LEADER_NOT_MEMBER]
    bad_users = tidy.users.loc[_is_bad(tidy, "user", grave), "user_id"].dropna()
    bad_departments = tidy.departments.loc[_is_bad(tidy, "department", grave), "department_id"].dropna()
    return [
        Finding("membership", "quarantined_user", "its person is quarantined", is_among(memberships["user_id"], bad_users)),
        Finding(
            "membership", "quarantined_department", "its department is quarantined", is_among(memberships["department_id"], bad_departments)
        ),
    ]


def _is_bad(tidy: TidySet, entity: str, findings: list[Finding]) -> pd.Series:
    bad = none_of(tidy.frame(entity))
    for finding in findings:
        if finding.entity == entity:
            bad |= finding.rows.to_numpy()
    return bad


def _list_findings(tidy: TidySet, findings: list[Finding]) -> pd.DataFrame:
    """Each finding's keys; a row without a key is listed too, so that it is counted."""
    keys = {frame.name: frame.key for frame in FRAMES}
    listed = [
        tidy.frame(finding.entity)
        .loc[finding.rows.to_numpy(), list(keys[finding.entity])]
        .assign(entity=finding.entity, column_name=finding.column, rule=finding.rule, reason=finding.reason)
        for finding in findings
        if finding.rows.any()
    ]
    if not listed:
        return pd.DataFrame(columns=FINDING_COLUMNS, dtype=object)
    return _with_storable_keys(pd.concat(listed, ignore_index=True).reindex(columns=FINDING_COLUMNS))


def _with_storable_keys(findings: pd.DataFrame) -> pd.DataFrame:
    """A key that holds a NUL could not be stored even in the quarantine. A key that no entity here has is missing throughout."""
    user_ids, department_ids = (findings[column].astype("str").str.replace(NUL, "\ufffd") for column in ("user_id", "department_id"))
    return findings.assign(user_id=user_ids, department_id=department_ids)
