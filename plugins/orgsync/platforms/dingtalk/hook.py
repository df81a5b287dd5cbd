"""Turns an Airflow connection of type `dingtalk` into a client."""

from __future__ import annotations

from orgsync.platforms.connections import ConnectionFields, open_transport, read_parallel, read_required
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.dingtalk.form import BASE_URL, PARALLEL_CALLS
from orgsync.platforms.hook import PlatformHook
from orgsync.platforms.limits import Pace
from orgsync.platforms.transport import Patience

# Per app and interface on the standard edition; higher editions allow more.
PACE = Pace(calls_per_second=20.0)


class DingTalkHook(PlatformHook):
    """login = Client ID, password = Client Secret, host = another base URL; the rest are extras."""

    conn_type = "dingtalk"
    hook_name = "DingTalk"
    default_conn_name = "dingtalk_default"

    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> DingTalkClient:
        client_id = read_required(connection, "login", missing="client id", hint="the Client ID (AppKey) of the app")
        client_secret = read_required(connection, "password", missing="secret", hint="the Client Secret (AppSecret) of the app")
        parallel = read_parallel(connection, PARALLEL_CALLS)
        transport = open_transport(connection, platform="dingtalk", base_url=BASE_URL, pace=PACE, parallel=parallel, patience=patience)
        return DingTalkClient(client_id, client_secret, transport=transport, parallel=parallel)

    def try_out(self, client: DingTalkClient) -> tuple[bool, str]:
        """Asks for a token and for the visible range."""
        allowed = client.read_scopes().content["auth_org_scopes"]
        departments, users = allowed.get("authed_dept") or [], allowed.get("authed_user") or []
        if 1 in departments or "1" in departments:
            return True, "Connected; the app sees the whole company"
        if not departments and not users:
            return False, "Connected, but the app sees nobody; set its data range (权限管理 → 授权范围), then publish a new version"
        return True, f"Connected; the app sees {len(departments)} departments with all below them and {len(users)} single users"
