"""Tidies a snapshot of the landing zone, keeps its bad rows out, and stages the good ones as a plan."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from orgsync.companies.ownership import find_foreign
from orgsync.errors import GateError, IncompleteSnapshotError, OvertakenError
from orgsync.landing.carrying import drop_carried
from orgsync.landing.reports import write_report
from orgsync.landing.zone import read_answers, read_manifest
from orgsync.manifest import Manifest
from orgsync.platforms import load_platform
from orgsync.sync.decisions import describe_decision
from orgsync.sync.run import Run, Step, note_decided, open_step, timed
from orgsync.sync.standards import hash_standards
from orgsync.sync.timekeeping import check_date, check_not_ahead
from orgsync.warehouse import history, plans, runs, snapshots
from orgsync.warehouse.claims import Claim
from orgsync.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def validate_snapshot(run: Run, snapshot_id: str) -> int:
    """Tidy a snapshot, keep its bad rows out, and stage the good ones; returns the id of the plan that holds them.

    Raises GateError when the set as a whole may not be merged, IncompleteSnapshotError when people were lost on the way.
    """
    with open_step(run, "validate", snapshot=snapshot_id) as step:
        with open_warehouse(run.address) as connection:
            check_date(connection, snapshots.find_snapshot(connection, snapshot_id), now=run.clock(connection))
        return stage_snapshot(run, snapshot_id, step)


def stage_snapshot(run: Run, snapshot_id: str, step: Step | None = None, *, turn: Claim | None = None) -> int:
    """Tidy, judge and stage one snapshot of the landing zone; of a replay, as long as it is its turn."""
    step = step or Step()
    with open_warehouse(run.address) as connection:
        snapshot = snapshots.find_snapshot(connection, snapshot_id)
        retracted = snapshots.list_retracted_instants(connection, run.tenant.id)
        now = run.clock(connection)
    if snapshot["state"] in ("rejected", "retracted"):
        raise GateError(
            f"snapshot {snapshot_id} is never loaded: {describe_decision(snapshot)}; nothing was changed. Sync again for a new one"
        )
    is_due = snapshot["is_due"]  # it counted before the warehouse was lost, as it was: that is not judged again
    is_partial_welcome = is_due or snapshot["state"] == "loaded" or run.tenant.on_incomplete == "add_only"
    manifest = read_manifest(snapshot["uri"], is_partial_welcome=is_partial_welcome)
    if not is_due:
        check_not_ahead(snapshot, now=now)
        _check_platform(run, manifest)
    mapping = run.tenant.mapping if manifest.platform == run.tenant.platform else {}
    with timed(step, "import"):  # a second, where nobody imported them before
        import pandas as pd  # noqa: F401 - for what tidies
        import pyarrow

        pyarrow.set_memory_pool(pyarrow.system_memory_pool())  # its own keeps what was freed from all but itself
    with timed(step, "tidy"), _without_collector():
        dropped: set[str] = set()
        answers = drop_carried(partial(read_answers, snapshot["uri"], manifest), retracted, dropped)
        tidy = load_platform(manifest.platform).tidy(answers, mode=manifest.mode, mapping=mapping)
        if manifest.asked:
            tidy = tidy.aim(users=manifest.asked.users, departments=manifest.asked.departments)
    with timed(step, "import"):  # two seconds, and only now: Great Expectations takes the place of what tidying no longer needs
        from orgsync.validation.gates import check_head_count, check_keys, check_not_empty
        from orgsync.validation.quarantine import judge, summarize
        from orgsync.validation.report import describe_verdict, render_report

    _prove_company(run, snapshot, tidy.users)
    if manifest.is_complete and not is_due:
        seen, counted = int(tidy.users["user_id"].nunique()), manifest.platform_counts.get("users")
        _prove(run, snapshot_id, partial(check_head_count, seen, counted, allowed=run.tenant.budget.missing_people))
    with timed(step, "expect"):
        verdict = judge(tidy)
    remarks = list(summarize(verdict.remarks))
    with timed(step, "page"):
        described = describe_verdict(verdict)
        write_report(run.settings.report_folder, snapshot_id, render_report(manifest, described))
    for remark in remarks:
        log.warning("tenant %s: %s", run.tenant.id, remark)
    if manifest.is_complete and not is_due:
        _prove(run, snapshot_id, partial(check_keys, verdict.findings))
    with timed(step, "stage"), open_warehouse(run.address) as connection:
        history.lock_tenant(connection, run.tenant.id)  # the plan that is given up may be half merged
        if turn:
            turn.confirm(connection)
        _confirm_unchanged(snapshot["uri"], manifest)
        # A plan that waits for a person is about everybody: a look at a few does not take its place.
        overtaken = plans.drop_unfinished(connection, run.tenant.id, until=snapshot["taken_at"], only_targeted=bool(manifest.asked))
        # What was left out of it is not in it for a later snapshot with the same answers to be recognized by.
        judged_by = "" if dropped else hash_standards(run.tenant)
        judgement = plans.Judgement(judged_by, described | {"warnings": remarks})
        plan_id = plans.create_plan(connection, snapshot, verdict.tidy, verdict.findings, judgement)
        runs.close_overtaken_runs(connection, run.tenant.id, overtaken, by_run=run.run_id, by=f"plan {plan_id}")
        plan = plans.find_plan(connection, plan_id)
        plans.save_expectation_results(connection, plan, verdict.results)
        counts_before = snapshots.find_counts_before(connection, run.tenant.id, manifest.taken_at)
    step.record(plan_id=plan_id, counts=plan["staged_counts"], warnings=remarks)
    if not manifest.asked:  # who was asked for may all be gone
        check_not_empty(plan["staged_counts"], counts_before)
    return plan_id


@contextmanager
def _without_collector() -> Iterator[None]:
    """Tidying makes millions of objects, and hardly any that refer to each other: to look for those takes a fifth of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _confirm_unchanged(uri: str, manifest: Manifest) -> None:
    """Somebody may have been forgotten since the answers were read: what was read with them must not be staged any more."""
    if read_manifest(uri, is_partial_welcome=True).rewriting != manifest.rewriting:
        raise OvertakenError(f"snapshot {manifest.snapshot_id} was rewritten while it was read: somebody was forgotten. Load it again")


def _check_platform(run: Run, manifest: Manifest) -> None:
    if manifest.platform != run.tenant.platform:
        raise GateError(
            f"snapshot {manifest.snapshot_id} was read from {manifest.platform}, and tenant {run.tenant.id} is on {run.tenant.platform} "
            "now, so it cannot be loaded; nothing was changed. Replay what was read since, or give each of the two a stanza of its own"
        )


def _prove_company(run: Run, snapshot: dict[str, Any], users: pd.DataFrame) -> None:
    with open_warehouse(run.address) as connection:
        foreign = find_foreign(connection, run.tenant, snapshot, users, run.takeover)
    if foreign:  # only now, so that its mark is committed
        note_decided(run)
        raise GateError(foreign)


def _prove(run: Run, snapshot_id: str, check: Callable[[], None]) -> None:
    """Whether nobody was lost on the way; if somebody was, the snapshot is not complete, and from now on says so."""
    try:
        check()
    except IncompleteSnapshotError as error:
        with open_warehouse(run.address) as connection:
            snapshots.mark_incomplete(connection, snapshot_id, problem=str(error))
        note_decided(run)
        if run.tenant.on_incomplete == "fail":
            raise
        log.warning("%s", error)
