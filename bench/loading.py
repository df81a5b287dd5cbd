"""One part of a sync as a process of its own: the read, or all that comes after it. Prints what it did and took, as JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any
from uuid import uuid4

from bench.world import TENANT
from orgsync.cli.main import prepare_environment


def main() -> None:
    prepare_environment()
    printed, sys.stdout = sys.stdout, sys.stderr  # Airflow logs to the standard output

    from orgsync.settings import read_settings
    from orgsync.sync.run import Run
    from orgsync.tenants import read_tenant

    settings = read_settings()
    run = Run(read_tenant(settings.tenants_file, TENANT), f"bench-{uuid4()}", "manual", settings)
    told = _extract(run) if sys.argv[1] == "extract" else _load(run, sys.argv[2])
    printed.write(json.dumps(told) + "\n")


def _extract(run: Any) -> dict[str, Any]:
    from orgsync.sync.extracting import extract_snapshot

    started = time.monotonic()
    snapshot_id = extract_snapshot(run, mode="full")
    return {"snapshot_id": snapshot_id, "seconds": time.monotonic() - started}


def _load(run: Any, snapshot_id: str) -> dict[str, Any]:
    """`seconds` is all but the import of pandas and Great Expectations, which a worker does once."""
    from orgsync.sync.pipeline import load_extracted

    started = time.monotonic()
    loaded = load_extracted(run, snapshot_id)
    seconds, steps = time.monotonic() - started, _read_steps(run)
    seconds -= steps.get("import", 0.0)
    return {"outcome": loaded["outcome"], "history_rows": loaded["history_rows"], "seconds": seconds, "steps": steps}


def _read_steps(run: Any) -> dict[str, float]:
    from orgsync.warehouse.connection import open_warehouse
    from orgsync.warehouse.runs import find_runs

    with open_warehouse(run.address) as connection:
        (found,) = find_runs(connection, tenant_id=run.tenant.id, run_id=run.run_id, limit=1)
    steps: dict[str, float] = found["step_seconds"]
    return steps


if __name__ == "__main__":
    main()
