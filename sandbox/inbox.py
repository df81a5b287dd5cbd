"""The mailbox as the control API shows it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from sandbox.mailbox import Sending
from sandbox.organization import Person
from sandbox.tenant import Tenant
from sandbox.todos import Todo


def find_person(tenant: Tenant, user_id: str) -> Person | None:
    """Also one who left or is hidden: what was received stays received."""
    organization = tenant.organization
    return organization.people.get(user_id) or organization.former.get(user_id)


def of_person(tenant: Tenant, person: Person) -> dict[str, Any]:
    """The newest first."""
    messages = [message_of(sending, person.id) for sending in tenant.mailbox.of(person.id)]
    return {
        "user": person.id,
        "name": person.name,
        "unread": sum(not message["read"] for message in messages),
        "messages": messages,
        "todos": [_todo(todo, person.id) for todo in tenant.mailbox.todos.of(person.id)],
    }


def of_everybody(tenant: Tenant) -> list[dict[str, Any]]:
    """Who is there or was there, in the order of their coming."""
    organization = tenant.organization
    return [of_person(tenant, person) for person in (*organization.people.values(), *organization.former.values())]


def sent(tenant: Tenant, most: int | None) -> list[dict[str, Any]]:
    """Calls to send, the newest first."""
    return [_sending(sending) for sending in islice(tenant.mailbox.latest(), most)]


def summary(tenant: Tenant) -> dict[str, Any]:
    """`duplicates`: how often somebody received what that person had received before, word for word."""
    mailbox = tenant.mailbox
    return {
        "messages": mailbox.messages,
        "recipients": mailbox.deliveries,
        "people": len(mailbox.received),
        "duplicates": mailbox.duplicates,
        "dropped": mailbox.dropped,
        "recalled": sum(sending.recalled_at is not None for sending in mailbox.sendings.values()),
        "read": sum(len(sending.read_at) for sending in mailbox.sendings.values()),
        "todos": mailbox.todos.summary(),
    }


def _sending(sending: Sending) -> dict[str, Any]:
    return {
        "platform_id": sending.id,
        "interface": sending.interface,
        "kind": sending.content.kind,
        "title": sending.content.title,
        "at": sending.sent_at,
        "to_all": sending.to_all,
        "recipients": len(sending.recipients),
        "read": len(sending.read_at),
        "dropped": sending.dropped,
        "recalled": sending.recalled_at is not None,
        "recalled_at": sending.recalled_at,
    }


def message_of(sending: Sending, user_id: str) -> dict[str, Any]:
    content = sending.content
    return {
        "platform_id": sending.id,
        "interface": sending.interface,
        "kind": content.kind,
        "title": content.title,
        "text": content.text,
        "url": content.url,
        "content": content.given,
        "at": sending.sent_at,
        "to_all": sending.to_all,
        "recalled": sending.recalled_at is not None,
        "recalled_at": sending.recalled_at,
        "read": user_id in sending.read_at,
        "read_at": sending.read_at.get(user_id),
    }


def _todo(todo: Todo, user_id: str) -> dict[str, Any]:
    return {
        "platform_id": todo.id,
        "interface": todo.interface,
        "state": todo.state,
        "title": todo.title,
        "text": todo.text,
        "url": todo.url,
        "at": todo.created_at,
        "updated_at": todo.updated_at,
        "due_at": todo.due_at,
        "done": todo.executors.get(user_id) is not None,
        "done_at": todo.done_at,
        "deleted_at": todo.deleted_at,
        "executors": list(todo.executors),
    }
