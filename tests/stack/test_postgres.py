from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from stack import postgres
from stack.errors import StackError
from stack.layout import CHECKOUT
from stack.postgres import PostgresServer, embedded_postgres
from stack.processes import is_living_pid


@pytest.fixture
def server(tmp_path: Path):
    server = PostgresServer(tmp_path / "postgres", "s3cret", throwaway=True)
    yield server
    server.remove()


def ask(dsn: str, statement: str) -> object:
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]
    finally:
        connection.close()


def test_embedded_server_answers_and_is_gone_afterwards(tmp_path):
    with embedded_postgres(tmp_path / "pg") as server:
        assert server.create_database("warehouse")
        assert not server.create_database("warehouse")
        assert ask(server.dsn("warehouse"), "select upper('部门 a')") == "部门 A"
        pid, place = server.record.pid, server.place
    assert not is_living_pid(pid)
    assert not (tmp_path / "pg").exists()
    assert not place.exists()


def test_two_servers_do_not_meet(tmp_path):
    with embedded_postgres(tmp_path / "one") as one, embedded_postgres(tmp_path / "two") as two:
        assert one.port != two.port
        assert one.cluster != two.cluster


def test_listens_on_loopback_only(server):
    server.start()
    listening = [(one.laddr.ip, one.laddr.port) for one in psutil.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    # The machine's whole table, since root in a container may not see which process holds which of them.
    assert [ip for ip, port in listening if port == server.port] == ["127.0.0.1"]


def test_wrong_password_is_refused(server):
    server.start()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.dsn().replace("s3cret", "wrong"))


def test_second_start_finds_the_first(server):
    first = server.start()
    again = PostgresServer(server.folder, "s3cret", throwaway=True)
    assert again.start() == first
    assert again.port == server.port


@pytest.mark.usefixtures("blind")
def test_server_is_found_and_stopped_without_looking_into_its_process(server):
    first = server.start()
    assert PostgresServer(server.folder, "s3cret", throwaway=True).start() == first
    PostgresServer(server.folder, "").stop()
    assert not first.is_alive()


def test_server_of_somebody_else_on_the_port_is_not_taken_for_ours(server, tmp_path):
    server.start()
    with pytest.raises(StackError, match=r"stopped while starting(.|\n)*Address already in use"):
        PostgresServer(tmp_path / "other", "another").start(server.port)
    PostgresServer(tmp_path / "other", "").remove()


def test_server_that_is_not_ready_in_time_is_ended_and_said_to_be_so(server, monkeypatch):
    monkeypatch.setattr(postgres, "START_TIMEOUT_SECONDS", -1)
    with pytest.raises(StackError, match=r"not ready after -1 seconds: (.*postmaster\.pid names no process|it says that it is starting)"):
        server.start()
    assert not server.record.is_alive()


@pytest.mark.usefixtures("powerless")
def test_server_that_may_not_be_ended_is_never_deleted(server, monkeypatch):
    first = server.start()
    monkeypatch.setattr(postgres, "STOP_TIMEOUT_SECONDS", 0)
    with pytest.raises(StackError, match=f"still run: {first.pid} postgres"):
        PostgresServer(server.folder, "").remove()
    assert first.is_alive()
    assert server.cluster.exists()
    monkeypatch.undo()


def test_stopped_server_keeps_its_databases(server):
    server.start()
    server.create_database("warehouse")
    server.stop()
    again = PostgresServer(server.folder, "s3cret", throwaway=True)
    again.start()
    assert not again.create_database("warehouse")


def test_stop_disconnects_clients(server):
    server.start()
    client = psycopg2.connect(server.dsn())
    server.stop()
    with pytest.raises(psycopg2.OperationalError):
        client.cursor().execute("select 1")
    client.close()


def test_starts_again_after_the_server_was_killed(server):
    first = server.start()
    process = psutil.Process(first.pid)  # found before it is killed: its keeper, and not this process, sees it off
    process.kill()
    process.wait()
    assert server.start() != first


def test_throwaway_server_ends_with_its_starter(tmp_path):
    program = f"""
import os, pathlib, signal
from stack.postgres import PostgresServer
server = PostgresServer(pathlib.Path({str(tmp_path / "pg")!r}), "s3cret", throwaway=True)
print(server.start().pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    try:
        with suppress(psutil.NoSuchProcess):  # it may be gone already
            psutil.Process(int(done.stdout)).wait(timeout=30)
        assert not is_living_pid(int(done.stdout))
    finally:
        PostgresServer(tmp_path / "pg", "s3cret", throwaway=True).remove()


def test_unfinished_cluster_is_made_anew(server):
    server.start()
    server.create_database("warehouse")
    server.stop()
    server.cluster.rename(server.place / "cluster.new")
    server.start()
    assert server.create_database("warehouse")


def test_lost_password_names_the_way_out(server):
    server.start()
    with pytest.raises(StackError, match="make clean"):
        PostgresServer(server.folder, "forgotten").start()


def test_foreign_folder_is_never_deleted(tmp_path):
    place = tmp_path / "orgsync-0123"
    place.mkdir()
    (place / "owner").write_text("/somewhere/else")
    with pytest.raises(StackError, match="not made by this checkout"):
        postgres.remove_place(place, tmp_path / "postgres")
    assert place.exists()


def test_folder_whose_removal_was_cut_off_is_still_ours(tmp_path, monkeypatch):
    place = tmp_path / "orgsync-0123"
    (place / "cluster").mkdir(parents=True)
    (place / "owner").write_text(str((tmp_path / "postgres").resolve()))
    remove_tree = shutil.rmtree

    def cut_off(path):
        raise OSError(errno.EBUSY, "Device or resource busy", str(path))

    monkeypatch.setattr(shutil, "rmtree", cut_off)
    with pytest.raises(StackError, match="cluster cannot be deleted: Device or resource busy"):
        postgres.remove_place(place, tmp_path / "postgres")
    monkeypatch.setattr(shutil, "rmtree", remove_tree)
    postgres.remove_place(place, tmp_path / "postgres")
    assert not place.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to switch the user")
def test_root_runs_it_unprivileged_even_below_a_closed_folder(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with embedded_postgres(closed / "pg") as server:
        assert psutil.Process(server.record.pid).username() == "nobody"
        assert server.place != server.folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to switch the user")
def test_unreachable_binaries_are_copied(tmp_path, monkeypatch):
    installed = postgres.find_binaries()
    hidden = postgres.copy_installation(installed, tmp_path / "closed" / "install")
    (tmp_path / "closed").chmod(0o700)
    monkeypatch.setattr(postgres, "find_binaries", lambda: hidden)
    with embedded_postgres(tmp_path / "pg") as server:
        assert server.binaries.is_relative_to(server.place)
        assert ask(server.dsn(), "select 1") == 1
