"""Seconds per step, calls and memory of whole syncs, each in a process of its own; the sandbox has no limits then."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.world import ORGSYNC, TENANT, World, without_limits

STEPS = ("extract", "import", "tidy", "expect", "page", "stage", "plan", "write")


@dataclass(frozen=True)
class Measured:
    """One sync: the run's own record, and what the operating system saw of its process."""

    name: str
    run: dict[str, Any]
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


def measure_syncs(world: World) -> None:
    measured = []
    with without_limits(world):
        for name, prepare, options in _scenarios(world):
            prepare()
            measured.append(_measure(name, world.unpaced, options))
            _print_row(measured[-1], is_first=len(measured) == 1)


def _scenarios(world: World) -> Iterator[tuple[str, Any, list[str]]]:
    yield "first sync, full", lambda: None, ["--full"]
    yield "nothing changed, full", lambda: None, ["--full"]
    yield "nothing changed, frequent", lambda: None, ["--frequent"]
    yield "2 % of the people changed, full", lambda: world.control("POST", "evolve", {"rate": 0.02}), ["--full"]


def _measure(name: str, environment: dict[str, str], options: list[str]) -> Measured:
    started = time.monotonic()
    with subprocess.Popen([ORGSYNC, "sync", TENANT, "--json", *options], env=environment, stdout=subprocess.PIPE) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name}: orgsync ended with code {process.returncode}")
    return Measured(
        name=name,
        run=json.loads(output),
        wall_seconds=time.monotonic() - started,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,
    )


def _print_row(measured: Measured, *, is_first: bool) -> None:
    if is_first:
        print(f"| sync | {' | '.join(STEPS)} | run | process wall | process CPU | peak MiB | calls | history rows |")
        print(f"|---|{'---:|' * (len(STEPS) + 6)}")
    seconds = measured.run["step_seconds"]
    steps = " | ".join(f"{seconds[step]:.1f}" for step in STEPS)
    whole = sum(seconds[step] for step in ("extract", "validate", "plan", "merge"))
    calls = sum(count["read"] for count in measured.run["calls"].values())
    print(
        f"| {measured.name} | {steps} | {whole:.1f} | {measured.wall_seconds:.1f} | {measured.cpu_seconds:.1f} | {measured.peak_mib:.0f} "
        f"| {calls:,} | {measured.run['counts']['history_rows']:,} |",
        flush=True,
    )
