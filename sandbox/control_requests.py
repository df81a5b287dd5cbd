"""Reads what a call of the control API says, and refuses what cannot be understood."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from sandbox.exchange import Request

Wanted = TypeVar("Wanted")


class ControlError(Exception):
    """Told to the caller as JSON with this status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def read_body(request: Request, kind: type[Wanted]) -> Wanted:
    return msgspec.json.decode(request.body.strip() or b"{}", type=kind)


def read_number(request: Request, name: str) -> int | None:
    value = request.query.get(name)
    if value is not None and not value.isdecimal():
        raise ControlError(400, f"{name} must be a number, not {value!r}")
    return None if value is None else int(value)
