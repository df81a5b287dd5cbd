"""Reads parameters from a query or a JSON body, and refuses what has the wrong form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from sandbox.exchange import Request, decode
from sandbox.wecom.refusals import BAD_PARAMETER, MISSING_PARAMETER, Reason, RefusalError

Parameters = Mapping[str, Any]
LARGEST_ID = 2**31 - 1
ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")


def read_parameters(request: Request) -> None:
    """From the query of a GET, from the body of a POST; a body that is no JSON object counts as empty."""
    if request.method == "GET":
        request.parameters = dict(request.query)
    elif request.body.strip():
        try:
            value = decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            value = None
        request.malformed = not isinstance(value, dict)
        request.parameters = value if isinstance(value, dict) else {}


def has_escapes(request: Request) -> bool:
    return ESCAPE.search(request.body) is not None


def required(parameters: Parameters, name: str, missing: Reason = MISSING_PARAMETER) -> Any:
    value = parameters.get(name)
    if value is None or value == "":
        raise RefusalError(missing)
    return value


def text(parameters: Parameters, name: str, missing: Reason = MISSING_PARAMETER) -> str:
    value = required(parameters, name, missing)
    if not isinstance(value, str):
        raise RefusalError(BAD_PARAMETER)
    return value


def number(value: Any, bad: Reason = BAD_PARAMETER) -> int:
    """From the digits of a query, or as it is in a body."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 10:
        value = int(value)
    if type(value) is not int or not 0 <= value <= LARGEST_ID:
        raise RefusalError(bad)
    return value


def optional_number(parameters: Parameters, name: str) -> int | None:
    value = parameters.get(name)
    return None if value is None or value == "" else number(value)
