"""Turns an Airflow connection of type `dingtalk` into a client."""

from __future__ import annotations

from functools import cached_property

from airflow.sdk import BaseHook

from orgsync.connections import find_connection
from orgsync.errors import OrgsyncError
from orgsync.platforms.connections import ConnectionFields, read_base_url, read_number, read_required
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.sending import REQUEST_TIMEOUT_SECONDS, HttpSender
from orgsync.platforms.transport import Patience, Transport

BASE_URL = "https://oapi.dingtalk.com"
# Per app and interface on the standard edition; higher editions allow more.
CALLS_PER_SECOND = 20.0
PARALLEL_CALLS = 12


class DingTalkHook(BaseHook):  # type: ignore[misc]
    """login = Client ID, password = Client Secret, host = another base URL; the rest are extras."""

    conn_name_attr = "dingtalk_conn_id"
    default_conn_name = "dingtalk_default"
    conn_type = "dingtalk"
    hook_name = "DingTalk"

    def __init__(self, dingtalk_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.dingtalk_conn_id = dingtalk_conn_id

    @cached_property
    def client(self) -> DingTalkClient:
        return build_client(find_connection(self.dingtalk_conn_id, conn_type=self.conn_type))

    def get_conn(self) -> DingTalkClient:
        return self.client

    def test_connection(self) -> tuple[bool, str]:
        """Asks for a token and for the visible range, once each: someone is waiting in front of the form."""
        try:
            connection = find_connection(self.dingtalk_conn_id, conn_type=self.conn_type)
            allowed = build_client(connection, patience=Patience(attempts=1)).read_scopes().content["auth_org_scopes"]
        except OrgsyncError as error:
            return False, str(error)
        departments, users = allowed.get("authed_dept") or [], allowed.get("authed_user") or []
        if 1 in departments or "1" in departments:
            return True, "Connected; the app sees the whole company"
        if not departments and not users:
            return False, "Connected, but the app sees nobody; set its data range (权限管理 → 授权范围), then publish a new version"
        return True, f"Connected; the app sees {len(departments)} departments with all below them and {len(users)} single users"


def build_client(connection: ConnectionFields, *, patience: Patience | None = None) -> DingTalkClient:
    client_id = read_required(connection, "login", missing="client id", hint="the Client ID (AppKey) of the app")
    client_secret = read_required(connection, "password", missing="secret", hint="the Client Secret (AppSecret) of the app")
    parallel = max(1, int(read_number(connection, "max_parallel_calls", PARALLEL_CALLS)))
    send = HttpSender(
        read_base_url(connection, BASE_URL),
        platform="dingtalk",
        conn_id=connection.conn_id,
        parallel=parallel,
        request_timeout_seconds=read_number(connection, "request_timeout_seconds", REQUEST_TIMEOUT_SECONDS) or REQUEST_TIMEOUT_SECONDS,
    )
    calls_per_second = read_number(connection, "calls_per_second", CALLS_PER_SECOND)
    transport = Transport("dingtalk", send, conn_id=connection.conn_id, calls_per_second=calls_per_second, patience=patience)
    return DingTalkClient(client_id, client_secret, transport=transport, parallel=parallel)
