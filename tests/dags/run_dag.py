"""Run by itself: runs one DAG in this process as `airflow dags test` does and prints how its tasks ended as JSON."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from airflow.dag_processing.dagbag import DagBag


def run(dag_folder: str, dag_id: str, params: dict[str, object], *, most_retries: int = 3) -> dict[str, object]:
    dag = DagBag(dag_folder=dag_folder).dags[dag_id]
    for task in dag.tasks:
        task.retries = min(task.retries, most_retries)
        task.retry_delay = timedelta(seconds=0)
        task.retry_exponential_backoff = 0
    dag_run = dag.test(run_conf=params, use_executor=False)
    return {
        "state": str(dag_run.state),
        "run_id": dag_run.run_id,
        "tasks": {task.task_id: str(task.state) for task in dag_run.get_task_instances()},
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))
