"""The part of the control API that gives out codes, as a platform's client does inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from sandbox.control_requests import ControlError, read_body
from sandbox.exchange import Answer, Request, json_answer
from sandbox.login_codes import Kind
from sandbox.tenant import Tenant


class CodeWish(msgspec.Struct, forbid_unknown_fields=True):
    user: str = ""
    """Nobody named: who is signed in to the client."""
    kind: Kind = "in_client"
    redirect_uri: str | None = None
    scope: str = ""
    client_id: str | None = None
    """Another app's, for a code that is not ours to redeem."""


def _give_code(tenant: Tenant, request: Request) -> Answer:
    wish = read_body(request, CodeWish)
    user = wish.user or tenant.settings.client_user
    if not user:
        raise ControlError(400, "name a user, or set client_user")
    agreed = {"redirect_uri": wish.redirect_uri, "scopes": tuple(wish.scope.split())}
    try:
        code = tenant.give_code(user, kind=wish.kind, client_id=wish.client_id, **agreed)
    except LookupError:
        raise ControlError(404, f"{tenant.name} has no user {user!r} who could sign in; ids are those of the truth") from None
    return json_answer({"code": code, "expires_at": tenant.codes.given[code].expires_at})


LOGIN_RESOURCES: Mapping[str, dict[str, Callable[[Tenant, Request], Answer]]] = {"codes": {"POST": _give_code}}
