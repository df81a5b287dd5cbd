"""A call that was let in, as the interfaces see it."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.wecom.listings import Listings, listings
from sandbox.wecom.parameters import Parameters
from sandbox.wecom.tenant import WeCom
from sandbox.wecom.tokens import Holder
from sandbox.wecom.visibility import Scope, scopes


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
        return self.tenant.once(scopes)[self.holder]

    @property
    def listings(self) -> Listings:
        return self.tenant.once(listings)[self.holder]
