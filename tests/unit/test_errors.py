"""The tree of errors says what the caller does next."""

from __future__ import annotations

import copy
import pickle

import pytest

from orgsync import errors
from orgsync.errors import (
    BusyTenantError,
    ConfigurationError,
    FatalError,
    GateError,
    OrgsyncError,
    PermissionDeniedError,
    PlatformError,
    Refusal,
    RetryableError,
    ThrottledError,
)

REFUSAL = Refusal(
    platform="dingtalk",
    interface="topapi/v2/user/list",
    code="60011",
    request_id="abc123",
    reason="no permission for this interface",
    fix="Grant qyapi_get_department_member",
)
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OrgsyncError)]
RAISED = [kind for kind in KINDS if kind not in (OrgsyncError, RetryableError, FatalError, PlatformError)]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_each_error_is_either_retried_or_for_a_person(kind: type[OrgsyncError]) -> None:
    assert issubclass(kind, RetryableError) != issubclass(kind, FatalError)


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_each_error_is_drawn_in_the_tree(kind: type[OrgsyncError]) -> None:
    branch = "RetryableError" if issubclass(kind, RetryableError) else "FatalError"
    tree = errors.__doc__ or ""
    fatal = tree.index("FatalError")
    part = tree[:fatal] if branch == "RetryableError" else tree[fatal:]
    assert f"── {kind.__name__} " in part
    assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "code"),
    [(ConfigurationError, 2), (GateError, 3), (BusyTenantError, 1), (PermissionDeniedError, 1)],
    ids=["configuration", "gate", "retryable", "platform"],
)
def test_exit_code_of_the_command(kind: type[OrgsyncError], code: int) -> None:
    assert kind.exit_code == code


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        pytest.param(
            REFUSAL,
            "dingtalk topapi/v2/user/list answered 60011, request id abc123: no permission for this interface."
            " Grant qyapi_get_department_member",
            id="all",
        ),
        pytest.param(Refusal("dingtalk", "gettoken", "HTTP 502"), "dingtalk gettoken answered HTTP 502", id="code only"),
        pytest.param(Refusal("dingtalk", "gettoken", "-1", fix="Wait"), "dingtalk gettoken answered -1. Wait", id="fix only"),
    ],
)
def test_text_names_call_code_and_fix(refusal: Refusal, text: str) -> None:
    assert str(PermissionDeniedError(refusal)) == text


@pytest.mark.parametrize("carry", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copied", "pickled"])
def test_platform_error_survives_the_way_between_processes(carry: object) -> None:
    assert callable(carry)
    error = carry(ThrottledError(REFUSAL, wait_seconds=2.5))
    assert type(error) is ThrottledError
    assert (error.refusal, error.wait_seconds, str(error)) == (REFUSAL, 2.5, str(REFUSAL))


def test_platform_error_says_whether_a_person_must_act() -> None:
    assert PermissionDeniedError(REFUSAL).needs_person
    assert not ThrottledError(REFUSAL).needs_person
