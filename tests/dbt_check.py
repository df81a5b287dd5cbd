"""Builds the dbt project over a warehouse that has read the sandbox. Not part of the tests: dbt brings sixty packages.

`make dbt-check` makes an environment with it and runs this; it ends with an error where a model or a test of the project fails, where the
project says so of numbers that are wrong, or does not.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import parse_dsn

from orgsync.settings import Settings
from orgsync.sync.pipeline import sync
from orgsync.sync.run import Run
from orgsync.tenants import Tenant
from orgsync.tenants.stanza import Allowance, Budget
from orgsync.warehouse.migrations import migrate
from sandbox.testing import RunningSandbox, start_sandbox
from stack.postgres import embedded_postgres
from tests.pages.company import connection_of

CHECKOUT = Path(__file__).parents[1]
PROJECT = CHECKOUT / "dbt"
DBT = CHECKOUT / ".venv-dbt" / "bin" / "dbt"
PLATFORMS = {"acme": "dingtalk", "birch": "wecom", "cedar": "feishu"}
FREE = Budget(leavers=Allowance(1000, 100), moves=Allowance(1000, 100), removed_departments=Allowance(1000, 100))
MONTHS = 5
ZONE = ZoneInfo("Asia/Shanghai")
"""That of dbt_project.yml."""
PASSWORD = "of-a-check"


def main() -> None:
    logging.getLogger("orgsync").setLevel(logging.ERROR)  # that its clocks are months apart is meant so
    with tempfile.TemporaryDirectory() as place, embedded_postgres(Path(place) / "postgres") as server:
        server.create_database("warehouse")
        dsn = server.dsn("warehouse")
        connection = psycopg2.connect(dsn)
        migrate(connection)
        connection.autocommit = True
        with start_sandbox(people=200, calls_per_second=0, calls_per_minute=0) as sandbox:
            read_months(sandbox, dsn, Path(place))
        make_login(connection)
        environment = describe(dsn, Path(place))
        check(connection, environment)
        connection.close()


def read_months(sandbox: RunningSandbox, dsn: str, folder: Path) -> None:
    """A read of each company in each of some months, and one now; between them people come, go and move."""
    os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"] = connection_of(dsn)
    settings = Settings(folder / "tenants.yaml", f"file://{folder / 'landing'}", folder / "reports")
    for tenant_id, platform in PLATFORMS.items():
        os.environ[f"AIRFLOW_CONN_{tenant_id.upper()}"] = json.dumps(sandbox.connection(platform))
        tenant = Tenant(id=tenant_id, platform=platform, conn_id=tenant_id, budget=FREE)
        for instant in list_instants(datetime.now(ZONE)):
            run = Run(tenant, f"check__{instant:%Y%m}", "manual", settings)
            sync(replace(run, clock=lambda _, instant=instant: instant), mode="full", dry_run=False)
            sandbox.control("POST", f"{platform}/evolve", {"rate": 0.1})


def list_instants(now: datetime) -> list[datetime]:
    """One in each of so many months of the project's zone, the last of them now."""
    found = [now]
    while len(found) < MONTHS:
        found.append((found[-1].replace(day=1) - timedelta(days=1)).replace(day=10))
    return [instant.astimezone(UTC) for instant in reversed(found)]


def make_login(connection: Connection) -> None:
    """As docs/bi.md says."""
    with connection.cursor() as cursor:
        cursor.execute(f"create role bi_dbt login password '{PASSWORD}' in role orgsync_reader")
        cursor.execute("create schema analytics authorization bi_dbt")


def describe(dsn: str, folder: Path) -> dict[str, str]:
    parts = parse_dsn(dsn)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ORGSYNC_BI_HOST": parts["host"],
        "ORGSYNC_BI_PORT": parts["port"],
        "ORGSYNC_BI_PASSWORD": PASSWORD,
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def check(connection: Connection, environment: dict[str, str]) -> None:
    succeed(environment, "source", "freshness")
    succeed(environment, "build")
    succeed(environment, "build")  # the second time only the newest month
    succeed(environment, "docs", "generate")
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), count(distinct tenant_id), sum(total_joiners), sum(total_leavers) "
            "from analytics.headcount_by_month where is_whole_tenant"
        )
        months, tenants, joiners, leavers = cursor.fetchone()
        assert (tenants, joiners > 0, leavers > 0) == (len(PLATFORMS), True, True), (months, tenants, joiners, leavers)
        assert months == MONTHS * tenants, months
        cursor.execute("select max(all_reports), max(levels) from analytics.team_sizes")
        reports, levels = cursor.fetchone()
        assert reports > 50, reports
        assert levels > 1, levels
        cursor.execute("update analytics.headcount_by_month set total_headcount = total_headcount + 1 where total_joiners > 0")
    fail(environment, "test", "--select", "months_follow_each_other")
    with connection.cursor() as cursor:
        cursor.execute("update ops.snapshot set taken_at = taken_at - interval '9 days'")
    fail(environment, "source", "freshness")
    print(f"{months} months of {tenants} tenants with {joiners} joiners and {leavers} leavers; the project told what was wrong")


def succeed(environment: dict[str, str], *arguments: str) -> None:
    if run(environment, *arguments).returncode:
        sys.exit(f"dbt {' '.join(arguments)} failed")


def fail(environment: dict[str, str], *arguments: str) -> None:
    if not run(environment, *arguments).returncode:
        sys.exit(f"dbt {' '.join(arguments)} found nothing wrong with numbers that are")


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([DBT, "--no-use-colors", *arguments], cwd=PROJECT, env=environment, check=False)


if __name__ == "__main__":
    main()
