"""One pass of the outbox as a process of its own: prints when it began, what it took, and its memory before and after, as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta

from orgsync.cli.main import prepare_environment


def main() -> None:
    tenant_id, hours = sys.argv[1], float(sys.argv[2])
    prepare_environment()
    printed, sys.stdout = sys.stdout, sys.stderr  # Airflow logs to the standard output

    from orgsync.outbox import sending
    from orgsync.settings import read_settings
    from orgsync.tenants import read_tenant

    settings = read_settings()
    tenant = read_tenant(settings.tenants_file, tenant_id)
    sending.open_messenger(tenant)
    began_at, began, before_mib = datetime.now(UTC), time.monotonic(), _peak_mib()
    tally = sending.push(settings, tenant, run_for=timedelta(hours=hours))
    told = {
        "began_at": began_at.isoformat(),
        "seconds": time.monotonic() - began,
        "before_mib": before_mib,
        "peak_mib": _peak_mib(),
        "messages": tally.messages,
        "attempts": dict(tally.attempts),
    }
    printed.write(json.dumps(told))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
