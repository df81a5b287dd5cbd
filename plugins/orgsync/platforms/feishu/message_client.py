"""Feishu's messages and tasks as methods: contract §7 and §8."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from orgsync.platforms.feishu.client import FeishuClient, next_cursor
from orgsync.platforms.feishu.codes import (
    BAD_TASK,
    MESSAGE_GONE_CODES,
    NO_SUCH_TASK,
    PLATFORM,
    READ_TOO_LATE,
    RECALL_TOO_LATE,
    RECEIVER_CODES,
)
from orgsync.platforms.feishu.envelope import lacks_message, lacks_page_of_users, lacks_progress, lacks_task, nothing_needed
from orgsync.platforms.feishu.interfaces import (
    CREATE_TASK,
    DELETE_TASK,
    GET_BATCH_PROGRESS,
    GET_TASK,
    LIST_READERS,
    RECALL_BATCH,
    RECALL_MESSAGE,
    SEND_BATCH,
    SEND_MESSAGE,
    UPDATE_TASK,
)
from orgsync.platforms.speaking.paging import walk_pages
from orgsync.platforms.speaking.transport import Reply

Body = Mapping[str, Any]

READERS_PER_PAGE = 100
MOST_PAGES = 1000
_RECALL_ANSWERS = MESSAGE_GONE_CODES | {RECALL_TOO_LATE}


class FeishuMessageClient:
    """Every method gives a good answer or raises. `shown` is what may be known of a body by whoever reads an error."""

    def __init__(self, client: FeishuClient) -> None:
        self.transport = client.transport
        self._client = client

    def __repr__(self) -> str:
        return f"FeishuMessageClient(connection {self.transport.conn_id!r})"

    def send_message(self, receive_id_type: str, body: Body, *, shown: Body) -> Reply:
        """`message_id` (om_…). With a `uuid` it may be repeated within an hour."""
        query = {"receive_id_type": receive_id_type}
        return self._client.ask(
            "POST", SEND_MESSAGE, query, lacks_message, body=body, params=shown, telling=RECEIVER_CODES, reaches_people=True
        )

    def send_batch(self, body: Body, *, shown: Body) -> Reply:
        """`message_id` (bm-…) and who is invalid. There is no idempotency key, so no attempt is repeated that may have been taken."""
        # v4, without `im`, with a slash at the end.
        return self._client.ask("POST", SEND_BATCH, {}, lacks_message, body=body, params=shown, path=f"{SEND_BATCH}/", is_once=True)

    def recall_message(self, message_id: str) -> Reply:
        path = f"im/v1/messages/{_quote(message_id)}"
        return self._client.ask("DELETE", RECALL_MESSAGE, {}, nothing_needed, path=path, telling=_RECALL_ANSWERS)

    def recall_batch(self, message_id: str) -> Reply:
        """Asynchronous: a good answer says that it has begun."""
        path = f"im/v1/batch_messages/{_quote(message_id)}"
        return self._client.ask("DELETE", RECALL_BATCH, {}, nothing_needed, path=path, telling=_RECALL_ANSWERS)

    def list_readers(self, message_id: str) -> Iterator[Reply]:
        """For seven days (230033)."""
        path = f"im/v1/messages/{_quote(message_id)}/read_users"
        query = {"user_id_type": "open_id", "page_size": str(READERS_PER_PAGE)}

        def fetch(cursor: str) -> Reply:
            page = {**query, **({"page_token": cursor} if cursor else {})}
            return self._client.ask("GET", LIST_READERS, page, lacks_page_of_users, path=path, telling=frozenset({READ_TOO_LATE}))

        return walk_pages(fetch, next_cursor, first="", platform=PLATFORM, interface=LIST_READERS, most_pages=MOST_PAGES)

    def get_batch_progress(self, message_id: str) -> Reply:
        """`batch_message_send_progress` with counts, for 30 days."""
        path = f"im/v1/batch_messages/{_quote(message_id)}/get_progress"
        return self._client.ask("GET", GET_BATCH_PROGRESS, {}, lacks_progress, path=path)

    def create_task(self, user_id_type: str, body: Body, *, shown: Body) -> Reply:
        """`task.guid`. With a `client_token` it may be repeated within five minutes."""
        query = {"user_id_type": user_id_type}
        return self._client.ask("POST", CREATE_TASK, query, lacks_task, body=body, params=shown, reaches_people=True)

    def get_task(self, guid: str) -> Reply:
        return self._client.ask("GET", GET_TASK, {}, lacks_task, path=_task_path(guid))

    def update_task(self, guid: str, body: Body) -> Reply:
        return self._client.ask("PATCH", UPDATE_TASK, {}, nothing_needed, body=body, path=_task_path(guid), telling=frozenset({BAD_TASK}))

    def delete_task(self, guid: str) -> Reply:
        return self._client.ask("DELETE", DELETE_TASK, {}, nothing_needed, path=_task_path(guid), telling=frozenset({NO_SUCH_TASK}))


def _task_path(guid: str) -> str:
    return f"task/v2/tasks/{_quote(guid)}"


def _quote(value: str) -> str:
    return quote(value, safe="")
