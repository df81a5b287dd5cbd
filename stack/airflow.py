"""Airflow's configuration, environment and REST API, as far as the local stack needs them."""

from __future__ import annotations

import configparser
import io
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from stack.errors import StackError
from stack.layout import Layout
from stack.ports import LOOPBACK
from stack.processes import MARKER
from stack.state import Secrets, Stack, write_private

ADMIN = "admin"
METADATA_DATABASE = "airflow"
WAREHOUSE_DATABASE = "warehouse"

# Under the name of Airflow's own bundle, so that a DAG keeps its history whichever of the two is configured.
BUNDLES = [{"name": "dags-folder", "classpath": "orgsync.airflow_parts.tenants_bundle.TenantsBundle", "kwargs": {}}]

# `--skip-serve-logs`: the log server listens on every address and cannot be told otherwise; here the UI reads the files.
COMPONENTS: dict[str, list[str]] = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


def write_configuration(
    layout: Layout,
    stack: Stack,
    secrets: Secrets,
    *,
    metadata_dsn: str,
    schedules: bool = True,
    other: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """`other` options take the place of those below, or stand beside them."""
    home = layout.airflow_home
    passwords = home / "passwords.json"
    write_private(passwords, json.dumps({ADMIN: secrets.admin_password}) + "\n")
    values = configuration(layout, stack, secrets, metadata_dsn=metadata_dsn, passwords_file=str(passwords))
    if not schedules:
        values["scheduler"]["use_job_schedule"] = "False"
    for section, options in (other or {}).items():
        values.setdefault(section, {}).update(options)
    parser = configparser.RawConfigParser()
    for section, options in values.items():
        # Airflow interpolates, so a percent sign in a path must be doubled.
        parser[section] = {key: value.replace("%", "%%") for key, value in options.items()}
    text = io.StringIO()
    text.write("# Written by the launcher at each start: only what differs from Airflow's defaults.\n")
    parser.write(text)
    write_private(home / "airflow.cfg", text.getvalue())


def configuration(layout: Layout, stack: Stack, secrets: Secrets, *, metadata_dsn: str, passwords_file: str) -> dict[str, dict[str, str]]:
    url = stack.url("ui")
    return {
        "core": {
            "dags_folder": str(layout.checkout / "dags"),
            "load_examples": "False",
            # The defaults, half a minute and a bit more, are too short for a laptop that is busy with something else.
            "dagbag_import_timeout": "180",
            "executor": "LocalExecutor",
            # The default of 32 workers slows the first task on a laptop to ten seconds.
            "parallelism": "4",
            "fernet_key": secrets.fernet_key,
            "test_connection": "Enabled",
            # The simple auth manager, and beside its user the people of the sandbox's organizations.
            "auth_manager": "orgsync.sign_in.manager.OrganizationAuthManager",
            "simple_auth_manager_users": f"{ADMIN}:admin",
            "simple_auth_manager_passwords_file": passwords_file,
            "execution_api_server_url": f"{url}/execution/",
            "hostname_callable": "socket.gethostname",
        },
        "database": {
            "sql_alchemy_conn": metadata_dsn.replace("postgresql://", "postgresql+psycopg2://"),
            # One endpoint would use it (`.../dagRuns/{id}/wait`), through a second driver and a second pool of connections.
            "sql_alchemy_conn_async": "",
        },
        "api": {
            "host": LOOPBACK,
            "port": str(stack.ports["ui"]),
            "base_url": url,
            "workers": "1",
            "secret_key": secrets.api_secret_key,
            "instance_name": "orgsync",
        },
        "api_auth": {"jwt_secret": secrets.jwt_secret},
        "scheduler": {"scheduler_idle_sleep_time": "0.1", "enable_health_check": "False"},
        "dag_processor": {
            # It notices a change of the tenants file at once; nothing else makes parsing our files again worth while.
            "dag_bundle_config_list": json.dumps(BUNDLES),
            "min_file_process_interval": "1800",
            "refresh_interval": "10",
            "bundle_refresh_check_interval": "5",
            "parsing_processes": "1",
            "dag_file_processor_timeout": "240",
        },
        # A laptop that starts four servers at once may be slow to answer its first task.
        "workers": {"execution_api_timeout": "30"},
        "logging": {
            "base_log_folder": str(layout.logs / "tasks"),
            "dag_processor_child_process_log_directory": str(layout.logs / "dag-files"),
            "colored_console_log": "False",
            "file_task_handler_new_folder_permissions": "0o700",
            "file_task_handler_new_file_permissions": "0o600",
        },
        "usage_data_collection": {"enabled": "False"},
    }


def child_environ(layout: Layout, stack: Stack, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The caller's environment without what would override the configuration, and without telemetry."""
    kept = {key: value for key, value in environ.items() if not key.startswith(("AIRFLOW", "_AIRFLOW", "PG", "GX_"))}
    no_proxy = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), LOOPBACK, "localhost"]))
    return kept | {
        "PATH": f"{layout.programs}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "AIRFLOW_HOME": str(layout.airflow_home),
        "ORGSYNC_STATE": str(layout.state),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "GX_ANALYTICS_ENABLED": "false",
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
        MARKER: stack.stack_id,
    }


class RestError(StackError):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}")
        self.status = status


