"""`make demo`: from nothing to a report and a running Airflow."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time

from stack.airflow import ADMIN, child_environ
from stack.errors import StackError
from stack.launcher import Launcher, tenant_of
from stack.messages import send_messages, take_back
from stack.runs import follow_runs, join_or_trigger, trigger, wait_for_dag
from stack.state import Stack, load_secrets

QUERIES = (
    "select tenant_id, repeat('  ', depth) || name as department from org.department_tree order by tenant_id, path_names limit 20",
    "select tenant_id, user_id, name, title, status from org.users order by tenant_id, user_id limit 10",
    "select tenant_id, changed_at, kind, count(*) from org.change where entity = 'user' group by 1, 2, 3 order by 1, 2, 3",
)
WATCH_SECONDS = 1.0
WATCH = "org_watch"
"""Tells what goes wrong while the demonstration serves: who breaks something sees it on the first page."""
NO_TODOS = "demo_wecom's `complete todo` failed, as it should: WeCom has no todos that could be completed, only cards."


def run_demo(launcher: Launcher) -> None:
    """Start, sync, report, serve until interrupted. A stack that was running before is used and goes on running."""
    stack, started_here = launcher.start()
    if not started_here:
        launcher.console.note("the stack runs already and is used")
        show_all(launcher, stack)
        launcher.console.say("It goes on running; stop it with `make down`.")
        return
    try:
        show_all(launcher, stack)
        launcher.console.say("Serving until Ctrl-C.")
        serve(launcher, stack)
    except StackError:
        if launcher.stop(only=stack):
            raise
        # What fails while somebody else stops the stack has not failed by itself.
        launcher.console.say("It was stopped elsewhere, as by `make down`; the data stays in .orgsync until `make clean`.")
    finally:
        if launcher.is_up(stack):
            launcher.console.say("Stopping ...")
            launcher.stop(only=stack)
            launcher.console.say("Stopped; the data stays in .orgsync until `make clean`.")


def show_all(launcher: Launcher, stack: Stack) -> None:
    sync(launcher, stack)
    report(launcher, stack)
    tell(launcher, stack)
    if launcher.schedules:
        launcher.api(stack).unpause(WATCH)
    show_where(launcher, stack)


def sync(launcher: Launcher, stack: Stack) -> None:
    """Every tenant at once, as the scheduler would."""
    api = launcher.api(stack)
    dags = [f"org_sync_{tenant_of(platform)}" for platform in launcher.platforms(stack)]
    with launcher.console.step(f"{', '.join(dags)} are parsed"):
        for dag_id in dags:
            wait_for_dag(api, dag_id)
    start = join_or_trigger if launcher.schedules else trigger
    runs = start(api, launcher.console, dags, {"mode": "full"})
    follow_runs(api, launcher.console, runs)


def report(launcher: Launcher, stack: Stack) -> None:
    for tenant in map(tenant_of, launcher.platforms(stack)):
        show(launcher, stack, "report", tenant)


def tell(launcher: Launcher, stack: Stack) -> None:
    """Send an announcement to everybody and a todo to a department; complete the todo, take the announcement back; show the outbox."""
    launcher.console.say()
    take_back(launcher, stack, send_messages(launcher, stack))
    show(launcher, stack, "outbox")
    if "wecom" in launcher.platforms(stack):
        launcher.console.say(NO_TODOS)


def show(launcher: Launcher, stack: Stack, *words: str) -> None:
    """Run the command for whoever watches."""
    launcher.console.say()
    command = [launcher.layout.programs / "orgsync", *words]
    environ = child_environ(launcher.layout, stack, launcher.environ)
    done = subprocess.run(command, cwd=launcher.layout.checkout, env=environ, check=False)
    sys.stdout.flush()
    if done.returncode:
        raise StackError(f"`orgsync {' '.join(words)}` ended with exit code {done.returncode}")


def show_where(launcher: Launcher, stack: Stack) -> None:
    say = launcher.console.say
    command = launcher.layout.programs / "orgsync"
    if command.is_relative_to(launcher.layout.checkout):
        command = command.relative_to(launcher.layout.checkout)
    say()
    say(f"Pages      {stack.url('ui')}/plugin/organization")
    say(f"Airflow    {stack.url('ui')}/dags")
    say(f"  login    {ADMIN}")
    say(f"  password {load_secrets(launcher.layout).admin_password}")
    say(f"Sandbox    {stack.url('sandbox')}; what people received: {stack.url('sandbox')}/inbox")
    say(f"Warehouse  127.0.0.1:{stack.ports['postgres']}, for example:")
    for query in QUERIES:
        say(f'  {shlex.quote(str(command))} sql "{query}"')
    say()


def serve(launcher: Launcher, stack: Stack) -> None:
    """Watch the processes until interrupted; raise when one ends by itself."""
    while not (dead := launcher.report_dead(stack)):
        time.sleep(WATCH_SECONDS)
    raise StackError(dead)
