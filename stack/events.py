"""What `make smoke` checks of events: what happens on a platform is pushed, wakes Airflow, and is read by itself."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from stack.airflow import AirflowApi, call
from stack.checks import Check, departments_of, people_of, query
from stack.launcher import Launcher, tenant_of
from stack.messages import wait_until
from stack.runs import follow_runs, trigger
from stack.state import Stack

WAYS = {"dingtalk": "stream", "feishu": "stream", "wecom": "http"}
"""WeCom has no stream for changes of the directory."""

HAPPENS = {"joined": 1, "left": 1, "moved": 1, "departments_renamed": 1}
HAPPENS_ON_WECOM = {"joined": 1, "left": 1, "moved": 1, "departments_created": 1}
"""Of a renamed department WeCom tells nothing."""

MOST_CALLS = 25
"""For a hire, a departure, a move and a department: a whole read of these organizations takes more on DingTalk and Feishu."""


def receive_events(stanzas: str) -> str:
    """The demonstration's stanzas, each receiving by what its platform has."""
    for platform, way in WAYS.items():
        stanzas = re.sub(rf"(?m)^    conn_id: demo_{platform}\b.*$", rf"\g<0>\n    events: {{receive: {way}, window: 1}}", stanzas, count=1)
    return stanzas


@dataclass(frozen=True)
class Pushed:
    """Events that a platform told of, when Airflow was last woken before them, and what happened."""

    platform: str
    number: int
    woken_at: str
    truth: dict[str, Any]
    started: float


def check_events(smoke: Launcher, stack: Stack) -> list[Check]:
    """No schedule is followed here, so a run is triggered as soon as Airflow was woken: it reads what events name, and nothing else."""
    api, platforms = smoke.api(stack), [platform for platform in smoke.platforms(stack) if platform in WAYS]
    subscribe(smoke, stack, platforms)
    pushed = [let_happen(stack, api, platform) for platform in platforms]
    checks: list[Check] = []
    for each in pushed:
        checks += check_woken(smoke, stack, api, each)
    for platform in platforms:
        call("DELETE", f"{stack.url('sandbox')}/_sandbox/{platform}/calls")
    dags = [f"org_sync_{tenant_of(platform)}" for platform in platforms]
    follow_runs(api, smoke.console, trigger(api, smoke.console, dags, {"mode": "events"}))
    for each in pushed:
        checks += check_read(smoke, stack, each)
    for platform in platforms:
        call("PUT", f"{stack.url('sandbox')}/_sandbox/{platform}/callback", {"mode": "off"})
    return checks


def subscribe(smoke: Launcher, stack: Stack, platforms: list[str]) -> None:
    """As an administrator does in the platform's console, which checks what it is given."""
    control = f"{stack.url('sandbox')}/_sandbox"
    port = smoke.start_receiver(stack)
    for platform in platforms:
        if WAYS[platform] == "http":
            call("PUT", f"{control}/{platform}/callback", {"url": f"http://127.0.0.1:{port}/{tenant_of(platform)}"})
            continue
        call("PUT", f"{control}/{platform}/callback", {"mode": "stream"})
        wait_until(
            lambda platform=platform: bool(call("GET", f"{control}/{platform}/streams")["streams"]),
            f"nobody holds a stream to {platform}; see the log of triggerer",
        )
    smoke.console.note("events are received: " + ", ".join(f"{platform} by {WAYS[platform]}" for platform in platforms))


def let_happen(stack: Stack, api: AirflowApi, platform: str) -> Pushed:
    control = f"{stack.url('sandbox')}/_sandbox/{platform}"
    told = call("GET", f"{control}/events")["events"]
    woken_at = api.last_waking(f"org_events.{tenant_of(platform)}")
    truth = call("POST", f"{control}/evolve", HAPPENS_ON_WECOM if platform == "wecom" else HAPPENS)
    return Pushed(platform, max((event["number"] for event in told), default=0), woken_at, truth, time.monotonic())


def check_woken(smoke: Launcher, stack: Stack, api: AirflowApi, pushed: Pushed) -> list[Check]:
    tenant = tenant_of(pushed.platform)
    events = f"{stack.url('sandbox')}/_sandbox/{pushed.platform}/events?since={pushed.number}"
    wait_until(
        lambda: all(event["state"] == "delivered" for event in call("GET", events)["events"]),
        f"not all events of {pushed.platform} were acknowledged; see the logs of receiver and triggerer",
    )
    wait_until(
        lambda: api.last_waking(f"org_events.{tenant}") != pushed.woken_at,
        f"nobody has woken {tenant} for its events; see the log of triggerer",
    )
    seconds = time.monotonic() - pushed.started
    told = {event["id"] for event in call("GET", events)["events"]}
    smoke.console.note(f"{tenant}: {len(told)} events, {seconds:.1f} seconds from what happened until Airflow is woken")
    kept = {row[0] for row in query(smoke, stack, tenant, "select event_key from ops.event where tenant_id = %s")}
    # Of two events of one second about the same person WeCom's key is the same.
    is_kept = bool(kept) if pushed.platform == "wecom" else len(kept) >= len(told) > 0
    return [Check(f"{pushed.platform}: events are kept", Counter(["yes"]), Counter(["yes" if is_kept else "no"]))]


def check_read(smoke: Launcher, stack: Stack, pushed: Pushed) -> list[Check]:
    platform, tenant = pushed.platform, tenant_of(pushed.platform)
    control = f"{stack.url('sandbox')}/_sandbox/{platform}"
    calls = call("GET", f"{control}/calls")["total"]
    smoke.console.note(f"{tenant}: {calls} calls")
    organization = call("GET", f"{control}/organization")
    people = query(smoke, stack, tenant, "select user_id from org.users where tenant_id = %s")
    departments = query(smoke, stack, tenant, "select department_id, name from org.departments where tenant_id = %s")
    names = {str(each["id"]): each["name"] for each in organization["departments"]}
    [(mode, waiting)] = query(
        smoke,
        stack,
        tenant,
        "select (select mode from ops.snapshot where tenant_id = event.tenant_id order by taken_at desc limit 1), "
        "count(*) filter (where handled_at is null) from ops.event where tenant_id = %s group by tenant_id",
    )
    return [
        Check(f"{platform}: people after events", Counter(people_of(organization)), Counter(row[0] for row in people)),
        Check(f"{platform}: departments after events", Counter(departments_of(organization)), Counter(row[0] for row in departments)),
        Check(
            f"{platform}: their names after events",
            Counter(f"{key} {names[key]}" for key in departments_of(organization)),
            Counter(f"{key} {name}" for key, name in departments),
        ),
        Check(f"{platform}: only what events name is read", Counter(["targeted"]), Counter([mode])),
        Check(f"{platform}: no event waits", Counter(["0"]), Counter([str(waiting)])),
        Check(f"{platform}: few calls", Counter(["yes"]), Counter(["yes" if calls <= MOST_CALLS else f"no, {calls}"])),
    ]
