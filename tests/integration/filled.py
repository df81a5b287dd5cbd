"""Fills a warehouse as this version does and dumps it, for the tests of upgrades: `python -m tests.integration.filled 0.4.0`.

Once for each release. A company of the sandbox is synced four times while it changes, once with a name that cannot be stored; messages are
sent, and one waits.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import psycopg2

from orgsync.outbox.composing import compose
from orgsync.outbox.sending import enqueue, push
from orgsync.settings import Settings
from orgsync.sync.pipeline import sync
from orgsync.sync.run import Run
from orgsync.warehouse.migrations import migrate
from sandbox.testing import RunningSandbox, start_sandbox
from stack.postgres import PostgresServer, embedded_postgres, find_binaries
from tests.integration.world import TENANT

FOLDER = Path(__file__).parents[1] / "fixtures" / "warehouses"
DATABASE = "filled"


def main(release: str) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        embedded_postgres(Path(name) / "postgres") as server,
        start_sandbox(people=60, calls_per_second=0, calls_per_minute=0) as sandbox,
    ):
        fill(server, sandbox, Path(name))
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{release}.sql.gz").write_bytes(gzip.compress(dump(server), mtime=0))


def fill(server: PostgresServer, sandbox: RunningSandbox, folder: Path) -> None:
    server.create_database(DATABASE)
    connection = psycopg2.connect(server.dsn(DATABASE))
    migrate(connection)
    connection.close()
    os.environ["AIRFLOW_CONN_ACME_DINGTALK"] = json.dumps(sandbox.connection("dingtalk"))
    os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"] = server.dsn(DATABASE)
    settings = Settings(folder / "tenants.yaml", f"file://{folder / 'landing'}", folder / "reports")
    for number in range(4):
        if number == 2:
            sandbox.control("POST", "dingtalk/faults", {"kind": "nul_in_name", "interface": "topapi/v2/user/list", "times": 1})
        sync(Run(TENANT, f"manual__{number}", "manual", settings), mode="full", dry_run=False)
        sandbox.control("POST", "dingtalk/evolve", {"rate": 0.05})
    enqueue(settings, TENANT, compose(settings, TENANT, title="国庆节放假安排", body="10 月 1 日至 7 日放假。", everyone=True))
    push(settings, TENANT, run_for=timedelta(0))
    enqueue(settings, TENANT, compose(settings, TENANT, title="节后再说", everyone=True))


def dump(server: PostgresServer) -> bytes:
    """As SQL. With owners: some functions run with the rights of theirs."""
    command = [find_binaries() / "pg_dump", "--dbname", server.dsn(DATABASE)]
    return subprocess.run(command, check=True, capture_output=True).stdout


if __name__ == "__main__":
    main(sys.argv[1])
