"""A local stack of its own with other options of Airflow's, for checks that are no part of the tests."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack.console import Console
from stack.launcher import Launcher, Organization
from stack.layout import CHECKOUT, Layout
from stack.state import Stack


@contextmanager
def running_stack(state: Path, options: Mapping[str, Mapping[str, str]], *, people: int = 200) -> Iterator[tuple[Launcher, Stack]]:
    """Only what is triggered runs. Who ends the check ends the stack too."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    layout = Layout(CHECKOUT, state)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ORGSYNC_", "AIRFLOW_"))}
    launcher = Launcher(layout, Console(), Organization(people=people), environ=environ, schedules=False, options=lambda _: options)
    try:
        stack, _ = launcher.start()
        yield launcher, stack
    finally:
        launcher.stop()
