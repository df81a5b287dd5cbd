"""A plan: one reading of one snapshot, from its staged rows to the day it is applied."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError
from orgsync.frames import FRAMES, TidySet
from orgsync.warehouse.staging import clear_rows, copy_rows, stage_rows
from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one

QUARANTINE_COLUMNS = ("entity", "user_id", "department_id", "rule", "reason")


def create_plan(connection: Connection, snapshot: Row, tidy: TidySet, findings: pd.DataFrame) -> int:
    """Stage a snapshot's good rows and record its quarantined ones; returns the plan's id.

    `findings` has the columns of QUARANTINE_COLUMNS, one row for each rule a row broke.
    """
    plan_id: int = fetch_all(
        connection,
        "ops/create_plan",
        snapshot_id=snapshot["snapshot_id"],
        staged_counts=_count_rows(tidy, findings),
        withheld_fields=sorted(f"{name}.{column}" for name, columns in tidy.withheld.items() for column in columns),
        **{f"{frame.name}_unobserved": sorted(tidy.unobserved.get(frame.name, ())) for frame in FRAMES},
    )[0]["plan_id"]
    stage_rows(connection, plan_id, tidy)
    copy_rows(
        connection,
        "stage/copy_quarantine",
        findings[list(QUARANTINE_COLUMNS)],
        plan_id=plan_id,
        tenant_id=snapshot["tenant_id"],
        snapshot_id=snapshot["snapshot_id"],
    )
    return plan_id


def find_plan(connection: Connection, plan_id: int) -> Row:
    plan = fetch_one(connection, "ops/find_plan", plan_id=plan_id)
    if plan is None:
        raise ConfigurationError(f"there is no plan {plan_id}; `orgsync status` lists the runs and their plans")
    return plan


def forget_staged_rows(connection: Connection, plan_id: int) -> None:
    """Empty the stage of a plan that is done with; its row in ops.plan stays."""
    execute(connection, "history/clear_plan", plan_id=plan_id)
    clear_rows(connection, plan_id)


def _count_rows(tidy: TidySet, findings: pd.DataFrame) -> dict[str, int]:
    quarantined = findings.drop_duplicates(["entity", "user_id", "department_id"])["entity"].value_counts()
    counts = {f"{frame.name}s": len(tidy.frame(frame.name)) for frame in FRAMES}
    return counts | {"quarantined": int(quarantined.sum())}


def save_expectation_results(connection: Connection, plan: Row, results: Sequence[Row]) -> None:
    execute(
        connection,
        "ops/save_expectation_results",
        plan_id=plan["plan_id"],
        tenant_id=plan["tenant_id"],
        results=list(results),
    )
