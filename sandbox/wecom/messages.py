"""Application messages: partial failure is a success, and what is too much for a member vanishes."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sandbox.exchange import encode
from sandbox.mailbox import Sending, digest
from sandbox.wecom.calls import Call
from sandbox.wecom.message_content import INTERACTIVE_CARDS, read_message
from sandbox.wecom.parameters import number, optional_number, required, text
from sandbox.wecom.refusals import (
    ALL_INVALID,
    BAD_AGENT_ID,
    BAD_PARAMETER,
    FOREIGN_AGENT,
    NO_AGENT_ID,
    NO_RECIPIENT,
    THROTTLED,
    TOO_MANY_PARTIES,
    TOO_MANY_TAGS,
    TOO_MANY_USERS,
    TOO_OLD_TO_RECALL,
    Reason,
    RefusalError,
)
from sandbox.windows import DAY, HOUR, MINUTE, period

SEND = "message/send"
EVERYONE = "@all"
MOST_USERS, MOST_PARTIES, MOST_TAGS = 1000, 100, 100
RECIPIENTS_PER_ACCOUNT = 200
DEFAULT_INTERVAL, LONGEST_INTERVAL = 1800, 14_400
NOBODY_INVALID = {"invaliduser": "", "invalidparty": "", "invalidtag": "", "unlicenseduser": ""}


def send(call: Call) -> bytes:
    settings, mailbox, now = call.tenant.settings, call.tenant.mailbox, call.tenant.now()
    if number(required(call.parameters, "agentid", NO_AGENT_ID), BAD_AGENT_ID) != settings.agent_id:
        raise RefusalError(FOREIGN_AGENT)
    content = read_message(call.parameters, cuts=settings.long_text == "cut")
    interval, request = _duplicate_interval(call), ("sent", digest(call.parameters))
    if interval and (earlier := mailbox.remembered(request, seconds=interval, now=now)) is not None:
        return bytes(earlier)
    people, invalid = _everyone(call) if _is_to_all(call) else _receivers(call)
    _count_recipients(call, len(people))
    dropped = _dropped(call, people)
    sending = Sending(
        id=secrets.token_urlsafe(40),
        interface=SEND,
        content=content,
        sent_at=now,
        recipients=tuple(user_id for user_id in people if user_id not in dropped),
        to_all=_is_to_all(call),
        dropped=dropped,
        given={"agent_id": settings.agent_id},
    )
    mailbox.add(sending)
    answer = encode(invalid | {"msgid": sending.id} | _response_code(content.given))
    mailbox.remember(request, answer, now=now)
    return answer


def recall(call: Call) -> bytes:
    """For everybody; as often as one likes."""
    tenant = call.tenant
    sending = tenant.mailbox.sendings.get(text(call.parameters, "msgid"))
    if sending is None or sending.given["agent_id"] != tenant.settings.agent_id:
        raise RefusalError(BAD_PARAMETER)
    if tenant.now() > sending.sent_at + tenant.settings.recall_hours * HOUR:
        raise RefusalError(TOO_OLD_TO_RECALL)
    sending.recalled_at = sending.recalled_at or tenant.now()
    return b"{}"


def get_statistics(call: Call) -> bytes:
    """Of today or yesterday; who received something counts, not the calls."""
    tenant, days_ago = call.tenant, optional_number(call.parameters, "time_type") or 0
    if days_ago > 1:
        raise RefusalError(BAD_PARAMETER)
    day = period(tenant.now(), DAY) - days_ago
    received = sum(len(sending.recipients) for sending in tenant.mailbox.sendings.values() if period(sending.sent_at, DAY) == day)
    return encode({"statistics": [{"agentid": tenant.settings.agent_id, "app_name": "组织同步", "count": received}]})


def _is_to_all(call: Call) -> bool:
    return call.parameters.get("touser") == EVERYONE


def _duplicate_interval(call: Call) -> int:
    """0: identical requests are sent again."""
    interval = optional_number(call.parameters, "duplicate_check_interval")
    interval = DEFAULT_INTERVAL if interval is None else interval
    if interval > LONGEST_INTERVAL:
        raise RefusalError(BAD_PARAMETER)
    return interval if optional_number(call.parameters, "enable_duplicate_check") else 0


Receivers = tuple[dict[str, None], dict[str, str]]
"""Who it is for, each once; and the answer's lists of those that do not exist or that the app does not see."""


