"""Opens a place of the landing zone: a folder of this machine, or of whatever store Airflow has a connection to."""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import urlsplit

Place: TypeAlias = Any
"""A UPath, or Airflow's ObjectStoragePath, which wraps one."""


def open_place(uri: str) -> Place:
    """`file:///…` is opened as Airflow would, without its import; all else by Airflow itself, with the store's connection."""
    parts = urlsplit(uri)
    if parts.scheme in ("", "file") and not parts.netloc:
        from upath import UPath

        return UPath(uri)
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(uri)
