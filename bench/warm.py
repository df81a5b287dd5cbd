"""`python -m bench.warm TENANT...`: syncs each, in one process, so that the next read finds nothing new."""

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
    for tenant_id in sys.argv[1:]:
        sync(Run(read_tenant(settings.tenants_file, tenant_id), "warm", "manual", settings), mode="frequent", dry_run=False)


if __name__ == "__main__":
    main()
