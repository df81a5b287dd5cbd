from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from orgsync.check import Check
from orgsync.errors import ConfigurationError
from orgsync.platforms.examining import ANY, RANGE, READING, take_steps
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.platforms.wecom import PLATFORM, checkup
from orgsync.platforms.wecom.hook import WeComHook
from tests.unit.platforms.wecom.fake import FakeWeCom, client_of, department, envelope, refusal, user

GOOD = {"conn_type": "wecom", "login": "ww1", "password": "secret-of-app"}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_connection(**fields: Any) -> WeComHook:
        monkeypatch.setenv("AIRFLOW_CONN_WX", json.dumps(GOOD | fields))
        return WeComHook("wx")

    return set_connection


def test_client_is_made_from_the_connection(connect: Any) -> None:
    extra = {
        "max_parallel_calls": 3,
        "contact_secret": "secret-of-contact",
        "agent_id": 1000002,
        "read_by": "Lists",
        "details_per_read": "9",
    }
    client = connect(extra=extra).client
    assert (client.parallel, client.agent_id, client.read_by, client.details_per_read) == (3, "1000002", "lists", 9)
    assert (client.has_app, client.has_contact) == (True, True)
    assert "secret" not in repr(client)
    assert "'wx'" in repr(client)


def test_what_is_not_given_has_a_default(connect: Any) -> None:
    client = connect().client
    assert (client.parallel, client.agent_id, client.read_by, client.details_per_read) == (10, "", "auto", 5000)
    assert (client.has_app, client.has_contact) == (True, False)


def test_contact_secret_alone_will_do(connect: Any) -> None:
    client = connect(password="", extra={"contact_secret": "secret-of-contact"}).client
    assert (client.has_app, client.has_contact) == (False, True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"login": None}, "connection 'wx' has no corp id; set its login to 企业ID"),
        ({"password": ""}, "connection 'wx' has no secret; set its password to the Secret of the self-built app"),
        ({"password": "", "extra": {"contact_secret": "s", "read_by": "lists"}}, "connection 'wx' has no secret; set its password to"),
        ({"password": "", "extra": {"contact_secret": "s", "read_by": "export"}}, "connection 'wx' has no secret; set its password to"),
        ({"extra": {"read_by": "ids"}}, "connection 'wx' reads by ids, but has no contact_secret; set it to the Secret of 管理工具"),
        ({"extra": {"read_by": "tags"}}, "read_by='tags'; set it to auto, lists, ids or export"),
        ({"extra": {"details_per_read": "many"}}, "details_per_read='many'"),
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
    assert (is_good, message.startswith("connection 'wx' has no secret")) == (False, True)


def company(**more: Any) -> FakeWeCom:
    return FakeWeCom(departments=[department(1, 0), department(2, 1), department(3, 1)], users=[user("a", 1), user("b", 2)], **more)


def examine(platform: FakeWeCom, **options: Any) -> list[Check]:
    return take_steps(checkup.list_steps(client_of(platform, **options), ANY), checkup.SIGNS)


def told(checks: list[Check], *names: str) -> str:
    return "; ".join(check.reason for check in checks if check.name in names)


def wrong(checks: list[Check]) -> list[tuple[str, str, str]]:
    return [(check.name, check.outcome, check.code) for check in checks if check.outcome in ("broken", "degraded")]


@pytest.mark.parametrize(
    ("visible", "options", "said"),
    [
        (None, {}, ["the app sees the whole company, 3 departments", "lists of members"]),
        (None, {"agent_id": "1"}, ["the app sees the whole company", "lists of members"]),
        (None, {"contact": True}, ["the whole company", "lists of members"]),
        ({2}, {}, ["the app sees 1 departments", "lists of members", "fill in agent_id"]),
        ({2, 3}, {"agent_id": "1"}, ["the app sees 2 departments with all below them, 0 single people and 0 tags"]),
        ({2}, {"contact": True}, ["the app sees 1 of 3 departments", "by ids, with their details one by one"]),
        (None, {"contact": True, "app": False}, ["通讯录同步 sees the whole company, 3 departments", "ids only", "neither names"]),
        (None, {"read_by": "export"}, ["by export"]),
    ],
)
def test_doctor_says_what_is_seen_and_how_it_will_be_read(visible: set[int] | None, options: dict[str, Any], said: list[str]) -> None:
    found = told(examine(company(visible=visible), **options), RANGE, READING)
    assert not [words for words in said if words not in found]


