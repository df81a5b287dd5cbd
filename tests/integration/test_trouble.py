"""Whatever goes wrong, the error names the fix, the run says so, and nothing is half-written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from orgsync.errors import (
    BusyTenantError,
    ConfigurationError,
    CredentialError,
    GateError,
    IncompleteSnapshotError,
    OrgsyncError,
    PermissionDeniedError,
    SchemaError,
    UnexpectedAnswerError,
    UnreachableError,
    WarehouseUnavailableError,
)
from orgsync.platforms.dingtalk.connecting import DingTalkConnector
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.merging import merge_plan
from orgsync.sync.validating import validate_snapshot
from tests.integration.world import World, another_reader, no_waiting, set_platform

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def assert_refused(world: World, error: type[OrgsyncError], *words: str) -> None:
    """The next sync fails with these words; history, landing zone and the platform's secret stay as they were."""
    before, landed = world.history(), world.landed()
    with pytest.raises(error) as caught:
        world.sync()
    text = str(caught.value)
    for word in words:
        assert word in text
    assert world.sandbox.client_secret not in text
    assert world.history() == before
    assert world.landed() == landed
    [(outcome, recorded)] = world.query("select outcome, error from ops.sync_run order by started_at desc limit 1")
    assert outcome == "failed"
    assert recorded == text


def test_wrong_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    assert_refused(world, CredentialError, "40096")
    assert "not-the-secret" not in world.query("select error from ops.sync_run")[0][0]


def test_missing_permission_names_the_permission_point(world: World) -> None:
    world.sync()
    world.sandbox.control("PUT", "dingtalk/settings", {"permissions": ["qyapi_base", "qyapi_get_department_list", "qyapi_get_member"]})
    assert_refused(world, PermissionDeniedError, "60011", "qyapi_get_department_member")


def test_all_missing_permissions_are_named_at_once(world: World) -> None:
    world.sync()
    world.sandbox.control("PUT", "dingtalk/settings", {"permissions": ["qyapi_base"]})
    points = ("qyapi_get_department_list", "qyapi_get_department_member", "qyapi_get_member")
    assert_refused(world, PermissionDeniedError, "60011", "Missing as well", *points)
    works, told = DingTalkConnector("acme_dingtalk").test_connection()
    assert not works
    assert all(point in told for point in points), "the Test button says the same"


def test_address_not_on_the_list(world: World) -> None:
    world.sandbox.control("PUT", "dingtalk/settings", {"allowed_ips": ["203.0.113.7"]})
    assert_refused(world, PermissionDeniedError, "60020", "127.0.0.1")


def test_unreachable_host(world: World, monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    set_platform(monkeypatch, world.sandbox, host=f"http://127.0.0.1:{free_port}")
    no_waiting(monkeypatch)
    assert_refused(world, UnreachableError, "acme_dingtalk")


def test_page_instead_of_an_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    no_waiting(monkeypatch)
    world.sandbox.control("POST", "dingtalk/faults", {"interface": "topapi/v2/department/listsub", "kind": "html"})
    assert_refused(world, UnexpectedAnswerError, "text/html")


def test_connection_without_a_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, world.sandbox, password="")
    assert_refused(world, ConfigurationError, "acme_dingtalk", "secret")


def test_missing_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_ACME_DINGTALK")
    assert_refused(world, ConfigurationError, "acme_dingtalk")


def test_one_failed_page_fails_the_whole_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    no_waiting(monkeypatch)
    [(department,)] = world.query("select department_id from org.departments where parent_id is not null order by 1 limit 1")
    world.sandbox.control(
        "POST",
        "dingtalk/faults",
        {"interface": "topapi/v2/user/list", "kind": "http_500", "match": {"dept_id": int(department)}},
    )
    assert_refused(world, OrgsyncError, "topapi/v2/user/list")


def test_rows_lost_from_a_page_are_missed_by_the_head_count(world: World) -> None:
    world.sync()
    world.sandbox.control("POST", "dingtalk/faults", {"interface": "topapi/v2/user/list", "kind": "lost_rows", "rows": 2, "calls": [2]})
    before = world.history()
    with pytest.raises(IncompleteSnapshotError, match="counts 60 people"):
        world.sync()
    assert world.history() == before


