"""Opens what the landing zone and reports are written to: a folder of this machine, or of whatever store Airflow has a connection to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Place: TypeAlias = Any
"""A UPath, or Airflow's ObjectStoragePath, which wraps one."""


def open_place(uri: str | Path) -> Place:
    """`file:///…` or a path are opened as Airflow would, without its import; all else by Airflow itself, with the store's connection."""
    parts = urlsplit(str(uri))
    if parts.scheme in ("", "file") and not parts.netloc:
        from upath import UPath

        return UPath(uri)
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(uri)


def is_local(place: Place) -> bool:
    return place.protocol in ("", "file", "local")


def list_files(place: Place) -> dict[str, dict[str, int]]:
    """The folders of a place, sorted by name: of each its files with their bytes. Raises OSError where it cannot be listed.

    Of an object store this is one listing of all that is below, which comes a thousand files at a time: to look for a file in each folder
    would be a request for each.
    """
    found = _list_local(place.path) if is_local(place) else _list_remote(place)
    return dict(sorted(found.items()))


def keep_private(place: Place) -> None:
    """Files and folders are the owner's alone; an object store has its own rules for that."""
    if is_local(place):
        place.chmod(0o700 if place.is_dir() else 0o600)


def write_at_once(place: Place, content: bytes) -> None:
    """No one ever sees half of it, whenever the writer is killed: object stores work like that, on a file system it takes a second name."""
    written = place.with_name(f"{place.name}.part") if is_local(place) else place
    with written.open("wb") as file:
        file.write(content)
    keep_private(written)
    if written != place:
        Path(written.path).replace(place.path)


def _list_local(path: str) -> dict[str, dict[str, int]]:
    """What goes away meanwhile is passed over."""
    found = {}
    try:
        folders = [entry for entry in os.scandir(path) if entry.is_dir()]
    except FileNotFoundError:
        return {}
    for folder in folders:
        try:
            found[folder.name] = {file.name: _measure(file) for file in os.scandir(folder) if file.is_file()}
        except FileNotFoundError:
            continue
    return found


def _measure(file: os.DirEntry[str]) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _list_remote(place: Place) -> dict[str, dict[str, int]]:
    store = place.fs
    store.invalidate_cache()  # it would answer with what it was told before
    found: dict[str, dict[str, int]] = {}
    for path, told in store.find(place.path, detail=True).items():
        folder, inside, name = path.removeprefix(place.path.rstrip("/")).lstrip("/").partition("/")
        if inside:
            found.setdefault(folder, {})[name] = told["size"] or 0
    return found
