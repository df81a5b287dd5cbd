"""Sends application messages through WeCom."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orgsync.errors import ConfigurationError, Refusal, RefusedError
from orgsync.platforms.sending.deliveries import check_delivery, count_receivers
from orgsync.platforms.sending.messages import Content, Delivery, Limits, Person, Recall, Receipt, Results
from orgsync.platforms.wecom.client import WeComClient
from orgsync.platforms.wecom.codes import NOBODY_REACHED, PLATFORM, RECALL_TOO_LATE, code_of, error_for
from orgsync.platforms.wecom.interfaces import SEND_MESSAGE
from orgsync.platforms.wecom.messages import DUPLICATE_SECONDS, LONGEST, find_problems, write_send
from orgsync.platforms.wecom.records import fold

log = logging.getLogger(__name__)

# §9: an app may reach so many people a day for each account that the company may have (账号上限).
RECIPIENTS_PER_ACCOUNT = 200

# §8 and §9. Message calls are not counted in WeCom's base limits: the pace is our choice. What is above 30 messages to a person in a
# minute, or 1000 in an hour, is dropped without a word.
LIMITS = Limits(
    people_per_call=1000,
    departments_per_call=100,
    has_send_to_all=True,
    calls_per_second=40.0,
    messages_per_person_per_minute=30,
    messages_per_person_per_hour=1000,
    is_idempotent=True,
    idempotent_seconds=DUPLICATE_SECONDS,
    recall_hours=24,
    longest=LONGEST,
)

UNKNOWN_QUOTA = (
    "WeCom takes messages to 200 times as many people a day as the company may have accounts (账号上限), a number that it does not tell; "
    "set accounts of the connection to it, and the day's recipients are counted and kept within that"
)
_UNREACHABLE = "unknown, gone, or outside the app's 可见范围"
_UNLICENSED = "without a licence for this app (接口许可)"


class WeComMessenger:
    """Has no results: WeCom does not tell what became of a message. A todo is a card, which can be recalled, not completed or changed."""

    def __init__(self, client: WeComClient, *, accounts: int = 0) -> None:
        self.limits = replace(LIMITS, recipients_per_day=accounts * RECIPIENTS_PER_ACCOUNT, unknown_quota="" if accounts else UNKNOWN_QUOTA)
        self.transport = client.transport
        self._client = client

    def __repr__(self) -> str:
        return f"WeComMessenger(connection {self.transport.conn_id!r})"

    @property
    def longest_call_seconds(self) -> float:
        return self.transport.longest_call_seconds

    def find_problems(self, content: Content) -> Sequence[str]:
        return find_problems(content)

    def idempotent_seconds(self, delivery: Delivery) -> int:  # noqa: ARG002
        """WeCom compares bodies, not keys: two deliveries of the same text to the same people within this time are one message."""
        return DUPLICATE_SECONDS

    def send(self, delivery: Delivery) -> Receipt:
        """That some or all people are refused is an answer. How a dropped duplicate is answered is not told: maybe without `msgid`."""
        check_delivery(delivery, self.limits, platform=PLATFORM)
        body = write_send(delivery, agent_id=self._read_agent_id())
        content = self._client.send_message(body, shown=count_receivers(delivery)).content
        if code_of(content) == NOBODY_REACHED:
            return _read_nobody(delivery, content)
        refused = _refused_people(delivery, content)
        return Receipt(str(content.get("msgid") or ""), refused, _refused_departments(delivery, content))

    def fetch_results(self, platform_id: str, people: Sequence[Person]) -> Results:  # noqa: ARG002
        return Results({}, is_final=True)

    def recall(self, platform_id: str) -> Recall:
        """From WeCom's own clients, not from the WeChat plug-in (微信插件)."""
        self._read_agent_id()
        try:
            self._client.recall_message(platform_id)
        except RefusedError as error:
            return Recall("too_late" if error.refusal.code == RECALL_TOO_LATE else "failed", str(error))
        return Recall("recalled")

    def update_todo(self, platform_id: str, content: Content) -> None:  # noqa: ARG002
        raise _no_todos("changed")

    def complete_todo(self, platform_id: str) -> None:  # noqa: ARG002
        raise _no_todos("completed")

    def delete_todo(self, platform_id: str) -> Recall:
        return self.recall(platform_id)

    def _read_agent_id(self) -> int:
        conn_id, agent_id = self.transport.conn_id, self._client.agent_id
        if not self._client.has_app:
            raise ConfigurationError(
                f"connection {conn_id!r} has no secret of an app; set its password to the Secret of a self-built app (应用管理 → app): "
                "通讯录同步 cannot send"
            )
        if not agent_id.isdecimal():
            what = f"agent_id={agent_id!r}" if agent_id else "no agent_id"
            raise ConfigurationError(f"connection {conn_id!r} has {what}; set it to the AgentId of the app whose Secret is its password")
        return int(agent_id)


def _read_nobody(delivery: Delivery, content: Mapping[str, Any]) -> Receipt:
    """All of them, whether the answer's lists name them or not."""
    if delivery.to_all:
        raise error_for(content, interface=SEND_MESSAGE, identity="app")
    everybody = {person.user_id: _UNREACHABLE for person in delivery.people}
    return Receipt("", everybody | _refused_people(delivery, content), dict.fromkeys(delivery.department_ids, _UNREACHABLE))


def _refused_people(delivery: Delivery, content: Mapping[str, Any]) -> dict[str, str]:
    """WeCom writes ids in lower case here: they are compared whatever their case, and told as we know them."""
    ours = {fold(person.user_id): person.user_id for person in delivery.people}
    told = dict.fromkeys(_split(content.get("unlicenseduser")), _UNLICENSED) | dict.fromkeys(
        _split(content.get("invaliduser")), _UNREACHABLE
    )
    if strangers := [user_id for user_id in told if fold(user_id) not in ours]:
        log.warning("%d people were refused who are not named in the call", len(strangers))
    return {ours[fold(user_id)]: reason for user_id, reason in told.items() if fold(user_id) in ours}


def _refused_departments(delivery: Delivery, content: Mapping[str, Any]) -> dict[str, str]:
    refused = set(_split(content.get("invalidparty")))
    return {department_id: _UNREACHABLE for department_id in delivery.department_ids if department_id in refused}


def _split(joined: object) -> list[str]:
    return [text for part in str(joined or "").split("|") if (text := part.strip())]


def _no_todos(what: str) -> RefusedError:
    reason = f"WeCom has no todos for self-built apps, only cards, and a card cannot be {what}"
    fix = "Recall it within 24 hours to take it away, or send a new message"
    return RefusedError(Refusal(PLATFORM, SEND_MESSAGE, "no todos", reason=reason, fix=fix))
