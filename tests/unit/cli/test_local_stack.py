from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from orgsync.cli.local_stack import DOWN, explain, read_ports
from orgsync.errors import ConfigurationError, MissingConnectionError, WarehouseUnavailableError

LOST = MissingConnectionError("there is no Airflow connection 'orgsync_warehouse'")
REFUSED = WarehouseUnavailableError("the warehouse at 127.0.0.1:5433/warehouse does not take connections")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local stack that is down."""
    (tmp_path / "airflow").mkdir()
    monkeypatch.setenv("ORGSYNC_STATE", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.delenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE", raising=False)
    return tmp_path


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.mark.parametrize("error", [LOST, REFUSED], ids=["no connection", "no warehouse"])
def test_with_the_local_stack_down_the_command_says_make_up(state: Path, error: MissingConnectionError) -> None:
    assert explain(error) == DOWN
    assert "`make up`" in DOWN


def test_stack_that_was_killed_is_down_too(state: Path, listening: int) -> None:
    (state / "stack.json").write_text(json.dumps({"ports": {"postgres": listening}}))
    assert explain(REFUSED) == str(REFUSED)
    (state / "stack.json").write_text(json.dumps({"ports": {"postgres": 1}}))
    assert read_ports() == {"postgres": 1}
    assert explain(REFUSED) == DOWN


def test_errors_about_something_else_are_told_as_they_are(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ConfigurationError("there is no tenant 'acme'")
    assert explain(wrong) == str(wrong)
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE", "postgresql://elsewhere/warehouse")
    assert explain(REFUSED) == str(REFUSED)
    monkeypatch.delenv("AIRFLOW_CONN_ORGSYNC_WAREHOUSE")
    monkeypatch.setenv("AIRFLOW_HOME", "/home/wang/airflow")
    assert explain(LOST) == str(LOST)
