"""What the server refuses is told without the row it stumbled over; what keeps a connection from coming about names the setting."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError, OrgsyncError, StatementError, WarehouseUnavailableError
from orgsync.warehouse import questions
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.statements import fetch_all

VALUE = "13800000000"
SECRET = "warehouse-pw"


@pytest.fixture
def address(warehouse_dsn: str) -> Address:
    parts = psycopg2.extensions.parse_dsn(warehouse_dsn)
    return Address(parts["host"], int(parts["port"]), parts["dbname"], parts["user"], parts["password"])


@pytest.mark.parametrize(
    ("statement", "error", "words"),
    [
        pytest.param(
            f"insert into stage.user (plan_id, mobile) values (1, '{VALUE}')", StatementError, "23502 on stage/user/user_id", id="row"
        ),
        pytest.param(
            f"insert into ops.plan (tenant_id, snapshot_id, taken_at) values ('acme', '{VALUE}', now())",
            StatementError,
            "plan_snapshot_id_fkey",
            id="key",
        ),
        pytest.param(f"select '{VALUE}x'::numeric", StatementError, "22P02: InvalidTextRepresentation", id="value"),
        pytest.param(f"select * from org.nowhere where mobile = '{VALUE}'", StatementError, '"org.nowhere" does not exist', id="table"),
        pytest.param(
            f"set statement_timeout = 50; select pg_sleep(5), '{VALUE}'", WarehouseUnavailableError, "statement timeout", id="too long"
        ),
        pytest.param(
            f"select pg_terminate_backend(pg_backend_pid()), '{VALUE}'", WarehouseUnavailableError, "dropped the connection", id="lost"
        ),
        pytest.param(
            f"set transaction read only; insert into stage.user (plan_id, user_id) values (1, '{VALUE}')",
            WarehouseUnavailableError,
            "takes no writes: it is a standby, or a failover is under way; the step can be run again.*default_transaction_read_only",
            id="standby",
        ),
    ],
)
def test_refused_statement_is_told_without_its_values(address: Address, statement: str, error: type[OrgsyncError], words: str) -> None:
    with pytest.raises(error, match=words) as caught, open_warehouse(address) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    assert VALUE not in "".join(traceback.format_exception(caught.value)).replace(statement, "")


@pytest.mark.parametrize("text", [pytest.param("a\0b", id="NUL"), pytest.param("a\udcff", id="half a character")])
def test_text_that_cannot_be_stored_is_told_without_itself(address: Address, text: str) -> None:
    with pytest.raises(ConfigurationError, match="NUL or half a character") as caught, open_warehouse(address) as connection:
        fetch_all(connection, "ops/find_snapshot", snapshot_id=text)
    assert text not in "".join(traceback.format_exception(caught.value))


def test_statement_that_is_no_text_is_told_in_words(address: Address) -> None:
    with pytest.raises(ConfigurationError, match="half a character"), open_warehouse(address) as connection:
        questions.ask(connection, "select '\udcff'")


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A port where each connection gets one answer to its first message (after a no to TLS), and no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    if client.recv(1024)[4:8] == struct.pack("!I", 80877103):
                        client.sendall(b"N")
                        client.recv(1024)
                    client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def refusal(words: str) -> bytes:
    """PostgreSQL's own, in the language of a server that was set up in China."""
    fields = "S致命错误\0VFATAL\0C28P01\0".encode("gbk") + b"M" + words.encode("gbk") + b"\0\0"
    return b"E" + struct.pack("!I", len(fields) + 4) + fields


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        pytest.param({"sslmode": "bogus"}, ConfigurationError, 'orgsync_warehouse.*invalid sslmode value: "bogus"', id="sslmode"),
        pytest.param({"port": 99999}, ConfigurationError, "orgsync_warehouse.*invalid port number", id="port"),
        pytest.param({"host": "a\0b"}, ConfigurationError, "orgsync_warehouse.*type it in again", id="NUL"),
        pytest.param({"password": "\udcff"}, ConfigurationError, "orgsync_warehouse.*type it in again", id="half a character"),
        pytest.param({"host": "h" * 300}, WarehouseUnavailableError, "could not translate host name.*orgsync_warehouse", id="long host"),
        pytest.param({"database": "d" * 300}, WarehouseUnavailableError, "does not exist.*orgsync_warehouse", id="long database"),
        pytest.param({"user": "u" * 300}, WarehouseUnavailableError, "orgsync_warehouse", id="long login"),
    ],
)
def test_connection_that_cannot_come_about_names_what_to_look_at(
    address: Address, changes: dict[str, Any], error: type[OrgsyncError], words: str
) -> None:
    refused = replace(address, **{"password": SECRET} | changes) if "database" not in changes else replace(address, **changes)
    with pytest.raises(error, match=words) as caught, open_warehouse(refused):
        pass
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(refusal("用户 Password 认证失败"), "致命错误:  用户 Password 认证失败", id="GBK"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "expected authentication request", id="no PostgreSQL"),
    ],
)
def test_server_that_answers_otherwise_is_quoted(address: Address, answer: bytes, words: str) -> None:
    with answering(answer) as port, pytest.raises(WarehouseUnavailableError, match=words), open_warehouse(replace(address, port=port)):
        pass


def ask(address: Address, statement: str) -> Any:
    with open_warehouse(address) as connection:
        return answer_of(connection, statement)


def answer_of(connection: Connection, statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()[0][0]


def test_encoding_is_pinned_whatever_the_environment_says(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "GBK")
    assert ask(address, "show client_encoding") == "UTF8"
    assert ask(address, "select 'Ω 𠮷 ü'") == "Ω 𠮷 ü"


def test_idle_connection_is_kept_alive_from_both_ends(address: Address) -> None:
    with open_warehouse(address) as connection, socket.socket(fileno=os.dup(connection.fileno())) as line:
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        assert answer_of(connection, "show tcp_keepalives_idle") == "30"


def test_server_that_ends_idle_sessions_leaves_ours(address: Address) -> None:
    ask(address, f"alter database \"{address.database}\" set idle_session_timeout = '10ms'; select 1")
    with open_warehouse(address) as connection:
        connection.commit()
        time.sleep(0.1)
        assert answer_of(connection, "select 1") == 1


def test_session_that_stands_still_in_a_transaction_is_ended(address: Address) -> None:
    """A frozen process would keep its tenant locked for ever."""
    assert ask(address, "show idle_in_transaction_session_timeout") == "5min"
