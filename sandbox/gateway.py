"""What stands before an organization: it knows the platform's calls, lets them in or refuses them in the platform's words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from sandbox.damage import Names, damage
from sandbox.deliveries import Deliveries
from sandbox.exchange import Answer, Request
from sandbox.faults import FaultSpec
from sandbox.subscription import Telling
from sandbox.tenant import Tenant

Known = TypeVar("Known", bound=Tenant[Any])


class Gateway(ABC, Generic[Known]):
    """A platform is a subclass. It knows the interfaces and they know the tenant; neither knows the gateway."""

    damage_names: Names
    telling: Telling
    """How it tells the app of changes."""

    def __init__(self, tenant: Known) -> None:
        self.tenant = tenant
        self.deliveries = Deliveries(tenant, self.telling)

    @abstractmethod
    def claims(self, path: str) -> bool:
        """Whether requests for this path are for this platform."""

    @abstractmethod
    def read(self, request: Request) -> None:
        """Set the request's interface and parameters, as far as they can be made out."""

    @abstractmethod
    def answer(self, request: Request) -> Answer: ...

    def damage(self, answer: Answer, request: Request, spec: FaultSpec) -> Answer:
        """The answer with a fault of the damaging kind in it."""
        return damage(answer, request, spec, self.damage_names)

    @abstractmethod
    def refuse(self, request: Request, spec: FaultSpec) -> Answer:
        """The platform's words for a fault of the refusing kind."""
