"""Runs the deployment as docs/deployment.md says, says what it sees, and ends with an error at the first thing that does not hold."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import requests
from cryptography.fernet import Fernet

from sandbox.testing import RunningSandbox
from stack.airflow import AirflowApi
from stack.checks import people_of
from stack.layout import CHECKOUT
from stack.ports import LOOPBACK, any_free_port
from tests.containers.engine import PROJECT, CheckError, Deployment, run
from tests.containers.stand_ins import build, install_tools, make_bases

WORK = CHECKOUT / ".orgsync/compose-check"
TENANT = "acme"
DAG = f"org_sync_{TENANT}"
PEOPLE = 500
IMAGE = "localhost/orgsync"
FIRST_RELEASE = "05ca71effc"
"""0.1.0: no pages, one login less, secrets in `.env`, databases that start as root."""
NEW, EARLIER = "check", "check-earlier"
HISTORY = """
with version as (
    select tenant_id, user_id as key, '' as other_key, content_hash, valid_from, valid_to, snapshot_id from org.user_version
    union all select tenant_id, department_id, '', content_hash, valid_from, valid_to, snapshot_id from org.department_version
    union all select tenant_id, user_id, department_id, content_hash, valid_from, valid_to, snapshot_id from org.membership_version
)
select count(*) || ' versions, ' || md5(string_agg(version::text, '' order by version::text)) from version
"""


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {text}", flush=True)


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CheckError(otherwise)


@dataclass
class Site:
    """A deployment, its API, and the sandbox beside it."""

    deployment: Deployment
    port: int
    admin_password: str = ""
    """Where it is in no file."""

    @property
    def api(self) -> AirflowApi:
        return AirflowApi(f"http://{LOOPBACK}:{self.port}", self.password)

    @property
    def password(self) -> str:
        return self.admin_password or (self.deployment.folder / "secrets/admin_password").read_text()

    def ask(self, statement: str, *, database: str = "warehouse", user: str = "orgsync") -> str:
        service = "warehouse" if database == "warehouse" else "metadata"
        return self.deployment.text(
            service, "psql", "--username", user, "--dbname", database, "--tuples-only", "--no-align", "-c", statement
        )

    def history(self) -> str:
        return self.ask(HISTORY)

    def orgsync(self, *arguments: str) -> str:
        return self.deployment.text("scheduler", "orgsync", *arguments)

    def start_sandbox(self) -> RunningSandbox:
        """In a container of the network of Airflow, from this checkout. Its company outlives it."""
        name = f"{PROJECT}_sandbox"
        memory = self.deployment.folder / "sandbox"
        memory.mkdir(exist_ok=True)
        memory.chmod(0o777)
        options = ["--network", f"{PROJECT}_airflow", "--network-alias", "sandbox", "-w", "/src"]
        options += ["-v", f"{CHECKOUT}:/src:ro", "-v", f"{memory}:/memory"]
        self.deployment.podman("rm", "-f", "-t", "5", name, is_checked=False)
        command = ["python", "-m", "tests.containers.sandbox", f"--people={PEOPLE}", "--state=/memory"]
        self.deployment.podman("run", "-d", "--name", name, *options, f"{IMAGE}:{NEW}", *command)
        [found] = json.loads(self.deployment.podman("inspect", name).stdout)
        address = found["NetworkSettings"]["Networks"][f"{PROJECT}_airflow"]["IPAddress"]
        sandbox = RunningSandbox(f"http://{address}:8790", 0)
        for _ in range(60):
            try:
                sandbox.control("GET", "health")
            except OSError:
                time.sleep(0.5)
            else:
                return sandbox
        raise CheckError("the sandbox does not answer")

    def add_connection(self, sandbox: RunningSandbox) -> None:
        fields = sandbox.connection("dingtalk")
        known = {key: fields.get(key) for key in ("conn_type", "login", "password")}
        extra = fields.get("extra")
        body = known | {"connection_id": TENANT, "host": "http://sandbox:8790"}
        if extra:
            body["extra"] = extra if isinstance(extra, str) else json.dumps(extra)
        self.api.request("POST", "/connections", body)

    def run_dag(self, dag_id: str = DAG, seconds: float = 240) -> float:
        """Returns the seconds from the call to its success."""
        began, api = time.monotonic(), self.api
        run_id = api.trigger(dag_id, {})
        while (state := api.run_state(dag_id, run_id)) != "success":
            if state == "failed" or time.monotonic() - began > seconds:
                tasks = [(task["task_id"], task["state"], task["try_number"]) for task in api.task_instances(dag_id, run_id)]
                raise CheckError(f"run {run_id} of {dag_id} is {state} after {time.monotonic() - began:.0f} s: {tasks}")
            time.sleep(1)
        return time.monotonic() - began

    def wait_for_dag(self, seconds: float = 120) -> float:
        began = time.monotonic()
        while not self.api.has_dag(DAG):
            require(time.monotonic() - began < seconds, f"no DAG {DAG} after {seconds:.0f} s: {self.api.import_errors()}")
            time.sleep(1)
        return time.monotonic() - began

    def sync(self, sandbox: RunningSandbox) -> float:
        """Through the API; then the warehouse has the people of the sandbox."""
        self.api.unpause(DAG)
        seconds = self.run_dag()
        truth = sorted(people_of(sandbox.control("GET", "dingtalk/organization")))
        found = self.ask(f"select user_id from org.users where tenant_id = '{TENANT}' order by user_id collate \"C\"").split()
        require(found == truth, f"{len(found)} people in the warehouse, {len(truth)} in the sandbox")
        return seconds


def prepare_site(compose_file: str, example: str, name: str, tag: str, tools: Path, port: int) -> Site:
    """A folder as one has it on a server: the compose file, its settings, what makes its secrets, a tenants file."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHECKOUT / "include/templates/messages", folder / "include/templates/messages")
    shutil.copytree(CHECKOUT / "include/domain_files", folder / "include/domain_files")
    (folder / "bin").mkdir()
    shutil.copy(CHECKOUT / "bin/make-secrets", folder / "bin")
    (folder / "docker-compose.yaml").write_text(compose_file)
    (folder / "include/tenants.yaml").write_text(f"tenants:\n  - {{id: {TENANT}, platform: dingtalk, conn_id: {TENANT}}}\n")
    shutil.copy(CHECKOUT / "include/access.yaml", folder / "include/access.yaml")
    # podman-compose fills in what the file gives to the containers where `.env` has no such name.
    (folder / ".env").write_text(example)
    environ = {"ORGSYNC_LISTEN_PORT": str(port), "ORGSYNC_URL": f"http://{LOOPBACK}:{port}", "ORGSYNC_IMAGE_TAG": tag}
    return Site(Deployment(folder, tools, environ), port)


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.0f} s")


