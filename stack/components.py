"""Airflow's components as forks of one process: the seconds that importing Airflow takes are spent once, not four times.

Run as `python -m stack.components FD` with AIRFLOW_HOME set. It imports, says so on FD, waits for one line of JSON on standard input
(component → arguments and log), starts each component in a session of its own, writes their pids as a line of JSON to FD, and ends.
If its input closes before, it ends without a start.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn, TextIO

from orgsync.airflow_parts.preloading import FOR_TASKS, import_all

# What all of them need, and nothing that opens a connection or starts a thread.
SHARED = (
    "airflow.cli.cli_parser",
    "airflow.cli.commands.dag_processor_command",
    "airflow.cli.commands.scheduler_command",
    "airflow.cli.commands.triggerer_command",
    "airflow.executors.local_executor",
)


def main() -> None:
    with os.fdopen(int(sys.argv[1]), "w", buffering=1) as reports:
        import_all(SHARED)
        reports.write("ready\n")
        if line := sys.stdin.readline():
            pids = {name: start(name, component, reports) for name, component in json.loads(line).items()}
            reports.write(json.dumps(pids) + "\n")


def start(name: str, component: dict[str, Any], reports: TextIO) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        reports.close()
        become(name, **component)
    return pid


def become(name: str, *, arguments: list[str], log: str) -> NoReturn:
    """Turn this fork into a component. It ends the process."""
    os.setsid()
    os.umask(0o077)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    silence = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((silence, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(silence)
    show_name(name)
    if name == "scheduler":
        import_all(FOR_TASKS)  # tasks are forks of the scheduler: what it has imported, none of them imports again
    sys.argv = ["airflow", *arguments]
    run: Any = importlib.import_module("airflow.__main__").main
    sys.exit(run())


def show_name(name: str) -> None:
    if sys.platform != "darwin":
        from setproctitle import setproctitle

        setproctitle(f"airflow {name} -- {Path.cwd()}")


if __name__ == "__main__":
    main()
