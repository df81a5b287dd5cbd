"""Airflow's API server alone, with the plugin and its pages in it: as few processes as there can be, users of every role, a token for each.

Run as a program (`python -m stack.page_server PORT USERS`, AIRFLOW_HOME set) it prints one line of JSON, the tokens by user, and ends when
its standard input closes.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.ports import LOOPBACK, any_free_port
from stack.processes import tail

CHECKOUT = Path(__file__).parent.parent
START_TIMEOUT_SECONDS = 180
TOKEN_SECRET = "of-a-trial-and-long-enough-for-anybody-who-asks, as RFC 7518 would have it"  # noqa: S105 - nobody keeps it secret
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Never through a proxy."""


@dataclass(frozen=True)
class PageServer:
    """The running server. `tokens` are the cookies `_token` of its users."""

    url: str
    tokens: dict[str, str]
    log: Path
    process_id: int


@contextmanager
def serve_pages(
    home: Path, environment: Mapping[str, str], users: Mapping[str, str | None], *, port: int | None = None
) -> Iterator[PageServer]:
    """`users` by name, with the role of the simple auth manager that each has; who has none is signed in and may nothing."""
    log, port = home / "server.log", port or any_free_port()
    url = f"http://{LOOPBACK}:{port}"
    given = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API_AUTH__JWT_SECRET": TOKEN_SECRET,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in users.items() if role),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "_AIRFLOW_PROCESS_CONTEXT": "server",
        "PYTHONWARNINGS": "ignore",
        **environment,
    }
    command = [sys.executable, "-m", "stack.page_server", str(port), json.dumps(dict(users))]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, env=given, cwd=CHECKOUT, text=True
        ) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line or not _answers(url, process):
                raise StackError(f"Airflow's API server did not start; its log {log} ends:\n{tail(log)}")
            yield PageServer(url, json.loads(line), log, process.pid)
        finally:
            if process.stdin:
                process.stdin.close()


def _answers(url: str, process: subprocess.Popen[str]) -> bool:
    """Whoever is not signed in is refused in words; that too is an answer of the pages."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with OPENER.open(f"{url}/organization/", timeout=60):
                return True
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code == 401
        except OSError:
            time.sleep(0.2)
    return False


def main() -> None:
    port, users = int(sys.argv[1]), json.loads(sys.argv[2])
    with contextlib.redirect_stdout(sys.stderr):
        import uvicorn
        from airflow.api_fastapi.app import create_app, get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
        from airflow.utils.db import initdb

        initdb()
        app = create_app(apps="core")
        manager = get_auth_manager()
        tokens = {name: manager.generate_jwt(SimpleAuthManagerUser(username=name, role=role)) for name, role in users.items()}
        server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_level="info", log_config=None))
    threading.Thread(target=_stop_with_input, args=(server,), daemon=True).start()
    print(json.dumps(tokens), flush=True)
    with contextlib.redirect_stdout(sys.stderr):
        server.run()
    os._exit(0)


def _stop_with_input(server: object) -> None:
    sys.stdin.read()
    server.should_exit = True  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
