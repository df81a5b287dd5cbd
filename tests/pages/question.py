"""What Airflow's database holds while a task waits for an answer about a plan: put there by hand, for no scheduler runs beside the pages.

Run as a program with AIRFLOW_HOME set (`python -m tests.pages.question DAG_ID RUN_ID APPROVERS TIMED_OUT`) it puts the question anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from orgsync.airflow_parts.wording import say
from tests.pages.company import BIRCH
from tests.pages.site import Site


def put_question(site: Site, run_id: str, *, approvers: Sequence[str] = (), is_timed_out: bool = False) -> None:
    """As the task `approve` of this run of birch puts it; or as Airflow holds it when its time is over, and the task looks again."""
    home = {"AIRFLOW_HOME": str(site.log.parent), "AIRFLOW__CORE__LOAD_EXAMPLES": "false", "_AIRFLOW_PROCESS_CONTEXT": "server"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | home
    command = [
        sys.executable,
        "-m",
        "tests.pages.question",
        f"org_sync_{BIRCH.id}",
        run_id,
        json.dumps(list(approvers)),
        json.dumps(is_timed_out),
    ]
    subprocess.run(command, check=True, env=environment, capture_output=True)


def main() -> None:
    dag_id, run_id, approvers, is_timed_out = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.dagrun import DagRun
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from sqlalchemy import delete, insert, select

    with create_session() as session:

        def put(model: Any, **values: Any) -> None:
            session.execute(insert(model).values(**values))

        if session.scalar(select(DagModel.dag_id).where(DagModel.dag_id == dag_id)) is None:
            put(DagBundleModel, name="of-a-test")
            put(
                DagModel,
                dag_id=dag_id,
                bundle_name="of-a-test",
                max_active_tasks=1,
                max_consecutive_failed_dag_runs=0,
                has_task_concurrency_limits=False,
            )
        session.execute(delete(DagRun).where(DagRun.dag_id == dag_id))
        session.execute(delete(TaskInstance).where(TaskInstance.dag_id == dag_id))
        session.execute(delete(HITLDetail))
        session.add(DagRun(dag_id, run_id, run_type="manual", state=DagRunState.RUNNING))
        session.flush()
        put(TaskInstance, dag_id=dag_id, run_id=run_id, task_id="approve", map_index=-1, state="awaiting_input", pool="feishu")
        found = session.scalar(select(TaskInstance.id).where(TaskInstance.dag_id == dag_id))
        options = [say("en", f"approval.{each}") for each in ("approve", "reject")]
        assignees = [{"id": name, "name": name} for name in approvers]
        answer = {"responded_at": datetime.now(UTC), "chosen_options": options[1:]} if is_timed_out else {}
        put(HITLDetail, ti_id=found, options=options, subject="of a test", multiple=False, params={}, assignees=assignees, **answer)


if __name__ == "__main__":
    main()
