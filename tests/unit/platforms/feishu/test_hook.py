from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from orgsync.errors import ConfigurationError
from orgsync.platforms.examining import RANGE, Needs, take_steps
from orgsync.platforms.feishu import PLATFORM, checkup
from orgsync.platforms.feishu.connecting import PACE
from orgsync.platforms.feishu.form import FORM
from orgsync.platforms.feishu.hook import FeishuHook
from orgsync.platforms.speaking.limits import Pace
from tests.unit.platforms.feishu.fake import FakeFeishu, client_of, department, user

GOOD = {"conn_type": "feishu", "login": "cli_of_app", "password": "secret-of-app"}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_connection(**fields: Any) -> FeishuHook:
        monkeypatch.setenv("AIRFLOW_CONN_LARK", json.dumps(GOOD | fields))
        return FeishuHook("lark")

    return set_connection


def test_client_is_made_from_the_connection(connect: Any) -> None:
    client = connect(extra={"max_parallel_calls": 3}).client
    assert client.parallel == 3
    assert "secret-of-app" not in repr(client)
    assert "'lark'" in repr(client)


def test_pace_is_by_the_second_and_by_the_minute() -> None:
    assert Pace(calls_per_second=50.0, calls_per_minute=1000) == PACE


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (None, "https://open.feishu.cn"),
        ("https://open.larksuite.com", "https://open.larksuite.com"),
        ("open.larksuite.com", "https://open.larksuite.com"),
    ],
)
def test_host_is_the_brand(connect: Any, host: str | None, url: str) -> None:
    assert connect(host=host).client.transport._send._base_url == url


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"login": None}, "connection 'lark' has no app id; set its login to the App ID"),
        ({"password": ""}, "connection 'lark' has no secret; set its password to the App Secret"),
        ({"extra": {"calls_per_second": "quick"}}, "calls_per_second='quick'"),
    ],
)
def test_missing_parts_are_named(connect: Any, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        _ = connect(**fields).client


@pytest.mark.parametrize(
    ("platform", "outcome", "said"),
    [
        (FakeFeishu(), "ok", "whole company"),
        (
            FakeFeishu(users=[user("u")], range_departments=["od-a", "od-b"], range_users=["u"]),
            "degraded",
            "2 departments with all below them and 1 single users",
        ),
        (FakeFeishu(range_departments=[]), "broken", "the app sees nobody"),
    ],
    ids=["all staff", "a part", "nothing"],
)
def test_doctor_says_how_much_is_seen(platform: FakeFeishu, outcome: str, said: str) -> None:
    """By open_id, which every app may see, but for the one question whether it may see the other."""
    platform.departments = [department("a"), department("b")]
    checks = take_steps(checkup.list_steps(client_of(platform), Needs(user_key="open_id")), checkup.SIGNS)
    [found] = [check for check in checks if check.name == RANGE]
    assert found.outcome == outcome
    assert said in found.reason
    assert {request.query["user_id_type"] for request in platform.requests if "user_id_type" in request.query} == {"open_id"}


def test_connection_test_tells_what_is_wrong(connect: Any) -> None:
    is_good, message = connect(host="http://127.0.0.1:9").test_connection()
    assert not is_good
    assert "127.0.0.1:9" in message
    is_good, message = connect(password=None).test_connection()
    assert (is_good, message.startswith("connection 'lark' has no secret")) == (False, True)


def test_platform_connects_through_the_hook(connect: Any) -> None:
    connect()
    assert PLATFORM.connect("lark").transport.conn_id == "lark"
    assert PLATFORM.user_keys == ("user_id", "open_id")


def test_constructor_looks_nothing_up() -> None:
    assert FeishuHook("no_such_connection").conn_id == "no_such_connection"


def test_form_names_this_hook() -> None:
    assert FORM["hook-class-name"] == f"{FeishuHook.__module__}.{FeishuHook.__qualname__}"
    assert (FORM["connection-type"], FORM["hook-name"]) == (FeishuHook.conn_type, FeishuHook.hook_name)
    assert FORM["ui-field-behaviour"]["relabeling"]["password"] == "App Secret"


def test_importing_the_folder_is_light() -> None:
    code = "import sys; import orgsync.platforms.feishu; print(*sys.modules)"
    modules = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"pandas", "requests", "airflow", "tenacity"}


def test_platform_gives_a_messenger(connect: Any) -> None:
    connect()
    assert PLATFORM.messenger is not None
    assert repr(PLATFORM.messenger("lark")) == "FeishuMessenger(connection 'lark')"


@pytest.mark.parametrize(("figure", "slow"), [(None, {10.0}), (50, {10.0}), (5, set()), (0, set())])
def test_tasks_are_slower_unless_everything_is(connect: Any, figure: int | None, slow: set[float]) -> None:
    """0 is no limit at all."""
    limits = connect(extra={"calls_per_second": figure}).client.transport._limits
    assert {pace.calls_per_second for pace in limits._paces.values()} == slow
