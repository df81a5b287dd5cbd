"""Run by itself: takes steps as run_steps.py does, measured as Airflow measures in a task's own process."""

from __future__ import annotations

import json
import sys

from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from run_dag import run

conf.invalidate_cache()
# As airflow.sdk.execution_time.task_runner.main begins.
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=conf.getboolean("metrics", "legacy_names_on"))

ended = [run(sys.argv[1], step["dag"], step["params"], most_retries=0) for step in json.load(sys.stdin)]
if conf.getboolean("metrics", "otel_on"):
    from opentelemetry import metrics

    metrics.get_meter_provider().force_flush()  # as it does at a process's end
print(json.dumps(ended))
