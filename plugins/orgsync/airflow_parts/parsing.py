"""What whoever parses a DAG file wants of it: the processor wants all, a task what it runs, or each would build 1,000 tenants first."""

from __future__ import annotations

from typing import Literal

from airflow.sdk import get_parsing_context


def is_for_display() -> bool:
    """Whether what is only shown, such as a DAG's page, is wanted at all."""
    return get_parsing_context().dag_id is None


def find_wanted(prefix: str, *, of: Literal["dag", "task"] = "dag") -> str | None:
    """The tenant whose DAG or task is wanted, named after it; None for all of them.

    Of tasks only those that neither follow nor lead to another: a task that has neighbours needs them built.
    """
    context = get_parsing_context()
    wanted = context.dag_id if of == "dag" else context.task_id
    return None if wanted is None else wanted.removeprefix(prefix)
