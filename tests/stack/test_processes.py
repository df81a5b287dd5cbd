from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from stack.processes import (
    MARKER,
    ProcessRecord,
    describe,
    find_members,
    find_unclear,
    is_living_pid,
    shows_marker,
    start_process,
    stop_all,
    tail,
    uninterrupted,
)

# Starts a child in a process group of its own, as a scheduler does with a task, and says its pid.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", CHILD], process_group=0)
print(child.pid, flush=True)
time.sleep(600)
"""
PATIENT = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


class Family:
    """A parent and its child, started as the launcher starts things."""

    def __init__(self, folder: Path, child: str) -> None:
        self.folder, self.log = folder, folder / "parent.log"
        self.record = self.start("parent", PARENT.replace("CHILD", repr(child)))
        self.child_pid = int(self.wait_for_line())

    def start(self, name: str, program: str, **environ: str) -> ProcessRecord:
        return start_process(name, [sys.executable, "-c", program], log=self.folder / f"{name}.log", cwd=self.folder, environ=environ)

    def wait_for_line(self) -> str:
        while not (text := self.log.read_text()).endswith("\n"):
            time.sleep(0.01)
        return text

    def pids(self, record: ProcessRecord | None = None) -> set[int]:
        return {process.pid for process in find_members([record or self.record], folders=[self.folder])}

    def kill_parent(self) -> None:
        os.kill(self.record.pid, signal.SIGKILL)
        psutil.Process(self.record.pid).wait()


@pytest.fixture
def make_family(tmp_path):
    families: list[Family] = []

    def make(child: str = PATIENT) -> Family:
        families.append(Family(tmp_path, child))
        return families[-1]

    yield make
    for family in families:
        for pid in (family.record.pid, family.child_pid):
            if is_living_pid(pid):
                os.kill(pid, signal.SIGKILL)


def test_members_are_the_process_and_its_descendants(make_family):
    family = make_family()
    assert family.pids() == {family.record.pid, family.child_pid}


def test_orphan_in_the_session_is_found(make_family):
    family = make_family()
    family.kill_parent()
    assert family.pids() == {family.child_pid}


def test_orphan_elsewhere_is_not_ours(make_family, tmp_path):
    family = make_family()
    family.kill_parent()
    assert find_members([family.record], folders=[tmp_path / "other"]) == []


@pytest.mark.usefixtures("blind")
def test_orphan_of_which_nothing_can_be_found_out_is_neither_ours_nor_forgotten(make_family):
    family = make_family()
    assert find_unclear([family.record], folders=[family.folder]) == []
    family.kill_parent()
    assert find_members([family.record], folders=[family.folder]) == []
    unclear = find_unclear([family.record], folders=[family.folder])
    assert [process.pid for process in unclear] == [family.child_pid]
    assert describe(unclear).startswith(f"{family.child_pid} python")


def test_what_can_be_found_out_is_not_unclear(make_family):
    family = make_family()
    family.kill_parent()
    assert find_unclear([family.record], folders=[]) == []


@pytest.mark.parametrize(
    ("command", "is_ours"),
    [
        (["postgres", "-D", "/srv/cluster", "-c", "cluster_name=0123abcd"], True),
        (["postgres: 0123abcd: checkpointer ", "", ""], True),
        (["postgres:", "0123abcd:", "orgsync", "warehouse", "127.0.0.1(40000)", "idle"], True),
        (["postgres: 0123abcdef: checkpointer "], False),
        (["postgres: checkpointer "], False),
        (["grep", "0123abcd", "stack.json"], False),
        (["grep", "postgres: 0123abcd: ", "log"], False),
        ([], False),
    ],
)
def test_postgresql_shows_everybody_whose_it_is(command, is_ours):
    assert shows_marker(command, "0123abcd") is is_ours


@pytest.mark.usefixtures("powerless")
def test_who_may_not_be_ended_survives_and_is_told(make_family):
    family = make_family()
    members = find_members([family.record], folders=[family.folder])
    assert stop_all(members, patience_seconds=0) == members


def test_marked_process_is_found_without_a_record(make_family, marker):
    family = make_family()
    stray = family.start("stray", PATIENT, **{MARKER: marker})
    try:
        while True:
            # Between fork and exec it still has the environment of its parent.
            found = find_members([], marker=marker)
            if found:
                break
        assert [process.pid for process in found] == [stray.pid]
        assert find_members([], marker=marker[:-1]) == []
    finally:
        stop_all(found)


def test_same_pid_with_another_start_time_is_somebody_else(make_family):
    family = make_family()
    stranger = replace(family.record, started_at=family.record.started_at - 3600)
    assert not stranger.is_alive()
    assert family.pids(stranger) == set()


def test_stop_ends_the_whole_family(make_family):
    family = make_family()
    stop_all(find_members([family.record], folders=[family.folder]))
    assert family.pids() == set()
    assert not is_living_pid(family.child_pid)


def test_who_does_not_listen_is_killed(make_family):
    family = make_family(STUBBORN)
    stop_all(find_members([family.record], folders=[family.folder]), patience_seconds=0.5)
    assert not is_living_pid(family.child_pid)


def test_only_those_asked_get_the_first_signal(tmp_path, make_family):
    told = tmp_path / "told"
    family = make_family(
        f"import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: open({str(told)!r}, 'w').close()); time.sleep(600)"
    )
    members = find_members([family.record], folders=[family.folder])
    stop_all(members, asked=[one for one in members if one.pid == family.record.pid], first=signal.SIGINT, patience_seconds=0.5)
    assert not told.exists()
    assert not is_living_pid(family.child_pid)


def test_zombie_is_not_alive(tmp_path):
    record = start_process("short", [sys.executable, "-c", ""], log=tmp_path / "short.log", cwd=tmp_path, environ={})
    while psutil.Process(record.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert not record.is_alive()
    psutil.Process(record.pid).wait()


def test_log_is_private_and_its_end_is_shown(tmp_path):
    log = tmp_path / "logs" / "talk.log"
    record = start_process("talk", [sys.executable, "-c", "print(*range(100), sep='\\n')"], log=log, cwd=tmp_path, environ={})
    psutil.Process(record.pid).wait()
    assert log.stat().st_mode & 0o777 == 0o600
    assert tail(log, 2) == "98\n99"
    assert tail(tmp_path / "none.log") == "(no log)"


def interrupt(*, only_later: bool, done: list[str]) -> None:
    with uninterrupted(only_later=only_later):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        done.append("to its end")


def test_interrupt_does_not_end_what_must_be_finished():
    done: list[str] = []
    interrupt(only_later=False, done=done)
    assert done == ["to its end"]


def test_interrupt_is_heeded_afterwards_where_that_is_wanted():
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupt(only_later=True, done=done)
    assert done == ["to its end"]
