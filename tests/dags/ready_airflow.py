"""Runs scripts of this folder in forks of a process that has imported Airflow and what tasks import: that takes seconds each time.

Started by itself, it takes one script after the other from its standard input, a JSON object a line, and prints the exit code of each.
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
from collections.abc import Mapping, Sequence
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

    def run(self, script: Path, arguments: Sequence[str], environ: Mapping[str, str], given: str) -> subprocess.CompletedProcess[str]:
        """As a process of its own would end: its exit code, and what it wrote."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("in", "out", "err")]
            files[0].write_text(given)
            order = {"script": str(script), "arguments": arguments, "environ": dict(environ), "files": [str(file) for file in files]}
            assert self.process.stdin
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            code = self._wait_for_code(script)
            return subprocess.CompletedProcess([str(script), *arguments], code, *(file.read_text() for file in files[1:]))

    def _wait_for_code(self, script: Path) -> int:
        assert self.process.stdout
        if not select.select([self.process.stdout], [], [], TIMEOUT_SECONDS)[0]:
            self.end()
            raise TimeoutError(f"{script.name} did not end within {TIMEOUT_SECONDS} seconds")
        line = self.process.stdout.readline()
        self.errors.seek(0)
        assert line, self.errors.read()[-3000:]
        return int(line)

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

    from orgsync.airflow_parts import approval, notifier  # noqa: F401
    from orgsync.outbox import sending  # noqa: F401
    from orgsync.sync import housekeeping, pipeline  # noqa: F401
    from orgsync.validation import quarantine, report  # noqa: F401

    asyncio.run(ask_for_nothing(in_process_api_server().app))
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            files = [
                os.open(file, flags) for file, flags in zip(order["files"], (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)
            ]
            be_a_process(partial(be_the_script, order["script"], order["arguments"]), order["environ"], files)
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
