"""Celery's options as Airflow makes them, and what each worker imports before it forks for its tasks.

`[celery] celery_config_options = orgsync.airflow_parts.celery_options.OPTIONS`
"""

from __future__ import annotations

from typing import Any

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

from orgsync.airflow_parts.preloading import FOR_TASKS

OPTIONS: dict[str, Any] = {**DEFAULT_CELERY_CONFIG, "imports": FOR_TASKS}
