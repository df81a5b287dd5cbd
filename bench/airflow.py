"""Airflow's share: what a sync that finds nothing costs in all of Airflow's processes, with one tenant in the file and with many; and how
long many small tenants take that are due at once.

The local stack runs for it, with a state folder of its own. CPU is that of every process of a component and of all that it started; that
of the same component while nothing runs is taken off, and told by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.due import measure_due
from bench.results import Figures
from bench.rig import Rig
from bench.wanted import Wanted
from stack.airflow import call, child_environ
from stack.console import Console
from stack.launcher import Launcher
from stack.layout import Layout, read_layout
from stack.runs import wait_for_dag

PLATFORM = "dingtalk"
USUAL_TENANTS, QUICK_TENANTS = (1, 1_000), 3
SYNCS, AT_ONCE = 5, 50
DUE_TENANTS, DUE_PEOPLE = 200, 50
IDLE_SECONDS = 90.0
QUIET_CPU = 0.05
POLL_SECONDS = 0.5
TIMEOUT_SECONDS = 1800
_FILE = """\
defaults: {{platform: {platform}, schedule: "{tick}", full_schedule: "{tick}", budget: {{leavers: {{count: 10, percent: 5}}}}}}
tenants:
"""


def measure(wanted: Wanted) -> Iterator[tuple[str, Figures]]:
    if wanted.is_quick:
        with _open_rig(QUICK_TENANTS, apps=QUICK_TENANTS, people=DUE_PEOPLE, schedules=True) as rig:
            yield f"{QUICK_TENANTS} tenants", _measure_rig(rig, QUICK_TENANTS, is_quick=True)
            yield f"{QUICK_TENANTS - 1} due", _measure_due(rig, range(1, QUICK_TENANTS))
        return
    for tenants in USUAL_TENANTS:
        with _open_rig(tenants, apps=min(tenants, AT_ONCE), people=500) as rig:
            yield f"{tenants} tenants", _measure_rig(rig, tenants, is_quick=False)
    with _open_rig(DUE_TENANTS, apps=DUE_TENANTS, people=DUE_PEOPLE, schedules=True) as rig:
        wait_for_dag(rig.api, _dag(DUE_TENANTS - 1))
        yield f"{DUE_TENANTS} due", _measure_due(rig, range(DUE_TENANTS))


@contextmanager
def _open_rig(tenants: int, *, apps: int, people: int, schedules: bool = False) -> Iterator[Rig]:
    """Tenants of one company, each through an app of its own, as far as there are so many apps: those of one would wait for each other."""
    base = read_layout()
    layout = Layout(base.checkout, base.state / "bench")
    layout.make_state()
    file = layout.state / "tenants.yaml"
    # A tick of yesterday, and the next in a year: a DAG is due as soon as it is not paused any more, and once.
    tick = f"0 0 {datetime.now(UTC) - timedelta(days=1):%-d %-m} *"
    head = _FILE.format(platform=PLATFORM, tick=tick)
    text = head + "".join(f"  - {{id: {_name(number)}, conn_id: {_name(number)}}}\n" for number in range(tenants))
    file.write_text(text, encoding="utf-8")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("ORGSYNC_")} | {"ORGSYNC_TENANTS": str(file)}
    launcher = Launcher(layout, Console(), environ=environ, schedules=schedules)
    launcher = replace(launcher, organization=replace(launcher.organization, people=people))
    launcher.clean()
    layout.make_state()
    file.write_text(text, encoding="utf-8")
    stack, _ = launcher.start()
    try:
        control = f"{stack.url('sandbox')}/_sandbox/{PLATFORM}/settings"
        call("PUT", control, {"calls_per_second": 0, "calls_per_minute": 0, "other_apps": apps - 1})
        rig = Rig(launcher, stack, launcher.api(stack))
        _connect(rig, apps)
        yield rig
    finally:
        launcher.stop()
        launcher.clean()


def _connect(rig: Rig, apps: int) -> None:
    """A connection for each app, named after its tenant."""
    known = call("GET", f"{rig.stack.url('sandbox')}/_sandbox/{PLATFORM}/connection")
    extra = {"extra": json.dumps(known.pop("extra"))} if "extra" in known else {}
    for number in range(apps):
        app = {"connection_id": _name(number), "login": known["login"] + (f"_{number}" if number else "")}
        rig.api.request("POST", "/connections", known | extra | app)


def _measure_due(rig: Rig, numbers: range) -> Figures:
    """By the real scheduler: all are due at once, and nothing has changed since they were read last, in full and then frequently."""
    _warm(rig, numbers, "full,frequent")
    found = measure_due(rig, len(numbers))
    print(found, flush=True)
    return {"tenants": len(numbers), "people": DUE_PEOPLE} | found


def _measure_rig(rig: Rig, tenants: int, *, is_quick: bool) -> Figures:
    wait_for_dag(rig.api, _dag(tenants - 1))  # those of one file appear together
    together = list(range(min(tenants, AT_ONCE)))
    _warm(rig, together, "frequent")
    idle_seconds = 3.0 if is_quick else IDLE_SECONDS
    if not is_quick:
        _wait_until_quiet(rig)
    idle = _measure_idle(rig, idle_seconds)
    found: Figures = {
        "tenants": tenants,
        "idle_cpu_seconds": {name: round(cpu, 2) for name, cpu in idle.items()},
        "idle_seconds": idle_seconds,
    }
    rates = {name: cpu / idle_seconds for name, cpu in idle.items()}
    found["sync"] = _measure_syncs(rig, rates, [[0]] * (1 if is_quick else SYNCS))
    print(found, flush=True)
    if len(together) == AT_ONCE:
        found["at_once"] = _measure_syncs(rig, rates, [together])
    return found


def _measure_idle(rig: Rig, seconds: float) -> dict[str, float]:
    before = rig.read_cpu()
    time.sleep(seconds)
    return _subtract(rig.read_cpu(), before)


def _wait_until_quiet(rig: Rig) -> None:
    """Until whatever was just done has settled: a large parse is still being stored when its DAGs are there."""
    deadline = time.monotonic() + 120
    before = rig.read_cpu()
    while time.monotonic() < deadline:
        time.sleep(2)
        now = rig.read_cpu()
        if _subtract(now, before)["dag-processor"] / 2 < QUIET_CPU:
            return
        before = now


def _measure_syncs(rig: Rig, idle_rates: dict[str, float], rounds: list[list[int]]) -> Figures:
    """Of each sync: CPU by component beyond idling, tasks that were started, seconds from the trigger to the run's end."""
    before, started = rig.read_cpu(), time.monotonic()
    runs = [run for round_ in rounds for run in _sync(rig, round_)]
    time.sleep(1)
    seconds = time.monotonic() - started
    spent = _subtract(rig.read_cpu(), before)
    net = {name: (cpu - idle_rates[name] * seconds) / len(runs) for name, cpu in spent.items()}
    ends = sorted(run["seconds"] for run in runs)
    return {
        "syncs": len(runs),
        "task_starts": max(run["task_starts"] for run in runs),
        "cpu_seconds": {name: round(max(0.0, cpu), 2) for name, cpu in net.items()},
        "cpu_seconds_of_all": round(sum(max(0.0, cpu) for name, cpu in net.items() if name != "sandbox"), 2),
        "seconds": [round(each, 2) for each in ends],
    }