def test_doctor_needs_more_than_a_token() -> None:
    """Tokens are given to any address; what is not trusted shows with the first business call."""

    def distrust(request: Request) -> Response | None:
        return None if request.interface == "gettoken" else refusal(60020, "not allow to access from your ip")

    checks = examine(company(answer_instead=distrust))
    assert wrong(checks) == [("address", "broken", "60020")]
    assert "Add 198.51.100.4 to the app's 企业可信IP" in next(check.fix for check in checks if check.name == "address")
    assert {check.name for check in checks if check.outcome == "skipped"} >= {"messages", "range", "fields"}


def test_doctor_finds_a_contact_secret_that_is_none() -> None:
    checks = examine(company(answer_instead=lambda request: refusal(48002) if request.interface == "user/list_id" else None), contact=True)
    assert wrong(checks)[0] == ("credentials", "broken", "48002")
    assert "contact_secret holds an app's Secret" in told(checks, "credentials")


@pytest.mark.parametrize(
    ("interface", "found"), [("agent/get", ("messages", "degraded", "301002")), ("department/list", ("permission", "broken", "48001"))]
)
def test_doctor_asks_for_the_app_and_for_the_directory(interface: str, found: tuple[str, str, str]) -> None:
    refused = company(answer_instead=lambda request: refusal(found[2]) if request.interface == interface else None)
    assert found in wrong(examine(refused, agent_id="1"))


@pytest.mark.parametrize("options", [{}, {"agent_id": "1"}])
def test_app_that_sees_nobody_is_not_good(options: dict[str, Any]) -> None:
    checks = examine(company(visible=set()), **options)
    assert ("range", "broken", "") in wrong(checks)
    assert "可见范围" in next(check.fix for check in checks if check.name == RANGE)


def test_app_with_an_odd_range_is_described() -> None:
    odd = envelope(allow_userinfos={"user": [{"userid": "a"}]}, allow_partys=None)
    platform = company(visible=set(), answer_instead=lambda request: odd if request.interface == "agent/get" else None)
    assert "0 departments with all below them, 1 single people and 0 tags" in told(examine(platform, agent_id="1"), RANGE)


def test_platform_connects_through_the_hook(connect: Any) -> None:
    connect()
    assert PLATFORM.connect("wx").transport.conn_id == "wx"


def test_constructor_looks_nothing_up() -> None:
    assert WeComHook("no_such_connection").conn_id == "no_such_connection"


def test_form_names_this_hook_and_masks_its_secret() -> None:
    form = PLATFORM.form
    assert form["hook-class-name"] == f"{WeComHook.__module__}.{WeComHook.__qualname__}"
    assert (form["connection-type"], form["hook-name"]) == (WeComHook.conn_type, WeComHook.hook_name)
    assert form["conn-fields"]["contact_secret"]["schema"]["format"] == "password"


def test_importing_the_folder_stays_light() -> None:
    heavy = "{'pandas', 'requests', 'airflow', 'tenacity', 'cryptography'}"
    code = f"import sys, orgsync.platforms.wecom; print(sorted(sys.modules.keys() & {heavy}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_platform_gives_a_messenger(connect: Any) -> None:
    connect(extra={"agent_id": "1000002", "accounts": 10})
    assert PLATFORM.messenger is not None
    messenger = PLATFORM.messenger("wx")
    assert repr(messenger) == "WeComMessenger(connection 'wx')"
    assert messenger.limits.recipients_per_day == 2000
