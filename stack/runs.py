"""Drive DAG runs through the real scheduler and show how they go."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from stack.airflow import AirflowApi
from stack.console import Console
from stack.errors import StackError

# For a machine that is busy with something else: what has died or failed is seen at once, without these.
PARSE_TIMEOUT_SECONDS = 300
RUN_TIMEOUT_SECONDS = 1200
SCHEDULE_SECONDS = 4
LOG_LINES = 40
POLL_SECONDS = 0.7
UNFINISHED = ("queued", "running")
FAILED = ("failed", "up_for_retry")
ENDED = ("success", *FAILED)
QUIET_SECONDS = 10
"""So long nothing need be said; then what is waited for is."""


def wait_for_dag(api: AirflowApi, dag_id: str) -> None:
    deadline = time.monotonic() + PARSE_TIMEOUT_SECONDS
    while not api.has_dag(dag_id):
        if errors := api.import_errors():
            raise StackError("these DAG files cannot be imported:\n" + "\n".join(errors))
        if time.monotonic() > deadline:
            raise StackError(f"DAG {dag_id} did not appear within {PARSE_TIMEOUT_SECONDS} seconds; see the log of dag-processor")
        time.sleep(POLL_SECONDS)


def trigger(api: AirflowApi, console: Console, dags: list[str], conf: dict[str, Any]) -> dict[str, str]:
    """Trigger a run of each DAG; returns their ids."""
    runs = {}
    for dag_id in dags:
        runs[dag_id] = api.trigger(dag_id, conf)
        api.unpause(dag_id)
        console.note(f"{dag_id}: triggered run {runs[dag_id]}")
    return runs


def join_or_trigger(api: AirflowApi, console: Console, dags: list[str], conf: dict[str, Any]) -> dict[str, str]:
    """The runs that the schedule started; where it started none, triggered ones.

    Unpausing a DAG makes the scheduler run it for the last tick; a second run at the same time would only wait for that one.
    """
    were_paused = [api.unpause(dag_id) for dag_id in dags]
    deadline = time.monotonic() + (SCHEDULE_SECONDS if any(were_paused) else 0)
    runs: dict[str, str] = {}
    while len(runs) < len(dags):
        for dag_id in dags:
            if dag_id not in runs and (under_way := api.find_runs(dag_id, UNFINISHED)):
                console.note(f"{dag_id}: the scheduler started run {under_way[0]}")
                runs[dag_id] = under_way[0]
        if time.monotonic() > deadline:
            return runs | trigger(api, console, [dag_id for dag_id in dags if dag_id not in runs], conf)
        time.sleep(POLL_SECONDS)
    return runs


def follow_run(api: AirflowApi, console: Console, dag_id: str, run_id: str) -> None:
    follow_runs(api, console, {dag_id: run_id})


def follow_runs(api: AirflowApi, console: Console, runs: Mapping[str, str]) -> None:
    """Show the tasks of all runs as they change; raise at the first failed attempt, which against the sandbox no retry would mend."""
    shown: dict[tuple[str, str, int], str] = {}
    begun = time.monotonic()
    waiting = dict(runs)
    while waiting:
        if time.monotonic() > begun + RUN_TIMEOUT_SECONDS:
            raise StackError(f"after {RUN_TIMEOUT_SECONDS} seconds these runs have not ended: {_name_runs(waiting)}")
        for dag_id, run_id in runs.items():
            if dag_id in waiting and _look_at(api, console, dag_id, run_id, shown):
                del waiting[dag_id]
        if waiting and time.monotonic() > console.said_at + QUIET_SECONDS:
            console.note(f"  waiting for {', '.join(_say_what(api, dag_id, run_id) for dag_id, run_id in waiting.items())}")
        time.sleep(POLL_SECONDS if waiting else 0)


def _look_at(api: AirflowApi, console: Console, dag_id: str, run_id: str, shown: dict[tuple[str, str, int], str]) -> bool:
    """Whether the run has ended well."""
    state = api.run_state(dag_id, run_id)
    tasks = api.task_instances(dag_id, run_id)
    show_changes(console, dag_id, tasks, shown)
    failed = [task for task in tasks if task["state"] in FAILED]
    if failed or state not in (*UNFINISHED, "success"):
        raise StackError(f"run {run_id} of {dag_id} failed\n{explain_failure(api, dag_id, run_id, failed)}")
    return state == "success"


def _say_what(api: AirflowApi, dag_id: str, run_id: str) -> str:
    """What a run is at, or what it waits for."""
    if api.run_state(dag_id, run_id) == "queued":
        return f"{dag_id}: its turn, after the run before it"
    under_way = sorted({task["task_id"] for task in api.task_instances(dag_id, run_id) if task["state"] == "running"})
    return f"{dag_id}: {', '.join(under_way) or 'the scheduler to start its next task'}"


def _name_runs(runs: Mapping[str, str]) -> str:
    return ", ".join(f"{run_id} of {dag_id}" for dag_id, run_id in runs.items())


def show_changes(console: Console, dag_id: str, tasks: list[dict[str, Any]], shown: dict[tuple[str, str, int], str]) -> None:
    """A line for each task that ends, or fails. What a run has no use for (a replay, an approval) is skipped, and not worth a line."""
    for task in sorted(tasks, key=lambda task: str(task["start_date"])):
        key, state = (dag_id, task["task_id"], task["map_index"]), task["state"]
        if state not in ENDED or shown.get(key) == state:
            continue
        shown[key] = state
        name = task["task_id"] if task["map_index"] < 0 else f"{task['task_id']} [{task['map_index']}]"
        seconds = f" ({task['duration']:.1f} s)" if task["duration"] else ""
        console.note(f"  {dag_id} {name}: {'done' if state == 'success' else state}{seconds}")


def explain_failure(api: AirflowApi, dag_id: str, run_id: str, failed: list[dict[str, Any]]) -> str:
    parts = []
    for task in failed:
        lines = api.log_lines(dag_id, run_id, task)[-LOG_LINES:]
        parts.append(f"the end of the log of task {task['task_id']} (try {task['try_number']}):\n" + "\n".join(lines))
    return "\n".join(parts) or "no task failed; see the log of the scheduler"
