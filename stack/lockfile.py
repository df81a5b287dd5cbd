"""A cluster's lock file, `postmaster.pid`: where a running PostgreSQL writes down who and where it is.

It lies in the cluster's own folder, which nobody else can write to. Together with what the system shows everybody about a process it
tells whose server that is, without the right to look into the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from stack.errors import StackError
from stack.processes import ProcessRecord, record_process

# The file holds whole seconds, and the system's own idea of when a process began may be a second off.
ROUNDING_SECONDS = 5
# From the start of the process to its first line of code, on a machine that is busy.
LOADING_SECONDS = 60


@dataclass(frozen=True)
class LockFile:
    """A server that was killed leaves it behind."""

    pid: int
    folder: str
    started_at: float
    port: int
    state: str
    """`starting` until its last line is there: the port above may still be somebody else's."""

    def find_server(self, cluster: Path) -> ProcessRecord | None:
        """The process that wrote this, if it lives and the file was not copied here with its folder."""
        if not is_same_folder(Path(self.folder), cluster):
            return None
        record = record_process("postgres", self.pid)
        process = record.find()
        if process is None or not -ROUNDING_SECONDS < self.started_at - record.started_at < LOADING_SECONDS:
            return None
        try:
            return record if process.uids().real == cluster.stat().st_uid else None
        except psutil.NoSuchProcess:
            return None


def read_lock_file(cluster: Path) -> LockFile | None:
    """None where there is none, or only a beginning."""
    path = cluster / "postmaster.pid"
    try:
        lines = path.read_text().splitlines()
        return LockFile(int(lines[0]), lines[1], float(lines[2]), int(lines[3]), lines[7].strip() if len(lines) > 7 else "starting")
    except (FileNotFoundError, IndexError, ValueError):
        return None
    except PermissionError as error:
        raise StackError(f"whether PostgreSQL runs cannot be found out: {path} may not be read by this user") from error


def is_same_folder(written: Path, cluster: Path) -> bool:
    """Also when the checkout has moved while the server ran: then there is nothing any more where it was."""
    return written.samefile(cluster) if written.exists() else True
