"""The dashboard and the mapping know the metrics there are, by the names that Prometheus has of them."""

from __future__ import annotations

import pytest

from orgsync.airflow_parts.metrics import METRICS
from tests.dags.sinks import read_line
from tests.dashboard import NAME, list_queries, name_metrics, read_panels
from tests.statsd_exporter import Exporter


@pytest.mark.parametrize(("title", "query"), list_queries())
def test_query_names_metrics_of_ours_alone(title: str, query: str) -> None:
    names = NAME.findall(query)
    assert names, title
    assert [name for name in names if name not in name_metrics()] == []
    assert "$" not in query


def test_each_metric_is_shown() -> None:
    known = name_metrics()
    shown = {known[name] for _, query in list_queries() for name in NAME.findall(query)}
    assert [metric.name for metric in METRICS if metric.name not in shown] == []


def test_panels_neither_overlap_nor_share_an_id() -> None:
    panels = read_panels()
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_mapping_makes_counters_gauges_and_histograms_of_what_airflow_sends() -> None:
    exporter = Exporter()
    for line in (
        "airflow.orgsync.people,tenant=acme,platform=wecom:61|g",
        "airflow.orgsync.people,tenant=acme,platform=wecom:60|g",
        "airflow.orgsync.api.calls,tenant=acme,platform=wecom,interface=user/list:2|c",
        "airflow.orgsync.api.calls,tenant=acme,platform=wecom,interface=user/list:3|c",
        "airflow.orgsync.sync.step,tenant=acme,platform=wecom,step=merge:250|ms",
        "airflow.dagbag_size:3|g",
    ):
        exporter.take(read_line(line))
    lines = exporter.render().splitlines()
    assert 'airflow_orgsync_people{platform="wecom",tenant="acme"} 60.0' in lines
    assert 'airflow_orgsync_api_calls_total{interface="user/list",platform="wecom",tenant="acme"} 5.0' in lines
    assert 'airflow_orgsync_sync_step_seconds_sum{platform="wecom",step="merge",tenant="acme"} 0.25' in lines
    assert 'airflow_orgsync_sync_step_seconds_bucket{le="0.1",platform="wecom",step="merge",tenant="acme"} 0' in lines
    assert 'airflow_orgsync_sync_step_seconds_bucket{le="0.3",platform="wecom",step="merge",tenant="acme"} 1' in lines
    assert "airflow_dagbag_size{} 3.0" in lines
