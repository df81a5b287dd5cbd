"""What whoever parses a DAG file wants of it: the processor wants all, a task what it runs, or each would build 1,000 tenants first."""

from __future__ import annotations

from typing import Literal

from airflow.sdk import get_parsing_context

from orgsync.airflow_parts.wording import join_languages
from orgsync.errors import ConfigurationError
from orgsync.settings import read_settings
from orgsync.tenants import read_stanzas


def is_for_display() -> bool:
    """Whether what is only shown, such as a DAG's page, is wanted at all."""
    return get_parsing_context().dag_id is None


def find_common_language() -> str:
    """Of the texts of a DAG for all tenants that is listed also where the tenants file cannot be read: what is wrong with that, the other
    DAGs and its own tasks say."""
    try:
        return join_languages(read_stanzas(read_settings().tenants_file).languages if is_for_display() else ())
    except ConfigurationError:
        return join_languages(())


def find_wanted(prefix: str, *, of: Literal["dag", "task"] = "dag") -> str | None:
    """The tenant whose DAG or task is wanted, named after it; None for all of them.

    Of tasks only those that neither follow nor lead to another: a task that has neighbours needs them built.
    """
    context = get_parsing_context()
    wanted = context.dag_id if of == "dag" else context.task_id
    return None if wanted is None else wanted.removeprefix(prefix)
