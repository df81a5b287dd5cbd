"""What a task tells of where data comes from and goes to, and as which data sets. The events themselves are in tests/lineage_check.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from airflow.sdk import Asset
from airflow.sdk.lineage import HookLineageCollector
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from orgsync.airflow_parts.lineage import COLUMNS, DataSet, describe, name_platform, name_table, tell_load, tell_read, to_openlineage
from orgsync.airflow_parts.notify_operator import OUTBOX
from orgsync.frames import FRAMES
from orgsync.settings import Settings
from orgsync.sync.run import Run
from orgsync.tenants import Tenant

WAREHOUSE = {"conn_type": "postgres", "host": "db.example", "login": "loader", "password": "swordfish", "schema": "warehouse"}
DINGTALK = {"conn_type": "dingtalk", "login": "key", "password": "swordfish", "host": "dingtalk.example:8443"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE", json.dumps(WAREHOUSE))
    monkeypatch.setenv("AIRFLOW_CONN_ACME", json.dumps(DINGTALK))
    settings = Settings(tmp_path / "tenants.yaml", f"file://{tmp_path}", tmp_path)
    return Run(Tenant(id="acme", platform="dingtalk", conn_id="acme"), "manual__1", "manual", settings)


def told(collector: HookLineageCollector) -> tuple[list[DataSet], list[DataSet]]:
    lineage = collector.collected_assets
    return tuple(
        [describe(each.asset.uri, each.asset.extra.get(COLUMNS, ())) for each in side] for side in (lineage.inputs, lineage.outputs)
    )


def test_load_goes_from_the_platform_at_its_host_into_tables_with_the_columns_of_the_frames(run: Run) -> None:
    collector = HookLineageCollector()
    tell_load(run, collector)
    inputs, outputs = told(collector)
    assert inputs == [DataSet("dingtalk://dingtalk.example:8443", "acme")]
    assert outputs == [
        DataSet("orgsync://warehouse", "acme"),
        *[
            DataSet("postgres://db.example:5432", f"warehouse.org.{frame.name}s", ("tenant_id", *frame.columns, "valid_from"))
            for frame in FRAMES
        ],
        DataSet("postgres://db.example:5432", "warehouse.org.change"),
    ]
    assert "swordfish" not in repr(collector.collected_assets)


def test_read_comes_from_the_platform(run: Run) -> None:
    collector = HookLineageCollector()
    tell_read(run, collector)
    assert told(collector) == ([DataSet("dingtalk://dingtalk.example:8443", "acme")], [])


def test_load_without_the_platforms_connection_tells_what_it_wrote(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay needs none."""
    monkeypatch.delenv("AIRFLOW_CONN_ACME")
    collector = HookLineageCollector()
    tell_load(run, collector)
    inputs, outputs = told(collector)
    assert (inputs, len(outputs)) == ([], 2 + len(FRAMES))


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        pytest.param(name_platform("feishu", "open.feishu.cn", "acme"), DataSet("feishu://open.feishu.cn", "acme"), id="platform"),
        pytest.param(name_platform("wecom", "im.example/base", "a"), DataSet("wecom://im.example/base", "a"), id="host with a path"),
        pytest.param(name_table("::1", 5432, "my/db", "org", "users"), DataSet("postgres://::1:5432", "my/db.org.users"), id="odd names"),
        pytest.param("orgsync://warehouse/acme", DataSet("orgsync://warehouse", "acme"), id="a DAG's asset"),
        pytest.param(OUTBOX.uri, DataSet("orgsync://notify", "outbox"), id="the outbox"),
    ],
)
def test_asset_is_one_data_set(uri: str, expected: DataSet) -> None:
    assert describe(Asset(uri=uri).uri) == expected


@pytest.mark.parametrize("uri", ["s3://warehouse/acme", "orgsync://warehouse", "orgsync://warehouse//", "orgsync://platform/feishu/acme"])
def test_what_is_no_asset_of_ours_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        describe(uri)


def test_airflow_knows_the_converter_and_keeps_addresses_of_assets_as_they_were() -> None:
    assert ProvidersManagerTaskRuntime().asset_to_openlineage_converters["orgsync"] is to_openlineage
    asset = Asset("org_warehouse.acme", uri="orgsync://warehouse/acme")
    assert (asset.uri, asset.normalized_uri) == ("orgsync://warehouse/acme", "orgsync://warehouse/acme")
