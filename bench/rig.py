"""The local stack as a benchmark has it: running, with what it is asked by, and what its processes take."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from stack.airflow import AirflowApi
from stack.launcher import Launcher
from stack.state import Stack


@dataclass(frozen=True)
class Rig:
    """The running stack, and what it is asked with."""

    launcher: Launcher
    stack: Stack
    api: AirflowApi

    def find_processes(self, component: str) -> list[psutil.Process]:
        """The component's own first, then whatever it started."""
        root = next(record.pid for record in self.stack.processes if record.name == component)
        found = psutil.Process(root)
        return [found, *found.children(recursive=True)]

    def read_cpu(self) -> dict[str, float]:
        """The CPU seconds of each component so far, with all that its processes started and have seen the end of."""
        seconds = {record.name: 0.0 for record in self.stack.processes}
        roots = {record.pid: record.name for record in self.stack.processes}
        for process in self.launcher.members(self.stack):
            try:
                line = [process, *process.parents()]
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            name = next((roots[each.pid] for each in line if each.pid in roots), None)
            if name:
                seconds[name] += times.user + times.system + times.children_user + times.children_system
        return seconds
