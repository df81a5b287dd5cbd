"""Reads an option of Airflow's configuration where it is plainly set: in the environment, itself or as a command that prints it; else in
airflow.cfg."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from configparser import Error as UnreadableError
from configparser import RawConfigParser
from functools import cached_property
from pathlib import Path

# Airflow expands these: variables, templates, interpolation. A doubled percent sign is undone first.
_EXPANDED = ("$", "{", "%", "~")
# An option may also be what a command prints, or what a secrets backend holds.
_INDIRECT = ("_cmd", "_secret")


class UnclearError(Exception):
    """Only Airflow itself can tell; it never leaves this room."""


class AirflowOptions:
    """Airflow's configuration, as far as it can be read without Airflow."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def names(self, section: str, key: str) -> bool:
        """Whether an option is set to something, in whatever way; also where the file cannot be read, for then it may be."""
        try:
            return any(self._find(section, key + way) for way in ("", *_INDIRECT))
        except UnclearError:
            return True

    def read(self, section: str, key: str) -> str:
        """Its value. Raises UnclearError where it is neither written out in so many words nor what a command of the environment prints."""
        if command := self._find_command(section, key):
            value = _run(command)
        elif any(self._find(section, key + way) for way in _INDIRECT):
            raise UnclearError(f"[{section}] {key}")
        else:
            value = self._find(section, key)
        if not value or any(sign in value for sign in _EXPANDED):
            raise UnclearError(f"[{section}] {key}")
        return value

    def _find_command(self, section: str, key: str) -> str:
        """Airflow takes it where the environment does not name the value itself, and before airflow.cfg."""
        variable = f"AIRFLOW__{section.upper()}__{key.upper()}"
        return "" if variable in self._environ else self._environ.get(f"{variable}_CMD", "")

    def _find(self, section: str, key: str) -> str:
        variable = self._environ.get(f"AIRFLOW__{section.upper()}__{key.upper()}")
        return self._file.get(section, key, fallback="").replace("%%", "%").strip() if variable is None else variable.strip()

    @cached_property
    def _file(self) -> RawConfigParser:
        """Empty where there is no file: Airflow's defaults hold."""
        parser = RawConfigParser()
        try:
            path = self._path
            if path.exists():
                parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, UnreadableError) as error:
            raise UnclearError("airflow.cfg") from error
        return parser

    @property
    def _path(self) -> Path:
        home = self._environ.get("AIRFLOW_HOME", "~/airflow")
        path = self._environ.get("AIRFLOW_CONFIG") or f"{home}/airflow.cfg"
        if "$" in path:
            raise UnclearError("airflow.cfg")
        return Path(path).expanduser()


def _run(command: str) -> str:
    """As Airflow runs it: without a shell."""
    try:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        problem = UnclearError(command)
    else:
        return done.stdout
    raise problem  # outside the handler: what was printed may be the secret
