"""The verbs of a sync. DAGs, the command and the pages call them; this is the only module that joins the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError, GateError, IncompleteSnapshotError, OrgsyncError, OvertakenError, explain_files
from orgsync.landing.carrying import drop_carried, find_carriers
from orgsync.landing.registry import Survey, note_decisions, register_landed, survey_zone
from orgsync.landing.zone import (
    SnapshotWriter,
    make_snapshot_id,
    read_answers,
    read_manifest,
    read_newest_answers,
    remove_unfinished,
    snapshot_uri,
)
from orgsync.manifest import Decision, Manifest, Mode
from orgsync.outbox.sending import keep_channel
from orgsync.ownership import Takeover, find_foreign
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Answer, Answers, Reading, Wanted
from orgsync.settings import Settings
from orgsync.sync.budget import Amount, describe, find_exceeded
from orgsync.sync.rebuilding import LeftOut, explain_left_out
from orgsync.sync.retraction import check_retractable, check_undoable, describe_decision
from orgsync.sync.ticks import find_last_tick
from orgsync.sync.timekeeping import check_date, check_not_ahead, date_snapshot, describe_differences, find_ahead
from orgsync.tenants import Tenant
from orgsync.warehouse import history, plans, runs, snapshots
from orgsync.warehouse.claims import Claim, Purpose, hold_claim
from orgsync.warehouse.clock import Clock, measure_ahead, read_clock
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.hook import find_owner, find_warehouse
from orgsync.warehouse.logins import keep_loader
from orgsync.warehouse.migrations import check_schema, migrate
from orgsync.warehouse.risks import count_risks
from orgsync.warehouse.runs import StepRecord
from orgsync.warehouse.statements import query

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

RequestedMode = Literal["auto", "full", "frequent"]

MOST_TAKEOVERS = 5


@dataclass(frozen=True)
class Run:
    """One run of one tenant's sync. `run_id` is Airflow's own, or one the command made; `clock` tells the time of all that it does."""

    tenant: Tenant
    run_id: str
    run_type: str
    settings: Settings
    takeover: Takeover = field(default_factory=Takeover)
    clock: Clock = read_clock

    @property
    def address(self) -> Address:
        return find_warehouse(self.settings)


@dataclass(frozen=True)
class Standing:
    """Where a plan stands; `waited` is the time since it was made, by the warehouse's clock."""

    state: str
    waited: timedelta


def name_record(run_id: str, run_type: str) -> str:
    """The name under which a run of Airflow is recorded.

    A backfill that repeats a run keeps that run's id. What the run once did stays on record: the repetition is a run of its own.
    """
    is_repetition = run_type == "backfill" and not run_id.startswith("backfill__")
    return f"backfill__of__{run_id}" if is_repetition else run_id


def migrate_warehouse(settings: Settings) -> list[str]:
    """Bring the warehouse to this version's schema; returns the migrations applied.

    Where its owner has a connection of its own, that one migrates, and makes the login of the other.
    """
    loader, owner = find_warehouse(settings), find_owner(settings)
    with open_warehouse(owner or loader) as connection:
        applied = migrate(connection)
        if owner and owner.user != loader.user:
            keep_loader(connection, loader)
        return applied


def extract_snapshot(run: Run, *, mode: RequestedMode) -> str:
    """Read the whole organization into the landing zone; returns the snapshot's id.

    Raises what the platform's client raises; then nothing is left in the landing zone.
    """
    with _step(run, "extract") as step:
        with _claim(run, "read") as claim:
            company = load_platform(run.tenant.platform).identify(run.tenant.conn_id)
            with open_warehouse(run.address) as connection:
                claim.confirm(connection)
                register_landed(connection, run.settings.landing_zone, run.tenant.id)
                note_decisions(connection, run.tenant.id)
                worker_ahead = measure_ahead(connection, run.clock)
                taken_at = date_snapshot(connection, run.tenant.id, now=run.clock(connection))
                chosen = _choose_mode(connection, run.tenant, mode, taken_at)
                sources = snapshots.list_history_sources(connection, run.tenant.id, platform=run.tenant.platform, company=company.name)
                earlier = drop_carried(partial(read_newest_answers, sources), snapshots.list_retracted_instants(connection, run.tenant.id))
            # A read may take an hour: no session is open so long.
            manifest, platform_ahead = _land_snapshot(run, claim, mode=chosen, taken_at=taken_at, earlier=earlier)
            with open_warehouse(run.address) as connection:
                claim.confirm(connection)
                snapshots.register_snapshot(connection, manifest, uri=snapshot_uri(run.settings.landing_zone, manifest.snapshot_id))
        if not manifest.is_complete and run.tenant.on_incomplete == "fail":
            raise IncompleteSnapshotError(f"snapshot {manifest.snapshot_id} is not complete: {'; '.join(manifest.problems)}")
        warnings = describe_differences(worker_ahead, platform_ahead)
        for warning in warnings:
            log.warning("%s", warning)
        step.record(mode=manifest.mode, method=manifest.method, snapshot_id=manifest.snapshot_id, calls=manifest.calls, warnings=warnings)
        return manifest.snapshot_id


