"""Turns an Airflow connection of type `wecom` into a client."""

from __future__ import annotations

from functools import cached_property

from orgsync.errors import ConfigurationError
from orgsync.platforms.connections import ConnectionFields, open_transport, read_number, read_parallel, read_required, read_text
from orgsync.platforms.connector import Connector
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.speaking.limits import Pace
from orgsync.platforms.speaking.transport import SENDING, Patience
from orgsync.platforms.wecom.client import ROOT_ID, WeComClient
from orgsync.platforms.wecom.form import BASE_URL, DETAILS_PER_READ, PARALLEL_CALLS, WAYS
from orgsync.platforms.wecom.messenger import WeComMessenger
from orgsync.platforms.wecom.records import read_department_id

# WeCom counts a company's calls of one interface: 10,000 in a minute, 150,000 in an hour (page 90312). The distance within a
# second is our choice, such that an hour's budget is not spent before the hour is over.
PACE = Pace(calls_per_second=40.0, calls_per_minute=10_000)

_APP_SECRET = "the Secret of the self-built app (应用管理 → app)"  # noqa: S105
_CONTACT_SECRET = "the Secret of 管理工具 → 通讯录同步"  # noqa: S105

_WITHHELD = "WeCom gives no mobile numbers, mail addresses, avatars and genders to apps made since 2022-06-20; a read says what is withheld"
_READ_BY = {
    "lists": "People will be read by lists of members",
    "ids": "People will be read by ids, with their details one by one",
    "ids only": "People will be read by ids only: without an app's secret there are neither names nor other details",
    "export": "People will be read by export",
}


class WeComConnector(Connector):
    """login = corp id, password = an app's secret, extra contact_secret = the one of 通讯录同步, host = another base URL."""

    conn_type = "wecom"
    hook_name = "WeCom"
    default_conn_name = "wecom_default"

    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> WeComClient:
        corp_id = read_required(connection, "login", missing="corp id", hint="企业ID (我的企业)")
        contact_secret = read_text(connection, "contact_secret")
        read_by = _read_way(connection, has_contact=bool(contact_secret))
        if read_by in ("lists", "export") or not contact_secret:
            read_required(connection, "password", missing="secret", hint=f"{_APP_SECRET}, or its contact_secret to {_CONTACT_SECRET}")
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
        connection = self._find_connection()
        return WeComMessenger(self.build_client(connection, patience=SENDING), accounts=int(read_number(connection, "accounts", 0)))

    def try_out(self, client: WeComClient) -> tuple[bool, str]:
        """Business calls, not only tokens: a token is given to any address, and trusted addresses are checked later (60020)."""
        sees_whole, seen = _look_around(client)
        if client.has_contact:
            next(client.list_user_ids(limit=1))
        if not seen:
            return False, "Connected, but the app sees nobody; set its 可见范围 (应用管理 → app)"
        way = _way(client, sees_whole=sees_whole)
        return True, ". ".join([f"Connected; {seen}", _READ_BY[way], *([] if way == "ids only" else [_WITHHELD])])


def _read_way(connection: ConnectionFields, *, has_contact: bool) -> str:
    way = read_text(connection, "read_by").lower() or "auto"
    if way not in WAYS:
        raise ConfigurationError(f"connection {connection.conn_id!r} has read_by={way!r}; set it to {', '.join(WAYS[:-1])} or {WAYS[-1]}")
    if way == "ids" and not has_contact:
        raise ConfigurationError(f"connection {connection.conn_id!r} reads by ids, but has no contact_secret; set it to {_CONTACT_SECRET}")
    return way


def _look_around(client: WeComClient) -> tuple[bool, str]:
    """Whether the root is visible, and what is, in words; no words if nothing is.

    Departments are asked for in any case: an app may read about itself, and yet not the directory.
    """
    whose = "the app" if client.has_app else "通讯录同步"
    found = records_of(client.list_department_ids("app" if client.has_app else "contact").content["department_id"])
    ids = {read_department_id(record.get("id")) for record in found}
    allowed = _describe_range(client) if client.has_app and client.agent_id else ""
    if ROOT_ID in ids:
        return True, f"{whose} sees the whole company, {len(ids)} departments"
    if client.has_app and client.agent_id:
        return False, allowed
    return False, f"{whose} sees {len(ids)} departments, and perhaps single people: fill in agent_id to see them" if ids else ""


def _describe_range(client: WeComClient) -> str:
    content = client.read_agent().content
    departments, users, tags = (
        (content.get(field) or {}).get(name) or []
        for field, name in (("allow_partys", "partyid"), ("allow_userinfos", "user"), ("allow_tags", "tagid"))
    )
    if not departments and not users and not tags:
        return ""
    return f"the app sees {len(departments)} departments with all below them, {len(users)} single people and {len(tags)} tags"


def _way(client: WeComClient, *, sees_whole: bool) -> str:
    if not client.has_app:
        return "ids only"
    if client.read_by != "auto":
        return client.read_by
    return "ids" if client.has_contact and not sees_whole else "lists"
