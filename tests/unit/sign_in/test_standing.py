"""What somebody may is looked up, kept for seconds, and written down when it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orgsync.access.grading import Rights
from orgsync.errors import WarehouseUnavailableError
from orgsync.settings import Settings
from orgsync.sign_in import standing
from orgsync.sign_in.standing import KEPT_SECONDS, Found, Registry

VIEWER = Found("王芳", Rights("viewer", frozenset({"acme"})))
USER = Found("王芳", Rights("user", frozenset({"acme"})))


@dataclass
class Warehouse:
    """Answers what it is told to, and keeps what was asked and noted."""

    answer: Found | Exception = VIEWER
    asked: int = 0
    noted: list[str] = field(default_factory=list)

    def look_up(self, *_: Any) -> Found:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def note(self, _tenant: str, _user: str, _action: str, detail: str) -> None:
        self.noted.append(detail)


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    found = Warehouse()
    monkeypatch.setattr(Registry, "_look_up", lambda _, *key: found.look_up(*key))
    monkeypatch.setattr(Registry, "note", lambda _, *said: found.note(*said))
    return found


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def registry_at(clock: Clock) -> Registry:
    return Registry(Settings(Path("tenants.yaml"), "file:///landing", Path("reports")), clock)


def test_it_is_looked_up_once_in_some_seconds(warehouse: Warehouse) -> None:
    clock = Clock()
    registry = registry_at(clock)
    assert [registry.find("acme", "wang") for _ in range(3)] == [VIEWER] * 3
    assert warehouse.asked == 1
    clock.now += KEPT_SECONDS
    registry.find("acme", "wang")
    assert warehouse.asked == 2


def test_a_change_counts_when_it_is_seen_and_is_written_down_once(warehouse: Warehouse) -> None:
    clock = Clock()
    registry = registry_at(clock)
    registry.find("acme", "wang")
    for found in (USER, USER, Found()):
        warehouse.answer = found
        clock.now += KEPT_SECONDS
        assert registry.find("acme", "wang") == found
    assert warehouse.noted == ["viewer; sees: acme", "user; sees: acme", "none"]


def test_people_are_not_taken_for_each_other(warehouse: Warehouse) -> None:
    registry = registry_at(Clock())
    registry.find("acme", "wang")
    warehouse.answer = Found()
    assert registry.find("birch", "wang") == Found()
    assert registry.find("acme", "wang") == VIEWER


def test_without_the_warehouse_nobody_is_found(warehouse: Warehouse) -> None:
    clock = Clock()
    registry = registry_at(clock)
    registry.find("acme", "wang")
    warehouse.answer = WarehouseUnavailableError("gone")
    clock.now += KEPT_SECONDS
    with pytest.raises(WarehouseUnavailableError):
        registry.find("acme", "wang")


def test_what_is_kept_has_an_end(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "MOST_KEPT", 10)
    registry = registry_at(Clock())
    for number in range(25):
        registry.find("acme", str(number))
    assert len(registry._kept) <= 10
