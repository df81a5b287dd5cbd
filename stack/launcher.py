"""Start, find, watch and stop the stack."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from orgsync.airflow_parts.pools import list_pools
from stack import airflow
from stack.airflow import METADATA_DATABASE, WAREHOUSE_DATABASE, AirflowApi, call, child_environ
from stack.console import Console
from stack.errors import StackError
from stack.folders import remove_folder
from stack.layout import Layout
from stack.ports import LOOPBACK, choose_port, is_listening
from stack.postgres import LOADER, LOGIN, PAGES, RECEIVER, PostgresServer
from stack.processes import (
    ProcessRecord,
    describe,
    find_members,
    find_unclear,
    record_process,
    start_process,
    stop_all,
    tail,
    uninterrupted,
)
from stack.state import Secrets, Stack, forget_stack, load_secrets, lock_state, read_stack, write_private, write_stack

USUAL_PORTS = {"ui": 8080, "postgres": 5433, "sandbox": 8790}
RECEIVER_PORT = 8092
# For a machine that is busy with something else: what has died is seen at once, without this.
START_TIMEOUT_SECONDS = 600
STOP_PATIENCE_SECONDS = 6
STOP_TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Organization:
    """What the sandbox plays."""

    people: int = 500
    seed: int = 1


@dataclass
class Launcher:
    layout: Layout
    console: Console
    organization: Organization = Organization()
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    schedules: bool = True
    options: Callable[[str], Mapping[str, Mapping[str, str]]] = lambda _: {}
    _records: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def start(self) -> tuple[Stack, bool]:
        """Start the stack, or find it running. The second value says whether it was started here."""
        self.layout.make_state()
        with lock_state(self.layout):
            stack = read_stack(self.layout)
            if stack and stack.is_ready and not stack.find_dead():
                return stack, False
            if stack:
                dead = ", ".join(record.name for record in stack.find_dead())
                self.console.note(f"cleaning up after a stack whose {dead} died" if dead else "cleaning up after a start that was cut off")
                self._stop(stack)
            stack = Stack()
            try:
                self._start_all(stack)
            except BaseException:
                self._stop(stack)
                raise
            return stack, True

    def stop(self, *, only: Stack | None = None) -> bool:
        """Stop every process of the stack; False if there was none, or another one than `only`. A stop that is going on is waited for."""
        if not self.layout.state.exists():
            return False
        with lock_state(self.layout, patience_seconds=STOP_TIMEOUT_SECONDS if only else 0):
            stack = read_stack(self.layout)
            if stack is None or (only and stack.stack_id != only.stack_id):
                return False
            self._stop(stack)
        return True

    def is_up(self, stack: Stack) -> bool:
        """Whether nobody has stopped this very stack."""
        found = read_stack(self.layout)
        return found is not None and found.stack_id == stack.stack_id

    def clean(self) -> None:
        """Stop, and delete everything that the stack ever wrote."""
        self.stop()
        PostgresServer(self.layout.postgres, "").remove()
        remove_folder(self.layout.state)

    def members(self, stack: Stack) -> list[psutil.Process]:
        """Every living process of the stack, its database's included."""
        return find_members(stack.processes, marker=stack.stack_id, folders=self._folders)

    def unclear(self, stack: Stack) -> list[psutil.Process]:
        """Living processes that may be the stack's or not, since the system hides what would tell."""
        return find_unclear(stack.processes, marker=stack.stack_id, folders=self._folders)

    def api(self, stack: Stack) -> AirflowApi:
        return AirflowApi(stack.url("ui"), load_secrets(self.layout).admin_password)

    def run_command(self, stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `orgsync` command against this stack."""
        command = [str(self.layout.programs / "orgsync"), *words]
        environ = child_environ(self.layout, stack, self.environ)
        return subprocess.run(command, cwd=self.layout.checkout, env=environ, text=True, capture_output=True, check=False)

    def platforms(self, stack: Stack) -> list[str]:
        """What the sandbox plays; each has a tenant."""
        found: list[str] = call("GET", f"{stack.url('sandbox')}/_sandbox/health")["platforms"]
        return sorted(found)

    def warehouse_dsn(self, stack: Stack) -> str:
        return self._dsn(stack, WAREHOUSE_DATABASE)

    def metadata_dsn(self, stack: Stack) -> str:
        return self._dsn(stack, METADATA_DATABASE)

    def _dsn(self, stack: Stack, database: str) -> str:
        return f"postgresql://{LOGIN}:{load_secrets(self.layout).postgres_password}@{LOOPBACK}:{stack.ports['postgres']}/{database}"

    def report_dead(self, stack: Stack) -> str | None:
        """Which process ended by itself, and the end of its log."""
        dead = stack.find_dead()
        if not dead:
            return None
        return "\n".join(
            f"{record.name} stopped; the end of {self.layout.log(record.name)}:\n{tail(self.layout.log(record.name))}" for record in dead
        )

    def _start_all(self, stack: Stack) -> None:
        secrets = load_secrets(self.layout)
        for name, usual in USUAL_PORTS.items():
            stack.ports[name] = choose_port(usual, set(stack.ports.values()))
        write_stack(self.layout, stack)
        with ThreadPoolExecutor() as pool:
            sandbox = pool.submit(self._start_sandbox, stack, secrets)
            with self.console.step("PostgreSQL"):
                server, is_fresh = self._start_postgres(stack, secrets)
            metadata_dsn = server.dsn(METADATA_DATABASE)
            airflow.write_configuration(
                self.layout, stack, secrets, metadata_dsn=metadata_dsn, schedules=self.schedules, other=self.options(metadata_dsn)
            )
            with self._importing_airflow(stack) as start_components:
                sandbox.result()
                self._prepare_databases(stack, secrets, server, is_fresh=is_fresh)
                self.console.note(f"starting Airflow: {', '.join(airflow.COMPONENTS)}")
                start_components()
            with self.console.step("Airflow is up"):
                api = self.api(stack)
                self._wait(stack, "Airflow's API", api.is_warm)
                self._wait(stack, "Airflow", api.is_healthy)
        stack.is_ready = True
        write_stack(self.layout, stack)

    def _start_postgres(self, stack: Stack, secrets: Secrets) -> tuple[PostgresServer, bool]:
        """The running server, and whether a database had to be created."""
        server = PostgresServer(self.layout.postgres, secrets.postgres_password, log=self.layout.log("postgres"), marker=stack.stack_id)
        record = server.start(stack.ports["postgres"])
        stack.ports["postgres"] = server.port
        self._remember(stack, record)
        created = [server.create_database(database) for database in (METADATA_DATABASE, WAREHOUSE_DATABASE)]
        return server, any(created)

    def _start_sandbox(self, stack: Stack, secrets: Secrets) -> None:
        with self.console.step(f"sandbox: organizations of {self.organization.people} people"):
            options = {"port": stack.ports["sandbox"], "people": self.organization.people, "seed": self.organization.seed}
            words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
            record = self._start_child(stack, "sandbox", [self.layout.python, "-m", "sandbox", *words, "--state", self.layout.sandbox])
            control = f"{stack.url('sandbox')}/_sandbox"
            self._wait(stack, "the sandbox", lambda: answers(f"{control}/health", record))
            for platform in self.platforms(stack):
                names = [name for name in call("GET", f"{control}/{platform}/settings") if name.endswith("_secret")]
                # Not on the command line, where every user of the machine could read them.
                secret = {name: secrets.sandbox_secret(platform, name) for name in names}
                call("PUT", f"{control}/{platform}/settings", secret | place_to_return_to(platform, stack.url("ui")))

    def _prepare_databases(self, stack: Stack, secrets: Secrets, server: PostgresServer, *, is_fresh: bool) -> None:
        """Both schemas, connections and pools; skipped if this cluster got just these before, which saves ten seconds."""
        wanted = json.dumps({"connections": self._connections(stack, secrets), "pools": list_pools()})
        migrations = [path.read_text() for path in sorted((self.layout.checkout / "include" / "sql" / "migrations").glob("*.sql"))]
        fingerprint = hashlib.sha256("\n".join([version("apache-airflow"), wanted, *migrations]).encode()).hexdigest()
        stamp = server.place / "prepared"
        if not is_fresh and stamp.exists() and stamp.read_text() == fingerprint:
            return
        stamp.unlink(missing_ok=True)
        self.console.note("preparing the databases")
        with ThreadPoolExecutor() as pool:
            warehouse = pool.submit(self._migrate_warehouse, stack, server)
            with self.console.step("Airflow's database, connections and pools"):
                self._run("preparing Airflow's database", [self.layout.python, "-m", "stack.metadata"], stack, stdin=wanted)
            warehouse.result()
        write_private(stamp, fingerprint)

    @contextmanager
    def _importing_airflow(self, stack: Stack) -> Iterator[Callable[[], None]]:
        """Import Airflow in the background; what is yielded starts its components as forks of that process."""
        reading, writing = os.pipe()
        ordered, ordering = os.pipe()
        log = self.layout.log("airflow")
        with log.open("ab") as output:
            parent = subprocess.Popen(
                [str(self.layout.python), "-m", "stack.components", str(writing)],
                stdin=ordered,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.layout.checkout,
                env=child_environ(self.layout, stack, self.environ),
                pass_fds=[writing],
                start_new_session=True,
                umask=0o077,
            )
        os.close(writing)
        os.close(ordered)

        def start_components() -> None:
            wanted = {name: {"arguments": words, "log": str(self.layout.log(name))} for name, words in airflow.COMPONENTS.items()}
            if not reports.readline():
                raise StackError(f"Airflow cannot be imported; the end of {log}:\n{tail(log)}")
            # An interrupt between their start and their record would leave them unknown.
            with uninterrupted(only_later=True):
                orders.write(json.dumps(wanted) + "\n")
                orders.flush()
                for name, pid in json.loads(reports.readline()).items():
                    self._remember(stack, record_process(name, pid))

        with parent, os.fdopen(reading) as reports, os.fdopen(ordering, "w") as orders:
            try:
                yield start_components
            finally:
                parent.kill()

    def _connections(self, stack: Stack, secrets: Secrets) -> list[dict[str, Any]]:
        return [
            {
                "conn_id": conn_id,
                "conn_type": "postgres",
                "description": description,
                "host": LOOPBACK,
                "port": stack.ports["postgres"],
                "schema": WAREHOUSE_DATABASE,
                "login": login,
                "password": password,
            }
            for conn_id, description, login, password in (
                ("orgsync_warehouse", "The warehouse: organizations and their history", LOADER, secrets.loader_password),
                ("orgsync_pages", "The warehouse, as the pages of the organization read it", PAGES, secrets.pages_password),
                ("orgsync_receiver", "The warehouse, for what receives events", RECEIVER, secrets.receiver_password),
            )
        ] + [self._sandbox_connection(stack, platform) for platform in self.platforms(stack)]

    def start_receiver(self, stack: Stack) -> int:
        """Start what the platforms push to, `orgsync receive`; returns its port once it listens."""
        port = choose_port(RECEIVER_PORT, set(stack.ports.values()))
        self._start_child(stack, "receiver", [self.layout.programs / "orgsync", "receive", "--port", str(port)])
        self._wait(stack, "what receives events", lambda: is_listening(port))
        return port

    def _sandbox_connection(self, stack: Stack, platform: str) -> dict[str, Any]:
        """As the sandbox itself says, with the values of its event subscription; Airflow keeps extras as text."""
        control = f"{stack.url('sandbox')}/_sandbox/{platform}"
        known, callback = call("GET", f"{control}/connection"), call("GET", f"{control}/callback")
        keys = {"callback_token": callback["token"], "callback_aes_key_secret": callback["key"]}
        extra = {"extra": json.dumps(known.pop("extra", {}) | keys)}
        return {"conn_id": tenant_of(platform), "description": f"The sandbox, playing {platform}"} | known | extra

    def _migrate_warehouse(self, stack: Stack, server: PostgresServer) -> None:
        with self.console.step("warehouse schema"):
            secrets = load_secrets(self.layout)
            place = f"{LOOPBACK}:{server.port}/{WAREHOUSE_DATABASE}"
            environ = {
                "AIRFLOW_CONN_ORGSYNC_WAREHOUSE": f"postgresql://{LOADER}:{secrets.loader_password}@{place}",
                "AIRFLOW_CONN_ORGSYNC_WAREHOUSE_OWNER": server.dsn(WAREHOUSE_DATABASE),
                "AIRFLOW_CONN_ORGSYNC_PAGES": f"postgresql://{PAGES}:{secrets.pages_password}@{place}",
                "AIRFLOW_CONN_ORGSYNC_RECEIVER": f"postgresql://{RECEIVER}:{secrets.receiver_password}@{place}",
            }
            self._run("orgsync migrate", [self.layout.programs / "orgsync", "migrate"], stack, environ=environ)

    def _run(self, what: str, command: Sequence[Any], stack: Stack, *, stdin: str = "", environ: dict[str, str] | None = None) -> None:
        """Run a program to its end; its output is shown only if it fails."""
        done = subprocess.run(
            [str(word) for word in command],
            input=stdin,
            text=True,
            capture_output=True,
            cwd=self.layout.checkout,
            env=child_environ(self.layout, stack, self.environ) | (environ or {}),
            check=False,
        )
        if done.returncode:
            raise StackError(f"{what} failed:\n{done.stdout}{done.stderr}")

    def _start_child(self, stack: Stack, name: str, command: Sequence[Any]) -> ProcessRecord:
        record = start_process(
            name, command, log=self.layout.log(name), cwd=self.layout.checkout, environ=child_environ(self.layout, stack, self.environ)
        )
        self._remember(stack, record)
        return record

    def _remember(self, stack: Stack, record: ProcessRecord) -> None:
        with self._records:
            stack.processes.append(record)
            write_stack(self.layout, stack)

    def _wait(self, stack: Stack, what: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            # Once ours has died, what answers is another's server on the same port.
            is_ready = ready()
            if dead := self.report_dead(stack):
                raise StackError(dead)
            if is_ready:
                return
            if time.monotonic() > deadline:
                raise StackError(f"{what} is not ready after {START_TIMEOUT_SECONDS} seconds; its log is in {self.layout.logs}")
            time.sleep(POLL_SECONDS)

    def _stop(self, stack: Stack) -> None:
        """Clients first, then their database, then whatever is left of either.

        Airflow's components stop their own workers: a scheduler whose workers are killed under it waits for them for ever.
        """
        with uninterrupted():
            clients = [record for record in stack.processes if record.name != "postgres"]
            leaders = [process for record in clients if (process := record.find())]
            followers = [process for process in find_members(clients, folders=self._folders) if process not in leaders]
            survivors = stop_all([*leaders, *followers], asked=leaders, patience_seconds=STOP_PATIENCE_SECONDS)
            PostgresServer(self.layout.postgres, "").stop()
            survivors += stop_all(self.members(stack), patience_seconds=3)
            if survivors:
                raise StackError(f"these processes could not be ended, and still run: {describe(survivors)}")
            if unclear := self.unclear(stack):
                self.console.note(f"these may be left of the stack, which this user may not find out; look yourself: {describe(unclear)}")
            forget_stack(self.layout)

    @property
    def _folders(self) -> list[Path]:
        return [self.layout.checkout, self.layout.state]


def place_to_return_to(platform: str, url: str) -> dict[str, list[str]]:
    """Where a sign-in may lead back to, as each platform's console wants it registered."""
    return {"trusted_domains": [urlsplit(url).netloc]} if platform == "wecom" else {"redirect_uris": [f"{url}/auth/organization/callback"]}


def tenant_of(platform: str) -> str:
    """The tenant, and its connection, that reads the sandbox's organization on a platform."""
    return f"demo_{platform}"


def answers(url: str, record: ProcessRecord) -> bool:
    """Whether this process does: another stack may have been quicker to take the port."""
    try:
        return bool(call("GET", url, timeout_seconds=10)["process_id"] == record.pid)
    except (OSError, StackError):
        return False
