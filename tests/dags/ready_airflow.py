"""Runs scripts of this folder in forks of a process that has imported Airflow and what tasks import: that takes seconds each time.

Started by itself, it makes the database of its home and prints the exit code of that; then it takes one script after the other from its
standard input, a JSON object a line, and prints the exit code of each.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.integration.forked import be_a_process

TIMEOUT_SECONDS = 280


class ReadyAirflow:
    """What has been imported reads `environ` at its start; what a script is given may change all that Airflow reads later."""

    def __init__(self, environ: Mapping[str, str], cwd: Path) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.dags.ready_airflow"],
            env=environ,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )
        assert self._wait_for_code("making its database") == 0, self._errors()

    def run(self, script: Path, arguments: Sequence[str], environ: Mapping[str, str], given: str) -> subprocess.CompletedProcess[str]:
        """As a process of its own would end: its exit code, and what it wrote."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("in", "out", "err")]
            files[0].write_text(given)
            order = {"script": str(script), "arguments": arguments, "environ": dict(environ), "files": [str(file) for file in files]}
            assert self.process.stdin
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            code = self._wait_for_code(script.name)
            return subprocess.CompletedProcess([str(script), *arguments], code, *(file.read_text() for file in files[1:]))

    def _wait_for_code(self, what: str) -> int:
        assert self.process.stdout
        if not select.select([self.process.stdout], [], [], TIMEOUT_SECONDS)[0]:
            self.end()
            raise TimeoutError(f"{what} did not end within {TIMEOUT_SECONDS} seconds")
        line = self.process.stdout.readline()
        assert line, self._errors()
        return int(line)

    def _errors(self) -> str:
        self.errors.seek(0)
        return self.errors.read()[-3000:]

    def end(self) -> None:
        """With whatever a test that failed has left."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        self.errors.close()


def serve() -> None:
    import airflow.dag_processing.dagbag
    import airflow.providers.standard.operators.hitl
    import airflow.sdk.execution_time.task_runner
    import airflow.serialization.definitions.dag  # noqa: F401
    from airflow.sdk.execution_time.supervisor import in_process_api_server
    from airflow.utils.db import initdb

    from orgsync.airflow_parts import approval, notifier  # noqa: F401
    from orgsync.outbox import sending  # noqa: F401
    from orgsync.sync import housekeeping, pipeline  # noqa: F401
    from orgsync.validation import quarantine, report  # noqa: F401

    run_in_fork(initdb, os.environ, [os.devnull, os.devnull, "/dev/stderr"])
    asyncio.run(ask_for_nothing(in_process_api_server().app))
    for line in sys.stdin:
        order = json.loads(line)
        run_in_fork(partial(be_the_script, order["script"], order["arguments"]), order["environ"], order["files"])


def run_in_fork(work: Callable[[], object], environ: Mapping[str, str], files: Sequence[str]) -> None:
    """Prints the exit code; `files` are what it reads and the two that it writes."""
    child = os.fork()
    if not child:
        flags = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2)
        be_a_process(work, dict(environ), [os.open(file, flag) for file, flag in zip(files, flags, strict=True)])
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


async def ask_for_nothing(app: Any) -> None:
    """The interface that `DAG.test` asks is made with its first answer, in seconds; its own threads begin in the fork."""
    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://in-process") as client:
        await client.get("/nothing")


def be_the_script(script: str, arguments: Sequence[str]) -> None:
    adapt_airflow()
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).parent))
    runpy.run_path(script, run_name="__main__")


def adapt_airflow() -> None:
    """What Airflow has read when it was imported, read again."""
    from airflow import settings
    from airflow.configuration import conf

    settings.DAGS_FOLDER = conf.get("core", "dags_folder")
    if settings.engine is not None:
        settings.engine.dispose(close=False)


if __name__ == "__main__":
    serve()
