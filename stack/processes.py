"""Child processes: started in sessions of their own, known by pid and start time, stopped to the last one.

What runs as another user (root's PostgreSQL does) is known by what the system shows everybody: pid, start time, user, session, command
line. Environment and folder of another's process take a right (CAP_SYS_PTRACE) that root lacks in a usual container.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from stack.errors import StackError

START_TIME_SLACK_SECONDS = 2.0
POLL_SECONDS = 0.05
SECOND_PATIENCE_SECONDS = 3
# Killed processes are gone as soon as the machine has a moment for them.
LAST_PATIENCE_SECONDS = 30
MARKER = "ORGSYNC_STACK_ID"
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class ProcessRecord:
    """A process that we started. The start time tells it from a later one that got the same pid."""

    name: str
    pid: int
    started_at: float

    def find(self) -> psutil.Process | None:
        """The process itself while it lives; None once it is gone, a zombie, or somebody else."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return process if abs(process.create_time() - self.started_at) < START_TIME_SLACK_SECONDS else None
        except psutil.NoSuchProcess:
            return None

    def is_alive(self) -> bool:
        return self.find() is not None


@dataclass(frozen=True)
class SystemUser:
    """Whom to run as, for programs that refuse root."""

    name: str
    uid: int
    gid: int


def start_process(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    environ: Mapping[str, str],
    user: SystemUser | None = None,
    stdin: int = subprocess.DEVNULL,
) -> ProcessRecord:
    """Start a program in its own session, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(
            [str(word) for word in command],
            stdin=stdin,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(environ),
            start_new_session=True,
            umask=0o077,
            **as_user(user),
        )
    finally:
        os.close(descriptor)
    # The launcher may end and leave it running: nobody waits on this object, and that is meant.
    child.returncode = 0
    return record_process(name, child.pid)


def record_process(name: str, pid: int) -> ProcessRecord:
    """Of one that ended at once, too: its record is then that of a dead process."""
    try:
        return ProcessRecord(name, pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return ProcessRecord(name, pid, 0)


def as_user(user: SystemUser | None) -> dict[str, object]:
    """Keyword arguments for `subprocess` that switch the user."""
    if user is None:
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": []}


def require_power_over(user: SystemUser) -> None:
    """Refuse in words, before anything runs, where root may not do for another user's process what the launcher does."""
    advice = "run make as an ordinary user, or give root the rights it usually has in a container"
    try:
        probe = subprocess.Popen(
            ["/bin/sh", "-c", "read _"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd="/", env={}, **as_user(user)
        )
    except OSError as error:
        raise StackError(
            f"root may not become user {user.name} here, which takes CAP_SETUID and CAP_SETGID ({error.strerror}); {advice}"
        ) from error
    with probe:
        try:
            os.kill(probe.pid, signal.SIGTERM)
        except PermissionError as error:
            raise StackError(f"root may not end processes of user {user.name} here, which takes CAP_KILL; {advice}") from error
    with tempfile.TemporaryDirectory() as folder:
        try:
            os.chown(folder, user.uid, user.gid)
        except PermissionError as error:
            raise StackError(f"root may not give a folder to user {user.name} here, which takes CAP_CHOWN; {advice}") from error


def tail(log: Path, lines: int = 30) -> str:
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def find_members(records: Iterable[ProcessRecord], *, marker: str | None = None, folders: Sequence[Path] = ()) -> list[psutil.Process]:
    """Every living process of a stack: the recorded ones, their descendants, the rest of their sessions, and marked ones.

    The session survives its leader, so tasks whose parents were killed are still found. When the leader is gone, a member
    counts only if it works in one of `folders`: by then its session's number might belong to somebody else.
    """
    records = list(records)
    family = find_family(records)
    others = [process for process in strangers_to(family) if belongs_to_stack(process, records, marker, folders)]
    return [process for process in [*family.values(), *others] if is_living(process)]


def find_unclear(records: Iterable[ProcessRecord], *, marker: str | None = None, folders: Sequence[Path] = ()) -> list[psutil.Process]:
    """Who may be a member or not: it sits in a session of the stack, its leader is gone, and the system hides where it works."""
    records = list(records)
    others = strangers_to(find_family(records))
    return [process for process in others if belongs_to_stack(process, records, marker, folders) is None and is_living(process)]


def find_family(records: Iterable[ProcessRecord]) -> dict[int, psutil.Process]:
    """The recorded processes and their descendants."""
    found: dict[int, psutil.Process] = {}
    for record in records:
        if process := record.find():
            found[record.pid] = process
            with suppress(psutil.NoSuchProcess):
                found.update({child.pid: child for child in process.children(recursive=True)})
    return found


def strangers_to(family: Mapping[int, psutil.Process]) -> Iterator[psutil.Process]:
    return (process for process in psutil.process_iter() if process.pid not in family and process.pid != os.getpid())


def belongs_to_stack(process: psutil.Process, records: Sequence[ProcessRecord], marker: str | None, folders: Sequence[Path]) -> bool | None:
    """None where that cannot be found out."""
    leaders = {record.pid: record for record in records}
    with suppress(psutil.Error, ProcessLookupError, PermissionError):
        if marker is not None and is_marked(process, marker):
            return True
        leader = leaders.get(os.getsid(process.pid))
        return leader is not None and belongs_to_session(process, leader, folders)
    return False


def belongs_to_session(process: psutil.Process, leader: ProcessRecord, folders: Sequence[Path]) -> bool | None:
    if leader.is_alive():
        return True
    if psutil.pid_exists(leader.pid) and is_living_pid(leader.pid):
        return False
    if process.create_time() < leader.started_at - START_TIME_SLACK_SECONDS:
        return False
    try:
        folder = Path(process.cwd())
    except psutil.AccessDenied:
        return None
    return any(folder.is_relative_to(place) for place in folders)


def is_marked(process: psutil.Process, marker: str) -> bool:
    """By its environment, which only its user may read, or by its command line, which everybody may."""
    with suppress(psutil.AccessDenied):
        if process.environ().get(MARKER) == marker:
            return True
    with suppress(psutil.AccessDenied):
        return shows_marker(process.cmdline(), marker)
    return False


def shows_marker(command: Sequence[str], marker: str) -> bool:
    """PostgreSQL has the marker as the name of its cluster: an option of the server, and in the title of each of its processes.

    The title takes the place of their environment, and each has a session of its own.
    """
    return f"cluster_name={marker}" in command or " ".join(command).startswith(f"postgres: {marker}: ")


def is_living(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_living_pid(pid: int) -> bool:
    try:
        return is_living(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def stop_all(
    processes: Sequence[psutil.Process],
    *,
    asked: Sequence[psutil.Process] | None = None,
    patience_seconds: float = 15,
    first: signal.Signals = signal.SIGTERM,
) -> list[psutil.Process]:
    """Ask (only `asked`, if given), wait, ask the rest, and kill what still lives. Returns who survives even that."""
    send(first, processes if asked is None else asked)
    remaining = wait_until_gone(processes, patience_seconds)
    if asked is not None:
        send(signal.SIGTERM, remaining)
        remaining = wait_until_gone(remaining, SECOND_PATIENCE_SECONDS)
    send(signal.SIGKILL, remaining)
    survivors = wait_until_gone(remaining, LAST_PATIENCE_SECONDS)
    # Reaps those that are our own children.
    psutil.wait_procs(processes, timeout=0)
    return survivors


def describe(processes: Iterable[psutil.Process]) -> str:
    """As much as everybody may know: pid, name and user."""
    texts = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            texts.append(f"{process.pid} {process.name()} (user {process.username()})")
    return ", ".join(texts)


def wait_until_gone(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those still living afterwards. A zombie is gone, whoever has to reap it: in a container perhaps nobody does."""
    deadline = time.monotonic() + seconds
    while (remaining := [process for process in processes if is_living(process)]) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return remaining


@contextmanager
def uninterrupted(*, only_later: bool = False) -> Iterator[None]:
    """Do something to its end, whatever Ctrl-C says; `only_later` heeds it then."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    before = {number: signal.signal(number, lambda number, _: received.append(number)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received and only_later:
        raise KeyboardInterrupt


def send(number: signal.Signals, processes: Iterable[psutil.Process]) -> None:
    """Whom this user may not signal is left alone, and survives."""
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.send_signal(number)
