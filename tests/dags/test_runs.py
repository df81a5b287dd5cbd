"""A DAG run reads the sandbox into the warehouse through Airflow's own task runner."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.dags.conftest import DAGS, run_script
from tests.integration.test_following import announce_all
from tests.integration.world import World, set_platform

STRAIGHT_ON = {
    "extract": "success",
    "replay": "skipped",
    "rebuild": "skipped",
    "plan": "success",
    "approve": "skipped",
    "merge": "success",
}
TENANTS = "tenants:\n  - {id: acme, platform: dingtalk, conn_id: acme_dingtalk}\n"


@pytest.fixture
def run_dag(world: World, airflow_home: Path) -> Any:
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")

    def run(params: str = '{"mode": "full"}', run_type: str = "manual", **options: Any) -> tuple[dict[str, Any], str]:
        environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
        environment |= {"ORGSYNC_TENANTS": str(world.settings.tenants_file), "ORGSYNC_LANDING_ZONE": world.settings.landing_zone}
        environment |= {"ORGSYNC_REPORTS": str(world.settings.report_folder)}
        result, output = run_script(airflow_home, "run_dag.py", str(DAGS), "org_sync_acme", params, run_type, **environment, **options)
        return result, output

    return run


def test_run_fills_the_warehouse_and_tells_nobodys_data(run_dag: Any, world: World) -> None:
    result, output = run_dag()
    assert result["state"] == "success"
    assert result["tasks"] == STRAIGHT_ON
    people = world.truth()["users"]
    assert world.query("select count(*) from org.users") == [(len(people),)]
    assert world.query("select run_id, run_type, outcome from ops.sync_run") == [(result["run_id"], "manual", "succeeded")]
    told = [value for user in people for value in (user["mobile"], user["email"], user["work_email"]) if value and value in output]
    assert told == []
    assert world.sandbox.client_secret not in output


def test_logs_are_objects_where_airflow_is_told_so_and_say_tenant_run_step_and_snapshot(run_dag: Any, world: World) -> None:
    result, output = run_dag(is_fresh=True, AIRFLOW__LOGGING__JSON_LOGS="True")
    assert result["tasks"] == STRAIGHT_ON
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    [reading] = [line for line in lines if str(line.get("event", "")).startswith("reading tenant acme")]
    told = {"tenant": "acme", "run": result["run_id"], "step": "extract", "logger": "orgsync.sync.extracting", "level": "info"}
    assert told.items() <= reading.items()
    [(snapshot_id,)] = world.query("select snapshot_id from ops.sync_run")
    assert {line["snapshot"] for line in lines if "snapshot" in line} == {snapshot_id}
    assert world.sandbox.client_secret not in output


def test_run_that_events_woke_reads_what_they_name(run_dag: Any, world: World) -> None:
    world.settings.tenants_file.write_text(TENANTS.replace("conn_id", "events: {receive: http}, conn_id"), encoding="utf-8")
    world.sync()
    changed = world.control("POST", "evolve", {"joined": 1})
    announce_all(world, changed)
    result, _ = run_dag("{}", run_type="asset_triggered")
    assert (result["state"], result["tasks"]) == ("success", STRAIGHT_ON)
    assert world.query("select mode from ops.snapshot order by taken_at") == [("full",), ("targeted",)]
    assert world.query("select user_id from org.change where kind = 'joined' order by changed_at desc limit 1") == [(changed["joined"][0],)]
    result, _ = run_dag("{}", run_type="asset_triggered")
    assert result["state"] == "success"
    assert set(result["tasks"].values()) == {"success", "skipped"}
    assert world.query("select count(*) from ops.snapshot") == [(2,)], "nothing waits any more"


def test_run_of_a_tenant_whose_stanza_is_wrong_fails_with_its_mistake_and_changes_nothing(run_dag: Any, world: World) -> None:
    world.sync()
    before = world.history()
    world.settings.tenants_file.write_text(TENANTS.replace("conn_id", "con_id"), encoding="utf-8")
    result, output = run_dag()
    assert (result["state"], result["tasks"]) == ("failed", {"read_stanza": "failed"})
    assert "line 2: a tenant has no key 'con_id' (is 'conn_id' meant?)" in output
    assert world.history() == before


def test_dry_run_ends_skipped_and_changes_nothing(run_dag: Any, world: World) -> None:
    result, _ = run_dag('{"mode": "full", "dry_run": true}')
    assert result["tasks"] == STRAIGHT_ON | {"merge": "skipped"}
    assert world.history() == [[], [], []]


def test_rebuild_loads_what_the_landing_zone_has_and_reads_nothing(run_dag: Any, world: World) -> None:
    world.sync()
    before = world.history()
    world.query("truncate ops.snapshot, org.department_version, org.user_version, org.membership_version cascade")
    world.control("DELETE", "calls")
    after = dict.fromkeys(("replay", "plan", "approve", "merge"), "skipped")
    dry, _ = run_dag('{"mode": "rebuild", "dry_run": true}')
    assert dry["tasks"] == {"extract": "success", "rebuild": "skipped"} | after
    assert world.history() == [[], [], []]
    result, _ = run_dag('{"mode": "rebuild"}')
    assert result["state"] == "success"
    assert result["tasks"] == {"extract": "success", "rebuild": "success"} | after
    assert world.history() == before
    assert world.control("GET", "calls")["total"] == 0


def test_wrong_secret_fails_at_once_without_a_retry(run_dag: Any, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    result, output = run_dag()
    assert result["state"] == "failed"
    assert result["tasks"] == dict.fromkeys(STRAIGHT_ON, "upstream_failed") | {"extract": "failed"}
    assert "40096" in output
    assert "not-the-secret" not in output
    assert world.query("select outcome from ops.sync_run") == [("failed",)]


def test_backfill_that_repeats_a_run_leaves_its_record_alone(world: World, airflow_home: Path) -> None:
    """Airflow clears the run and keeps its id; its run type alone says that this is the past."""
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
    environment |= {"ORGSYNC_TENANTS": str(world.settings.tenants_file), "ORGSYNC_LANDING_ZONE": world.settings.landing_zone}
    step = {"dag": "org_sync_acme", "params": {}, "run_type": "backfill"}
    [ended], _ = run_script(airflow_home, "run_steps.py", str(DAGS), told=json.dumps([step]), **environment)
    assert ended["run_id"].startswith("manual__")  # as a run that was there before: a backfill's own would say so
    assert world.query("select run_id, run_type from ops.sync_run") == [(f"backfill__of__{ended['run_id']}", "backfill")]


def test_warehouse_connection_is_closed_after_a_run(run_dag: Any, world: World) -> None:
    run_dag()
    connection = psycopg2.connect(world.dsn)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_stat_activity where application_name = 'orgsync' and datname = current_database()")
        assert cursor.fetchone() == (0,)
    connection.close()


def test_read_that_finds_nothing_is_one_task_which_announces_the_warehouse(run_dag: Any, world: World, airflow_home: Path) -> None:
    first, _ = run_dag()
    before = world.history()
    second, _ = run_dag()
    assert second["state"] == "success"
    assert second["tasks"] == dict.fromkeys(STRAIGHT_ON, "skipped") | {"extract": "success"}
    assert world.query("select outcome from ops.sync_run order by started_at") == [("succeeded",), ("unchanged",)]
    assert world.history() == before
    assert [run["announced"] for run in (first, second)] == [[["merge", "org_warehouse.acme"]], [["extract", "org_warehouse.acme"]]]
