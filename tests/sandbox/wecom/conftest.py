from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.testing import RunningSandbox
from tests.sandbox.conftest import PEOPLE, SEED
from tests.sandbox.wecom.app import WeComApp


@pytest.fixture(scope="session")
def wecom_settings(running: RunningSandbox) -> dict[str, Any]:
    return running.control("GET", "wecom/settings")


@pytest.fixture
def app(running: RunningSandbox, wecom_settings: dict[str, Any]) -> Iterator[WeComApp]:
    """The one server, as it was in the beginning."""
    running.control("DELETE", "wecom/calls")
    app = WeComApp(running)
    with app.session:
        yield app
    if "settings" in app.changed:
        running.control("PUT", "wecom/settings", wecom_settings)
    if "faults" in app.changed:
        running.control("DELETE", "wecom/faults")
    if app.changed & {"organization", "evolve"}:
        running.control("POST", "wecom/organization", {"people": PEOPLE, "seed": SEED})


@pytest.fixture(scope="session")
def truth(running: RunningSandbox) -> dict[str, Any]:
    """The organization as it is in the beginning."""
    return running.control("GET", "wecom/organization")
