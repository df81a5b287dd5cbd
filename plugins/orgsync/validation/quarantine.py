"""Parts a tidy set into the rows that may be merged and the findings that keep the others out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from orgsync.frames import FRAMES, TidySet
from orgsync.validation.rules import LEADER_NOT_MEMBER, NUL, Finding, find_broken_rows, find_not_read
from orgsync.validation.suites import ExpectationResult, check_columns

FINDING_COLUMNS = ["entity", "user_id", "department_id", "rule", "reason"]


@dataclass(frozen=True)
class Verdict:
    """`tidy` holds the good rows, `findings` one row for each rule a row broke, `results` each expectation's outcome."""

    tidy: TidySet
    findings: pd.DataFrame
    results: tuple[ExpectationResult, ...]


def judge(tidy: TidySet) -> Verdict:
    """Apply every expectation and rule; what belongs to a quarantined row is quarantined with it."""
    tidy = _renumber(tidy)
    results = tuple(
        result for frame in FRAMES for result in check_columns(frame, tidy.frame(frame.name), tidy.unobserved.get(frame.name, frozenset()))
    )
    findings = [*_from_results(tidy, results), *find_broken_rows(tidy)]
    findings += _find_dependents(tidy, findings)
    good = replace(
        tidy,
        departments=tidy.departments.loc[~_is_bad(tidy, "department", findings)],
        users=tidy.users.loc[~_is_bad(tidy, "user", findings)],
        memberships=tidy.memberships.loc[~_is_bad(tidy, "membership", findings)],
    )
    return Verdict(tidy=good, findings=_list_findings(tidy, findings), results=results)


def _renumber(tidy: TidySet) -> TidySet:
    """Results name rows by position, rules by label: here both are the same, whatever index the frames came with."""
    departments, users, memberships = (tidy.frame(frame.name).reset_index(drop=True) for frame in FRAMES)
    return replace(tidy, departments=departments, users=users, memberships=memberships)


def _from_results(tidy: TidySet, results: tuple[ExpectationResult, ...]) -> Iterator[Finding]:
    for result in results:
        if result.rows:
            entity = result.suite.removesuffix("s")
            broken = tidy.frame(entity).index.to_series().isin(result.rows)
            if entity in tidy.not_read:  # what was not read has not broken a rule
                broken &= ~find_not_read(tidy, entity)
            yield Finding(entity, result.rule, result.reason, broken)


def _find_dependents(tidy: TidySet, findings: list[Finding]) -> list[Finding]:
    """The memberships of a quarantined person or department: alone they would join nothing.

    Who leads a department says nothing about who is in it: a stale leader must not freeze all its members.
    """
    memberships = tidy.memberships
    grave = [finding for finding in findings if finding.rule != LEADER_NOT_MEMBER]
    bad_users = tidy.users.loc[_is_bad(tidy, "user", grave), "user_id"].dropna()
    bad_departments = tidy.departments.loc[_is_bad(tidy, "department", grave), "department_id"].dropna()
    return [
        Finding("membership", "quarantined_user", "its person is quarantined", memberships["user_id"].isin(bad_users)),
        Finding(
            "membership", "quarantined_department", "its department is quarantined", memberships["department_id"].isin(bad_departments)
        ),
    ]


def _is_bad(tidy: TidySet, entity: str, findings: list[Finding]) -> pd.Series:
    bad = pd.Series(data=False, index=tidy.frame(entity).index)
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
        .assign(entity=finding.entity, rule=finding.rule, reason=finding.reason)
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
