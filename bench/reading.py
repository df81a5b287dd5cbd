"""One read of a platform into a folder, as a process of its own, without a warehouse: prints what it took and its calls, as JSON.

`python -m bench.reading PLATFORM MODE FOLDER`; the connection is `bench`, from the environment.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from orgsync.cli.main import prepare_environment


def main() -> None:
    prepare_environment()
    printed, sys.stdout = sys.stdout, sys.stderr  # Airflow logs to the standard output
    name, mode, folder = sys.argv[1:]

    from orgsync.landing.zone import SnapshotWriter, make_snapshot_id
    from orgsync.platforms import load_platform
    from orgsync.platforms.platform import Wanted

    platform, taken_at = load_platform(name), datetime.now(UTC)
    snapshot_id = make_snapshot_id("bench", taken_at)
    client = platform.connect("bench")
    before, cpu, started = _peak_mib(), time.process_time(), time.monotonic()
    with SnapshotWriter(str(Path(folder) / snapshot_id), platform.substance) as writer:
        reading = platform.extract(client, Wanted(mode="full" if mode == "full" else "frequent"), writer.record)
        manifest = writer.finish(reading, snapshot_id=snapshot_id, platform=name, taken_at=taken_at, finished_at=datetime.now(UTC))
    told = {
        "seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - cpu,
        "before_mib": before,
        "peak_mib": _peak_mib(),
        "method": reading.method,
        "problems": reading.problems,
        "calls": {interface: asdict(count) for interface, count in reading.calls.items()},
        "bytes": sum(file["bytes"] for file in manifest.files.values()),
    }
    printed.write(json.dumps(told) + "\n")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
