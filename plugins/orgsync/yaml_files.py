"""YAML files that people write, as nodes: nodes know their lines, plain dictionaries would not."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from orgsync.errors import ConfigurationError

MOST_LEVELS = 100
"""Nobody nests deeper by hand; the parser in C ends the whole process beyond some ten thousand."""


def compose_yaml(path: Path, *, what: str, missing: str) -> yaml.Node | None:
    """Raises ConfigurationError naming file and line; `missing` says what to do where there is no such file."""
    return compose_content(path, read_content(path, what=what, missing=missing))


def read_content(path: Path, *, what: str, missing: str) -> bytes:
    """Raises ConfigurationError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(f"there is no {what} {path}; {missing}") from None
    except OSError as error:
        raise refuse_file(what, path, error) from error


def compose_content(path: Path, content: bytes, *, excerpt: Callable[[str], str] = str) -> yaml.Node | None:
    """What was read of a file. Raises ConfigurationError naming file and line; each node's mark names them too.

    `excerpt` makes of its text what is looked at, line by line where it was.
    """
    try:
        return _compose(excerpt(content.decode()), str(path))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}, line {line}: not UTF-8; save the file in that encoding") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{path}, line {line}: not YAML: {error.problem}") from error
    except ReaderError as error:
        raise ConfigurationError(f"{path}: not YAML: it holds the character U+{error.character:04X}; remove it") from error
    except RecursionError:
        raise ConfigurationError(f"{path}: not YAML that anybody wrote: it is nested too deeply") from None


def refuse_file(what: str, path: Path, error: OSError) -> ConfigurationError:
    """Why a file or folder that people put there cannot be read; where its mode forbids it, who asked and what lets them."""
    said = f"the {what} {path} cannot be read: {error.strerror}"
    if not isinstance(error, PermissionError):
        return ConfigurationError(said)
    asking = f"this process is user {os.geteuid()} of group {os.getegid()}"
    try:
        found = path.stat()
    except OSError:
        return ConfigurationError(f"{said}. A folder above it lets nobody but its owner pass, and {asking}: `chmod o+x` that folder")
    kind, letter = ("folder", "rx") if path.is_dir() else ("file", "r")
    whose = f"the {kind} has the mode {stat.S_IMODE(found.st_mode):03o} and belongs to user {found.st_uid} of group {found.st_gid}"
    where = "in a container it is mounted from its host: there it has to be done"
    return ConfigurationError(f"{said}. {asking[0].upper()}{asking[1:]}; {whose}. Let others read it with `chmod o+{letter}` ({where})")


class _Named(io.StringIO):
    """A text by whose name the marks of its nodes go."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def _compose(text: str, name: str) -> yaml.Node | None:
    """Eight times as fast by the parser in C, where there is it and it can; what is wrong, the other one says, always in the same words."""
    if fast := getattr(yaml, "CSafeLoader", None):
        try:
            if _is_shallow(text, fast):
                return yaml.compose(_Named(text, name), Loader=fast)
        except yaml.YAMLError:
            pass  # said below
    return yaml.compose(_Named(text, name), Loader=yaml.SafeLoader)


def _is_shallow(text: str, loader: Any) -> bool:
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_LEVELS:
            return False
    return True
