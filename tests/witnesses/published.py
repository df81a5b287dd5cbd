"""Answers as others have published them, with values of our own in place of people's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.transport import Patience, Request, Response, Transport
from tests.unit.platforms.clock import FakeClock

FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass(frozen=True)
class Published:
    """One file: `source` says where the shape was found."""

    source: str
    status: int
    content_type: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def response(self) -> Response:
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        reset = self.headers.get("x-ogw-ratelimit-reset")
        return Response(self.status, self.content_type, text.encode(), retry_after_seconds=float(reset) if reset else None)

    def landed(self, interface: str, **params: Any) -> Answer:
        """As if it had been the answer to this call of a read."""
        return Answer(interface, params, self.response.body)


def published(platform: str, name: str) -> Published:
    return Published(**json.loads((FIXTURES / platform / "published" / f"{name}.json").read_text(encoding="utf-8")))


@dataclass
class Script:
    """A transport's `send`: each interface gives its answers in turn, the last one for ever."""

    answers: Mapping[str, list[Published]]

    def __post_init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        answers = self.answers[request.interface]
        asked = sum(earlier.interface == request.interface for earlier in self.requests)
        return answers[min(asked, len(answers)) - 1].response

    def transport(self, platform: str, *, attempts: int = 1) -> Transport:
        clock = FakeClock()
        return Transport(platform, self, conn_id="org", patience=Patience(attempts=attempts), sleep=clock.sleep, clock=clock)


@dataclass
class Landing:
    """The landed answers of one read, by part."""

    parts: Mapping[str, list[Answer]]

    def __call__(self, part: str) -> list[Answer]:
        return list(self.parts.get(part, ()))


def rows(frame: Any, key: str) -> dict[str, dict[str, Any]]:
    """Each row as plain values, missing ones as None, odd fields decoded."""
    plain = frame.astype(object).where(frame.notna(), None)
    return {row[key]: row | {"attributes": row["attributes"] and json.loads(row["attributes"])} for row in plain.to_dict("records")}
