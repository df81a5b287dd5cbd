"""What was measured, as it is kept in docs/benchmarks.json: by part and key, each with its date, machine and versions."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stack.postgres import find_binaries

PACKAGES = ("apache-airflow", "pandas", "great-expectations", "psycopg2-binary", "requests")

Figures = dict[str, Any]
Results = dict[str, dict[str, Figures]]
"""By part and key: `measured` (when, where, with what) and `figures`."""


def read_results(file: Path) -> Results:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def keep(file: Path, part: str, key: str, figures: Figures) -> None:
    """Put in what was measured now, in the place of what was measured earlier; the rest stays."""
    results = read_results(file)
    results.setdefault(part, {})[key] = {"measured": describe_machine(), "figures": figures}
    sorted_results = {name: dict(sorted(results[name].items())) for name in sorted(results)}
    file.write_text(json.dumps(sorted_results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def describe_machine() -> dict[str, Any]:
    """Nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "on": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES} | {"PostgreSQL": _postgres_version()},
    }


def compare_pairs(others: Sequence[float], ours: Sequence[float]) -> dict[str, Any]:
    """How many times as long the other one took, pair by pair: both ran one after the other, so what kept the machine busy kept both."""
    ratios = [other / own for other, own in zip(others, ours, strict=True)]
    return {"ratios": [round(ratio, 3) for ratio in ratios], "median": round(statistics.median(ratios), 3)}


def find_figure(results: Results, path: Sequence[str]) -> Any:
    """What stands below part, key and so on; None where that was not measured."""
    part, key, *rest = path
    found: Any = results.get(part, {}).get(key, {}).get("figures")
    for name in rest:
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def gather(runs: Iterable[Figures]) -> Figures:
    """The same figures of several runs, as lists; what is nested stays nested."""
    each = list(runs)
    return {name: gather(run[name] for run in each) if isinstance(each[0][name], dict) else [run[name] for run in each] for name in each[0]}


def _postgres_version() -> str:
    told = subprocess.run([find_binaries() / "postgres", "--version"], check=True, capture_output=True, text=True)
    return told.stdout.split()[-1]
