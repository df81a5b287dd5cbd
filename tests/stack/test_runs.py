from __future__ import annotations

from typing import Any

import pytest

from stack import runs
from stack.console import Console
from stack.errors import StackError


def make_task(task_id: str, state: str | None, **changes: Any) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": -1, "state": state, "start_date": "2026-01-01", "duration": 1.25} | changes


class FakeApi:
    """Answers as Airflow would, one look after the other; the last look goes on."""

    def __init__(self, **looks: list[tuple[str, list[dict[str, Any]]]]) -> None:
        self.looks = looks

    def run_state(self, dag_id: str, _: str) -> str:
        return self.looks[dag_id][0][0]

    def task_instances(self, dag_id: str, _: str) -> list[dict[str, Any]]:
        looks = self.looks[dag_id]
        return (looks.pop(0) if len(looks) > 1 else looks[0])[1]

    def log_lines(self, *_: Any) -> list[str]:
        return ["what went wrong"]


@pytest.fixture(autouse=True)
def without_delay(monkeypatch):
    monkeypatch.setattr(runs, "POLL_SECONDS", 0)


def test_runs_are_followed_together_and_what_they_skip_is_not_told(capsys):
    first = [("running", [make_task("extract", "success")]), ("success", [make_task("merge", "success")])]
    second = [("success", [make_task("replay", "skipped"), make_task("extract", "success")])]
    runs.follow_runs(FakeApi(first=first, second=second), Console(), {"first": "one", "second": "two"})
    lines = [line.split(" s  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["  first extract: done (1.2 s)", "  second extract: done (1.2 s)", "  first merge: done (1.2 s)"]


def test_long_wait_says_for_what(capsys, monkeypatch):
    monkeypatch.setattr(runs, "QUIET_SECONDS", -1)
    queued = [("queued", []), ("success", [])]
    busy = [("running", [make_task("deliver", "running")]), ("running", [make_task("deliver", "running")]), ("success", [])]
    runs.follow_runs(FakeApi(queued=queued, busy=busy), Console(), {"queued": "one", "busy": "two"})
    assert "busy: deliver" in capsys.readouterr().out


def test_failed_task_ends_the_wait_with_the_end_of_its_log():
    failed = [("running", [make_task("extract", "failed", try_number=1)])]
    with pytest.raises(StackError, match="what went wrong"):
        runs.follow_runs(FakeApi(broken=failed), Console(), {"broken": "one"})
