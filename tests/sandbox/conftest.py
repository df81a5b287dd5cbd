from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.testing import RunningSandbox, start_sandbox
from tests.sandbox.app import App

PEOPLE, SEED, LINKED = 300, 11, 1


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSandbox]:
    with start_sandbox(people=PEOPLE, seed=SEED, linked=LINKED, calls_per_second=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def first_settings(running: RunningSandbox) -> dict[str, Any]:
    return running.control("GET", "dingtalk/settings")


@pytest.fixture
def app(running: RunningSandbox, first_settings: dict[str, Any]) -> Iterator[App]:
    """The one server, as it was in the beginning."""
    running.control("DELETE", "dingtalk/calls")
    app = App(running)
    with app.session:
        yield app
    if "settings" in app.changed:
        running.control("PUT", "dingtalk/settings", first_settings)
    if "faults" in app.changed:
        running.control("DELETE", "dingtalk/faults")
    if app.changed & {"organization", "evolve"}:
        running.control("POST", "dingtalk/organization", {"people": PEOPLE, "seed": SEED, "linked": LINKED})
