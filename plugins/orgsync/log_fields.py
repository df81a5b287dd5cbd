"""What all log lines of a piece of work share: its tenant, run, step, snapshot. As text they are left out, as JSON they are fields."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_FIELDS: ContextVar[Mapping[str, str]] = ContextVar("fields of log lines", default={})  # noqa: B039 - it is never changed


def find_log_fields() -> Mapping[str, str]:
    return _FIELDS.get()


@contextmanager
def log_fields(**fields: str) -> Iterator[None]:
    """For all that is logged in this block, by this thread; in a process of Airflow's also by Airflow, which writes with structlog."""
    token = _FIELDS.set({**_FIELDS.get(), **fields})
    structlog = sys.modules.get("structlog")  # half a second to import, which the command does without
    try:
        if structlog is None:
            yield
        else:
            with structlog.contextvars.bound_contextvars(**fields):
                yield
    finally:
        _FIELDS.reset(token)
