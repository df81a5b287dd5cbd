"""A receiver of events as a process of its own, with a login that may add events and nothing else; and platforms that call it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
import requests
from psycopg2.extensions import parse_dsn

from orgsync.platforms.hearing.events import Call
from tests.unit.platforms.hearing import calls
from tests.unit.platforms.hearing.calls import DINGTALK, FEISHU, WECOM

PASSWORD = "of-a-test"
LOGIN = "receiver_of_a_test"
TENANTS = """
tenants:
  - {id: ding, platform: dingtalk, conn_id: c_ding, events: {receive: http}}
  - {id: ding_too, platform: dingtalk, conn_id: c_ding, events: {receive: http}}
  - {id: silent, platform: dingtalk, conn_id: c_ding}
  - {id: wecom, platform: wecom, conn_id: c_wecom, events: {receive: http}}
  - {id: feishu, platform: feishu, conn_id: c_feishu, events: {receive: http}}
  - {id: keyless, platform: wecom, conn_id: c_keyless, events: {receive: http}}
"""


def _extra(token: str, key: str, **others: str) -> dict[str, str]:
    return {"callback_token": token, "callback_aes_key_secret": key, **others}


CONNECTIONS: dict[str, dict[str, Any]] = {
    "C_DING": {
        "conn_type": "dingtalk",
        "login": DINGTALK.app,
        "password": "x",
        "extra": _extra(DINGTALK.seal.token, DINGTALK.seal.aes_key, corp_id=DINGTALK.company),
    },
    "C_WECOM": {"conn_type": "wecom", "login": WECOM.app, "password": "x", "extra": _extra(WECOM.seal.token, WECOM.seal.aes_key)},
    "C_FEISHU": {"conn_type": "feishu", "login": FEISHU.app_id, "password": "x", "extra": _extra(FEISHU.token, FEISHU.encrypt_key)},
    "C_KEYLESS": {"conn_type": "wecom", "login": "ww1", "password": "x"},
}


@contextmanager
def receiver_login(dsn: str) -> Iterator[None]:
    """A login that is a member of orgsync_receiver and of no other role."""
    admin = psycopg2.connect(dsn)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"create role {LOGIN} login password '{PASSWORD}' in role orgsync_receiver")
        yield
        cursor.execute(f"drop role {LOGIN}")
    admin.close()


@dataclass
class Receiver:
    """`place` is where its warehouse is: a host and a port, which need not be the server's own."""

    dsn: str
    folder: Path
    place: tuple[str, int]
    doom: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, doom: str = "") -> None:
        """With `doom` it kills itself at that step."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (self.folder / "tenants.yaml").write_text(TENANTS, encoding="utf-8")
        module = ["-m", "tests.integration.doomed_receiver", doom] if doom else ["-m", "tests.integration.doomed_receiver", "never"]
        with (self.folder / "receiver.log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, *module, str(self.port)], env=self.environ(), stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(self.log())

    def environ(self) -> dict[str, str]:
        warehouse = {"conn_type": "postgres", "host": self.place[0], "port": self.place[1], "login": LOGIN, "password": PASSWORD}
        own = {f"AIRFLOW_CONN_{name}": json.dumps(each) for name, each in CONNECTIONS.items()}
        return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
            **own,
            "AIRFLOW_CONN_ORGSYNC_RECEIVER": json.dumps(warehouse | {"schema": parse_dsn(self.dsn)["dbname"]}),
            "ORGSYNC_TENANTS": str(self.folder / "tenants.yaml"),
            "ORGSYNC_STATE": str(self.folder),
            "HOME": str(self.folder),
        }

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def log(self) -> str:
        return (self.folder / "receiver.log").read_text()

    def send(self, tenant_id: str, call: Call, **options: Any) -> requests.Response:
        url = f"{self.url}/{tenant_id}?{urlencode(call.query)}"
        return requests.request(call.method, url, headers=dict(call.headers), data=call.body, timeout=10, **options)

    def run(self, statement: str) -> None:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()


def now() -> str:
    return str(int(time.time()))


def ding(key: str, **said: object) -> Call:
    return calls.call_dingtalk(calls.dingtalk_message(key=key, **said), timestamp=now())