def _everyone(call: Call) -> Receivers:
    """In the visible range; parties and tags are passed over."""
    return dict.fromkeys(call.scope.user_ids), NOBODY_INVALID


def _receivers(call: Call) -> Receivers:
    scope, tenant = call.scope, call.tenant
    users = _listed(call, "touser", MOST_USERS, TOO_MANY_USERS)
    parties = _listed(call, "toparty", MOST_PARTIES, TOO_MANY_PARTIES)
    tag_ids = _listed(call, "totag", MOST_TAGS, TOO_MANY_TAGS)
    if not users and not parties and not tag_ids:
        raise RefusalError(NO_RECIPIENT)
    found = {name: user_id for name in users if (user_id := tenant.ids_by_folded.get(name.lower(), "")) in scope.user_ids}
    departments = {name: int(name) for name in parties if name.isdecimal() and int(name) in scope.department_ids}
    tags = {name: tenant.tags[int(name)] for name in tag_ids if name.isdecimal() and int(name) in tenant.tags}
    invalid = NOBODY_INVALID | {
        "invaliduser": _joined(name.lower() for name in users if name not in found),
        "invalidparty": _joined(name for name in parties if name not in departments),
        "invalidtag": _joined(name for name in tag_ids if name not in tags),
    }
    if not found and not departments and not tags:
        raise RefusalError(ALL_INVALID, invalid)
    of_tags = {user_id: None for tag in tags.values() for user_id in tag.user_ids if user_id in scope.user_ids}
    tagged = (one for tag in tags.values() for one in tag.department_ids if one in scope.department_ids)
    return dict.fromkeys(found.values()) | of_tags | tenant.organization.people_below([*departments.values(), *tagged]), invalid


def _listed(call: Call, name: str, most: int, too_many: Reason) -> list[str]:
    """Joined by bars, blanks not passed over. What is no text is dropped, with the warning that a value of a wrong type brings."""
    value = call.parameters.get(name)
    if value is not None and not isinstance(value, str):
        call.has_dropped_values = True
    listed = [one for one in value.split("|") if one] if isinstance(value, str) else []
    if len(listed) > most:
        raise RefusalError(too_many)
    return listed


def _joined(names: Iterable[str]) -> str:
    return "|".join(dict.fromkeys(names))


def _count_recipients(call: Call, count: int) -> None:
    """Beyond the day's number nothing is sent until the next day."""
    tenant = call.tenant
    most = (tenant.settings.account_cap or len(tenant.organization.people)) * RECIPIENTS_PER_ACCOUNT
    day: Counter[str] = tenant.mailbox.windows.at("recipients", period(tenant.counts_now(), DAY), Counter)
    if day.total() + count > most:
        raise RefusalError(THROTTLED)
    day[SEND] += count


def _dropped(call: Call, people: dict[str, None]) -> dict[str, str]:
    """Who has had too many messages lately, of which nobody is told."""
    tenant, settings = call.tenant, call.tenant.settings
    limits = {
        "too many in an hour": (HOUR, settings.messages_per_member_per_hour),
        "too many in a minute": (MINUTE, settings.messages_per_member_per_minute),
    }
    dropped: dict[str, str] = {}
    for reason, (seconds, most) in limits.items():
        dropped |= {user_id: reason for user_id in people if 0 < most <= tenant.used((reason, user_id), seconds)}
    for key in ((reason, user_id) for reason, (_, most) in limits.items() if most for user_id in people if user_id not in dropped):
        tenant.count(key)
    return dropped


def _response_code(given: dict[str, Any]) -> dict[str, str]:
    return {"response_code": secrets.token_urlsafe(24)} if given.get("card_type") in INTERACTIVE_CARDS else {}
