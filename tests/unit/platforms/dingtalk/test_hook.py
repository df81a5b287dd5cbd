from __future__ import annotations

import json
from typing import Any

import pytest

from orgsync.airflow_parts.provider_info import get_provider_info
from orgsync.errors import ConfigurationError
from orgsync.platforms import load_platform
from orgsync.platforms.dingtalk.connecting import read_api_url
from orgsync.platforms.dingtalk.hook import DingTalkHook
from orgsync.platforms.speaking.transport import SENDING, Patience

GOOD = {"conn_type": "dingtalk", "login": "id-of-app", "password": "secret-of-app"}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_connection(**fields: Any) -> DingTalkHook:
        monkeypatch.setenv("AIRFLOW_CONN_DING", json.dumps(GOOD | fields))
        return DingTalkHook("ding")

    return set_connection


def test_client_is_made_from_the_connection(connect: Any) -> None:
    client = connect(extra={"max_parallel_calls": 3}).client
    assert client.parallel == 3
    assert "secret-of-app" not in repr(client)
    assert "'ding'" in repr(client)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"login": None}, "connection 'ding' has no client id; set its login to the Client ID"),
        ({"password": ""}, "connection 'ding' has no secret; set its password to the Client Secret"),
        ({"extra": {"calls_per_second": "quick"}}, "calls_per_second='quick'"),
    ],
)
def test_missing_parts_are_named(connect: Any, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        _ = connect(**fields).client


def test_connection_test_tells_what_is_wrong(connect: Any) -> None:
    is_good, message = connect(host="http://127.0.0.1:9").test_connection()
    assert not is_good
    assert "127.0.0.1:9" in message
    is_good, message = connect(password=None).test_connection()
    assert (is_good, message.startswith("connection 'ding' has no secret")) == (False, True)


def test_platform_connects_through_the_hook(connect: Any) -> None:
    connect()
    assert load_platform("dingtalk").connect("ding").transport.conn_id == "ding"


def test_constructor_looks_nothing_up() -> None:
    assert DingTalkHook("no_such_connection").conn_id == "no_such_connection"


def test_provider_info_names_this_hook() -> None:
    known = {each["connection-type"]: each for each in get_provider_info()["connection-types"]}["dingtalk"]
    assert known["hook-class-name"] == f"{DingTalkHook.__module__}.{DingTalkHook.__qualname__}"
    assert (known["connection-type"], known["hook-name"]) == (DingTalkHook.conn_type, DingTalkHook.hook_name)
    assert DingTalkHook.conn_name_attr == "conn_id"


def test_airflow_accepts_the_form() -> None:
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    assert manager.field_behaviours["dingtalk"]["relabeling"]["password"] == "Client Secret (AppSecret)"
    assert "extra__dingtalk__calls_per_second" in manager.connection_form_widgets


def test_airflow_finds_the_hook_by_the_connections_type(connect: Any) -> None:
    from airflow.sdk import Connection

    connect()
    assert isinstance(Connection.get("ding").get_hook(), DingTalkHook)


def test_messenger_sends_through_one_transport_that_leaves_waiting_to_the_outbox(connect: Any) -> None:
    hook = connect(extra={"agent_id": "77", "todo_creator_union_id": "on_1", "edition": "Professional"})
    messenger = hook.messenger
    assert messenger.limits.billable_calls_per_month == 200_000
    assert messenger._todos.transport is messenger._client.transport is messenger.transport
    assert messenger.transport.patience == SENDING
    assert hook.client.transport.patience == Patience()
    assert "secret-of-app" not in repr(messenger) + repr(messenger._todos)


def test_edition_that_is_none_is_named(connect: Any) -> None:
    with pytest.raises(ConfigurationError, match="edition='gold'; set it to standard or professional"):
        _ = connect(extra={"edition": "gold"}).messenger


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "https://api.dingtalk.com"),
        ({"host": "https://oapi.dingtalk.io"}, "https://api.dingtalk.io"),
        ({"host": "http://127.0.0.1:8080/ding"}, "http://127.0.0.1:8080/ding"),
        ({"host": "http://127.0.0.1:8080", "extra": {"api_host": "api.example.com/"}}, "https://api.example.com"),
        ({"extra": {"api_host": "http://127.0.0.1:1"}}, "http://127.0.0.1:1"),
    ],
)
def test_todos_have_a_host_of_their_own(connect: Any, fields: dict[str, Any], url: str) -> None:
    assert read_api_url(connect(**fields).find()) == url


def test_platform_gives_a_messenger(connect: Any) -> None:
    connect(extra={"agent_id": "77"})
    messenger = load_platform("dingtalk").messenger
    assert messenger is not None
    assert repr(messenger("ding")) == "DingTalkMessenger(connection 'ding')"
