from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import replace

import psutil
import pytest

from sandbox.testing import start_sandbox
from stack import demo
from stack.console import Console
from stack.errors import StackError
from stack.folders import remove_folder
from stack.launcher import Launcher, answers
from stack.layout import CHECKOUT, Layout
from stack.postgres import PostgresServer
from stack.processes import ProcessRecord, start_process
from stack.state import Stack, lock_state, read_stack, write_stack


@pytest.fixture
def launcher(tmp_path):
    launcher = Launcher(Layout(CHECKOUT, tmp_path / "state"), Console())
    launcher.layout.make_state()
    yield launcher
    launcher.clean()


@pytest.fixture
def started(monkeypatch):
    """How often everything was started; a start is one sleeping process."""
    starts: list[Stack] = []

    def start_all(launcher: Launcher, stack: Stack) -> None:
        starts.append(stack)
        stack.processes.append(sleep(launcher))
        stack.is_ready = True
        write_stack(launcher.layout, stack)

    monkeypatch.setattr(Launcher, "_start_all", start_all)
    return starts


def sleep(launcher: Launcher, name: str = "scheduler") -> ProcessRecord:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    return start_process(name, command, log=launcher.layout.log(name), cwd=launcher.layout.state, environ={})


def kill(record: ProcessRecord) -> None:
    os.kill(record.pid, signal.SIGKILL)
    psutil.Process(record.pid).wait()


def test_second_start_finds_the_first(launcher, started):
    first, started_first = launcher.start()
    second, started_second = launcher.start()
    assert (started_first, started_second) == (True, False)
    assert (second, len(started)) == (first, 1)


def test_start_after_a_process_died_stops_the_rest(launcher, started):
    first, _ = launcher.start()
    survivor = sleep(launcher, "triggerer")
    write_stack(launcher.layout, Stack(first.stack_id, processes=[*first.processes, survivor], is_ready=True))
    kill(first.processes[0])
    second, started_second = launcher.start()
    assert started_second
    assert second.stack_id != first.stack_id
    assert not survivor.is_alive()


def test_start_that_was_cut_off_is_not_taken_for_a_stack(launcher, started):
    remains = sleep(launcher)
    write_stack(launcher.layout, Stack(processes=[remains]))
    assert launcher.start()[1]
    assert not remains.is_alive()


def test_failed_start_leaves_nothing(launcher, monkeypatch):
    records: list[ProcessRecord] = []

    def fail(launcher: Launcher, stack: Stack) -> None:
        records.append(sleep(launcher))
        stack.processes.append(records[0])
        raise RuntimeError

    monkeypatch.setattr(Launcher, "_start_all", fail)
    with pytest.raises(RuntimeError):
        launcher.start()
    assert not records[0].is_alive()
    assert read_stack(launcher.layout) is None


def test_stop_ends_the_database_too(launcher):
    server = PostgresServer(launcher.layout.postgres, "s3cret")
    record = server.start(port=0)
    write_stack(launcher.layout, Stack(ports={"postgres": server.port}, processes=[record, sleep(launcher)]))
    assert launcher.stop()
    assert not record.is_alive()
    assert not launcher.stop()


def test_stack_that_cannot_be_stopped_is_not_forgotten(launcher, powerless, monkeypatch):
    record = sleep(launcher)
    write_stack(launcher.layout, Stack(processes=[record]))
    monkeypatch.setattr("stack.launcher.STOP_PATIENCE_SECONDS", 0)
    with pytest.raises(StackError, match=f"still run: {record.pid} python"):
        launcher.stop()
    assert read_stack(launcher.layout).processes == [record]
    monkeypatch.undo()


def test_sandbox_of_another_stack_is_not_taken_for_ours(launcher):
    record = sleep(launcher, "sandbox")
    with start_sandbox(people=10) as theirs:
        health = f"{theirs.url}/_sandbox/health"
        assert not answers(health, record)
        assert answers(health, replace(record, pid=theirs.process_id))
    assert not answers(health, record)


def test_dead_process_is_named_with_the_end_of_its_log(launcher):
    record = sleep(launcher, "dag-processor")
    launcher.layout.log("dag-processor").write_text("something broke\n")
    kill(record)
    text = launcher.report_dead(Stack(processes=[record]))
    assert "dag-processor stopped" in text
    assert text.endswith("something broke")


def test_clean_leaves_no_trace(launcher):
    server = PostgresServer(launcher.layout.postgres, "s3cret", log=launcher.layout.log("postgres"))
    record = server.start(port=0)
    write_stack(launcher.layout, Stack(processes=[record]))
    launcher.clean()
    assert not record.is_alive()
    assert not server.place.exists()
    assert not launcher.layout.state.exists()


def test_stop_of_one_stack_leaves_another_alone(launcher, started):
    stack, _ = launcher.start()
    assert not launcher.stop(only=Stack())
    assert launcher.is_up(stack)
    assert launcher.stop(only=stack)
    assert not launcher.is_up(stack)


def test_demo_that_is_stopped_elsewhere_ends_well(launcher, started, monkeypatch, capsys):
    """`make down` holds the lock while it ends processes; the demo sees them die, waits for it, and has not failed."""
    stopping, seen = threading.Event(), threading.Event()

    def serve_until_it_dies(_: Launcher, stack: Stack) -> None:
        elsewhere.start()
        stopping.wait(20)
        seen.set()
        raise StackError("scheduler stopped")

    def stop_slowly() -> None:
        other = Launcher(launcher.layout, Console())
        with lock_state(other.layout):
            stopping.set()
            seen.wait(20)
            other._stop(read_stack(other.layout))

    elsewhere = threading.Thread(target=stop_slowly)
    monkeypatch.setattr(demo, "show_all", lambda *_: None)
    monkeypatch.setattr(demo, "serve", serve_until_it_dies)
    demo.run_demo(launcher)
    elsewhere.join()
    assert "stopped elsewhere" in capsys.readouterr().out


def test_demo_whose_process_died_by_itself_fails(launcher, started, monkeypatch):
    def serve_until_it_dies(_: Launcher, stack: Stack) -> None:
        raise StackError("scheduler stopped; the end of its log")

    monkeypatch.setattr(demo, "show_all", lambda *_: None)
    monkeypatch.setattr(demo, "serve", serve_until_it_dies)
    with pytest.raises(StackError, match="the end of its log"):
        demo.run_demo(launcher)
    assert read_stack(launcher.layout) is None


def test_what_cannot_be_deleted_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StackError, match=r"/file cannot be deleted: Not a directory"):
        remove_folder(tmp_path / "file")
    remove_folder(tmp_path / "gone already")
