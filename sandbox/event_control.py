"""The part of the control API for events: whither they go, what becomes of them, and what is to go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sandbox.control_requests import ControlError, read_body, read_number
from sandbox.deliveries import Deliveries, SubscriptionError
from sandbox.event_faults import EventFault, EventFaultSpec
from sandbox.exchange import Answer, Request, json_answer
from sandbox.settings import changed
from sandbox.tenant import Tenant

Resource = Callable[[Tenant[Any], Request], Any]
"""To an answer, or to something to wait for that becomes one."""


class Restart(msgspec.Struct, forbid_unknown_fields=True):
    seconds: Annotated[float, Meta(ge=0)] = 0


class EventControl:
    def __init__(self, deliveries: Mapping[str, Deliveries], on_change: Callable[[], None]) -> None:
        self.deliveries = deliveries
        self.on_change = on_change
        self.resources: dict[str, dict[str, Resource]] = {
            "callback": {"GET": _get_callback, "PUT": self._put_callback},
            "events": {"GET": _get_events},
            "event_faults": {"GET": _get_faults, "POST": _add_faults, "DELETE": _remove_faults},
            "streams": {"GET": _get_streams},
            "streams/disconnect": {"POST": self._disconnect},
            "streams/silence": {"POST": _silence},
            "streams/restart": {"POST": _restart},
        }

    async def _put_callback(self, tenant: Tenant[Any], request: Request) -> Answer:
        """What is not named stays as it is; a URL alone means HTTP, and is checked as the platform's console does."""
        changes = read_body(request, dict[str, Any])
        if "url" in changes:
            changes.setdefault("mode", "http")
        wanted = changed(tenant.subscription, changes)
        try:
            await self.deliveries[tenant.name].subscribe(wanted)
        except SubscriptionError as error:
            raise ControlError(400, str(error)) from None
        self.on_change()
        return _get_callback(tenant, request)

    async def _disconnect(self, tenant: Tenant[Any], _: Request) -> Answer:
        streams = self.deliveries[tenant.name].streams
        return json_answer({"ended": [] if streams is None else await streams.disconnect()})


def _get_callback(tenant: Tenant[Any], _: Request) -> Answer:
    return json_answer(tenant.subscription)


def _get_events(tenant: Tenant[Any], request: Request) -> Answer:
    counts = tenant.events.counts()
    if read_number(request, "summary"):
        return json_answer(counts)
    shown = [emission.shown() for emission in tenant.events.since(read_number(request, "since") or 0)]
    return json_answer({"counts": counts, "events": shown})


def _get_faults(tenant: Tenant[Any], _: Request) -> Answer:
    return json_answer({"faults": [_shown(fault) for fault in tenant.event_faults.all]})


def _add_faults(tenant: Tenant[Any], request: Request) -> Answer:
    """One, or a list of them."""
    is_list = request.body.lstrip().startswith(b"[")
    specs = read_body(request, list[EventFaultSpec]) if is_list else [read_body(request, EventFaultSpec)]
    return json_answer({"faults": [_shown(tenant.event_faults.add(spec)) for spec in specs]})


def _remove_faults(tenant: Tenant[Any], request: Request) -> Answer:
    return json_answer({"removed": tenant.event_faults.remove(read_number(request, "id"))})


def _shown(fault: EventFault) -> dict[str, Any]:
    return {"id": fault.id, "seen": fault.seen, "struck": fault.struck} | msgspec.to_builtins(fault.spec)


def _get_streams(tenant: Tenant[Any], _: Request) -> Answer:
    return json_answer({"streams": [connection.shown() for connection in tenant.streams.connections.values()]})


def _silence(tenant: Tenant[Any], _: Request) -> Answer:
    return json_answer({"silent": tenant.streams.silence()})


def _restart(tenant: Tenant[Any], request: Request) -> Answer:
    return json_answer({"ended": tenant.streams.restart(read_body(request, Restart).seconds)})
