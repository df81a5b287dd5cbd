"""Who is overtaken, ended early, or done with by another, says so: in its run's row at that moment, and to whoever answers its question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.exceptions import HITLRejectException
from airflow.providers.standard.operators import hitl
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import DownstreamTasksSkipped, TaskAwaitingInput

from orgsync.airflow_parts.approval import LOOKS_EVERY, PlanApproval
from orgsync.errors import GateError
from orgsync.landing import zone as landing
from orgsync.sync.deciding import decide_plan
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.run import Run, name_record
from orgsync.sync.validating import validate_snapshot
from orgsync.tenants.stanza import Allowance, Budget
from tests.integration.world import World

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STRICT = Budget(leavers=Allowance(count=0, percent=0))
UNANSWERED = {"chosen_options": ["Reject"], "params_input": {}, "responded_at": NOW, "responded_by_user": None, "timedout": True}


def answer(option: str) -> dict[str, Any]:
    return UNANSWERED | {"chosen_options": [option], "responded_by_user": {"id": "li", "name": "li"}, "timedout": False}


@pytest.fixture
def waiting(world: World) -> Run:
    """A run whose plan is over budget."""
    world.sync(now=NOW)
    world.control("POST", "evolve", {"left": 3})
    run = world.run_at(NOW + timedelta(hours=1))
    run = replace(run, tenant=replace(run.tenant, budget=STRICT))
    planned = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))
    assert planned["over_budget"]
    return run


def plan_of(world: World, run: Run) -> int:
    [(plan_id,)] = world.query("select plan_id from ops.sync_run where run_id = %s", run.run_id)
    return int(plan_id)


def ended(world: World, run: Run) -> tuple[Any, ...]:
    [row] = world.query("select outcome, error, finished_at is not null from ops.sync_run where run_id = %s", run.run_id)
    return row


@pytest.fixture
def overtaken(world: World, waiting: Run) -> Run:
    world.sync(now=NOW + timedelta(hours=2))
    return waiting


@pytest.fixture
def applied(world: World, waiting: Run) -> Run:
    """The same, approved and applied by command."""
    command = world.make_run()
    decide_plan(command, plan_of(world, waiting), is_approved=True, decided_by="wang")
    merge_plan(command, plan_of(world, waiting))
    return waiting


# --- the run's row


def test_run_that_is_overtaken_is_closed_at_that_moment(world: World, waiting: Run) -> None:
    plan_id = plan_of(world, waiting)
    assert ended(world, waiting)[0] == "running"
    newer = world.run_at(NOW + timedelta(hours=2))
    newer_plan = validate_snapshot(newer, extract_snapshot(newer, mode="full"))
    outcome, error, is_finished = ended(world, waiting)
    assert (outcome, is_finished) == ("stopped", True)
    assert error == f"plan {plan_id} was overtaken by plan {newer_plan} of run {newer.run_id}; nothing was changed by this run"
    assert ended(world, newer)[0] == "running"


def test_run_that_validates_again_does_not_overtake_itself(world: World, waiting: Run) -> None:
    [(snapshot_id,)] = world.query("select snapshot_id from ops.sync_run where run_id = %s", waiting.run_id)
    validate_snapshot(waiting, snapshot_id)
    assert ended(world, waiting)[:2] == ("running", None)


def test_run_whose_plan_is_applied_by_command_has_succeeded(world: World, applied: Run) -> None:
    assert ended(world, applied) == ("succeeded", None, True)


def test_dry_run_that_is_overtaken_stays_what_it_was(world: World) -> None:
    world.sync(now=NOW, dry_run=True)
    world.sync(now=NOW + timedelta(hours=1))
    assert world.query("select outcome from ops.sync_run order by started_at") == [("planned",), ("succeeded",)]


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_run_that_is_ended_from_outside_says_so_and_holds_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    def stop(*_: Any) -> None:
        raise end

    with monkeypatch.context() as patch:
        patch.setattr(landing.SnapshotWriter, "record", stop)
        with pytest.raises(end):
            world.sync(now=NOW)
    assert world.query("select outcome, error from ops.sync_run") == [("failed", f"it was ended before its time ({end.__name__})")]
    assert world.query("select distinct held_until from ops.claim") == [(None,)]
    assert world.landed() == []


@pytest.mark.parametrize(
    ("run_id", "run_type", "record"),
    [
        ("scheduled__2026-11-01T00:07:00+00:00", "scheduled", "scheduled__2026-11-01T00:07:00+00:00"),
        ("scheduled__2026-11-01T00:07:00+00:00", "backfill", "backfill__of__scheduled__2026-11-01T00:07:00+00:00"),
        ("manual__by_hand", "backfill", "backfill__of__manual__by_hand"),
        ("backfill__2026-11-01T00:07:00+00:00", "backfill", "backfill__2026-11-01T00:07:00+00:00"),
    ],
)
def test_repetition_of_a_run_is_recorded_by_itself(run_id: str, run_type: str, record: str) -> None:
    assert name_record(run_id, run_type) == record


# --- the question


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked in Airflow's name, one for each time."""
    questions: list[Any] = []
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: questions.append(question))
    return questions


