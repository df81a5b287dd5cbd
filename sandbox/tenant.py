"""One organization on one platform: its people, the app that reads them, and everything that can go wrong with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic

from sandbox.calls import Calls
from sandbox.damage import Names
from sandbox.evolution import Truth, evolve
from sandbox.exchange import Answer, Request
from sandbox.faults import Faults, FaultSpec
from sandbox.generator import Recipe, generate
from sandbox.limits import Limits
from sandbox.organization import Numbering
from sandbox.settings import Knobs, changed
from sandbox.tokens import Tokens


class Tenant(ABC, Generic[Knobs]):
    """A platform is a subclass: it answers requests and says how its ids look."""

    name: str
    numbering: Numbering
    damage_names: Names

    def __init__(self, recipe: Recipe, settings: Knobs) -> None:
        self.settings = settings
        self.tokens = Tokens()
        self.limits = Limits()
        self.faults = Faults()
        self.calls = Calls()
        self.version = 0
        self.found(recipe)

    def found(self, recipe: Recipe) -> None:
        """Begin anew with a generated organization."""
        self.recipe = recipe
        self.evolutions: list[dict[str, int]] = []
        self.organization = generate(recipe, self.numbering)
        self._forget()

    def evolve(self, amounts: Mapping[str, int]) -> Truth:
        self.evolutions.append(dict(amounts))
        truth = evolve(self.organization, amounts)
        self._forget()
        return truth

    def change_settings(self, changes: dict[str, Any]) -> None:
        self.settings = changed(self.settings, changes)
        self._forget()

    def _forget(self) -> None:
        """What was computed from the organization or the settings no longer holds."""
        self.version += 1

    @abstractmethod
    def claims(self, path: str) -> bool:
        """Whether requests for this path are for this platform."""

    @abstractmethod
    def read(self, request: Request) -> None:
        """Set the request's interface and parameters, as far as they can be made out."""

    @abstractmethod
    def answer(self, request: Request) -> Answer: ...

    @abstractmethod
    def refuse(self, request: Request, spec: FaultSpec) -> Answer:
        """The platform's words for a fault of the refusing kind."""
