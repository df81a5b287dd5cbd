"""Log lines say whose work they are about, in the command and within Airflow."""

from __future__ import annotations

import threading

import pytest
import structlog

from orgsync.log_fields import find_log_fields, log_fields


def test_fields_are_those_of_the_blocks_around_and_gone_after_them() -> None:
    with log_fields(tenant="acme"):
        with log_fields(step="plan"):
            assert find_log_fields() == {"tenant": "acme", "step": "plan"}
            assert structlog.contextvars.get_contextvars() == {"tenant": "acme", "step": "plan"}
        assert find_log_fields() == structlog.contextvars.get_contextvars() == {"tenant": "acme"}
    assert find_log_fields() == structlog.contextvars.get_contextvars() == {}


def test_fields_are_gone_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), log_fields(tenant="acme"):
        raise ZeroDivisionError
    assert find_log_fields() == {}


def test_another_thread_has_its_own() -> None:
    """Two tenants at once are not mixed up."""
    seen: list[object] = []
    with log_fields(tenant="acme"):
        thread = threading.Thread(target=lambda: seen.append(dict(find_log_fields())))
        thread.start()
        thread.join()
    assert seen == [{}]
