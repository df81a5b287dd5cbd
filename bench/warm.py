"""`python -m bench.warm MODES TENANT...`: syncs each in each mode, in one process, so that the next read finds nothing new."""

from __future__ import annotations

import sys

from orgsync.cli.main import prepare_environment
from orgsync.settings import read_settings
from orgsync.tenants import read_tenant


def main() -> None:
    prepare_environment()

    from orgsync.sync.pipeline import sync
    from orgsync.sync.run import Run

    settings = read_settings()
    modes, *tenant_ids = sys.argv[1:]
    for tenant_id in tenant_ids:
        for mode in modes.split(","):
            run = Run(read_tenant(settings.tenants_file, tenant_id), f"warm {mode}", "manual", settings)
            sync(run, mode=mode, dry_run=False)


if __name__ == "__main__":
    main()
