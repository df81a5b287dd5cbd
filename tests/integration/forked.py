"""Runs the command `orgsync` in a fork of this process, which has imported already what takes the command seconds each time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn


def run_command(arguments: Sequence[str], environ: Mapping[str, str], given: str | None) -> subprocess.CompletedProcess[str]:
    """As a process of its own would end: its exit code, and what it wrote."""
    with tempfile.TemporaryFile("w+") as given_file, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        given_file.write(given or "")
        given_file.flush()
        given_file.seek(0)
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Threads of others are not in the fork, and nothing in it waits for one.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            be_a_process(partial(_be_the_command, arguments), environ, [file.fileno() for file in (given_file, out, err)])
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([*arguments], os.waitstatus_to_exitcode(status), out.read(), err.read())


def be_a_process(work: Callable[[], object], environ: Mapping[str, str], files: Sequence[int]) -> NoReturn:
    """Does the work in a fork as a process of its own would: with this environment, these three files, and an exit code."""
    code, before = 1, (sys.stdout, sys.stderr)  # what was imported earlier may still write through these
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - they are the process's own
        os.environ.clear()
        os.environ.update(environ)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr, *before):
            stream.flush()
        os._exit(code)


def _be_the_command(arguments: Sequence[str]) -> None:
    sys.argv = ["orgsync", *arguments]
    from orgsync.cli.main import main

    main()