def test_nobody_is_not_everybody_left(world: World) -> None:
    world.sync()
    before = world.history()
    world.sandbox.control("POST", "dingtalk/faults", {"interface": "topapi/v2/user/list", "kind": "empty"})
    # Where the app sees only a part of the company, DingTalk's count says nothing about it.
    [(department,)] = world.query("select department_id from org.departments where parent_id = '1' order by 1 limit 1")
    world.sandbox.control("PUT", "dingtalk/settings", {"visible_departments": [int(department)]})
    with pytest.raises(GateError) as caught:
        world.sync()
    assert caught.value.exit_code == 3
    assert "nothing was changed" in str(caught.value)
    assert world.history() == before
    assert world.query("select outcome from ops.sync_run order by started_at desc limit 1") == [("stopped",)]


def test_warehouse_that_is_down(world: World, monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    down = {"conn_type": "postgres", "host": "127.0.0.1", "port": free_port, "login": "a", "password": "warehouse-pw", "schema": "b"}
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE", json.dumps(down))
    world.sandbox.control("DELETE", "dingtalk/calls")
    with pytest.raises(WarehouseUnavailableError, match="orgsync_warehouse") as caught:
        world.sync()
    assert "warehouse-pw" not in str(caught.value)
    assert world.sandbox.control("GET", "dingtalk/calls")["total"] == 0
    assert world.landed() == []


def test_warehouse_without_a_schema(world: World) -> None:
    world.query("drop schema orgsync cascade")
    with pytest.raises(SchemaError, match="orgsync migrate"):
        world.sync()
    assert world.landed() == []


def test_warehouse_with_an_older_schema(world: World) -> None:
    world.query("delete from orgsync.migration where version = (select max(version) from orgsync.migration)")
    with pytest.raises(SchemaError, match=r"older schema.*orgsync migrate"):
        world.sync()
    assert world.landed() == []


def test_warehouse_that_is_newer_than_the_code(world: World) -> None:
    world.query("insert into orgsync.migration (version, name, digest) values (9999, '9999_from_the_future', '')")
    with pytest.raises(SchemaError, match="9999_from_the_future"):
        world.sync()


def test_second_reader_of_a_tenant_leaves(world: World) -> None:
    with (
        another_reader(world),
        pytest.raises(BusyTenantError, match=r"another run is reading tenant acme .*\(another on .*, since"),
    ):
        world.sync()
    assert world.sync()["outcome"] == "succeeded"


def test_lost_stage_stops_the_merge_and_the_next_sync_heals(world: World) -> None:
    run = world.run_at(NOW)
    plan_id = validate_snapshot(run, extract_snapshot(run, mode="full"))
    world.query("truncate stage.user")
    with pytest.raises(GateError, match="Sync again"):
        merge_plan(run, plan_id)
    assert world.history() == [[], [], []]
    assert world.sync()["outcome"] == "succeeded"


def test_connection_lost_in_the_merge_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from orgsync.warehouse import newest

    def lose_connection(connection: Any, plan_id: int) -> int:
        written = write_versions(connection, plan_id)
        connection.close()
        raise psycopg2.InterfaceError(f"connection already closed after {written} rows")

    write_versions = newest.write_versions
    run = world.run_at(NOW)
    plan_id = validate_snapshot(run, extract_snapshot(run, mode="full"))
    monkeypatch.setattr(newest, "write_versions", lose_connection)
    with pytest.raises(WarehouseUnavailableError):
        merge_plan(run, plan_id)
    assert world.history() == [[], [], []]
    monkeypatch.undo()


def test_steps_may_run_twice(world: World) -> None:
    run = world.run_at(NOW)
    snapshot_id = extract_snapshot(run, mode="full")
    validate_snapshot(run, snapshot_id)
    first = merge_plan(run, validate_snapshot(run, snapshot_id))
    before = world.history()
    plan_id = validate_snapshot(run, snapshot_id)
    again = merge_plan(run, plan_id)
    assert merge_plan(run, plan_id)["outcome"] == "succeeded"
    assert first["outcome"] == "succeeded"
    assert again["outcome"] == "unchanged"
    assert world.history() == before
