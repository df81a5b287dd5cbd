"""How long tenants take that are due at the same minute: from then until the last has been read, and what that costs.

They become due by being unpaused: their last tick is over, and the scheduler runs them for it, as it does at each later one.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psutil

from bench.results import Figures
from bench.rig import Rig
from stack.airflow import AirflowApi

TENANTS = "dag_id_pattern=org_sync_t%25"
SCHEDULED = f"{TENANTS}&run_type=scheduled"
PAGE = 100
POLL_SECONDS = 2.0
TIMEOUT_SECONDS = 3600
MIB = 2**20


@dataclass
class Memory:
    """The highest that was seen, in bytes; what processes share counts once."""

    scheduler: int = 0
    with_workers: int = 0


def measure_due(rig: Rig, tenants: int) -> Figures:
    """`tenants` are how many are paused now. Seconds are from the instant in which they became due."""
    before, load, already = rig.read_cpu(), os.getloadavg()[0], _count(rig.api, "")
    with _watch_memory(rig) as memory:
        due_at = time.time()
        _unpause(rig.api)
        _wait_until_done(rig.api, already + tenants)
    spent = {name: seconds - before[name] for name, seconds in rig.read_cpu().items()}
    begun = _list_instants(rig.api, "/dags/~/dagRuns/~/taskInstances?task_id=extract&", "task_instances", "start_date", since=due_at)
    done = _list_instants(rig.api, f"/dags/~/dagRuns?{SCHEDULED}&", "dag_runs", "end_date", since=due_at)
    return {
        "seconds": {"begun": _summarize(begun), "done": _summarize(done)},
        "task_starts": len(begun),
        "cpu_seconds": {name: round(seconds, 1) for name, seconds in spent.items()},
        "cpu_seconds_of_all": round(sum(seconds for name, seconds in spent.items() if name != "sandbox"), 1),
        "peak_mib": {"scheduler": round(memory.scheduler / MIB), "with_workers": round(memory.with_workers / MIB)},
        "load_average": round(load, 1),
    }


def _unpause(api: AirflowApi) -> None:
    """All at once, as far as the API takes them."""
    while api.request("PATCH", f"/dags?{TENANTS}&paused=true&limit={PAGE}", {"is_paused": False})["dags"]:
        pass


def _wait_until_done(api: AirflowApi, runs: int) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while _count(api, "&state=success") < runs:
        if failed := _count(api, "&state=failed"):
            raise SystemExit(f"{failed} runs failed")
        if time.monotonic() > deadline:
            raise SystemExit(f"not all of {runs} runs were over within {TIMEOUT_SECONDS} seconds")
        time.sleep(POLL_SECONDS)


def _count(api: AirflowApi, state: str) -> int:
    return int(api.request("GET", f"/dags/~/dagRuns?{SCHEDULED}{state}&limit=1")["total_entries"])


def _list_instants(api: AirflowApi, path: str, key: str, name: str, *, since: float) -> list[float]:
    """In seconds since then, of all pages; what was before is left out."""
    found: list[dict[str, Any]] = []
    while page := api.request("GET", f"{path}limit={PAGE}&offset={len(found)}")[key]:
        found += page
    seconds = (datetime.fromisoformat(each[name]).timestamp() - since for each in found)
    return sorted(each for each in seconds if each >= 0)


@contextmanager
def _watch_memory(rig: Rig) -> Iterator[Memory]:
    found, ended = Memory(), threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            sizes = [_size(process) for process in rig.find_processes("scheduler")]
            found.scheduler = max(found.scheduler, sizes[0])
            found.with_workers = max(found.with_workers, sum(sizes))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def _size(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it ended meanwhile
        return 0


def _summarize(ordered: list[float]) -> dict[str, float]:
    return {
        "first": round(ordered[0], 1),
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(len(ordered) * 0.95)], 1),
        "last": round(ordered[-1], 1),
    }
