"""What a fresh machine may lack is named, with what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stack.layout import CHECKOUT

BASH = shutil.which("bash") or "bash"


@pytest.fixture
def machine(tmp_path):
    """A folder of programs that is the whole PATH, and a checkout to set up."""
    checkout = tmp_path / "checkout"
    (checkout / "bin").mkdir(parents=True)
    shutil.copy(CHECKOUT / "bin" / "setup", checkout / "bin" / "setup")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("dirname", "cat", "git"):
        (programs / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    return programs


def add_program(programs: Path, name: str, script: str) -> None:
    path = programs / name
    path.write_text(f"#!{BASH}\n{script}\n")
    path.chmod(0o755)


def run_setup(programs: Path) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": str(programs), "HOME": os.environ.get("HOME", "/")}
    setup = programs.parent / "checkout" / "bin" / "setup"
    return subprocess.run([BASH, str(setup)], env=environ, capture_output=True, text=True, check=False)


def test_missing_python_is_named(machine):
    done = run_setup(machine)
    assert done.returncode == 1
    assert "python3 is missing; install Python 3.11 to 3.14" in done.stderr


def test_old_python_is_named_with_its_version(machine):
    add_program(machine, "python3", '[[ $1 == --version ]] && echo "Python 3.9.2"; [[ $1 == --version ]]')
    done = run_setup(machine)
    assert done.returncode == 1
    assert "Python 3.9.2 does not do; install Python 3.11 to 3.14" in done.stderr


def test_newer_python_beside_an_old_one_is_taken(machine):
    add_program(machine, "python3", "exit 1")
    add_program(machine, "python3.12", '[[ $2 != "import venv"* ]]')
    done = run_setup(machine)
    assert done.returncode == 1
    assert "programs/python3.12 has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" in done.stderr


def test_missing_git_is_named(machine):
    (machine / "git").unlink()
    done = run_setup(machine)
    assert done.returncode == 1
    assert "git is missing" in done.stderr
