"""A connection is for one service: whoever asks for it says which, and gets no other's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orgsync.connections.finding import find_connection
from orgsync.errors import ConfigurationError
from orgsync.platforms import PLATFORM_NAMES, load_platform


def set_connection(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME", json.dumps({"login": "id", "password": "very-secret"} | fields))


@pytest.mark.parametrize("fields", [{"conn_type": "http"}, {}, {"conn_type": "Feishu"}], ids=str)
def test_connection_of_another_type_is_refused_without_its_secret(monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]) -> None:
    set_connection(monkeypatch, **fields)
    with pytest.raises(ConfigurationError, match=r"connection 'acme' .* needs 'feishu'; nothing was sent to it") as refused:
        find_connection("acme", conn_type="feishu")
    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize("platform", PLATFORM_NAMES)
def test_neither_reading_nor_sending_takes_another_platforms_connection(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    known = load_platform(platform)
    for other in set(PLATFORM_NAMES) - {platform}:
        set_connection(monkeypatch, conn_type=other)
        for use in (known.connect, known.messenger):
            assert use is not None
            with pytest.raises(ConfigurationError, match=rf"is of type '{other}', and what uses it needs '{platform}'"):
                use("acme")
