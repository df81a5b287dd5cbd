from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from stack.errors import StackError
from stack.lockfile import LockFile, read_lock_file

HOUR = 3600


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    folder = tmp_path / "cluster"
    folder.mkdir()
    return folder


@pytest.fixture
def lock(cluster: Path) -> LockFile:
    """As if the process that runs this test were the server."""
    return LockFile(os.getpid(), str(cluster), float(int(psutil.Process().create_time())), 5433, "ready")


def write(cluster: Path, *lines: object) -> None:
    (cluster / "postmaster.pid").write_text("\n".join(map(str, lines)))


def test_lock_file_is_read_as_postgresql_writes_it(cluster):
    write(cluster, 27705, "/srv/orgsync/cluster", 1795887622, 45509, "", "127.0.0.1", "  2178516     32816", "ready   ")
    assert read_lock_file(cluster) == LockFile(27705, "/srv/orgsync/cluster", 1795887622, 45509, "ready")


def test_server_that_does_not_listen_yet_is_starting(cluster):
    write(cluster, 27705, "/srv/orgsync/cluster", 1795887622, 45509, "")
    assert read_lock_file(cluster) == LockFile(27705, "/srv/orgsync/cluster", 1795887622, 45509, "starting")


@pytest.mark.parametrize(
    "lines", [(), (27705,), (27705, "/srv/orgsync/cluster", ""), ("?", "/srv", 1, 2)], ids=["empty", "pid", "half", "odd"]
)
def test_beginning_of_a_lock_file_is_none(cluster, lines):
    assert read_lock_file(cluster) is None
    write(cluster, *lines)
    assert read_lock_file(cluster) is None


def test_lock_file_that_may_not_be_read_is_no_missing_one(cluster, monkeypatch):
    def deny(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", deny)
    with pytest.raises(StackError, match=r"cannot be found out: .*postmaster\.pid may not be read"):
        read_lock_file(cluster)


@pytest.mark.usefixtures("blind")
def test_writer_is_found_without_looking_into_it(cluster, lock):
    found = lock.find_server(cluster)
    assert found is not None
    assert found.pid == os.getpid()
    assert found.is_alive()


def test_writer_is_found_after_its_folder_has_moved(cluster, lock):
    assert lock.find_server(cluster.rename(cluster.with_name("moved"))) is not None


def test_writer_is_found_through_a_link(cluster, lock, tmp_path):
    (tmp_path / "link").symlink_to(cluster)
    assert lock.find_server(tmp_path / "link") is not None


def test_copy_of_a_folder_has_no_server(cluster, lock, tmp_path):
    (tmp_path / "copy").mkdir()
    assert lock.find_server(tmp_path / "copy") is None


@pytest.mark.parametrize("seconds", [-HOUR, HOUR], ids=["earlier", "later"])
def test_other_process_with_the_same_pid_is_not_the_writer(cluster, lock, seconds):
    assert replace(lock, started_at=lock.started_at + seconds).find_server(cluster) is None


def test_process_of_another_user_is_not_the_writer(cluster, lock, monkeypatch):
    uids = psutil.Process().uids()
    monkeypatch.setattr(psutil.Process, "uids", lambda _: uids._replace(real=uids.real + 1))
    assert lock.find_server(cluster) is None


def test_dead_process_is_not_the_writer(cluster, lock, gone_pid):
    assert replace(lock, pid=gone_pid).find_server(cluster) is None


@pytest.fixture
def gone_pid() -> int:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    return pid
