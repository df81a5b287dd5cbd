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
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parent.parent


class ControlCallError(Exception):
    """The control API refused; the text is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass(frozen=True)
class RunningSandbox:
    url: str
    client_id: str
    client_secret: str
    process_id: int

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """`path` follows /_sandbox/, for example `dingtalk/evolve`."""
        return _call(f"{self.url}/_sandbox/{path.removeprefix('/_sandbox/').lstrip('/')}", method, json)


@contextmanager
def start_sandbox(
    people: int = 200, seed: int = 7, *, departments: int | None = None, linked: int = 0, state: Path | None = None, **settings: Any
) -> Iterator[RunningSandbox]:
    """A process of its own on a free port; `settings` are those of the control API, for example `calls_per_second=0`."""
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
    known = _call(f"{url}/_sandbox/dingtalk/settings", "PUT", settings)
    return RunningSandbox(url, known["client_id"], known["client_secret"], process.pid)


def _call(url: str, method: str, body: Any) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
    try:
        with opener.open(request, timeout=120) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise ControlCallError(error.code, json.load(error)["error"]) from None
