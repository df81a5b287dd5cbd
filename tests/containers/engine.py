"""Podman, and podman-compose on top of it: what the checks ask of them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PROJECT = "orgsync-check"
"""Not the name that the compose file gives: a deployment on the same machine is left alone."""

# For machines on which containers may neither raise limits nor have mixed control groups for themselves.
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
[network]
network_backend = "netavark"
"""
# Podman 4 cannot start what another container requires in two steps, so podman-compose must not say it.
SHIM = """\
#!/bin/bash
args=(); for arg in "$@"; do [[ $arg == --requires=* ]] || args+=("$arg"); done
exec /usr/bin/podman "${args[@]}"
"""


class CheckError(Exception):
    """What did not hold; the text is for whoever reads it."""


def run(
    *command: str | Path,
    given: bytes | None = None,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    is_checked: bool = True,
    seconds: float = 1200,
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        command, input=given, cwd=cwd, env=dict(os.environ) | dict(environ or {}), capture_output=True, check=False, timeout=seconds
    )
    if is_checked and done.returncode:
        said = (done.stdout[-3000:] + done.stderr[-3000:]).decode(errors="replace")
        raise CheckError(f"{' '.join(map(str, command))[:300]} ended with {done.returncode}:\n{said}")
    return done


@dataclass
class Deployment:
    """A folder with a compose file, and what podman makes of it. `tools` holds podman-compose, the shim and the configuration."""

    folder: Path
    tools: Path
    environ: dict[str, str] = field(default_factory=dict)

    def compose(self, *arguments: str, given: bytes | None = None, is_checked: bool = True) -> subprocess.CompletedProcess[bytes]:
        command = [self.tools / "venv/bin/podman-compose", "--podman-path", self.tools / "podman", "--in-pod", "false", "-p", PROJECT]
        return run(*command, *arguments, given=given, cwd=self.folder, environ=self._environ(), is_checked=is_checked)

    def podman(self, *arguments: str, given: bytes | None = None, is_checked: bool = True) -> subprocess.CompletedProcess[bytes]:
        return run("podman", *arguments, given=given, cwd=self.folder, environ=self._environ(), is_checked=is_checked)

    def _environ(self) -> dict[str, str]:
        return self.environ | {"CONTAINERS_CONF": str(self.tools / "containers.conf")}

    @property
    def services(self) -> list[str]:
        """Those that go on running, which all have a health check."""
        described = yaml.safe_load((self.folder / "docker-compose.yaml").read_text())["services"]
        return [name for name, service in described.items() if "healthcheck" in service]

    def name(self, service: str) -> str:
        return f"{PROJECT}_{service}_1"

    def inspect(self, service: str) -> dict[str, Any]:
        [found] = json.loads(self.podman("inspect", self.name(service)).stdout)
        return dict(found)

    def execute(
        self, service: str, *command: str, given: bytes | None = None, is_checked: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Without `-i` podman gives no standard input."""
        return self.podman("exec", *(["-i"] if given is not None else []), self.name(service), *command, given=given, is_checked=is_checked)

    def text(self, service: str, *command: str) -> str:
        return self.execute(service, *command).stdout.decode().strip()

    def is_healthy(self, service: str) -> bool:
        """Nothing runs health checks by itself where there is no systemd: asking runs one."""
        return self.podman("healthcheck", "run", self.name(service), is_checked=False).returncode == 0

    def wait_healthy(self, services: Sequence[str], seconds: float = 240) -> float:
        """Returns the seconds it took."""
        began = time.monotonic()
        waiting = list(services)
        while waiting := [service for service in waiting if not self.is_healthy(service)]:
            if time.monotonic() - began > seconds:
                logs = self.podman("logs", "--tail", "40", self.name(waiting[0]), is_checked=False)
                raise CheckError(f"not healthy after {seconds:.0f} s: {', '.join(waiting)}\n{(logs.stdout + logs.stderr).decode()}")
            time.sleep(1)
        return time.monotonic() - began

    def up(self) -> float:
        """Starts everything, and returns the seconds until all is healthy. podman-compose waits for `init`, but not for databases."""
        began = time.monotonic()
        self.compose("up", "-d", "metadata", "warehouse")
        self.wait_healthy(("metadata", "warehouse"))
        self.compose("up", "-d")
        if code := self.inspect("init")["State"]["ExitCode"]:
            raise CheckError(f"init ended with {code}:\n{self.podman('logs', self.name('init')).stderr.decode()[-3000:]}")
        self.wait_healthy(self.services)
        return time.monotonic() - began

    def down(self, *options: str) -> None:
        self.podman("rm", "-f", "-t", "5", f"{PROJECT}_sandbox", is_checked=False)
        self.compose("down", *options)

    def is_gone(self) -> bool:
        listed = [self.podman(*words, "--filter", f"name={PROJECT}").stdout for words in (("ps", "-aq"), ("volume", "ls", "-q"))]
        return not any(listed)

    def remove(self) -> None:
        """Whatever an earlier run left."""
        self.podman("rm", "-f", "-t", "5", f"{PROJECT}_sandbox", is_checked=False)
        self.compose("down", "-v", is_checked=False)
        for kind in ("volume", "network"):
            for name in self.podman(kind, "ls", "-q", "--filter", f"name={PROJECT}").stdout.decode().split():
                self.podman(kind, "rm", "-f", name, is_checked=False)
