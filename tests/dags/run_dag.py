"""Run by itself: runs one DAG in this process as `airflow dags test` does and prints how its tasks ended as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from sqlalchemy import select


def run(dag_folder: str, dag_id: str, params: dict[str, object], *, most_retries: int = 3, run_type: str = "manual") -> dict[str, object]:
    dag = DagBag(dag_folder=dag_folder).dags[dag_id]
    dag.deadline = None  # `DAG.test` looks it up by an id that only a DAG in the database has, and fails
    for task in dag.tasks:
        task.retries = min(task.retries, most_retries)
        task.retry_delay = timedelta(seconds=0)
        task.retry_exponential_backoff = 0
    with as_run_of_type(run_type):
        dag_run = dag.test(run_conf=params, use_executor=False)
    return {
        "state": str(dag_run.state),
        "run_id": dag_run.run_id,
        "tasks": {name_task(task): str(task.state) for task in dag_run.get_task_instances()},
        "announced": list_announced(dag_run.run_id),
    }


def list_announced(run_id: str) -> list[tuple[str, str]]:
    """The events of assets that a run raised: by which task, of which asset."""
    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run_id).order_by(AssetEvent.id))
        return [(event.source_task_id, event.asset.name) for event in events]


@contextmanager
def as_run_of_type(run_type: str) -> Iterator[None]:
    """`DAG.test` knows manual runs only."""
    create = SerializedDAG.create_dagrun
    with patch.object(SerializedDAG, "create_dagrun", lambda self, **given: create(self, **given | {"run_type": DagRunType(run_type)})):
        yield


def name_task(task: object) -> str:
    """A mapped task has a state for each of its indexes, and one for all where there are none."""
    return task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), run_type=(*sys.argv[4:], "manual")[0])))
