"""Let an organization have a past: `python -m stack.past TENANT SANDBOX_URL INSTANT...` syncs it as of each instant, evolving in between.

Only for the smoke test: a real platform knows no other time than now.
"""

from __future__ import annotations

import sys
from datetime import datetime
from urllib.parse import quote

from orgsync.cli.main import prepare_environment
from orgsync.settings import read_settings
from stack.airflow import call


def main() -> None:
    tenant_id, sandbox, *instants = sys.argv[1:]
    prepare_environment()

    from orgsync.sync.pipeline import sync
    from orgsync.sync.run import Run
    from orgsync.tenants import read_tenant

    settings = read_settings()
    tenant = read_tenant(settings.tenants_file, tenant_id)
    for instant in instants:
        shown = datetime.fromisoformat(instant)
        run = Run(tenant, f"past__{instant}", "past", settings, clock=lambda _, shown=shown: shown)
        sync(run, mode="full", dry_run=False)
        call("POST", f"{sandbox}/_sandbox/{quote(tenant.platform)}/evolve", {})


if __name__ == "__main__":
    main()