def validate_snapshot(run: Run, snapshot_id: str) -> int:
    """Tidy a snapshot, keep its bad rows out, and stage the good ones; returns the id of the plan that holds them.

    Raises GateError when the set as a whole may not be merged, IncompleteSnapshotError when people were lost on the way.
    """
    with _step(run, "validate") as step:
        with open_warehouse(run.address) as connection:
            check_date(connection, snapshots.find_snapshot(connection, snapshot_id), now=run.clock(connection))
        return _stage_snapshot(run, snapshot_id, step)


def plan_sync(run: Run, plan_id: int, *, dry_run: bool = False) -> dict[str, Any]:
    """Work out what a staged plan would change, store that, and hold it against the tenant's budget; history stays as it is.

    Returns `plan_id`, `changes` in counts and `over_budget`, a line for each budget that is exceeded. A dry run ends here.
    """
    with _step(run, "plan") as step, open_warehouse(run.address) as connection:
        history.lock_tenant(connection, run.tenant.id)
        plan = _draft(connection, run.tenant, _check_staged(connection, plans.find_plan(connection, plan_id)))
        step.record(plan_id=plan_id)
        step.outcome = "planned" if dry_run else None
        return _tell(plan)


def merge_plan(run: Run, plan_id: int) -> dict[str, Any]:
    """Write a plan into history, in one transaction; returns the run's outcome and what changed, in counts.

    What is written is the plan as it was stored; if history has changed since, it is worked out anew first. Raises GateError for a plan
    that exceeds a budget and was not approved, was rejected, or gave way to a newer one. A plan that is applied already stays so.
    """
    with _step(run, "merge") as step:
        with open_warehouse(run.address) as connection:
            plan = _bring_up_to_date(connection, run.tenant, plan_id)
            if plan["state"] == "applied":
                step.outcome = "succeeded"
                return {"outcome": step.outcome, "changes": plan["summary"], "history_rows": 0}
            _check_decided(plan)
            with _timed(step, "write"):
                rows = history.apply_plan(connection, plan)
            runs.close_fulfilled_runs(connection, run.tenant.id, plan_id, by_run=run.run_id)
            keep_channel(connection, run.tenant)
        step.outcome = "succeeded" if rows else "unchanged"
        step.record(plan_id=plan_id, counts={"history_rows": rows})
    settle_stale(run)
    _note_decisions(run)
    return {"outcome": step.outcome, "changes": plan["summary"], "history_rows": rows}


def decide_plan(run: Run, plan_id: int, *, is_approved: bool, decided_by: str) -> None:
    """Approve a plan once, for exactly the changes it holds, or reject it with its snapshot; a rejection stops the run."""
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        history.lock_tenant(connection, run.tenant.id)  # a merge under way ends first: what is applied can no longer be decided
        plan = plans.find_plan(connection, plan_id)
        if plan["tenant_id"] != run.tenant.id:
            raise ConfigurationError(f"plan {plan_id} is of tenant {plan['tenant_id']}, not of {run.tenant.id}")
        if plan["state"] == "applied" and is_approved:
            return
        plans.decide(connection, plan_id, is_approved=is_approved, decided_by=decided_by)
        if not is_approved:
            text = f"plan {plan_id} was rejected by {decided_by}; nothing was changed"
            runs.finish_run(connection, tenant_id=run.tenant.id, run_id=run.run_id, outcome="stopped", error=text)
    _note_decisions(run)


def find_standing(run: Run, plan_id: int) -> Standing:
    """What became of a plan that waits for a decision, and for how long it has been there."""
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        plan = plans.find_plan(connection, plan_id)
        return Standing(plan["state"], waited=read_clock(connection) - plan["created_at"])


