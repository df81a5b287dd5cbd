"""Airflow in processes and a home of its own: importing it sets up logging, plugins and a database for the whole process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dags.ready_airflow import TIMEOUT_SECONDS, ReadyAirflow

CHECKOUT = Path(__file__).parents[2]
DAGS = CHECKOUT / "dags"

Script = Callable[..., Any]


READY: dict[Path, ReadyAirflow] = {}


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An Airflow with an empty database."""
    home = tmp_path_factory.mktemp("airflow")
    READY[home] = ReadyAirflow(airflow_environment(home), CHECKOUT)
    yield home
    READY.pop(home).end()


def airflow_environment(home: Path, **changes: str) -> dict[str, str]:
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "PYTHONWARNINGS": "ignore",
    }
    return {**os.environ, **own, **changes}


def run_script(home: Path, name: str, *arguments: str, told: str = "", is_fresh: bool = False, **environment: str) -> tuple[Any, str]:
    """The JSON a script of this folder prints last, and all else it printed; `told` is its standard input.

    It runs in a fork of an Airflow that is imported already; where it is to import all by itself (`is_fresh`), in a process of its own.
    """
    script, environ = Path(__file__).parent / name, airflow_environment(home, **environment)
    if is_fresh:
        command = [sys.executable, str(script), *arguments]
        done = subprocess.run(
            command, env=environ, cwd=CHECKOUT, input=told, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
        )
    else:
        done = READY[home].run(script, arguments, environ, told)
    assert done.returncode == 0, done.stderr
    # Airflow may say goodbye after it.
    printed = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(("{", "[")))
    return json.loads(printed), done.stdout + done.stderr
