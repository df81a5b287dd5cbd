"""What `make smoke` checks of forgetting: somebody who has left is in no table and in no file of the whole stack afterwards."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator

from stack.checks import Check, query
from stack.errors import StackError
from stack.launcher import Launcher, tenant_of
from stack.state import Stack

# Numbers and addresses are those of the same people on the other platforms, which the sandbox's company has too.
LEAVER = """
    select version.user_id, version.union_id
    from org.user_version as version
    where version.tenant_id = %s
      and not exists (select from org.users where users.tenant_id = version.tenant_id and users.user_id = version.user_id)
    order by version.valid_to desc
    limit 1
"""
TABLES = "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables where schemaname not in ('pg_catalog', %s)"


def check_forgetting(smoke: Launcher, stack: Stack, platform: str) -> list[Check]:
    """Searched are both databases, row by row, and each file but PostgreSQL's own and those of the sandbox, which is the platform."""
    tenant = tenant_of(platform)
    values = [str(value) for value in query(smoke, stack, tenant, LEAVER)[0] if value]
    before = find(smoke, stack, values)
    done = smoke.run_command(stack, "forget", tenant, "--user", values[0], "--yes", "--json")
    if done.returncode:
        raise StackError(f"`orgsync forget {tenant}` ended with exit code {done.returncode}:\n{done.stderr}")
    smoke.console.note(f"{tenant}: somebody who has left is forgotten: {json.loads(done.stdout)['counts']}")
    return [
        Check(f"{platform}: who has left is still held", Counter(["yes"]), Counter(["yes" if before else "no"])),
        Check(f"{platform}: who is forgotten is nowhere", Counter(), Counter(find(smoke, stack, values))),
    ]


def find(smoke: Launcher, stack: Stack, values: list[str]) -> list[str]:
    """The places, without what stands there."""
    texts = [*read_tables(smoke.warehouse_dsn(stack)), *read_tables(smoke.metadata_dsn(stack)), *read_files(smoke)]
    return sorted({place for place, text in texts for value in values if value in text})


def read_tables(dsn: str) -> Iterator[tuple[str, str]]:
    import psycopg2

    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(TABLES, ["information_schema"])
            for (table,) in cursor.fetchall():
                cursor.execute(f"select row::text from {table} as row")  # noqa: S608 - a name that PostgreSQL quoted
                for (row,) in cursor:
                    yield table, row
    finally:
        connection.close()


def read_files(smoke: Launcher) -> Iterator[tuple[str, str]]:
    layout = smoke.layout
    for path in layout.state.rglob("*"):
        is_others = path.is_relative_to(layout.postgres) or path.is_relative_to(layout.sandbox) or path == layout.log("sandbox")
        if path.is_file() and not is_others:
            content = path.read_bytes()
            yield (
                str(path.relative_to(layout.state)),
                (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace"),
            )
