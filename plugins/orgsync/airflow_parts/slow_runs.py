"""A deadline for each run of a tenant's sync: one that has not ended by it is written down, and `org_watch` tells it as any problem.

Airflow's scheduler notices that the deadline has passed, and its triggerer runs the callback.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference  # type: ignore[attr-defined]  # its stub lacks them

log = logging.getLogger(__name__)

LONGEST = timedelta(hours=3)
"""A full read of a large organization takes an hour; a run that waits for three, in the queue or at work, keeps others from being read."""


def set_deadline(tenant_id: str) -> DeadlineAlert:
    """Counted from when the run was queued: so one that no worker takes is late, too."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=LONGEST,
        callback=AsyncCallback(note_slow_run, kwargs={"tenant_id": tenant_id}),
        name="orgsync: takes too long",
    )


async def note_slow_run(tenant_id: str, context: Mapping[str, Any]) -> None:
    """Called by Airflow's triggerer. Runs of a backfill wait for each other by design."""
    run = context["dag_run"]
    if run["run_type"] != "backfill":
        await asyncio.to_thread(_note, tenant_id, str(run["dag_run_id"]))


def _note(tenant_id: str, run_id: str) -> None:
    from orgsync.settings import read_settings
    from orgsync.warehouse.connection import open_warehouse
    from orgsync.warehouse.hook import find_warehouse
    from orgsync.warehouse.statements import execute

    with open_warehouse(find_warehouse(read_settings())) as connection:
        execute(connection, "alerts/note_slow_run", tenant_id=tenant_id, run_id=run_id)
    log.warning("run %s of tenant %s has not ended by its deadline", run_id, tenant_id)
