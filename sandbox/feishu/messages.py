"""Single messages: to one person, and at most one for each uuid within an hour."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.exchange import encode
from sandbox.feishu.message_content import read_single
from sandbox.feishu.message_refusals import (
    already_gone,
    bad_receiver,
    no_bot,
    not_available,
    not_in_group,
    not_to_be_recalled,
    recalled_too_late,
    too_frequent,
    too_old_for_readers,
    unknown_message,
)
from sandbox.feishu.numbering import open_id, tenant_key, union_id
from sandbox.feishu.paging import page_of
from sandbox.feishu.parameters import Parameters, id_types, page, required
from sandbox.feishu.refusals import bad_argument, unknown_open_id
from sandbox.feishu.tenant import Feishu
from sandbox.feishu.visibility import is_available
from sandbox.mailbox import Sending
from sandbox.organization import Person
from sandbox.windows import DAY, HOUR, SECOND

SEND = "im/v1/messages"
RECEIVE_ID_TYPES = ("open_id", "union_id", "user_id", "email", "chat_id")
BATCH_PREFIX = "bm-"
LONGEST_UUID = 50
READERS_SHOWN_DAYS = 7


def send(tenant: Feishu, parameters: Parameters) -> bytes:
    kind = required(parameters, "receive_id_type")
    if kind not in RECEIVE_ID_TYPES:
        raise bad_argument("receive_id_type", kind, f"the options are [{','.join(RECEIVE_ID_TYPES)}]")
    receive_id, uuid = required(parameters, "receive_id"), _uuid(parameters)
    if not tenant.settings.bot_enabled:
        raise no_bot()
    content, now = read_single(parameters), tenant.now()
    if uuid and (earlier := tenant.mailbox.remembered(("uuid", uuid), seconds=HOUR, now=now)) is not None:
        return encode(_shown(tenant, earlier))
    person = _receiver(tenant, kind, receive_id)
    _check_frequency(tenant, person)
    sending = Sending(
        id=f"om_{secrets.token_hex(16)}",
        interface=SEND,
        content=content,
        sent_at=now,
        recipients=(person.id,),
        given={"content": parameters["content"], "chat_id": f"oc_{union_id(person)[3:]}"},
    )
    tenant.mailbox.add(sending)
    if uuid:
        tenant.mailbox.remember(("uuid", uuid), sending, now=now)
    return encode(_shown(tenant, sending))


def recall(tenant: Feishu, parameters: Parameters) -> bytes:
    message_id = parameters["message_id"]
    if message_id.startswith(BATCH_PREFIX):
        raise not_to_be_recalled()
    sending = _existing(tenant, message_id)
    if sending.recalled_at is not None:
        raise already_gone()
    check_recall_time(tenant, sending)
    sending.recalled_at = tenant.now()
    return b"{}"


def list_readers(tenant: Feishu, parameters: Parameters) -> bytes:
    sending, types = _existing(tenant, parameters["message_id"]), id_types(parameters)
    if sending.recalled_at is not None:
        raise already_gone()
    if tenant.now() > sending.sent_at + READERS_SHOWN_DAYS * DAY:
        raise too_old_for_readers()
    position, size = page(parameters, default=20, most=100)
    readers = [(shown_user(tenant, user_id, types.user), _ms(at)) for user_id, at in sending.read_at.items()]
    kept = {"user_id_type": types.user, "tenant_key": tenant_key(tenant.organization.company)}
    return page_of([encode(kept | {"user_id": user_id, "timestamp": at}) for user_id, at in readers], position, size)


def check_recall_time(tenant: Feishu, sending: Sending) -> None:
    if tenant.now() > sending.sent_at + tenant.settings.recall_seconds or not tenant.settings.recall_seconds:
        raise recalled_too_late()


def shown_user(tenant: Feishu, user_id: str, kind: str) -> str:
    person = tenant.people_by_id["user_id"][user_id]
    return {"open_id": open_id, "union_id": union_id}[kind](person) if kind != "user_id" else user_id


def _uuid(parameters: Parameters) -> str:
    uuid = parameters.get("uuid") or ""
    if not isinstance(uuid, str) or len(uuid) > LONGEST_UUID:
        raise bad_argument("uuid", uuid, f"the max len is {LONGEST_UUID}")
    return uuid


def _receiver(tenant: Feishu, kind: str, receive_id: str) -> Person:
    if kind == "chat_id":
        raise not_in_group()
    person = tenant.people_by_email.get(receive_id.lower()) if kind == "email" else tenant.people_by_id[kind].get(receive_id)
    if person is None:
        raise unknown_open_id(receive_id) if kind == "open_id" else bad_receiver()
    if not is_available(tenant, person):
        raise not_available()
    return person


def _check_frequency(tenant: Feishu, person: Person) -> None:
    most, key = tenant.settings.messages_per_user_per_second, ("messages", person.id)
    if 0 < most <= tenant.used(key, SECOND):
        raise too_frequent()
    if most:
        tenant.count(key)


def _existing(tenant: Feishu, message_id: str) -> Sending:
    sending = tenant.mailbox.sendings.get(message_id)
    if sending is None or message_id.startswith(BATCH_PREFIX):
        raise unknown_message()
    return sending


def _shown(tenant: Feishu, sending: Sending) -> dict[str, Any]:
    company = tenant_key(tenant.organization.company)
    sender = {"id": tenant.settings.client_id, "id_type": "app_id", "sender_type": "app", "tenant_key": company}
    return {
        "message_id": sending.id,
        "msg_type": sending.content.kind,
        "create_time": _ms(sending.sent_at),
        "update_time": _ms(sending.sent_at),
        "deleted": sending.recalled_at is not None,
        "updated": False,
        "chat_id": sending.given["chat_id"],
        "sender": sender,
        "body": {"content": sending.given["content"]},
    }


def _ms(at: float) -> str:
    return str(round(at * 1000))
