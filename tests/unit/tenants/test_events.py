"""What a stanza says about events."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.tenants import Tenant, read_tenant
from orgsync.tenants.events import Events


def read(folder: Path, events: str, platform: str = "dingtalk") -> Tenant:
    file = folder / "tenants.yaml"
    file.write_text(f"tenants:\n  - {{id: acme, platform: {platform}, conn_id: c, events: {events}}}\n", encoding="utf-8")
    return read_tenant(file, "acme")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("{}", Events()),
        ("{receive: off}", Events()),  # YAML takes it for false
        ('{receive: "off"}', Events()),
        ("{receive: http, window: 30, keep_days: 1}", Events("http", 30, 1)),
        ("{receive: stream}", Events("stream")),
    ],
)
def test_what_may_be_said(tmp_path: Path, events: str, expected: Events) -> None:
    assert read(tmp_path, events).events == expected


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ("{receive: push}", "receive 'push' is not one of off, http, stream"),
        ("{receive: on}", "a text is expected here"),
        ("{receive: 1}", "receive '1' is not one of"),
        ("{window: 0}", "a number from 1 to 3,600 is expected here"),
        ("{window: true}", "a number from 1 to 3,600"),
        ("{window: 99999999999999999999}", "a number from 1 to 3,600"),
        ("{keep_days: 0.5}", "a number from 1 to 3,650"),
        ("{recieve: http}", "is 'receive' meant?"),
        ("http", "events must be a list of `key: value` lines"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, events: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match="line 2") as error:
        read(tmp_path, events)
    assert said in str(error.value)


def test_platform_without_a_stream_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, "{receive: http}", "wecom").events.receive == "http"
    with pytest.raises(ConfigurationError, match="wecom has no stream of events; set `receive` to http"):
        read(tmp_path, "{receive: stream}", "wecom")


def test_nothing_is_received_unless_it_is_said() -> None:
    assert Tenant(id="acme", platform="wecom", conn_id="c").events.receive == "off"
