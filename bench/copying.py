"""The least that loading people can take: COPY of a file into an empty table with a primary key. Prints what it took, as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import psycopg2

CREATE = """
    drop table if exists person;
    create table person (
        user_id text primary key,
        {columns}
    )
"""


def main() -> None:
    file, dsn = Path(sys.argv[1]), os.environ["BENCH_DSN"]
    columns = json.loads(os.environ["BENCH_COLUMNS"])
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        others = ", ".join(f"{name} {kind}" for name, kind in columns.items() if name != "user_id")
        cursor.execute(CREATE.format(columns=others))
    started = time.monotonic()
    with connection, connection.cursor() as cursor, file.open("rb") as rows:
        cursor.copy_expert("copy person from stdin (format csv)", rows)
        copied = cursor.rowcount
    print(json.dumps({"seconds": time.monotonic() - started, "rows": copied}))


if __name__ == "__main__":
    main()
