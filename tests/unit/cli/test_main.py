"""Which Airflow the command takes its connections from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orgsync.cli.main import prepare_environment


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AIRFLOW_HOME", raising=False)
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "")
    monkeypatch.setenv("AIRFLOW__LOGGING__LOGGING_LEVEL", "")
    monkeypatch.setenv("ORGSYNC_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (["state/airflow", "airflow"], "state/airflow"),
        (["airflow"], "airflow"),
        ([], "state/airflow-of-the-command"),
    ],
    ids=["the local stack's before the user's own", "the user's own", "one that soils no folder"],
)
def test_airflow_home(homes: Path, there: list[str], taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in there:
        (homes / name).mkdir(parents=True)
    prepare_environment()
    assert os.environ["AIRFLOW_HOME"] == str(homes / taken)
    monkeypatch.delenv("AIRFLOW_HOME")


def test_airflow_home_that_is_named_is_kept(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", "/srv/airflow")
    prepare_environment()
    assert os.environ["AIRFLOW_HOME"] == "/srv/airflow"
