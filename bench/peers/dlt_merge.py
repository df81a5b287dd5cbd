"""Run by the peers' own python: dlt merges people, as JSON lines, into a table with history (scd2). Prints what it took, as JSON.

Its settings are dlt's own, but for the types of the columns, which are the warehouse's, and that nothing is unnested.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dlt
import orjson
import psycopg2

PAGE_ROWS = 1_000


def main() -> None:
    file, folder, dsn = Path(sys.argv[1]), sys.argv[2], os.environ["DESTINATION__POSTGRES__CREDENTIALS"]
    types = {name: {"data_type": data_type} for name, data_type in json.loads(os.environ["BENCH_COLUMNS"]).items()}
    started = time.monotonic()
    pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination="postgres", dataset_name="people")
    users = dlt.resource(
        _read_pages(file),
        name="users",
        write_disposition={"disposition": "merge", "strategy": "scd2"},
        max_table_nesting=0,
        columns=types,
    )
    pipeline.run(users).raise_on_failed_jobs()
    seconds = time.monotonic() - started
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*), count(*) filter (where _dlt_valid_to is null) from people.users")
        versions, rows = cursor.fetchone()
    print(json.dumps({"seconds": seconds, "rows": rows, "versions": versions, "dlt": dlt.__version__}))


def _read_pages(file: Path) -> Iterator[list[dict[str, object]]]:
    page = []
    with file.open("rb") as lines:
        for line in lines:
            page.append(orjson.loads(line))
            if len(page) == PAGE_ROWS:
                yield page
                page = []
    yield page


if __name__ == "__main__":
    main()