def check_hardening(site: Site) -> None:
    deployment = site.deployment
    secrets = {file.name: file.read_text() for file in (deployment.folder / "secrets").iterdir()}
    for service in deployment.services:
        inspected, listed = json.dumps(deployment.inspect(service)), deployment.text(service, "env")
        if service not in ("metadata", "warehouse"):  # whose image puts its own into its server's environment
            listed += deployment.text(service, "bash", "-c", "cat /proc/[0-9]*/environ 2>/dev/null; true").replace("\0", "\n")
            require("AIRFLOW__CORE__EXECUTOR" in listed, f"the environment of the processes of {service} cannot be read")
        for name, secret in secrets.items():
            require(secret not in inspected, f"`inspect` of {service} shows {name}")
            require(secret not in listed, f"the environment of {service} shows {name}")
        root = deployment.execute(service, "bash", "-c", "echo x >/usr/local/trial", is_checked=False)
        require(b"Read-only file system" in root.stderr, f"the root of {service} can be written: {root.stderr!r}")
        rights = deployment.text(service, "bash", "-c", "grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs)' /proc/1/status")
        require([line.split()[1] for line in rights.splitlines()] == ["0" * 16, "0" * 16, "0" * 16, "1"], f"rights of {service}: {rights}")
    say(f"users: {deployment.text('scheduler', 'id')}; {deployment.text('warehouse', 'id')}")
    say("all services: no capability, no new privileges, read-only root; no secret in `inspect` or the environment")


def check_signing_in(site: Site) -> None:
    """As a browser does: the form, its cookie, the page of the organization within Airflow."""
    session, url = requests.Session(), f"http://{LOOPBACK}:{site.port}"
    stranger = session.get(f"{url}/organization/{TENANT}/tree", timeout=60, allow_redirects=False)
    require(stranger.status_code in (302, 303, 307, 401, 403), f"the pages answer whoever has not signed in with {stranger.status_code}")
    session.cookies.set("_token", site.api.login(), domain=LOOPBACK, path="/")
    for path in ("", f"{TENANT}/tree", f"{TENANT}/runs", f"{TENANT}/messages"):
        page = session.get(f"{url}/organization/{path}", timeout=120)
        require(page.status_code == 200, f"/organization/{path} answers {page.status_code}: {page.text[:300]}")
    shell = session.get(f"{url}/plugin/organization", timeout=60)
    require(shell.status_code == 200, f"Airflow's page around it answers {shell.status_code}")
    login = session.get(f"{url}/auth/organization/login", timeout=60)
    require(login.status_code == 200, f"the page to sign in answers {login.status_code}")
    say(f"signed in as admin: the organization's pages are shown; the page to sign in too; without signing in: {stranger.status_code}")


