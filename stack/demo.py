"""`make demo`: from nothing to a report and a running Airflow."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time

from stack.airflow import ADMIN, child_environ
from stack.errors import StackError
from stack.launcher import TENANT, Launcher
from stack.runs import join_or_run_dag, run_dag, wait_for_dag
from stack.state import Stack, load_secrets

DAG_ID = f"org_sync_{TENANT}"
QUERIES = (
    "select repeat('  ', depth) || name as department from org.department_tree order by path_names limit 20",
    "select user_id, name, title, status from org.users order by user_id limit 10",
    "select changed_at, kind, count(*) from org.change where entity = 'user' group by 1, 2 order by 1, 2",
)
WATCH_SECONDS = 1.0


def run_demo(launcher: Launcher) -> None:
    """Start, sync, report, serve until interrupted. A stack that was running before is used and goes on running."""
    stack, started_here = launcher.start()
    if not started_here:
        launcher.console.note("the stack runs already and is used")
    try:
        sync(launcher, stack)
        report(launcher, stack)
        show_where(launcher, stack)
        if started_here:
            launcher.console.say("Serving until Ctrl-C.")
            serve(launcher, stack)
        else:
            launcher.console.say("It goes on running; stop it with `make down`.")
    finally:
        if started_here:
            launcher.console.say("Stopping ...")
            launcher.stop()
            launcher.console.say("Stopped; the data stays in .orgsync until `make clean`.")


def sync(launcher: Launcher, stack: Stack) -> None:
    api = launcher.api(stack)
    with launcher.console.step(f"{DAG_ID} is parsed"):
        wait_for_dag(api, DAG_ID)
    run = join_or_run_dag if launcher.schedules else run_dag
    run(api, launcher.console, DAG_ID, {"mode": "full"})


def report(launcher: Launcher, stack: Stack) -> None:
    launcher.console.say()
    command = [launcher.layout.programs / "orgsync", "report", TENANT]
    environ = child_environ(launcher.layout, stack, launcher.environ)
    done = subprocess.run(command, cwd=launcher.layout.checkout, env=environ, check=False)
    sys.stdout.flush()
    if done.returncode:
        raise StackError(f"`orgsync report {TENANT}` ended with exit code {done.returncode}")


def show_where(launcher: Launcher, stack: Stack) -> None:
    say = launcher.console.say
    command = launcher.layout.programs / "orgsync"
    if command.is_relative_to(launcher.layout.checkout):
        command = command.relative_to(launcher.layout.checkout)
    say()
    say(f"Airflow    {stack.url('ui')}/dags/{DAG_ID}")
    say(f"  login    {ADMIN}")
    say(f"  password {load_secrets(launcher.layout).admin_password}")
    say(f"Sandbox    {stack.url('sandbox')}")
    say(f"Warehouse  127.0.0.1:{stack.ports['postgres']}, for example:")
    for query in QUERIES:
        say(f'  {shlex.quote(str(command))} sql "{query}"')
    say()


def serve(launcher: Launcher, stack: Stack) -> None:
    """Watch the processes until interrupted; raise when one ends by itself."""
    while not (dead := launcher.report_dead(stack)):
        time.sleep(WATCH_SECONDS)
    raise StackError(dead)