def sync(run: Run, *, mode: RequestedMode, dry_run: bool) -> dict[str, Any]:
    """All steps after each other, as the command runs them."""
    snapshot_id = extract_snapshot(run, mode=mode)
    planned = plan_sync(run, validate_snapshot(run, snapshot_id), dry_run=dry_run)
    if dry_run:
        return {"outcome": "planned", "history_rows": 0} | planned
    return merge_plan(run, planned["plan_id"])


def replay(run: Run, *, after: datetime, until: datetime | None, dry_run: bool = False) -> list[dict[str, Any]]:
    """Load the snapshots taken in (after, until] again from the landing zone, with the mapping and the rules of now; None is now.

    The platform is not asked, and nothing is sent. Returns what each snapshot changed, in the order in which they were taken; one that
    must not be loaded has the outcome `skipped` and says why.
    """
    with _step(run, "replay") as step:
        with open_warehouse(run.address) as connection:
            now = run.clock(connection)
            between = {"after": after, "until": until or now}
            found = snapshots.list_between(connection, run.tenant.id, **between, new_company=run.takeover.company)
            withheld = snapshots.list_withheld(connection, run.tenant.id, **between)
        reasons = {snapshot["snapshot_id"]: _find_obstacle(run, snapshot, now) for snapshot in found}
        done = [_load_again(run, snapshot_id, dry_run=dry_run) for snapshot_id, reason in reasons.items() if not reason]
        if not dry_run:
            settle_stale(run)
            _note_decisions(run)
        rows = sum(each["history_rows"] for each in done)
        step.outcome = "planned" if dry_run else "succeeded" if rows else "unchanged"
        step.record(counts={"snapshots": len(done), "history_rows": rows})
        skipped = [_skip(snapshot, reasons[snapshot["snapshot_id"]]) for snapshot in found if reasons[snapshot["snapshot_id"]]]
        skipped += [_skip(snapshot, describe_decision(snapshot)) for snapshot in withheld]
        return sorted(done + skipped, key=lambda each: each["taken_at"])


def retract(run: Run, snapshot_ids: Sequence[str], *, decided_by: str, dry_run: bool = False) -> list[dict[str, Any]]:
    """Take snapshots out of history, which then is as if they had never been loaded; nothing but `undo_retraction` lets them in again.

    Their files need not be there. Returns of each what changed: `taken_back` counts changes that history told, `instead` those that it
    tells now, by kind.
    """
    with _step(run, "retract") as step:
        done = [_retract_one(run, snapshot_id, decided_by=decided_by, dry_run=dry_run) for snapshot_id in snapshot_ids]
        if not dry_run:
            for each in done:
                _mark_carriers(run, each["taken_at"])
            settle_stale(run)
            _note_decisions(run)
        rows = sum(each["history_rows"] for each in done)
        step.outcome = "planned" if dry_run else "succeeded" if rows else "unchanged"
        step.record(counts={"snapshots": len(done), "history_rows": rows})
        return done


def rebuild(run: Run, *, with_undecided: bool = False, dry_run: bool = False) -> dict[str, Any]:
    """Load what was part of history, as the landing zone says, and is not in the warehouse: it was lost, or restored from a backup.

    The platform is not asked, nothing is sent, and no budget is: what counted before counts again. What only landed is loaded where it is
    wanted (`with_undecided`), within budget. A snapshot that cannot be loaded keeps no other out; the outcome is `failed` then.
    """
    with _step(run, "rebuild") as step:
        survey, due, left_out = _survey(run, with_undecided=with_undecided, is_kept=not dry_run)
        # First, so that nothing of it is loaded with others that landed it again.
        taken_out = [_overrule(run, decision, dry_run=dry_run) for decision in survey.overruled]
        done, failed = ([], []) if dry_run else _load_due(run, due)
        if not dry_run:
            settle_stale(run)
            _note_decisions(run)
        rows = sum(each["history_rows"] for each in done + taken_out)
        step.outcome = "planned" if dry_run else "failed" if failed else "succeeded" if rows else "unchanged"
        step.error = "; ".join(f"{each.snapshot_id}: {each.reason}" for each in failed) or None
        step.record(counts={"registered": len(survey.registered), "snapshots": len(done), "history_rows": rows})
        return {
            "outcome": step.outcome,
            "landed": survey.landed,
            "registered": survey.registered,
            "due": [snapshot["snapshot_id"] for snapshot in due],
            "loaded": done,
            "taken_out": taken_out,
            "failed": [asdict(each) for each in failed],
            "left_out": [asdict(each) for each in left_out],
            "unfinished": survey.unfinished,
            "history_rows": rows,
        }


