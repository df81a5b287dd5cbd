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
    """What a sync does before it is known whether there is anything to judge; that imports Great Expectations, which takes many seconds."""
    from orgsync.sync.extracting import extract_snapshot
    from orgsync.sync.pipeline import sync  # noqa: F401 - as the command does
    from orgsync.sync.recognizing import recognize
    from orgsync.sync.run import Run

    settings = read_settings()
    run = Run(read_tenant(settings, tenant), run_id="lean", run_type="cli", settings=settings)
    recognize(run, extract_snapshot(run, mode="full"))


if __name__ == "__main__":
    prepare_environment()
    output = sys.stdout
    codes = [app(arguments, standalone_mode=False) for arguments in json.loads(sys.argv[1])]
    print(json.dumps({"codes": codes, "imported": [name for name in DEAR if name in sys.modules]}), file=output)
