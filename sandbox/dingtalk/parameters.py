"""Reads parameters from a query, a form or JSON, and refuses what has the wrong type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.dingtalk.refusals import RefusalError, bad_cursor, bad_department, bad_parameter, bad_size, missing_parameter
from sandbox.exchange import Request, decode

Parameters = Mapping[str, Any]
MAX_PAGE = 100
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1


def read_parameters(request: Request, *, forms: bool) -> None:
    """From the query of a GET; from the body of a POST, as JSON or, for the old generation, a form."""
    if request.method == "GET":
        request.parameters = dict(request.query)
    elif forms and "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        request.parameters = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    elif request.body.strip():
        _read_json(request)


def _read_json(request: Request) -> None:
    try:
        value = decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = None
    if isinstance(value, dict):
        request.parameters = value
    else:
        request.malformed = True


def required(parameters: Parameters, name: str) -> Any:
    value = parameters.get(name)
    if value is None or value == "":
        raise missing_parameter(name)
    return value


def integer(value: Any, refusal: Callable[[], RefusalError]) -> int:
    """A number, or a text of digits as forms carry it; neither a boolean nor a fraction."""
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) < 25:
        value = int(value)
    if type(value) is not int or not MIN_INTEGER <= value <= MAX_INTEGER:
        raise refusal()
    return value


def department_id(parameters: Parameters) -> int:
    return integer(required(parameters, "dept_id"), bad_department)


def text(parameters: Parameters, name: str) -> str:
    value = required(parameters, name)
    if not isinstance(value, str):
        raise bad_parameter(name)
    return value


def boolean(parameters: Parameters, name: str, *, default: bool | None = None) -> bool:
    """Without a default the parameter is required."""
    value = parameters.get(name, default)
    if value is None:
        raise missing_parameter(name)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise bad_parameter(name)
    return value


def page(parameters: Parameters) -> tuple[int, int]:
    """Cursor and size, both required."""
    cursor = integer(required(parameters, "cursor"), bad_cursor)
    size = integer(required(parameters, "size"), bad_size)
    if not 0 < size <= MAX_PAGE:
        raise bad_size()
    if cursor < 0:
        raise bad_cursor()
    return cursor, size


def offset_page(parameters: Parameters, *, most: int) -> tuple[int, int]:
    """Offset and size, both optional."""
    offset = integer(parameters.get("offset", 0), bad_cursor)
    size = integer(parameters.get("size", 20), bad_size)
    if not 0 < size <= most:
        raise bad_size()
    if offset < 0:
        raise bad_cursor()
    return offset, size
