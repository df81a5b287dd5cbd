"""What `make smoke` checks beyond the plain sync: a plan over budget waits for somebody, and the past can be loaded again."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.airflow import AirflowApi, call, child_environ
from stack.checks import Check, people_of, query
from stack.errors import StackError
from stack.launcher import Launcher, tenant_of
from stack.runs import POLL_SECONDS, follow_run, trigger
from stack.state import Stack

HIDDEN_SHARE = 0.3
PATIENCE_SECONDS = 600
READING_SECONDS = 3
"""Airflow 3.3 fails a task whose answer comes before its scheduler has seen the process that asked end; people read longer."""
PAST = "demo_past"
PAST_STANZA = f"""
  - id: {PAST}
    platform: wecom
    conn_id: demo_wecom
    timezone: UTC
    schedule: 37 2 * * *
    full_schedule: 37 2 * * *
"""
DAYS = 5


def check_approval(smoke: Launcher, stack: Stack, platform: str) -> list[Check]:
    """The platform hides a part of the people: reject leaves the warehouse as it was, approve applies exactly the stored plan."""
    api, dag_id = smoke.api(stack), f"org_sync_{tenant_of(platform)}"
    hidden = call("PUT", f"{stack.url('sandbox')}/_sandbox/{platform}/hidden", {"share": HIDDEN_SHARE})["hidden"]
    before = history(smoke, stack, tenant_of(platform))

    rejected = park(smoke, api, dag_id)
    parked = history(smoke, stack, tenant_of(platform))
    question = api.question(dag_id, rejected, "approve")["body"]
    api.answer(dag_id, rejected, "approve", "Reject")
    wait(smoke, f"{dag_id} ends after the rejection", lambda: api.run_state(dag_id, rejected) == "failed")
    after_reject = history(smoke, stack, tenant_of(platform))

    approved = park(smoke, api, dag_id)
    planned = plan_changes(smoke, stack, platform)
    api.answer(dag_id, approved, "approve", "Approve once")
    follow_run(api, smoke.console, dag_id, approved)
    organization = call("GET", f"{stack.url('sandbox')}/_sandbox/{platform}/organization")
    call("PUT", f"{stack.url('sandbox')}/_sandbox/{platform}/hidden", {"share": 0})
    return [
        Check(f"{platform}: a plan over budget changes nothing", before, parked),
        Check(f"{platform}: the question names the leavers", Counter(["yes"]), yes_if("people would leave" in question)),
        Check(f"{platform}: reject leaves history as it was", before, after_reject),
        Check(f"{platform}: the plan holds who is hidden", Counter(hidden), Counter(key for kind, key in planned if kind == "left")),
        Check(f"{platform}: approve applies exactly the plan", Counter(planned), Counter(applied_changes(smoke, stack, platform))),
        Check(
            f"{platform}: people after the approval",
            Counter(people_of(organization)),
            Counter(row[0] for row in query(smoke, stack, tenant_of(platform), "select user_id from org.users where tenant_id = %s")),
        ),
    ]


def check_past(smoke: Launcher, stack: Stack) -> list[Check]:
    """Five stored days, loaded by Airflow's backfill: forwards, backwards, and the last two again over what is there."""
    api, dag_id = smoke.api(stack), f"org_sync_{PAST}"
    last = datetime.now(UTC).replace(hour=2, minute=37, second=0, microsecond=0) - timedelta(days=1)
    ticks = [last - timedelta(days=day) for day in reversed(range(DAYS))]
    live_through(smoke, stack, [tick - timedelta(hours=1) for tick in ticks])
    live = history(smoke, stack, PAST)
    call("DELETE", f"{stack.url('sandbox')}/_sandbox/wecom/calls")
    checks = []
    for name, since, backwards, is_empty in (("forwards", 0, False, True), ("backwards", 0, True, True), ("again", -2, False, False)):
        if is_empty:
            forget_history(smoke, stack)
        backfill_id = api.backfill(dag_id, ticks[since], ticks[-1], backwards=backwards, again=name != "forwards")
        api.unpause(dag_id)
        wait(smoke, f"{dag_id}: backfill {name}", lambda: not api.has_open_runs(dag_id))
        api.close_backfill(backfill_id)
        checks.append(Check(f"past: history after a backfill {name}", live, history(smoke, stack, PAST)))
    calls = call("GET", f"{stack.url('sandbox')}/_sandbox/wecom/calls")["total"]
    return [*checks, Check("past: calls to the platform by backfills", Counter(), Counter({"call": calls}) if calls else Counter())]


