"""Drive DAG runs through the real scheduler and show how they go."""

from __future__ import annotations

import time
from typing import Any

from stack.airflow import AirflowApi
from stack.console import Console
from stack.errors import StackError

PARSE_TIMEOUT_SECONDS = 60
RUN_TIMEOUT_SECONDS = 600
POLL_SECONDS = 0.7
UNFINISHED = ("queued", "running")
FAILED = ("failed", "upstream_failed")


def wait_for_dag(api: AirflowApi, dag_id: str) -> None:
    deadline = time.monotonic() + PARSE_TIMEOUT_SECONDS
    while not api.has_dag(dag_id):
        if errors := api.import_errors():
            raise StackError("these DAG files cannot be imported:\n" + "\n".join(errors))
        if time.monotonic() > deadline:
            raise StackError(f"DAG {dag_id} did not appear within {PARSE_TIMEOUT_SECONDS} seconds; see the log of dag-processor")
        time.sleep(POLL_SECONDS)


def run_dag(api: AirflowApi, console: Console, dag_id: str, conf: dict[str, Any]) -> None:
    """Trigger a run, show its tasks as they change, raise if it fails.

    Triggered before it is unpaused: unpausing may create a run of its own for the last tick of the schedule.
    """
    run_id = api.trigger(dag_id, conf)
    api.unpause(dag_id)
    console.note(f"{dag_id}: run {run_id} was handed to the scheduler")
    shown: dict[tuple[str, int], str] = {}
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while True:
        state = api.run_state(dag_id, run_id)
        tasks = api.task_instances(dag_id, run_id)
        show_changes(console, tasks, shown)
        if state == "success":
            return
        if state not in UNFINISHED:
            raise StackError(f"run {run_id} of {dag_id} ended as {state}\n{explain_failure(api, dag_id, run_id, tasks)}")
        if time.monotonic() > deadline:
            raise StackError(f"run {run_id} of {dag_id} is still {state} after {RUN_TIMEOUT_SECONDS} seconds")
        time.sleep(POLL_SECONDS)


def show_changes(console: Console, tasks: list[dict[str, Any]], shown: dict[tuple[str, int], str]) -> None:
    for task in sorted(tasks, key=lambda task: str(task["start_date"])):
        key, state = (task["task_id"], task["map_index"]), task["state"]
        if state in (None, "scheduled", "queued") or shown.get(key) == state:
            continue
        shown[key] = state
        name = task["task_id"] if task["map_index"] < 0 else f"{task['task_id']} [{task['map_index']}]"
        seconds = f" ({task['duration']:.1f} s)" if task["duration"] and state != "running" else ""
        console.note(f"  {name}: {state}{seconds}")


def wait_for_all_runs(api: AirflowApi, dag_id: str) -> None:
    """Until nothing of this DAG is under way, the scheduler's own runs included."""
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while api.count_runs(dag_id, UNFINISHED):
        if time.monotonic() > deadline:
            raise StackError(f"runs of {dag_id} are still under way after {RUN_TIMEOUT_SECONDS} seconds")
        time.sleep(POLL_SECONDS)


def explain_failure(api: AirflowApi, dag_id: str, run_id: str, tasks: list[dict[str, Any]]) -> str:
    failed = [task for task in tasks if task["state"] == "failed"]
    parts = []
    for task in failed:
        lines = api.log_lines(dag_id, run_id, task)[-40:]
        parts.append(f"the end of the log of task {task['task_id']} (try {task['try_number']}):\n" + "\n".join(lines))
    return "\n".join(parts) or "no task failed; see the log of the scheduler"
