"""All DAGs of orgsync, for a DAG file of one's own where it is installed as a package: `from orgsync.airflow_parts.all_dags import *`.

Airflow parses a file that names both itself and DAGs; so a comment beside that line has to.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from airflow.sdk import DAG, get_parsing_context

from orgsync.settings import DAGS


def load_dags(folder: Path, wanted: str | None) -> dict[str, DAG]:
    """By their ids; of the file that has the wanted one alone, where a task is to be run."""
    found: dict[str, DAG] = {}
    for file in sorted(folder.glob("org_*.py")):
        # A DAG has the name of its file, or one that begins with it: org_sync_acme. org_notify_send has a file of its own.
        # org_tenants has none: it only fails where a stanza is wrong, which would take all others along here.
        if file.stem != "org_tenants" and (wanted is None or wanted.startswith(file.stem)):
            values = runpy.run_path(str(file)).values()
            found |= {value.dag_id: value for value in values if isinstance(value, DAG)}
    return found


_dags = load_dags(DAGS, get_parsing_context().dag_id)
globals().update(_dags)
__all__ = list(_dags)
