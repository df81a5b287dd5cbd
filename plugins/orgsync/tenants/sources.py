"""The files in which stanzas stand: one, or all of a folder, read as of one moment however it is being changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orgsync.errors import ConfigurationError
from orgsync.yaml_files import read_content

log = logging.getLogger(__name__)

WHAT, MISSING = "tenants file", "write one, or set ORGSYNC_TENANTS"
DEFAULTS = "defaults.yaml"
"""In a folder: the file whose `defaults` serve all files."""
TRIES, PAUSE_SECONDS = 20, 0.05


@dataclass(frozen=True)
class Source:
    """A file as it was read; `error` is why it could not be."""

    path: Path
    content: bytes = b""
    error: str = ""


@dataclass(frozen=True)
class Sources:
    """All files there are. Of a folder, a mistake in one of them is that one's."""

    place: Path
    files: tuple[Source, ...]
    is_folder: bool = False


def read_sources(path: Path) -> Sources:
    """Raises ConfigurationError where there is no file, or a folder of none: nobody's tenants are gone because a folder is empty."""
    if not path.is_dir():
        return Sources(path, (Source(path, read_content(path, what=WHAT, missing=MISSING)),))
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        before = _look(path)
        files = tuple(_read_all(path))
        if _look(path) == before:
            break
        log.info("%s was changed while it was read; reading it again", path)
    else:
        raise ConfigurationError(f"{path} is changed all the time, and could not be read as of one moment; put files in place at once")
    if not files:
        raise ConfigurationError(f"there is no file *.yaml in the folder {path}; {MISSING}")
    return Sources(path, files, is_folder=True)


def list_files(path: Path) -> list[Path]:
    """The file itself, or the folder's own `*.yaml` by name; hidden ones and what editors leave beside them are none of ours.

    A link that leads nowhere is one of them: whose stanzas cannot be read must not look like gone.
    """
    if not path.is_dir():
        return [path]
    try:
        found = list(path.iterdir())
    except OSError as error:
        raise ConfigurationError(f"the folder {path} cannot be read: {error.strerror}") from error
    return sorted(file for file in found if file.suffix == ".yaml" and not file.name.startswith(".") and not file.is_dir())


def _look(folder: Path) -> list[tuple[object, ...]]:
    """What tells that the folder, or a file, is another one than before: links are followed, as reading does."""
    return [_stat(folder)[:2], *((file.name, *_stat(file)) for file in list_files(folder))]


def _stat(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:  # reading it says why; what comes and goes between two looks is another list
        return ()
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def _read_all(folder: Path) -> Iterator[Source]:
    """Of the folder that a link leads to now, wherever it leads a moment later; what is gone by then, the next look finds out."""
    real = folder.resolve()
    try:
        names = [file.name for file in list_files(real)]
    except ConfigurationError:
        return
    for name in names:
        try:
            yield Source(folder / name, read_content(real / name, what=WHAT, missing=MISSING))
        except ConfigurationError as error:
            yield Source(folder / name, error=str(error).replace(str(real), str(folder)))
