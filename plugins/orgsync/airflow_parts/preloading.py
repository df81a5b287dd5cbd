"""What a task would import for seconds, imported once by the process whose forks run tasks.

`python -m orgsync.airflow_parts.preloading scheduler` is `airflow scheduler`, with a LocalExecutor whose tasks find it imported.
For Celery's workers celery_options says it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable

FOR_TASKS = ("pandas", "pyarrow", "psycopg2", "great_expectations")
"""None of it opens a connection or starts a thread of its own."""


def main() -> None:
    import_all(FOR_TASKS)
    from airflow.__main__ import main as run_airflow

    sys.argv[0] = "airflow"
    run_airflow()


def import_all(modules: Iterable[str]) -> None:
    for module in modules:
        importlib.import_module(module)


if __name__ == "__main__":
    main()
