"""Seconds per step, calls and memory of whole syncs, each in a process of its own; the sandbox has no limits then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.processes import Cost, run_measured
from bench.world import ORGSYNC, TENANT, World, without_limits

STEPS = ("extract", "import", "tidy", "expect", "page", "stage", "plan", "write")


@dataclass(frozen=True)
class Measured:
    """One sync: the run's own record, and what the operating system saw of its process."""

    name: str
    run: dict[str, Any]
    cost: Cost


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
    cost = run_measured([ORGSYNC, "sync", TENANT, "--json", *options], environment)
    return Measured(name, json.loads(cost.output), cost)


def _print_row(measured: Measured, *, is_first: bool) -> None:
    if is_first:
        print(f"| sync | {' | '.join(STEPS)} | run | process wall | process CPU | peak MiB | calls | history rows |")
        print(f"|---|{'---:|' * (len(STEPS) + 6)}")
    seconds = measured.run["step_seconds"]
    steps = " | ".join(f"{seconds[step]:.1f}" for step in STEPS)
    whole = sum(seconds[step] for step in ("extract", "validate", "plan", "merge"))
    calls = sum(count["read"] for count in measured.run["calls"].values())
    print(
        f"| {measured.name} | {steps} | {whole:.1f} | {measured.cost.wall_seconds:.1f} | {measured.cost.cpu_seconds:.1f} "
        f"| {measured.cost.peak_mib:.0f} | {calls:,} | {measured.run['counts']['history_rows']:,} |",
        flush=True,
    )
