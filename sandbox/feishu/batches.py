"""Batch messages: to hundreds of people and whole departments in one call, of which the progress is told later."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any

from sandbox.exchange import encode
from sandbox.feishu.message_content import read_batch
from sandbox.feishu.message_refusals import bad_batch, no_bot_for_batch, too_many_in_a_day, unknown_message
from sandbox.feishu.messages import check_recall_time
from sandbox.feishu.parameters import Parameters
from sandbox.feishu.refusals import scope_missing
from sandbox.feishu.settings import SEND_TO_DEPARTMENTS, SEND_TO_MANY, WHOLE_COMPANY
from sandbox.feishu.tenant import Feishu
from sandbox.feishu.visibility import is_available
from sandbox.mailbox import Sending
from sandbox.organization import Department
from sandbox.windows import DAY, period

SEND = "message/v4/batch_send/"
USER_LISTS = {"open_ids": "open_id", "user_ids": "user_id", "union_ids": "union_id"}
MOST_LISTED = 200
SHOWN_DAYS = 30


def send(tenant: Feishu, parameters: Parameters) -> bytes:
    """Who is outside of the app's availability counts as valid, and receives nothing."""
    lists = {name: _listed(parameters, name) for name in ("department_ids", *USER_LISTS)}
    _check_scopes(tenant, lists)
    if not tenant.settings.bot_enabled:
        raise no_bot_for_batch()
    if not any(lists.values()):
        raise bad_batch("no receiver")
    content = read_batch(parameters)
    people, invalid = _receivers(tenant, lists)
    _count_receivers(tenant, len(people))
    organization = tenant.organization
    sending = Sending(
        id=f"bm-{secrets.token_hex(16)}",
        interface=SEND,
        content=content,
        sent_at=tenant.now(),
        recipients=tuple(user_id for user_id in people if is_available(tenant, organization.people[user_id])),
        given={"valid": len(people), "polls": 0},
    )
    sending.dropped = dict.fromkeys(people.keys() - set(sending.recipients), "unavailable")
    tenant.mailbox.add(sending)
    return encode({"message_id": sending.id} | invalid)


def recall(tenant: Feishu, parameters: Parameters) -> bytes:
    """As often as one likes."""
    sending = _existing(tenant, parameters)
    check_recall_time(tenant, sending)
    sending.recalled_at = sending.recalled_at or tenant.now()
    return b"{}"


def get_progress(tenant: Feishu, parameters: Parameters) -> bytes:
    sending = _existing(tenant, parameters)
    sending.given["polls"] += 1
    is_started = sending.given["polls"] > tenant.settings.progress_polls
    is_recalled = sending.recalled_at is not None
    progress = {
        "valid_user_ids_count": sending.given["valid"] if is_started else 0,
        "success_user_ids_count": len(sending.recipients) if is_started else 0,
        "read_user_ids_count": len(sending.read_at),
    }
    recalled = {"recall": is_recalled, "recall_count": len(sending.recipients) if is_recalled else 0}
    return encode({"batch_message_send_progress": progress, "batch_message_recall_progress": recalled})


def count_readers(tenant: Feishu, parameters: Parameters) -> bytes:
    """Numbers in texts."""
    sending = _existing(tenant, parameters)
    return encode({"read_user": {"read_count": str(len(sending.read_at)), "total_count": str(len(sending.recipients))}})


def _listed(parameters: Parameters, name: str) -> list[str]:
    listed = parameters.get(name) or []
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed) or len(listed) > MOST_LISTED:
        raise bad_batch(name)
    return list(dict.fromkeys(listed))


def _check_scopes(tenant: Feishu, lists: dict[str, list[str]]) -> None:
    """Beside the one to send: for people, for departments."""
    needed = {SEND_TO_DEPARTMENTS: lists["department_ids"], SEND_TO_MANY: [one for name in USER_LISTS for one in lists[name]]}
    missing = tuple(scope for scope, listed in needed.items() if listed and scope not in tenant.settings.permissions)
    if missing:
        raise scope_missing(tenant.settings.client_id, missing)


def _receivers(tenant: Feishu, lists: dict[str, list[str]]) -> tuple[dict[str, None], dict[str, Any]]:
    """Each once; and what does not exist, or has left."""
    working = tenant.organization.people
    people: dict[str, None] = {}
    invalid: dict[str, list[str]] = {}
    for name, kind in USER_LISTS.items():
        known = {value: tenant.people_by_id[kind].get(value) for value in lists[name]}
        people |= {person.id: None for person in known.values() if person and person.id in working}
        invalid[f"invalid_{name}"] = [value for value, person in known.items() if person is None or person.id not in working]
    if WHOLE_COMPANY in lists["department_ids"]:
        raise bad_batch("the root department is not allowed")
    departments = {value: _department(tenant, value) for value in lists["department_ids"]}
    people |= tenant.organization.people_below(department.id for department in departments.values() if department)
    invalid["invalid_department_ids"] = [value for value, department in departments.items() if department is None]
    return people, invalid


def _department(tenant: Feishu, value: str) -> Department | None:
    """By either of its ids."""
    by_type = tenant.departments_by_id
    return by_type["open_department_id"].get(value) or by_type["department_id"].get(value)


def _count_receivers(tenant: Feishu, count: int) -> None:
    day: Counter[str] = tenant.mailbox.windows.at("receivers", period(tenant.counts_now(), DAY), Counter)
    if 0 < tenant.settings.batch_receivers_per_day < day["receivers"] + count:
        raise too_many_in_a_day()
    day["receivers"] += count


def _existing(tenant: Feishu, parameters: Parameters) -> Sending:
    sending = tenant.mailbox.sendings.get(parameters["batch_message_id"])
    if sending is None or sending.interface != SEND or tenant.now() > sending.sent_at + SHOWN_DAYS * DAY:
        raise unknown_message()
    return sending
