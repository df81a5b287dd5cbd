"""Run by itself: parses a DAGs folder, or one file of it, as Airflow does and prints what it found as JSON.

For a task where a DAG and a task are named after it: then as the task runner parses.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HEAVY = ("pandas", "great_expectations", "requests", "psycopg2", "numpy")

import airflow.sdk  # noqa: E402, F401  what Airflow itself imports does not count

before = set(sys.modules)

from airflow.dag_processing.dagbag import DagBag  # noqa: E402
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager  # noqa: E402


def describe(dag_folder: str, dag_id: str | None = None, task_id: str | None = None) -> dict[str, object]:
    with _airflow_parsing_context_manager(dag_id=dag_id, task_id=task_id):
        bag = DagBag(dag_folder=dag_folder)
    own = {module.partition(".")[0] for module in set(sys.modules) - before}
    return {
        "import_errors": {Path(path).name: text for path, text in bag.import_errors.items()},
        "heavy_modules": sorted(own & set(HEAVY)),
        "dags": {dag_id: describe_dag(dag) for dag_id, dag in bag.dags.items()},
    }


def describe_dag(dag: object) -> dict[str, object]:
    return {
        "tags": sorted(dag.tags),
        "timezone": str(dag.timezone),
        "crons": list_crons(dag.timetable),
        "assets": [asset.name for asset in getattr(dag.timetable.asset_condition, "objects", [])],
        "params": dag.params.dump(),
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "deadlines": [(each.interval.total_seconds(), each.callback.path, each.callback.kwargs) for each in dag.deadline or []],
        "allowed_run_types": sorted(run_type.value for run_type in dag.allowed_run_types or []),
        "docs": dag.doc_md,
        "tasks": {task.task_id: describe_task(task) for task in dag.tasks},
    }


def list_crons(timetable: object) -> list[str]:
    """Of each part; none where runs are triggered only."""
    parts = getattr(timetable, "timetables", [getattr(timetable, "timetable", timetable)])
    return [part.expression for part in parts if hasattr(part, "expression")]


def describe_task(task: object) -> dict[str, object]:
    return {
        "pool": task.pool,
        "owner": task.owner,
        "retries": task.retries,
        "has_retry_policy": task.retry_policy is not None,
        "downstream": sorted(task.downstream_task_ids),
        "outlets": [outlet.name for outlet in task.outlets],
        "params": sorted(task.params),
        "weight_rule": str(getattr(task.weight_rule, "value", task.weight_rule)),
    }


print(json.dumps(describe(*sys.argv[1:]), default=str))
