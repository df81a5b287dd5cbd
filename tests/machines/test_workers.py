"""Workers that share no folder sync together, and one that dies in the middle changes nothing but when it is done."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
import requests

from stack.airflow import call
from stack.runs import follow_run, wait_for_dag
from tests.machines.celery import HEARTBEAT_TIMEOUT_SECONDS, Cluster, start_cluster, wait_until
from tests.machines.s3 import CONN_ID

TENANTS = """
tenants:
  - {id: steady, platform: dingtalk, conn_id: demo_dingtalk}
  - {id: struck, platform: dingtalk, conn_id: slow_dingtalk}
"""
UNEQUAL = ("tenant_id", "snapshot_id")
"""Columns in which the histories of two tenants of one company differ; instants do too, and are compared by their order."""
COMPARED = "select * from org.{} where tenant_id = %s"
TABLES = ("department_version", "user_version", "membership_version")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with start_cluster(tmp_path_factory.mktemp("machines"), TENANTS) as cluster:
        connect(cluster)
        cluster.start_worker()
        cluster.start_worker()
        yield cluster


def connect(cluster: Cluster) -> None:
    """What the workers learn from Airflow alone: the store, and a connection that reads slowly enough to be struck in the middle."""
    slow = call("GET", f"{cluster.stack.url('sandbox')}/_sandbox/dingtalk/connection")
    slow["extra"] = {**slow.get("extra", {}), "calls_per_second": 2}
    for conn_id, connection in ((CONN_ID, cluster.store.connection), ("slow_dingtalk", slow)):
        body = {**connection, "connection_id": conn_id, "extra": json.dumps(connection["extra"])}
        cluster.api.request("POST", "/connections", body)
    for tenant in ("steady", "struck"):
        wait_for_dag(cluster.api, f"org_sync_{tenant}")


def sync(cluster: Cluster, tenant: str) -> float:
    """Undisturbed; returns its seconds."""
    begun = time.monotonic()
    follow_run(cluster.api, cluster.console, f"org_sync_{tenant}", start(cluster, tenant))
    return time.monotonic() - begun


def start(cluster: Cluster, tenant: str) -> str:
    run_id = cluster.api.trigger(f"org_sync_{tenant}", {"mode": "full"})
    cluster.api.unpause(f"org_sync_{tenant}")
    return run_id


def evolve(cluster: Cluster) -> None:
    call("POST", f"{cluster.stack.url('sandbox')}/_sandbox/dingtalk/evolve", {"joined": 2, "left": 2, "moved": 5, "renamed": 1})


def histories(cluster: Cluster, tenant: str) -> dict[str, list[str]]:
    """All versions there ever were, their instants as numbers of the snapshots they begin and end with."""
    taken = cluster.query("select taken_at from ops.snapshot where tenant_id = %s and state = 'loaded' order by taken_at", tenant)
    number = {instant: place for place, (instant,) in enumerate(taken)}
    return {table: sorted(str(_describe(row, number)) for row in cluster.rows(COMPARED.format(table), tenant)) for table in TABLES}


def _describe(row: dict[str, Any], number: dict[Any, int]) -> dict[str, Any]:
    """None for what is open."""
    return row | {name: number.get(row[name]) for name in ("valid_from", "valid_to")} | dict.fromkeys(UNEQUAL)


def assert_same(cluster: Cluster) -> None:
    steady, struck = histories(cluster, "steady"), histories(cluster, "struck")
    assert all(len(rows) > 5 for rows in steady.values())
    assert struck == steady


def test_both_workers_sync_and_everybody_sees_what_they_did(cluster: Cluster) -> None:
    cluster.console.say()
    cluster.console.note(f"steady, undisturbed: {sync(cluster, 'steady'):.1f} s")
    cluster.console.note(f"struck, undisturbed: {sync(cluster, 'struck'):.1f} s")
    assert_same(cluster)
    while not all(worker.ran for worker in cluster.workers):
        sync(cluster, "steady")
    assert all(not (worker.home / "state" / "landing").exists() for worker in cluster.workers)
    [(snapshot_id, run_id, seconds)] = cluster.query(
        "select snapshot_id, run_id, step_seconds from ops.sync_run where tenant_id = 'struck' order by started_at limit 1"
    )
    cluster.console.note(f"seconds of its steps: {seconds}")
    assert seconds["import"] < 1, "each worker imports what validating takes before it forks"
    assert f"landing/.reports/{snapshot_id}.html" in cluster.store.names()
    page = requests.get(
        f"{cluster.stack.url('ui')}/organization/struck/report",
        params={"snapshot": snapshot_id},
        cookies={"_token": cluster.api.login()},
        timeout=120,
    )
    assert (page.status_code, "Validation of struck" in page.text) == (200, True), page.text[:500]
    [extract] = [task for task in cluster.api.task_instances("org_sync_struck", run_id) if task["task_id"] == "extract"]
    assert "reading tenant struck" in "\n".join(cluster.api.log_lines("org_sync_struck", run_id, extract))
    assert [name for name in cluster.store.names("logs/") if "task_id=extract" in name]


def test_worker_that_dies_while_it_reads(cluster: Cluster) -> None:
    evolve(cluster)
    undisturbed = sync(cluster, "steady")
    call("DELETE", f"{cluster.stack.url('sandbox')}/_sandbox/dingtalk/calls")
    run_id = start(cluster, "struck")
    worker = cluster.find_worker("org_sync_struck", run_id, "extract")
    wait_until(lambda: count_calls(cluster) >= 5, "the read is under way")
    kill_and_follow(cluster, worker, run_id, undisturbed, "while it reads")
    assert_same(cluster)
    unfinished = {name.split("/")[2] for name in cluster.store.names("landing/struck/")}
    finished = {name.split("/")[2] for name in cluster.store.names("landing/struck/") if name.endswith("manifest.json")}
    assert unfinished == finished


def test_worker_that_dies_while_it_merges(cluster: Cluster) -> None:
    cluster.start_worker()
    evolve(cluster)
    undisturbed = sync(cluster, "steady")
    before = histories(cluster, "struck")
    run_id = start(cluster, "struck")
    wait_until(lambda: cluster.api.task_state("org_sync_struck", run_id, "plan") == "success", "the plan is made")
    blocker = psycopg2.connect(cluster.launcher.warehouse_dsn(cluster.stack))
    try:
        # All of history is written, and the snapshot is not marked as loaded: the last thing before the commit.
        blocker.cursor().execute("lock table ops.snapshot in share row exclusive mode")
        waiting = "select count(*) from pg_locks where relation = 'ops.snapshot'::regclass and not granted"
        wait_until(lambda: cluster.query(waiting)[0][0] > 0, "the merge waits for its last statement")
        worker = cluster.find_worker("org_sync_struck", run_id, "merge")
        worker.kill()
        killed_at = time.monotonic()
    finally:
        blocker.close()
    wait_until(lambda: histories(cluster, "struck") == before, "nothing of it stays", seconds=10)
    kill_and_follow(cluster, worker, run_id, undisturbed, "while it merges", killed_at=killed_at)
    assert_same(cluster)


def kill_and_follow(cluster: Cluster, worker: Any, run_id: str, undisturbed: float, when: str, *, killed_at: float | None = None) -> None:
    if killed_at is None:
        worker.kill()
        killed_at = time.monotonic()
    cluster.console.note(f"{worker.name} was killed {when}")
    cluster.workers.remove(worker)
    wait_until(lambda: cluster.api.run_state("org_sync_struck", run_id) in ("success", "failed"), "the run has ended")
    after = time.monotonic() - killed_at
    assert cluster.api.run_state("org_sync_struck", run_id) == "success"
    cluster.console.note(
        f"the run ended {after:.0f} s later, by another worker: a task is taken for dead after {HEARTBEAT_TIMEOUT_SECONDS} s, "
        f"and tried again some two minutes after; an undisturbed run takes {undisturbed:.0f} s"
    )


def count_calls(cluster: Cluster) -> int:
    return int(call("GET", f"{cluster.stack.url('sandbox')}/_sandbox/dingtalk/calls")["total"])