def check_closed_file(site: Site) -> None:
    """A tenants file for its owner alone."""
    file = site.deployment.folder / "include/tenants.yaml"
    file.chmod(0o600)
    said = site.deployment.execute("scheduler", "orgsync", "check", "--offline", is_checked=False)
    file.chmod(0o644)
    text = " ".join((said.stdout + said.stderr).decode().split())
    require("user 50000" in text and "mode 600" in text and "chmod o+r" in text, f"a tenants file of mode 600: {text}")
    say("a tenants file of mode 600: `orgsync check` says whose process it is, which mode the file has, and the command")


def check_sending(site: Site) -> None:
    site.orgsync("notify", TENANT, "--kind", "text", "--body", "Hello", "--everyone", "--yes", "--push")
    states = site.ask("select string_agg(distinct state, ' ') from notify.message")
    count = site.ask("select count(*) from notify.recipient")
    require(states in ("sent", "delivered"), f"the message is {states}")
    say(f"a message to {count} people: {states}")


def check_restarts(site: Site) -> None:
    deployment = site.deployment
    for service in deployment.services:
        began = time.monotonic()
        deployment.podman("restart", "-t", "60", deployment.name(service))
        stopped = time.monotonic() - began
        say(f"{service} restarted in {stopped:.0f} s, all healthy after {stopped + deployment.wait_healthy(deployment.services):.0f} s")
    for service in deployment.services:
        began, state = time.monotonic(), deployment.inspect(service)["State"]
        os.kill(int(state["Pid"]), signal.SIGKILL)
        while deployment.inspect(service)["State"]["StartedAt"] == state["StartedAt"]:
            require(time.monotonic() - began < 60, f"{service} was killed and does not come back")
            time.sleep(0.5)
        say(f"{service} killed, all healthy after {time.monotonic() - began + deployment.wait_healthy(deployment.services):.0f} s")


def check_stop_in_a_task(site: Site, sandbox: RunningSandbox) -> None:
    """A scheduler that is killed while its task reads: the run goes on by itself."""
    sandbox.control("POST", "dingtalk/evolve", {"rate": 0.02})
    api, began = site.api, time.monotonic()
    run_id = api.trigger(DAG, {})
    while not [task for task in api.task_instances(DAG, run_id) if task["state"] == "running"]:
        require(time.monotonic() - began < 60, "no task runs")
        time.sleep(0.2)
    os.kill(int(site.deployment.inspect("scheduler")["State"]["Pid"]), signal.SIGKILL)
    while (state := api.run_state(DAG, run_id)) not in ("success", "failed"):
        require(time.monotonic() - began < 900, f"the run is {state} after {time.monotonic() - began:.0f} s")
        time.sleep(2)
    tries = {task["task_id"]: task["try_number"] for task in api.task_instances(DAG, run_id) if task["state"] == "success"}
    require(state == "success", f"the run of the killed task is {state}: {tries}")
    say(f"the scheduler killed in the middle of a task: the run succeeded after {time.monotonic() - began:.0f} s, tries {tries}")


def dump(site: Site, folder: Path) -> None:
    """The commands of docs/deployment.md."""
    folder.mkdir(exist_ok=True)
    deployment = site.deployment
    (folder / "roles.sql").write_bytes(
        deployment.execute("warehouse", "pg_dumpall", "--username", "orgsync", "--database", "warehouse", "--roles-only").stdout
    )
    (folder / "warehouse.dump").write_bytes(
        deployment.execute("warehouse", "pg_dump", "--username", "orgsync", "--format", "custom", "warehouse").stdout
    )
    (folder / "airflow.dump").write_bytes(
        deployment.execute("metadata", "pg_dump", "--username", "airflow", "--format", "custom", "airflow").stdout
    )
    packed = deployment.execute("scheduler", "tar", "--create", "--gzip", "--directory", "/var/lib/orgsync", ".")
    (folder / "state.tar.gz").write_bytes(packed.stdout)
    shutil.copytree(deployment.folder / "secrets", folder / "secrets", dirs_exist_ok=True)
    sizes = ", ".join(f"{file.name} {file.stat().st_size:,}" for file in sorted(folder.iterdir()) if file.is_file())
    say(f"dumped, in bytes: {sizes}")


