"""The control API under /_sandbox/: look at the truth, let it evolve, order faults, count calls."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sandbox import truth
from sandbox.calls import Calls
from sandbox.control_requests import ControlError, read_body, read_number
from sandbox.deliveries import Deliveries
from sandbox.event_control import EventControl, Resource
from sandbox.evolution import DEFAULT_RATE, KINDS, amounts_at_rate
from sandbox.exchange import Answer, Request, json_answer
from sandbox.faults import Fault, FaultSpec
from sandbox.generator import Recipe
from sandbox.login_control import LOGIN_RESOURCES
from sandbox.mailbox_control import MAILBOX_RESOURCES
from sandbox.robots import desk
from sandbox.tenant import Tenant

PREFIX = "/_sandbox/"
RANGE = frozenset(("visible_departments", "visible_users"))
Amount = Annotated[int, Meta(ge=0)]

Evolution = msgspec.defstruct(
    "Evolution",
    [("rate", Annotated[float, Meta(ge=0, le=1)] | None, None), *((kind, Amount | None, None) for kind in KINDS)],
    forbid_unknown_fields=True,
)


class Control:
    def __init__(
        self, tenants: list[Tenant], robots: desk.Robots, on_change: Callable[[], None], deliveries: Mapping[str, Deliveries]
    ) -> None:
        self.robots = robots
        self.tenants = {tenant.name: tenant for tenant in tenants}
        self.deliveries = deliveries
        self.on_change = on_change
        self.resources: dict[str, dict[str, Resource]] = {
            "organization": {"GET": _get_organization, "POST": self._new_organization},
            "evolve": {"POST": self._evolve},
            "connection": {"GET": _get_connection},
            "hidden": {"GET": _get_hidden, "PUT": _put_hidden},
            "settings": {"GET": _get_settings, "PUT": self._put_settings},
            "faults": {"GET": _get_faults, "POST": _add_faults, "DELETE": _remove_faults},
            "tokens/expire": {"POST": _expire_tokens},
            "calls": {"GET": _get_calls, "DELETE": _forget_calls},
            **EventControl(deliveries, on_change).resources,
            **LOGIN_RESOURCES,
            **MAILBOX_RESOURCES,
        }

    async def answer(self, request: Request) -> Answer:
        try:
            found = self._answer(request)
            answer: Answer = await found if inspect.isawaitable(found) else found
            return answer
        except ControlError as error:
            return json_answer({"error": error.message}, status=error.status)
        except msgspec.MsgspecError as error:
            return json_answer({"error": str(error)}, status=400)

    def _answer(self, request: Request) -> Any:
        name, _, resource = request.path.removeprefix(PREFIX).strip("/").partition("/")
        if name == "health":
            return json_answer({"status": "ok", "process_id": os.getpid(), "platforms": list(self.tenants)})
        if name == desk.RESOURCE:
            return self.robots.control(request, resource)
        if name not in self.tenants:
            raise ControlError(404, f"no platform {name!r}; there is {', '.join(self.tenants)}")
        if resource not in self.resources:
            raise ControlError(404, f"{name} has no {resource!r}; it has {', '.join(self.resources)}")
        methods = self.resources[resource]
        if request.method not in methods:
            raise ControlError(405, f"{resource} takes {', '.join(methods)}, not {request.method}")
        return methods[request.method](self.tenants[name], request)

    def _new_organization(self, tenant: Tenant, request: Request) -> Answer:
        tenant.found(read_body(request, Recipe))
        self.on_change()
        return json_answer(truth.summary(tenant))

    def _evolve(self, tenant: Tenant, request: Request) -> Answer:
        wish: Any = read_body(request, Evolution)
        amounts = {kind: amount for kind in KINDS if (amount := getattr(wish, kind)) is not None}
        if amounts and wish.rate is not None:
            raise ControlError(400, "give a rate or amounts, not both")
        if not amounts:  # nothing was asked for in particular
            amounts = amounts_at_rate(tenant.organization, DEFAULT_RATE if wish.rate is None else wish.rate)
        tenant.hide(0)
        deliveries = self.deliveries[tenant.name]
        past = tenant.past() if deliveries.is_listened_to else None
        happened = tenant.evolve(amounts)
        self.on_change()
        if past is not None:
            deliveries.tell_changes(past)
        return json_answer(happened)

    def _put_settings(self, tenant: Tenant, request: Request) -> Answer:
        """What is not named stays as it is."""
        deliveries, changes = self.deliveries[tenant.name], read_body(request, dict[str, Any])
        past = tenant.past() if deliveries.is_listened_to and RANGE & changes.keys() else None
        tenant.change_settings(changes)
        if past is not None:
            deliveries.tell_range(past)
        return json_answer(tenant.settings)


def _get_organization(tenant: Tenant, request: Request) -> Answer:
    return json_answer(truth.summary(tenant)) if read_number(request, "summary") else Answer(truth.whole(tenant))


def _get_connection(tenant: Tenant, request: Request) -> Answer:
    return json_answer(tenant.connection() | {"host": f"http://{request.headers['host']}"})


class Hiding(msgspec.Struct, forbid_unknown_fields=True):
    share: Annotated[float, Meta(ge=0, le=1)]


def _get_hidden(tenant: Tenant, _: Request) -> Answer:
    return json_answer({"hidden": tenant.hidden})


def _put_hidden(tenant: Tenant, request: Request) -> Answer:
    return json_answer({"hidden": tenant.hide(read_body(request, Hiding).share)})


def _get_settings(tenant: Tenant, _: Request) -> Answer:
    return json_answer(tenant.settings)


def _get_faults(tenant: Tenant, _: Request) -> Answer:
    return json_answer({"faults": [_shown(fault) for fault in tenant.faults.all]})


def _add_faults(tenant: Tenant, request: Request) -> Answer:
    """One, or a list of them."""
    is_list = request.body.lstrip().startswith(b"[")
    specs = read_body(request, list[FaultSpec]) if is_list else [read_body(request, FaultSpec)]
    named = [msgspec.structs.replace(spec, interface=tenant.interfaces_by_alias.get(spec.interface, spec.interface)) for spec in specs]
    return json_answer({"faults": [_shown(tenant.faults.add(spec)) for spec in named]})


def _remove_faults(tenant: Tenant, request: Request) -> Answer:
    return json_answer({"removed": tenant.faults.remove(read_number(request, "id"))})


def _shown(fault: Fault) -> dict[str, Any]:
    return {"id": fault.id, "seen": fault.seen, "struck": fault.struck} | msgspec.to_builtins(fault.spec)


def _expire_tokens(tenant: Tenant, _: Request) -> Answer:
    return json_answer({"expired": tenant.expire_tokens()})


def _get_calls(tenant: Tenant, request: Request) -> Answer:
    recent = read_number(request, "recent")
    counted = tenant.calls.summary() | {"tokens_issued": tenant.tokens.issued} | tenant.usage()
    return json_answer(counted if recent is None else counted | {"recent": tenant.calls.last(recent)})


def _forget_calls(tenant: Tenant, _: Request) -> Answer:
    tenant.calls, tenant.tokens.issued = Calls(), 0
    return json_answer({"total": 0})
