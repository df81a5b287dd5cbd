"""Run by itself: lets a DAG processor's bundle look at the tenants file before and after changes, and prints what it asks for each time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.manager import DagFileProcessorManager
from airflow.models.asset import AssetModel, DagScheduleAssetReference
from airflow.models.dag import DagModel
from airflow.models.dagbag import DagPriorityParsingRequest
from airflow.utils.session import create_session
from sqlalchemy import delete, select

SWITCHES = {"on": False, "off": True}


def watch(tenants_file: Path, texts: list[str | None]) -> list[list[str]]:
    """Each text is written before the bundle looks again; None: the file is gone; `on` and `off` switch org_notify.

    Whoever asks twice asks once.
    """
    bundle = DagBundlesManager().get_bundle("dags-folder")
    bundle.initialize()
    asked = []
    for text in texts:
        if text is None:
            tenants_file.unlink(missing_ok=True)
        elif text in SWITCHES:
            switch(is_paused=SWITCHES[text])
        else:
            tenants_file.write_text(text, encoding="utf-8")
        bundle.refresh()
        asked.append(take_requests(bundle))
    return asked


def switch(*, is_paused: bool) -> None:
    with create_session() as session:
        session.merge(DagModel(dag_id="org_notify", bundle_name="dags-folder", is_paused=is_paused))


def wait_for_an_asset() -> None:
    with create_session() as session:
        if not session.scalars(select(DagScheduleAssetReference).where(DagScheduleAssetReference.dag_id == "org_notify")).all():
            asset = AssetModel(name="what_wakes_it", uri="orgsync://what/wakes/it")
            session.add(asset)
            session.flush()
            session.add(DagScheduleAssetReference(asset_id=asset.id, dag_id="org_notify"))


def take_requests(bundle: object) -> list[str]:
    """As the processor takes them."""
    manager = DagFileProcessorManager(max_runs=1)
    manager._dag_bundles = [bundle]
    return sorted(str(file.rel_path) for file in manager.claim_priority_files())


def forget_requests() -> None:
    with create_session() as session:
        session.execute(delete(DagPriorityParsingRequest))
        assert not session.scalars(select(DagPriorityParsingRequest)).all()


forget_requests()
DagBundlesManager().sync_bundles_to_db()
switch(is_paused=True)
wait_for_an_asset()
print(json.dumps(watch(Path(sys.argv[1]), json.loads(sys.argv[2]))))
