from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from stack.layout import CHECKOUT

# Airflow is not imported: what matters here is who runs where.
PROGRAM = """
import os, sys, time, types
import stack.components as components
components.SHARED = components.FOR_TASKS = ()
def run():
    print(sys.argv, os.getsid(0) == os.getpid(), flush=True)
    time.sleep(600)
sys.modules["airflow.__main__"] = types.SimpleNamespace(main=run)
components.main()
"""


def run_components(text: str) -> list[str]:
    reading, writing = os.pipe()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(writing)], input=text, text=True, cwd=CHECKOUT, pass_fds=[writing], check=False
    )
    os.close(writing)
    assert done.returncode == 0
    with os.fdopen(reading) as reports:
        return reports.read().splitlines()


@pytest.fixture
def scheduler_log(tmp_path) -> Path:
    return tmp_path / "scheduler.log"


def test_components_outlive_their_parent_in_sessions_of_their_own(scheduler_log):
    wanted = {"scheduler": {"arguments": ["scheduler", "--skip-serve-logs"], "log": str(scheduler_log)}}
    ready, pids = run_components(json.dumps(wanted) + "\n")
    scheduler = psutil.Process(json.loads(pids)["scheduler"])
    try:
        while "\n" not in scheduler_log.read_text() if scheduler_log.exists() else True:
            time.sleep(0.01)
        assert ready == "ready"
        assert scheduler_log.read_text() == "['airflow', 'scheduler', '--skip-serve-logs'] True\n"
        assert scheduler_log.stat().st_mode & 0o777 == 0o600
    finally:
        scheduler.kill()


def test_nothing_is_started_when_the_launcher_is_gone():
    assert run_components("") == ["ready"]
