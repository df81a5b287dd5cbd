"""One sandbox for the whole suite, given to each test clean, and each platform's client connected to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from orgsync.frames import TidySet
from orgsync.platforms import PLATFORM_NAMES, load_platform
from orgsync.platforms.platform import Answer, Mode, Platform, Reading, Scope, Wanted
from orgsync.platforms.speaking.transport import Patience
from sandbox.testing import RunningSandbox, start_sandbox

PEOPLE = 300


@dataclass
class Organization:
    """One platform's organization in the sandbox, and how to read it as orgsync does."""

    name: str
    sandbox: RunningSandbox
    monkeypatch: pytest.MonkeyPatch
    landed: dict[str, list[Answer]] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return load_platform(self.name)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.sandbox.control(method, f"{self.name}/{path}", body)

    def truth(self) -> dict[str, Any]:
        return self.control("GET", "organization")  # type: ignore[no-any-return]

    def set(self, **settings: Any) -> None:
        self.control("PUT", "settings", settings)

    def fault(self, kind: str, **spec: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **spec})

    def connection(self, *, all_secrets: bool = False, **fields: Any) -> str:
        """The id of a connection to the sandbox, with some fields changed; if asked for, with every secret the platform has."""
        known = self.sandbox.connection(self.name)
        extra = known.get("extra", {}) | {"calls_per_second": 0, "request_timeout_seconds": 5} | fields.pop("extra", {})
        extra |= self.secrets() if all_secrets else {}
        self.monkeypatch.setenv("AIRFLOW_CONN_ORG", json.dumps(known | {"extra": extra} | fields))
        return "org"

    def secrets(self) -> dict[str, str]:
        """What beside the password opens the organization: WeCom has a second secret for the address book."""
        return {
            name: value for name, value in self.control("GET", "settings").items() if name.endswith("_secret") and name != "client_secret"
        }

    def client(self, *, attempts: int = 3, all_secrets: bool = False, **fields: Any) -> Any:
        """Every platform's client has its `transport`; here it waits hardly at all."""
        client = self.platform.connect(self.connection(all_secrets=all_secrets, **fields))
        client.transport.patience = Patience(attempts=attempts, first_wait_seconds=0.01)
        client.transport.sleep = lambda seconds: time.sleep(min(seconds, 0.01))
        return client

    def read(self, client: Any = None, *, mode: Mode = "full", scope: Scope | None = None) -> Reading:
        self.landed = {"departments": [], "users": [], "organization": []}
        record: Callable[[str, Answer], None] = lambda part, answer: self.landed.setdefault(part, []).append(answer)  # noqa: E731
        return self.platform.extract(client or self.client(), self.wanted(mode, scope), record)

    def locate(self, scope: Scope, client: Any = None) -> Scope:
        return self.platform.locate(client or self.client(), self.wanted(scope=scope))

    def wanted(self, mode: Mode = "full", scope: Scope | None = None) -> Wanted:
        return Wanted(mode=mode, scope=scope or Scope(), user_key=next(iter(self.platform.user_keys), ""))

    def tidy(self, *, mode: Mode = "full") -> TidySet:
        return self.platform.tidy(lambda part: self.landed[part], mode=mode, mapping={})


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(people=PEOPLE, calls_per_second=0, calls_per_minute=0) as running:
        yield running


@pytest.fixture(params=PLATFORM_NAMES)
def organization(request: pytest.FixtureRequest, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Organization]:
    found = Organization(request.param, sandbox, monkeypatch)
    settings = found.control("GET", "settings")
    found.control("DELETE", "calls")
    yield found
    found.control("DELETE", "faults")
    found.control("PUT", "settings", settings)
