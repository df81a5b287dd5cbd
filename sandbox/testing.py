"""Starts a sandbox of its own for a test and stops it again."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parent.parent
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Never through a proxy."""


class ControlCallError(Exception):
    """The control API refused; the text is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass(frozen=True)
class RunningSandbox:
    url: str
    process_id: int

    @cached_property
    def client_id(self) -> str:
        """DingTalk's, as `client_secret` is."""
        return str(self.connection("dingtalk")["login"])

    @cached_property
    def client_secret(self) -> str:
        return str(self.connection("dingtalk")["password"])

    def connection(self, platform: str) -> dict[str, Any]:
        """The fields of an Airflow connection to one of its organizations."""
        found: dict[str, Any] = self.control("GET", f"{platform}/connection")
        return found

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """`path` follows /_sandbox/, for example `dingtalk/evolve`."""
        return _call(f"{self.url}/_sandbox/{path.removeprefix('/_sandbox/').lstrip('/')}", method, json)


@contextmanager
def start_sandbox(
    people: int = 200, seed: int = 7, *, departments: int | None = None, linked: int = 0, state: Path | None = None, **settings: Any
) -> Iterator[RunningSandbox]:
    """A process of its own on a free port; `settings` are those of the control API, for example `calls_per_second=0`.

    Each platform gets those of them that it knows.
    """
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--until-stdin-closes", f"--people={people}", f"--seed={seed}"]
    command += [f"--linked={linked}"] if linked else []
    command += [] if departments is None else [f"--departments={departments}"]
    command += [] if state is None else [f"--state={state}"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _ready(process, settings)
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _ready(process: subprocess.Popen[str], settings: dict[str, Any]) -> RunningSandbox:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"the sandbox ended with code {process.wait()} before it was ready")
    url = line.split()[3]
    sandbox = RunningSandbox(url, process.pid)
    for platform in sandbox.control("GET", "health")["platforms"]:
        known = sandbox.control("GET", f"{platform}/settings")
        sandbox.control("PUT", f"{platform}/settings", {name: value for name, value in settings.items() if name in known})
    return sandbox


def _call(url: str, method: str, body: Any) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with OPENER.open(request, timeout=120) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise ControlCallError(error.code, json.load(error)["error"]) from None