def complete(world: World, run: Run, event: dict[str, Any]) -> Any:
    with DAG("asks"):
        approval = PlanApproval(
            task_id="approve", tenant=run.tenant, plan={"plan_id": plan_of(world, run)}, make_run=lambda tenant_id, context: run
        )
        approval >> EmptyOperator(task_id="merge")
    instance = SimpleNamespace(id="of the task instance", map_index=-1, xcom_push=lambda **_: None)
    return approval.execute_complete({"task": approval, "task_instance": instance, "ti": instance}, event)


def test_question_that_stands_is_asked_on(world: World, waiting: Run, asked: list[Any]) -> None:
    with pytest.raises(TaskAwaitingInput) as parked:
        complete(world, waiting, UNANSWERED)
    assert len(asked) == 1
    assert parked.value.timeout == LOOKS_EVERY
    assert ended(world, waiting)[0] == "running"


def test_question_is_asked_on_no_longer_than_the_tenant_says(world: World, waiting: Run, asked: list[Any]) -> None:
    hours = waiting.tenant.approval_hours
    world.query("update ops.plan set created_at = now() - make_interval(hours => %s) + interval '1 minute'", hours)
    with pytest.raises(TaskAwaitingInput) as parked:
        complete(world, waiting, UNANSWERED)
    assert parked.value.timeout < LOOKS_EVERY
    world.query("update ops.plan set created_at = created_at - interval '1 minute'")
    with pytest.raises(HITLRejectException):
        complete(world, waiting, UNANSWERED)
    assert ended(world, waiting)[:2] == ("stopped", f"plan {plan_of(world, waiting)} was rejected by nobody in time; nothing was changed")


def test_question_about_a_plan_that_was_overtaken_is_withdrawn(world: World, overtaken: Run, asked: list[Any]) -> None:
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        complete(world, overtaken, UNANSWERED)
    assert [str(getattr(each, "task_id", each)) for each in skipped.value.tasks] == ["merge"]
    assert asked == []
    assert ended(world, overtaken)[0] == "stopped"


def test_question_about_a_plan_that_is_applied_needs_no_answer(world: World, applied: Run, asked: list[Any]) -> None:
    assert complete(world, applied, UNANSWERED) is None
    assert asked == []
    assert merge_plan(applied, plan_of(world, applied))["outcome"] == "succeeded"


@pytest.mark.parametrize("option", [PlanApproval.APPROVE, PlanApproval.REJECT])
def test_answer_that_comes_too_late_is_told_so_at_once(world: World, overtaken: Run, option: str) -> None:
    with pytest.raises(GateError, match=r"can no longer be decided: it was overtaken by a newer run.*`orgsync plan acme` shows that one"):
        complete(world, overtaken, answer(option))
    assert ended(world, overtaken)[0] == "stopped"


def test_rejection_of_what_is_applied_says_who_approved_it(world: World, applied: Run) -> None:
    with pytest.raises(GateError, match="part of history already, approved by wang"):
        complete(world, applied, answer(PlanApproval.REJECT))
    assert ended(world, applied)[0] == "succeeded"


def test_question_outlives_a_warehouse_that_is_away(
    world: World, waiting: Run, asked: list[Any], monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    plan = {"plan_id": plan_of(world, waiting)}
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE", f"postgresql://a:b@127.0.0.1:{free_port}/c")
    approval = PlanApproval(task_id="approve", tenant=waiting.tenant, plan=plan, make_run=lambda tenant_id, context: waiting)
    with pytest.raises(TaskAwaitingInput):
        approval.execute_complete({"task_instance": SimpleNamespace(id="x", map_index=-1)}, UNANSWERED)
    assert len(asked) == 1
