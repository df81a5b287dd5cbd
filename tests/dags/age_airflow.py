"""Run by itself: gives Airflow runs, log lines and a watcher of long ago and of now, or prints which of them are there."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

from airflow.models.asset import AssetActive, AssetModel
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from sqlalchemy import select

NOW = datetime.now(UTC)


def write(runs: list[int], lines: list[int]) -> None:
    """So many days old, each; the watcher as old as the oldest run."""
    with create_session() as session:
        session.add(DagBundleModel(name="aged"))
        session.flush()
        session.add(DagModel(dag_id="aged", bundle_name="aged"))
        for age in runs:
            at = NOW - timedelta(days=age)
            run = DagRun(dag_id="aged", run_id=f"{age}d", run_type=DagRunType.SCHEDULED, state="success", logical_date=at, run_after=at)
            run.start_date = at
            session.add(run)
        for age in lines:
            line = Log(event=f"{age}d")
            line.dttm = NOW - timedelta(days=age)
            session.add(line)
        watch = Trigger(classpath="orgsync.airflow_parts.outbox_trigger.OutboxTrigger", kwargs={})
        watch.created_date = NOW - timedelta(days=max(runs))
        asset = AssetModel(name="watched", uri="orgsync://watched")
        session.add_all([asset, watch])
        session.flush()
        session.add(AssetActive.for_asset(asset))
        asset.add_trigger(watch, "what is due")


def read() -> dict[str, list[str]]:
    with create_session() as session:
        return {
            "runs": list(session.scalars(select(DagRun.run_id).where(DagRun.dag_id == "aged").order_by(DagRun.start_date))),
            "log": list(session.scalars(select(Log.event).where(Log.event.like("%d")).order_by(Log.dttm))),
            "watchers": [trigger.classpath for asset in session.scalars(select(AssetModel)) for trigger in asset.triggers],
        }


if sys.argv[1] == "write":
    write(*map(json.loads, sys.argv[2:]))
print(json.dumps(read()))
