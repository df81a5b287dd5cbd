"""What goes wrong with a platform comes out as the right error, says what to do, and never as an empty result."""

from __future__ import annotations

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
    client = organization.client(attempts=2)
    organization.read(client)
    organization.fault(kind)
    with pytest.raises(error) as raised:
        organization.read(client)
    assert isinstance(raised.value, PlatformError)
    assert raised.value.refusal.platform == organization.name


@pytest.mark.parametrize("kind", PASSING)
def test_passing_trouble_is_overcome(organization: Organization, kind: str) -> None:
    # One expiry: a second one right after it would meet the call that has had its second token.
    organization.fault(kind, **({"calls": [10]} if kind == "expired_token" else {"every": 5}))
    reading = organization.read(organization.client(attempts=6))
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
    client = organization.client()
    expired = False

    def tick(seconds: float) -> None: ...

    client.transport.sleep = tick
    record = organization.landed.setdefault("users", [])

    def expire_midway(part: str, answer: object) -> None:
        nonlocal expired
        if part == "users" and not expired:
            expired = True
            organization.control("POST", "tokens/expire")
            organization.control("DELETE", "calls")
        record.append(answer)  # type: ignore[arg-type]

    from orgsync.platforms.platform import Scope

    reading = organization.platform.extract(client, mode="full", scope=Scope(), record=expire_midway)
    assert reading.problems == ()
    assert organization.control("GET", "calls")["tokens_issued"] == 1


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
    with pytest.raises(PermissionDeniedError, match="publish a new version"):
        organization.read()


def test_address_not_allowed(organization: Organization) -> None:
    organization.set(allowed_ips=["203.0.113.7"])
    with pytest.raises(PermissionDeniedError, match=r"127\.0\.0\.1"):
        organization.read()


def test_blocked_address_waits_rather_than_knocks(organization: Organization) -> None:
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

    def tested() -> tuple[bool, str]:
        return Connection.get(organization.connection()).test_connection()  # type: ignore[no-any-return]

    is_good, message = tested()
    assert is_good, message
    assert "whole company" in message
    organization.set(permissions=[])
    is_good, message = tested()
    assert is_good or "publish a new version" in message
    organization.set(client_secret="changed-elsewhere")
    is_good, message = tested()
    assert not is_good
    assert "login and password" in message
    organization.set(client_secret=organization.sandbox.client_secret)


def read_until_it_fails(organization: Organization, client: Any) -> None:
    for _ in range(20):
        organization.read(client)


def test_secrets_and_people_stay_out_of_logs_and_errors(organization: Organization, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = organization.client(attempts=2)
    organization.read(client)
    organization.fault("http_500", every=2)
    organization.fault("busy", every=3)
    with pytest.raises(OrgsyncError) as raised:
        read_until_it_fails(organization, client)
    said = caplog.text + "".join(traceback.format_exception(raised.value)) + repr(client) + repr(raised.value) + str(vars(raised.value))
    token = client._tokens.token().value
    people = [user[key] for user in organization.truth()["users"] for key in ("mobile", "name", "email") if user[key]]
    assert "urllib3" in said
    assert [secret for secret in (organization.sandbox.client_secret, token, *people) if secret in said] == []


def test_importing_a_platform_is_light(organization: Organization) -> None:
    import subprocess
    import sys

    code = f"import sys; from orgsync.platforms import load_platform; load_platform({organization.name!r}); print(*sys.modules)"
    modules = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"pandas", "requests", "airflow", "tenacity"}
    assert load_platform(organization.name).name == organization.name
