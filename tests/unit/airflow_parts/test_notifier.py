"""By what an operator and a notifier know a message again, and a backfill. How they send is in tests/dags."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orgsync.airflow_parts.notifier import OrgsyncNotifier
from orgsync.airflow_parts.notify_operator import find_place, is_backfill


def context(*, task: str | None = "load", map_index: int | None = -1, tries: int = 1, cleared: int = 0, run_type: str = "manual") -> Any:
    """What Airflow tells; a DAG's own callback may hear of no task, and then of no run either."""
    ti = {"ti": SimpleNamespace(task_id=task, map_index=map_index, try_number=tries)} if task else {}
    run = {"dag_run": SimpleNamespace(run_type=SimpleNamespace(value=run_type), clear_number=cleared)} if task else {}
    return {"dag": SimpleNamespace(dag_id="hr"), "run_id": f"{run_type}__1"} | ti | run


def notifier(**changes: Any) -> OrgsyncNotifier:
    return OrgsyncNotifier(**{"tenant": "acme", "title": "{{ ti.task_id }} failed", "users": ["anna"]} | changes)


@pytest.mark.parametrize(
    ("known", "place"),
    [
        pytest.param(context(), "hr/manual__1/load", id="a task"),
        pytest.param(context(tries=2), "hr/manual__1/load", id="another try"),
        pytest.param(context(map_index=None), "hr/manual__1/load", id="no map index"),
        pytest.param(context(map_index=0), "hr/manual__1/load/0", id="a mapped task"),
        pytest.param(context(task=None), "hr/manual__1", id="a DAG"),
    ],
)
def test_place_is_that_of_every_try(known: Any, place: str) -> None:
    assert find_place(known) == place


def test_key_of_a_notifier_is_that_of_every_try_and_of_every_parse() -> None:
    assert notifier().find_key(context()) == notifier().find_key(context(tries=2))


@pytest.mark.parametrize(
    ("other", "known"),
    [
        pytest.param(notifier(title="{{ ti.task_id }} is done"), context(), id="another notifier"),
        pytest.param(notifier(users=["bert"]), context(), id="to somebody else"),
        pytest.param(notifier(), context(task="save"), id="another task"),
        pytest.param(notifier(), context(cleared=1), id="a cleared run"),
    ],
)
def test_key_of_a_notifier_is_its_own(other: OrgsyncNotifier, known: Any) -> None:
    assert other.find_key(known) != notifier().find_key(context())


def test_dags_own_callback_without_a_run_has_a_key() -> None:
    assert notifier().find_key(context(task=None)).startswith("hr/manual__1/0/")


@pytest.mark.parametrize("task", ["load", None])
def test_backfill_is_known_with_and_without_its_run(task: str | None) -> None:
    assert is_backfill(context(task=task, run_type="backfill"))
    assert not is_backfill(context(task=task))
