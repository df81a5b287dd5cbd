"""Root in a container lacks rights that root usually has: it does without them, or says which it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from stack.layout import CHECKOUT
from stack.postgres import PostgresServer
from stack.processes import find_members, stop_all

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv here, to give up rights with"),
]

# What a container's root has if nothing is said; CAP_SYS_PTRACE is not among them.
USUAL = ("chown", "dac_override", "fowner", "fsetid", "kill", "net_bind_service", "setfcap", "setgid", "setpcap", "setuid", "sys_chroot")

# A server is started, found again and ended; then another, whose postmaster is killed while a backend of it works on.
LIFE = """
import os, pathlib, signal, sys, time
import psutil, psycopg2
from stack.postgres import PostgresServer
from stack.processes import find_members, stop_all

folder, marker = pathlib.Path(sys.argv[1]), sys.argv[2]

def find():
    return [process.name() for process in find_members([], marker=marker)]

server = PostgresServer(folder, "s3cret", marker=marker)
record = server.start(port=0)
for look in (psutil.Process.cwd, psutil.Process.environ):
    try:
        look(psutil.Process(record.pid))
    except psutil.AccessDenied:
        print("blind")
print(PostgresServer(folder, "s3cret").start() == record)
PostgresServer(folder, "").stop()
print(record.is_alive(), find())

record = server.start(port=0)
working = psycopg2.connect(server.dsn(), async_=1)
while working.poll() != psycopg2.extensions.POLL_OK:
    pass
working.cursor().execute("do $$ begin loop end loop; end $$")
os.kill(record.pid, signal.SIGKILL)
deadline = time.monotonic() + 60
while (record.is_alive() or len(find()) != 1) and time.monotonic() < deadline:
    pass
print(find(), find_members([], marker=marker[:-1]))
print(stop_all(find_members([], marker=marker), patience_seconds=0.2), find())
working.close()
"""
START = """
import pathlib, sys
from stack.errors import StackError
from stack.postgres import PostgresServer
try:
    PostgresServer(pathlib.Path(sys.argv[1]), "s3cret").start(port=0)
except StackError as error:
    print(error)
"""


def run_in_container(program: str, *arguments: object, without: str = "") -> list[str]:
    kept = ",".join(["-all", *(f"+{right}" for right in USUAL if right != without)])
    command = ["setpriv", "--inh-caps=-all", f"--bounding-set={kept}", sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


@pytest.fixture
def folder(tmp_path, marker):
    yield tmp_path / "postgres"
    stop_all(find_members([], marker=marker), patience_seconds=0.2)
    PostgresServer(tmp_path / "postgres", "").remove()


def test_database_of_root_is_found_and_ended_without_the_right_to_look_into_it(folder, marker):
    assert run_in_container(LIFE, folder, marker) == ["blind", "blind", "True", "False []", "['postgres'] []", "[] []"]


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ("setuid", "may not become user nobody here, which takes CAP_SETUID"),
        ("kill", "may not end processes of user nobody here"),
        ("chown", "may not give a folder to user nobody here, which takes CAP_CHOWN"),
    ],
)
def test_right_that_cannot_be_done_without_is_named_before_anything_is_started(folder, right, words):
    (said,) = run_in_container(START, folder, without=right)
    assert words in said
    assert "run make as an ordinary user" in said
    assert not (folder / "postgres.log").exists()