def undo_retraction(run: Run, snapshot_id: str, *, decided_by: str) -> dict[str, Any]:
    """Let a retracted snapshot in again: what was part of history is loaded, from the landing zone; the rest may be replayed."""
    with _step(run, "retract") as step:
        with open_warehouse(run.address) as connection:
            history.lock_tenant(connection, run.tenant.id)
            snapshot = snapshots.find_snapshot(connection, snapshot_id)
            check_undoable(snapshot, run.tenant.id, now=run.clock(connection))
            read_manifest(snapshot["uri"], is_partial_welcome=True)
            snapshots.mark_landed(connection, snapshot_id, decided_by=decided_by)
        told = {"snapshot_id": snapshot_id, "taken_at": snapshot["taken_at"], "outcome": "unchanged", "changes": {}, "history_rows": 0}
        if snapshot["plan_id"] is not None:
            told = _load_again(run, snapshot_id)
        _mark_carriers(run, snapshot["taken_at"])
        settle_stale(run)
        _note_decisions(run)
        step.outcome = told["outcome"]
        step.record(counts={"snapshots": 1, "history_rows": told["history_rows"]})
        return told


def settle_stale(run: Run) -> None:
    """Judge anew what lies out of the sight of later snapshots, where history before them has changed.

    Each is loaded again in the order in which it was taken, so that it is judged by what was there before it.
    """
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        stale = snapshots.list_stale(connection, run.tenant.id)
    for snapshot_id in stale:
        log.info("judging snapshot %s anew: history before it has changed", snapshot_id)
        try:
            _load_again(run, snapshot_id)
        except (IncompleteSnapshotError, GateError) as error:
            # Its answers are gone, damaged or another platform's: it stays as it was judged, and must not stop what is read today.
            log.warning("snapshot %s cannot be judged anew: %s", snapshot_id, error)


def find_plan(settings: Settings, tenant_id: str, plan_id: int | None = None, *, limit: int | None = None) -> dict[str, Any]:
    """A plan, or a tenant's newest, with its `changes`: `limit` of each kind, all if none is given."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        plan = plans.find_plan(connection, plan_id) if plan_id is not None else plans.find_newest_plan(connection, tenant_id)
        return {**plan, "changes": plans.list_changes(connection, plan["plan_id"], limit=limit)}


def list_quarantine(settings: Settings, tenant_id: str | None) -> list[dict[str, Any]]:
    """What is in quarantine now, row by row: the reasons, since when, and for how many loads in a row."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return plans.list_quarantine(connection, tenant_id)


def find_runs(settings: Settings, tenant_id: str | None, *, run_id: str | None = None, limit: int = 1) -> list[dict[str, Any]]:
    """The newest runs of one tenant, or of all, as `orgsync status` and `orgsync report` show them."""
    with open_warehouse(find_warehouse(settings)) as connection:
        check_schema(connection)
        return runs.find_runs(connection, tenant_id, run_id=run_id, limit=limit)


