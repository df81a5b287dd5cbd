"""What a task's run sends to StatsD and to an OpenTelemetry collector: all that docs/monitoring.md lists, and nobody's data."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgsync.airflow_parts.metrics import METRICS
from orgsync.outbox.queueing import Audience, Message
from orgsync.outbox.sending import enqueue
from orgsync.platforms.sending.messages import Content
from tests.dags.conftest import DAGS, run_script
from tests.dags.sinks import Sample, collect_otlp, collect_statsd
from tests.integration.world import TENANT, TENANTS, World

RUNS = [{"dag": "org_sync_acme", "params": {"mode": "full"}}, {"dag": "org_notify", "params": {}}, {"dag": "org_watch", "params": {}}]
ACME = {"tenant": "acme", "platform": "dingtalk"}

RunMetered = Callable[..., list[Any]]


@pytest.fixture
def run_metered(world: World, airflow_home: Path) -> RunMetered:
    """Syncs, delivers and watches."""
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")

    def run(**options: str) -> list[Any]:
        environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
        environment |= {"ORGSYNC_TENANTS": str(world.settings.tenants_file), "ORGSYNC_LANDING_ZONE": world.settings.landing_zone}
        environment |= {"ORGSYNC_REPORTS": str(world.settings.report_folder)}
        found, output = run_script(airflow_home, "run_metered.py", str(DAGS), told=json.dumps(RUNS), **environment, **options)
        assert [each["state"] for each in found] == ["success"] * len(RUNS), output
        return found

    return run


def by_name(samples: list[Sample]) -> dict[str, list[Sample]]:
    return {name: [sample for sample in samples if sample.name == name] for name in {sample.name for sample in samples}}


def test_run_sends_to_statsd_what_it_took_and_did_by_tenant_and_platform_and_nobodys_data(run_metered: RunMetered, world: World) -> None:
    world.sync()
    user_id = world.query("select min(user_id) from org.users")[0][0]
    enqueue(world.settings, TENANT, Message(Content("text", "hello", "hello"), Audience(users=(user_id,)), dedupe_key="hello"))
    world.control("POST", "evolve", {"rate": 0.1})
    world.control("POST", "faults", {"interface": "topapi/v2/user/list", "kind": "throttle", "calls": [2]})
    with collect_statsd() as sink:
        run_metered(
            AIRFLOW__METRICS__STATSD_ON="true",
            AIRFLOW__METRICS__STATSD_HOST="127.0.0.1",
            AIRFLOW__METRICS__STATSD_PORT=str(sink.port),
            AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED="true",
        )
        ours = [sample for sample in sink.samples() if sample.name.startswith("airflow.orgsync.")]
    found = by_name(ours)
    assert all(ACME.items() <= sample.tags.items() for sample in ours)
    kinds = {f"airflow.{metric.name}": metric for metric in METRICS}
    assert found.keys() <= kinds.keys()
    assert {name: {sample.kind for sample in samples} for name, samples in found.items()} == {
        name: {{"counter": "c", "timer": "ms", "gauge": "g"}[kinds[name].kind]} for name in found
    }
    for name, samples in found.items():
        assert {frozenset(sample.tags) for sample in samples} == {frozenset({*ACME, *kinds[name].tags})}, name
    assert {"extract", "validate", "plan", "merge"} <= {sample.tags["step"] for sample in found["airflow.orgsync.sync.step"]}
    assert [sample.tags["outcome"] for sample in found["airflow.orgsync.sync.ended"] if sample.value] == ["succeeded"]
    (throttles,) = [sample for sample in found["airflow.orgsync.api.throttles"] if sample.value]
    assert (throttles.value, throttles.tags["interface"]) == (1, "topapi/v2/user/list")
    (run,) = world.query("select counts, calls from ops.sync_run order by started_at desc limit 1")
    assert sum(sample.value for sample in found["airflow.orgsync.sync.history_rows"]) == run[0]["history_rows"] > 0
    assert {sample.tags["interface"] for sample in found["airflow.orgsync.api.calls"]} == run[1].keys()
    assert [(sample.value, sample.tags["outcome"]) for sample in found["airflow.orgsync.outbox.attempts"]] == [(1, "sent")]
    (people,) = found["airflow.orgsync.people"]
    assert world.query("select count(*) from org.users") == [(people.value,)]
    assert 0 <= found["airflow.orgsync.snapshot.age_seconds"][0].value < 300
    assert kinds.keys() == found.keys()
    sent = "\n".join(line for line in sink.lines if "orgsync" in line)
    personal = [user[name] for user in world.truth()["users"] for name in ("name", "mobile", "email", "work_email") if user[name]]
    assert [value for value in [*personal, user_id, world.sandbox.client_secret] if value in sent] == []


def test_run_sends_the_same_to_an_opentelemetry_collector(run_metered: RunMetered) -> None:
    with collect_otlp() as sink:
        run_metered(
            AIRFLOW__METRICS__OTEL_ON="true",
            OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
            OTEL_EXPORTER_OTLP_ENDPOINT=sink.url,
            OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="delta",
        )
        found = by_name([sample for sample in sink.samples() if sample.name.startswith("airflow.orgsync.")])
    assert {"airflow.orgsync.sync.step", "airflow.orgsync.api.calls", "airflow.orgsync.people"} <= found.keys()
    assert all(ACME.items() <= sample.tags.items() for samples in found.values() for sample in samples)
    assert {sample.kind for sample in found["airflow.orgsync.api.calls"]} == {"sum, delta"}
    assert found["airflow.orgsync.people"][0].value > 0


def test_run_succeeds_where_nobody_takes_metrics(run_metered: RunMetered) -> None:
    """What sends them is Airflow's; here only that its failures reach no task."""
    run_metered(AIRFLOW__METRICS__STATSD_ON="true", AIRFLOW__METRICS__STATSD_HOST="nowhere.invalid")
