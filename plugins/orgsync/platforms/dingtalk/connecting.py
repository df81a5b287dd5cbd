"""Turns an Airflow connection of type `dingtalk` into a client."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from orgsync.check import Check
from orgsync.errors import ConfigurationError
from orgsync.platforms.connections import (
    ConnectionFields,
    open_transport,
    read_base_url,
    read_callback_keys,
    read_parallel,
    read_required,
    read_text,
)
from orgsync.platforms.connector import Connector
from orgsync.platforms.dingtalk import checkup
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.dingtalk.events import DingTalkCallback
from orgsync.platforms.dingtalk.form import BASE_URL, EDITIONS, PARALLEL_CALLS
from orgsync.platforms.dingtalk.messenger import DingTalkMessenger
from orgsync.platforms.dingtalk.stream import DingTalkStream
from orgsync.platforms.dingtalk.todos import TodoClient
from orgsync.platforms.examining import Needs, Step
from orgsync.platforms.hearing.seal import AES_KEY, Seal
from orgsync.platforms.speaking.limits import Pace
from orgsync.platforms.speaking.transport import ONCE, SENDING, Patience
from orgsync.words import Words

# Per app and interface on the standard edition; higher editions allow more.
PACE = Pace(calls_per_second=20.0)

_CLIENT_ID = Words("the Client ID (AppKey) of the app", "应用的 Client ID（AppKey）（凭证与基础信息）")
_CLIENT_SECRET = Words("the Client Secret (AppSecret) of the app", "应用的 Client Secret（AppSecret）（凭证与基础信息）")


class DingTalkConnector(Connector):
    """login = Client ID, password = Client Secret, host = another base URL; the rest are extras."""

    conn_type = "dingtalk"
    hook_name = "DingTalk"
    default_conn_name = "dingtalk_default"
    signs = checkup.SIGNS

    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> DingTalkClient:
        client_id, client_secret = _read_pair(connection)
        parallel = read_parallel(connection, PARALLEL_CALLS)
        transport = open_transport(connection, platform="dingtalk", base_url=BASE_URL, pace=PACE, parallel=parallel, patience=patience)
        return DingTalkClient(client_id, client_secret, transport=transport, parallel=parallel)

    @cached_property
    def messenger(self) -> DingTalkMessenger:
        """Sends through the same connection. Its calls and a client's are of different interfaces, with budgets of their own."""
        connection = self.find()
        edition = read_text(connection, "edition").lower() or EDITIONS[0]
        if edition not in EDITIONS:
            raise ConfigurationError(f"connection {connection.conn_id!r} has edition={edition!r}; set it to {' or '.join(EDITIONS)}")
        client = self.build_client(connection, patience=SENDING)
        return DingTalkMessenger(
            client,
            _connect_todos(client, connection),
            agent_id=read_text(connection, "agent_id"),
            todo_creator=read_text(connection, "todo_creator_union_id"),
            edition=edition,
        )

    @cached_property
    def callback(self) -> DingTalkCallback:
        """A message for it ends with the Client ID, or with the company's id where a subscription was made by API."""
        connection = self.find()
        token, key = read_callback_keys(connection, key_form=AES_KEY)
        client_id, _ = _read_pair(connection)
        corp_id = read_text(connection, "corp_id")
        return DingTalkCallback(Seal(token, key, tuple(filter(None, (client_id, corp_id)))), company=corp_id)

    @cached_property
    def stream(self) -> DingTalkStream:
        connection = self.find()
        client_id, client_secret = _read_pair(connection)
        transport = self.build_client(connection, patience=ONCE).transport
        return DingTalkStream(client_id, client_secret, read_api_url(connection), transport, company=read_text(connection, "corp_id"))

    def inspect(self, connection: ConnectionFields) -> Iterator[Check]:
        return checkup.inspect(connection)

    def list_steps(self, client: DingTalkClient, connection: ConnectionFields, needs: Needs) -> Iterator[Step]:
        return checkup.list_steps(client, _connect_todos(client, connection), connection, needs)


def _connect_todos(client: DingTalkClient, connection: ConnectionFields) -> TodoClient:
    client_id, client_secret = _read_pair(connection)
    return TodoClient(client_id, client_secret, api_url=read_api_url(connection), transport=client.transport)


def read_api_url(connection: ConnectionFields) -> str:
    """The new generation's host: named, or the old one's neighbour (oapi.dingtalk.io → api.dingtalk.io), or the very same."""
    if named := read_text(connection, "api_host").rstrip("/"):
        return named if "://" in named else f"https://{named}"
    return read_base_url(connection, BASE_URL).replace("://oapi.", "://api.", 1)


def _read_pair(connection: ConnectionFields) -> tuple[str, str]:
    return (
        read_required(connection, "login", missing="client id", hint=_CLIENT_ID),
        read_required(connection, "password", missing="secret", hint=_CLIENT_SECRET),
    )