def call(method: str, url: str, body: Any = None, *, token: str | None = None, timeout_seconds: float = 30) -> Any:
    """One JSON request to a server on this machine, past any proxy."""
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    payload = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, payload, headers, method=method)  # noqa: S310 - our own http address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout_seconds) as response:
            text = response.read()
    except urllib.error.HTTPError as error:
        raise RestError(error.code, error.read().decode(errors="replace")[:2000]) from error
    return json.loads(text) if text else None


class AirflowApi:
    """The few calls of the REST API v2 that a demonstration takes."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url
        self.password = password
        self._token: str | None = None

    def login(self) -> str:
        if self._token is None:
            answer = call("POST", f"{self.url}/auth/token", {"username": ADMIN, "password": self.password})
            self._token = answer["access_token"]
        return self._token

    def request(self, method: str, path: str, body: Any = None) -> Any:
        return call(method, f"{self.url}/api/v2{path}", body, token=self.login())

    def is_warm(self) -> bool:
        """Whether it answers tasks. Its first answer to one takes seconds, which the first task must not wait for."""
        try:
            call("GET", f"{self.url}/execution/health", timeout_seconds=60)
        except (OSError, RestError):
            return False
        return True

    def is_healthy(self) -> bool:
        """Whether every component has reported to the database lately."""
        try:
            health = call("GET", f"{self.url}/api/v2/monitor/health", timeout_seconds=30)
        except (OSError, RestError):
            return False
        parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        return all((health.get(part) or {}).get("status") == "healthy" for part in parts)

    def has_dag(self, dag_id: str) -> bool:
        try:
            self.request("GET", f"/dags/{quote(dag_id)}")
        except RestError as error:
            if error.status == 404:
                return False
            raise
        return True

    def import_errors(self) -> list[str]:
        return [f"{error['filename']}:\n{error['stack_trace']}" for error in self.request("GET", "/importErrors")["import_errors"]]

    def unpause(self, dag_id: str) -> bool:
        """False if it was not paused."""
        was_paused = bool(self.request("GET", f"/dags/{quote(dag_id)}")["is_paused"])
        self.request("PATCH", f"/dags/{quote(dag_id)}", {"is_paused": False})
        return was_paused

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        run = self.request("POST", f"/dags/{quote(dag_id)}/dagRuns", {"logical_date": None, "conf": conf})
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self.request("GET", f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}")["state"])

    def find_runs(self, dag_id: str, states: Sequence[str]) -> list[str]:
        chosen = "&".join(f"state={state}" for state in states)
        return [run["dag_run_id"] for run in self.request("GET", f"/dags/{quote(dag_id)}/dagRuns?{chosen}")["dag_runs"]]

    def last_waking(self, asset: str) -> str:
        """When a watcher last raised an asset; empty: not among its newest hundred events."""
        found = self.request("GET", f"/assets/events?name_pattern={quote(asset)}&order_by=-timestamp&limit=100")["asset_events"]
        return next((str(event["timestamp"]) for event in found if event["extra"].get("from_trigger")), "")

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        answer = self.request("GET", f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances")
        return list(answer["task_instances"])

    def task_state(self, dag_id: str, run_id: str, task_id: str) -> str:
        return str(self.request("GET", f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances/{quote(task_id)}")["state"])

    def question(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """What a task that awaits somebody's input asks."""
        found: dict[str, Any] = self.request("GET", self._question_path(dag_id, run_id, task_id))
        return found

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> None:
        self.request("PATCH", self._question_path(dag_id, run_id, task_id), {"chosen_options": [option], "params_input": {}})

    def _question_path(self, dag_id: str, run_id: str, task_id: str) -> str:
        return f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances/{quote(task_id)}/-1/hitlDetails"

    def backfill(self, dag_id: str, since: datetime, until: datetime, *, backwards: bool, again: bool) -> int:
        """Order a backfill, with the runs that there were before done `again`, or left out; returns its id."""
        body = {
            "dag_id": dag_id,
            "from_date": since.isoformat(),
            "to_date": until.isoformat(),
            "run_backwards": backwards,
            "reprocess_behavior": "completed" if again else "none",
            "max_active_runs": 1,
        }
        return int(self.request("POST", "/backfills", body)["id"])

    def has_open_runs(self, dag_id: str) -> bool:
        return bool(self.request("GET", f"/dags/{quote(dag_id)}/dagRuns?state=queued&state=running&limit=1")["total_entries"])

    def close_backfill(self, backfill_id: int) -> None:
        """One whose runs are over: the scheduler would see that within half a minute, and until then there may be no other one."""
        if self.request("GET", f"/backfills/{backfill_id}")["completed_at"] is None:
            self.request("PUT", f"/backfills/{backfill_id}/cancel")

    def log_lines(self, dag_id: str, run_id: str, task: Mapping[str, Any]) -> list[str]:
        path = f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances/{quote(task['task_id'])}/logs/{task['try_number']}"
        content = self.request("GET", f"{path}?map_index={task['map_index']}&full_content=true")["content"]
        return [format_log_line(entry) for entry in content]


def format_log_line(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    text = " ".join(str(part) for part in (entry.get("timestamp"), entry.get("level"), entry.get("event")) if part)
    for error in entry.get("error_detail") or []:
        text += f"\n    {error.get('exc_type')}: {error.get('exc_value')}"
    return text
