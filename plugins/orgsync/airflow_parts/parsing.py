"""What whoever parses a DAG file wants of it: the processor wants all, a task what it runs, or each would build 1,000 tenants first."""

from __future__ import annotations

from airflow.sdk import get_parsing_context


def is_for_display() -> bool:
    """Whether what is only shown, such as a DAG's page, is wanted at all."""
    return get_parsing_context().dag_id is None


def is_wanted_dag(dag_id: str) -> bool:
    return get_parsing_context().dag_id in (None, dag_id)


def is_wanted_task(task_id: str) -> bool:
    """For tasks that neither follow nor lead to another: a task that has neighbours needs them built."""
    return get_parsing_context().task_id in (None, task_id)
