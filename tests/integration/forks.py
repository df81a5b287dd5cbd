"""Runs jobs in forks of one process that has imported everything, each killed by SIGKILL or held at the step it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from orgsync.warehouse.claims import HEART
from orgsync.warehouse.statements import SQL_FOLDER, read_sql

CHECKOUT = Path(__file__).parents[2]
PATIENCE_SECONDS = 20

LOCKS = """
    select count(*) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
"""
Job = dict[str, Any]


class Doomed:
    """The process that forks one for each job; started once, because what it imports takes seconds."""

    def __init__(self, folder: Path, module: str) -> None:
        self.errors = (folder / "errors.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONWARNINGS": "ignore", "OPENBLAS_NUM_THREADS": "1", "GX_ANALYTICS_ENABLED": "false"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )

    def warm_up(self, job: Job) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline(), Path(self.errors.name).read_text()[-3000:]

    def start(self, *jobs: Job) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(jobs) + "\n")
        self.process.stdin.flush()

    def ended(self) -> list[int]:
        """The exit code of each job that was started, minus nine for a killed one."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, Path(self.errors.name).read_text()[-3000:]
        codes: list[int] = json.loads(line)
        return codes

    def end(self) -> None:
        """With whatever a test that failed has left."""
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
        self.errors.close()

    def run(self, *jobs: Job) -> list[int]:
        self.start(*jobs)
        return self.ended()


class Held:
    """A run in a process of its own that stands still at one step, until it is let go."""

    def __init__(self, doomed: Doomed, job: Job) -> None:
        self.doomed, self.job = doomed, job
        told = Path(job["told"])
        self.reached, self.go_on = (told.with_name(f"{told.stem}_{gate}") for gate in ("reached", "go_on"))
        self.is_held = False

    def __enter__(self) -> Held:
        for gate in (self.reached, self.go_on):
            os.mkfifo(gate)
        self.doomed.start(self.job | {"gates": [str(self.reached), str(self.go_on)]})
        self.is_held = True
        assert self.reached.read_text() == self.job["hold_at"][0]
        return self

    def let_go(self) -> int:
        """Its exit code."""
        self.is_held = False
        self.go_on.write_text("")
        [code] = self.doomed.ended()
        return code

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its whole process, as when its machine sleeps; after it, it goes on at the step where it was held."""
        process_id = int(Path(f"{self.job['told']}.pid").read_text())
        os.kill(process_id, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process_id, signal.SIGCONT)
        assert self.let_go() == 0, Path(self.job["told"]).read_text()

    def __exit__(self, *_: object) -> None:
        if self.is_held:
            self.let_go()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """The server may take a moment to notice that the other side is gone, a thread one to begin to wait."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


class Steps:
    """Counts the steps and names them; at the one that is meant it kills the process, or says that it is there and waits.

    `die_at` and `hold_at` are a name and the how manieth of it, `die_at` may be a number of all.
    """

    def __init__(self, job: Job, told: Any) -> None:
        self.die_at, self.hold_at = job.get("die_at"), job.get("hold_at")
        self.gates = job.get("gates", ())
        self.told = told
        self.seen: Counter[str] = Counter()
        self.lock = threading.Lock()

    def step(self, name: str) -> None:
        if threading.current_thread().name == HEART:  # it beats when it will: no step of the work
            return
        with self.lock:
            self.seen[name] += 1
            if self.die_at in (self.seen.total(), [name, self.seen[name]]):
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
        """Every statement, connection and commit is a step."""
        steps = self

        class DoomedCursor(Cursor):
            def execute(self, query: Any, values: Any = None) -> None:
                steps.step(name_of(query))
                super().execute(query, values)

            def copy_expert(self, sql: Any, file: Any, **more: Any) -> None:
                steps.step(name_of(sql))
                super().copy_expert(sql, file, **more)

        class DoomedConnection(Connection):
            def commit(self) -> None:
                steps.step("commit")
                super().commit()

        connect = psycopg2.connect
        psycopg2.connect = self.before("connect", connect, connection_factory=DoomedConnection, cursor_factory=DoomedCursor)

    def before(self, name: str, call: Callable[..., Any], **more: Any) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            self.step(name)
            return call(*arguments, **named, **more)

        return watched


def serve(run: Callable[[Job], None], steps: type[Steps]) -> None:
    """A line of standard input is a list of jobs that run side by side, the line that answers it says how each ended.

    The first line is one job that is run here, so that each fork finds everything imported and looked up.
    """
    answers = os.dup(1)
    os.dup2(2, 1)  # what is logged is no answer
    first = json.loads(sys.stdin.readline())
    os.environ.update(first["environ"])
    run(first)
    name_of("")
    print("ready", file=(told := os.fdopen(answers, "w")), flush=True)
    for line in sys.stdin:
        children = [_fork(job, run, steps) for job in json.loads(line)]
        print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]), file=told, flush=True)


def _fork(job: Job, run: Callable[[Job], None], kind: type[Steps]) -> int:
    child = os.fork()
    if child:
        return child
    Path(f"{job['told']}.pid").write_text(str(os.getpid()))
    told = Path(job["told"]).open("w", buffering=1)  # noqa: SIM115 - until the process ends, however it does
    steps = kind(job, told)
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


def name_of(statement: str) -> str:
    """The statement's own name; one that gets its parameters before is known by its beginning."""
    names = names_by_text()
    return names.get(statement) or next((name for text, name in names.items() if text[:20] == statement[:20]), "")


@cache
def names_by_text() -> dict[str, str]:
    names = [str(path.relative_to(SQL_FOLDER).with_suffix("")) for path in SQL_FOLDER.rglob("*.sql")]
    return {read_sql(name): name for name in names}
