"""One HTTP request and its answer, as the platforms of the sandbox see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

JSON_TYPE = b"application/json;charset=UTF-8"
HTML_TYPE = b"text/html;charset=UTF-8"

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    client_ip: str
    interface: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    malformed: bool = False
    """The body could not be read as what it claims to be."""
    raw_query: str = ""
    """For a platform that repeats names: `query` keeps the last of each."""


@dataclass(slots=True)
class Answer:
    body: bytes | Iterator[bytes]
    status: int = 200
    content_type: bytes = JSON_TYPE
    headers: tuple[tuple[bytes, bytes], ...] = ()
    refusal: str | None = None
    """The platform's code where the call was refused, as counted in the statistics."""
    bytes_per_second: int = 0
    """So fast is the body sent; 0 is as fast as can be."""


def parse_query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True)) if text else {}


def json_answer(value: Any, *, status: int = 200, refusal: str | None = None) -> Answer:
    return Answer(encode(value), status, refusal=refusal)
