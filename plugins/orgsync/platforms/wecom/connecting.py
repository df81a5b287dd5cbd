"""Turns an Airflow connection of type `wecom` into a client."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from orgsync.check import Check
from orgsync.errors import ConfigurationError
from orgsync.platforms.connections import (
    ConnectionFields,
    open_transport,
    read_callback_keys,
    read_number,
    read_parallel,
    read_required,
    read_text,
)
from orgsync.platforms.connector import Connector
from orgsync.platforms.examining import Needs, Step
from orgsync.platforms.hearing.seal import AES_KEY, Seal
from orgsync.platforms.speaking.limits import Pace
from orgsync.platforms.speaking.transport import SENDING, Patience
from orgsync.platforms.wecom import checkup
from orgsync.platforms.wecom.client import WeComClient
from orgsync.platforms.wecom.events import WeComCallback
from orgsync.platforms.wecom.form import BASE_URL, DETAILS_PER_READ, PARALLEL_CALLS, WAYS
from orgsync.platforms.wecom.messenger import WeComMessenger
from orgsync.words import Words

# WeCom counts a company's calls of one interface: 10,000 in a minute, 150,000 in an hour (page 90312). The distance within a
# second is our choice, such that an hour's budget is not spent before the hour is over.
PACE = Pace(calls_per_second=40.0, calls_per_minute=10_000)

_CORP_ID = Words("企业ID (我的企业)", "企业ID（我的企业 → 企业信息）")
_APP_SECRET = Words("the Secret of the self-built app (应用管理 → app)", "自建应用的 Secret（应用管理 → 应用）")
_CONTACT_SECRET = Words("the Secret of 管理工具 → 通讯录同步", "通讯录同步的 Secret（管理工具 → 通讯录同步）")
_EITHER = Words("{app}, or its contact_secret to {contact}", "{app}，或把 contact_secret 设为{contact}").fill(
    app=_APP_SECRET, contact=_CONTACT_SECRET
)
_UNKNOWN_WAY = Words(
    "connection {conn_id!r} has read_by={way!r}; set it to {ways} or {last}", "连接 {conn_id!r} 的 read_by={way!r}；请设为 {ways} 或 {last}"
)
_NO_IDS = Words(
    "connection {conn_id!r} reads by ids, but has no contact_secret; set it to {contact}",
    "连接 {conn_id!r} 按 id 读取，但没有 contact_secret；请设为{contact}",
)


class WeComConnector(Connector):
    """login = corp id, password = an app's secret, extra contact_secret = the one of 通讯录同步, host = another base URL."""

    conn_type = "wecom"
    hook_name = "WeCom"
    default_conn_name = "wecom_default"
    signs = checkup.SIGNS

    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> WeComClient:
        corp_id = read_required(connection, "login", missing="corp id", hint=_CORP_ID)
        contact_secret = read_text(connection, "contact_secret")
        read_by = _read_way(connection, has_contact=bool(contact_secret))
        if read_by in ("lists", "export") or not contact_secret:
            read_required(connection, "password", missing="secret", hint=_EITHER)
        parallel = read_parallel(connection, PARALLEL_CALLS)
        return WeComClient(
            corp_id,
            app_secret=(connection.password or "").strip(),
            contact_secret=contact_secret,
            agent_id=read_text(connection, "agent_id"),
            read_by=read_by,
            details_per_read=int(read_number(connection, "details_per_read", DETAILS_PER_READ)),
            transport=open_transport(connection, platform="wecom", base_url=BASE_URL, pace=PACE, parallel=parallel, patience=patience),
            parallel=parallel,
        )

    @cached_property
    def messenger(self) -> WeComMessenger:
        """Sends through the same connection with the app's secret; the AgentId is asked for when something is sent."""
        connection = self.find()
        return WeComMessenger(self.build_client(connection, patience=SENDING), accounts=int(read_number(connection, "accounts", 0)))

    @cached_property
    def callback(self) -> WeComCallback:
        connection = self.find()
        token, key = read_callback_keys(connection, key_form=AES_KEY)
        return WeComCallback(Seal(token, key, (read_required(connection, "login", missing="corp id", hint=_CORP_ID),)))

    def inspect(self, connection: ConnectionFields) -> Iterator[Check]:
        return checkup.inspect(connection)

    def list_steps(self, client: WeComClient, connection: ConnectionFields, needs: Needs) -> Iterator[Step]:  # noqa: ARG002
        return checkup.list_steps(client, needs)


def _read_way(connection: ConnectionFields, *, has_contact: bool) -> str:
    way = read_text(connection, "read_by").lower() or "auto"
    if way not in WAYS:
        raise ConfigurationError(_UNKNOWN_WAY.fill(conn_id=connection.conn_id, way=way, ways=", ".join(WAYS[:-1]), last=WAYS[-1]))
    if way == "ids" and not has_contact:
        raise ConfigurationError(_NO_IDS.fill(conn_id=connection.conn_id, contact=_CONTACT_SECRET))
    return way
