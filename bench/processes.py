"""Runs a program in a process of its own and tells what that cost: seconds, CPU seconds, memory; and the CPU seconds of PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from stack.postgres import PostgresServer


@dataclass(frozen=True)
class Cost:
    """`cpu_seconds` and `peak_mib` are the process's own, and of what it waited for; `output` is what it printed."""

    wall_seconds: float
    cpu_seconds: float
    server_cpu_seconds: float
    peak_mib: float
    output: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The object that a driver prints last."""
        told: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return told

    def figures(self) -> dict[str, float]:
        return {
            "process_seconds": round(self.wall_seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "server_cpu_seconds": round(self.server_cpu_seconds, 3),
            "peak_mib": round(self.peak_mib, 1),
        }


def run_measured(
    command: Sequence[str | Path], environment: Mapping[str, str], *, server: PostgresServer | None = None, cwd: Path | None = None
) -> Cost:
    """Raises SystemExit with the end of what it wrote to its standard error where it fails."""
    with tempfile.TemporaryFile() as errors:
        server_before, started = read_server_cpu(server) if server else 0.0, time.monotonic()
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, cwd=cwd) as process:
            output = process.stdout.read() if process.stdout else b""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall_seconds = time.monotonic() - started
        if process.returncode:
            errors.seek(0)
            words = " ".join(str(word) for word in command)
            raise SystemExit(f"{words} ended with code {process.returncode}:\n{errors.read().decode(errors='replace')[-4000:]}")
    return Cost(
        wall_seconds=wall_seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        server_cpu_seconds=_settle(server) - server_before if server else 0.0,
        peak_mib=usage.ru_maxrss / 1024,
        output=output,
    )


def read_server_cpu(server: PostgresServer) -> float:
    """Of all its processes, also those that ended: the first one reaps them, and counts what they used."""
    if server.record is None:
        raise RuntimeError("the server does not run")
    first = psutil.Process(server.record.pid)
    own = first.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in first.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(child.cpu_times()[:2])
    return seconds


def _settle(server: PostgresServer) -> float:
    """A backend may end a moment after its client, and is counted nowhere while it does."""
    time.sleep(0.05)
    return read_server_cpu(server)