def park(smoke: Launcher, api: AirflowApi, dag_id: str) -> str:
    """Run the DAG up to where it waits for somebody."""
    run_id = trigger(api, smoke.console, [dag_id], {"mode": "full"})[dag_id]
    wait(smoke, f"{dag_id} waits for approval", lambda: api.task_state(dag_id, run_id, "approve") == "awaiting_input")
    time.sleep(READING_SECONDS)
    return run_id


def wait(smoke: Launcher, what: str, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with smoke.console.step(what):
        while not is_so():
            if time.monotonic() > deadline:
                raise StackError(f"in vain for {PATIENCE_SECONDS} seconds: {what}")
            time.sleep(POLL_SECONDS)


def live_through(smoke: Launcher, stack: Stack, instants: list[datetime]) -> None:
    command = [smoke.layout.python, "-m", "stack.past", PAST, stack.url("sandbox"), *(instant.isoformat() for instant in instants)]
    with smoke.console.step(f"{PAST}: {len(instants)} days go by"):
        done = subprocess.run(
            [str(word) for word in command],
            cwd=smoke.layout.checkout,
            env=child_environ(smoke.layout, stack, smoke.environ),
            text=True,
            capture_output=True,
            check=False,
        )
    if done.returncode:
        raise StackError(f"the past could not be made:\n{done.stdout}{done.stderr}")


def history(smoke: Launcher, stack: Stack, tenant: str) -> Counter[str]:
    """Every row of history of a tenant."""
    rows: Counter[str] = Counter()
    for table in ("department", "user", "membership"):
        statement = f"select version::text from org.{table}_version as version where tenant_id = %s"  # noqa: S608
        rows.update(f"{table} {row[0]}" for row in query(smoke, stack, tenant, statement))
    return rows


def forget_history(smoke: Launcher, stack: Stack) -> None:
    """As if none of the tenant's snapshots had ever been loaded."""
    for table in ("department", "user", "membership"):
        query(smoke, stack, PAST, f"delete from org.{table}_version where tenant_id = %s returning 1")  # noqa: S608
    query(smoke, stack, PAST, "update ops.snapshot set state = 'landed', plan_id = null where tenant_id = %s returning 1")


def plan_changes(smoke: Launcher, stack: Stack, platform: str) -> list[tuple[str, str]]:
    newest = "select max(plan_id) from ops.plan where tenant_id = %s"
    statement = f"select kind, coalesce(user_id, department_id) from ops.plan_change where plan_id = ({newest})"  # noqa: S608
    return pairs(query(smoke, stack, tenant_of(platform), statement))


def applied_changes(smoke: Launcher, stack: Stack, platform: str) -> list[tuple[str, str]]:
    newest = "select max(taken_at) from ops.snapshot where state = 'loaded' and tenant_id = change.tenant_id"
    statement = f"""
        select kind, coalesce(user_id, department_id)
        from org.change as change
        where tenant_id = %s
          and changed_at = ({newest})
    """  # noqa: S608
    return pairs(query(smoke, stack, tenant_of(platform), statement))


def pairs(rows: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    return [(str(kind), str(key)) for kind, key in rows]


def yes_if(is_so: bool) -> Counter[str]:
    return Counter(["yes"] if is_so else ["no"])
