"""Turns an Airflow connection of type `feishu` into a client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from orgsync.check import Check
from orgsync.platforms.connections import ConnectionFields, open_transport, read_callback_keys, read_parallel, read_required, read_text
from orgsync.platforms.connector import Connector
from orgsync.platforms.examining import Needs, Step
from orgsync.platforms.feishu import checkup
from orgsync.platforms.feishu.client import FeishuClient
from orgsync.platforms.feishu.events import FeishuCallback
from orgsync.platforms.feishu.form import BASE_URL, PARALLEL_CALLS
from orgsync.platforms.feishu.interfaces import CREATE_TASK, DELETE_TASK, GET_TASK, UPDATE_TASK
from orgsync.platforms.feishu.message_client import FeishuMessageClient
from orgsync.platforms.feishu.messenger import FeishuMessenger
from orgsync.platforms.feishu.stream import FeishuStream
from orgsync.platforms.speaking.limits import Pace
from orgsync.platforms.speaking.transport import ONCE, SENDING, Patience
from orgsync.words import Words

# Per app, company and interface; reaching either is too many.
PACE = Pace(calls_per_second=50.0, calls_per_minute=1000)
# Tasks are slower.
PACES = {interface: Pace(calls_per_second=10.0) for interface in (CREATE_TASK, GET_TASK, UPDATE_TASK, DELETE_TASK)}

_ANY_KEY = re.compile(r".+")

_APP_ID = Words("the App ID of the app (cli_…)", "应用的 App ID（cli_…）（凭证与基础信息）")
_APP_SECRET = Words("the App Secret of the app", "应用的 App Secret（凭证与基础信息）")


class FeishuConnector(Connector):
    """login = App ID, password = App Secret, host = another base URL (Lark, a private deployment)."""

    conn_type = "feishu"
    hook_name = "Feishu"
    default_conn_name = "feishu_default"
    signs = checkup.SIGNS

    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> FeishuClient:
        app_id = read_required(connection, "login", missing="app id", hint=_APP_ID)
        app_secret = read_required(connection, "password", missing="secret", hint=_APP_SECRET)
        parallel = read_parallel(connection, PARALLEL_CALLS)
        transport = open_transport(
            connection, platform="feishu", base_url=BASE_URL, pace=PACE, paces=PACES, parallel=parallel, patience=patience
        )
        return FeishuClient(app_id, app_secret, transport=transport, parallel=parallel)

    @cached_property
    def messenger(self) -> FeishuMessenger:
        return FeishuMessenger(FeishuMessageClient(self.build_client(self.find(), patience=SENDING)))

    @cached_property
    def callback(self) -> FeishuCallback:
        connection = self.find()
        token, key = read_callback_keys(connection, key_form=_ANY_KEY)
        return FeishuCallback(self.read_app(connection), token, key, company=read_text(connection, "company"))

    @cached_property
    def stream(self) -> FeishuStream:
        connection = self.find()
        client = self.build_client(connection, patience=ONCE)
        app_secret = read_required(connection, "password", missing="secret", hint=_APP_SECRET)
        return FeishuStream(self.read_app(connection), app_secret, client.transport, company=read_text(connection, "company"))

    def read_app(self, connection: ConnectionFields) -> str:
        return read_required(connection, "login", missing="app id", hint=_APP_ID)

    def inspect(self, connection: ConnectionFields) -> Iterator[Check]:
        return checkup.inspect(connection)

    def list_steps(self, client: FeishuClient, connection: ConnectionFields, needs: Needs) -> Iterator[Step]:  # noqa: ARG002
        return checkup.list_steps(client, needs)