def restore(site: Site, folder: Path) -> None:
    deployment = site.deployment
    shutil.copytree(folder / "secrets", deployment.folder / "secrets", dirs_exist_ok=True)
    deployment.compose("up", "-d", "metadata", "warehouse")
    deployment.wait_healthy(("metadata", "warehouse"))
    deployment.execute(
        "warehouse", "psql", "--username", "orgsync", "--dbname", "postgres", "--quiet", given=(folder / "roles.sql").read_bytes()
    )
    for service, user in (("warehouse", "orgsync"), ("metadata", "airflow")):
        name = "warehouse" if service == "warehouse" else "airflow"
        options = ["--clean", "--if-exists", "--create", "--exit-on-error", "--dbname", "postgres"]
        deployment.execute(service, "pg_restore", "--username", user, *options, given=(folder / f"{name}.dump").read_bytes())
    site.ask("update dag set is_paused = true where dag_id ~ '^org_'", database="airflow", user="airflow")
    tar = ["run", "--rm", "--no-deps", "-T", "scheduler", "tar", "--extract", "--gzip", "--directory", "/var/lib/orgsync"]
    deployment.compose(*tar, given=(folder / "state.tar.gz").read_bytes())


def check_restored(site: Site, *, history: str) -> None:
    require(site.history() == history, "the history is another one")
    logs = site.deployment.podman("logs", site.deployment.name("init"))
    lines = (logs.stdout + logs.stderr).decode().strip().splitlines()
    say(f"the history is the same; init said: {lines[-1]}")


def check_new(tools: Path, port: int) -> None:
    """An empty machine, a company, everything that happens to a deployment, a backup that is brought back to an empty one."""
    site = prepare_site((CHECKOUT / "docker-compose.yaml").read_text(), (CHECKOUT / ".env.example").read_text(), "new", NEW, tools, port)
    deployment = site.deployment
    run(deployment.folder / "bin/make-secrets")
    say(f"started from nothing, all healthy after {deployment.up():.0f} s")
    check_hardening(site)
    sandbox = site.start_sandbox()
    site.add_connection(sandbox)
    say(f"DAG {DAG} known after {site.wait_for_dag():.0f} s more")
    say(f"synced {PEOPLE} people through the API in {site.sync(sandbox):.0f} s")
    check_signing_in(site)
    check_sending(site)
    check_closed_file(site)
    check_restarts(site)
    say(f"synced again after all of that in {site.sync(sandbox):.0f} s")
    check_stop_in_a_task(site, sandbox)
    history = site.history()
    deployment.down()
    say(f"down and up: all healthy after {deployment.up():.0f} s")
    check_restored(site, history=history)
    backup = WORK / "backup"
    shutil.rmtree(backup, ignore_errors=True)
    with timed("backup"):
        dump(site, backup)
    deployment.down("-v")
    require(deployment.is_gone(), "`down -v` left something")
    with timed("restored into an empty deployment"):
        restore(site, backup)
    say(f"up after that: all healthy after {deployment.up():.0f} s")
    check_restored(site, history=history)
    sandbox = site.start_sandbox()
    say(f"synced after that, with the connection that was restored, in {site.sync(sandbox):.0f} s")
    require(site.history() == history, "a sync of an unchanged company changed history")
    deployment.down("-v")
    require(deployment.is_gone(), "`down -v` left something")


def read_earlier(commit: str, name: str) -> str:
    return run("git", "show", f"{commit}:{name}", cwd=CHECKOUT).stdout.decode()


def build_earlier(commit: str, environ: dict[str, str]) -> None:
    folder = WORK / "earlier-source"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    archive = run("git", "archive", commit, cwd=CHECKOUT).stdout
    run("tar", "-x", "-C", folder, given=archive)
    dockerfile = folder / "Dockerfile"
    # As it was written then it found no groupadd.
    dockerfile.write_text(dockerfile.read_text().replace("PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin", "PATH=/opt/venv/bin:$PATH"))
    build(f"{IMAGE}:{EARLIER}", folder, environ)


