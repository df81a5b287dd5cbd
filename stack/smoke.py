"""`make smoke`: the main job twice in a fresh stack, checked against the sandbox's own truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from stack.airflow import call
from stack.checks import Check, departments_of, people_of, query
from stack.console import Console
from stack.demo import report, sync
from stack.errors import StackError
from stack.events import check_events, receive_events
from stack.gates import PAST_STANZA, check_approval, check_past
from stack.launcher import Launcher, tenant_of
from stack.layout import Layout
from stack.messages import check_messages
from stack.ports import is_listening
from stack.removal import check_forgetting
from stack.state import Stack, read_stack


@dataclass(frozen=True)
class Change:
    """A row of `org.change`, as far as the checks read it."""

    entity: str
    kind: str
    user_id: str | None
    department_id: str | None
    changed_at: str
    column_name: str | None

    @property
    def key(self) -> str:
        return str(self.user_id if self.entity == "user" else self.department_id)


def smoke_launcher(launcher: Launcher) -> Launcher:
    """The same launcher with a state folder of its own, none of the caller's settings, and only the runs that are triggered."""
    layout = Layout(launcher.layout.checkout, launcher.layout.state / "smoke")
    environ = {key: value for key, value in launcher.environ.items() if not key.startswith("ORGSYNC_")}
    environ["ORGSYNC_TENANTS"] = str(layout.state / "tenants.yaml")
    return replace(launcher, layout=layout, environ=environ, schedules=False)


def run_smoke(launcher: Launcher) -> bool:
    smoke = smoke_launcher(launcher)
    smoke.clean()
    write_tenants(smoke)
    checks: list[Check] = []
    try:
        stack, _ = smoke.start()
        checks += check_first_sync(smoke, stack)
        checks += check_second_sync(smoke, stack)
        checks += check_events(smoke, stack)
        checks += check_messages(smoke, stack)
        checks += check_approval(smoke, stack, "dingtalk")
        checks += check_past(smoke, stack)
        checks += check_forgetting(smoke, stack, "dingtalk")
    except StackError as error:
        smoke.console.say(f"\n{error}\n")
        checks.append(Check("runs to its end", Counter(["yes"]), Counter(["no"])))
    finally:
        if left_behind := read_stack(smoke.layout):
            checks += check_stop(smoke, left_behind)
    show(smoke.console, checks)
    passed = all(check.passed for check in checks)
    if passed:
        smoke.clean()
    else:
        smoke.console.say(f"The logs are in {smoke.layout.logs}; `make clean` deletes them.")
    return passed


def write_tenants(smoke: Launcher) -> None:
    """The demonstration's, which receive events here, and one that runs once a day, so that a backfill of some days is some runs."""
    smoke.layout.make_state()
    shipped = (smoke.layout.checkout / "include" / "tenants.yaml").read_text(encoding="utf-8")
    (smoke.layout.state / "tenants.yaml").write_text(receive_events(shipped.rstrip() + "\n") + PAST_STANZA, encoding="utf-8")


def check_first_sync(smoke: Launcher, stack: Stack) -> list[Check]:
    sync(smoke, stack)
    report(smoke, stack)
    return [check for platform in smoke.platforms(stack) for check in check_people(smoke, stack, platform, "after the first sync")]


def check_second_sync(smoke: Launcher, stack: Stack) -> list[Check]:
    before = {platform: read_tenant(smoke, stack, platform) for platform in smoke.platforms(stack)}
    truths = {platform: evolve(smoke, stack, platform) for platform in before}
    sync(smoke, stack)
    report(smoke, stack)
    checks: list[Check] = []
    for platform, (changes, known) in before.items():
        after = Counter(read_changes(smoke, stack, platform))
        kept = Check("earlier changes that are still there", count_keys(changes), count_keys(changes & after))
        new = check_changes(truths[platform], list((after - changes).elements()), known)
        checks += [replace(check, name=f"{platform}: {check.name}") for check in (kept, *new)]
        checks += check_people(smoke, stack, platform, "after the second sync")
    return checks


