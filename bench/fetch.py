"""Reading from platforms that answer after 100 ms and keep their documented limits: seconds beside the least that these allow.

A read is a process of its own, without a warehouse. Beside it stands the sequential way, one call after another.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.processes import run_measured
from bench.results import Figures
from bench.wanted import Wanted
from bench.world import Size, plain_environment
from sandbox.testing import RunningSandbox, start_sandbox

COMPANIES = ((10_000, 1_000), (100_000, 5_000))
QUICK_COMPANIES = ((300, 20),)
READS = (
    ("dingtalk", "full"),
    ("dingtalk", "frequent"),
    ("wecom", "full"),
    ("wecom", "frequent"),
    ("feishu", "full"),
    ("feishu", "frequent"),
)
LATENCY_SECONDS = 0.1
MOST_SEQUENTIAL_CALLS = 1_500
"""More of them are not waited for: the sequential way takes their number times the latency at least."""


@dataclass(frozen=True)
class Limit:
    """What a platform documents for each interface; 0 is none."""

    calls_per_second: int = 0
    calls_per_minute: int = 0

    def least_seconds(self, calls: int) -> float:
        """From the first call to the last of one interface, in windows that begin with the first."""
        per_minute, per_second = self.calls_per_minute or calls + 1, self.calls_per_second
        minutes, rest = divmod(max(0, calls - 1), per_minute)
        return minutes * 60 + (rest / per_second if per_second else 0.0)


LIMITS = {
    "dingtalk": Limit(calls_per_second=20),
    "wecom": Limit(calls_per_minute=10_000),
    "feishu": Limit(calls_per_second=50, calls_per_minute=1_000),
}


def measure(wanted: Wanted) -> Iterator[tuple[str, Figures]]:
    for people, departments in QUICK_COMPANIES if wanted.is_quick else COMPANIES:
        with start_sandbox(people, departments=departments) as sandbox:
            for platform, mode in READS:
                size = Size(platform, people, departments)
                yield f"{size} {mode}", _measure_read(sandbox, size, mode)


def _measure_read(sandbox: RunningSandbox, size: Size, mode: str) -> Figures:
    sandbox.control("PUT", f"{size.platform}/settings", {"latency_ms": LATENCY_SECONDS * 1000})
    read = _read(sandbox, size.platform, mode)
    calls = {interface: count["read"] for interface, count in read["calls"].items()}
    levels = _count_levels(sandbox, size.platform)
    floor = max(map(LIMITS[size.platform].least_seconds, calls.values())) + levels * LATENCY_SECONDS
    total = sum(calls.values())
    is_measured = total <= MOST_SEQUENTIAL_CALLS
    sequential = _read(sandbox, size.platform, mode, max_parallel_calls=1)["seconds"] if is_measured else total * LATENCY_SECONDS
    return {
        "platform": size.platform,
        "mode": mode,
        "people": size.people,
        "departments": size.departments,
        "calls": total,
        "most_calls": max(calls.values()),
        "levels": levels,
        "floor_seconds": round(floor, 2),
        "seconds": round(read["seconds"], 2),
        "ratio": round(read["seconds"] / floor, 3),
        "throttled": sum(count["throttled"] for count in read["calls"].values()),
        "cpu_seconds": round(read["cpu_seconds"], 2),
        "peak_mib": round(read["peak_mib"], 1),
        "sequential_seconds": round(sequential, 1),
        "is_sequential_measured": int(is_measured),
    }


def _read(sandbox: RunningSandbox, platform: str, mode: str, **extra: object) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="orgsync-bench-fetch-") as folder:
        environment = plain_environment() | {
            "AIRFLOW_HOME": f"{folder}/airflow",
            "ORGSYNC_STATE": folder,
            "AIRFLOW_CONN_BENCH": _connection(sandbox.connection(platform), extra),
        }
        return run_measured([sys.executable, "-m", "bench.reading", platform, mode, f"{folder}/landing"], environment).told


def _connection(known: Mapping[str, Any], extra: Mapping[str, object]) -> str:
    """With the pace that orgsync keeps of itself."""
    given = {name: value for name, value in known.get("extra", {}).items() if name != "calls_per_second"}
    return json.dumps({**known, "extra": {**given, **extra}})


def _count_levels(sandbox: RunningSandbox, platform: str) -> int:
    """Of departments that a walk meets one after the other; only DingTalk's has to go down level by level."""
    if platform != "dingtalk":
        return 1
    depth: int = sandbox.control("GET", f"{platform}/organization?summary=1")["depth"]
    return depth + 1
