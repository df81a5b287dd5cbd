"""The events that could not be delivered by HTTP, as the app can ask for them."""

from __future__ import annotations

import time
from typing import Any

from sandbox.dingtalk.parameters import Parameters
from sandbox.dingtalk.tenant import DingTalk
from sandbox.events import Event
from sandbox.exchange import encode

MOST = 200


def give_up(tenant: DingTalk, event: Event) -> None:
    tenant.failed_events.append((time.time(), event))


def get_failed_events(tenant: DingTalk, _: Parameters) -> bytes:
    """https://open.dingtalk.com/document/development/obtain-the-event-list-of-failed-push-messages - what was read is gone."""
    until = time.time() - tenant.settings.event_list_seconds
    due = [found for found in tenant.failed_events if found[0] <= until]
    told = due[:MOST]
    tenant.failed_events = [found for found in tenant.failed_events if found not in told]
    rows = [_row(tenant, event) for _, event in told]
    return encode({"errcode": 0, "errmsg": "ok", "has_more": len(due) > MOST, "failed_list": rows})


def _row(tenant: DingTalk, event: Event) -> dict[str, Any]:
    ids = {"userid": event.content["userId"]} if "userId" in event.content else {"deptid": event.content["deptId"]}
    return {"call_back_tag": event.type, "event_time": event.at_ms, event.type: {"corpid": tenant.settings.corp_id} | ids}