def read_tenant(smoke: Launcher, stack: Stack, platform: str) -> tuple[Counter[Change], set[str]]:
    """What is known of an organization's changes and people."""
    return Counter(read_changes(smoke, stack, platform)), read_known_users(smoke, stack, platform)


def evolve(smoke: Launcher, stack: Stack, platform: str) -> dict[str, Any]:
    truth: dict[str, Any] = call("POST", f"{stack.url('sandbox')}/_sandbox/{platform}/evolve", {})
    happened = ", ".join(f"{len(ids)} {kind}" for kind, ids in truth.items() if is_list(ids))
    smoke.console.note(f"the sandbox's organization on {platform} evolved: {happened}")
    return truth


def check_people(smoke: Launcher, stack: Stack, platform: str, when: str) -> list[Check]:
    organization = call("GET", f"{stack.url('sandbox')}/_sandbox/{platform}/organization")
    users = query(smoke, stack, tenant_of(platform), "select user_id from org.users where tenant_id = %s")
    departments = query(smoke, stack, tenant_of(platform), "select department_id from org.departments where tenant_id = %s")
    return [
        Check(f"{platform}: people {when}", Counter(people_of(organization)), Counter(row[0] for row in users)),
        Check(f"{platform}: departments {when}", Counter(departments_of(organization)), Counter(row[0] for row in departments)),
    ]


def check_changes(truth: dict[str, Any], changes: list[Change], known: set[str]) -> list[Check]:
    """Someone who returns without having been seen before is new to the warehouse."""
    returned = ids_of(truth["returned"])
    expected = {
        ("user", "joined"): [*ids_of(truth["joined"]), *(one for one in returned if one not in known)],
        ("user", "left"): ids_of(truth["left"]),
        ("user", "returned"): [one for one in returned if one in known],
        ("user", "moved"): ids_of(truth["moved"]),
        ("user", "renamed"): ids_of(truth["renamed"]),
        ("department", "created"): ids_of(truth["departments_created"]),
        ("department", "removed"): ids_of(truth["departments_removed"]),
        ("department", "moved"): ids_of(truth["departments_moved"]),
        ("department", "renamed"): ids_of(truth["departments_renamed"]),
    }
    return [
        Check(f"{entity} {kind}", Counter(ids), Counter(one.key for one in changes if (one.entity, one.kind) == (entity, kind)))
        for (entity, kind), ids in expected.items()
    ]


def check_stop(smoke: Launcher, stack: Stack) -> list[Check]:
    """Stop the stack and look for what is left of it."""
    members = smoke.members(stack)
    try:
        smoke.stop()
    except StackError as error:
        # What it could not end is counted below.
        smoke.console.say(f"\n{error}\n")
    left = [f"{process.pid} {process.name()}" for process in members if process.is_running() and process.status() != "zombie"]
    left += [f"{process.pid} {process.name()}" for process in [*smoke.members(stack), *smoke.unclear(stack)]]
    listening = [f"{name} on {port}" for name, port in stack.ports.items() if is_listening(port)]
    return [Check("processes left", Counter(), Counter(left)), Check("ports left listening", Counter(), Counter(listening))]


def read_changes(smoke: Launcher, stack: Stack, platform: str) -> list[Change]:
    columns = "entity, kind, user_id, department_id, changed_at::text, column_name"
    return [Change(*row) for row in query(smoke, stack, tenant_of(platform), f"select {columns} from org.change where tenant_id = %s")]  # noqa: S608


def count_keys(changes: Counter[Change]) -> Counter[str]:
    return Counter(change.key for change in changes.elements())


def read_known_users(smoke: Launcher, stack: Stack, platform: str) -> set[str]:
    return {
        row[0] for row in query(smoke, stack, tenant_of(platform), "select distinct user_id from org.user_version where tenant_id = %s")
    }


def is_list(value: Any) -> bool:
    return isinstance(value, list)


def ids_of(ids: Iterable[Any]) -> list[str]:
    return [str(one) for one in ids]


def show(console: Console, checks: list[Check]) -> None:
    console.say()
    for check in checks:
        console.say(check.line())
    failed = sum(not check.passed for check in checks)
    console.say(f"\n{'FAIL' if failed else 'PASS'}: {len(checks) - failed} of {len(checks)} checks passed")