def _warm(rig: Rig, numbers: Sequence[int], modes: str) -> None:
    """Load what the sandbox has, apart from Airflow and in one process: only the syncs after that are of interest."""
    command = [str(rig.launcher.layout.python), "-m", "bench.warm", modes, *map(_name, numbers)]
    environ = child_environ(rig.launcher.layout, rig.stack, rig.launcher.environ)
    subprocess.run(command, cwd=rig.launcher.layout.checkout, env=environ, check=True)


def _sync(rig: Rig, numbers: list[int]) -> list[Figures]:
    """Of each run, in the order in which they ended: the tasks that were started, and its seconds."""
    triggered: dict[int, tuple[str, float]] = {}
    for number in numbers:
        rig.api.unpause(_dag(number))
        triggered[number] = (rig.api.trigger(_dag(number), {"mode": "frequent"}), time.time())
    ended: list[Figures] = []
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while triggered:
        for number, (run_id, began) in list(triggered.items()):
            run = rig.api.request("GET", f"/dags/{_dag(number)}/dagRuns/{run_id}")
            if run["state"] == "failed" or time.monotonic() > deadline:
                raise SystemExit(f"run {run_id} of {_dag(number)} is {run['state']}")
            if run["state"] != "success":
                continue
            del triggered[number]
            tasks = rig.api.task_instances(_dag(number), run_id)
            starts = sum(task["state"] == "success" and task["start_date"] is not None for task in tasks)
            ended.append({"task_starts": starts, "seconds": datetime.fromisoformat(run["end_date"]).timestamp() - began})
        time.sleep(POLL_SECONDS if triggered else 0)
    return ended


def _subtract(later: dict[str, float], earlier: dict[str, float]) -> dict[str, float]:
    return {name: seconds - earlier.get(name, 0.0) for name, seconds in later.items()}


def _name(number: int) -> str:
    return f"t{number:04d}"


def _dag(number: int) -> str:
    return f"org_sync_{_name(number)}"
