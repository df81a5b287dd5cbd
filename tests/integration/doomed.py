"""Run by itself: runs syncs in forks of its process, each killed by SIGKILL or held at the step it is told.

A line of its standard input is a list of jobs that run side by side, the line it answers says how each ended. A step is a statement, a
connection, a commit, an answer that lands, the manifest's two names, or the report: whatever leaves a trace outside the process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from orgsync import landing
from orgsync.pipeline import Run, merge_plan, sync
from orgsync.settings import Settings
from orgsync.validation import quarantine, report  # noqa: F401 - some seconds, once for all forks
from orgsync.warehouse.statements import SQL_FOLDER, read_sql
from tests.integration.world import TENANT

Job = dict[str, Any]


def main() -> None:
    """The first job is run here, so that each fork finds everything imported and looked up."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what is logged is no answer
    first = json.loads(sys.stdin.readline())
    os.environ.update(first["environ"])
    run(first)
    name_of("")
    print("ready", file=(told := os.fdopen(answers, "w")), flush=True)
    for line in sys.stdin:
        children = [fork(job) for job in json.loads(line)]
        print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]), file=told, flush=True)


def fork(job: Job) -> int:
    child = os.fork()
    if child:
        return child
    told = Path(job["told"]).open("w", buffering=1)  # noqa: SIM115 - until the process ends, however it does
    steps = Steps(job, told)
    try:
        os.environ.update(job["environ"])
        tempfile.tempdir = None
        steps.watch()
        run(job)
    except BaseException as error:
        print(type(error).__name__, error, file=told)
        traceback.print_exc()
        steps.give_up(f"{type(error).__name__} {error}")
        os._exit(1)
    steps.give_up("it ended")
    os._exit(0)


def run(job: Job) -> None:
    settings = Settings(Path("nowhere.yaml"), job["landing_zone"], Path(job["report_folder"]))
    tenant = replace(TENANT, platform=job["platform"], conn_id=f"acme_{job['platform']}")
    run = Run(tenant, job["run_id"], "manual", settings)
    if job.get("plan_id"):
        merge_plan(run, job["plan_id"])
    else:
        sync(run, mode="full", dry_run=False, now=datetime.fromisoformat(job["now"]))


class Steps:
    """Counts the steps and names them; at the one that is meant it kills the process, or says that it is there and waits."""

    def __init__(self, job: Job, told: Any) -> None:
        self.die_at, self.hold_at = job.get("die_at"), job.get("hold_at")
        self.gates = job.get("gates", ())
        self.told = told
        self.seen: Counter[str] = Counter()
        self.lock = threading.Lock()

    def step(self, name: str) -> None:
        with self.lock:
            self.seen[name] += 1
            if self.seen.total() == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if not self.die_at:
                print(name, file=self.told)
            if [name, self.seen[name]] == self.hold_at:
                reached, go_on = self.gates
                self.hold_at = None
                Path(reached).write_text(name)
                Path(go_on).read_text()

    def give_up(self, why: str) -> None:
        """Whoever waits for a step that never came is told so."""
        if self.hold_at:
            Path(self.gates[0]).write_text(why)

    def watch(self) -> None:
        steps = self

        class DoomedCursor(Cursor):
            def execute(self, query: Any, values: Any = None) -> None:
                steps.step(name_of(query))
                super().execute(query, values)

            def copy_expert(self, sql: Any, file: Any, *more: Any) -> None:
                steps.step(name_of(sql))
                super().copy_expert(sql, file, *more)

        class DoomedConnection(Connection):
            def commit(self) -> None:
                steps.step("commit")
                super().commit()

        connect = psycopg2.connect
        psycopg2.connect = self.before("connect", connect, connection_factory=DoomedConnection, cursor_factory=DoomedCursor)
        landing.SnapshotWriter.record = self.before("land an answer", landing.SnapshotWriter.record)  # type: ignore[method-assign]
        landing._write_at_once = self.before("write the manifest", landing._write_at_once)
        landing.Path.replace = self.before("name the manifest", landing.Path.replace)  # type: ignore[method-assign]
        report.write_report = self.before("write the report", report.write_report)

    def before(self, name: str, call: Callable[..., Any], **more: Any) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            self.step(name)
            return call(*arguments, **named, **more)

        return watched


def name_of(statement: str) -> str:
    """The statement's own name; one that gets its parameters before is known by its beginning."""
    names = names_by_text()
    return names.get(statement) or next((name for text, name in names.items() if text[:20] == statement[:20]), "")


@cache
def names_by_text() -> dict[str, str]:
    names = [str(path.relative_to(SQL_FOLDER).with_suffix("")) for path in SQL_FOLDER.rglob("*.sql")]
    return {read_sql(name): name for name in names}


if __name__ == "__main__":
    main()