def query_warehouse(settings: Settings, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a person's own statement in a read-only transaction; returns column names and rows."""
    with open_warehouse(find_warehouse(settings)) as connection:
        connection.set_session(readonly=True)
        return query(connection, statement)


def _note_decisions(run: Run) -> None:
    """What cannot be noted now is noted by the next run: what was decided holds all the same."""
    try:
        with open_warehouse(run.address) as connection:
            note_decisions(connection, run.tenant.id)
    except (OSError, OrgsyncError) as error:
        log.warning("what was decided stands in the warehouse, and not in the landing zone yet: %s", error)


def _claim(run: Run, purpose: Purpose, *, may_wait: bool = False) -> AbstractContextManager[Claim]:
    seconds = run.settings.claim_seconds
    return hold_claim(run.address, run.tenant.id, purpose, claimed_by=run.run_id, seconds=seconds, may_wait=may_wait)


def _land_snapshot(run: Run, claim: Claim, *, mode: Mode, taken_at: datetime, earlier: Answers) -> tuple[Manifest, float | None]:
    """What landed, and by how many seconds the platform's clock is ahead of this machine's.

    `earlier` is what history is made of: nothing else may be carried over into this one.
    """
    zone, tenant = run.settings.landing_zone, run.tenant
    for folder in remove_unfinished(zone, tenant.id, confirm=claim.confirm_now):
        log.warning("removed %s/%s, which a read that was killed left without a manifest", tenant.id, folder)
    platform = load_platform(tenant.platform)
    snapshot_id = make_snapshot_id(tenant.id, taken_at)
    log.info("reading tenant %s, %s, as snapshot %s", tenant.id, mode, snapshot_id)
    wanted = Wanted(
        mode=mode,
        scope=tenant.scope,
        user_key=tenant.user_key,
        earlier=earlier,
        is_tolerant=tenant.on_incomplete == "add_only",
        taken_at=taken_at,
    )
    started = time.monotonic()
    with SnapshotWriter(snapshot_uri(zone, snapshot_id)) as writer:

        def record(part: str, answer: Answer) -> None:
            claim.check()
            writer.record(part, answer)

        reading: Reading = platform.extract(platform.connect(tenant.conn_id), wanted, record)
        claim.confirm_now()
        finished_at = taken_at + timedelta(seconds=time.monotonic() - started)
        manifest = writer.finish(reading, snapshot_id=snapshot_id, platform=platform.name, taken_at=taken_at, finished_at=finished_at)
    return manifest, reading.ahead_seconds


def _stage_snapshot(run: Run, snapshot_id: str, step: _Step | None = None, *, turn: Claim | None = None) -> int:
    """Tidy, judge and stage one snapshot of the landing zone; of a replay, as long as it is its turn."""
    from orgsync.validation.gates import check_head_count, check_keys, check_not_empty
    from orgsync.validation.quarantine import judge, summarize  # some seconds: Great Expectations
    from orgsync.validation.report import write_report

    step = step or _Step()
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
    with _timed(step, "tidy"):
        answers = drop_carried(partial(read_answers, snapshot["uri"], manifest), retracted)
        tidy = load_platform(manifest.platform).tidy(answers, mode=manifest.mode, mapping=mapping)
    _prove_company(run, snapshot, tidy.users)
    if manifest.is_complete and not is_due:
        seen, counted = int(tidy.users["user_id"].nunique()), manifest.platform_counts.get("users")
        _prove(run, snapshot_id, partial(check_head_count, seen, counted, allowed=run.tenant.budget.missing_people))
    with _timed(step, "expect"):
        verdict = judge(tidy)
    write_report(run.settings.report_folder, manifest, verdict)
    remarks = list(summarize(verdict.remarks))
    for remark in remarks:
        log.warning("tenant %s: %s", run.tenant.id, remark)
    if manifest.is_complete and not is_due:
        _prove(run, snapshot_id, partial(check_keys, verdict.findings))
    with _timed(step, "stage"), open_warehouse(run.address) as connection:
        history.lock_tenant(connection, run.tenant.id)  # the plan that is given up may be half merged
        if turn:
            turn.confirm(connection)
        overtaken = plans.drop_unfinished(connection, run.tenant.id, until=snapshot["taken_at"])
        plan_id = plans.create_plan(connection, snapshot, verdict.tidy, verdict.findings)
        runs.close_overtaken_runs(connection, run.tenant.id, overtaken, by_run=run.run_id, by=f"plan {plan_id}")
        plan = plans.find_plan(connection, plan_id)
        plans.save_expectation_results(connection, plan, verdict.results)
        counts_before = snapshots.find_counts_before(connection, run.tenant.id, manifest.taken_at)
    step.record(plan_id=plan_id, counts=plan["staged_counts"], warnings=remarks)
    check_not_empty(plan["staged_counts"], counts_before)
    return plan_id


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
        _note_decisions(run)
        raise GateError(foreign)


def _prove(run: Run, snapshot_id: str, check: Callable[[], None]) -> None:
    """Whether nobody was lost on the way; if somebody was, the snapshot is not complete, and from now on says so."""
    try:
        check()
    except IncompleteSnapshotError as error:
        with open_warehouse(run.address) as connection:
            snapshots.mark_incomplete(connection, snapshot_id, problem=str(error))
        _note_decisions(run)
        if run.tenant.on_incomplete == "fail":
            raise
        log.warning("%s", error)


def _find_obstacle(run: Run, snapshot: dict[str, Any], now: datetime) -> str:
    """Why a snapshot is not loaded again; empty if it may be."""
    if not snapshot["is_complete"] and run.tenant.on_incomplete == "fail":
        return "it is not complete"
    return find_ahead(snapshot, now=now)


def _skip(snapshot: dict[str, Any], reason: str) -> dict[str, Any]:
    told = {"snapshot_id": snapshot["snapshot_id"], "taken_at": snapshot["taken_at"], "changes": {}, "history_rows": 0}
    return told | {"outcome": "skipped", "reason": reason}


def _retract_one(run: Run, snapshot_id: str, *, decided_by: str, dry_run: bool) -> dict[str, Any]:
    """All in one transaction: nobody sees history without the snapshot while its row says that it is loaded."""
    with open_warehouse(run.address) as connection:
        history.lock_tenant(connection, run.tenant.id)
        snapshot = snapshots.find_snapshot(connection, snapshot_id)
        check_retractable(snapshot, run.tenant.id)
        told = {"snapshot_id": snapshot_id, "taken_at": snapshot["taken_at"], "state": snapshot["state"]}
        taken_back: history.Changes = {}
        instead: history.Changes = {}
        rows = 0
        if snapshot["state"] == "loaded":
            plan = plans.create_retraction(connection, snapshot_id)
            history.work_out(connection, plan, sees_all=False)
            taken_back, instead = history.try_retraction(connection, plan)
            rows = 0 if dry_run else history.apply_retraction(connection, plan)
        if dry_run:
            connection.rollback()
        elif snapshot["state"] != "retracted":
            overtaken = plans.drop_unfinished(connection, run.tenant.id, snapshot_id=snapshot_id)
            runs.close_overtaken_runs(connection, run.tenant.id, overtaken, by_run=run.run_id, by="the retraction")
            snapshots.mark_retracted(connection, snapshot_id, decided_by=decided_by)
    outcome = "planned" if dry_run else "unchanged" if snapshot["state"] == "retracted" else "succeeded"
    return told | {"outcome": outcome, "taken_back": taken_back, "instead": instead, "history_rows": rows}


def _mark_carriers(run: Run, taken_at: datetime) -> None:
    """What later snapshots landed again of one that was retracted, or let in again, counts differently now: they are loaded anew."""
    with open_warehouse(run.address) as connection:
        later = [each for each in snapshots.list_loaded_from(connection, run.tenant.id, taken_at) if each["taken_at"] > taken_at]
    carriers = [later[place]["snapshot_id"] for place in find_carriers([each["uri"] for each in later], taken_at)]
    with open_warehouse(run.address) as connection:
        for snapshot_id in carriers:
            snapshots.mark_stale(connection, snapshot_id)


def _load_again(run: Run, snapshot_id: str, *, dry_run: bool = False) -> dict[str, Any]:
    """One snapshot of the past through the steps after the read. What was loaded once was allowed to be: its budget is not asked again."""
    with _claim(run, "replay", may_wait=True) as turn:  # another replay would take this one's staged rows for given up
        plan_id = _stage_snapshot(run, snapshot_id, turn=turn)
        with open_warehouse(run.address) as connection:
            plan = _bring_up_to_date(connection, run.tenant, plan_id)
            if not dry_run:
                _check_decided(plan)
                rows = history.apply_plan(connection, plan)
    told = _tell(plan) | {"snapshot_id": snapshot_id, "taken_at": plan["taken_at"]}
    if dry_run:
        return told | {"outcome": "planned", "history_rows": 0}
    return told | {"outcome": "succeeded" if rows else "unchanged", "history_rows": rows}


def _survey(run: Run, *, with_undecided: bool, is_kept: bool) -> tuple[Survey, list[dict[str, Any]], list[LeftOut]]:
    """What the landing zone holds, what of it is to be loaded, and what is not and why. Not kept, the warehouse is as it was."""
    with open_warehouse(run.address) as connection:
        survey = survey_zone(connection, run.settings.landing_zone, run.tenant.id)
        is_partial_welcome = run.tenant.on_incomplete == "add_only"
        due = snapshots.list_due(connection, run.tenant.id, with_undecided=with_undecided, is_partial_welcome=is_partial_welcome)
        chosen = {snapshot["snapshot_id"] for snapshot in due}
        unreadable = [LeftOut(snapshot_id, "unreadable", reason) for snapshot_id, reason in survey.unreadable.items()]
        left_out = [each for each in explain_left_out(snapshots.list_left_out(connection, run.tenant.id)) if each.snapshot_id not in chosen]
        if not is_kept:
            connection.rollback()
    return survey, due, unreadable + left_out


def _overrule(run: Run, decision: Decision, *, dry_run: bool) -> dict[str, Any]:
    """Take out of history what was retracted since the backup."""
    told = _retract_one(run, decision.snapshot_id, decided_by=decision.decided_by or "", dry_run=dry_run)
    if not dry_run:
        _mark_carriers(run, told["taken_at"])
    return told


def _load_due(run: Run, due: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[LeftOut]]:
    """Load snapshots in the order in which they were taken; returns what each changed, and which could not be loaded.

    One that never was part of history and exceeds the budget stops what comes after it, as in a replay.
    """
    done, failed = [], []
    for number, snapshot in enumerate(due, start=1):
        snapshot_id = snapshot["snapshot_id"]
        log.info("loading snapshot %s, %d of %d", snapshot_id, number, len(due))
        try:
            done.append(_load_undisturbed(run, snapshot_id))
        except IncompleteSnapshotError as error:
            failed.append(LeftOut(snapshot_id, "unreadable", str(error)))
        except GateError as error:
            if not snapshot["is_due"]:
                raise
            failed.append(LeftOut(snapshot_id, "stopped", str(error)))
    return done, failed


def _load_undisturbed(run: Run, snapshot_id: str) -> dict[str, Any]:
    """A sync that goes on meanwhile takes the place of the plan of an older snapshot: then that one is staged once more."""
    for _ in range(MOST_TAKEOVERS):
        try:
            return _load_again(run, snapshot_id)
        except OvertakenError as error:
            log.info("once more: %s", error)
    return _load_again(run, snapshot_id)


def _bring_up_to_date(connection: Connection, tenant: Tenant, plan_id: int) -> dict[str, Any]:
    """The plan, worked out on the history of now or applied already; the tenant stays locked."""
    while True:
        history.lock_tenant(connection, tenant.id)
        plan = plans.find_plan(connection, plan_id)
        if plan["state"] == "applied":
            return plan
        _check_staged(connection, plan)
        if plan["state"] == "planned" and plan["based_on_plan_id"] == history.find_last_applied(connection, tenant.id):
            return plan
        if plan["state"] == "planned":
            log.info("history has changed since plan %d was made; it is worked out anew", plan_id)
        _draft(connection, tenant, plan)
        connection.commit()  # what was found out stays, even if it stops here; the lock is gone with it, so all is looked at again


def _check_staged(connection: Connection, plan: dict[str, Any]) -> dict[str, Any]:
    """The plan, if it can still be worked out and applied; else raises GateError."""
    if plan["snapshot_state"] == "retracted":
        raise GateError(
            f"the snapshot of plan {plan['plan_id']} was retracted by {plan['snapshot_decided_by']}; nothing was changed. Sync again"
        )
    if plan["state"] not in ("staged", "planned"):
        kind = OvertakenError if plan["state"] == "dropped" else GateError
        raise kind(f"plan {plan['plan_id']} is {plan['state']}: {_WHY_NOT[plan['state']]}; nothing was changed. Sync again")
    if not plans.is_staged(connection, plan):
        raise GateError(f"the staged rows of plan {plan['plan_id']} are gone (the warehouse restarted); nothing was changed. Sync again")
    return plan


_WHY_NOT = {
    "dropped": "a newer run took over",
    "rejected": "someone decided against it",
    "applied": "it is part of history already",
}


def _draft(connection: Connection, tenant: Tenant, plan: dict[str, Any]) -> dict[str, Any]:
    """Work a plan out, try it, store what it changes and which budgets it exceeds."""
    snapshot = snapshots.find_snapshot(connection, plan["snapshot_id"])
    history.work_out(connection, plan, sees_all=snapshot["is_complete"] and snapshot["sees_whole"])
    changes, losses = history.try_out(connection, plan)
    # A snapshot that is part of history, or was before the warehouse was lost, was within budget, or approved.
    asks = snapshot["state"] != "loaded" and not snapshot["is_due"]
    exceeded = find_exceeded(_amounts(connection, tenant, plan, losses), tenant.budget) if asks else []
    plans.save_verdict(connection, plan["plan_id"], changes, exceeded)
    return plans.find_plan(connection, plan["plan_id"])


def _amounts(connection: Connection, tenant: Tenant, plan: dict[str, Any], losses: history.Losses) -> list[Amount]:
    """What the budgets are about. Of what was empty before, nothing can be lost."""
    staged = plan["staged_counts"]
    kept_out = staged["quarantined_rows"]
    found = [
        Amount("lost_memberships", losses.memberships_lost, losses.memberships_before),
        Amount("quarantined", kept_out, staged["users"] + staged["departments"] + kept_out),
    ]
    per_days = tenant.budget.per_days()
    for risk in count_risks(connection, plan, per_days):
        total = risk.total or (losses.departments_before if risk.budget == "removed_departments" else losses.users_before)
        found.append(Amount(risk.budget, risk.count, total, column=risk.column))
        if risk.count_within > risk.count:
            total = max(total, risk.total_then)
            found.append(Amount(risk.budget, risk.count_within, total, per_days=per_days[risk.budget], column=risk.column))
    return found


def _check_decided(plan: dict[str, Any]) -> None:
    """Raises GateError for a plan over budget that nobody approved as it is."""
    if plan["over_budget"] and not plan["is_approved"]:
        lines = "; ".join(describe(exceeded) for exceeded in plan["over_budget"])
        raise GateError(
            f"plan {plan['plan_id']} exceeds the budget: {lines}. Nothing was changed. Look at it with "
            f"`orgsync plan {plan['tenant_id']}`; if it is right, `orgsync sync {plan['tenant_id']} --approve {plan['plan_id']}`"
        )


def _tell(plan: dict[str, Any]) -> dict[str, Any]:
    lines = [describe(exceeded) for exceeded in plan["over_budget"]]
    return {"plan_id": plan["plan_id"], "changes": plan["summary"], "over_budget": lines}


def _choose_mode(connection: Connection, tenant: Tenant, mode: RequestedMode, now: datetime) -> Mode:
    """`auto` is full where no full read entered history since the full schedule's last tick, else frequent."""
    if mode != "auto":
        return mode
    last_full = snapshots.find_last_full_read(connection, tenant.id, until=now)
    last_tick = find_last_tick(tenant.full_schedule, ZoneInfo(tenant.timezone), now)
    return "frequent" if last_full is not None and last_full >= last_tick else "full"


@dataclass
class _Step:
    """What one step found out, to be written to the run's row when it ends; `outcome` closes the run, with `error` if it tells one."""

    found: StepRecord = field(default_factory=StepRecord)
    seconds: dict[str, float] = field(default_factory=dict)
    outcome: str | None = None
    error: str | None = None

    def record(self, **found: Any) -> None:
        self.found = replace(self.found, **found)


@contextmanager
def _step(run: Run, name: str) -> Iterator[_Step]:
    """One step of a run: opened in the ledger, timed, and written there however it ends."""
    step = _Step()
    with open_warehouse(run.address) as connection:
        check_schema(connection)
        runs.start_run(connection, tenant_id=run.tenant.id, run_id=run.run_id, platform=run.tenant.platform, run_type=run.run_type)
    try:
        with _timed(step, name), _explained():
            yield step
    except BaseException as error:  # also the one that ends a process in an orderly way: nobody else would say so
        step.outcome = "stopped" if isinstance(error, GateError) else "failed"
        try:
            _close_step(run, step, error)
        except OrgsyncError as second:
            log.warning("the run's end could not be recorded: %s", second)
        raise
    _close_step(run, step)


def _close_step(run: Run, step: _Step, error: BaseException | None = None) -> None:
    text = step.error if error is None else _tell_failure(error)
    with open_warehouse(run.address) as connection:
        keys = {"tenant_id": run.tenant.id, "run_id": run.run_id}
        runs.record_step(connection, **keys, record=replace(step.found, step_seconds=step.seconds))
        if step.outcome:
            runs.finish_run(connection, **keys, outcome=step.outcome, error=text)


@contextmanager
def _explained() -> Iterator[None]:
    """The file system's own errors in our words: all files that a step touches are of the landing zone or reports."""
    try:
        yield
    except OSError as error:
        raise explain_files(error) from error


def _tell_failure(error: BaseException) -> str:
    if isinstance(error, OrgsyncError):
        return str(error)
    name = type(error).__name__
    return f"{name} (see the log)" if isinstance(error, Exception) else f"it was ended before its time ({name})"


@contextmanager
def _timed(step: _Step, name: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        step.seconds[name] = round(time.monotonic() - started, 3)
