"""A call that was let in, as the interfaces see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.wecom.listings import Listings
from sandbox.wecom.parameters import Parameters
from sandbox.wecom.visibility import Holder, Scope

if TYPE_CHECKING:
    from sandbox.wecom.gateway import WeCom


@dataclass
class Call:
    tenant: WeCom
    parameters: Parameters
    host: str
    holder: Holder
    """For `gettoken`, which has no token, the app."""
    has_dropped_values: bool = False
    """Part of the body could not be understood and was passed over, of which the answer warns."""

    @property
    def scope(self) -> Scope:
        return self.tenant.scopes[self.holder]

    @property
    def listings(self) -> Listings:
        return self.tenant.listings[self.holder]
