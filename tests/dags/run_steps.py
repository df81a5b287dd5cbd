"""Run by itself: takes steps from its standard input and prints how each DAG run among them ended as JSON.

A step is `{"control": [method, url, body]}` (the sandbox's), `{"sql": [dsn, statement]}` or `{"dag": dag_id}`, to which `params` and
`run_type` may be given. Retries follow each other at once.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from functools import partial
from typing import Any

import psycopg2
from run_dag import run

from orgsync.platforms.speaking import transport

transport.Patience = partial(transport.Patience, attempts=2, first_wait_seconds=0.01, longest_wait_seconds=0.01)


def control(method: str, url: str, body: Any) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
    urllib.request.urlopen(request, timeout=60).close()


def sql(dsn: str, statement: str) -> None:
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def follow(dag_folder: str, steps: list[dict[str, Any]]) -> list[dict[str, object]]:
    ended = []
    for step in steps:
        if "control" in step:
            control(*step["control"])
        elif "sql" in step:
            sql(*step["sql"])
        else:
            params = step.get("params", {"mode": "full"})
            ended.append(run(dag_folder, step["dag"], params, most_retries=1, run_type=step.get("run_type", "manual")))
    return ended


print(json.dumps(follow(sys.argv[1], json.load(sys.stdin))))
