"""The sandbox that foreign software is let loose on, and the truth it must find there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from sandbox.testing import RunningSandbox, start_sandbox

Truth = Callable[[str], dict[str, Any]]


class Redirect(HTTPAdapter):
    """Sends what is meant for a platform's host to the sandbox: for SDKs that write the host into their code."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        request.url = self._url + request.path_url
        return super().send(request, **options)


RECIPE = {"people": 900, "departments": 14, "seed": 5}


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSandbox]:
    """Nobody changes its company; a department has more than a hundred direct members, so that every list has pages."""
    with start_sandbox(**RECIPE, calls_per_second=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    """Settings and faults of one test are gone after it."""
    platforms = running.control("GET", "health")["platforms"]
    before = {platform: running.control("GET", f"{platform}/settings") for platform in platforms}
    yield running
    for platform, settings in before.items():
        running.control("PUT", f"{platform}/settings", settings)
        running.control("DELETE", f"{platform}/faults")


@pytest.fixture
def empty_inboxes(sandbox: RunningSandbox) -> None:
    """And right clocks: the same companies, made anew."""
    for platform in sandbox.control("GET", "health")["platforms"]:
        sandbox.control("POST", f"{platform}/organization", RECIPE)


@pytest.fixture(scope="session")
def truth(running: RunningSandbox) -> Truth:
    known: dict[str, dict[str, Any]] = {}

    def of(platform: str) -> dict[str, Any]:
        if platform not in known:
            known[platform] = running.control("GET", f"{platform}/organization")
        return known[platform]

    return of


@pytest.fixture
def redirect(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Redirect:
    """Every session of `requests` made from here on ends at the sandbox."""
    adapter = Redirect(sandbox.url)
    monkeypatch.setattr(Session, "get_adapter", lambda self, url: adapter)
    return adapter
