"""Whose ways are whose: of a tenant, of what concerns all, and of a tenant whose stanza is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.alerts.channels import open_channels
from orgsync.alerts.problems import SHARED
from orgsync.errors import ConfigurationError
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, read_stanzas

STANZA = "  - {{id: {}, platform: dingtalk, conn_id: c{}}}\n"


def names(tmp_path: Path, text: str) -> dict[str, list[str]]:
    path = tmp_path / "tenants.yaml"
    path.write_text(text, encoding="utf-8")
    settings = Settings(tenants_file=path, landing_zone="file:///nowhere", report_folder=tmp_path)
    opened = open_channels(settings, read_stanzas(path))
    known: dict[str, object] = {}
    for channels in opened.values():
        assert all(known.setdefault(channel.name, channel) is channel for channel in channels)  # one way is one object
    return {tenant_id: [channel.name for channel in channels] for tenant_id, channels in opened.items()}


def test_defaults_are_told_of_all_and_stand_in_for_who_names_nobody(tmp_path: Path) -> None:
    own = ", alerts: {mail: [own@example.com], people: [u1, 'b:u2', 'Team:x']}"
    text = "defaults: {alerts: {mail: [it@example.com], webhooks: [group], people: ['b:boss']}}\ntenants:\n"
    assert names(tmp_path, text + STANZA.format("a", own) + STANZA.format("b", "")) == {
        "a": ["mail:own@example.com", "webhook:group", "person:a/u1", "person:b/u2", "person:a/Team:x"],
        "b": ["mail:it@example.com", "webhook:group", "person:b/boss"],
        SHARED: ["mail:it@example.com", "webhook:group", "person:b/boss"],
    }


def test_without_defaults_everybody_is_told_of_what_concerns_all(tmp_path: Path) -> None:
    text = (
        "tenants:\n"
        + STANZA.format("a", ", alerts: {mail: [x@example.com, x@example.com]}")
        + STANZA.format("b", ", alerts: {people: [u]}")
    )
    assert names(tmp_path, text)[SHARED] == ["mail:x@example.com", "person:b/u"]


def test_of_a_broken_stanza_those_are_told_who_are_told_of_all(tmp_path: Path) -> None:
    text = "defaults: {alerts: {mail: [it@example.com]}}\ntenants:\n" + STANZA.format("a", ", colour: red")
    assert names(tmp_path, text) == {"a": ["mail:it@example.com"], SHARED: ["mail:it@example.com"]}


def test_nobody_is_nobody(tmp_path: Path) -> None:
    assert names(tmp_path, "tenants:\n" + STANZA.format("a", "")) == {"a": [], SHARED: []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "defaults:\n  # told\n  alerts:\n    mail: [it@example.com]\n    people: ['a:u']\n\ntenants:\n  - id: a\n   conn_id: {\n",
            ["mail:it@example.com"],
        ),
        ("tenants:\n  - id: [\ndefaults: {alerts: {webhooks: [group]}}\n", ["webhook:group"]),
        ("defaults:\n  alerts: {mail: [it@example.com]\ntenants: []\n", []),
        ("tenants: {\n", []),
        ("", []),
    ],
    ids=["mistake-below", "mistake-above", "mistake-in-it", "no-defaults", "empty"],
)
def test_of_a_file_that_cannot_be_read_those_of_its_defaults_are_told(tmp_path: Path, text: str, told: list[str]) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_stanzas(path)
    settings = Settings(tenants_file=path, landing_zone="file:///nowhere", report_folder=tmp_path)
    assert [channel.name for channel in open_channels(settings, Stanzas(()))[SHARED]] == told
