"""Airflow with CeleryExecutor on this machine: a broker, an S3 server, workers as processes that share no folder with anything."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from psycopg2.extras import RealDictCursor

from stack.airflow import AirflowApi, child_environ
from stack.console import Console
from stack.launcher import Launcher, Organization
from stack.layout import CHECKOUT, Layout
from stack.ports import LOOPBACK, any_free_port, is_listening
from stack.processes import ProcessRecord, find_family, start_process, stop_all, tail
from stack.state import Stack
from tests.machines.s3 import BUCKET, CONN_ID, Store, start_store

HEARTBEAT_TIMEOUT_SECONDS = 30
"""So long after its last sign of life a task is taken for dead."""
PATIENCE_SECONDS = 300
PEOPLE = 120


@dataclass
class Worker:
    """A machine: a home and a state folder that nobody else sees."""

    name: str
    home: Path
    record: ProcessRecord

    def kill(self) -> None:
        """All of it at once, as when the power goes."""
        for process in find_family([self.record]).values():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def holds(self, pid: int) -> bool:
        return pid in find_family([self.record])

    @property
    def ran(self) -> list[str]:
        """The logs of the tasks that it ran."""
        return sorted(str(path.relative_to(self.home / "logs")) for path in (self.home / "logs").rglob("attempt=*.log"))


@dataclass
class Cluster:
    launcher: Launcher
    stack: Stack
    store: Store
    folder: Path
    environ: dict[str, str]
    workers: list[Worker] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def api(self) -> AirflowApi:
        return self.launcher.api(self.stack)

    @property
    def console(self) -> Console:
        return self.launcher.console

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.rows(statement, *values)]

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        connection = psycopg2.connect(self.launcher.warehouse_dsn(self.stack), cursor_factory=RealDictCursor)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return [dict(row) for row in cursor.fetchall()]
        finally:
            connection.close()

    def start_worker(self, **environ: str) -> Worker:
        name = f"worker{next(self.numbers)}"
        home = self.folder / name
        home.mkdir(mode=0o700)
        shutil.copy(self.launcher.layout.airflow_home / "airflow.cfg", home)
        own = child_environ(self.launcher.layout, self.stack, self.environ) | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "ORGSYNC_STATE": str(home / "state"),
            **environ,
        }
        words = ["celery", "worker", "--concurrency", "2", "--celery-hostname", f"{name}@%h", "--skip-serve-logs", "--without-gossip"]
        record = start_process(
            name, [self.launcher.layout.programs / "airflow", *words], log=self.folder / f"{name}.log", cwd=CHECKOUT, environ=own
        )
        worker = Worker(name, home, record)
        self.workers.append(worker)
        wait_until(lambda: f"{name}@{socket.gethostname()} ready" in tail(self.folder / f"{name}.log", 400), f"{name} is ready", worker)
        self.console.note(f"{name} is ready")
        return worker

    def find_worker(self, dag_id: str, run_id: str, task_id: str) -> Worker:
        """The one that runs a task."""
        found: list[Worker] = []

        def look() -> bool:
            for task in self.api.task_instances(dag_id, run_id):
                if task["task_id"] == task_id and task["state"] == "running" and task["pid"]:
                    found.extend(worker for worker in self.workers if worker.holds(task["pid"]))
            return bool(found)

        wait_until(look, f"a worker runs {task_id}")
        return found[0]


def wait_until(is_so: Callable[[], bool], what: str, worker: Worker | None = None, *, seconds: float = PATIENCE_SECONDS) -> float:
    """Returns how long it took."""
    begun = time.monotonic()
    while not is_so():
        if worker and not worker.record.is_alive():
            raise AssertionError(f"{worker.name} ended:\n{tail(worker.home.parent / f'{worker.name}.log')}")
        if time.monotonic() > begun + seconds:
            raise AssertionError(f"after {seconds} seconds it is not so that {what}")
        time.sleep(0.2)
    return time.monotonic() - begun


@contextmanager
def start_cluster(folder: Path, tenants: str) -> Iterator[Cluster]:
    """Everything but the workers."""
    with ExitStack() as on_exit:
        store = on_exit.enter_context(start_store(folder / "s3.log"))
        broker_url = on_exit.enter_context(start_broker(folder))
        (folder / "tenants.yaml").write_text(tenants, encoding="utf-8")
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("ORGSYNC_", "AWS_"))}
        environ |= {"ORGSYNC_TENANTS": str(folder / "tenants.yaml"), "ORGSYNC_LANDING_ZONE": store.zone}

        def options(metadata_dsn: str) -> dict[str, dict[str, str]]:
            return {
                "core": {"executor": "CeleryExecutor"},
                "celery": {
                    "broker_url": broker_url,
                    "result_backend": metadata_dsn.replace("postgresql://", "db+postgresql+psycopg2://"),
                    "celery_config_options": "orgsync.airflow_parts.celery_options.OPTIONS",
                },
                "scheduler": {
                    "task_instance_heartbeat_timeout": str(HEARTBEAT_TIMEOUT_SECONDS),
                    "task_instance_heartbeat_timeout_detection_interval": "5",
                },
                "logging": {
                    "remote_logging": "True",
                    "remote_base_log_folder": f"s3://{BUCKET}/logs",
                    "remote_log_conn_id": CONN_ID,
                    "delete_local_logs": "False",
                },
            }

        layout = Layout(CHECKOUT, folder / "control")
        launcher = Launcher(layout, Console(), Organization(people=PEOPLE), environ=environ, schedules=False, options=options)
        on_exit.callback(launcher.clean)
        stack, _ = launcher.start()
        cluster = Cluster(launcher, stack, store, folder, environ)
        on_exit.callback(lambda: stop_all([process for worker in cluster.workers for process in find_family([worker.record]).values()]))
        yield cluster


@contextmanager
def start_broker(folder: Path) -> Iterator[str]:
    """Valkey or Redis, in memory alone."""
    port, password = any_free_port(), secrets.token_hex(8)
    (folder / "broker.conf").write_text(f'bind {LOOPBACK}\nport {port}\nrequirepass {password}\nsave ""\ndir {folder}\n', encoding="utf-8")
    program = os.environ.get("ORGSYNC_BROKER") or shutil.which("valkey-server") or shutil.which("redis-server")
    assert program, "no Valkey or Redis server; `make machines` installs one"
    record = start_process("broker", [program, folder / "broker.conf"], log=folder / "broker.log", cwd=folder, environ=dict(os.environ))
    try:
        wait_until(lambda: is_listening(port), "the broker listens")
        yield f"redis://:{password}@{LOOPBACK}:{port}/0"
    finally:
        stop_all(list(find_family([record]).values()))
