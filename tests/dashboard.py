"""The Grafana dashboard as tests read it: its queries, and the names in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from orgsync.airflow_parts.metrics import METRICS
from tests.statsd_exporter import find_name, read_mapping

DASHBOARD = Path(__file__).parents[1] / "monitoring" / "grafana-dashboard.json"
NAME = re.compile(r"\bairflow_orgsync_\w+")
PARTS = {"timer": ("_sum", "_count", "_bucket"), "counter": ("",), "gauge": ("",)}
KINDS = {"timer": "observer", "counter": "counter", "gauge": "gauge"}


def read_panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"] if panel["type"] != "row"]


def list_queries() -> list[tuple[str, str]]:
    """Of Prometheus, by the panel's title, for all tenants and platforms."""
    return [(panel["title"], fill_in(target["expr"])) for panel in read_panels() for target in panel["targets"] if "expr" in target]


def list_statements() -> list[tuple[str, str]]:
    return [(panel["title"], target["rawSql"]) for panel in read_panels() for target in panel["targets"] if "rawSql" in target]


def fill_in(query: str) -> str:
    return query.replace("$tenant", ".*").replace("$platform", ".*")


def name_metrics() -> dict[str, str]:
    """Each name that Prometheus has of a metric of ours, and which it is."""
    rules = read_mapping()
    return {
        find_name(rules, f"airflow.{metric.name}", KINDS[metric.kind])[0] + part: metric.name
        for metric in METRICS
        for part in PARTS[metric.kind]
    }
