from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.testing import RunningSandbox
from tests.sandbox.feishu.app import FeishuApp

ORGANIZATION = {"people": 300, "seed": 11}


@pytest.fixture(scope="session")
def feishu_settings(running: RunningSandbox) -> dict[str, Any]:
    return running.control("PUT", "feishu/settings", {"calls_per_second": 0, "calls_per_minute": 0})


@pytest.fixture
def app(running: RunningSandbox, feishu_settings: dict[str, Any]) -> Iterator[FeishuApp]:
    """The one server, as it was in the beginning."""
    running.control("DELETE", "feishu/calls")
    app = FeishuApp(running)
    with app.session:
        yield app
    running.control("POST", "feishu/tokens/expire")
    if "settings" in app.changed:
        running.control("PUT", "feishu/settings", feishu_settings)
    if "faults" in app.changed:
        running.control("DELETE", "feishu/faults")
    if app.changed & {"organization", "evolve"}:
        running.control("POST", "feishu/organization", ORGANIZATION)
