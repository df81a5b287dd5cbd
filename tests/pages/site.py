"""Airflow's API server with the pages in it, over the warehouse of a company."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.pages.company import Company

CHECKOUT = Path(__file__).parents[2]
SERVER_SECONDS = 180
USERS = "eva:admin,olaf:op,uma:user,vic:viewer"


@dataclass(frozen=True)
class Site:
    """The running server. `tokens` are of the users of `serve.py`."""

    url: str
    tokens: dict[str, str]
    company: Company
    log: Path

    def get(self, path: str, user: str | None = "vic", **options: Any) -> requests.Response:
        """A page, as somebody who is signed in, or nobody."""
        return self.ask("GET", path, user, **options)

    def post(self, path: str, user: str | None = "vic", **options: Any) -> requests.Response:
        """As the script of the pages does it."""
        headers = {"X-Orgsync": "1", "Sec-Fetch-Site": "same-origin"} | options.pop("headers", {})
        return self.ask("POST", path, user, headers=headers, **options)

    def ask(self, method: str, path: str, user: str | None, **options: Any) -> requests.Response:
        cookies = {"_token": self.tokens[user]} if user else {}
        options = {"timeout": 60} | options
        return requests.request(method, f"{self.url}/organization/{path.lstrip('/')}", cookies=cookies, **options)


@contextmanager
def open_site(company: Company, home: Path, *, port: int | None = None) -> Iterator[Site]:
    log = home / "server.log"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "plugins" / "for_airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": USERS,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__API_AUTH__JWT_SECRET": "of-a-test-and-long-enough-for-anybody-who-asks",
        "_AIRFLOW_PROCESS_CONTEXT": "server",
        "PYTHONWARNINGS": "ignore",
        **company.environment,
    }
    port = port or find_port()
    environment["AIRFLOW__API__BASE_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(Path(__file__).with_name("serve.py")), str(port)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, env=environment, cwd=CHECKOUT, text=True
        ) as process,
    ):
        assert process.stdout
        assert process.stdin
        line = process.stdout.readline()
        assert line, log.read_text()[-4000:]
        site = Site(f"http://127.0.0.1:{port}", json.loads(line), company, log)
        try:
            wait_for(site, process)
            yield site
        finally:
            process.stdin.close()


def wait_for(site: Site, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if site.get("", timeout=30).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(site.log.read_text()[-4000:])


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