def check_upgrade(tools: Path, port: int, commit: str) -> None:
    """The deployment of an earlier commit, with data; then this one over it."""
    environ = {"CONTAINERS_CONF": str(tools / "containers.conf")}
    commit = run("git", "rev-parse", "--short", commit, cwd=CHECKOUT).stdout.decode().strip()
    with timed(f"image of {commit}, built"):
        build_earlier(commit, environ)
    example = read_earlier(commit, ".env.example")
    old = prepare_site(read_earlier(commit, "docker-compose.yaml"), example, "upgraded", EARLIER, tools, port)
    write_earlier_secrets(old, example)
    say(f"{commit} started, all healthy after {old.deployment.up():.0f} s")
    sandbox = old.start_sandbox()
    old.add_connection(sandbox)
    old.wait_for_dag()
    say(f"{commit} synced in {old.sync(sandbox):.0f} s")
    history, before = old.history(), old.ask("select max(name) from orgsync.migration")
    pause(old)
    new = prepare_over(old)
    with timed("backup"):
        dump(new, WORK / "backup-earlier")
    old.deployment.down()  # which docker compose does by itself where a service changed, and podman-compose not in the right order
    say(f"upgraded: all healthy after {new.deployment.up():.0f} s, from {before} to {new.ask('select max(name) from orgsync.migration')}")
    check_restored(new, history=history)
    sandbox = new.start_sandbox()
    say(f"synced after that, with the connection of before, in {new.sync(sandbox):.0f} s")
    new.deployment.down("-v")
    require(new.deployment.is_gone(), "`down -v` left something")


def write_earlier_secrets(site: Site, example: str) -> None:
    """Where secrets stood in `.env`, there; else they are made as now."""
    names = [line.removesuffix("=") for line in example.splitlines() if line.endswith("=")]
    if not names:
        run(site.deployment.folder / "bin/make-secrets")
        return
    made = {name: Fernet.generate_key().decode() if "FERNET" in name else os.urandom(24).hex() for name in names}
    with (site.deployment.folder / ".env").open("a") as settings:
        settings.writelines(f"{name}={value}\n" for name, value in made.items())
    site.admin_password = made["ADMIN_PASSWORD"]


def pause(site: Site) -> None:
    run_in = ("airflow", "dags", "pause", "org_.*", "--treat-dag-id-as-regex", "--yes")
    site.deployment.execute("scheduler", *run_in)
    began = time.monotonic()
    running = "select count(*) from task_instance where state in ('queued', 'running')"
    while site.ask(running, database="airflow", user="airflow") != "0":
        require(time.monotonic() - began < 120, "tasks do not end")
        time.sleep(1)


def prepare_over(old: Site) -> Site:
    """The new compose file in the place of the old one, with the secrets that the old one had."""
    folder = old.deployment.folder
    (folder / "docker-compose.yaml").write_text((CHECKOUT / "docker-compose.yaml").read_text())
    taken = run(folder / "bin/make-secrets").stdout.decode().count("from .env")
    say(f"{taken} secrets taken from .env into files")
    (folder / ".env").write_text((CHECKOUT / ".env.example").read_text())
    return Site(replace(old.deployment, environ=old.deployment.environ | {"ORGSYNC_IMAGE_TAG": NEW}), old.port)


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make compose-check ARGS=…", description=__doc__)
    parser.add_argument("--only", choices=("new", "upgrade"), help="one half of it")
    parser.add_argument("--from", dest="commit", default=FIRST_RELEASE, help="upgrade from this commit (%(default)s, 0.1.0)")
    parser.add_argument(
        "--postgres-entrypoint", type=Path, help="the official image's docker-entrypoint.sh, for the stand-in of that image"
    )
    return parser.parse_args(arguments)


def main() -> int:
    options = read_arguments(sys.argv[1:])
    if os.geteuid() != 0:
        sys.exit("make compose-check runs containers with podman as root; run it as root on Debian 12")
    began, tools, port = time.monotonic(), WORK / "tools", any_free_port()
    with timed("tools"):
        install_tools(tools)
    with timed("stand-ins for the base images"):
        make_bases(tools, entrypoint=options.postgres_entrypoint)
    environ = {"CONTAINERS_CONF": str(tools / "containers.conf")}
    leftovers = Deployment(CHECKOUT, tools)
    leftovers.remove()
    try:
        with timed("image, built"):
            build(f"{IMAGE}:{NEW}", CHECKOUT, environ)
        say(f"{run('podman', '--version').stdout.decode().strip()}, {run('runc', '--version').stdout.decode().splitlines()[0]}")
        if options.only != "upgrade":
            check_new(tools, port)
        if options.only != "new":
            check_upgrade(tools, port, options.commit)
    except (CheckError, subprocess.TimeoutExpired) as error:
        say(f"FAILED: {error}")
        return 1
    finally:
        leftovers.remove()
    say(f"all of it held, in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
