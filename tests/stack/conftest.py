"""Fixtures of the launcher's tests."""

from __future__ import annotations

import secrets
from typing import NoReturn

import psutil
import pytest

from stack import processes

NEEDING_A_RIGHT = ("cwd", "environ", "exe", "open_files", "net_connections", "memory_maps", "num_fds")


@pytest.fixture
def marker() -> str:
    """Of one test: others may run on this machine."""
    return secrets.token_hex(12)


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root in a container sees another user's process: all that takes CAP_SYS_PTRACE is denied."""

    def deny(process: psutil.Process, *_args: object, **_options: object) -> NoReturn:
        raise psutil.AccessDenied(process.pid)

    for name in NEEDING_A_RIGHT:
        monkeypatch.setattr(psutil.Process, name, deny)


@pytest.fixture
def powerless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root without CAP_KILL: nobody can be signalled."""

    def deny(process: psutil.Process, _number: int) -> NoReturn:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "send_signal", deny)
    monkeypatch.setattr(processes, "SECOND_PATIENCE_SECONDS", 0)
    monkeypatch.setattr(processes, "LAST_PATIENCE_SECONDS", 0)
