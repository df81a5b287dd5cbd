"""CPU seconds and memory of single commands, each in a process of its own: what a person waits for who asks one thing."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Sequence

from bench.processes import run_measured
from bench.world import ORGSYNC, TENANT, World, without_limits

RUNS = 5
# None of them needs Airflow.
COMMANDS: Sequence[Sequence[str]] = (
    ["--help"],
    ["status"],
    ["report", TENANT],
    ["plan", TENANT],
    ["quarantine"],
    ["sql", "select count(*) from org.users"],
    ["outbox"],
    ["quota"],
    ["push"],
    ["pools"],
    ["sandbox", "status"],
    ["replay", TENANT, "--from", "2090-01-01"],
    ["housekeeping", "--dry-run"],
)


def measure_commands(world: World, *, runs: int = RUNS) -> None:
    environment = world.unpaced | {"ORGSYNC_SANDBOX_URL": world.sandbox.url}
    with without_limits(world):
        subprocess.run([ORGSYNC, "sync", TENANT], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print("| command | CPU seconds | from | to | peak MiB |\n|---|---:|---:|---:|---:|")
    for command in COMMANDS:
        if runs > 1:
            run_measured([ORGSYNC, *command], environment)  # so that files are in memory
        measured = [run_measured([ORGSYNC, *command], environment) for _ in range(runs)]
        seconds = [each.cpu_seconds for each in measured]
        peak = max(each.peak_mib for each in measured)
        print(
            f"| `{' '.join(command)}` | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} | {peak:.0f} |",
            flush=True,
        )
