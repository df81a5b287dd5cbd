"""Reads parameters from the path, the query and a JSON body, and refuses what has the wrong type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.exchange import Request, decode
from sandbox.feishu.paging import read_token
from sandbox.feishu.refusals import bad_argument, bad_page_size, bad_page_token, missing_argument

Parameters = Mapping[str, Any]
REPEATED = frozenset(("department_ids", "user_ids"))
QUERY_ONLY = frozenset(("receive_id_type",))
USER_ID_TYPES = ("open_id", "union_id", "user_id")
DEPARTMENT_ID_TYPES = ("open_department_id", "department_id")


@dataclass(frozen=True)
class IdTypes:
    """Which ids a call means, in what it sends and in what it gets."""

    user: str
    department: str


def read_parameters(request: Request, from_path: Mapping[str, str], *, forms: bool = False) -> None:
    """A later source goes before an earlier one of the same name: query, body, path. Where a form may come, the query says nothing."""
    found: dict[str, Any] = {} if forms else dict(request.query)
    if REPEATED & found.keys():
        pairs = parse_qsl(request.raw_query, keep_blank_values=True)
        found |= {name: [value for key, value in pairs if key == name] for name in REPEATED & found.keys()}
    if forms and "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        found |= dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    elif request.method != "GET" and request.body.strip():
        found |= {name: value for name, value in _read_body(request).items() if name not in QUERY_ONLY}
    request.parameters = found | dict(from_path)


def _read_body(request: Request) -> dict[str, Any]:
    try:
        value = decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = None
    request.malformed = not isinstance(value, dict)
    return {} if request.malformed else value


def id_types(parameters: Parameters) -> IdTypes:
    user = _choice(parameters, "user_id_type", USER_ID_TYPES)
    return IdTypes(user, _choice(parameters, "department_id_type", DEPARTMENT_ID_TYPES))


def page(parameters: Parameters, *, default: int, most: int) -> tuple[int, int]:
    """Position and size, both optional."""
    size = _integer(parameters, "page_size", default)
    if not 0 < size <= most:
        raise bad_page_size()
    return _position(parameters), size


def _position(parameters: Parameters) -> int:
    token = parameters.get("page_token") or ""
    try:
        return read_token(token) if token else 0
    except ValueError:
        raise bad_page_token() from None


def required(parameters: Parameters, name: str) -> str:
    value = parameters.get(name)
    if value is None or value == "":
        raise missing_argument(name)
    return str(value)


def id_list(parameters: Parameters, name: str, *, most: int = 50) -> list[str]:
    """Named again for each id."""
    values = parameters.get(name)
    if not values:
        raise missing_argument(name)
    if len(values) > most:
        raise bad_argument(name, len(values), f"the max len is {most}")
    return list(values)


def text_list(parameters: Parameters, name: str, *, most: int = 50) -> list[str]:
    """From a JSON body; not given is empty."""
    values = parameters.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise bad_argument(name, values, f"{name} must be a list of strings")
    if len(values) > most:
        raise bad_argument(name, len(values), f"the max len is {most}")
    return values


def boolean(parameters: Parameters, name: str) -> bool:
    value = parameters.get(name, False)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise bad_argument(name, value, f"{name} must be a boolean")
    return value


def _integer(parameters: Parameters, name: str, default: int) -> int:
    value = parameters.get(name)
    if value is None or value == "":
        return default
    if not value.isdecimal() or len(value) > 18:
        raise bad_argument(name, value, f"{name} must be an integer")
    return int(value)


def _choice(parameters: Parameters, name: str, choices: tuple[str, ...]) -> str:
    """The first is the default."""
    value = parameters.get(name) or choices[0]
    if value not in choices:
        raise bad_argument(name, value, f"the options are [{', '.join(choices)}]")
    return str(value)
