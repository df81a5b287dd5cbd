"""What is sent of a step or a pass, and by which names. That it arrives is in tests/dags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk._shared.observability.metrics.validators import stat_name_default_handler
from airflow.sdk.observability import stats

from orgsync.airflow_parts.metrics import FIGURES, METRICS, tell_pass, tell_step, try_to_emit_gauges
from orgsync.outbox.delivery import Tally
from orgsync.settings import Settings
from orgsync.sync.run import Step
from orgsync.tenants import Tenant
from orgsync.warehouse.statements import read_sql

TENANT = Tenant(id="acme", platform="feishu", conn_id="acme_feishu")
ACME = (("platform", "feishu"), ("tenant", "acme"))


@dataclass
class Store:
    """Takes what Airflow would send."""

    sent: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def _keep(self, name: str, value: Any, *, tags: dict[str, str], **_: Any) -> None:
        self.sent[name, *sorted(tags.items())] = value

    def incr(self, name: str, count: int, **given: Any) -> None:
        self._keep(name, count, **given)

    timing = gauge = incr


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    stats.initialize(factory=lambda: store, export_legacy_names=True)
    yield store
    stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


def test_step_tells_seconds_rows_and_calls_of_each_interface(store: Store) -> None:
    step = Step(seconds={"merge": 1.5}, outcome="succeeded")
    calls = {"GET task/v2/tasks/:task_guid": {"expected": 3, "read": 3, "failed": 0, "retried": 2, "throttled": 1}}
    step.record(calls=calls, counts={"users": 7, "history_rows": 4})
    tell_step(TENANT, step)
    interface = ("interface", "GET_task/v2/tasks/_task_guid")
    assert store.sent == {
        ("orgsync.sync.step", *sorted([*ACME, ("step", "merge")])): timedelta(seconds=1.5),
        ("orgsync.api.calls", interface, *ACME): 5,
        ("orgsync.api.failures", interface, *ACME): 0,
        ("orgsync.api.retries", interface, *ACME): 2,
        ("orgsync.api.throttles", interface, *ACME): 1,
        ("orgsync.sync.history_rows", *ACME): 4,
        ("orgsync.sync.ended", ("outcome", "succeeded"), *ACME): 1,
        # So that the first failure is seen as a rise.
        **{("orgsync.sync.ended", ("outcome", outcome), *ACME): 0 for outcome in ("failed", "stopped", "unchanged")},
    }


def test_step_that_goes_on_ends_no_run(store: Store) -> None:
    tell_step(TENANT, Step(seconds={"extract": 2.0}))
    assert [name for name, *_ in store.sent] == ["orgsync.sync.step"]


def test_outcome_that_is_rare_is_told_too(store: Store) -> None:
    tell_step(TENANT, Step(outcome="planned"))
    assert store.sent["orgsync.sync.ended", ("outcome", "planned"), *ACME] == 1


def test_pass_tells_attempts_by_their_outcomes(store: Store) -> None:
    tell_pass(TENANT, Tally())
    assert store.sent == {("orgsync.outbox.messages", *ACME): 0}
    tell_pass(TENANT, Tally(messages=2, attempts=Counter(sent=3, unknown=1)))
    assert store.sent == {
        ("orgsync.outbox.messages", *ACME): 2,
        ("orgsync.outbox.attempts", ("outcome", "sent"), *ACME): 3,
        ("orgsync.outbox.attempts", ("outcome", "unknown"), *ACME): 1,
    }


@pytest.mark.parametrize("is_on", [True, False])
def test_who_watches_goes_on_where_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store, is_on: bool) -> None:
    """The tenants file is missing, and so is the warehouse's connection."""
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", str(is_on))
    try_to_emit_gauges(Settings(tmp_path / "missing.yaml", f"file://{tmp_path}", tmp_path))
    assert store.sent == {}


def test_names_are_those_that_airflow_takes_and_each_is_there_once() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert [stat_name_default_handler(name) for name in names] == names


def test_longest_line_is_not_refused(store: Store) -> None:
    """Airflow drops a name that is longer than 250 characters with its tags."""
    longest = "org_" + "x" * 60
    tell_step(Tenant(id=longest, platform="dingtalk", conn_id="x"), Step(seconds={"recognize": 1.0}, outcome="succeeded"))
    for name, *tags in store.sent:
        assert len(name + "".join(f",{tag}={value}" for tag, value in tags)) < 200


def test_figures_are_the_columns_of_the_statement() -> None:
    statement = read_sql("ops/measure_tenants")
    assert [column for column in FIGURES if f"as {column}" not in statement and f".{column}" not in statement] == []


def test_docs_list_each_metric_with_its_kind_unit_and_tags() -> None:
    docs = Path(__file__).parents[3] / "docs"
    known = [(metric.name, metric.kind, metric.unit, ", ".join(metric.tags)) for metric in METRICS]
    for page in (docs / "monitoring.md", docs / "monitoring.zh.md"):
        rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `orgsync.")]
        assert [tuple(cell.strip().replace("`", "") for cell in row.split("|")[1:5]) for row in rows] == known
