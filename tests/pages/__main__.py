"""Shows the pages while one works at them: `python -m tests.pages [PORT]` builds the company of the tests and serves until Ctrl-C."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psycopg2

from orgsync.warehouse.migrations import migrate
from sandbox.testing import start_sandbox
from stack.postgres import embedded_postgres
from tests.pages.company import build_company
from tests.pages.site import open_site


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "postgres") as server:
        server.create_database("warehouse")
        dsn = server.dsn("warehouse")
        connection = psycopg2.connect(dsn)
        migrate(connection)
        connection.close()
        for name in ("company", "airflow"):
            (Path(folder) / name).mkdir()
        with (
            start_sandbox(people=60, calls_per_second=0, calls_per_minute=0) as sandbox,
            open_site(build_company(dsn, Path(folder) / "company", sandbox), Path(folder) / "airflow", port=port) as site,
        ):
            print(f"{site.url}/organization/  warehouse {dsn}", flush=True)
            for name, token in site.tokens.items():
                print(f"{name}: cookie _token={token}", flush=True)
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
