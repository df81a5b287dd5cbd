"""What goes wrong with a platform comes out as the right error, says what to do, and never as an empty result."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest

from orgsync.errors import (
    BrokenPagingError,
    ConfigurationError,
    CredentialError,
    OrgsyncError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    ThrottledError,
    UnexpectedAnswerError,
    UnreachableError,
)
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.transport import Request, Response, Transport
from tests.contract.conftest import Organization

FAULTS: dict[str, type[OrgsyncError]] = {
    "throttle": ThrottledError,
    "busy": PlatformBusyError,
    "expired_token": CredentialError,
    "forbidden_department": PermissionDeniedError,
    "repeated_cursor": BrokenPagingError,
    "http_500": PlatformBusyError,
    "http_502": PlatformBusyError,
    "http_503": PlatformBusyError,
    "html": UnexpectedAnswerError,
    "truncated_json": UnexpectedAnswerError,
    "null_for_list": UnexpectedAnswerError,
    "reset": UnreachableError,
}
PASSING = ["throttle", "busy", "expired_token", "http_500", "html", "truncated_json", "null_for_list", "reset"]


@pytest.mark.parametrize(("kind", "error"), FAULTS.items(), ids=FAULTS.keys())
def test_lasting_trouble_is_the_right_error(organization: Organization, kind: str, error: type[OrgsyncError]) -> None:
    client = organization.client(attempts=2, all_secrets=True)  # among the calls is then one in pages, on every platform
    organization.read(client)
    organization.fault(kind)
    with pytest.raises(error) as raised:
        organization.read(client)
    assert isinstance(raised.value, PlatformError)
    assert raised.value.refusal.platform == organization.name


@pytest.mark.parametrize("kind", PASSING)
def test_passing_trouble_is_overcome(organization: Organization, kind: str) -> None:
    # One expiry: a second one right after it would meet the call that has had its second token.
    if kind == "expired_token":
        organization.fault(kind, calls=[2])
    else:
        organization.fault(kind, **{"from": 2, "to": 5})  # a whole company may be three calls
        organization.fault(kind, every=5)
    reading = organization.read(organization.client(attempts=12))
    assert reading.problems == ()
    assert len(organization.tidy().users) == len(organization.truth()["users"])
    assert sum(calls.retried for calls in reading.calls.values()) > 0
    throttled = sum(calls.throttled for calls in reading.calls.values())
    assert (throttled > 0) == (kind == "throttle")


def test_expired_token_is_renewed_once_for_all_threads(organization: Organization) -> None:
    client = organization.client()
    organization.read(client)
    organization.control("POST", "tokens/expire")
    organization.control("DELETE", "calls")
    reading = organization.read(client)
    assert reading.problems == ()
    assert organization.control("GET", "calls")["tokens_issued"] == 1


def test_token_that_expires_under_parallel_calls_is_renewed_once(organization: Organization) -> None:
    organization.set(latency_ms=20)
    landed: list[str] = []

    def expire_midway(part: str, answer: Answer) -> None:
        landed.append(part)
        if len(landed) == 2:  # the range is known, the lists are about to be read
            organization.control("POST", "tokens/expire")
            organization.control("DELETE", "calls")

    reading = organization.platform.extract(organization.client(), organization.wanted(), expire_midway)
    assert reading.problems == ()
    assert organization.control("GET", "calls")["tokens_issued"] == 1


@pytest.mark.parametrize("value", ["line_break", "cut_character"])
def test_token_that_came_damaged_is_no_token(organization: Organization, value: str) -> None:
    """It could stand in no header, and the platform would refuse it; the next one may be whole."""
    interface = {"feishu": "auth/v3/tenant_access_token/internal"}.get(organization.name, "gettoken")
    key = "tenant_access_token" if organization.name == "feishu" else "access_token"
    organization.fault("broken_value", interface=interface, key=key, value=value, times=1)
    assert organization.read().problems == ()
    organization.fault("broken_value", interface=interface, key=key, value=value)
    with pytest.raises(UnexpectedAnswerError, match="token"):
        organization.read()


@pytest.mark.parametrize("value", ["not_a_number", "control"])
def test_list_whose_end_came_damaged_has_not_ended(organization: Organization, value: str) -> None:
    """Taken for the last page, it would make whoever is on the next one leave."""
    if organization.name == "wecom":
        pytest.skip("its cursors come as text alone, and who sees all is read in one list")
    organization.fault("broken_value", key="has_more", value=value)
    with pytest.raises(UnexpectedAnswerError, match="has_more"):
        organization.read(organization.client(attempts=1))


def test_wrong_secret(organization: Organization) -> None:
    with pytest.raises(CredentialError, match="connection") as raised:
        organization.read(organization.client(password="not-the-secret"))
    assert organization.control("GET", "calls")["total"] == 1
    assert "not-the-secret" not in str(raised.value)


def test_missing_secret(organization: Organization) -> None:
    with pytest.raises(ConfigurationError, match="connection 'org' has no secret"):
        organization.client(password="")


def test_missing_permission(organization: Organization) -> None:
    organization.set(permissions=[])
    with pytest.raises(PermissionDeniedError) as raised:
        organization.read()
    assert raised.value.refusal.fix


def test_address_not_allowed(organization: Organization) -> None:
    organization.set(allowed_ips=["203.0.113.7"])
    with pytest.raises(PermissionDeniedError, match=r"127\.0\.0\.1"):
        organization.read()


@pytest.mark.parametrize("organization", ["dingtalk"], indirect=True)
def test_blocked_address_waits_rather_than_knocks(organization: Organization) -> None:
    """DingTalk answers a blocked address with an object of its gateway; no such thing is known of the others."""
    organization.fault("ip_ban", form="json")
    with pytest.raises(ThrottledError) as raised:
        organization.read(organization.client(attempts=1))
    assert raised.value.wait_seconds is not None
    assert raised.value.wait_seconds >= 60


def test_unreachable_host(organization: Organization) -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9.*connection 'org'"):
        organization.read(organization.client(attempts=2, host="http://127.0.0.1:9"))


def test_page_of_a_proxy(organization: Organization) -> None:
    organization.fault("html")
    with pytest.raises(UnexpectedAnswerError, match=r"text/html.*host of connection 'org'.*proxy"):
        organization.read()


def test_answer_that_never_comes(organization: Organization) -> None:
    organization.fault("stall", seconds=3)
    with pytest.raises(UnreachableError, match="request timeout"):
        organization.read(organization.client(attempts=1, extra={"calls_per_second": 0, "request_timeout_seconds": 0.3}))


def test_connection_test_says_what_is_visible(organization: Organization) -> None:
    from airflow.sdk import Connection

    def tested(**fields: Any) -> tuple[bool, str]:
        return Connection.get(organization.connection(**fields)).test_connection()  # type: ignore[no-any-return]

    is_good, message = tested()
    assert is_good, message
    assert "whole company" in message
    organization.set(permissions=[])
    is_good, message = tested()
    assert not is_good
    assert "应用管理" in message or "Grant" in message
    is_good, message = tested(password="not-the-secret")
    assert not is_good
    assert "login and password" in message


def read_until_it_fails(organization: Organization, client: Any) -> None:
    for _ in range(20):
        organization.read(client)


def overhear_tokens(transport: Transport) -> list[str]:
    """The tokens in the answers from now on."""
    heard: list[str] = []
    send = transport._send

    def listen(request: Request) -> Response:
        response = send(request)
        if b"token" in response.body:
            heard.extend(value for name, value in json.loads(response.body).items() if name.endswith("access_token"))
        return response

    transport._send = listen
    return heard


def test_secrets_and_people_stay_out_of_logs_and_errors(organization: Organization, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = organization.client(attempts=2, all_secrets=True)
    tokens = overhear_tokens(client.transport)
    organization.read(client)
    organization.fault("http_500", every=2)
    organization.fault("busy", every=3)
    with pytest.raises(OrgsyncError) as raised:
        read_until_it_fails(organization, client)
    said = caplog.text + "".join(traceback.format_exception(raised.value)) + repr(client) + repr(raised.value) + str(vars(raised.value))
    secrets = [organization.sandbox.connection(organization.name)["password"], *organization.secrets().values(), *tokens]
    people = [user[key] for user in organization.truth()["users"] for key in ("mobile", "name", "email") if user[key]]
    assert "urllib3" in said
    assert tokens
    assert [secret for secret in (*secrets, *people) if secret in said] == []


def test_importing_a_platform_is_light(organization: Organization) -> None:
    import subprocess
    import sys

    code = f"import sys; from orgsync.platforms import load_platform; load_platform({organization.name!r}); print(*sys.modules)"
    modules = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"pandas", "requests", "airflow", "tenacity"}
    assert load_platform(organization.name).name == organization.name
