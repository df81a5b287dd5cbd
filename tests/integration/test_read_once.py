"""What was read is not read again because of what comes after the read."""

from __future__ import annotations

import logging

import pytest

from orgsync.errors import CredentialError, WarehouseUnavailableError
from orgsync.sync import pipeline
from tests.integration.world import World


def test_read_counts_as_news_where_the_warehouse_is_away_when_it_is_compared(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise WarehouseUnavailableError("the warehouse is restarting")

    world.sync()
    before = world.history()
    monkeypatch.setattr(pipeline, "recognize", fail)
    with caplog.at_level(logging.WARNING):
        assert world.sync()["outcome"] == "unchanged"
    assert "the warehouse is restarting" in caplog.text
    assert world.history() == before
    assert world.query("select count(*) from ops.snapshot where state = 'loaded'") == [(2,)]


def test_what_needs_a_person_ends_the_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise CredentialError("the warehouse does not take this login")

    monkeypatch.setattr(pipeline, "recognize", fail)
    with pytest.raises(CredentialError):
        world.sync()
