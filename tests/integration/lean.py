"""Runs commands one after the other in this process, as `orgsync` would; prints which of the dear libraries it has imported by then."""

from __future__ import annotations

import json
import sys

from orgsync.cli.console import read_tenant
from orgsync.cli.main import app, prepare_environment
from orgsync.settings import read_settings

DEAR = ("airflow", "great_expectations", "pandas", "sqlalchemy")


@app.command()
def read(tenant: str) -> None:
    """The first step of a sync; the next imports Great Expectations, which takes many seconds."""
    from orgsync.sync.extracting import extract_snapshot
    from orgsync.sync.pipeline import sync  # noqa: F401 - as the command does
    from orgsync.sync.run import Run

    settings = read_settings()
    extract_snapshot(Run(read_tenant(settings, tenant), run_id="lean", run_type="cli", settings=settings), mode="full")


if __name__ == "__main__":
    prepare_environment()
    output = sys.stdout
    codes = [app(arguments, standalone_mode=False) for arguments in json.loads(sys.argv[1])]
    print(json.dumps({"codes": codes, "imported": [name for name in DEAR if name in sys.modules]}), file=output)
